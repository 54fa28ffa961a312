// SPDX-License-Identifier: Apache-2.0

package match_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/match"
	"github.com/relais-press/relais/services/search/internal/french"
)

func TestMarks(t *testing.T) {
	for _, c := range []struct {
		query, text string
		typos       bool
		want        []string
	}{
		{"avocat", "Les avocats et l’avocat", false, []string{"avocats", "avocat"}},
		{"avocats", "Un avocat", false, []string{"avocat"}},
		{"ELEVE", "Élève", false, []string{"Élève"}},
		{"coeur", "Le cœur", false, []string{"cœur"}},
		{"numér", "Numériques", false, []string{"Numériques"}},
		{"numér droit", "Numériques, droit", false, []string{"droit"}},
		{"n", "Numérique", false, nil},
		{"la loi", "La loi de la mer", false, []string{"loi"}},
		{"la", "La loi", false, []string{"La"}},
		{"tribunla", "Le tribunal", false, nil},
		{"tribunla", "Le tribunal", true, []string{"tribunal"}},
		{"tribnual jugement", "Le tribunal", true, []string{"tribunal"}},
		{"trbunl jugement", "Le tribunal", true, nil},
		{"bold", "Le bol, la colle", true, []string{"bol"}},
		{"loi", "Le roi, la foi", true, nil},
		{"2018", "En 2017", true, nil},
		{"blokc", "La blockchain", true, []string{"blockchain"}},
		{"", "Rien", true, nil},
	} {
		h := highlighter(c.query, c.typos)
		if got := marked(t, c.text, h.Marks(c.text)); !slices.Equal(got, c.want) {
			t.Errorf("%q in %q marks %q, want %q", c.query, c.text, got, c.want)
		}
	}
}

func TestExcerpt(t *testing.T) {
	filler := strings.Repeat("Le texte continue ainsi. ", 40)
	for _, c := range []struct {
		name, query, description, body string
		starts, ends                   string
		want                           []string
	}{
		{"short texts are whole", "droit", "Le droit.", "Autre.", "Le droit.", "Le droit.", []string{"droit"}},
		{"a fuller match in the body wins", "droit public", "Le droit.", "Le droit public.", "Le droit public.", "public.", []string{"droit", "public"}},
		{"an equal match stays with the description", "droit", "Le droit.", "Droit, droit.", "Le droit.", "Le droit.", []string{"droit"}},
		{"no match gives the description", "zut", "Résumé.", filler, "Résumé.", "Résumé.", nil},
		{"no match and no description gives the body", "zut", "", filler, "Le texte", "…", nil},
		{"a match in the middle", "droit", "", filler + "Le droit avance. " + filler, "…", "…", []string{"droit"}},
		{"a match at the end", "droit", "", filler + "Le droit.", "…", "Le droit.", []string{"droit"}},
		{"the densest place", "droit public", "", "Droit. " + filler + "Le droit public. " + filler + "Public.", "…", "…", []string{"droit", "public"}},
		{"a text without spaces", "zut", "", strings.Repeat("é", 500), "é", "é", nil},
		{"nothing at all", "zut", "", "", "", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := highlighter(c.query, false)
			text, marks := h.Excerpt(c.description, c.body)
			if got := marked(t, text, marks); !slices.Equal(got, c.want) {
				t.Errorf("marks are %q, want %q", got, c.want)
			}
			if !strings.HasPrefix(text, c.starts) || !strings.HasSuffix(text, c.ends) {
				t.Errorf("excerpt is %q, want it from %q to %q", text, c.starts, c.ends)
			}
			if n := utf8.RuneCountInString(text); n > engine.ExcerptLength+2 && strings.Contains(text, " ") {
				t.Errorf("excerpt has %d characters", n)
			}
		})
	}
}

func TestCorrect(t *testing.T) {
	text := "Le tribunal et la blockchain"
	for query, want := range map[string]string{
		"tribunla":                "tribunal",
		"le tribunla, blokchain!": "le tribunal, blockchain!",
		"tribunal":                "",
		"xylophone":               "",
		"":                        "",
	} {
		h := highlighter(query, true)
		if got := h.Correct(query, text); got != want {
			t.Errorf("correction of %q is %q, want %q", query, got, want)
		}
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("droit public", "Résumé « du droit » 🎉.", strings.Repeat("Le droit, l’œuvre. ", 40))
	f.Add("a", "\xff\xfe", "é\u0301")
	f.Fuzz(func(t *testing.T, query, description, body string) {
		description, body = strings.ToValidUTF8(description, ""), strings.ToValidUTF8(body, "")
		h := highlighter(query, true)
		text, marks := h.Excerpt(description, body)
		if !utf8.ValidString(text) {
			t.Errorf("excerpt %q is not valid UTF-8", text)
		}
		marked(t, text, marks)
		h.Correct(query, description, body)
	})
}

func highlighter(query string, typos bool) *match.Highlighter {
	return &match.Highlighter{Analyze: french.Analyze, Terms: match.Terms(french.Analyze(query)), Typos: typos}
}

// marked are the marked words of a text; the marks have to be in order and within it.
func marked(t *testing.T, text string, marks []engine.Mark) []string {
	t.Helper()
	units, end := utf16.Encode([]rune(text)), 0
	var out []string
	for _, m := range marks {
		if m[0] < end || m[1] < 1 || m[0]+m[1] > len(units) {
			t.Fatalf("mark %v is not a range of %q after %d", m, text, end)
		}
		end = m[0] + m[1]
		out = append(out, string(utf16.Decode(units[m[0]:end])))
	}
	return out
}
