// SPDX-License-Identifier: Apache-2.0

package meilisearch_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/enginetest"
	"github.com/relais-press/relais/services/search/internal/engine/meilisearch"
)

func TestEngine(t *testing.T) { enginetest.Test(t, newEngine) }

func TestGolden(t *testing.T) {
	e := newEngine(t)
	t.Cleanup(func() { fatal(t, e.Close()) })
	enginetest.Golden(t, e)
}

func TestDurable(t *testing.T) {
	cfg := config(t)
	enginetest.TestDurable(t, func(t *testing.T, _ string) engine.Engine {
		e, err := open(t, cfg).Open(t.Context(), engine.SlotA)
		fatal(t, err)
		return e
	})
}

func TestStore(t *testing.T) {
	s := open(t, config(t))
	wantServing(t, s, engine.SlotA)
	for _, slot := range []engine.Slot{engine.SlotA, engine.SlotB} {
		fatal(t, s.Discard(t.Context(), slot)) // of nothing
		e, err := s.Open(t.Context(), slot)
		fatal(t, err)
		fatal(t, e.Apply(t.Context(), documents("a"), map[engine.Slot]uint64{engine.SlotA: 1, engine.SlotB: 2}[slot]))
		fatal(t, e.Close())
	}
	fatal(t, s.Serve(t.Context(), engine.SlotB))
	wantServing(t, s, engine.SlotB)
	fatal(t, s.Serve(t.Context(), engine.SlotA))
	wantServing(t, s, engine.SlotA)
	fatal(t, s.Discard(t.Context(), engine.SlotA))
	for slot, position := range map[engine.Slot]uint64{engine.SlotA: 0, engine.SlotB: 2} {
		e, err := s.Open(t.Context(), slot)
		fatal(t, err)
		wantPosition(t, e, position)
	}
	for _, slot := range []engine.Slot{"", "c", "../a"} {
		if _, err := s.Open(t.Context(), slot); err == nil {
			t.Errorf("slot %q was opened", slot)
		}
	}
}

func wantServing(t *testing.T, s *meilisearch.Store, want engine.Slot) {
	t.Helper()
	if got, err := s.Serving(t.Context()); err != nil || got != want {
		t.Errorf("slot %q serves (%v), want %q", got, err, want)
	}
}

func TestVectors(t *testing.T) {
	cfg := config(t)
	e, err := open(t, cfg).Open(t.Context(), engine.SlotA)
	fatal(t, err)
	fatal(t, e.Apply(t.Context(), documents("a"), 5))
	fatal(t, e.Close())

	cfg.Dimensions = 2
	e, err = open(t, cfg).Open(t.Context(), engine.SlotA)
	fatal(t, err)
	wantPosition(t, e, 0) // vectors of another size are another index
	docs := documents("near", "far", "none", "odd")
	docs[0].Vector, docs[1].Vector, docs[3].Vector = []float32{1, 0.1}, []float32{0, 1}, []float32{1, 2, 3}
	fatal(t, e.Apply(t.Context(), docs, 6))
	for name, c := range map[string]struct {
		q    engine.Query
		want []string
	}{
		"a vector alone":                {engine.Query{Vector: []float32{1, 0}, Nearness: 0.9}, []string{"near"}},
		"a vector beside words":         {engine.Query{Text: "zythum", Vector: []float32{1, 0}, Nearness: 0.9}, []string{"near"}},
		"a vector that is near nothing": {engine.Query{Text: "zythum", Vector: []float32{-1, 0}, Nearness: 0.9}, nil},
		"words first":                   {engine.Query{Text: "blockchain", Vector: []float32{1, 0}, Nearness: 0.9}, []string{"far", "near", "none", "odd"}},
		"letters wrong all the same":    {engine.Query{Text: "blokchain", Vector: []float32{1, 0}, Nearness: 0.9}, []string{"far", "near", "none", "odd"}},
		"no vector where words are left out": {
			engine.Query{Text: "zythum -blockchain", Vector: []float32{1, 0}, Nearness: 0.9}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.q.Limit, c.q.Language, c.q.Now = 10, "fr", docs[0].Published
			res, err := e.Search(t.Context(), c.q)
			fatal(t, err)
			var got []string
			for _, h := range res.Hits {
				got = append(got, h.ID)
			}
			if slices.Sort(got); !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestAnExplanationIsTheServers(t *testing.T) {
	e := newEngine(t)
	docs := documents("a")
	fatal(t, e.Apply(t.Context(), docs, 1))
	res, err := e.Search(t.Context(), engine.Query{Text: "blockchain", Limit: 1, Explain: true, Now: docs[0].Published})
	fatal(t, err)
	told, err := json.Marshal(res.Hits[0].Explanation)
	fatal(t, err)
	if !strings.Contains(string(told), "attributeRank") {
		t.Errorf("explanation is %s", told)
	}
}

// Where more match than are gathered, the server counts.
func TestABroadQuestionIsCountedByTheServer(t *testing.T) {
	e := newEngine(t)
	const articles = 700 // of two editions each
	var docs []engine.Document
	for i := range articles {
		for _, language := range []string{"fr", "en"} {
			edition := enginetest.Recap()
			edition.ID, edition.Language, edition.Headline = fmt.Sprintf("a-%04d", i), language, "Budget"
			edition.BodyText, edition.Section = "", []string{"Droit", "Numérique", "L'été \"chaud\""}[i%3]
			edition.DatePublished = time.Date(2015+i%2, 1, 1, i, 0, 0, 0, time.UTC)
			docs = append(docs, engine.NewDocument(&edition))
		}
	}
	fatal(t, e.Apply(t.Context(), docs, 1))
	q := engine.Query{Language: "fr", Limit: 2, Now: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Facets: []string{
		engine.FacetSection, engine.FacetLanguage, engine.FacetYear, engine.FacetPerson,
	}}
	for _, q.Text = range []string{"", "budget"} {
		q.Sections = nil
		wantAnswer(t, e, q, 700, map[string]string{
			engine.FacetSection: `[{Droit 234} {L'été "chaud" 233} {Numérique 233}]`, engine.FacetLanguage: "[{en 700} {fr 700}]",
			engine.FacetYear: "[{2015 350} {2016 350}]", engine.FacetPerson: "[{Claire Balva 700} {Simon Marsol 700}]",
		}, "a-0699")
		q.Sections = []string{"Droit"}
		wantAnswer(t, e, q, 234, map[string]string{
			engine.FacetSection: `[{Droit 234} {L'été "chaud" 233} {Numérique 233}]`, engine.FacetLanguage: "[{en 234} {fr 234}]",
			engine.FacetYear: "[{2015 117} {2016 117}]", engine.FacetPerson: "[{Claire Balva 234} {Simon Marsol 234}]",
		}, "a-0699")
	}
	q = engine.Query{Language: "fr", Limit: 10, Offset: 695, Now: q.Now}
	res, err := e.Search(t.Context(), q)
	fatal(t, err)
	if res.Total != 700 || len(res.Hits) != 5 || res.Hits[4].ID != "a-0000" {
		t.Errorf("the last page has %d hits of %d", len(res.Hits), res.Total)
	}
}

func wantAnswer(t *testing.T, e engine.Engine, q engine.Query, total int, facets map[string]string, first string) {
	t.Helper()
	res, err := e.Search(t.Context(), q)
	fatal(t, err)
	if res.Total != total || len(res.Hits) == 0 || res.Hits[0].ID != first {
		t.Errorf("%q in %q: %d hits of %d, want %s first of %d", q.Text, q.Sections, len(res.Hits), res.Total, first, total)
	}
	for facet, want := range facets {
		if got := fmt.Sprint(res.Facets[facet]); got != want {
			t.Errorf("%q in %q: facet %s is %s, want %s", q.Text, q.Sections, facet, got, want)
		}
	}
}
