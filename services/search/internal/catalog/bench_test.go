// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/partner"
)

// large is a catalog of editions of 80-character headlines, two versions each, a
// tenth of them embargoed once, a tenth withdrawn.
func large(b *testing.B, editions int) *Catalog {
	b.Helper()
	c := New(nil, slog.New(slog.DiscardHandler))
	for round := range 2 {
		for n := range editions {
			e := article.Edition{
				ID: fmt.Sprintf("%07d-%s", n/2, strings.Repeat("x", 40)), Language: []string{"fr", "en"}[n%2], SourceLanguage: "fr",
				Version: round + 1, PubStatus: article.Usable, Headline: strings.Repeat("é", 80), Section: fmt.Sprint("section ", n%20),
				CanonicalURL:  fmt.Sprintf("https://journal.example/%07d-%s", n/2, strings.Repeat("x", 40)),
				DatePublished: noon.Add(time.Duration((n*7919)%editions) * time.Minute), VersionCreated: noon, BodyText: strings.Repeat("Text. ", 500),
			}
			if n%10 == 0 {
				e.EmbargoedUntil = new(noon.Add(time.Duration(n%1000) * time.Second))
			}
			if n%10 == 1 && round == 1 {
				e.PubStatus = article.Withheld
			}
			c.apply(message(b, e, uint64(round*editions+n+1), noon.Add(time.Hour)))
		}
	}
	c.caught()
	return c
}

func BenchmarkCatalog(b *testing.B) {
	const editions = 50_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	c := large(b, editions)
	b.Logf("read in %v", time.Since(start))
	runtime.GC()
	runtime.ReadMemStats(&after)
	now := noon.Add(1000 * time.Hour)
	all, some, none := &partner.Partner{ID: "lyon"}, &partner.Partner{ID: "lyon", Sections: []string{"section 3"}}, &partner.Partner{ID: "lyon", Sections: []string{"none"}}
	b.Run("memory", func(b *testing.B) {
		for b.Loop() {
			runtime.KeepAlive(c)
		}
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/editions, "bytes/edition")
	})
	for name, p := range map[string]*partner.Partner{"all": all, "one section": some, "none": none} {
		b.Run("newest 50 of "+name, func(b *testing.B) {
			for b.Loop() {
				c.Newest(p, "fr", time.Time{}, now, 50)
			}
		})
		b.Run("gone of "+name, func(b *testing.B) {
			for b.Loop() {
				c.Gone(p, "fr", noon, now, 50)
			}
		})
		b.Run("since nothing for "+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := c.Since(p, Position{}, now, 100); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	sequence := uint64(2 * editions)
	b.Run("apply", func(b *testing.B) {
		for b.Loop() {
			sequence++
			n := int(sequence) % editions
			e := article.Edition{
				ID: fmt.Sprintf("%07d-%s", n/2, strings.Repeat("x", 40)), Language: []string{"fr", "en"}[n%2], SourceLanguage: "fr",
				Version: int(sequence), PubStatus: article.Usable, Headline: "H", DatePublished: noon.Add(time.Duration(n) * time.Minute),
			}
			c.mu.Lock()
			c.put(&e, sequence, noon.Add(2*time.Hour))
			c.mu.Unlock()
		}
	})
}
