// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/engine"
)

func TestNewDocument(t *testing.T) {
	paris := time.FixedZone("", 3600)
	at := time.Date(2017, 12, 4, 12, 0, 0, 0, paris)
	edition := article.Edition{
		ID: "a", Language: "en", SourceLanguage: "fr", Version: 3, PubStatus: article.Usable,
		Headline: " A\tb ", BodyText: "one\n\n  two\u00a0: three \u202f! ", EdNote: "secret",
		Audience: &article.Audience{Partners: []string{"north"}}, FirstCreated: at, EmbargoedUntil: &at,
	}
	want := engine.Document{
		ID: "a", Language: "en", SourceLanguage: "fr", Version: 3, PubStatus: article.Usable,
		Headline: "A b", BodyText: "one two\u00a0: three !",
		Partners: []string{"north"}, Published: at.UTC(), EmbargoedUntil: &at,
	}
	if diff := cmp.Diff(want, engine.NewDocument(&edition)); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

func TestNewDocumentOfWithdrawnEditionHoldsNoText(t *testing.T) {
	for _, status := range []article.PubStatus{article.Withheld, article.Canceled, "unheard of"} {
		edition := article.Edition{ID: "a", Language: "fr", SourceLanguage: "fr", Version: 3, PubStatus: status, Headline: "Texte"}
		got := engine.NewDocument(&edition)
		want := engine.Document{ID: "a", Language: "fr", Version: 3, PubStatus: status}
		if diff := cmp.Diff(want, got); diff != "" || !got.Gone() {
			t.Errorf("gone is %t, document (-want +got):\n%s", got.Gone(), diff)
		}
	}
}

func TestBest(t *testing.T) {
	edition := func(language string) engine.Document {
		return engine.Document{Language: language, SourceLanguage: "fr"}
	}
	editions := []engine.Document{edition("it"), edition("fr"), edition("en-GB"), edition("de"), edition("en")}
	for _, c := range []struct{ asked, byDefault, want string }{
		{"de", "it", "de"},
		{"en", "", "en"},
		{"en-GB", "", "en-GB"},
		{"en-US", "", "en"},
		{"es", "it", "it"},
		{"es", "de-AT", "de"},
		{"es", "", "fr"},
		{"", "", "fr"},
	} {
		q := engine.Query{Language: c.asked, Viewer: engine.Viewer{DefaultLanguage: c.byDefault}}
		if got := editions[q.Best(editions)].Language; got != c.want {
			t.Errorf("asked %q, default %q: best is %q, want %q", c.asked, c.byDefault, got, c.want)
		}
	}
	if got := (&engine.Query{}).Best(nil); got != -1 {
		t.Errorf("best of none is %d", got)
	}
}
