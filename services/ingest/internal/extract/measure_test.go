// SPDX-License-Identifier: Apache-2.0

package extract_test

import (
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

func TestMeasure(t *testing.T) {
	for _, c := range []struct {
		in             string
		words, minutes int
	}{
		{"", 0, 1},
		{" \n\u00a0• « » : — !", 0, 1},
		{"l’usager", 1, 1},
		{"l'usager", 1, 1},
		{"aujourd’hui peut-être", 2, 1},
		{"«\u00a0Blockchain augmentée\u00a0»\u202f!", 2, 1},
		{"les 6 et 7 décembre 2018", 6, 1},
		{"collectivités\u00a0mais", 2, 1},
		{"un—deux", 2, 1},
		{"約六十人。", 4, 1},
		{"Relais 中継", 3, 1},
		{strings.Repeat("mot ", 230), 230, 1},
		{strings.Repeat("mot ", 231), 231, 2},
		{strings.Repeat("mot ", 2300), 2300, 10},
		{strings.Repeat("中", 500), 500, 1},
		{strings.Repeat("中", 501), 501, 2},
	} {
		if words, minutes := extract.Measure(c.in); words != c.words || minutes != c.minutes {
			t.Errorf("Measure(%.40q) = %d words, %d min; want %d, %d", c.in, words, minutes, c.words, c.minutes)
		}
	}
}

func TestSlug(t *testing.T) {
	for in, want := range map[string]string{
		"Blockchain et collectivités : quelles potentialités ?": "blockchain-et-collectivites-quelles-potentialites",
		"L’État, c’est moi !":                                   "l-etat-c-est-moi",
		"Cœur, ŒUVRE et CURRICULUM VITÆ":                        "coeur-oeuvre-et-curriculum-vitae",
		"Große Straße, Łódź, Ærø":                               "grosse-strasse-lodz-aero",
		"  --10 ans !--  ":                                      "10-ans",
		"e\u0301te\u0301":                                       "ete",
		"约六十人":                                                  "article-",
		"2018":                                                  "article-",
		"???":                                                   "article-",
		"":                                                      "article-",
		strings.Repeat("mot ", 40):                              strings.TrimSuffix(strings.Repeat("mot-", 20), "-"),
		strings.Repeat("abcdefg ", 40):                          strings.TrimSuffix(strings.Repeat("abcdefg-", 10), "-"),
		strings.Repeat("abcdefghi ", 9):                         strings.TrimSuffix(strings.Repeat("abcdefghi-", 8), "-"),
		strings.Repeat("a", 200):                                strings.Repeat("a", 80),
	} {
		got := extract.Slug(in)
		if want == "article-" {
			if !strings.HasPrefix(got, want) || len(got) != len(want)+8 {
				t.Errorf("Slug(%q) = %q, want %s and 8 digits", in, got, want)
			}
			continue
		}
		if got != want {
			t.Errorf("Slug(%.60q) = %q, want %q", in, got, want)
		}
	}
	if extract.Slug("约") == extract.Slug("六") {
		t.Error("two headlines without Latin letters have one id")
	}
}

func FuzzSlug(f *testing.F) {
	f.Add("L’État, c’est moi !")
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, in string) {
		if s := extract.Slug(in); !article.ValidID(s) || len(s) > 80 || strings.HasSuffix(s, "-") {
			t.Errorf("Slug(%q) = %q", in, s)
		}
	})
}

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb\rc\u2028d\u0085e":        "a\nb\nc\nd\ne",
		"\ufeffa\u200bb\u2060c\u00add":   "abcd",
		"a\x00b\x1bc\u0090d\te":          "abcd\te",
		"e\u0301 \u212b":                 "é Å",
		"« a » ’ œ ﬁ — –\u00a0\u202f…":   "« a » ’ œ ﬁ — –\u00a0\u202f…",
		"a\u202eb\u2066c\u200ed":         "abcd",
		"a\u200db e\u0301\u200dx":        "ab éx",
		"👩\u200d👩\u200d👧 ❤\ufe0f\u200d🔥": "👩\u200d👩\u200d👧 ❤\ufe0f\u200d🔥",
		"می\u200cخواهم":                  "می\u200cخواهم",
		"क\u094d\u200dष":                 "क\u094d\u200dष",
		"a\xffb":                         "a\ufffdb",
		"a\uffffb\U0001fffec":            "abc",
	} {
		if got := extract.Normalize(in); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", in, got, want)
		}
	}
	if got := extract.NormalizeLine(" \n Un\u00a0titre \u00a0 : \r\n ici\u200b "); got != "Un\u00a0titre\u00a0: ici" {
		t.Errorf("NormalizeLine gave %q", got)
	}
}
