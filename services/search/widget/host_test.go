// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/relais-press/relais/services/search/internal/browsertest"
)

// everyElement is each element as a partner writes it.
const everyElement = `<relais-search></relais-search><relais-search mode="page" label="Archives"></relais-search>
<relais-latest></relais-latest><relais-related article="x"></relais-related><relais-share article="x"></relais-share>`

func TestInAnyPage(t *testing.T) {
	first := browsertest.Start(t)
	for name, tc := range map[string]struct {
		main string
		test func(v view)
	}{
		"under the strictest policy":       {everyElement, worksStrictly},
		"inside a shadow root":             {`<div id="host"></div>`, worksInShadow},
		"several of each":                  {strings.Repeat(everyElement, 3), worksSeveralTimes},
		"moved in the document":            {everyElement + `<div id="there"></div>`, survivesMoves},
		"attributes changed":               {everyElement, followsAttributes},
		"made by a script":                 {"", worksWhenMade},
		"beside what moves with results":   {`<relais-search></relais-search><p>Texte</p>`, shiftsNothing},
		"removed while its answer is away": {everyElement, endsCleanly},
	} {
		t.Run(name, func(t *testing.T) { tc.test(see(t, first, newStage(t, hall("fr", tc.main)))) })
	}
}

func worksStrictly(v view) {
	v.settled()
	v.types("blockchain")
	v.Press(kb.ArrowDown)
	v.Is("deepAll('a[href]').length > 20")
	v.Once("refused.length === 0")
}

func worksInShadow(v view) {
	v.Once(fmt.Sprintf("(document.querySelector('#host').attachShadow({ mode: 'open' }).append(...%s), true)", elements("relais-search", "relais-latest", "relais-related", "relais-share")))
	v.settled()
	v.types("blockchain")
	v.Is("deepAll('[role=option]').length === 8 && heard.length === 1")
	v.Press(kb.ArrowDown, kb.ArrowDown)
	v.Is("deep('#q').getAttribute('aria-activedescendant') === deep('[aria-selected=true]').id")
	v.Press(kb.ArrowRight)
	v.Is("focused().matches('[part=share]')")
	v.Press(kb.Escape)
	v.Is("deep('[part=panel]').hidden && focused().matches('[role=combobox]')")
}

// elements is an expression for new elements.
func elements(names ...string) string {
	for i, name := range names {
		names[i] = fmt.Sprintf("Object.assign(document.createElement(%q), {}) ", name)
	}
	return "[" + strings.Join(names, ",") + "].map(e => (e.setAttribute('article', 'x'), e))"
}

func worksSeveralTimes(v view) {
	v.settled()
	v.Is("deepAll('#q').length === 6 && deepAll('[role=combobox]').length === 3")
	v.types("blockchain")
	v.Once("deepAll('[role=combobox]').filter(e => e.getRootNode().querySelector('[part=hit]')).length === 1")
	v.Once("document.execCommand('insertText', false, 'collectivites', deepAll('[role=combobox]')[1].focus())")
	v.Is(`heard.some(h => h.includes('{"query":"collectivites"')) && deep('[part=panel]').hidden`)
	v.Is("deepAll('#q').map(e => e.value).join() === 'blockchain,,collectivites,,,'")
	for _, path := range []string{"/v1/latest", "/v1/related/x", "/v1/share/x"} {
		if asked := v.stage.requests(path); len(asked) > 3 {
			v.Errorf("%s: three elements asked %d times: %q", path, len(asked), asked)
		}
	}
}

func survivesMoves(v view) {
	v.settled()
	v.types("blockchain")
	before := len(v.stage.requests("/v1/"))
	v.Once("document.querySelector('#there').append(...document.querySelectorAll('main > *:not(#there)')) ?? true")
	v.settled()
	v.Is("deepAll('[part=root]').length === 5 && deep('relais-latest').shadowRoot.querySelectorAll('[part=hit]').length === 5")
	if after := len(v.stage.requests("/v1/")); after != before {
		v.Errorf("a move costs requests: %q", v.stage.requests("/v1/")[before:])
	}
	v.types("x")
	v.Is("deep('#q').value === 'blockchainx'")
}

func followsAttributes(v view) {
	v.settled()
	v.Once("document.querySelectorAll('main > *').forEach(e => e.setAttribute('lang', 'en')) ?? true")
	v.settled()
	v.Is("deepAll('[part=root]').every(e => e.lang === 'en') && deep('#q').placeholder === 'Search articles'")
	v.Is("deep('relais-latest').shadowRoot.querySelector('[part=headline]').textContent.startsWith('Blockchain and local')")
	v.Once("(deep('relais-latest').setAttribute('limit', '3'), deep('relais-related').setAttribute('article', 'y'), deep('relais-share').setAttribute('article', 'y'), true)")
	v.settled()
	for _, want := range []string{"/v1/latest?limit=3", "/v1/related/y", "/v1/share/y"} {
		if len(v.stage.requests(want)) != 1 {
			v.Errorf("%s: asked %q", want, v.stage.requests("/v1/"))
		}
	}
	v.Once("document.querySelectorAll('main > *').forEach(e => e.setAttribute('theme', 'dark')) ?? true")
	v.Is("deepAll('[part=root]').every(e => getComputedStyle(e).colorScheme === 'dark')")
}

func worksWhenMade(v view) {
	v.Once(fmt.Sprintf("(document.querySelector('main').append(...%s), true)", elements("relais-search", "relais-latest", "relais-related", "relais-share")))
	v.settled()
	v.Is("deepAll('a[href]').length > 20 && deep('#q')")
}

func shiftsNothing(v view) {
	v.settled()
	v.rendered()
	v.Once("(window.shift = 0, true)") // the element itself has come after the page
	v.types("blockchain")
	v.Press(kb.ArrowDown, kb.ArrowDown)
	v.Is("deep('[aria-selected=true]')")
	v.types("s")
	v.rendered()
	v.Once("shift === 0")
}

// rendered waits until all that has been done is on the screen.
func (v view) rendered() {
	v.Helper()
	v.Once("(window.painted = false, requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => { window.painted = true; }))), true)")
	v.Is("window.painted")
}

func endsCleanly(v view) {
	v.settled()
	givenUp := make(chan string, 8)
	v.stage.answers(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		givenUp <- r.URL.Query().Get("q")
	})
	v.enters("blockchain")
	v.Is("deep('[data-state=loading]')")
	v.Once("document.querySelector('main').replaceChildren() ?? true")
	select { // while the page is still there: leaving it ends every request
	case q := <-givenUp:
		if q != "blockchain" {
			v.Errorf("gave up %q", q)
		}
	case <-time.After(browsertest.Patience):
		v.stage.api.CloseClientConnections()
		v.Fatal("the request of an element that has gone was left running")
	}
	v.Once("heard.every(h => !h.includes('blockchain')) && document.activeElement === document.body")
}

func TestABrowserThatIsTooOld(t *testing.T) {
	const form = `<form action="{api}/search"><input name="q" aria-label="Rechercher"> <button>Rechercher</button></form>`
	html := strings.Replace(hall("fr", "<relais-search>"+form+"</relais-search>"), `<script src="/page.js">`, `<script src="/old.js"></script><script src="/page.js">`, 1)
	s := newStage(t, html)
	ctx, stop := chromedp.NewContext(browsertest.Start(t).Context) // another tab: the script fails there, and says so in the console
	t.Cleanup(stop)
	v := view{&tab{Tab: &browsertest.Tab{TB: t, Context: ctx, Words: words, Dump: "document.body.innerHTML"}}, s}
	if err := chromedp.Do(ctx); err != nil { // without a deadline: the tab lives as long as this context
		t.Fatal(err)
	}
	v.Do("open the page", chromedp.Navigate(s.page.URL))
	v.Is("performance.getEntriesByType('resource').some(e => e.name.endsWith('/widget/v1.js'))")
	v.Once("!deep('relais-search').shadowRoot && deep('input').offsetWidth > 100 && deep('input').checkVisibility()")
	v.Once("deep('input').focus() ?? true")
	v.Press("blockchain", kb.Enter)
	v.At(s.api.URL + "/search?q=blockchain")
}

// footprint is what a page holds after a garbage collection.
func (v view) footprint() map[string]float64 {
	v.Helper()
	for range 2 { // what the first one has freed may hold more
		if _, err := chromedp.Call(v.Context, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
			v.Fatal(err)
		}
	}
	metrics, err := chromedp.Call(v.Context, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		v.Fatal(err)
	}
	out := map[string]float64{}
	for _, m := range metrics.Metrics {
		if slices.Contains([]string{"JSHeapUsedSize", "Nodes", "JSEventListeners"}, m.Name) {
			out[m.Name] = m.Value
		}
	}
	return out
}

// TestAThousandMountsLeaveNothing mounts an element, lets it draw its answer and
// takes it away again. A leak of one node in ten mounts, or of half a kilobyte in
// each, would be seen.
func TestAThousandMountsLeaveNothing(t *testing.T) {
	const mounts, batch = 1000, 200
	first := browsertest.Start(t)
	for name, tag := range map[string]string{
		"search": `<relais-search limit="2"></relais-search>`, "page": `<relais-search mode="page" limit="2"></relais-search>`, "latest": `<relais-latest limit="2"></relais-latest>`,
		"related": `<relais-related article="x" limit="2"></relais-related>`, "share": `<relais-share article="x"></relais-share>`,
	} {
		t.Run(name, func(t *testing.T) {
			v := see(t, first, newStage(t, hall("fr", tag)))
			v.settled()
			if _, err := chromedp.Call(v.Context, performance.Enable, performance.EnableParams{}); err != nil {
				t.Fatal(err)
			}
			v.mounts(batch) // until the engine has compiled what runs
			before := v.footprint()
			for range mounts / batch {
				v.mounts(batch)
			}
			after := v.footprint()
			t.Logf("before %v, after %v", before, after)
			for _, what := range slices.Sorted(maps.Keys(before)) {
				limit := mounts / 10.0 // the last one may still be held, by its answer
				if what == "JSHeapUsedSize" {
					limit = 512 * mounts
				}
				if grown := after[what] - before[what]; grown > limit {
					t.Errorf("%s grew by %.0f in %d mounts", what, grown, mounts)
				}
			}
		})
	}
}

// mounts puts a copy of the element in its place n times.
func (v view) mounts(n int) {
	v.Helper()
	v.Once(fmt.Sprintf(`(window.mounted = false, (async () => {
		const main = document.querySelector('main'), model = main.firstElementChild.cloneNode();
		for (let i = 0; i < %d; i++) {
			main.replaceChildren(model.cloneNode());
			const box = deep('#q');
			if (box) { box.value = 'blockchain'; box.click(); }
			for (let turn = 0; turn < 3; turn++) await scheduler.postTask(() => {});
		}
	})().then(() => { mounted = true; }), true)`, n))
	v.Is("mounted === true")
}
