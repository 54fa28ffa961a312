// SPDX-License-Identifier: Apache-2.0

package match_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/relais-press/relais/services/search/internal/analysis"
	"github.com/relais-press/relais/services/search/internal/engine/match"
	"github.com/relais-press/relais/services/search/internal/french"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		"avocats numér":                "avocats numer*",
		"« l’avocat numérique » droit": "[avocat numerique] droit*",
		`droit "de la mer"`:            "droit [de la mer]",
		`droit “de la mer`:             "droit mer*",
		"„Gut gemacht“":                "[gut gemacht]",
		"budget -communal":             "budget -communal",
		"-communal":                    "-communal",
		`budget -"vote du conseil"`:    "budget -[vote du conseil]",
		"-compte-rendu":                "-[compte rendu]",
		"compte-rendu":                 "compte rendu*",
		"Saint - Aubin":                "saint aubin*",
		"-":                            "",
		"- - --":                       "",
		`"" «»`:                        "",
		`"""`:                          "",
		"-l'avocat droit":              "droit* -avocat",
		"1=1 OR \"":                    "1*",
		"avo\x00cat":                   "avo cat*",
	} {
		q := match.Parse(text, french.Analyze)
		if got := show(&q); got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}

func TestParseCompounds(t *testing.T) {
	q := match.Parse(`"die Datenschutzbehörde prüft" -Datenschutzbehörde`, analysis.For("de"))
	if got, want := show(&q), "[die datenschutzbehorde pruft] -datenschutzbehorde"; got != want {
		t.Errorf("read as %q, want %q", got, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`l'avocat" OR 1=1`, `\`, `-"a`, "«a» -b", "\xff\"\xfe\"", "-« »", "🎉 -🎉", "\u202eabc\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q := match.Parse(text, french.Analyze)
		if n := len(q.Terms); n > match.MaxTerms {
			t.Errorf("%d terms", n)
		}
		for _, p := range append(q.Phrases, q.NotPhrases...) {
			for _, w := range p {
				if w == "" || !utf8.ValidString(w) {
					t.Errorf("phrase %q of %q holds no word", p, text)
				}
			}
		}
	})
}

// show writes a question on one line: unfinished words with *, phrases in [ ].
func show(q *match.Question) string {
	var out []string
	for _, t := range q.Terms {
		s := t.Folded
		if t.Prefix {
			s += "*"
		}
		out = append(out, s)
	}
	// Phrases are shown where a reader would expect them: first when they came first.
	for _, p := range q.Phrases {
		s := fmt.Sprint([]string(p))
		if len(q.Terms) > 0 && q.Terms[len(q.Terms)-1].Prefix {
			out = append([]string{s}, out...)
		} else {
			out = append(out, s)
		}
	}
	for _, t := range q.Not {
		out = append(out, "-"+t.Folded)
	}
	for _, p := range q.NotPhrases {
		out = append(out, "-"+fmt.Sprint([]string(p)))
	}
	return strings.Join(out, " ")
}
