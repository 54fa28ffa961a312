// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/relais-press/relais/services/search/internal/browsertest"
)

// TestFitsEveryWidth looks at every element on a telephone, a tablet and a desk,
// light and dark, in both directions. Nothing scrolls sideways. Where
// RELAIS_ARTIFACTS names a folder, pictures are left there for people to look at.
func TestFitsEveryWidth(t *testing.T) {
	first := browsertest.Start(t)
	const every = `<relais-search mode="page"></relais-search><relais-latest></relais-latest><relais-related article="x"></relais-related><relais-share article="x"></relais-share>`
	for _, lang := range []string{"fr", "ar"} {
		for _, shade := range []string{"light", "dark"} {
			t.Run(lang+", "+shade, func(t *testing.T) {
				all := see(t, first, newStage(t, hall(lang, every)), browsertest.Prefers(shade))
				all.settled()
				all.types("blockchain")
				all.settled()
				popup := see(t, first, newStage(t, hall(lang, `<div class="tall"><relais-search></relais-search></div>`)), browsertest.Prefers(shade))
				popup.types("blockchain")
				for name, v := range map[string]view{"all": all, "popup": popup} {
					for _, width := range []int64{320, 768, 1280} {
						v.Do("resize", chromedp.EmulateViewport(width, 900))
						v.Is(fmt.Sprintf("innerWidth === %d && document.documentElement.scrollWidth <= innerWidth", width))
						v.Is("deepAll('[part=panel], [part=list], [part=bar], [part=facets]').every(e => e.scrollWidth <= e.clientWidth)")
						v.Picture(fmt.Sprintf("widget-%s-%s-%s-%d.png", name, lang, shade, width))
					}
				}
			})
		}
	}
}
