// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"strings"
	"testing"

	"github.com/relais-press/relais/services/search/internal/catalog"
	"github.com/relais-press/relais/services/search/internal/feed"
)

// BenchmarkRender renders 50 articles of 6 kB, and a sitemap of 1,000.
func BenchmarkRender(b *testing.B) {
	for name, render := range forms() {
		b.Run(name, func(b *testing.B) {
			n := 50
			if name == "sitemap" {
				n = 1000
			}
			f := &feed.Feed{Partner: gazette(), Language: "fr", PublicURL: public}
			for range n {
				e := recap()
				e.Edition.BodyHTML = strings.Repeat("<p>Un paragraphe d’une longueur très ordinaire, avec <strong>du gras</strong>.</p>\n", 72)
				f.Entries = append(f.Entries, catalog.Entry{Edition: e.Edition, URL: e.URL, Translations: e.Translations})
			}
			b.ReportAllocs()
			for b.Loop() {
				b.SetBytes(int64(len(render(f))))
			}
		})
	}
}
