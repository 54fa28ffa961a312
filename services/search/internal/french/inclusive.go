// SPDX-License-Identifier: Apache-2.0

package french

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// joinInclusive takes in the endings of inclusive writing, which leave the word
// what it is: avocat·e·s, avocat(e)s, auteur·rice·s, professionnel.le.s.
func (w *word) joinInclusive() {
	if utf8.RuneCountInString(w.text[w.start:w.end]) < 3 {
		return
	}
	if end, ok := w.parenthesis(); ok {
		w.end = end
		return
	}
	sign, size := utf8.DecodeRuneInString(w.text[w.end:])
	if !connects(sign) {
		return
	}
	for {
		next, nextSize := utf8.DecodeRuneInString(w.text[w.end:])
		if next != sign {
			return
		}
		end := runEnd(w.text, w.end+nextSize)
		ending := strings.ToLower(w.text[w.end+size : end])
		if !isEnding(sign, ending) || w.goesOn(end, sign) {
			return
		}
		w.end = end
	}
}

func connects(r rune) bool {
	switch r {
	case '·', '•', '‧', '.', '-':
		return true
	}
	return false
}

// goesOn reports whether what looks like an ending is the start of something
// longer: avocat-e-mail, exemple.e.org.
func (w *word) goesOn(end int, sign rune) bool {
	r, size := utf8.DecodeRuneInString(w.text[end:])
	if (sign != '.' && sign != '-') || r != sign {
		return false
	}
	next, _ := utf8.DecodeRuneInString(w.text[end+size:])
	return unicode.IsLetter(next) && !isEnding(sign, strings.ToLower(w.text[end+size:runEnd(w.text, end+size)]))
}

// parenthesis reads avocat(e)s, mot(s), directeur(trice).
func (w *word) parenthesis() (int, bool) {
	if w.end >= len(w.text) || w.text[w.end] != '(' {
		return 0, false
	}
	inner := runEnd(w.text, w.end+1)
	if inner >= len(w.text) || w.text[inner] != ')' || !isEnding('(', strings.ToLower(w.text[w.end+1:inner])) {
		return 0, false
	}
	end := inner + 1
	if tail := runEnd(w.text, end); tail > end && strings.EqualFold(w.text[end:tail], "s") {
		end = tail
	}
	return end, true
}

// isEnding reports whether an ending may follow a sign. The full stop and the
// hyphen have other uses, so fewer endings are believed after them.
func isEnding(sign rune, ending string) bool {
	switch ending {
	case "e", "es", "rice", "rices", "trice", "trices", "euse", "euses":
		return true
	case "s":
		return true
	case "ne", "nes", "le", "les", "te", "tes", "se", "ses", "ère", "ères", "ive", "ives", "ve", "ves":
		return sign != '-'
	}
	return (sign == '·' || sign == '‧') && ending != "" && utf8.RuneCountInString(ending) <= 6
}
