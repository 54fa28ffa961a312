// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// asking is what a reader may say beside words, and how much of it is heeded.
var asking = []contract{
	{"a phrase is words side by side", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1,
			article1("beside", "fr", 1, "Le tribunal de Paris a statué"),
			article1("apart", "fr", 1, "Paris attend son tribunal de commerce"),
			with(article1("body", "fr", 1, "Chronique"), func(e *article.Edition) { e.BodyText = "Hier, le tribunal de Paris jugeait." }),
		)
		for _, text := range []string{`"tribunal de paris"`, `« tribunal de Paris »`, `“Tribunal de Paris”`} {
			want(t, e, engine.Query{Text: text}, "beside", "body")
		}
		want(t, e, engine.Query{Text: `statué "tribunal de paris"`}, "beside")
		want(t, e, engine.Query{Text: `"paris de tribunal"`})
		want(t, e, engine.Query{Text: `tribunal paris`}, "beside", "apart", "body")
	}},
	{"a phrase does not span two parts of an edition", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, with(article1("a", "fr", 1, "Séance publique"), func(e *article.Edition) {
			e.Description, e.Keywords = "Budget communal", []string{"vote", "impôts"}
		}))
		want(t, e, engine.Query{Text: `"budget communal"`}, "a")
		want(t, e, engine.Query{Text: `"publique budget"`})
	}},
	{"words are left out", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1,
			article1("communal", "fr", 1, "Budget communal adopté"),
			article1("regional", "fr", 1, "Budgets régionaux votés"),
			article1("other", "fr", 1, "Chronique du conseil"),
		)
		want(t, e, engine.Query{Text: `budget -communal`}, "regional")
		want(t, e, engine.Query{Text: `budget -communaux`}, "regional")
		want(t, e, engine.Query{Text: `budget -votés`}, "communal")
		want(t, e, engine.Query{Text: `budget -"communal adopté"`}, "regional")
		want(t, e, engine.Query{Text: `budget -"adopté communal"`}, "communal", "regional")
		want(t, e, engine.Query{Text: `budget -communal -régional`})
	}},
	{"only words left out leave all the rest", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1,
			article1("budget", "fr", 1, "Budget communal"),
			article1("other", "fr", 1, "Chronique du conseil"),
			article1("third", "fr", 1, "Séance publique"),
		)
		want(t, e, engine.Query{Text: `-budget`}, "other", "third")
		want(t, e, engine.Query{Text: `-"budget communal" -séance`}, "other")
	}},
	{"any word will do", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1,
			article1("both", "fr", 1, "Budget et urbanisme"),
			article1("one", "fr", 1, "Budget et chronique"),
			article1("none", "fr", 1, "Séance publique"),
		)
		want(t, e, engine.Query{Text: "budget urbanisme", AnyWord: true}, "both", "one")
		want(t, e, engine.Query{Text: "budget urbanisme"}, "both")
		wantFirst(t, e, engine.Query{Text: "budget urbanisme", AnyWord: true}, "both")
		want(t, e, engine.Query{Text: "zythum xylophone budget", AnyWord: true}, "both", "one")
		want(t, e, engine.Query{Text: "budget urbanisme -chronique", AnyWord: true}, "both")
	}},
	{"titles alone are headlines and names", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1,
			article1("headline", "fr", 1, "Budget communal"),
			with(article1("name", "fr", 1, "Chronique"), func(e *article.Edition) { e.Keywords = []string{"budget"} }),
			with(article1("description", "fr", 1, "Chronique"), func(e *article.Edition) { e.Description = "Le budget." }),
			with(article1("body", "fr", 1, "Chronique"), func(e *article.Edition) { e.BodyText = "Le budget communal." }),
		)
		want(t, e, engine.Query{Text: "budget", Titles: true}, "headline", "name")
		want(t, e, engine.Query{Text: `"budget communal"`, Titles: true}, "headline")
		want(t, e, engine.Query{Text: "budget"}, "headline", "name", "description", "body")
	}},
	{"a rewording finds what the text does not, and is worth less", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1,
			article1("typed", "fr", 1, "Avocat au barreau"),
			article1("reworded", "fr", 1, "Juriste au barreau"),
			article1("neither", "fr", 1, "Barreau de Lyon"),
		)
		q := engine.Query{Text: "avocat", Also: []engine.Rewording{{Language: "fr", Text: "juriste"}}}
		wantOrder(t, e, q, "typed", "reworded")
		want(t, e, engine.Query{Text: "avocat"}, "typed")
	}},
	{"a rewording is for its own language", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1,
			article1("typed", "fr", 1, "Intelligence artificielle"),
			article1("english", "en", 1, "Learning machines"),
			article1("french", "fr", 1, "Learning machines, le livre"),
		)
		q := engine.Query{Text: "intelligence artificielle", Also: []engine.Rewording{{Language: "en", Text: "learning machines"}}}
		want(t, e, q, "typed", "english")
		q.Languages = []string{"fr"}
		want(t, e, q, "typed")
		q = engine.Query{Text: "zythum", Also: []engine.Rewording{{Language: "en", Text: "learning machines"}}}
		want(t, e, q, "english")
	}},
	{"one of several values of a filter will do", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, choices()...)
		want(t, e, engine.Query{Sections: []string{"Droit", "Numérique"}}, "a", "b")
		want(t, e, engine.Query{People: []string{"Claire Balva", "Simon Marsol"}}, "a", "b")
		want(t, e, engine.Query{Organisations: []string{"Acme", "Nulle part"}}, "b", "c")
		want(t, e, engine.Query{Years: []int{2015, 2016}}, "b", "c")
		want(t, e, engine.Query{Languages: []string{"en", "it"}, Text: "session"}, "c")
		want(t, e, engine.Query{Sections: []string{"Droit", "Numérique"}, Organisations: []string{"Acme"}}, "b")
		want(t, e, engine.Query{IDs: []string{"a", "c", "zzz"}}, "a", "c")
		want(t, e, engine.Query{NotIDs: []string{"a", "zzz"}}, "b", "c")
		want(t, e, engine.Query{IDs: []string{"a", "c"}, NotIDs: []string{"c"}}, "a")
	}},
	{"a facet heeds every filter but its own", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, choices()...)
		for _, text := range []string{"", "séance"} {
			res := ask(t, e, engine.Query{
				Text: text, Languages: []string{"fr"}, Sections: []string{"Droit"},
				Facets: []string{engine.FacetSection, engine.FacetLanguage, engine.FacetPerson, "colour"},
			})
			want := map[string][]engine.FacetValue{
				engine.FacetSection:  {{Value: "Droit", Count: 1}, {Value: "Numérique", Count: 1}},
				engine.FacetLanguage: {{Value: "fr", Count: 1}},
				engine.FacetPerson:   {{Value: "Claire Balva", Count: 1}},
			}
			if diff := cmp.Diff(want, res.Facets); diff != "" {
				t.Errorf("facets of %q (-want +got):\n%s", text, diff)
			}
			if res.Total != 1 {
				t.Errorf("total of %q is %d, want 1", text, res.Total)
			}
		}
	}},
	{"a facet lists as many values as are asked for", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, choices()...)
		got := ask(t, e, engine.Query{Facets: []string{engine.FacetOrganisation, engine.FacetSection}, FacetLimit: 1}).Facets
		want := map[string][]engine.FacetValue{
			engine.FacetOrganisation: {{Value: "Acme", Count: 2}}, engine.FacetSection: {{Value: "Autre", Count: 1}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("facets (-want +got):\n%s", diff)
		}
	}},
}

// choices are three articles that differ in everything there is a filter for.
func choices() []article.Edition {
	return []article.Edition{
		with(in("a", "Droit"), func(e *article.Edition) { e.People = []article.Person{{Name: "Claire Balva"}} }),
		with(in("b", "Numérique"), func(e *article.Edition) {
			e.People, e.Organisations = []article.Person{{Name: "Simon Marsol"}}, []string{"Acme"}
			e.DatePublished = noon.AddDate(-1, 0, 0)
		}),
		with(in("c", "Autre"), func(e *article.Edition) {
			e.Language, e.Headline, e.Organisations = "en", "Public session", []string{"Acme"}
			e.DatePublished = noon.AddDate(-2, 0, 0)
		}),
	}
}

// wantFirst checks which article a query finds first.
func wantFirst(t *testing.T, e engine.Engine, q engine.Query, id string) {
	t.Helper()
	if got := found(ask(t, e, q)); !slices.Equal(got[:min(1, len(got))], []string{id}) {
		t.Errorf("search %q found %q, want %q first", q.Text, got, id)
	}
}
