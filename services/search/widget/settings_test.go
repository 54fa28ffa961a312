// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/relais-press/relais/services/search/internal/browsertest"
)

// own is a script line whose attributes stand for those of every element.
func own(attributes string) string {
	return strings.Replace(scriptTag, " data-key", " "+attributes+" data-key", 1)
}

func TestSettings(t *testing.T) {
	first := browsertest.Start(t)
	for _, tc := range []struct {
		name string
		html string
		test func(*tab)
	}{
		{"theme and direction of the script", own(`data-theme="dark" data-dir="rtl"`) + `<relais-search></relais-search>`, func(p *tab) {
			p.Is("w && $('[part=root]').dir === 'rtl' && getComputedStyle($('[part=box]')).backgroundColor === 'rgb(23, 27, 34)'")
		}},
		{"an element's theme wins, and may change", own(`data-theme="dark"`) + `<relais-search theme="light"></relais-search>`, func(p *tab) {
			p.Is("w && getComputedStyle($('[part=box]')).backgroundColor === 'rgb(255, 255, 255)'")
			p.Once("(document.querySelector('relais-search').setAttribute('theme', 'dark'), true)")
			p.Is("getComputedStyle($('[part=box]')).backgroundColor === 'rgb(23, 27, 34)'")
		}},
		{"a tag with an underscore", own(`data-strings='{"label": "Chercher ici"}'`) + `<relais-search lang="fr_FR"></relais-search>`, func(p *tab) {
			p.Is("w && $('#q').placeholder === 'Chercher ici' && $('[part=clear]').getAttribute('aria-label') === 'Effacer'")
			p.site.mu.Lock()
			p.site.problems = nil // the API hears fr_FR
			p.site.mu.Unlock()
		}},
		{"facets with spaces", scriptTag + `<relais-search mode="page" facets="section, year"></relais-search>`, func(p *tab) {
			p.Is("w && w.querySelectorAll('[part=facet]:not([hidden])').length === 2")
		}},
		{"a failure opens nothing before a reader who has left", scriptTag + `<relais-search></relais-search><button id="next">Suite</button>`, func(p *tab) {
			p.Is("w && $('#q')")
			p.site.mu.Lock()
			p.site.broken = true
			p.site.mu.Unlock()
			p.Once("(document.querySelector('relais-search').focus(), true)")
			p.Press("b", "l")
			p.Once("(document.querySelector('#next').focus(), true)")
			p.Is("$('[data-state=error]')")
			p.Once("$('[part=panel]').hidden")
		}},
		{"Escape closes from the results' end too", box, func(p *tab) {
			p.search("blockchain")
			p.Once("($('[part=all]').focus(), true)")
			p.Press(kb.Escape)
			p.Is(closed + " && " + inTheBox)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.test(open(t, first, tc.html)) })
	}
}
