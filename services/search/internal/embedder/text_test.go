// SPDX-License-Identifier: Apache-2.0

package embedder

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/engine"
)

func TestText(t *testing.T) {
	for _, tc := range []struct {
		name     string
		document engine.Document
		want     string
	}{
		{
			"all_parts",
			engine.Document{
				PubStatus: article.Usable, Headline: "Le Sénat vote", Description: "Une loi.", BodyText: "Hier soir.",
				Section: "politique", Keywords: []string{"sénat"}, CanonicalURL: "https://example.org/",
				People:        []article.Person{{Name: "A. Dupont", Role: "ministre"}, {Name: "B. Œuf"}},
				Organisations: []string{"Sénat", " "}, Places: []string{"Paris", "Sénat"},
				Event: &article.Event{Name: "Session d’automne"},
			},
			"Le Sénat vote\nUne loi.\nA. Dupont, B. Œuf, Sénat, Paris, Session d’automne\nHier soir.",
		},
		{"headline_alone", engine.Document{PubStatus: article.Usable, Headline: "Brève"}, "Brève"},
		{"nothing", engine.Document{PubStatus: article.Usable}, ""},
		{"gone", engine.Document{PubStatus: article.Canceled, Headline: "Retiré"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Text(&tc.document); got != tc.want {
				t.Errorf("Text = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestTextHasTheBeginningOfTheBody(t *testing.T) {
	d := engine.Document{PubStatus: article.Usable, Headline: "Titre", BodyText: strings.Repeat("été ", 5000)}
	got := Text(&d)
	if n := utf8.RuneCountInString(got); n > maxDocument || n < maxDocument-5 || !strings.HasSuffix(got, " été") {
		t.Errorf("%d characters that end in %q", n, got[len(got)-10:])
	}
}

func TestCut(t *testing.T) {
	for _, tc := range []struct {
		text       string
		characters int
		want       string
	}{
		{"", 3, ""},
		{" ab ", 3, "ab"},
		{"œuf", 3, "œuf"},
		{"œufs", 3, "œuf"},
		{"un œuf dur", 8, "un œuf"},
		{"a bcdefgh", 6, "a bcde"},
		{"ab", 0, ""},
		{"\xff", 1, "\ufffd"},
	} {
		if got := cut(tc.text, tc.characters); got != tc.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tc.text, tc.characters, got, tc.want)
		}
	}
}
