// SPDX-License-Identifier: Apache-2.0

package card

import (
	"strings"
	"testing"
	"time"
)

func TestTextsAreMadeFitToBeSet(t *testing.T) {
	has := func(r rune) bool { return r < 0x2000 || strings.ContainsRune("’…—", r) }
	for _, test := range []struct{ name, language, text, want string }{
		{"spaces", "en", " a \t\n b\u00a0 c\u2003d ", "a b\u00a0c d"},
		{"controls", "en", "a\x00b\u202e\u2066c\u200b\ufeffd\u00ade", "a bcde"},
		{"invalid", "en", "a\xff\xfeb", "ab"},
		{"composed", "en", "e\u0301", "é"},
		{"emoji", "en", "a 👩🏽‍🚒 b", "a b"},
		{"other forms of a letter", "en", "Ａ ﬁ ①", "A fi 1"},
		{"a letter without glyph", "en", "a 京 b", ""},
		{"a digit without glyph", "en", "a 𞥐 b", ""},
		{"French signs", "fr", "« a » : b ; c ! d ? 10 %", "«\u00a0a\u00a0»\u00a0: b\u202f; c\u202f! d\u202f? 10\u00a0%"},
		{"French signs bound already", "fr", "«\u202fa\u202f»\u00a0: b", "«\u202fa\u202f»\u00a0: b"},
		{"English has no such spaces", "en", "a : b", "a : b"},
		{"long", "en", strings.Repeat("a", 10_000), strings.Repeat("a", longestText)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := string(prepare(test.text, test.language, has)); got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestACutLeavesNothingDangling(t *testing.T) {
	for text, want := range map[string]string{
		"le maire": "le maire…", "le maire, ": "le maire…", "le maire «\u00a0": "le maire…", "dit-on —": "dit-on…", "10\u00a0%": "10\u00a0%…", ", ;": ", ;…", "": "…",
	} {
		if got := string(shorten([]rune(text), len([]rune(text)))); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func TestDays(t *testing.T) {
	first, third := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 8, 3, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		language string
		day      time.Time
		want     string
	}{
		{"fr", first, "1er mars 2026"},
		{"fr", third, "3 août 2026"},
		{"en", third, "3 August 2026"},
		{"de", third, "3. August 2026"},
		{"es", third, "3 de agosto de 2026"},
		{"it", first, "1º marzo 2026"},
		{"ar", third, "3 أغسطس 2026"},
		{"zh", third, "2026-08-03"},
		{"fr", time.Time{}, ""},
	} {
		if got := strings.ReplaceAll(day(test.day, test.language), "\u00a0", " "); got != test.want {
			t.Errorf("%s: got %s", test.language, got)
		}
	}
	for language := range monthsIn {
		if n := len(strings.Fields(monthsIn[language])); n != 12 || correctedIn[language] == "" {
			t.Errorf("%s: %d months, %q", language, n, correctedIn[language])
		}
	}
}
