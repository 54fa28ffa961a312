// SPDX-License-Identifier: Apache-2.0

// Package match says which words of a text a reader's words stand for, so that
// every engine finds and marks the same ones.
package match

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/relais-press/relais/services/search/internal/french"
)

// The lengths, in letters, of the prefixes that an unfinished word is found by.
const (
	MinPrefix = 2
	MaxPrefix = 15
)

// MaxTerms is how many words of a query count; any more are ignored.
const MaxTerms = 32

// Term is one word of a query.
type Term struct {
	Exact  string // as typed, in lower case
	Folded string // without accents and ligatures
	Stem   string
	Prefix bool // the word may be unfinished
}

// Terms are the words that a query asks for, each once: all but the stop words, or
// all when there are only stop words. The last may be unfinished.
func Terms(tokens []french.Token) []Term {
	var all, wanted []Term
	for _, t := range tokens {
		term := Term{Exact: t.Exact, Folded: t.Folded, Stem: t.Stem}
		all = put(all, term)
		if !t.Stop {
			wanted = put(wanted, term)
		}
	}
	if len(wanted) == 0 {
		wanted = all
	}
	wanted = wanted[:min(len(wanted), MaxTerms)]
	if len(wanted) > 0 {
		wanted[len(wanted)-1].Prefix = true
	}
	return wanted
}

// put adds a term; one that is there already goes to the end, since the last may
// be unfinished.
func put(terms []Term, t Term) []Term {
	return append(slices.DeleteFunc(terms, func(has Term) bool { return has == t }), t)
}

// Edits is how many letters may be wrong in a term: one from four letters, two
// from eight, none in a term that holds anything but letters. Swapping two
// neighbors is one edit.
func (t *Term) Edits() int {
	for _, r := range t.Folded {
		if !unicode.IsLetter(r) {
			return 0
		}
	}
	switch n := utf8.RuneCountInString(t.Folded); {
	case n >= 8:
		return 2
	case n >= 4:
		return 1
	}
	return 0
}

// initials are the first letters that a word of a text may have to be one of
// those asked for; empty when any may be.
func initials(terms []Term, phrases []Phrase, typos bool) string {
	if typos {
		return ""
	}
	var out []byte
	add := func(word string) bool {
		if word == "" || word[0] >= utf8.RuneSelf {
			return false
		}
		out = append(out, word[0])
		return true
	}
	for i := range terms {
		if !add(terms[i].Folded) || !add(terms[i].Stem) {
			return ""
		}
	}
	for _, p := range phrases {
		for _, w := range p {
			if !add(w) {
				return ""
			}
		}
	}
	return string(out)
}

// matches reports whether a word of a text is what the term asks for; with
// typos, also whether it may be.
func (t *Term) matches(w *french.Token, typos bool) bool {
	if w.Exact == t.Exact || w.Folded == t.Folded || w.Stem == t.Stem {
		return true
	}
	if t.Prefix && utf8.RuneCountInString(t.Folded) >= MinPrefix && strings.HasPrefix(w.Folded, t.Folded) {
		return true
	}
	if !typos {
		return false
	}
	edits := t.Edits()
	return edits > 0 && near([]rune(t.Folded), []rune(w.Folded), edits, t.Prefix)
}

// near reports whether the optimal string alignment distance of a term to a
// word, or to a beginning of the word when the term may be unfinished, is at
// most edits.
func near(term, word []rune, edits int, prefix bool) bool {
	if prefix && len(word) > len(term)+edits {
		word = word[:len(term)+edits]
	}
	if len(term)-len(word) > edits || len(word)-len(term) > edits {
		return false
	}
	cells := make([]int, 3*(len(word)+1))
	before, last, row := cells[:len(word)+1], cells[len(word)+1:2*(len(word)+1)], cells[2*(len(word)+1):]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(term); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(word); j++ {
			cost := 1
			if term[i-1] == word[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && term[i-1] == word[j-2] && term[i-2] == word[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > edits {
			return false
		}
		before, last, row = last, row, before
	}
	if prefix {
		return slices.Min(last[min(MinPrefix, len(word)):]) <= edits
	}
	return last[len(word)] <= edits
}
