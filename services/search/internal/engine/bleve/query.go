// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"fmt"
	"slices"
	"time"

	"github.com/blevesearch/bleve/v2/search/query"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/relais-press/relais/services/search/internal/analysis"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/match"
)

// What a match of each form of a word is worth, beside the field it is in.
var formBoosts = map[string]float64{formExact: 4, formFolded: 2, formStem: 1, formEdge: 0.5}

// What a match is worth when letters are wrong.
const typoBoost = 0.2

// leniency says how a text may differ from what was typed.
type leniency struct {
	typos bool // letters may be wrong
	some  bool // two thirds of three words or more will do
}

// leniencies are tried in turn until something matches.
var leniencies = []leniency{{}, {typos: true}, {typos: true, some: true}}

// reading is a query's text as one or more languages understand it.
type reading struct {
	languages []string
	terms     []match.Term
}

// readings analyses a text in each language; languages that agree share a reading.
func readings(text string, languages []string) []reading {
	var out []reading
	for _, l := range languages {
		terms := match.Terms(analysis.For(l)(text))
		if len(terms) == 0 {
			continue
		}
		i := slices.IndexFunc(out, func(r reading) bool { return slices.Equal(r.terms, terms) })
		if i < 0 {
			out = append(out, reading{terms: terms})
			i = len(out) - 1
		}
		out[i].languages = append(out[i].languages, l)
	}
	return out
}

// searchedLanguages are the languages of the index that a query admits.
func searchedLanguages(reader index.IndexReader, q *engine.Query) ([]string, error) {
	dict, err := reader.FieldDict(fieldLanguage)
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
		if admits(q.Languages, entry.Term) && admits(q.Viewer.Languages, entry.Term) {
			out = append(out, entry.Term)
		}
	}
}

func admits(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }

// textQuery matches what the readings ask for.
func textQuery(rs []reading, lenient leniency) query.Query {
	ways := make([]query.Query, 0, len(rs))
	for _, r := range rs {
		way := termsQuery(r.terms, lenient)
		if len(rs) > 1 {
			b := query.NewBooleanQuery([]query.Query{way}, nil, nil)
			b.AddFilter(oneOf(fieldLanguage, r.languages...))
			way = b
		}
		ways = append(ways, way)
	}
	return query.NewDisjunctionQuery(ways)
}

func termsQuery(terms []match.Term, lenient leniency) query.Query {
	clauses := make([]query.Query, len(terms))
	for i := range terms {
		clauses[i] = termQuery(&terms[i], lenient.typos)
	}
	if lenient.some && len(terms) >= 3 {
		some := query.NewDisjunctionQuery(clauses)
		some.SetMin(float64((2*len(terms) + 2) / 3))
		return some
	}
	return query.NewConjunctionQuery(clauses)
}

// termQuery matches one word, in any part of an edition and any form.
func termQuery(t *match.Term, typos bool) query.Query {
	var any []query.Query
	add := func(q interface {
		query.FieldableQuery
		query.BoostableQuery
	}, field string, boost float64,
	) {
		q.SetField(field)
		q.SetBoost(boost)
		any = append(any, q)
	}
	words := map[string]string{formExact: t.Exact, formFolded: t.Folded, formStem: t.Stem}
	prefix, edits := "", 0
	if t.Prefix {
		prefix = edge(t.Folded)
	}
	if typos {
		edits = t.Edits()
	}
	for _, f := range textFields {
		for _, form := range f.forms {
			add(query.NewTermQuery(words[form]), f.name+"."+form, f.boost*formBoosts[form])
		}
		if prefix != "" {
			add(query.NewTermQuery(prefix), f.name+"."+formEdge, f.boost*formBoosts[formEdge])
		}
		// Beginnings of words hold whole words too, so one look-up does for both.
		switch {
		case edits > 0 && prefix != "":
			add(fuzzy(prefix, edits), f.name+"."+formEdge, f.boost*typoBoost)
		case edits > 0:
			add(fuzzy(t.Folded, edits), f.name+"."+formFolded, f.boost*typoBoost)
		}
	}
	return query.NewDisjunctionQuery(any)
}

func fuzzy(word string, edits int) *query.FuzzyQuery {
	q := query.NewFuzzyQuery(word)
	q.SetFuzziness(edits)
	return q
}

// rights admits the editions that the viewer may see at the query's moment, of
// the languages it asks for.
func rights(q *engine.Query) (must, mustNot []query.Query) {
	seen := []string{everyone}
	if q.Viewer.Partner != "" {
		seen = append(seen, audience(q.Viewer.Partner))
	}
	must = []query.Query{oneOf(fieldAudience, seen...)}
	for field, lists := range map[string][][]string{
		fieldLanguage: {q.Viewer.Languages, q.Languages},
		fieldSection:  {q.Viewer.Sections},
	} {
		for _, list := range lists {
			if len(list) > 0 {
				must = append(must, oneOf(field, list...))
			}
		}
	}
	now := milliseconds(q.Now)
	yes, no := true, false
	embargoed := query.NewNumericRangeInclusiveQuery(&now, nil, &no, nil)
	embargoed.SetField(fieldEmbargo)
	expired := query.NewNumericRangeInclusiveQuery(nil, &now, nil, &yes)
	expired.SetField(fieldExpiry)
	return must, []query.Query{embargoed, expired}
}

// filters are the rights and whatever else the query narrows by.
func filters(q *engine.Query) (must, mustNot []query.Query) {
	must, mustNot = rights(q)
	for field, list := range map[string][]string{
		fieldSection: q.Sections, fieldPerson: q.People, fieldOrganisation: q.Organisations, fieldArticle: q.IDs,
	} {
		if len(list) > 0 {
			must = append(must, oneOf(field, list...))
		}
	}
	if len(q.Years) > 0 {
		years := make([]query.Query, len(q.Years))
		for i, y := range q.Years {
			years[i] = published(time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(y+1, 1, 1, 0, 0, 0, 0, time.UTC))
		}
		must = append(must, query.NewDisjunctionQuery(years))
	}
	if len(q.NotIDs) > 0 {
		mustNot = append(mustNot, oneOf(fieldArticle, q.NotIDs...))
	}
	if !q.From.IsZero() || !q.To.IsZero() {
		must = append(must, published(q.From, q.To))
	}
	return must, mustNot
}

// published admits from ≤ date < to; a zero time is no bound.
func published(from, to time.Time) query.Query {
	bound := func(t time.Time) *float64 {
		if t.IsZero() {
			return nil
		}
		ms := milliseconds(t)
		return &ms
	}
	r := query.NewNumericRangeQuery(bound(from), bound(to))
	r.SetField(fieldDate)
	return r
}

func oneOf(field string, values ...string) query.Query {
	any := make([]query.Query, len(values))
	for i, v := range values {
		t := query.NewTermQuery(v)
		t.SetField(field)
		any[i] = t
	}
	if len(any) == 1 {
		return any[0]
	}
	return query.NewDisjunctionQuery(any)
}
