// SPDX-License-Identifier: Apache-2.0

// Package enginetest holds the contract of engine.Engine as tests. Every adapter
// passes them.
package enginetest

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// Test runs the contract. Each call of open returns a new, empty engine, which
// the test closes.
func Test(t *testing.T, open func(t *testing.T) engine.Engine) {
	t.Helper()
	for _, group := range [][]contract{applying, seeing, finding, reading, asking, hostile} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				e := open(t)
				t.Cleanup(func() { check(t, e.Close()) })
				c.test(t, e)
			})
		}
	}
}

// TestDurable runs the part of the contract that outlives a process. open opens
// the engine kept in a folder, or makes it.
func TestDurable(t *testing.T, open func(t *testing.T, dir string) engine.Engine) {
	t.Helper()
	dir := t.TempDir()
	e := open(t, dir)
	apply(t, e, 7, article1("a", "fr", 2, "Séance publique"))
	check(t, e.Close())

	e = open(t, dir)
	t.Cleanup(func() { check(t, e.Close()) })
	if got, err := e.Position(t.Context()); err != nil || got != 7 {
		t.Errorf("position after reopening is %d (%v), want 7", got, err)
	}
	apply(t, e, 8, article1("a", "fr", 1, "Brouillon"))
	want(t, e, engine.Query{Text: "séance"}, "a")
	want(t, e, engine.Query{Text: "brouillon"})
}

// contract is one clause of the contract, for a new and empty engine.
type contract struct {
	name string
	test func(t *testing.T, e engine.Engine)
}

// noon is when the tests take place.
var noon = time.Date(2017, 12, 4, 12, 0, 0, 0, time.UTC)

//go:embed testdata/recap.txt
var recapText string

// Recap is a recap of an event, in French: what the French clauses search for.
func Recap() article.Edition {
	start := time.Date(2017, 11, 23, 18, 30, 0, 0, time.UTC)
	e := article1("recap", "fr", 1, "Blockchain et collectivités : quelles potentialités ?")
	e.BodyText = recapText
	e.Section = "Legal Tech"
	e.Organisations = []string{"La 27ème Région", "Sopra Steria", "Blockchain Partner"}
	e.People = []article.Person{
		{Name: "Claire Balva", Role: "CEO", Affiliation: "Blockchain Partner", Rel: "speaker"},
		{Name: "Simon Marsol", Role: "Directeur secteur public", Affiliation: "Sopra Steria", Rel: "speaker"},
	}
	e.Event = &article.Event{Name: "Blockchain et collectivités", StartDate: &start, Location: "Paris"}
	e.ReadingMinutes = 3
	return e
}

// article1 is a public edition of a French article, published at noon, with a
// body that shares no word with other texts of these tests.
func article1(id, language string, version int, headline string) article.Edition {
	return article.Edition{
		ID: id, Language: language, SourceLanguage: "fr", Version: version, PubStatus: article.Usable,
		Headline: headline, BodyText: "Corps.", DatePublished: noon,
	}
}

// with returns an edition after a change.
func with(e article.Edition, change func(e *article.Edition)) article.Edition {
	change(&e)
	return e
}

func apply(t *testing.T, e engine.Engine, position uint64, editions ...article.Edition) {
	t.Helper()
	documents := make([]engine.Document, len(editions))
	for i := range editions {
		documents[i] = engine.NewDocument(&editions[i])
	}
	check(t, e.Apply(t.Context(), documents, position))
}

// ask searches at noon, for a reader of French and ten hits, where q does not say.
func ask(t *testing.T, e engine.Engine, q engine.Query) engine.Result {
	t.Helper()
	if q.Now.IsZero() {
		q.Now = noon
	}
	if q.Language == "" {
		q.Language = "fr"
	}
	if q.Limit == 0 {
		q.Limit = 10
	}
	res, err := e.Search(t.Context(), q)
	if err != nil {
		t.Fatalf("search %q: %v", q.Text, err)
	}
	return res
}

// want checks which articles a query finds, in any order, and the total.
func want(t *testing.T, e engine.Engine, q engine.Query, ids ...string) {
	t.Helper()
	res := ask(t, e, q)
	got := found(res)
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("search %q for %q found %q, want %q", q.Text, q.Viewer.Partner, got, ids)
	}
	if res.Total != len(ids) {
		t.Errorf("search %q for %q has a total of %d, want %d", q.Text, q.Viewer.Partner, res.Total, len(ids))
	}
}

// wantOrder checks which articles a query finds, first to last.
func wantOrder(t *testing.T, e engine.Engine, q engine.Query, ids ...string) {
	t.Helper()
	if diff := cmp.Diff(ids, found(ask(t, e, q))); diff != "" {
		t.Errorf("search %q (-want +got):\n%s", q.Text, diff)
	}
}

func found(res engine.Result) []string {
	var ids []string
	for _, h := range res.Hits {
		ids = append(ids, h.ID)
	}
	return ids
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// many are n public articles, one a day, the last the newest.
func many(n int) []article.Edition {
	out := make([]article.Edition, n)
	for i := range out {
		out[i] = article1(fmt.Sprintf("many-%03d", i), "fr", 1, "Chronique du conseil")
		out[i].DatePublished = noon.AddDate(0, 0, i-n)
	}
	return out
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
