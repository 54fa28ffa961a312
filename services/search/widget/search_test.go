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

	"github.com/relais-press/relais/services/search/internal/browsertest"
)

const box = scriptTag + `<relais-search></relais-search>`

const (
	closed    = "$('[part=panel]').hidden && $('#q').getAttribute('aria-expanded') === 'false' && !$('#q').hasAttribute('aria-activedescendant')"
	inTheBox  = "w.activeElement === $('#q')"
	noRow     = "!$('#q').hasAttribute('aria-activedescendant') && !$('[aria-selected=true]')"
	rowActive = "$('#q').getAttribute('aria-activedescendant') === $('[aria-selected=true]')?.id && $('[aria-selected=true]')?.id === "
)

func TestSearch(t *testing.T) {
	first := browsertest.Start(t)
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
		{"a burst of keystrokes makes one request", "", asksOnce},
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
			tc.test(open(t, first, tc.html))
		})
	}
}

func showsResults(p *tab) {
	p.search("blockchain")
	got, err := browsertest.JS[[]string](p.Tab, `[...w.querySelectorAll('[part=hit]')].map(hit => hit.innerText.replace(/\s+/g, ' ') + ' → ' + hit.getAttribute('href'))`)
	if err != nil {
		p.Fatal(err)
	}
	api := p.site.api.URL
	want := []string{
		"Blockchain et collectivités : quelles potentialités ? Claire Balva a rappelé les bases de la Blockchain, pour planter le décor, face à un public divers et un sujet complexe. Événements · 12 oct. 2017 · 3 min de lecture → " + api + "/articles/blockchain-collectivites",
		"Public ledgers: what blockchain changes for local government Trust remains the central question for every town that writes its records to a blockchain. Legal tech · 1 mars 2018 · 6 min de lecture · anglais · trouvé en français → " + api + "/articles/public-ledgers",
		"🗳️ Vote et blockchain : l’essai d’Issy 2 mai 2018 → " + api + "/articles/vote",
		"<img src=x onerror=alert(1)> & co → null",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		p.Errorf("hits (-want +got):\n%s", diff)
	}
	p.Is(`[...w.querySelectorAll('[part=headline] mark')].map(m => m.textContent).join() === 'Blockchain,blockchain,blockchain, co'`)
	p.Is(`$('#o1 [part=headline]').lang === 'en' && $('#o1 [part=headline]').dir === 'auto' && w.firstChild.lang === 'fr'`)
	p.Is(`[...w.querySelectorAll('[part=share]')].map(a => a.getAttribute('href')).join() === ['b1', 'b2', 'b4'].map(c => ` + browsertest.Quote(api+"/s/") + ` + c).join()`)
	p.Is(`[...w.querySelectorAll('[part=share]')].every((a, i) => {
		const row = $('#o' + [0, 1, 3][i]).getBoundingClientRect(), b = a.getBoundingClientRect();
		return b.width >= 24 && b.height >= 24 && b.top >= row.top && b.bottom <= row.bottom && b.left >= row.right;
	})`)
	p.Is(`$('[part=all]').href === ` + browsertest.Quote(api+"/search?lang=fr&key=pk_test&q=blockchain"))
	p.Is(`heard.at(-1) === 'relais:search {"query":"blockchain","total":1234,"language":"fr"}'`)
}

func isCombobox(p *tab) {
	p.Is(closed + ` && $('#q').placeholder === 'Rechercher un article'`)
	p.search("blockchain")
	p.Is(`$('form[role=search]').getAttribute('aria-label') === 'Rechercher un article' && $('label').control === $('#q')`)
	p.Is(`$('#q').getAttribute('aria-autocomplete') === 'list' && $('#q').getAttribute('aria-expanded') === 'true'`)
	p.Is(`w.getElementById($('#q').getAttribute('aria-controls')).getAttribute('role') === 'listbox'`)
	p.Is(`$('[role=listbox]').getAttribute('aria-label') === 'Résultats' && !$('[role=option] :is(a, button, [tabindex])')`)
	p.Is(`$('[part=share]').getAttribute('aria-label') === 'Partager l’article «\u00a0Blockchain et collectivités : quelles potentialités ?\u00a0»'`)
	p.Is(noRow)
}

func announces(p *tab) {
	p.Is(`$('[role=status][aria-live=polite][aria-atomic=true]').textContent === ''`)
	p.search("blockchain")
	p.Is("$('[role=status]').textContent === '1\u202f234\u00a0résultats pour «\u00a0blockchain\u00a0»'")
}

func opensByKeyboard(p *tab) {
	p.search("blockchain")
	p.Press(kb.ArrowDown)
	p.Is(rowActive + "'o0'")
	p.Press(kb.ArrowDown)
	p.Is(rowActive + "'o1'")
	p.Press(kb.ArrowUp, kb.ArrowUp)
	p.Is(noRow)
	p.Press(kb.ArrowUp)
	p.Is(rowActive + "'o3'")
	p.Press(kb.ArrowDown)
	p.Is(noRow)
	p.Press(kb.ArrowDown, kb.ArrowDown, kb.Enter)
	p.At(p.site.api.URL + "/articles/public-ledgers")
}

func opensByMouse(p *tab) {
	p.search("blockchain")
	p.Once("window.prevent = true")
	p.click("[part=share]")
	p.Is(`heard.at(-1) === 'relais:share {"id":"blockchain-collectivites","language":"fr","url":"` + p.site.api.URL + `/s/b1","position":1}'`)
	p.Once("!$('[part=panel]').hidden && " + inTheBox)
	p.click("[part=clear]")
	p.Is(closed + " && $('#q').value === ''")
	p.search("blockchain")
	p.Once("!(window.prevent = false)")
	p.click("#o1")
	p.At(p.site.api.URL + "/articles/public-ledgers")
}

func opensByPage(p *tab) {
	p.search("blockchain")
	p.Once("window.prevent = true")
	p.Once(`(document.addEventListener('click', e => {
		const a = e.composedPath().find(n => n.href);
		if (a?.target === '_blank') heard.push('new tab ' + a.href), e.preventDefault();
	}), true)`)
	p.Press(kb.ArrowDown)
	p.Do("press Ctrl+Enter", chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	p.Is("heard.at(-1) === " + browsertest.Quote("new tab "+p.site.api.URL+"/articles/blockchain-collectivites") + " && heard.at(-2).startsWith('relais:open ')")
	p.Press(kb.ArrowDown, kb.Enter)
	p.Is(`heard.at(-1).startsWith('relais:open {"id":"blockchain-collectivites","language":"fr"') && heard.at(-1).includes('"position":1')`)
	p.Is(closed)
	p.At(p.site.page.URL + "/")
}

func keepsCaretKeys(p *tab) {
	p.search("blockchain")
	p.Press(kb.ArrowDown, kb.ArrowLeft)
	p.Is(noRow + " && $('#q').selectionStart === 9")
	p.Press(kb.ArrowDown, kb.ArrowRight)
	p.Is(noRow + " && $('#q').selectionStart === 10 && " + inTheBox)
	p.Press(kb.ArrowDown, kb.Home)
	p.Is(noRow + " && $('#q').selectionStart === 0")
	p.Press(kb.ArrowDown, kb.End)
	p.Is(noRow + " && $('#q').selectionStart === 10")
	p.Press(kb.ArrowDown, "s")
	p.Is(noRow + " && $('#q').value === 'blockchains'")
}

func escapes(p *tab) {
	p.search("blockchain")
	p.Press(kb.ArrowDown, kb.Escape)
	p.Is(closed + " && $('#q').value === 'blockchain' && " + inTheBox)
	p.Do("press Alt+Down", chromedp.KeyEvent(kb.ArrowDown, chromedp.KeyModifiers(chromedp.ModifierAlt)))
	p.Is("!$('[part=panel]').hidden && " + noRow)
	p.Do("press Alt+Up", chromedp.KeyEvent(kb.ArrowUp, chromedp.KeyModifiers(chromedp.ModifierAlt)))
	p.Is(closed)
	p.Press(kb.ArrowDown)
	p.Is(rowActive + "'o0'")
	p.Press(kb.Escape, kb.Escape)
	p.Is(closed + " && $('#q').value === '' && !$('[part=clear]').offsetHeight && $('[data-state=idle]')")
	if got := p.site.asked(); len(slices.Compact(slices.Sorted(slices.Values(got)))) != len(got) {
		p.Errorf("asked again: %q", got)
	}
}

func submits(p *tab) {
	p.search("blockchain et moi")
	p.Press(kb.Enter)
	p.At(p.site.api.URL + "/search?lang=fr&key=pk_test&q=blockchain+et+moi")
}

func sharesByArrow(p *tab) {
	p.search("blockchain")
	p.Press(kb.ArrowDown, kb.ArrowRight)
	p.Is("w.activeElement === w.querySelectorAll('[part=share]')[0] && w.activeElement.matches(':focus-visible')")
	p.Press(kb.ArrowLeft)
	p.Is(inTheBox + " && " + rowActive + "'o0'")
	p.Press(kb.ArrowRight, kb.ArrowDown)
	p.Is("w.activeElement === w.querySelectorAll('[part=share]')[1] && $('#o1').matches('[aria-selected=true]')")
	p.Press(kb.ArrowDown)
	p.Is("w.activeElement.getAttribute('href').endsWith('/s/b4')")
	p.Press(kb.ArrowUp, kb.Enter)
	p.At(p.site.api.URL + "/s/b2")
}

func sharesByTab(p *tab) {
	p.search("blockchain")
	p.Press(kb.ArrowDown, kb.ArrowDown, kb.Tab)
	p.Is("w.activeElement.getAttribute('href').endsWith('/s/b2')")
	p.Press(kb.Home)
	p.Is("w.activeElement.getAttribute('href').endsWith('/s/b1')")
	p.Press(kb.End)
	p.Is("w.activeElement.getAttribute('href').endsWith('/s/b4')")
	p.Press(kb.Tab)
	p.Is("w.activeElement === $('[part=all]') && !$('[part=panel]').hidden")
	p.Press(kb.Tab)
	p.Is("document.activeElement === document.body")
	p.Is(closed)
}

// asksOnce types in bursts. Of a burst only the words that stay are asked for,
// and the first key after a pause.
func asksOnce(p *tab) {
	p.Is("w && $('#q')")
	p.Once("document.querySelector('relais-search').focus() ?? true")
	burst := func(text string) {
		p.Once(`[...` + browsertest.Quote(text) + `].every(c => document.execCommand('insertText', false, c)) && (window.since = performance.now())`)
		p.Is(`heard.at(-1)?.includes($('#q').value) && performance.now() - since > 200`)
	}
	burst("blockchain")
	burst("s et territoires")
	p.Once(`$('#q').select() ?? true`)
	burst("blockchain")
	want := []string{"blockchain", "blockchains", "blockchains et territoires"}
	if diff := cmp.Diff(want, p.site.asked()); diff != "" {
		p.Errorf("requests, the first query asked again from memory (-want +got):\n%s", diff)
	}
}

func aborts(p *tab) {
	p.search("blockchain")
	p.Once(`($('#q').select(), document.execCommand('insertText', false, 'attente'))`)
	p.Is("$('[data-state=loading]')")
	p.Press(kb.Escape)
	p.Is("$('[data-state=idle]') && " + closed)
	p.Once(`document.execCommand('insertText', false, 's')`)
	p.Is("$('[data-state=done]') && heard.at(-1).includes('attentes')")
	p.stops("attente")
}

func keepsResults(p *tab) {
	p.search("blockchain")
	p.site.mu.Lock()
	p.site.broken = true
	p.site.mu.Unlock()
	p.Press("s")
	p.Is("$('[data-state=error]') && !$('[part=panel]').hidden && w.querySelectorAll('[part=hit]').length === 4")
	p.Is("$('[role=alert]').innerText === 'La recherche n’a pas abouti.' && $('[part=count]').innerText.includes('«\u00a0blockchain\u00a0»')")
	p.Is("$('[role=status]').textContent === '1\u202f234\u00a0résultats pour «\u00a0blockchain\u00a0»'")
	p.Press(kb.ArrowDown)
	p.Is(rowActive + "'o0'")
	p.site.mu.Lock()
	p.site.broken = false
	p.site.mu.Unlock()
	p.Press(kb.Escape, kb.ArrowDown)
	p.Is("$('[data-state=done]') && $('[role=alert]').innerText === ''")
}

func corrects(p *tab) {
	p.search("rien")
	p.Is("$('[part=count]').innerText === 'Aucun résultat pour «\u00a0rien\u00a0»' && $('#q').getAttribute('aria-expanded') === 'false'")
	p.Is("!$('[part=hit]') && !$('[part=share]') && $('.rows').hidden")
	p.Press(kb.Tab)
	p.Is("w.activeElement.innerText === 'Essayez avec «\u00a0blockchain\u00a0»'")
	p.Press(kb.Enter)
	p.Is("$('#q').value === 'blockchain' && w.querySelectorAll('[part=hit]').length === 4 && " + inTheBox)
}

func composes(p *tab) {
	p.search("blockchain")
	p.Press(kb.ArrowDown)
	if _, err := chromedp.Call(p.Context, input.ImeSetComposition, input.ImeSetCompositionParams{Text: "のう", SelectionStart: 2, SelectionEnd: 2}); err != nil {
		p.Fatal(err)
	}
	p.Is("$('#q').value === 'blockchainのう'")
	p.Is(`['ArrowDown', 'Enter', 'Escape'].every(key => $('#q').dispatchEvent(new KeyboardEvent('keydown', { key, isComposing: true, cancelable: true })))`)
	p.Is(rowActive + "'o0'")
	if _, err := chromedp.Call(p.Context, input.InsertText, input.InsertTextParams{Text: "能"}); err != nil {
		p.Fatal(err)
	}
	p.Is("heard.at(-1).includes('blockchain能')")
	if got := p.site.asked(); slices.ContainsFunc(got, func(q string) bool { return strings.Contains(q, "のう") }) {
		p.Errorf("asked %q while composing", got)
	}
}

func wantsEnough(p *tab) {
	p.Is("w && $('#q')")
	p.Once("document.querySelector('relais-search').focus() || document.execCommand('insertText', false, 'b')")
	p.Once("$('#q').select() || document.execCommand('insertText', false, '法')")
	p.Is("heard.length === 1")
	if diff := cmp.Diff([]string{"法"}, p.site.asked()); diff != "" {
		p.Error(diff)
	}
}

func survivesTwoScripts(p *tab) {
	p.Is("document.querySelectorAll('relais-search').length === 2 && [...document.querySelectorAll('relais-search')].every(e => e.shadowRoot?.querySelectorAll('form').length === 1)")
	p.Is("performance.getEntriesByType('resource').filter(e => e.name.includes('/widget/')).length === 2")
	p.search("blockchain")
	p.Once("document.body.append(document.querySelector('relais-search')) ?? true")
	p.Is("w.querySelectorAll('form').length === 1")
}

func readsAttributes(p *tab) {
	p.Is("$('#q').placeholder === 'Chercher…' && $('label').innerText === 'Les archives' && $('label').offsetHeight > 10")
	p.search("blockchain")
	p.Is("performance.getEntriesByType('resource').some(e => e.name.endsWith('/v1/search?q=blockchain&limit=3&lang=fr&key=pk_test'))")
	p.Once("document.querySelector('relais-search').setAttribute('label', 'Archives') ?? true")
	p.Is("$('label').innerText === 'Archives'")
}

func fitsNarrow(p *tab) {
	p.Do("narrow the window", chromedp.EmulateViewport(320, 640))
	p.search("blockchain")
	p.Is("document.documentElement.scrollWidth <= 320 && $('[part=panel]').scrollWidth <= $('[part=panel]').clientWidth")
	p.Is("$('[part=share]').getBoundingClientRect().right <= $('#o0').getBoundingClientRect().left")
	p.Press(kb.ArrowDown, kb.ArrowLeft)
	p.Is("w.activeElement === $('[part=share]')")
	p.Press(kb.ArrowRight)
	p.Is(inTheBox)
}
