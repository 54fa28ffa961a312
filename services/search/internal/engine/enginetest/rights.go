// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// seeing is who may see what, and when.
var seeing = []contract{
	{"an embargo lifts by itself", func(t *testing.T, e engine.Engine) {
		lift := noon.Add(90 * time.Minute)
		apply(t, e, 1, with(article1("a", "fr", 1, "Séance publique"), func(e *article.Edition) { e.EmbargoedUntil = &lift }))
		for _, text := range []string{"", "séance"} {
			want(t, e, engine.Query{Text: text, Now: lift.Add(-time.Second)})
			want(t, e, engine.Query{Text: text, Now: lift.Add(-time.Millisecond)})
			want(t, e, engine.Query{Text: text, Now: lift}, "a")
			want(t, e, engine.Query{Text: text, Now: lift.AddDate(9, 0, 0)}, "a")
		}
	}},
	{"an edition expires by itself", func(t *testing.T, e engine.Engine) {
		end := noon.Add(time.Hour)
		apply(t, e, 1, with(article1("a", "fr", 1, "Séance publique"), func(e *article.Edition) { e.Expires = &end }))
		for _, text := range []string{"", "séance"} {
			want(t, e, engine.Query{Text: text, Now: end.Add(-time.Second)}, "a")
			want(t, e, engine.Query{Text: text, Now: end})
			want(t, e, engine.Query{Text: text, Now: end.AddDate(9, 0, 0)})
		}
	}},
	{"an embargo hides one edition, not its translation", func(t *testing.T, e engine.Engine) {
		lift := noon.Add(time.Hour)
		apply(t, e, 1, article1("a", "fr", 1, "Séance publique"),
			with(article1("a", "en", 1, "Public session"), func(e *article.Edition) { e.EmbargoedUntil = &lift }))
		want(t, e, engine.Query{Text: "session"})
		res := ask(t, e, engine.Query{Text: "séance", Language: "en"})
		if len(res.Hits) != 1 || res.Hits[0].Language != "fr" || len(res.Hits[0].Translations) != 0 {
			t.Errorf("hits are %+v, want the French edition alone", res.Hits)
		}
	}},
	{"an audience is the partners it names", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("all", "fr", 1, "Séance publique"), addressed("one", "north"), addressed("two", "north", "south"))
		want(t, e, viewer("", engine.Viewer{}), "all")
		want(t, e, viewer("", engine.Viewer{Partner: "north"}), "all", "one", "two")
		want(t, e, viewer("séance", engine.Viewer{Partner: "south"}), "all", "two")
		want(t, e, viewer("séance", engine.Viewer{Partner: "nort"}), "all")
		want(t, e, viewer("séance", engine.Viewer{Partner: "*"}), "all")
	}},
	{"an editor sees every audience, and no embargo broken", func(t *testing.T, e engine.Engine) {
		lift := noon.Add(time.Hour)
		apply(t, e, 1, article1("all", "fr", 1, "Séance publique"), addressed("one", "north"),
			with(addressed("later", "north"), func(e *article.Edition) { e.EmbargoedUntil = &lift }))
		want(t, e, viewer("", engine.Viewer{Editor: true}), "all", "one")
		want(t, e, viewer("séance", engine.Viewer{Editor: true}), "all", "one")
	}},
	{"an audience may not be forged", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, addressed("a", "*"), addressed("b", ""), addressed("c", "everyone"))
		want(t, e, viewer("séance", engine.Viewer{}))
		want(t, e, viewer("séance", engine.Viewer{Partner: "north"}))
	}},
	{"a partner sees its languages", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("a", "fr", 1, "Séance publique"), article1("a", "en", 1, "Public session"), article1("b", "de", 1, "Sitzung"))
		north := engine.Viewer{Partner: "north", Languages: []string{"fr", "it"}}
		want(t, e, viewer("", north), "a")
		want(t, e, viewer("session", north))
		want(t, e, viewer("sitzung", north))
		q := viewer("séance", north)
		q.Languages = []string{"en"}
		want(t, e, q)
		q = viewer("", north)
		q.Language = "en"
		if h := ask(t, e, q).Hits[0]; h.Language != "fr" || len(h.Translations) != 0 {
			t.Errorf("hit is in %s with translations %v, want fr alone", h.Language, h.Translations)
		}
	}},
	{"a partner sees its sections", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, in("a", "Droit"), in("b", "Droit public"), in("c", ""))
		want(t, e, viewer("séance", engine.Viewer{Sections: []string{"Droit"}}), "a")
		want(t, e, viewer("", engine.Viewer{Sections: []string{"Droit", "Numérique"}}), "a")
		q := viewer("", engine.Viewer{Sections: []string{"Droit"}})
		q.Sections = []string{"Droit public"}
		want(t, e, q)
	}},
	{"totals and facets tell of nothing hidden", func(t *testing.T, e engine.Engine) {
		lift := noon.Add(time.Hour)
		secret := with(in("secret", "Affaires"), func(e *article.Edition) {
			e.EmbargoedUntil, e.People, e.Organisations = &lift, []article.Person{{Name: "Nina"}}, []string{"Acme"}
		})
		other := with(addressed("other", "south"), func(e *article.Edition) { e.Section, e.DatePublished = "Sud", noon.AddDate(-3, 0, 0) })
		apply(t, e, 1, in("a", "Droit"), secret, other, with(in("a", "Recht"), func(e *article.Edition) { e.Language = "de" }))
		all := []string{engine.FacetSection, engine.FacetLanguage, engine.FacetYear, engine.FacetPerson, engine.FacetOrganisation}
		for _, text := range []string{"", "séance"} {
			res := ask(t, e, engine.Query{
				Text: text, Facets: all, Viewer: engine.Viewer{Partner: "north", Languages: []string{"fr"}},
			})
			if res.Total != 1 {
				t.Errorf("total of %q is %d, want 1", text, res.Total)
			}
			want := map[string][]engine.FacetValue{
				engine.FacetSection: {{Value: "Droit", Count: 1}}, engine.FacetLanguage: {{Value: "fr", Count: 1}},
				engine.FacetYear: {{Value: "2017", Count: 1}}, engine.FacetPerson: {}, engine.FacetOrganisation: {},
			}
			if diff := cmp.Diff(want, res.Facets); diff != "" {
				t.Errorf("facets of %q (-want +got):\n%s", text, diff)
			}
		}
	}},
}

func viewer(text string, v engine.Viewer) engine.Query {
	return engine.Query{Text: text, Viewer: v}
}

func addressed(id string, partners ...string) article.Edition {
	return with(article1(id, "fr", 1, "Séance publique"), func(e *article.Edition) {
		e.Audience = &article.Audience{Partners: partners}
	})
}

func in(id, section string) article.Edition {
	return with(article1(id, "fr", 1, "Séance publique"), func(e *article.Edition) { e.Section = section })
}
