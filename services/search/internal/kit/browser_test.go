// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/browsertest"
)

// tab is the kit in a browser. In expressions, $ finds an element by its id, and
// w is the shadow root of what the preview shows.
type tab struct {
	*browsertest.Tab
	address string
	pasted  atomic.Value // the string that /pasted holds
}

// headlines are what the fake API has, newest first.
func headlines() []string {
	return []string{
		"Blockchain et collectivités : quelles potentialités ?", "Budget participatif : Grenoble vote en ligne",
		"Cybersécurité : une mairie s’exerce à la crise", "Archives : la mémoire des services passe au numérique",
	}
}

// answer stands for the API: hits for whoever presents the key, from the same
// origin, which browsers do not name.
func answer(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("key") != "pk_gazette" || r.Header.Get("Origin") != "" {
		w.WriteHeader(http.StatusForbidden)
		return nil
	}
	hits := []map[string]any{}
	for i, headline := range headlines() {
		hits = append(hits, map[string]any{
			"id": fmt.Sprintf("article-%d", i), "language": "fr", "headline": map[string]any{"text": headline, "marks": [][2]int{}},
			"excerpt": map[string]any{"text": "Ce qu’en disent celles et ceux qui le font.", "marks": [][2]int{}},
			"url":     "https://gazette.example/fr/article", "shareUrl": "https://relais.example/s/a", "datePublished": "2026-11-20T08:00:00Z",
			"readingMinutes": 3, "section": "Événements", "translations": []any{},
		})
	}
	if limit := r.URL.Query().Get("limit"); limit != "" && limit < "4" && len(limit) == 1 {
		hits = hits[:limit[0]-'0']
	}
	return web.WriteJSON(w, r, http.StatusOK, map[string]any{
		"query": r.URL.Query().Get("q"), "language": "fr", "total": len(hits), "hits": hits, "facets": map[string]any{},
		"url": "https://relais.example/s/a", "headline": headlines()[0], "targets": []map[string]string{
			{"network": "linkedin", "label": "LinkedIn", "href": "https://www.linkedin.com/"}, {"network": "mail", "label": "E-mail", "href": "mailto:?body=a"},
		},
	})
}

// newTab serves the kit beside an API for it, and opens an empty tab.
func newTab(t *testing.T, first *browsertest.Tab) *tab {
	t.Helper()
	var rt *web.Router
	p := &tab{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { rt.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	rt = serve(t, server.URL)
	rt.Handle("pasted", http.MethodGet, "/pasted", func(w http.ResponseWriter, r *http.Request) error {
		html, _ := p.pasted.Load().(string)
		w.Header().Set("Content-Security-Policy", "default-src * data: 'unsafe-inline'") // a partner's page, not one of ours
		return web.WriteBytes(w, r, http.StatusOK, "text/html; charset=utf-8", []byte("<!doctype html><title>Gazette</title><link rel=icon href=data:,>"+html))
	})
	for _, path := range []string{"/v1/search", "/v1/suggest", "/v1/latest", "/v1/related/{id}", "/v1/share/{id}"} {
		rt.Handle(path, http.MethodGet, path, answer)
	}
	p.Tab, p.address = first.For(t), server.URL
	p.Words = "const $ = id => document.getElementById(id), w = $('frame')?.firstElementChild?.shadowRoot;"
	p.Dump = "[$('snippet')?.textContent, $('css')?.textContent, $('frame')?.innerHTML, $('stage')?.getAttribute('style')].join('\\n')"
	p.look("light", 1280)
	return p
}

// open shows the kit of a partner.
func (p *tab) open(query string) {
	p.Helper()
	p.Do("open the page", chromedp.Navigate(p.address+"/partners/kit?"+query))
}

// look makes the window as wide as asked, for a reader of a light or dark system.
func (p *tab) look(scheme string, width int64) {
	p.Helper()
	p.Do("be "+scheme, browsertest.Prefers(scheme), chromedp.EmulateViewport(width, 900))
}

// choose clicks a radio button or check box that may be behind its label.
func (p *tab) choose(selector string) {
	p.Helper()
	p.Is("document.querySelector(" + browsertest.Quote(selector) + ")?.checkVisibility({opacityProperty: false})")
	p.Is("document.querySelector(" + browsertest.Quote(selector) + ").click() ?? true")
}

// fill types a value over what a field holds.
func (p *tab) fill(id, value string) {
	p.Helper()
	p.Is("$(" + browsertest.Quote(id) + ").checkVisibility() && ($(" + browsertest.Quote(id) + ").focus(), $(" + browsertest.Quote(id) + ").select(), true)")
	p.Do("type "+value, chromedp.KeyEvent(value))
}

// paste opens a page that holds nothing but the snippet, and waits until an
// expression is true there.
func (p *tab) paste(expression string) {
	p.Helper()
	snippet, err := browsertest.JS[string](p.Tab, "$('snippet').textContent")
	if err != nil {
		p.Fatal(err)
	}
	p.pasted.Store(snippet)
	p.Do("open what was pasted", chromedp.Navigate(p.address+"/pasted"))
	p.Is(expression)
}

const (
	inFrench = "key=pk_gazette&lang=fr"
	english  = "key=pk_gazette&lang=en"
)

func TestInABrowser(t *testing.T) {
	first := browsertest.Start(t)
	for name, tc := range map[string]struct {
		query string
		test  func(p *tab)
	}{
		"it writes what is chosen":                    {inFrench, writesWhatIsChosen},
		"what it writes means what was typed":         {english, meansWhatWasTyped},
		"the preview shows each element":              {english, previewsEach},
		"a reader does not lose it":                   {english, keepsItsReader},
		"it pins the script":                          {english, pins},
		"it dresses the widget":                       {english, dresses},
		"it copies":                                   {english, copies},
		"without script the lines are there":          {inFrench, worksWithoutScript},
		"it fits every window, whoever the reader is": {inFrench, fits},
	} {
		t.Run(name, func(t *testing.T) {
			p := newTab(t, first)
			p.open(tc.query)
			tc.test(p)
		})
	}
}

func writesWhatIsChosen(p *tab) {
	snippet := func(s string) {
		p.Helper()
		p.Is("$('snippet').textContent === " + browsertest.Quote(strings.ReplaceAll(s, "{}", p.address)))
	}
	const script = `<script async src="{}/widget/v1.js" data-key="pk_gazette" data-lang="fr"></script>` + "\n"
	snippet(script + "<relais-search></relais-search>")
	p.Is("w?.querySelector('input[role=combobox]')")

	p.choose("[name=element][value=latest]")
	p.fill("limit", "2")
	p.fill("heading", `À lire "<b>" & plus`)
	p.Is("($('section').value = 'Juridique', $('section').dispatchEvent(new Event('input', {bubbles: true})))")
	snippet(script + `<relais-latest limit="2" section="Juridique" heading="À lire &quot;&lt;b>&quot; &amp; plus"></relais-latest>`)
	p.Is("w.host.localName === 'relais-latest' && w.querySelectorAll('[part=hit]').length === 2")

	p.fill("limit", "99") // more than there may be: left out
	p.Is("!$('snippet').textContent.includes('limit=')")

	p.choose("[name=element][value=share]")
	snippet(script + `<relais-share heading="À lire &quot;&lt;b>&quot; &amp; plus" article="article-0"></relais-share>`)
	p.Is("!$('limit').checkVisibility() && $('article').checkVisibility()")
	p.choose("[name=element][value=page]")
	p.Is("($('lang').value = 'pt-BR', $('lang').dispatchEvent(new Event('input', {bubbles: true})))")
	p.choose("#fallback")
	p.Is(`$('snippet').textContent.includes('data-lang="pt-BR"') && $('snippet').textContent.includes('<relais-search mode="page">\n  <form action="')`)
	p.Is("w.host.getAttribute('mode') === 'page' && w.host.lang === 'pt-BR'")
	p.Is("document.querySelector('#call-related').closest('article').querySelector('.try').getAttribute('href').includes('/v1/related/article-0?') && !$('related-curl').textContent.includes('{id}')")
}

func meansWhatWasTyped(p *tab) {
	const heading = `À lire "<b>" & plus &amp;`
	p.choose("[name=element][value=latest]")
	p.fill("heading", heading)
	p.fill("limit", "2")
	p.Is("$('snippet').textContent.includes('plus')")
	p.paste("(e => e.getAttribute('heading') === " + browsertest.Quote(heading) + " && e.shadowRoot?.querySelectorAll('[part=hit]').length === 2)(document.querySelector('relais-latest'))")
}

func previewsEach(p *tab) {
	for element, shows := range map[string]string{
		"search": "[role=combobox]", "page": "[part=facets] ~ [part=list] > *", "latest": "[part=hit]", "related": "[part=hit]", "share": "[part=bar] a",
	} {
		p.choose("[name=element][value=" + element + "]")
		p.Is("$('stage').dataset.element === " + browsertest.Quote(element) + " && w?.querySelector(" + browsertest.Quote(shows) + ")")
		p.Picture("element-" + element + ".png")
	}
}

func keepsItsReader(p *tab) {
	p.Is("(window.opened = '', window.open = (...given) => { opened = given.join(' '); }, true)")
	p.choose("[name=element][value=latest]")
	p.Is("w?.querySelector('[part=hit]') && (w.querySelector('[part=hit]').click(), true)")
	p.Is("opened === 'https://gazette.example/fr/article _blank noopener' && location.pathname === '/partners/kit'")
}

func pins(p *tab) {
	p.choose("[name=release][value=frozen]")
	p.Is(`/src="[^"]+\/widget\/v1\.[0-9a-f]{12}\.js"\n  integrity="sha384-[^"]{64}"\n  crossorigin="anonymous"/.test($('snippet').textContent) && $('snippet-note').textContent`)
	p.paste("document.querySelector('relais-search').shadowRoot?.querySelector('input[role=combobox]')")
}

func dresses(p *tab) {
	p.Is("w?.querySelector('[part=box]') && document.querySelectorAll('#contrast .good').length === 4 && !document.querySelector('#contrast .low')")
	p.Is("$('css').textContent.startsWith('/*')")
	p.fill("accent", "#ffd000")
	p.Is("$('css').textContent === ':root {\\n  --relais-accent: #ffd000;\\n}'")
	p.Is("getComputedStyle(w.host).getPropertyValue('--relais-accent') === '#ffd000' && document.querySelector('[data-pick=accent]').value === '#ffd000'")
	p.Is("document.querySelectorAll('#contrast .low').length === 1 && document.querySelector('#contrast .low').textContent === 'Accent on surface (light) 1.4:1 – too low, 4.5:1 at least (WCAG AA)'")
	p.Is("($('radius').value = 3, $('radius').dispatchEvent(new Event('input', {bubbles: true})))")
	p.Is("getComputedStyle(w.querySelector('[part=box]')).borderRadius === '3px' && $('css').textContent.includes('--relais-radius: 3px;')")
	p.fill("font", "red; } body { display: none")
	p.Is("$('font').getAttribute('aria-invalid') === 'true' && $('look-notes').textContent && !$('css').textContent.includes('font')")
	p.fill("font", "Georgia, serif")
	p.Is("!$('look-notes').textContent && getComputedStyle(w.host).fontFamily === 'Georgia, serif'")

	p.choose("[name=scheme][value=dark]")
	p.Is("w.host.getAttribute('theme') === 'dark' && getComputedStyle($('stage')).colorScheme === 'dark' && !$('snippet').textContent.includes('theme=')")
	p.choose("#rtl")
	p.choose("[name=width][value='320']")
	p.Is("getComputedStyle(w.host).direction === 'rtl' && w.host.getBoundingClientRect().width === 320")

	p.choose("#reset")
	p.Is("$('css').textContent.startsWith('/*') && getComputedStyle(w.host).getPropertyValue('--relais-accent') === '' && $('font').value === '' && $('said').textContent")
}

func copies(p *tab) {
	p.Is("w")
	p.Is("document.querySelector('[data-copy=snippet]').focus() ?? true")
	p.Do("press Enter", chromedp.KeyEvent("\r"))
	p.Is("document.querySelector('[data-copy=snippet] span').textContent === 'Copied' && $('said').textContent === 'Copied'")
	p.Is("$('label').focus() ?? true")
	if _, err := chromedp.Call(p.Context, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyDown", Commands: []string{"paste"}}); err != nil {
		p.Fatal(err)
	}
	p.Is("$('label').value.includes('data-key=\"pk_gazette\"') && $('label').value.endsWith('<relais-search></relais-search>')")
}

func worksWithoutScript(p *tab) {
	p.Cleanup(func() {
		if _, err := chromedp.Call(p.Context, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{}); err != nil {
			p.Error(err)
		}
	})
	if _, err := chromedp.Call(p.Context, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		p.Fatal(err)
	}
	p.Do("open the page again", chromedp.Reload())
	p.Is("document.querySelectorAll('#plain pre').length === 5 && $('plain').checkVisibility() && document.querySelector('noscript p').checkVisibility()")
	p.Is("[...document.querySelectorAll('.call pre')].every(e => e.checkVisibility()) && ![...document.querySelectorAll('button, input, select')].some(e => e.checkVisibility())")
	p.Picture("no-script.png")
}

// fits goes through the sizes and the colors of one page without loading it again,
// but for each language and each reader: with articles, without, without a key.
func fits(p *tab) {
	for _, query := range []string{inFrench, english, "key=pk_new&lang=fr", "lang=fr"} {
		p.open(query)
		p.Is("document.readyState === 'complete' && ($('stage') ? $('snippet').textContent && $('stage').dataset.element : true)")
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{320, 768, 1280} {
				p.look(scheme, width)
				p.Is(fmt.Sprintf("innerWidth === %d", width))
				if wide, err := browsertest.JS[int64](p.Tab, "document.documentElement.scrollWidth"); err != nil || wide > width {
					p.Errorf("%s: %d pixels wide in a window of %d (%v)", query, wide, width, err)
				}
				p.Picture(strings.NewReplacer("=", "-", "&", "-").Replace(query) + fmt.Sprintf("-%s-%d.png", scheme, width))
			}
		}
	}
}
