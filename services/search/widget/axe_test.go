// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"context"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/relais-press/relais/services/search/internal/browsertest"
	"github.com/relais-press/relais/services/search/widget/npmtest"
)

// axeSource reads the accessibility checker, which only tests use.
func axeSource(t *testing.T) string {
	t.Helper()
	axe := npmtest.Open(t, "axe-core", "4.14.1", "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==")
	source, err := fs.ReadFile(axe, "axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// check runs the rules of WCAG 2.2 AA and what the checker's authors advise beyond
// them; it looks into open shadow roots. Each rule that is broken is one line, with
// the first of the places.
const check = `axe.run(document, { resultTypes: ['violations'],
    runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'] } })
  .then(r => r.violations.map(v => v.nodes.length + ' × ' + v.id + ': ' + v.nodes[0].target.flat().join(' ') + ' ' + v.nodes[0].html + ' ' + v.nodes[0].failureSummary))`

// passes fails the test for each thing that the checker finds.
func (v view) passes() {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.Context, browsertest.Patience)
	defer cancel()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](check, chromedp.EvalAwaitPromise))
	if err != nil {
		v.Fatalf("check: %v", err)
	}
	for _, f := range found {
		v.Error(f)
	}
}

func TestAccessible(t *testing.T) {
	source, first := axeSource(t), browsertest.Start(t)
	every := hall("{lang}", `<h2>A</h2><relais-search mode="page" label="A"></relais-search>
<h2>B</h2><relais-latest label="B"></relais-latest><h2>C</h2><relais-related article="x" label="C"></relais-related><h2>D</h2><relais-share article="x" label="D"></relais-share>`)
	popup := hall("{lang}", `<div class="tall"><relais-search></relais-search></div>`)
	for name, test := range map[string]struct {
		html string
		test func(v view)
	}{
		"every element": {every, func(v view) { v.types("blockchain") }},
		"the popup": {popup, func(v view) {
			v.types("blockchain")
			v.Is("deep('[role=option]') && !deep('[part=panel]').hidden")
		}},
		"nothing found": {every, func(v view) {
			v.stage.answers(v.stage.nothing)
			v.types("rien")
		}},
		"errors": {every, func(v view) {
			v.stage.answers(fails(http.StatusInternalServerError))
			v.enters("panne")
			v.Is("deep('relais-search').shadowRoot.querySelector('[data-state=error]')")
		}},
	} {
		for _, lang := range []string{"fr", "en", "ar"} {
			t.Run(name+", "+lang, func(t *testing.T) {
				s := newStage(t, strings.ReplaceAll(test.html, "{lang}", lang))
				s.lax = true // the checker writes style elements
				v := see(t, first, s, browsertest.Prefers("light"))
				v.settled()
				test.test(v)
				v.settled()
				v.Once("(window.axe ??= (() => { " + source + "\n; return axe; })(), true)")
				v.passes()
				v.Do("be dark", browsertest.Prefers("dark"))
				v.passes()
			})
		}
	}
}

// fails answers every question with a status and nothing of use.
func fails(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}
