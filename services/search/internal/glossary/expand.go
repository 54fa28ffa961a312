// SPDX-License-Identifier: Apache-2.0

package glossary

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/relais-press/relais/services/search/internal/analysis"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/match"
	"github.com/relais-press/relais/services/search/internal/french"
)

// How many rewordings a question gets.
const (
	maxPerLanguage = 4
	maxRewordings  = 16
	maxPicks       = 64 // that are tried for one language; words may be repeated
)

// Compiled is a glossary made ready to reword questions. It does not change and
// is safe for concurrent use; the zero value rewords nothing.
type Compiled struct {
	languages []string
	indexes   map[string]*index
}

// index finds the concepts of one language.
type index struct {
	analyze func(string) []french.Token
	byStems map[string][]*Concept // stems of a term, joined by spaces
	longest int                   // words of the longest term
}

// Compile makes a valid document ready. The document may not change afterwards.
func Compile(d *Document) *Compiled {
	c := &Compiled{indexes: map[string]*index{}}
	for i := range d.Concepts {
		concept := &d.Concepts[i]
		for tag, terms := range concept.Terms {
			if c.indexes[tag] == nil {
				c.indexes[tag] = &index{analyze: analysis.For(tag), byStems: map[string][]*Concept{}}
			}
			c.indexes[tag].add(concept, terms)
		}
	}
	c.languages = slices.Sorted(maps.Keys(c.indexes))
	return c
}

func (x *index) add(c *Concept, terms []string) {
	for _, term := range terms {
		tokens := x.analyze(term)
		key := stems(tokens)
		if key == "" || slices.Contains(x.byStems[key], c) {
			continue
		}
		x.byStems[key] = append(x.byStems[key], c)
		x.longest = max(x.longest, len(tokens))
	}
}

func stems(tokens []french.Token) string {
	var b strings.Builder
	for i := range tokens {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(tokens[i].Stem)
	}
	return b.String()
}

// span is a stretch of a question, in bytes: one that names a concept in a
// language, one that says little, or one that is to stay as it is.
type span struct {
	start, end int
	language   string
	concepts   []*Concept // none: left out, or left alone
}

func (s *span) overlaps(start, end int) bool { return s.start < end && start < s.end }

// Expand puts a question in other words: for each of the languages, the text
// with each concept it names replaced by terms of that language. Concepts are
// looked for in the reader's language first, then in any other, the longest
// first. Words of no concept stay, but for those that say little in the
// language of the concepts found; what is quoted or ruled out stays whole.
// There are at most 4 rewordings a language and 16 in all, the usual terms first.
// No languages: all of the glossary.
func (c *Compiled) Expand(text, language string, languages []string) []engine.Rewording {
	found, spans := c.find(text, primary(language))
	if len(found) == 0 {
		return nil
	}
	var lists [][]engine.Rewording
	for _, target := range c.targets(languages) {
		if list := reword(text, target, spans); len(list) > 0 {
			lists = append(lists, list)
		}
	}
	var out []engine.Rewording
	for i := range maxPerLanguage {
		for _, list := range lists {
			if i < len(list) && len(out) < maxRewordings {
				out = append(out, list[i])
			}
		}
	}
	return out
}

// targets are the languages to reword for, in the order of their tags.
func (c *Compiled) targets(languages []string) []string {
	if len(languages) == 0 {
		return c.languages
	}
	var out []string
	for _, l := range languages {
		if l = primary(l); c.indexes[l] != nil && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return out
}

// find returns the languages that concepts were found in, and the spans to
// replace or to leave out, in order.
func (c *Compiled) find(text, reader string) (found []string, spans []span) {
	var kept []span // what is quoted or ruled out
	for _, o := range match.Operators(text) {
		kept = append(kept, span{start: o[0], end: o[1]})
	}
	order := slices.DeleteFunc(slices.Clone(c.languages), func(l string) bool { return l == reader })
	if c.indexes[reader] != nil {
		order = slices.Insert(order, 0, reader)
	}
	free := func(start, end int) bool {
		taken := func(s span) bool { return s.overlaps(start, end) }
		return !slices.ContainsFunc(kept, taken) && !slices.ContainsFunc(spans, taken)
	}
	read := map[string][]french.Token{}
	for _, l := range order {
		tokens := c.indexes[l].analyze(text)
		named := c.indexes[l].named(text, tokens, free)
		for i := range named {
			named[i].language = l
		}
		if len(named) > 0 {
			found, spans, read[l] = append(found, l), append(spans, named...), tokens
		}
	}
	for _, l := range found {
		for _, t := range read[l] {
			if start := elided(text, t.Start); t.Stop && free(start, t.End) {
				spans = append(spans, span{start: start, end: t.End, language: l})
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	return found, spans
}

// named are the spans of a text that name concepts, where it is free.
func (x *index) named(text string, tokens []french.Token, free func(start, end int) bool) []span {
	var out []span
	for i := 0; i < len(tokens); {
		words := 1
		for n := min(x.longest, len(tokens)-i); n > 0; n-- {
			concepts := x.byStems[stems(tokens[i:i+n])]
			start, end := elided(text, tokens[i].Start), tokens[i+n-1].End
			if len(concepts) > 0 && free(start, end) {
				out = append(out, span{start: start, end: end, concepts: concepts})
				words = n
				break
			}
		}
		i += words
	}
	return out
}

// elided is where a word starts with the article before its apostrophe.
func elided(text string, at int) int {
	r, size := utf8.DecodeLastRuneInString(text[:at])
	if !strings.ContainsRune("'\u2019\u2018\u2032\u02bc", r) {
		return at
	}
	before := strings.TrimRightFunc(text[:at-size], unicode.IsLetter)
	return len(before)
}

// reword makes the rewordings of a text for one language.
func reword(text, target string, spans []span) []engine.Rewording {
	choices := make([][]string, len(spans)) // none: the span stays, or goes
	replaced := false
	for i := range spans {
		if spans[i].language != target {
			choices[i] = terms(spans[i].concepts, target)
			replaced = replaced || len(choices[i]) > 0
		}
	}
	if !replaced {
		return nil
	}
	var out []engine.Rewording
	seen := []string{french.Fold(text)}
	picks := make([]int, len(spans))
	for tried := 0; picks != nil && tried < maxPicks && len(out) < maxPerLanguage; tried++ {
		other := replace(text, target, spans, choices, picks)
		if folded := french.Fold(other); !slices.Contains(seen, folded) {
			seen = append(seen, folded)
			out = append(out, engine.Rewording{Language: target, Text: other})
		}
		picks = next(picks, choices)
	}
	return out
}

// terms are those of the concepts in a language, each once, whatever its accents.
func terms(concepts []*Concept, language string) []string {
	var out, seen []string
	for _, c := range concepts {
		for _, t := range c.Terms[language] {
			if folded := french.Fold(t); !slices.Contains(seen, folded) {
				out, seen = append(out, t), append(seen, folded)
			}
		}
	}
	return out
}

// next counts the picks up, the first choice fastest; nil after the last.
func next(picks []int, choices [][]string) []int {
	for i := range picks {
		if picks[i]+1 < len(choices[i]) {
			picks[i]++
			return picks
		}
		picks[i] = 0
	}
	return nil
}

// replace writes the text with one choice for each span.
func replace(text, target string, spans []span, choices [][]string, picks []int) string {
	var b strings.Builder
	at := 0
	for i := range spans {
		s := &spans[i]
		b.WriteString(text[at:s.start])
		switch {
		case len(choices[i]) > 0:
			b.WriteString(choices[i][picks[i]])
		case len(s.concepts) > 0 || s.language == target:
			b.WriteString(text[s.start:s.end])
		}
		at = s.end
	}
	b.WriteString(text[at:])
	return strings.Join(strings.Fields(b.String()), " ")
}

func primary(language string) string {
	p, _, _ := strings.Cut(language, "-")
	return strings.ToLower(p)
}
