// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"strings"
	"unicode/utf8"

	"github.com/relais-press/relais/services/search/internal/french"
)

// elisions leaves out the elided articles, prepositions and pronouns of Italian:
// l'avvocato, dell'avvocato and un'opera count as their noun.
func elisions(analyze func(string) []french.Token) func(string) []french.Token {
	return func(text string) []french.Token {
		tokens := analyze(text)
		for i := range tokens {
			t := &tokens[i]
			before, after, ok := strings.Cut(t.Exact, "'")
			if !ok || !elides(before) || after == "" {
				continue
			}
			at := strings.IndexFunc(text[t.Start:t.End], func(r rune) bool { return french.Fold(string(r)) == "'" })
			if at < 0 {
				continue
			}
			_, size := utf8.DecodeRuneInString(text[t.Start+at:])
			start := t.Start + at + size
			if rest := analyze(text[start:t.End]); len(rest) == 1 {
				noun := rest[0]
				noun.Start, noun.End, noun.Position = start, t.End, t.Position
				*t = noun
			}
		}
		return tokens
	}
}

// elides reports whether an Italian word loses its vowel before another.
func elides(w string) bool {
	switch w {
	case "l", "un", "d", "dell", "all", "dall", "nell", "sull", "coll", "c", "n", "m", "t", "s", "v",
		"quest", "quell", "tutt", "nessun", "ciascun", "alcun", "sant", "bell", "anch", "senz", "com", "dov", "cos", "mezz":
		return true
	}
	return false
}
