// SPDX-License-Identifier: Apache-2.0

package glossary_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/glossary"
)

func words(fr, en string, more ...string) glossary.Concept {
	terms := map[string][]string{"fr": strings.Split(fr, "|"), "en": strings.Split(en, "|")}
	for _, m := range more {
		tag, list, _ := strings.Cut(m, ":")
		terms[tag] = strings.Split(list, "|")
	}
	return glossary.Concept{ID: en, Terms: terms}
}

func small() *glossary.Document {
	return &glossary.Document{Concepts: []glossary.Concept{
		words("avocat", "lawyer|attorney", "de:Rechtsanwalt"),
		words("appel d’offres", "call for tenders"),
		words("appel", "appeal"),
		words("élection", "election"),
		words("cour suprême", "supreme court"),
		words("blockchain", "blockchain"),
		words("a1|a2|a3|a4", "b1|b2|b3|b4"),
		words("c1|c2|c3|c4", "d1|d2|d3|d4"),
	}}
}

func show(rewordings []engine.Rewording) []string {
	var out []string
	for _, r := range rewordings {
		out = append(out, r.Language+" "+r.Text)
	}
	return out
}

func TestExpand(t *testing.T) {
	c := glossary.Compile(small())
	for _, tc := range []struct {
		name, text, language string
		languages            []string
		want                 []string
	}{
		{"another language", "lawyer", "en", []string{"fr"}, []string{"fr avocat"}},
		{"a plural", "lawyers", "en", []string{"fr"}, []string{"fr avocat"}},
		{"letter case", "LAWYER", "en", []string{"fr"}, []string{"fr avocat"}},
		{"a variant of the language", "lawyer", "en-GB", []string{"fr-CA"}, []string{"fr avocat"}},
		{"all languages", "lawyer", "en", nil, []string{"de Rechtsanwalt", "fr avocat"}},
		{"several terms", "avocats", "fr", []string{"en"}, []string{"en lawyer", "en attorney"}},
		{"without accents", "elections", "fr", []string{"en"}, []string{"en election"}},
		{"with accents", "ÉLECTIONS", "fr", []string{"en"}, []string{"en election"}},
		{"the same word but for an accent", "Élection", "fr", []string{"en"}, nil},
		{"the longest term", "appels d'offres", "fr", []string{"en"}, []string{"en call for tenders"}},
		{"a term with a small word", "call for tenders", "en", []string{"fr"}, []string{"fr appel d’offres"}},
		{"the shorter term alone", "appel public", "fr", []string{"en"}, []string{"en appeal public"}},
		{"an elided article goes with its word", "l’avocat numérique", "fr", []string{"en"}, []string{"en lawyer numérique", "en attorney numérique"}},
		{"words of no concept stay", "lawyer Balva 2018", "en", []string{"fr"}, []string{"fr avocat Balva 2018"}},
		{"small words of the source go", "the lawyer of Balva", "en", []string{"fr"}, []string{"fr avocat Balva"}},
		{"two concepts", "avocats de la cour suprême", "fr", []string{"en"}, []string{"en lawyer supreme court", "en attorney supreme court"}},
		{"in another language than the reader's", "lawyer", "fr", []string{"fr"}, []string{"fr avocat"}},
		{"in no language of the reader's", "lawyer", "", []string{"fr"}, []string{"fr avocat"}},
		{"nothing in its own language", "lawyer", "en", []string{"en"}, nil},
		{"the same word in both", "blockchain", "fr", []string{"en"}, nil},
		{"the same word beside another", "blockchain avocat", "fr", []string{"de"}, []string{"de blockchain Rechtsanwalt"}},
		{"unknown words", "xylophone baroque", "fr", nil, nil},
		{"an unknown language", "lawyer", "en", []string{"ja"}, nil},
		{"empty", "", "fr", nil, nil},
		{"in quotes", `"lawyer"`, "en", nil, nil},
		{"in guillemets", "« appel d’offres »", "fr", nil, nil},
		{"beside quotes", `lawyer "supreme court"`, "en", []string{"fr"}, []string{`fr avocat "supreme court"`}},
		{"ruled out", "lawyer -lawyer", "en", []string{"fr"}, []string{"fr avocat -lawyer"}},
		{"ruled out in quotes", `lawyer -"supreme court"`, "en", []string{"fr"}, []string{`fr avocat -"supreme court"`}},
		{"a quote that is not closed", `"lawyer`, "en", []string{"fr"}, []string{`fr "avocat`}},
		{"at most four a language", "a1 c1", "fr", []string{"en"}, []string{"en b1 d1", "en b2 d1", "en b3 d1", "en b4 d1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := show(c.Expand(tc.text, tc.language, tc.languages)); !slices.Equal(got, tc.want) {
				t.Errorf("%q gives %q, want %q", tc.text, got, tc.want)
			}
		})
	}
}

func TestAtMostSixteenInAll(t *testing.T) {
	c := glossary.Concept{ID: "x", Terms: map[string][]string{}}
	for _, tag := range []string{"fr", "en", "de", "es", "it", "pt", "nl", "sv"} {
		for n := range 8 {
			c.Terms[tag] = append(c.Terms[tag], fmt.Sprint(tag, "x", n))
		}
	}
	got := glossary.Compile(&glossary.Document{Concepts: []glossary.Concept{c}}).Expand("frx0", "fr", nil)
	if len(got) != 16 {
		t.Fatalf("%d rewordings: %v", len(got), got)
	}
	count := map[string]int{}
	for _, r := range got {
		count[r.Language]++
	}
	if len(count) != 7 {
		t.Errorf("the rewordings are for %v", count)
	}
}

func FuzzExpand(f *testing.F) {
	c := glossary.Compile(small())
	for _, s := range []string{"l’avocat", `"a1 -c1`, "-« a1 » a1", "a1 a1 a1 a1 a1 a1", "\xffavocat\xfe", "d’d’avocat", "'avocat", "- -\"a1\""} {
		f.Add(s, "fr")
	}
	f.Add("the lawyer", "en-GB")
	f.Fuzz(func(t *testing.T, text, language string) {
		count := map[string]int{}
		for _, r := range c.Expand(text, language, nil) {
			if count[r.Language]++; count[r.Language] > 4 {
				t.Errorf("more than four rewordings for %s", r.Language)
			}
			if utf8.ValidString(text) && !utf8.ValidString(r.Text) {
				t.Errorf("%q is reworded to %q", text, r.Text)
			}
			if r.Text == text || r.Text == "" {
				t.Errorf("%q is reworded to %q", text, r.Text)
			}
		}
	})
}

func BenchmarkExpand(b *testing.B) {
	d, err := glossary.Starter()
	if err != nil {
		b.Fatal(err)
	}
	c := glossary.Compile(&d)
	for b.Loop() {
		c.Expand("l’appel d’offres des collectivités territoriales à Paris", "fr", nil)
	}
}

// A word said again and again, with terms that fold alike, is bounded work.
func TestExpandIsBounded(t *testing.T) {
	c := glossary.Compile(&glossary.Document{Concepts: []glossary.Concept{
		{ID: "ai", Terms: map[string][]string{"fr": {"IA"}, "en": {"AI", "ai", "ài"}}},
		{ID: "state", Terms: map[string][]string{"fr": {"état"}, "en": {"state", "nation"}}},
	}})
	if got := c.Expand(strings.Repeat("IA ", 160), "fr", nil); len(got) != 1 {
		t.Errorf("%d rewordings, want one", len(got))
	}
	if got := c.Expand(strings.Repeat("état IA ", 60), "fr", nil); len(got) != 4 {
		t.Errorf("%d rewordings, want 4", len(got))
	}
}
