// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	"context"
	"errors"
	"testing"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// applying is what the engine promises about what it is told.
var applying = []contract{
	{"a new engine is empty and at position 0", func(t *testing.T, e engine.Engine) {
		wantPosition(t, e, 0)
		wantCount(t, e, 0)
		want(t, e, engine.Query{})
		want(t, e, engine.Query{Text: "séance"})
	}},
	{"what is applied is found at once", func(t *testing.T, e engine.Engine) {
		apply(t, e, 3, article1("a", "fr", 1, "Séance publique"))
		want(t, e, engine.Query{Text: "séance"}, "a")
		wantPosition(t, e, 3)
		wantCount(t, e, 1)
	}},
	{"applying again changes nothing", func(t *testing.T, e engine.Engine) {
		for range 2 {
			apply(t, e, 3, article1("a", "fr", 1, "Séance publique"), article1("a", "en", 1, "Public session"))
		}
		want(t, e, engine.Query{Text: "séance"}, "a")
		wantCount(t, e, 2)
		wantPosition(t, e, 3)
	}},
	{"a newer version replaces an older one", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("a", "fr", 1, "Brouillon"))
		apply(t, e, 2, article1("a", "fr", 2, "Séance publique"))
		want(t, e, engine.Query{Text: "séance"}, "a")
		want(t, e, engine.Query{Text: "brouillon"})
		wantCount(t, e, 1)
	}},
	{"an older version never replaces a newer one", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("a", "fr", 2, "Séance publique"))
		apply(t, e, 2, article1("a", "fr", 1, "Brouillon"))
		want(t, e, engine.Query{Text: "séance"}, "a")
		want(t, e, engine.Query{Text: "brouillon"})
		wantPosition(t, e, 2)
	}},
	{"the highest version of a batch wins, in any order", func(t *testing.T, e engine.Engine) {
		apply(t, e, 3, article1("a", "fr", 2, "Esquisse"), article1("a", "fr", 3, "Séance publique"), article1("a", "fr", 1, "Brouillon"))
		want(t, e, engine.Query{Text: "séance"}, "a")
		want(t, e, engine.Query{Text: "esquisse"})
		want(t, e, engine.Query{Text: "brouillon"})
		wantCount(t, e, 1)
	}},
	{"the first of two equal versions stays", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("a", "fr", 1, "Séance publique"))
		apply(t, e, 2, article1("a", "fr", 1, "Brouillon"))
		want(t, e, engine.Query{Text: "séance"}, "a")
	}},
	{"versions of one language say nothing of another", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("a", "fr", 5, "Séance publique"))
		apply(t, e, 2, article1("a", "en", 1, "Public session"))
		want(t, e, engine.Query{Text: "session"}, "a")
		wantCount(t, e, 2)
	}},
	{"a withdrawn edition is hidden and stays a fence", func(t *testing.T, e engine.Engine) {
		for _, status := range []article.PubStatus{article.Canceled, article.Withheld} {
			id := string(status)
			apply(t, e, 1, article1(id, "fr", 1, "Séance publique"))
			apply(t, e, 2, with(article1(id, "fr", 3, "Séance publique"), func(e *article.Edition) { e.PubStatus = status }))
			want(t, e, engine.Query{Text: "séance"})
			want(t, e, engine.Query{Facets: []string{engine.FacetLanguage}})
			wantCount(t, e, 0)

			apply(t, e, 3, article1(id, "fr", 2, "Séance publique"))
			want(t, e, engine.Query{Text: "séance"})
		}
		apply(t, e, 4, article1("canceled", "fr", 4, "Séance reprise"))
		want(t, e, engine.Query{Text: "séance"}, "canceled")
	}},
	{"a withdrawal that comes first is a fence too", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, with(article1("a", "fr", 2, "Séance"), func(e *article.Edition) { e.PubStatus = article.Canceled }))
		apply(t, e, 2, article1("a", "fr", 1, "Séance"))
		want(t, e, engine.Query{Text: "séance"})
	}},
	{"the position never goes back", func(t *testing.T, e engine.Engine) {
		apply(t, e, 9)
		apply(t, e, 4, article1("a", "fr", 1, "Séance publique"))
		wantPosition(t, e, 9)
	}},
	{"nothing of the editors' note is indexed", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, with(article1("a", "fr", 1, "Séance publique"), func(e *article.Edition) { e.EdNote = "confidentiel" }))
		want(t, e, engine.Query{Text: "confidentiel"})
	}},
	{"a canceled context ends every call", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("a", "fr", 1, "Séance publique"))
		edition := article1("b", "fr", 1, "Séance privée")
		for name, err := range calls(canceled(), e, engine.NewDocument(&edition)) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s returned %v, want context.Canceled", name, err)
			}
		}
		want(t, e, engine.Query{Text: "séance"}, "a")
		wantPosition(t, e, 1)
	}},
	{"a closed engine says so, and may be closed twice", func(t *testing.T, e engine.Engine) {
		check(t, e.Close())
		check(t, e.Close())
		for name, err := range calls(t.Context(), e, engine.Document{}) {
			if !errors.Is(err, engine.ErrClosed) {
				t.Errorf("%s returned %v, want ErrClosed", name, err)
			}
		}
	}},
}

// calls makes every call but Close and returns their errors by name.
func calls(ctx context.Context, e engine.Engine, d engine.Document) map[string]error {
	_, search := e.Search(ctx, engine.Query{Text: "séance", Limit: 10})
	_, position := e.Position(ctx)
	_, count := e.Count(ctx)
	return map[string]error{
		"Search": search, "Position": position, "Count": count, "Apply": e.Apply(ctx, []engine.Document{d}, 99),
	}
}

func wantPosition(t *testing.T, e engine.Engine, position uint64) {
	t.Helper()
	got, err := e.Position(t.Context())
	check(t, err)
	if got != position {
		t.Errorf("position is %d, want %d", got, position)
	}
}

func wantCount(t *testing.T, e engine.Engine, count uint64) {
	t.Helper()
	got, err := e.Count(t.Context())
	check(t, err)
	if got != count {
		t.Errorf("count is %d, want %d", got, count)
	}
}
