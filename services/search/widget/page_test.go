// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/services/search/internal/browsertest"
)

const results = scriptTag + `<relais-search mode="page"></relais-search>`

// TestPage tells of a results page, of the words and of what stood between the tags.
func TestPage(t *testing.T) {
	first := browsertest.Start(t)
	for _, tc := range []struct {
		name, html string
		test       func(*tab)
	}{
		{"shows the newest, as a list in a region", results, showsNewest},
		{"facets narrow the search", results, narrows},
		{"facets may be chosen, or left out", strings.Replace(results, `"page"`, `"page" facets=""`, 1), leavesFacetsOut},
		{"more are shown below", results, showsMore},
		{"the query stands in the address", results, keepsTheAddress},
		{"keeps the last results on an error", results, keepsList},
		{"the popup leads to the partner's own page", scriptTag + `<relais-search results="/recherche?theme=clair"></relais-search>`, leadsHome},
		{"what was typed before the script is taken over", `<relais-search><form action="/recherche"><input name="q" value="block"></form></relais-search>`, takesOver},
		{"an element that moves keeps its words", scriptTag + `<main></main><relais-search></relais-search>`, moves},
		{"one that goes stops asking", scriptTag + `<relais-search></relais-search>`, goes},
		{"words may be the partner's own", strings.Replace(scriptTag, "<script", `<script data-strings='{"label":"Fouiller","other":"# trouvailles"}'`, 1) + `<relais-search></relais-search>`, ownWords},
		{"words that are no JSON change nothing", scriptTag + `<relais-search strings="{"></relais-search>`, func(p *tab) { p.Is("$('#q')?.placeholder === 'Rechercher un article'") }},
		{"nothing is stored", results + `<relais-latest></relais-latest><relais-share article="vote"></relais-share>`, storesNothing},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.test(open(t, first, tc.html)) })
	}
}

const listed = "$('[data-state=done]') && w.querySelectorAll('li').length === "

func showsNewest(p *tab) {
	p.Is(listed + "4 && $('[role=region]').getAttribute('aria-label') === 'Résultats' && !$('[role=listbox], [role=combobox]')")
	p.called("/v1/search?facets=section%2Clanguage%2Cyear%2Cperson&limit=8")
	p.Once("$('[part=count]').innerText === '6\u00a0résultats' && $('#q').getAttribute('role') === 'searchbox' && $('li [part=excerpt]')")
	p.Once("location.search === '' && heard.join() === 'relais:search {\"query\":\"\",\"total\":6,\"language\":\"fr\"}'")
	p.Once("[...w.querySelectorAll('legend')].filter(l => l.offsetHeight).map(l => l.innerText).join() === 'Rubrique,Langue,Année'")
	p.Once("[...w.querySelectorAll('button[part=toggle]')].map(b => b.innerText.replace(/\\s+/g, ' ')).join() === 'Événements 4,Legal tech 2,français 5,anglais 1,2018 4,2017 2'")
}

func narrows(p *tab) {
	p.Is(listed + "4")
	p.click("[part=toggle]")
	p.Is(listed + "1 && $('[part=toggle]').getAttribute('aria-pressed') === 'true' && w.activeElement === $('[part=toggle]')")
	p.click("[part=toggle]")
	p.Is(listed + "4 && $('[part=toggle]').getAttribute('aria-pressed') === 'false'")
	const facets = "facets=section%2Clanguage%2Cyear%2Cperson"
	p.called("/v1/search?"+facets+"&limit=8", "/v1/search?"+facets+"&limit=8&section=%C3%89v%C3%A9nements")
}

func leavesFacetsOut(p *tab) {
	p.Is(listed + "4 && !$('[part=toggle]') && !$('fieldset')")
	p.called("/v1/search?limit=8")
}

func showsMore(p *tab) {
	p.Is(listed + "4 && $('button[part=more]').innerText === 'Plus de résultats'")
	p.Once("$('[part=more]').focus() ?? true")
	p.Press(kb.Enter)
	p.Is(listed + "6 && !$('[part=more]') && w.activeElement === w.querySelectorAll('li a[part=hit]')[4]")
	p.Once("heard.length === 1")
	if got := p.site.had(); len(got) != 2 || !strings.HasSuffix(got[1], "&offset=4") {
		p.Errorf("calls %q", got)
	}
}

func keepsTheAddress(p *tab) {
	p.Do("open a query", chromedp.Navigate(p.site.page.URL+"/?theme=clair&q=collectivit%C3%A9s"))
	p.Is(listed + "4 && $('#q').value === 'collectivités'")
	p.Once("(window.behind = history.length) > 0")
	p.Once("document.querySelector('relais-search').focus() ?? true")
	p.Press(kb.End, "x", kb.Enter)
	p.Is("new URLSearchParams(location.search).get('q') === 'collectivitésx' && history.length === behind")
	p.Once("location.search.includes('theme=clair')")
	p.Is("$('[role=status]').textContent === '6\u00a0résultats pour «\u00a0collectivitésx\u00a0»'")
	p.click("[part=clear]")
	p.Is("location.search === '?theme=clair'")
}

func keepsList(p *tab) {
	p.Is(listed + "4")
	p.site.mu.Lock()
	p.site.broken = true
	p.site.mu.Unlock()
	p.click("[part=toggle]")
	p.Is("$('[data-state=error]') && w.querySelectorAll('li').length === 4 && $('[role=alert]').innerText === 'La recherche n’a pas abouti.'")
}

func leadsHome(p *tab) {
	p.search("blockchain")
	p.Is("$('[part=all]').href === " + browsertest.Quote(p.site.page.URL+"/recherche?theme=clair&q=blockchain"))
	p.Press(kb.Enter)
	p.At(p.site.page.URL + "/recherche?theme=clair&q=blockchain")
}

func takesOver(p *tab) {
	p.Once("document.querySelector('input').focus() ?? document.querySelector('input').setSelectionRange(5, 5) ?? true")
	p.Press("chain")
	p.Once(`(() => {
		const script = document.createElement('script');
		Object.assign(script.dataset, { key: 'pk_test', lang: 'fr' });
		script.src = trustedTypes.createPolicy('late', { createScriptURL: url => url }).createScriptURL(` + browsertest.Quote(p.site.api.URL+"/widget/v1.js") + `);
		document.head.append(script);
		return true;
	})()`)
	p.Is("$('#q')?.value === 'blockchain' && " + inTheBox)
}

func moves(p *tab) {
	p.search("blockchain")
	p.Once("document.querySelector('main').append(document.querySelector('relais-search')) ?? true")
	p.Is("w.querySelectorAll('form').length === 1 && $('#q').value === 'blockchain' && " + closed)
}

func goes(p *tab) {
	p.search("blockchain")
	p.Once("($('#q').select(), document.execCommand('insertText', false, 'attente'))")
	p.Is("$('[data-state=loading]')")
	p.Once("document.querySelector('relais-search').remove() ?? true")
	p.stops("attente")
}

func ownWords(p *tab) {
	p.Is("$('#q')?.placeholder === 'Fouiller'")
	p.search("blockchain")
	p.Is("$('[part=count]').innerText === '1\u202f234 trouvailles pour «\u00a0blockchain\u00a0»'")
}

func storesNothing(p *tab) {
	p.Is(listed + "4")
	p.Once("document.querySelector('relais-search').focus() ?? true")
	p.Press("vote")
	p.Is("heard.at(-1).includes('\"vote\"')")
	p.Once("localStorage.length + sessionStorage.length === 0 && document.cookie === ''")
}

// TestLanguages looks for English words in no language but English, and for the
// direction and the plurals of Arabic.
func TestLanguages(t *testing.T) {
	first := browsertest.Start(t)
	for _, tc := range []struct{ lang, label, count string }{
		{"fr-CA", "Rechercher un article", "1\u00a0234\u00a0résultats pour «\u00a0blockchain\u00a0»"},
		{"en-GB", "Search articles", "1,234\u00a0results for “blockchain”"},
		{"de", "Artikel suchen", "1.234\u00a0Ergebnisse für „blockchain“"},
		{"es", "Buscar artículos", "1234\u00a0resultados para «blockchain»"},
		{"it", "Cerca articoli", "1234\u00a0risultati per «blockchain»"},
		{"nl", "Artikelen zoeken", "1.234\u00a0resultaten voor ‘blockchain’"},
		{"pt-BR", "Pesquisar artigos", "1.234\u00a0resultados para “blockchain”"},
		{"ar", "البحث في المقالات", "1,234\u00a0نتيجة عن «blockchain»"},
		{"pl", "Search articles", "1,234\u00a0results for “blockchain”"},
	} {
		t.Run(tc.lang, func(t *testing.T) {
			p := openIn(t, first, tc.lang, strings.ReplaceAll(box, `data-lang="fr"`, `data-lang="`+tc.lang+`"`))
			p.Is("$('#q')?.placeholder === " + browsertest.Quote(tc.label))
			p.search("blockchain")
			got, err := browsertest.JS[string](p.Tab, "$('[part=count]').textContent")
			if err != nil {
				p.Fatal(err)
			}
			if diff := cmp.Diff(tc.count, got); diff != "" {
				p.Error(diff)
			}
			p.Once("(getComputedStyle($('#q')).direction === 'rtl') === " + browsertest.Quote(tc.lang) + ".startsWith('ar')")
		})
	}
}
