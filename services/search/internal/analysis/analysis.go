// SPDX-License-Identifier: Apache-2.0

// Package analysis chooses the analysis of a language: French whole, a light
// one for English, German, Spanish and Italian, and plain folding for any other.
package analysis

import (
	"slices"
	"strings"

	"github.com/relais-press/relais/services/search/internal/french"
)

// For returns the analysis of a BCP 47 language.
func For(language string) func(text string) []french.Token {
	base, _, _ := strings.Cut(language, "-")
	switch base {
	case "fr":
		return french.Analyze
	case "en":
		return light(english, "a an and are as at be by for from has have in is it its of on or that the this to was were will with")
	case "de":
		return compounds(light(german, "am an auf aus bei das dem den der des die ein eine einem einen einer eines für im in ist mit nicht und vom von zu zum zur"))
	case "es":
		return light(spanish, "a al con de del e el en es la las lo los o para por que se su sus un una uno y")
	case "it":
		return elisions(light(italian, "a al alla che con da dal dei del della di e è gli i il in la le lo nel nella per si su un una uno"))
	}
	return light(func(w string) string { return w }, "")
}

// Skim is For for somebody who looks for words with a few initials, in folded
// form, and needs the places of the others alone: see french.Skim.
func Skim(language, initials string) func(text string) []french.Token {
	if base, _, _ := strings.Cut(language, "-"); base == "fr" && initials != "" {
		return func(text string) []french.Token { return french.Skim(text, initials) }
	}
	return For(language)
}

func light(stem func(string) string, stops string) func(string) []french.Token {
	list := strings.Fields(french.Fold(stops))
	return func(text string) []french.Token {
		tokens := french.Words(text, false)
		for i := range tokens {
			t := &tokens[i]
			t.Stem, t.Stop = stem(t.Folded), slices.Contains(list, t.Folded)
		}
		return tokens
	}
}

// english joins singular and plural (after the S-stemmer, D. Harman, "How
// effective is suffixing?", JASIS 42, 1991).
func english(w string) string {
	switch n := len(w); {
	case w == "cookies", w == "movies":
		return w[:n-1]
	case n > 4 && strings.HasSuffix(w, "ies") && !strings.HasSuffix(w, "eies") && !strings.HasSuffix(w, "aies"):
		return w[:n-3] + "y"
	case n > 4 && hasAny(w, "sses", "xes", "ches", "shes"):
		return w[:n-2]
	case n > 3 && strings.HasSuffix(w, "s") && !hasAny(w, "us", "ss", "is") && w != "news":
		return w[:n-1]
	}
	return w
}

// german takes the endings of declension away (after Savoy 2006, light): the s
// of the genitive, which follows certain letters only, then any other.
func german(w string) string {
	if n := len(w); n >= 5 && w[n-1] == 's' && strings.IndexByte("bdfghklmnrt", w[n-2]) >= 0 {
		w = w[:n-1]
	}
	for _, ending := range []string{"ern", "em", "en", "er", "es", "e", "n"} {
		if len(w) >= len(ending)+4 && strings.HasSuffix(w, ending) {
			return w[:len(w)-len(ending)]
		}
	}
	return w
}

// spanish joins number and gender.
func spanish(w string) string {
	switch n := len(w); {
	case n > 4 && strings.HasSuffix(w, "ces"):
		return w[:n-3] + "z"
	case n > 4 && hasAny(w, "os", "as", "es"):
		return w[:n-2]
	case n > 4 && hasAny(w, "o", "a", "e"):
		return w[:n-1]
	}
	return w
}

// italian joins number and gender.
func italian(w string) string {
	switch n := len(w); {
	case n > 6 && hasAny(w, "trice", "trici"):
		return w[:n-4] + "or"
	case n > 5 && hasAny(w, "che", "ghe", "chi", "ghi", "io", "cia", "cie", "gia", "gie"):
		return w[:n-2]
	case n > 4 && hasAny(w, "a", "e", "i", "o"):
		return w[:n-1]
	}
	return w
}

func hasAny(w string, endings ...string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(w, e) })
}
