// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"fmt"
	"slices"

	"github.com/blevesearch/bleve/v2/index/scorch"

	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/match"
)

// What a match of each form of a word is worth, beside the field it is in.
var formBoosts = map[string]float64{formExact: 4, formFolded: 2, formStem: 1, formEdge: 0.5}

const (
	typoBoost      = 0.2 // what a match is worth when letters are wrong
	rewordingBoost = 0.4 // what a match of other words is worth beside one of those typed
	phraseBoost    = 3   // what a phrase is worth, beside the field it is in
)

// maxVariants is how many words of the index a mistyped word may stand for in one field.
const maxVariants = 128

// leniency says how a text may differ from what was typed.
type leniency struct {
	typos bool // letters may be wrong
	some  bool // two thirds of three words or more will do
}

// leniencies are tried in turn until something matches.
var leniencies = []leniency{{}, {typos: true}, {typos: true, some: true}}

// limits are what the index takes in of a question.
var limits = match.Limits{Words: match.MaxTerms, Phrases: match.MaxTerms, Not: match.MaxTerms, Rewordings: 16}

// searchedLanguages are the languages of the index that a query admits; one that
// is only counted is admitted too.
func searchedLanguages(snapshot *scorch.IndexSnapshot, q *engine.Query, counted bool) ([]string, error) {
	dict, err := snapshot.FieldDict(fieldLanguage)
	if err != nil {
		return nil, fmt.Errorf("list languages: %w", err)
	}
	defer dict.Close()
	var out []string
	for {
		entry, err := dict.Next()
		if err != nil {
			return nil, fmt.Errorf("list languages: %w", err)
		}
		if entry == nil {
			return out, nil
		}
		if (counted || admits(q.Languages, entry.Term)) && admits(q.Viewer.Languages, entry.Term) {
			out = append(out, entry.Term)
		}
	}
}

func admits(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }

// look is one term of the index to look up, and what finding it is worth.
type look struct {
	field *textField
	form  string
	term  string
	boost float64
}

func (l *look) name() string { return l.field.name + "." + l.form }

// plan is how a reading is looked up.
type plan struct {
	languages []string
	words     [][]look // each word by any of its looks
	least     int      // so many words must match
	phrases   []match.Phrase
	not       [][]look
	without   []match.Phrase
	fields    []textField
	boost     float64
}

// planner turns readings into plans over one state of the index. Readings have
// most of their words in common, so each is looked up once.
type planner struct {
	snapshot *scorch.IndexSnapshot
	query    *engine.Query
	known    map[wanted][]look
}

// wanted is a word as a planner knows it again.
type wanted struct {
	term  match.Term
	typos bool
}

func (p *planner) plan(r *match.Reading, lenient leniency) (*plan, error) {
	out := &plan{
		languages: r.Languages, phrases: r.Question.Phrases, without: r.Question.NotPhrases,
		fields: textFields, boost: r.Worth(rewordingBoost),
	}
	if p.query.Titles {
		out.fields = titles()
	}
	for i := range r.Question.Terms {
		looks, err := p.word(&r.Question.Terms[i], out.fields, lenient.typos)
		if err != nil {
			return nil, err
		}
		out.words = append(out.words, looks)
	}
	for i := range r.Question.Not {
		out.not = append(out.not, whole(&r.Question.Not[i], textFields))
	}
	out.least = len(out.words)
	switch n := len(out.words); {
	case p.query.AnyWord:
		out.least = min(n, 1)
	case lenient.some && n >= 3:
		out.least = (2*n + 2) / 3
	}
	return out, nil
}

// whole looks a finished word up in every form.
func whole(t *match.Term, fields []textField) []look {
	var out []look
	for i := range fields {
		f := &fields[i]
		if t.Exact != t.Folded {
			out = append(out, look{f, formExact, t.Exact, f.boost * formBoosts[formExact]})
		}
		out = append(out,
			look{f, formFolded, t.Folded, f.boost * formBoosts[formFolded]},
			look{f, formStem, t.Stem, f.boost * formBoosts[formStem]})
	}
	return out
}

// word looks a word up in any part of an edition and any form.
func (p *planner) word(t *match.Term, fields []textField, typos bool) ([]look, error) {
	at := wanted{*t, typos}
	if looks, ok := p.known[at]; ok {
		return looks, nil
	}
	looks, err := p.lookUp(t, fields, typos)
	p.known[at] = looks
	return looks, err
}

func (p *planner) lookUp(t *match.Term, fields []textField, typos bool) ([]look, error) {
	out := whole(t, fields)
	prefix, edits := "", 0
	if t.Prefix {
		prefix = edge(t.Folded)
	}
	if typos {
		edits = t.Edits()
	}
	for i := range fields {
		f := &fields[i]
		if prefix != "" {
			out = append(out, look{f, formEdge, prefix, f.boost * formBoosts[formEdge]})
		}
		if edits == 0 {
			continue
		}
		// Beginnings of words hold whole words too, so one look-up does for both.
		form, term := formFolded, t.Folded
		if prefix != "" {
			form, term = formEdge, prefix
		}
		var err error
		if out, err = p.variants(out, f, form, term, edits); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// variants adds the terms of the index that are some edits away from a word.
func (p *planner) variants(out []look, f *textField, form, word string, edits int) ([]look, error) {
	dict, err := p.snapshot.FieldDictFuzzy(f.name+"."+form, word, edits, "")
	if err != nil {
		return nil, fmt.Errorf("look for variants of %q: %w", word, err)
	}
	defer dict.Close()
	for range maxVariants {
		entry, err := dict.Next()
		if err != nil {
			return nil, fmt.Errorf("look for variants of %q: %w", word, err)
		}
		if entry == nil {
			break
		}
		out = append(out, look{f, form, entry.Term, f.boost * typoBoost})
	}
	return out, nil
}
