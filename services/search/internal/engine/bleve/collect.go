// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/relais-press/relais/services/search/internal/engine"
)

// found is an article, gathered from the editions of it that matched.
type found struct {
	id         string
	score      float64 // the best edition's
	scored     string  // the language that has it
	published  string  // of the matched edition that suits the reader best
	preference int     // of that edition
	languages  []string
	counted    []*tally
}

// tally counts the articles that have one value of a facet.
type tally struct{ articles int }

// collector gathers matching editions into articles and counts facets.
type collector struct {
	q        *engine.Query
	articles map[string]*found
	facets   map[string]map[string]*tally // by facet and value
}

// facetFields are the fields that facets are read from.
var facetFields = map[string]string{
	engine.FacetSection:      fieldSection,
	engine.FacetPerson:       fieldPerson,
	engine.FacetOrganisation: fieldOrganisation,
	engine.FacetYear:         fieldPublished,
}

// collect runs a query to its end.
func collect(ctx context.Context, reader index.IndexReader, q *engine.Query, matching query.Query, scored bool) (*collector, error) {
	fields := []string{fieldPublished}
	for _, facet := range q.Facets {
		if f := facetFields[facet]; f != "" && !slices.Contains(fields, f) {
			fields = append(fields, f)
		}
	}
	values, err := reader.DocValueReader(fields)
	if err != nil {
		return nil, fmt.Errorf("read values: %w", err)
	}
	c := &collector{q: q, articles: map[string]*found{}, facets: map[string]map[string]*tally{}}
	for _, facet := range q.Facets {
		if facet == engine.FacetLanguage || facetFields[facet] != "" {
			c.facets[facet] = map[string]*tally{}
		}
	}
	err = each(ctx, reader, matching, scored, func(m *search.DocumentMatch, key string) error {
		id, language, _ := strings.Cut(key, ".")
		// Equal scores may differ in their last bits, as terms are summed in any order.
		a := c.add(id, language, math.Round(m.Score*1e6)/1e6)
		published := ""
		err := values.VisitDocValues(m.IndexInternalID, func(field string, term []byte) {
			if field == fieldPublished {
				published = string(term)
			}
			for facet := range c.facets {
				if facetFields[facet] == field {
					c.count(a, facet, term)
				}
			}
		})
		if err != nil {
			return fmt.Errorf("read values: %w", err)
		}
		c.date(a, language, published)
		if c.facets[engine.FacetLanguage] != nil {
			c.count(a, engine.FacetLanguage, []byte(language))
		}
		return nil
	})
	return c, err
}

// each calls fn for every edition that a query matches, in no useful order. The
// match is only valid during the call.
func each(ctx context.Context, reader index.IndexReader, matching query.Query, scored bool,
	fn func(m *search.DocumentMatch, key string) error,
) error {
	options := search.SearcherOptions{}
	if !scored {
		options.Score = "none"
	}
	searcher, err := matching.Searcher(ctx, reader, nil, options)
	if err != nil {
		return fmt.Errorf("prepare search: %w", err)
	}
	defer searcher.Close()
	sc := &search.SearchContext{
		DocumentMatchPool: search.NewDocumentMatchPool(searcher.DocumentMatchPoolSize()+1, 0),
		IndexReader:       reader,
	}
	for n := 0; ; n++ {
		if n%512 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		m, err := searcher.Next(sc)
		if err != nil {
			return fmt.Errorf("search: %w", err)
		}
		if m == nil {
			return nil
		}
		key, err := reader.ExternalID(m.IndexInternalID)
		if err != nil {
			return fmt.Errorf("search: %w", err)
		}
		if err := fn(m, key); err != nil {
			return err
		}
		sc.DocumentMatchPool.Put(m)
	}
}

// add notes that an edition of an article matched.
func (c *collector) add(id, language string, score float64) *found {
	a, ok := c.articles[id]
	if !ok {
		a = &found{id: id, score: score, scored: language, preference: math.MaxInt}
		c.articles[id] = a
	}
	a.languages = append(a.languages, language)
	if score > a.score || score == a.score && language < a.scored {
		a.score, a.scored = score, language
	}
	return a
}

// date keeps the date of the edition that suits the reader best, the first of equals.
func (c *collector) date(a *found, language, published string) {
	preference := c.q.Preference(language)
	if cmp.Or(cmp.Compare(preference, a.preference), strings.Compare(published, a.published)) < 0 {
		a.preference, a.published = preference, published
	}
}

// count adds an article to a facet's value, once.
func (c *collector) count(a *found, facet string, value []byte) {
	if facet == engine.FacetYear {
		value = value[:len("2006")]
	}
	t := c.facets[facet][string(value)]
	if t == nil {
		t = &tally{}
		c.facets[facet][string(value)] = t
	}
	if !slices.Contains(a.counted, t) {
		a.counted = append(a.counted, t)
		t.articles++
	}
}

// page returns the articles of the page that the query asks for.
func (c *collector) page(byDate bool) []*found {
	all := make([]*found, 0, len(c.articles))
	for _, a := range c.articles {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b *found) int {
		if !byDate && a.score != b.score {
			return cmp.Compare(b.score, a.score)
		}
		return cmp.Or(strings.Compare(b.published, a.published), strings.Compare(a.id, b.id))
	})
	start := min(max(c.q.Offset, 0), len(all))
	return all[start:min(start+max(c.q.Limit, 0), len(all))]
}

// counts returns every facet that was asked for and is known.
func (c *collector) counts() map[string][]engine.FacetValue {
	if len(c.facets) == 0 {
		return nil
	}
	out := make(map[string][]engine.FacetValue, len(c.facets))
	for facet, tallies := range c.facets {
		values := make([]engine.FacetValue, 0, len(tallies))
		for value, t := range tallies {
			values = append(values, engine.FacetValue{Value: value, Count: t.articles})
		}
		slices.SortFunc(values, func(a, b engine.FacetValue) int {
			return cmp.Or(b.Count-a.Count, strings.Compare(a.Value, b.Value))
		})
		out[facet] = values[:min(len(values), engine.MaxFacetValues)]
	}
	return out
}
