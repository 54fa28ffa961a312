// SPDX-License-Identifier: Apache-2.0

package bleve_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/bleve"
	"github.com/relais-press/relais/services/search/internal/engine/enginetest"
)

const (
	benchDocuments = 5000
	benchBatch     = 250
)

// BenchmarkApply indexes 5,000 articles in batches of 250.
func BenchmarkApply(b *testing.B) {
	documents := corpus(benchDocuments)
	for b.Loop() {
		e := open(b, b.TempDir())
		start := time.Now()
		applyAll(b, e, documents)
		b.ReportMetric(float64(len(documents))/time.Since(start).Seconds(), "docs/s")
		fatal(b, e.Close())
	}
}

// BenchmarkApplyOne makes single articles searchable, one after the other.
func BenchmarkApplyOne(b *testing.B) {
	e := open(b, b.TempDir())
	defer e.Close()
	documents := corpus(500)
	n := 0
	for b.Loop() {
		d := documents[n%len(documents)]
		d.Version += n
		n++
		fatal(b, e.Apply(b.Context(), []engine.Document{d}, uint64(n)))
	}
}

// BenchmarkSearch asks 5,000 articles one kind of question at a time.
func BenchmarkSearch(b *testing.B) {
	dir := b.TempDir()
	e := open(b, dir)
	applyAll(b, e, corpus(benchDocuments))
	fatal(b, e.Close())
	e = open(b, dir)
	defer e.Close()
	b.Logf("resident after opening: %s", resident())

	facets := []string{engine.FacetSection, engine.FacetLanguage, engine.FacetYear, engine.FacetPerson, engine.FacetOrganisation}
	for _, c := range []struct {
		name string
		q    engine.Query
	}{
		{"frequent word", engine.Query{Text: "blockchain"}},
		{"rare word", engine.Query{Text: "antinomiques"}},
		{"two words", engine.Query{Text: "collectivités transformation"}},
		{"sentence", engine.Query{Text: "quelles potentialités de la blockchain pour les collectivités"}},
		{"unfinished", engine.Query{Text: "collectiv"}},
		{"two letters", engine.Query{Text: "co"}},
		{"typo", engine.Query{Text: "blokchain"}},
		{"two typos", engine.Query{Text: "colectvités"}},
		{"nothing", engine.Query{Text: "zzyzx qwertyuiop"}},
		{"latest", engine.Query{}},
		{"facets", engine.Query{Text: "blockchain", Facets: facets}},
	} {
		b.Run(strings.ReplaceAll(c.name, " ", "_"), func(b *testing.B) {
			c.q.Language, c.q.Limit = "fr", 10
			var times []time.Duration
			total := 0
			for b.Loop() {
				start := time.Now()
				res, err := e.Search(b.Context(), c.q)
				fatal(b, err)
				times, total = append(times, time.Since(start)), res.Total
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(total), "found")
		})
	}
	b.Logf("resident at the end: %s", resident())
}

func applyAll(b *testing.B, e *bleve.Index, documents []engine.Document) {
	b.Helper()
	for i := 0; i < len(documents); i += benchBatch {
		batch := documents[i:min(i+benchBatch, len(documents))]
		fatal(b, e.Apply(b.Context(), batch, uint64(i+len(batch))))
	}
}

// corpus makes articles of about 400 words: sentences of the recap among
// invented words that are as unevenly frequent as those of a language.
func corpus(n int) []engine.Document {
	r := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 40_000)
	for i := range words {
		for range 2 + r.IntN(3) {
			words[i] += string("bcdfglmnprstv"[r.IntN(13)]) + []string{"a", "e", "é", "i", "o", "ou", "on", "an"}[r.IntN(8)]
		}
	}
	zipf := rand.NewZipf(r, 1.05, 4, uint64(len(words)-1))
	recap := enginetest.Recap()
	sentences := strings.SplitAfter(recap.BodyText, ".")
	out := make([]engine.Document, n)
	for i := range out {
		var body strings.Builder
		for range 25 {
			if r.IntN(8) == 0 {
				body.WriteString(sentences[r.IntN(len(sentences))])
			}
			for range 12 {
				body.WriteString(words[zipf.Uint64()] + " ")
			}
			body.WriteString(". ")
		}
		edition := recap
		edition.ID, edition.BodyText = fmt.Sprintf("article-%d", i), body.String()
		edition.Headline = words[zipf.Uint64()] + " " + words[zipf.Uint64()] + " " + words[zipf.Uint64()]
		edition.Description = words[zipf.Uint64()] + " et " + words[zipf.Uint64()]
		if r.IntN(8) > 0 {
			edition.Organisations, edition.Event = []string{words[zipf.Uint64()]}, nil
		}
		edition.Section = []string{"Droit", "Numérique", "Culture", "Économie"}[r.IntN(4)]
		edition.People = []article.Person{{Name: words[r.IntN(2000)] + " " + words[r.IntN(2000)]}}
		edition.DatePublished = recap.DatePublished.AddDate(0, 0, -r.IntN(3000))
		out[i] = engine.NewDocument(&edition)
	}
	return out
}

// resident is the memory the process holds, as the kernel counts it.
func resident() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "unknown"
}
