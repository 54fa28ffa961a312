// SPDX-License-Identifier: Apache-2.0

package match

import (
	"slices"
	"strings"

	"github.com/relais-press/relais/services/search/internal/analysis"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// Reading is a text as one or more languages understand it.
type Reading struct {
	Languages []string // of the editions it is looked for in
	Question  Question
	Typed     bool // rather than a rewording of what was
}

// Worth is what a match counts for: 1, and that of a rewording for one.
func (r *Reading) Worth(rewording float64) float64 {
	if r.Typed {
		return 1
	}
	return rewording
}

// WordsAlone reports whether a question may be answered by words only: a vector
// knows nothing of phrases and exclusions.
func WordsAlone(readings []Reading) bool {
	return slices.ContainsFunc(readings, func(r Reading) bool {
		return len(r.Question.Phrases)+len(r.Question.Not)+len(r.Question.NotPhrases) > 0
	})
}

// NewHighlighter marks texts of a language; in one that no reading is for, it
// marks nothing. With typos, words that match but for wrong letters are marked too.
func NewHighlighter(readings []Reading, language string, typos bool) *Highlighter {
	h := &Highlighter{Typos: typos}
	for i := range readings {
		if r := &readings[i]; slices.Contains(r.Languages, language) {
			h.add(&r.Question, r.Typed)
		}
	}
	h.Analyze = analysis.Skim(language, initials(h.Terms, h.Phrases, typos))
	return h
}

// Limits are what an engine takes in of a question; what is beyond them is ignored.
type Limits struct {
	Words      int // phrases included, each as one
	Phrases    int
	Not        int // words, and as many phrases
	Rewordings int
}

// Readings reads a query's text in each language, and its rewordings in theirs.
// Languages that agree share a reading. Nobody is typing the last word of a
// rewording, and what the text leaves out is left out of rewordings too.
func Readings(q *engine.Query, languages []string, limits Limits) []Reading {
	var out []Reading
	add := func(question Question, language string, typed bool) {
		if question.Empty() {
			return
		}
		i := slices.IndexFunc(out, func(r Reading) bool { return r.Typed == typed && r.Question.Equal(&question) })
		if i < 0 {
			out = append(out, Reading{Question: question, Typed: typed})
			i = len(out) - 1
		}
		out[i].Languages = append(out[i].Languages, language)
	}
	for _, l := range languages {
		add(limits.parse(q.Text, l), l, true)
	}
	for _, also := range q.Also[:min(len(q.Also), limits.Rewordings)] {
		for _, l := range languages {
			if primary, _, _ := strings.Cut(l, "-"); primary == also.Language {
				add(limits.reword(q.Text, also.Text, l), l, false)
			}
		}
	}
	return out
}

func (most Limits) reword(text, also, language string) Question {
	typed, q := most.parse(text, language), most.parse(also, language)
	if len(q.Terms)+len(q.Phrases) == 0 {
		return Question{}
	}
	for i := range q.Terms {
		q.Terms[i].Prefix = false
	}
	for _, t := range typed.Not {
		if !slices.Contains(q.Not, t) {
			q.Not = append(q.Not, t)
		}
	}
	q.NotPhrases = append(q.NotPhrases, typed.NotPhrases...)
	return q
}

func (most Limits) parse(text, language string) Question {
	q := Parse(text, analysis.For(language))
	q.Phrases = q.Phrases[:min(len(q.Phrases), most.Phrases)]
	q.Terms = q.Terms[:min(len(q.Terms), most.Words-len(q.Phrases))]
	q.Not = q.Not[:min(len(q.Not), most.Not)]
	q.NotPhrases = q.NotPhrases[:min(len(q.NotPhrases), most.Not)]
	return q
}
