// SPDX-License-Identifier: Apache-2.0

package bar

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

const family = "👩‍👩‍👧‍👦"

func TestWhatXCounts(t *testing.T) {
	for _, c := range []struct {
		text string
		want int
	}{
		{"", 0},
		{"Climat", 6},
		{"é", 1},
		{"e\u0301", 1}, // é, taken apart
		{"Привет", 6},
		{"مناخ", 4},
		{"日本", 4},
		{"ᄀ", 2},       // U+1100, the first beyond the light range
		{"“a” – b", 7}, // quotes and dashes are light
		{"…", 2},
		{"€", 2},
		{"🙂", 2},
		{family, 2},
		{"👍🏽", 2},
		{"🇫🇷", 2},
		{"1️⃣", 2},
		{"❤️", 2},
		{strings.Repeat("👩\u200d", 7) + "👩", 8*2 + 7}, // longer than any sequence there is
		{"lemonde.fr", 10 + 23},
		{"a.b et c.d", 10 + 2*23},
		{"Fin. Début, 1.5, p.", 19},
	} {
		if got := weighted(c.text); got != c.want {
			t.Errorf("%q weighs %d, want %d", c.text, got, c.want)
		}
	}
}

func TestWhatThreadsCounts(t *testing.T) {
	for text, want := range map[string]int{"Été": 3, "日本": 2, "🙂": 4, family: len(family), "a🙂b": 6} {
		if got := threadsLength(text); got != want {
			t.Errorf("%q counts %d, want %d", text, got, want)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		name, text string
		limit      int
		want       string
	}{
		{"fits", "Le climat", 9, "Le climat"},
		{"between words", "Le climat des villes", 15, "Le climat des…"},
		{"just after a word", "Le climat des villes", 14, "Le climat des…"},
		{"no comma before the ellipsis", "Le climat, des villes", 14, "Le climat…"},
		{"no open quote before it", "Le climat «\u00a0des villes\u00a0»", 15, "Le climat…"},
		{"a space that does not break", "Le grand climat\u00a0! Oui", 17, "Le grand climat…"},
		{"no words to part", "日本語の見出しです", 5, "日本語の…"},
		{"one long word", "a anticonstitutionnellement", 12, "a anticonst…"},
		{"a family is not parted", family + family + family, 3, family + family + family},
		{"nor at the end", strings.Repeat(family, 9), 9, family + family + family + "…"}, // 10 bytes count as a grapheme
		{"an accent stays on its letter", "e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"nothing fits", "abc", 1, "…"},
		{"a letter under a thousand accents", "a" + strings.Repeat("\u0301", 1000), 50, "…"},
	} {
		measure := graphemes
		if strings.HasPrefix(c.name, "a family") {
			measure = uniseg.GraphemeClusterCount
		}
		if got := shorten(c.text, c.limit, measure); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// within checks that what each network is opened with is no longer than it
// takes, and a beginning of the headline.
func within(t *testing.T, headline string) {
	t.Helper()
	for network, href := range hrefs(Subject{Headline: headline, Description: headline}) {
		text, link := read(t, network, href)
		if link != short(network) {
			t.Errorf("%s carries %s", network, link)
		}
		if !utf8.ValidString(text) {
			t.Errorf("%s: %q is not UTF-8", network, text)
		}
		kept, wasCut := strings.CutSuffix(text, "…")
		if line := clean(headline); text != "" && text != line && (!wasCut || !strings.HasPrefix(line, kept)) {
			t.Errorf("%s: %q does not begin the headline", network, text)
		}
		var length, limit int
		switch network {
		case X:
			length, limit = weighted(text)+1+23, 280
		case Bluesky:
			length, limit = uniseg.GraphemeClusterCount(text+"\n"+link), 300
			if n := len(text + "\n" + link); n > 3000 {
				t.Errorf("bluesky: %d bytes", n)
			}
		case Threads:
			length, limit = threadsLength(text+"\n"+link), 500
		case Mastodon:
			length, limit = uniseg.GraphemeClusterCount(text)+1+23, 500
		case Mail:
			length, limit = len(href), 2000
		default:
			length, limit = uniseg.GraphemeClusterCount(text), 300
		}
		if length > limit {
			t.Errorf("%s: %d, more than %d", network, length, limit)
		}
	}
}

func TestNothingIsTooLong(t *testing.T) {
	for _, unit := range []string{
		"a", "mot ", "é", "日本語", "شرح ", family, "👍🏽 ", "🇫🇷", "a\u0301\u0302", "\u200f", "lemonde.fr ", "a.b", "%", "& ", "\n",
		"\u00a0!", "\U0001d160", "\u0958", "\xff", "क्षि", "1️⃣",
	} {
		within(t, strings.Repeat(unit, 10_000/len(unit)))
	}
}

func FuzzTargets(f *testing.F) {
	for _, seed := range []string{"Climat : 100 %", family, "\r\nBcc: a@b", "\u202eabc", "a.b.c", "e\u0301"} {
		f.Add(seed, 1)
		f.Add(seed, 400)
	}
	f.Fuzz(func(t *testing.T, headline string, times int) {
		if times < 1 || times > 1000 || len(headline)*times > 10_000 {
			return
		}
		within(t, strings.Repeat(headline, times))
	})
}
