// SPDX-License-Identifier: Apache-2.0

package match

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/relais-press/relais/services/search/internal/french"
)

// Question is a text as typed by a reader, read in one language.
type Question struct {
	Terms      []Term
	Phrases    []Phrase // wanted, beside the terms
	Not        []Term   // words that may not be there
	NotPhrases []Phrase
}

// Phrase is words that stand side by side, folded, stop words included.
type Phrase []string

// Empty reports whether a question neither asks for nor rules out anything.
func (q *Question) Empty() bool {
	return len(q.Terms) == 0 && len(q.Phrases) == 0 && len(q.Not) == 0 && len(q.NotPhrases) == 0
}

// Parse reads a text: what stands in « », “ ”, „ “ or " " is a phrase; what
// follows a hyphen that starts a word is left out, be it a word or a phrase; the
// rest are words. A quote that is never closed, or a hyphen before nothing, is
// read as if it were not there. The last word may be unfinished when nothing
// comes after it.
func Parse(text string, analyze Analyzer) Question {
	var q Question
	var plain strings.Builder
	last := false // whether the last piece read is plain
	for _, p := range pieces(text) {
		last = false
		switch {
		case p.kind == plainPiece:
			plain.WriteString(p.text + " ")
			last = true
		case p.not:
			q.exclude(analyze(p.text))
		default:
			q.require(analyze(p.text))
		}
	}
	q.Terms = Terms(analyze(plain.String()))
	if n := len(q.Terms); n > 0 && !last {
		q.Terms[n-1].Prefix = false
	}
	return q
}

func (q *Question) require(tokens []french.Token) {
	if len(tokens) > 0 && len(q.Phrases) < MaxTerms {
		q.Phrases = append(q.Phrases, phrase(tokens))
	}
}

func (q *Question) exclude(tokens []french.Token) {
	switch {
	case len(q.Not)+len(q.NotPhrases) >= MaxTerms:
	case len(phrase(tokens)) == 1:
		t := tokens[0]
		q.Not = append(q.Not, Term{Exact: t.Exact, Folded: t.Folded, Stem: t.Stem})
	case len(tokens) > 0:
		q.NotPhrases = append(q.NotPhrases, phrase(tokens))
	}
}

func phrase(tokens []french.Token) Phrase {
	out := make(Phrase, 0, len(tokens))
	for i := range tokens {
		if len(out) < MaxTerms && !partOf(tokens, i) {
			out = append(out, tokens[i].Folded)
		}
	}
	return out
}

// partOf reports whether a token is a part of the word before it, such as the head
// of a compound.
func partOf(tokens []french.Token, i int) bool {
	return i > 0 && tokens[i].Position == tokens[i-1].Position
}

type pieceKind int

const (
	plainPiece pieceKind = iota
	quotedPiece
	wordPiece // after a hyphen
)

// piece is a stretch of a question that is read in one way.
type piece struct {
	kind       pieceKind
	not        bool
	text       string
	start, end int // in bytes, quotes and hyphen included; unset in a plain one
}

// Operators are the stretches of a text, in bytes, that Parse does not read as
// plain words: phrases, and what is left out.
func Operators(text string) [][2]int {
	var out [][2]int
	for _, p := range pieces(text) {
		if p.kind != plainPiece {
			out = append(out, [2]int{p.start, p.end})
		}
	}
	return out
}

// pieces cuts a question at its quotes and at the hyphens that leave something out.
func pieces(text string) []piece {
	var out []piece
	start := 0 // of the plain text not yet in out
	add := func(at int, p piece) {
		if strings.TrimSpace(text[start:at]) != "" {
			out = append(out, piece{text: text[start:at]})
		}
		out = append(out, p)
	}
	before := ' '
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		not := r == '-' && unicode.IsSpace(before)
		at := i
		if not {
			at += size
		}
		if inner, end, ok := quoted(text[at:]); ok {
			add(i, piece{quotedPiece, not, inner, i, at + end})
			i, start, before = at+end, at+end, ' '
			continue
		}
		if end := wordEnd(text[at:]); not && end > 0 {
			add(i, piece{wordPiece, true, text[at : at+end], i, at + end})
			i, start, before = at+end, at+end, ' '
			continue
		}
		i, before = i+size, r
	}
	if strings.TrimSpace(text[start:]) != "" {
		out = append(out, piece{text: text[start:]})
	}
	return out
}

// quoted reads a phrase that starts with a quote, and where it ends.
func quoted(text string) (inner string, end int, ok bool) {
	r, size := utf8.DecodeRuneInString(text)
	closing := ""
	switch r {
	case '«':
		closing = "»"
	case '"', '“', '”', '„':
		closing = "\"“”"
	default:
		return "", 0, false
	}
	i := strings.IndexAny(text[size:], closing)
	if i < 0 {
		return "", 0, false
	}
	_, closed := utf8.DecodeRuneInString(text[size+i:])
	return text[size : size+i], size + i + closed, true
}

// wordEnd is where the word that text starts with ends; 0 when it starts with none.
func wordEnd(text string) int {
	if r, _ := utf8.DecodeRuneInString(text); !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return 0
	}
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
		return i
	}
	return len(text)
}

// Equal reports whether two questions ask for the same.
func (q *Question) Equal(other *Question) bool {
	return slices.Equal(q.Terms, other.Terms) && slices.Equal(q.Not, other.Not) &&
		slices.EqualFunc(q.Phrases, other.Phrases, slices.Equal) && slices.EqualFunc(q.NotPhrases, other.NotPhrases, slices.Equal)
}
