// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// reading is how the words of French readers reach French texts, and how they
// are shown to have.
var reading = []contract{
	{"French words find the recap", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, append(many(5), Recap())...)
		for _, text := range []string{
			"blockchain", "Blockchain", "BLOCKCHAIN",
			"collectivités", "collectivité", "collectivites", "collectivite", // plural, accents
			"potentialités", "potentialite", "potentialites",
			"l'usager", "l’usager", "lʼusager", "usager", "usagers", "l'usager au coeur", // elision
			"œuvre", "oeuvre", "mise en œuvre", "cœur", "coeur", // ligatures
			"l'état", "d'avancement", "L’entrain",
			"blokchain", "blockchian", "bolckchain", "colectivité", "potentailités", // typos
			"collectiv", "bl", "blockc", "potentia", "les potentiali", "Claire Bal", // unfinished
			"blokc", "colectiv", // unfinished and mistyped
			"Simon Marsol", "sopra steria", "27ème région", "legal tech", // names
			"quelles potentialités pour la blockchain et les collectivités ?",
		} {
			want(t, e, engine.Query{Text: text}, "recap")
		}
		for _, text := range []string{"usine", "cinéma", "abricot", "marseille"} {
			want(t, e, engine.Query{Text: text})
		}
	}},
	{"a reader of another language finds it too", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, Recap(), with(article1("recap", "en", 1, "Blockchain and local government"), func(e *article.Edition) {
			e.BodyText = "What the blockchain may do for local authorities."
		}))
		for _, text := range []string{"usagers", "authorities", "authority", "government", "collectivites"} {
			want(t, e, engine.Query{Text: text, Language: "en"}, "recap")
		}
	}},
	{"exact accents come first", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("a-cote", "fr", 1, "La cote du jour"), article1("b-côte", "fr", 1, "La côte du jour"),
			article1("c-côté", "fr", 1, "Le côté du jour"))
		for text, first := range map[string]string{"cote": "a-cote", "côte": "b-côte", "côté": "c-côté"} {
			if got := found(ask(t, e, engine.Query{Text: text})); len(got) == 0 || got[0] != first {
				t.Errorf("search %q found %q, want %q first", text, got, first)
			}
		}
	}},
	{"what was typed hides what might have been meant", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("marche", "fr", 1, "Marchés publics"), article1("marque", "fr", 1, "Marques déposées"))
		want(t, e, engine.Query{Text: "marques"}, "marque")
		want(t, e, engine.Query{Text: "marqes"}, "marque")
	}},
	{"a correction says what was found instead", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, Recap())
		for text, want := range map[string]string{
			"blokchain": "blockchain", "l'usagre": "l'usager", "blockchain": "", "blockc": "",
			"Blokchain et collectivités": "blockchain et collectivités", "zythum": "", "": "",
		} {
			if got := ask(t, e, engine.Query{Text: text}).Correction; got != want {
				t.Errorf("correction of %q is %q, want %q", text, got, want)
			}
		}
	}},
	{"numbers are not typos of each other", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("a", "fr", 1, "Loi 2017-1510"))
		want(t, e, engine.Query{Text: "2018"})
		want(t, e, engine.Query{Text: "1510"}, "a")
	}},
	{"stop words alone are looked for", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("a", "fr", 1, "Être et ne pas être"), article1("b", "fr", 1, "Divers"))
		want(t, e, engine.Query{Text: "pas"}, "a")
	}},
	{"marks show what matched", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, Recap())
		for _, c := range []struct{ text, headline, excerpt string }{
			{"collectivite", "collectivités", "collectivit"},
			{"blokchain", "Blockchain", "Blockchain"},
			{"potenti", "potentialités", "potentialités"},
			{"usagers", "", "usager"},
			{"œuvre", "", "oeuvre"},
			{"coeur", "", "coeur"},
			{"marsol", "", "MARSOL"},
		} {
			h := ask(t, e, engine.Query{Text: c.text}).Hits[0]
			wantMarked(t, c.text, h.Headline, h.HeadlineMarks, c.headline)
			wantMarked(t, c.text, h.Excerpt, h.ExcerptMarks, c.excerpt)
		}
	}},
	{"marks count UTF-16 code units", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("a", "fr", 1, "🎉🎉 Fête « numérique » à l’été : œuvre numérique"))
		h := ask(t, e, engine.Query{Text: "numerique"}).Hits[0]
		if want := []engine.Mark{{12, 9}, {40, 9}}; !slices.Equal(h.HeadlineMarks, want) {
			t.Errorf("marks of %q are %v, want %v", h.Headline, h.HeadlineMarks, want)
		}
	}},
	{"an excerpt is short, whole words, near the match", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, Recap())
		for _, text := range []string{"usager", "Legal Tech décembre", "lieu idéal", "citoyen sphère publique"} {
			h := ask(t, e, engine.Query{Text: text}).Hits[0]
			if n := utf8.RuneCountInString(h.Excerpt); n > engine.ExcerptLength+20 || n < engine.ExcerptLength/2 {
				t.Errorf("excerpt for %q has %d characters", text, n)
			}
			if len(h.ExcerptMarks) < len(strings.Fields(text)) {
				t.Errorf("excerpt for %q has %d marks: %q", text, len(h.ExcerptMarks), h.Excerpt)
			}
			inner := strings.Trim(h.Excerpt, "…")
			if at := strings.Index(engineText(recapText), inner); at < 0 {
				t.Errorf("excerpt for %q is not a piece of the text: %q", text, h.Excerpt)
			}
			if strings.HasPrefix(h.Excerpt, "… ") || inner != strings.TrimSpace(inner) {
				t.Errorf("excerpt for %q has loose space: %q", text, h.Excerpt)
			}
		}
	}},
	{"without a match the excerpt is the description", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, Recap(), with(article1("b", "fr", 1, "Budget"), func(e *article.Edition) { e.Description = "Le résumé." }))
		for _, text := range []string{"", "budget"} {
			for _, h := range ask(t, e, engine.Query{Text: text}).Hits {
				if h.ID == "b" && (h.Excerpt != "Le résumé." || len(h.ExcerptMarks) > 0) {
					t.Errorf("excerpt for %q is %q %v", text, h.Excerpt, h.ExcerptMarks)
				}
				if h.ID == "recap" && !strings.HasPrefix(h.Excerpt, "Un lieu idéal") {
					t.Errorf("excerpt for %q is %q, want the body's start", text, h.Excerpt)
				}
			}
		}
	}},
}

// engineText is a text as documents hold it.
func engineText(text string) string {
	return engine.NewDocument(&article.Edition{PubStatus: article.Usable, BodyText: text}).BodyText
}

// wantMarked checks that marks are valid and that each covers a word that starts
// as want does; no marks are wanted for an empty want.
func wantMarked(t *testing.T, query, text string, marks []engine.Mark, want string) {
	t.Helper()
	if (want == "") != (len(marks) == 0) {
		t.Errorf("marks for %q in %q are %v", query, text, marks)
	}
	units, end := utf16.Encode([]rune(text)), 0
	for _, m := range marks {
		if m[0] < end || m[1] < 1 || m[0]+m[1] > len(units) {
			t.Fatalf("mark %v for %q is not a range of %q", m, query, text)
		}
		end = m[0] + m[1]
		word := string(utf16.Decode(units[m[0]:end]))
		if !strings.HasPrefix(strings.ToLower(word), strings.ToLower(want)) {
			t.Errorf("mark for %q covers %q, want %q", query, word, want)
		}
	}
}
