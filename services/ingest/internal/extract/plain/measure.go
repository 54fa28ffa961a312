// SPDX-License-Identifier: Apache-2.0

package plain

import "unicode"

// Reading speeds: silent reading of French and English prose, and of Chinese
// and Japanese.
const (
	wordsPerMinute      = 230
	ideographsPerMinute = 500
)

// Measure counts the words of a text as a word processor does and estimates the
// time to read it. A word is what stands between white space (no-break spaces
// included) or em dashes and holds a letter or a digit: "l’usager",
// "peut-être" and "2018" are one word each, "«" and "•" none. A Chinese or
// Japanese character is a word of its own.
//
// The time is in whole minutes, rounded up, at least 1, at 230 words or 500
// Chinese or Japanese characters a minute.
func Measure(text string) (words, minutes int) {
	ideographs, inWord := 0, false
	for _, r := range text {
		switch {
		case r == '—' || unicode.IsSpace(r):
			inWord = false
		case r > 0x2e7f && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
			ideographs++
			inWord = false
		case !inWord && (unicode.IsLetter(r) || unicode.IsNumber(r)):
			words++
			inWord = true
		}
	}
	load := words*ideographsPerMinute + ideographs*wordsPerMinute
	full := wordsPerMinute * ideographsPerMinute
	return words + ideographs, max(1, (load+full-1)/full)
}
