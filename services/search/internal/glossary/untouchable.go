// SPDX-License-Identifier: Apache-2.0

package glossary

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// quotes open and close the phrases of a question.
const quotes = "\"“”„«»"

// untouchable are the stretches of a question that are not reworded, as
// match.Parse reads them: what stands in quotes, and what follows a hyphen that
// starts a word.
func untouchable(text string) []span {
	var out []span
	before := ' '
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		at := i
		if r == '-' && unicode.IsSpace(before) {
			at += size
		}
		end := at + quoted(text[at:])
		if end == at && at > i {
			end = at + wordLength(text[at:])
		}
		if end > at {
			out = append(out, span{start: i, end: end})
			i, before = end, ' '
			continue
		}
		i, before = i+size, r
	}
	return out
}

// quoted is the length of the phrase that a text starts with; 0 without one.
func quoted(text string) int {
	r, size := utf8.DecodeRuneInString(text)
	closing := ""
	switch r {
	case '«':
		closing = "»"
	case '"', '“', '”', '„':
		closing = "\"“”"
	default:
		return 0
	}
	i := strings.IndexAny(text[size:], closing)
	if i < 0 {
		return 0
	}
	_, closed := utf8.DecodeRuneInString(text[size+i:])
	return size + i + closed
}

// wordLength is the length of the word that a text starts with; 0 without one.
func wordLength(text string) int {
	if r, _ := utf8.DecodeRuneInString(text); !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return 0
	}
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
		return i
	}
	return len(text)
}
