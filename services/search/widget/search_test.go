// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

const box = scriptTag + `<relais-search></relais-search>`

const (
	closed    = "$('[part=panel]').hidden && $('#q').getAttribute('aria-expanded') === 'false' && !$('#q').hasAttribute('aria-activedescendant')"
	inTheBox  = "w.activeElement === $('#q')"
	noRow     = "!$('#q').hasAttribute('aria-activedescendant') && !$('[aria-selected=true]')"
	rowActive = "$('#q').getAttribute('aria-activedescendant') === $('[aria-selected=true]')?.id && $('[aria-selected=true]')?.id === "
)

func TestSearch(t *testing.T) {
	browser := newBrowser(t)
	release := newAssets(t).Release()
	pinned := strings.Replace(box, "/widget/v1.js\"", release.Path+`" crossorigin="anonymous" integrity="`+release.Integrity+`"`, 1)
	for _, tc := range []struct {
		name string
		html string // box when empty
		test func(*tab)
	}{
		{"typing shows results and marks", "", showsResults},
		{"is a combobox", "", isCombobox},
		{"says how many, once typing has stopped", "", announces},
		{"arrows and Enter open an article", "", opensByKeyboard},
		{"the mouse opens and shares", "", opensByMouse},
		{"a pinned script works", pinned, showsResults},
		{"a page may open the article itself", "", opensByPage},
		{"the caret keeps its keys", "", keepsCaretKeys},
		{"Escape closes, then clears", "", escapes},
		{"Enter without a row goes to the results page", "", submits},
		{"the right arrow reaches the share link", "", sharesByArrow},
		{"Tab reaches the share links and leaves them", "", sharesByTab},
		{"twenty quick keystrokes make one request", "", asksOnce},
		{"an outdated request is given up", "", aborts},
		{"an error keeps the last results", "", keepsResults},
		{"nothing found offers a correction", "", corrects},
		{"a composition is left alone", "", composes},
		{"one character is enough in Chinese only", "", wantsEnough},
		{"the script twice, the tag before and after", `<relais-search></relais-search>` + scriptTag + strings.ReplaceAll(scriptTag, "v1.js", "v1.js?again") + `<relais-search label="Deux"></relais-search>`, survivesTwoScripts},
		{"attributes win over the script", strings.ReplaceAll(scriptTag, "pk_test", "pk_other") + `<relais-search key="pk_test" lang="fr" limit="3" placeholder="Chercher…" label="Les archives" theme="dark"></relais-search>`, readsAttributes},
		{"fits 320 pixels, right to left", `<div dir="rtl">` + box + `</div>`, fitsNarrow},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.html == "" {
				tc.html = box
			}
			tc.test(open(browser, t, tc.html))
		})
	}
}

func showsResults(p *tab) {
	p.search("blockchain")
	got, err := js[[]string](p, `[...w.querySelectorAll('[part=hit]')].map(hit => hit.innerText.replace(/\s+/g, ' ') + ' → ' + hit.getAttribute('href'))`)
	if err != nil {
		p.Fatal(err)
	}
	api := p.site.api.URL
	want := []string{
		"Blockchain et collectivités : quelles potentialités ? Claire Balva a rappelé les bases de la Blockchain, pour planter le décor, face à un public divers et un sujet complexe. Événements 12 oct. 2017 3 min de lecture → " + api + "/articles/blockchain-collectivites",
		"Public ledgers: what blockchain changes for local government Trust remains the central question for every town that writes its records to a blockchain. Legal tech 1 mars 2018 6 min de lecture anglais trouvé en français → " + api + "/articles/public-ledgers",
		"🗳️ Vote et blockchain : l’essai d’Issy 2 mai 2018 → " + api + "/articles/vote",
		"<img src=x onerror=alert(1)> & co → null",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		p.Errorf("hits (-want +got):\n%s", diff)
	}
	p.is(`[...w.querySelectorAll('[part=headline] mark')].map(m => m.textContent).join() === 'Blockchain,blockchain,blockchain, co'`)
	p.is(`$('#h1').lang === 'en' && $('#h1').dir === 'auto' && w.firstChild.lang === 'fr'`)
	p.is(`[...w.querySelectorAll('[part=share]')].map(a => a.getAttribute('href')).join() === ['b1', 'b2', 'b4'].map(c => ` + quote(api+"/s/") + ` + c).join()`)
	p.is(`[...w.querySelectorAll('[part=share]')].every((a, i) => {
		const row = $('#o' + [0, 1, 3][i]).getBoundingClientRect(), b = a.getBoundingClientRect();
		return b.width >= 24 && b.height >= 24 && b.top >= row.top && b.bottom <= row.bottom && b.left >= row.right;
	})`)
	p.is(`$('[part=all]').href === ` + quote(api+"/search?q=blockchain&lang=fr&key=pk_test"))
	p.is(`heard.join() === 'relais:search {"query":"blockchain","total":1234,"language":"fr"}'`)
}

func isCombobox(p *tab) {
	p.is(closed + ` && $('#q').placeholder === 'Rechercher un article'`)
	p.search("blockchain")
	p.is(`$('form[role=search]').getAttribute('aria-label') === 'Rechercher un article' && $('label').control === $('#q')`)
	p.is(`$('#q').getAttribute('aria-autocomplete') === 'list' && $('#q').getAttribute('aria-expanded') === 'true'`)
	p.is(`w.getElementById($('#q').getAttribute('aria-controls')).getAttribute('role') === 'listbox'`)
	p.is(`$('[role=listbox]').getAttribute('aria-label') === 'Résultats' && !$('[role=option] :is(a, button, [tabindex])')`)
	p.is(`$('[part=share]').getAttribute('aria-label') === 'Partager «\u00a0Blockchain et collectivités : quelles potentialités ?\u00a0»'`)
	p.is(noRow)
}

func announces(p *tab) {
	p.is(`$('[role=status][aria-live=polite][aria-atomic=true]').textContent === ''`)
	p.search("blockchain")
	p.is("$('[role=status]').textContent === '1\u202f234\u00a0résultats pour «\u00a0blockchain\u00a0»'")
}

func opensByKeyboard(p *tab) {
	p.search("blockchain")
	p.press(kb.ArrowDown)
	p.is(rowActive + "'o0'")
	p.press(kb.ArrowDown)
	p.is(rowActive + "'o1'")
	p.press(kb.ArrowUp, kb.ArrowUp)
	p.is(noRow)
	p.press(kb.ArrowUp)
	p.is(rowActive + "'o3'")
	p.press(kb.ArrowDown)
	p.is(noRow)
	p.press(kb.ArrowDown, kb.ArrowDown, kb.Enter)
	p.at(p.site.api.URL + "/articles/public-ledgers")
}

func opensByMouse(p *tab) {
	p.search("blockchain")
	p.once("window.prevent = true")
	p.click("[part=share]")
	p.is(`heard.at(-1) === 'relais:share {"id":"blockchain-collectivites","language":"fr","url":"` + p.site.api.URL + `/s/b1","position":1}'`)
	p.once("!$('[part=panel]').hidden && " + inTheBox)
	p.click("[part=clear]")
	p.is(closed + " && $('#q').value === ''")
	p.search("blockchain")
	p.once("!(window.prevent = false)")
	p.click("#o1")
	p.at(p.site.api.URL + "/articles/public-ledgers")
}

func opensByPage(p *tab) {
	p.search("blockchain")
	p.once("window.prevent = true")
	p.once("(window.open = (...args) => heard.push('new tab ' + args.join(' ')), true)")
	p.press(kb.ArrowDown)
	p.do("press Ctrl+Enter", chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	p.is("heard.at(-1) === " + quote("new tab "+p.site.api.URL+"/articles/blockchain-collectivites _blank noopener"))
	p.press(kb.Enter)
	p.is(`heard.at(-1).startsWith('relais:open {"id":"blockchain-collectivites","language":"fr"') && heard.at(-1).includes('"position":1')`)
	p.is(closed)
	p.at(p.site.page.URL + "/")
}

func keepsCaretKeys(p *tab) {
	p.search("blockchain")
	p.press(kb.ArrowDown, kb.ArrowLeft)
	p.is(noRow + " && $('#q').selectionStart === 9")
	p.press(kb.ArrowDown, kb.ArrowRight)
	p.is(noRow + " && $('#q').selectionStart === 10 && " + inTheBox)
	p.press(kb.ArrowDown, kb.Home)
	p.is(noRow + " && $('#q').selectionStart === 0")
	p.press(kb.ArrowDown, kb.End)
	p.is(noRow + " && $('#q').selectionStart === 10")
	p.press(kb.ArrowDown, "s")
	p.is(noRow + " && $('#q').value === 'blockchains'")
}

func escapes(p *tab) {
	p.search("blockchain")
	p.press(kb.ArrowDown, kb.Escape)
	p.is(closed + " && $('#q').value === 'blockchain' && " + inTheBox)
	p.do("press Alt+Down", chromedp.KeyEvent(kb.ArrowDown, chromedp.KeyModifiers(chromedp.ModifierAlt)))
	p.is("!$('[part=panel]').hidden && " + noRow)
	p.do("press Alt+Up", chromedp.KeyEvent(kb.ArrowUp, chromedp.KeyModifiers(chromedp.ModifierAlt)))
	p.is(closed)
	p.press(kb.ArrowDown)
	p.is(rowActive + "'o0'")
	p.press(kb.Escape, kb.Escape)
	p.is(closed + " && $('#q').value === '' && $('[part=clear]').hidden && $('[data-state=idle]')")
	if got := p.site.asked(); len(got) != 1 {
		p.Errorf("asked %q", got)
	}
}

func submits(p *tab) {
	p.search("blockchain et moi")
	p.press(kb.Enter)
	p.at(p.site.api.URL + "/search?key=pk_test&q=blockchain+et+moi&lang=fr")
}

func sharesByArrow(p *tab) {
	p.search("blockchain")
	p.press(kb.ArrowDown, kb.ArrowRight)
	p.is("w.activeElement === w.querySelectorAll('[part=share]')[0] && w.activeElement.matches(':focus-visible')")
	p.press(kb.ArrowLeft)
	p.is(inTheBox + " && " + rowActive + "'o0'")
	p.press(kb.ArrowRight, kb.ArrowDown)
	p.is("w.activeElement === w.querySelectorAll('[part=share]')[1] && $('#o1').matches('[aria-selected=true]')")
	p.press(kb.ArrowDown)
	p.is("w.activeElement.getAttribute('href').endsWith('/s/b4')")
	p.press(kb.ArrowUp, kb.Enter)
	p.at(p.site.api.URL + "/s/b2")
}

func sharesByTab(p *tab) {
	p.search("blockchain")
	p.press(kb.ArrowDown, kb.ArrowDown, kb.Tab)
	p.is("w.activeElement.getAttribute('href').endsWith('/s/b2')")
	p.press(kb.Home)
	p.is("w.activeElement.getAttribute('href').endsWith('/s/b1')")
	p.press(kb.End)
	p.is("w.activeElement.getAttribute('href').endsWith('/s/b4')")
	p.press(kb.Tab)
	p.is("w.activeElement === $('[part=all]') && !$('[part=panel]').hidden")
	p.press(kb.Tab)
	p.is("document.activeElement === document.body")
	p.is(closed)
}

func asksOnce(p *tab) {
	p.search("bl")
	p.once(`[...'ockchain territoires'].every(c => document.execCommand('insertText', false, c))`)
	p.is(`heard.length === 2`)
	p.press("x")
	p.is(`heard.length === 3`)
	p.press(kb.Backspace)
	p.is(`heard.length === 4`)
	want := []string{"bl", "blockchain territoires", "blockchain territoiresx"}
	if diff := cmp.Diff(want, p.site.asked()); diff != "" {
		p.Errorf("requests, the last query asked again from memory (-want +got):\n%s", diff)
	}
}

func aborts(p *tab) {
	p.search("blockchain")
	p.once(`($('#q').select(), document.execCommand('insertText', false, 'attente'))`)
	p.is("$('[data-state=loading]')")
	p.press(kb.Escape)
	p.is("$('[data-state=idle]') && " + closed)
	p.once(`document.execCommand('insertText', false, 's')`)
	p.is("$('[data-state=done]') && heard.at(-1).includes('attentes')")
	p.site.mu.Lock()
	defer p.site.mu.Unlock()
	if !slices.Contains(p.site.stopped, "attente") {
		p.Error("the outdated request was left running")
	}
}

func keepsResults(p *tab) {
	p.search("blockchain")
	p.site.mu.Lock()
	p.site.broken = true
	p.site.mu.Unlock()
	p.press("s")
	p.is("$('[data-state=error]') && !$('[part=panel]').hidden && w.querySelectorAll('[part=hit]').length === 4")
	p.is("$('[role=alert]').innerText === 'La recherche n’a pas abouti\u00a0: voici les derniers résultats reçus.'")
	p.press(kb.ArrowDown)
	p.is(rowActive + "'o0'")
	p.site.mu.Lock()
	p.site.broken = false
	p.site.mu.Unlock()
	p.press(kb.Escape, kb.ArrowDown)
	p.is("$('[data-state=done]') && $('[role=alert]').innerText === ''")
}

func corrects(p *tab) {
	p.search("rien")
	p.is("$('[part=count]').innerText === 'Aucun résultat pour «\u00a0rien\u00a0»' && $('#q').getAttribute('aria-expanded') === 'false'")
	p.is("!$('[part=hit]') && !$('[part=share]') && $('.rows').hidden")
	p.press(kb.Tab)
	p.is("w.activeElement.innerText === 'Essayez avec «\u00a0blockchain\u00a0»'")
	p.press(kb.Enter)
	p.is("$('#q').value === 'blockchain' && w.querySelectorAll('[part=hit]').length === 4 && " + inTheBox)
}

func composes(p *tab) {
	p.search("blockchain")
	p.press(kb.ArrowDown)
	if _, err := chromedp.Call(p.ctx, input.ImeSetComposition, input.ImeSetCompositionParams{Text: "のう", SelectionStart: 2, SelectionEnd: 2}); err != nil {
		p.Fatal(err)
	}
	p.is("$('#q').value === 'blockchainのう'")
	p.is(`['ArrowDown', 'Enter', 'Escape'].every(key => $('#q').dispatchEvent(new KeyboardEvent('keydown', { key, isComposing: true, cancelable: true })))`)
	p.is(rowActive + "'o0'")
	if _, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: "能"}); err != nil {
		p.Fatal(err)
	}
	p.is("heard.length === 2 && heard[1].includes('blockchain能')")
	if got := p.site.asked(); len(got) != 2 {
		p.Errorf("asked %q while composing", got)
	}
}

func wantsEnough(p *tab) {
	p.is("w && $('#q')")
	p.once("document.querySelector('relais-search').focus() || document.execCommand('insertText', false, 'b')")
	p.once("$('#q').select() || document.execCommand('insertText', false, '法')")
	p.is("heard.length === 1")
	if diff := cmp.Diff([]string{"法"}, p.site.asked()); diff != "" {
		p.Error(diff)
	}
}

func survivesTwoScripts(p *tab) {
	p.is("document.querySelectorAll('relais-search').length === 2 && [...document.querySelectorAll('relais-search')].every(e => e.shadowRoot?.querySelectorAll('form').length === 1)")
	p.is("performance.getEntriesByType('resource').filter(e => e.name.includes('/widget/')).length === 2")
	p.search("blockchain")
	p.once("document.body.append(document.querySelector('relais-search')) ?? true")
	p.is("w.querySelectorAll('form').length === 1")
}

func readsAttributes(p *tab) {
	p.is("$('#q').placeholder === 'Chercher…' && $('label').innerText === 'Les archives' && $('label').offsetHeight > 10")
	p.search("blockchain")
	p.is("performance.getEntriesByType('resource').some(e => e.name.endsWith('/v1/search?q=blockchain&limit=3&lang=fr&key=pk_test'))")
	p.once("document.querySelector('relais-search').setAttribute('label', 'Archives') ?? true")
	p.is("$('label').innerText === 'Archives'")
}

func fitsNarrow(p *tab) {
	p.do("narrow the window", chromedp.EmulateViewport(320, 640))
	p.search("blockchain")
	p.is("document.documentElement.scrollWidth <= 320 && $('[part=panel]').scrollWidth <= $('[part=panel]').clientWidth")
	p.is("$('[part=share]').getBoundingClientRect().right <= $('#o0').getBoundingClientRect().left")
	p.press(kb.ArrowDown, kb.ArrowLeft)
	p.is("w.activeElement === $('[part=share]')")
	p.press(kb.ArrowRight)
	p.is(inTheBox)
}

func TestLatest(t *testing.T) {
	p := open(newBrowser(t), t, scriptTag+`<relais-latest limit="3" section="Événements"></relais-latest>`)
	p.is("$('[data-state=done]') && w.querySelectorAll('li a[part=hit]').length === 4 && w.querySelectorAll('li a[part=share]').length === 3")
	p.is("$('ul').getAttribute('aria-label') === 'Plus d’articles' && !$('[role=option]')")
	p.is("performance.getEntriesByType('resource').some(e => e.name.endsWith('/v1/latest?section=%C3%89v%C3%A9nements&limit=3&lang=fr&key=pk_test'))")
	p.once("$('[part=hit]').click() || heard.some(h => h.startsWith('relais:open'))")
	p.at(p.site.api.URL + "/articles/blockchain-collectivites")
}
