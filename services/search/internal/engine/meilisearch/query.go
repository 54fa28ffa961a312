// SPDX-License-Identifier: Apache-2.0

package meilisearch

import (
	"slices"
	"strings"

	meili "github.com/meilisearch/meilisearch-go"

	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/match"
)

// What a match is worth by how it came about. The server's own score, of 0 to 1,
// is multiplied by it: that tells headlines from bodies, and spreads less.
const (
	weightExact     = 1.0
	weightStems     = 0.95
	weightPrefix    = 0.85
	weightRewording = 0.55
	weightVector    = 0.3
	weightTypos     = 0.95
	weightReversed  = 0.9
	weightAny       = 0.8 // many of the words
	weightOne       = 0.3 // one of the words
)

// Bounds of one search. The server heeds ten words of a text.
const (
	maxWords      = 10
	maxPhrases    = 4
	maxNot        = 16
	maxRewordings = 8
	maxSubsets    = 6 // words of which two thirds will do
)

// leniency says how a text may differ from what was typed.
type leniency int

// The leniencies are tried in turn until something matches.
const (
	asTyped leniency = iota
	typos            // letters may be wrong
	some             // and two thirds of three words or more will do
	leniencies
)

// limits are what the server takes in of a question.
var limits = match.Limits{Words: maxWords, Phrases: maxPhrases, Not: maxNot, Rewordings: maxRewordings}

// way is one way to find what was asked for: a query of the federated search.
type way struct {
	text      string
	fields    []string
	frequency bool     // the commonest words may be missing
	languages []string // of editions; none: any
	weight    float64
	vector    []float32 // instead of a text
	threshold float64   // the least score
}

// form is how a term is written in a query.
type form func(t *match.Term) string

func stemForm(t *match.Term) string      { return plain(t.Stem) }
func foldedForm(t *match.Term) string    { return plain(t.Folded) }
func accentForm(t *match.Term) string    { return exactForm(t.Exact) }
func backwardsForm(t *match.Term) string { return verbatim(t, reversed(plain(t.Folded))) }
func typoForm(t *match.Term) string      { return verbatim(t, plain(t.Folded)) }

// verbatim quotes a word that may have no letter wrong, though the server would
// let it.
func verbatim(t *match.Term, word string) string {
	if t.Edits() == 0 && strings.ContainsFunc(word, isDigit) && strings.ContainsFunc(word, func(r rune) bool { return !isDigit(r) }) {
		return `"` + word + `"`
	}
	return word
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// compose writes a query: what is left out, the phrases, then the terms. Where
// the last is finished, a space says so. A word that is too long to be indexed
// makes a query that nothing answers to, which ok tells.
func compose(q *match.Question, terms []match.Term, write form, unfinished form) (text string, ok bool) {
	var parts []string
	for i := range q.Not {
		if stem := stemForm(&q.Not[i]); len(stem) <= maxWord {
			parts = append(parts, "-"+stem)
		}
	}
	for _, p := range q.NotPhrases {
		parts = append(parts, `-"`+phrase(p)+`"`)
	}
	for _, p := range q.Phrases {
		if slices.ContainsFunc(p, func(w string) bool { return len(w) > maxWord }) {
			return "", false
		}
		parts = append(parts, `"`+phrase(p)+`"`)
	}
	end := " "
	for i := range terms {
		t := &terms[i]
		word := write(t)
		if i == len(terms)-1 && unfinished != nil {
			word, end = unfinished(t), ""
		}
		if len(word) > maxWord {
			return "", false
		}
		parts = append(parts, word)
	}
	return strings.Join(parts, " ") + end, true
}

func phrase(p match.Phrase) string {
	words := make([]string, len(p))
	for i, w := range p {
		words[i] = plain(w)
	}
	return strings.Join(words, " ")
}

// fields are the fields that are looked at: those of titles, then those of texts
// unless titles alone are asked for.
func (w *wording) fields(titles, texts []string) []string {
	if w.titles {
		return titles
	}
	return slices.Concat(titles, texts)
}

// ways are the ways to find what a question asks for, at a leniency.
func ways(r *match.Reading, l leniency, q *engine.Query) []way {
	w := wording{Reading: r, titles: q.Titles, anyWord: q.AnyWord}
	switch l {
	case asTyped:
		w.asTyped()
	case typos:
		w.typos(r.Question.Terms)
	case some:
		w.some()
	}
	return w.ways
}

// wording gathers the ways of one reading.
type wording struct {
	*match.Reading
	titles, anyWord bool
	ways            []way
}

func (w *wording) add(terms []match.Term, weight float64, fields []string, write, unfinished form) {
	if text, ok := compose(&w.Question, terms, write, unfinished); ok {
		w.ways = append(w.ways, way{text: text, fields: fields, languages: w.Languages, weight: weight * w.Worth(weightRewording)})
	}
}

func (w *wording) asTyped() {
	forms := w.fields(titleForms, textForms)
	terms := w.Question.Terms
	w.add(terms, weightStems, forms, stemForm, nil)
	if len(terms) == 0 {
		return
	}
	w.add(terms, weightExact, forms, accentForm, nil)
	w.unfinished(terms, weightPrefix, forms, stemForm)
	if !w.anyWord || len(terms) < 2 {
		return
	}
	if text, ok := compose(&w.Question, terms, stemForm, nil); ok {
		w.ways = append(w.ways, way{text: text, fields: forms, frequency: true, languages: w.Languages, weight: weightAny * w.Worth(weightRewording)})
	}
	for i := range terms {
		w.add(terms[i:i+1], weightOne, forms, stemForm, nil)
		w.unfinished(terms[i:i+1], weightOne*weightPrefix, forms, stemForm)
	}
}

// unfinished looks for terms of which the last may go on.
func (w *wording) unfinished(terms []match.Term, weight float64, fields []string, write form) {
	last := &terms[len(terms)-1]
	if last.Prefix && len([]rune(last.Folded)) >= match.MinPrefix {
		w.add(terms, weight, fields, write, foldedForm)
	}
}

// typos looks for terms with letters wrong. Forms are looked at, too: words that
// are left out are told by their stems.
func (w *wording) typos(terms []match.Term) {
	if len(terms) == 0 {
		return
	}
	forms := w.fields(titleForms, textForms)
	words := slices.Concat(forms, w.fields(titleWords, textWords))
	back := slices.Concat(forms, w.fields(titleReversed, textReversed))
	groups := [][]match.Term{terms}
	if w.anyWord && len(terms) > 1 {
		groups = groups[:0]
		for i := range terms {
			groups = append(groups, terms[i:i+1])
		}
	}
	for _, group := range groups {
		var last form
		if group[len(group)-1].Prefix {
			last = typoForm
		}
		w.add(group, weightTypos, words, typoForm, last)
		w.add(group, weightReversed, back, backwardsForm, nil)
	}
}

// some looks for two thirds of the terms, letters wrong or not. Of many terms, the
// longest count.
func (w *wording) some() {
	terms := w.Question.Terms
	if len(terms) < 3 {
		return
	}
	for len(terms) > maxSubsets {
		least := 0
		for i := range terms {
			if len(terms[i].Folded) < len(terms[least].Folded) {
				least = i
			}
		}
		terms = slices.Delete(slices.Clone(terms), least, least+1)
	}
	for _, subset := range subsets(terms, (2*len(terms)+2)/3) {
		w.typos(subset)
	}
}

// subsets are all choices of n terms, in order.
func subsets(terms []match.Term, n int) [][]match.Term {
	if n == 0 {
		return [][]match.Term{nil}
	}
	var out [][]match.Term
	for i := 0; i+n <= len(terms); i++ {
		for _, rest := range subsets(terms[i+1:], n-1) {
			out = append(out, append([]match.Term{terms[i]}, rest...))
		}
	}
	return out
}

// request makes the server's query of a way. The server's score of a vector is
// half of one more than its cosine.
func (w *way) request(uid, filter string, explain bool) *meili.SearchRequest {
	r := &meili.SearchRequest{
		IndexUID: uid, Query: w.text, Filter: filter, MatchingStrategy: meili.All,
		AttributesToRetrieve: []string{fieldValues}, AttributesToSearchOn: w.fields, ShowRankingScoreDetails: explain,
		RankingScoreThreshold: w.threshold,
		FederationOptions:     &meili.SearchFederationOptions{Weight: w.weight},
	}
	if w.frequency {
		r.MatchingStrategy = meili.Frequency
	}
	if len(w.languages) > 0 {
		r.Filter = filter + " AND " + oneOf(fieldLanguage, w.languages)
	}
	if w.vector != nil {
		r.Vector, r.Hybrid = w.vector, &meili.SearchRequestHybrid{Embedder: embedder, SemanticRatio: 1}
	}
	return r
}
