// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// finding is what a question matches and in what order the answer comes.
var finding = []contract{
	{"an empty text matches everything, newest first", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, many(3)...)
		wantOrder(t, e, engine.Query{}, "many-002", "many-001", "many-000")
		wantOrder(t, e, engine.Query{Text: " \t"}, "many-002", "many-001", "many-000")
	}},
	{"a text without words matches nothing", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, many(1)...)
		want(t, e, engine.Query{Text: "?!…"})
	}},
	{"pages are stable and do not overlap", func(t *testing.T, e engine.Engine) {
		editions := many(23)
		for i := range editions {
			editions[i].DatePublished = noon
		}
		apply(t, e, 1, editions[:11]...)
		apply(t, e, 2, editions[11:]...)
		for _, q := range []engine.Query{{}, {Text: "chronique"}, {Text: "conseil", Sort: engine.ByDate}} {
			var seen []string
			for q.Limit = 5; q.Offset < 30; q.Offset += 5 {
				res := ask(t, e, q)
				if res.Total != 23 {
					t.Fatalf("total at offset %d is %d, want 23", q.Offset, res.Total)
				}
				seen = append(seen, found(res)...)
			}
			slices.Sort(seen)
			if n := len(slices.Compact(seen)); n != 23 {
				t.Errorf("pages of %q hold %d articles, want 23", q.Text, n)
			}
		}
		want(t, e, engine.Query{Offset: -1, Limit: 50}, found(ask(t, e, engine.Query{Limit: 50}))...)
	}},
	{"every word is needed", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("a", "fr", 1, "Budget communal"), article1("b", "fr", 1, "Budget régional"))
		want(t, e, engine.Query{Text: "budget communal"}, "a")
		want(t, e, engine.Query{Text: "budget"}, "a", "b")
		want(t, e, engine.Query{Text: "zythum"})
	}},
	{"a long question forgives a word that is nowhere", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("a", "fr", 1, "Budget communal adopté"), article1("b", "fr", 1, "Budget régional"))
		want(t, e, engine.Query{Text: "budget communal xylophone"}, "a")
	}},
	{"a headline outweighs a name, a description and a body", func(t *testing.T, e engine.Engine) {
		plain := "Compte rendu de la soirée"
		apply(t, e, 1,
			with(article1("body", "fr", 1, plain), func(e *article.Edition) { e.BodyText = "Budget." }),
			with(article1("description", "fr", 1, plain), func(e *article.Edition) { e.Description = "Budget." }),
			with(article1("name", "fr", 1, plain), func(e *article.Edition) { e.Keywords = []string{"budget"} }),
			article1("headline", "fr", 1, "Budget"),
		)
		wantOrder(t, e, engine.Query{Text: "budget"}, "headline", "name", "description", "body")
	}},
	{"date order ignores relevance", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("old", "fr", 1, "Budget"), with(article1("new", "fr", 1, "Divers"), func(e *article.Edition) {
			e.BodyText, e.DatePublished = "Un mot du budget.", noon.Add(time.Hour)
		}))
		wantOrder(t, e, engine.Query{Text: "budget"}, "old", "new")
		wantOrder(t, e, engine.Query{Text: "budget", Sort: engine.ByDate}, "new", "old")
	}},
	{"filters narrow", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, in("a", "Droit"), with(in("b", "Numérique"), func(e *article.Edition) {
			e.People, e.Organisations = []article.Person{{Name: "Claire Balva"}}, []string{"Acme"}
			e.DatePublished = time.Date(2016, 12, 31, 23, 59, 59, 0, time.UTC)
		}), article1("a", "en", 1, "Public session"))
		for _, q := range []engine.Query{
			{Sections: []string{"Numérique"}},
			{People: []string{"Claire Balva"}},
			{Organisations: []string{"Acme"}},
			{Years: []int{2016}},
			{From: noon.AddDate(-1, -1, 0), To: noon.AddDate(0, -1, 0)},
			{To: noon},
			{Sections: []string{"Numérique"}, Text: "séance"},
		} {
			want(t, e, q, "b")
		}
		for _, q := range []engine.Query{{Sections: []string{"Num"}}, {People: []string{"Claire"}}, {Years: []int{2015}}, {From: noon.Add(time.Second)}, {Languages: []string{"it"}}} {
			want(t, e, q)
		}
		want(t, e, engine.Query{From: noon}, "a")
		want(t, e, engine.Query{Languages: []string{"en"}}, "a")
		want(t, e, engine.Query{Text: "séance", Languages: []string{"en"}})
	}},
	{"facets count articles, the most frequent first", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, in("a", "Droit"), with(in("a", "Droit"), func(e *article.Edition) { e.Language = "en" }),
			in("b", "Droit"), in("c", "Budget"), in("d", "Autre"))
		res := ask(t, e, engine.Query{Facets: []string{engine.FacetSection, engine.FacetLanguage, "shoe"}, Limit: 1})
		want := map[string][]engine.FacetValue{
			engine.FacetSection:  {{Value: "Droit", Count: 2}, {Value: "Autre", Count: 1}, {Value: "Budget", Count: 1}},
			engine.FacetLanguage: {{Value: "fr", Count: 4}, {Value: "en", Count: 1}},
		}
		if diff := cmp.Diff(want, res.Facets); diff != "" {
			t.Errorf("facets (-want +got):\n%s", diff)
		}
	}},
	{"an article is one hit, in the edition for the reader", oneHit},
	{"a hit holds what was indexed", func(t *testing.T, e engine.Engine) {
		edition := Recap()
		apply(t, e, 1, edition)
		got := ask(t, e, engine.Query{Text: "blockchain"}).Hits[0].Document
		want := engine.NewDocument(&edition)
		want.BodyText = ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("document (-want +got):\n%s", diff)
		}
	}},
}

func oneHit(t *testing.T, e engine.Engine) {
	apply(t, e, 1,
		article1("a", "fr", 1, "Budget et numérique"),
		with(article1("a", "en", 1, "Budget and digital"), func(e *article.Edition) { e.CanonicalURL = "https://example.org/en/a" }),
		article1("a", "de", 1, "Haushalt"),
		article1("b", "it", 1, "Bilancio"),
	)
	for _, c := range []struct {
		name           string
		q              engine.Query
		shown, matched string
		translations   []string
	}{
		{"in the language asked for", engine.Query{Text: "budget", Language: "en"}, "en", "en", []string{"de", "fr"}},
		{"in the language asked for, though another matched", engine.Query{Text: "haushalt", Language: "en"}, "en", "de", []string{"de", "fr"}},
		{"in a variant of the language asked for", engine.Query{Text: "haushalt", Language: "de-AT"}, "de", "de", []string{"en", "fr"}},
		{
			"in the partner's default",
			engine.Query{Text: "numérique", Language: "es", Viewer: engine.Viewer{DefaultLanguage: "de"}},
			"de", "fr",
			[]string{"en", "fr"},
		},
		{"in the original's language", engine.Query{Text: "haushalt", Language: "es"}, "fr", "de", []string{"de", "en"}},
		{"in a language the query admits", engine.Query{Text: "budget", Language: "de", Languages: []string{"en"}}, "en", "en", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := ask(t, e, c.q)
			if res.Total != 1 || len(res.Hits) != 1 {
				t.Fatalf("%d hits of %d, want one", len(res.Hits), res.Total)
			}
			h := res.Hits[0]
			var languages []string
			for _, tr := range h.Translations {
				languages = append(languages, tr.Language)
				if tr.Language == "en" && (tr.Headline != "Budget and digital" || tr.CanonicalURL != "https://example.org/en/a") {
					t.Errorf("translation is %+v", tr)
				}
			}
			got := fmt.Sprint(h.Language, h.MatchedLanguage, languages)
			if want := fmt.Sprint(c.shown, c.matched, c.translations); got != want {
				t.Errorf("shown, matched, translations are %s, want %s", got, want)
			}
		})
	}
}
