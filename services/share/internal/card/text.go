// SPDX-License-Identifier: Apache-2.0

package card

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// longestText is how many characters of a text are looked at; what a card can
// hold is less.
const longestText = 600

// prepare makes a text from outside fit to be set: characters that control
// something are gone, runs of spaces are one, symbols that no font here has
// (emoji) are left out. It returns nothing when a letter or digit has no glyph:
// a text with holes may say something else.
func prepare(text, language string, has func(rune) bool) []rune {
	if len(text) > longestText*8 {
		text = text[:longestText*8]
	}
	text = norm.NFC.String(strings.ToValidUTF8(text, ""))
	var kept []rune
	for _, r := range text {
		switch {
		case len(kept) == longestText:
		case unicode.IsSpace(r) && !unbreaking(r), unicode.Is(unicode.Cc, r), unicode.Is(unicode.Zs, r) && !unbreaking(r):
			if len(kept) > 0 && kept[len(kept)-1] != ' ' && !unbreaking(kept[len(kept)-1]) {
				kept = append(kept, ' ')
			}
		case unbreaking(r):
			if len(kept) > 0 && kept[len(kept)-1] == ' ' {
				kept = kept[:len(kept)-1]
			}
			if len(kept) > 0 && !unbreaking(kept[len(kept)-1]) {
				kept = append(kept, r)
			}
		case unicode.Is(unicode.Cf, r):
			if orders(r) || joins(r) && len(kept) > 0 && unicode.In(kept[len(kept)-1], unicode.L, unicode.M) {
				kept = append(kept, r)
			}
		case has(r):
			kept = append(kept, r)
		default:
			known, ok := substitute(r, has)
			if !ok {
				return nil
			}
			kept = append(kept, known...)
		}
	}
	kept = []rune(strings.TrimSpace(string(kept)))
	if language == "fr" {
		bindPunctuation(kept)
	}
	return kept
}

// joins tells the two that join letters or keep them apart.
func joins(r rune) bool { return r == '\u200c' || r == '\u200d' }

// orders tells the marks that give the signs beside them a direction.
func orders(r rune) bool { return r == '\u200e' || r == '\u200f' || r == '\u061c' }

func unbreaking(r rune) bool { return r == '\u00a0' || r == '\u202f' || r == '\u2007' }

// substitute returns what stands for a character without a glyph: its parts
// (a full-width A is an A), or nothing for a symbol, a format or an unassigned
// character. ok is false for a letter, a digit or punctuation.
func substitute(r rune, has func(rune) bool) (parts []rune, ok bool) {
	parts = []rune(norm.NFKC.String(string(r)))
	for _, part := range parts {
		if !has(part) {
			return nil, !unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.Mc)
		}
	}
	return parts, true
}

// bindPunctuation makes the spaces of French punctuation unbreakable: narrow
// before ; ! ?, of full width before : and inside « ».
func bindPunctuation(text []rune) {
	for i, r := range text {
		if r != ' ' || i+1 == len(text) {
			continue
		}
		switch next := text[i+1]; {
		case strings.ContainsRune(";!?", next):
			text[i] = '\u202f'
		case next == ':' || next == '»' || next == '%' || i > 0 && text[i-1] == '«':
			text[i] = '\u00a0'
		}
	}
}

// rightToLeft tells whether a text runs from right to left: its first letter
// with a direction decides (Unicode Bidirectional Algorithm, P2 and P3).
func rightToLeft(text []rune) bool {
	for _, r := range text {
		properties, _ := bidi.LookupRune(r)
		switch properties.Class() {
		case bidi.L:
			return false
		case bidi.R, bidi.AL:
			return true
		}
	}
	return false
}

// shorten cuts a text before its rune end and marks the cut, without a space,
// a dash, a comma or an opening quote before the mark.
func shorten(text []rune, end int) []rune {
	kept := end
	for kept > 0 && (unbreaking(text[kept-1]) || strings.ContainsRune(" ,;:.…–—-/«“„‘([{¿¡", text[kept-1])) {
		kept--
	}
	if kept == 0 {
		kept = end
	}
	return append(text[:kept:kept], '…')
}
