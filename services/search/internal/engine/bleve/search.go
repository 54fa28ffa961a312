// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/relais-press/relais/services/search/internal/analysis"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/match"
)

// Search implements engine.Engine. A text is first looked for as typed; when
// that finds nothing, with wrong letters forgiven; then with words left out.
func (x *Index) Search(ctx context.Context, q engine.Query) (engine.Result, error) {
	leave, err := x.enter(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	defer leave()
	if q.Now.IsZero() {
		q.Now = time.Now()
	}
	reader, err := x.store.Reader()
	if err != nil {
		return engine.Result{}, fmt.Errorf("search: %w", err)
	}
	defer reader.Close()

	s := &asked{q: &q, reader: reader}
	c, err := s.match(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	hits, err := s.hits(ctx, c.page(q.Sort == engine.ByDate || !s.scored()))
	if err != nil {
		return engine.Result{}, err
	}
	return engine.Result{Total: len(c.articles), Hits: hits, Facets: c.counts(), Correction: s.correction}, nil
}

// asked is one search under way.
type asked struct {
	q        *engine.Query
	reader   index.IndexReader
	readings []reading
	lenient  leniency // the one that found something

	correction string // after the first hit
}

func (s *asked) scored() bool { return strings.TrimSpace(s.q.Text) != "" }

// match gathers the articles that match.
func (s *asked) match(ctx context.Context) (*collector, error) {
	must, mustNot := filters(s.q)
	if !s.scored() {
		return collect(ctx, s.reader, s.q, query.NewBooleanQuery(must, nil, mustNot), false)
	}
	languages, err := searchedLanguages(s.reader, s.q)
	if err != nil {
		return nil, err
	}
	s.readings = readings(s.q.Text, languages)
	var c *collector
	for _, s.lenient = range leniencies {
		matching := query.NewBooleanQuery([]query.Query{textQuery(s.readings, s.lenient)}, nil, mustNot)
		matching.AddFilter(query.NewConjunctionQuery(must))
		c, err = collect(ctx, s.reader, s.q, matching, true)
		if err != nil || len(c.articles) > 0 || len(s.readings) == 0 {
			break
		}
	}
	return c, err
}

// hits makes the hits of a page from the stored editions.
func (s *asked) hits(ctx context.Context, page []*found) ([]engine.Hit, error) {
	if len(page) == 0 {
		return nil, nil
	}
	visible, err := s.visible(ctx, page)
	if err != nil {
		return nil, err
	}
	hits := make([]engine.Hit, 0, len(page))
	for i, a := range page {
		editions, bodies := visible[a.id].editions, visible[a.id].bodies
		shown := s.q.Best(editions)
		h := engine.NewHit(editions, shown)
		h.Score, h.MatchedLanguage = a.score, a.scored
		if slices.Contains(a.languages, h.Language) {
			h.MatchedLanguage = h.Language
		}
		m := s.highlighter(h.Language)
		h.HeadlineMarks = m.Marks(h.Headline)
		h.Excerpt, h.ExcerptMarks = m.Excerpt(h.Description, string(bodies[shown]))
		if i == 0 && s.lenient.typos {
			s.correction = m.Correct(strings.TrimSpace(s.q.Text), h.Headline, h.Description, string(bodies[shown]))
		}
		h.BodyText = ""
		hits = append(hits, h)
	}
	return hits, nil
}

// stack is the editions of one article that the viewer may see.
type stack struct {
	editions []engine.Document
	bodies   [][]byte
}

func (s *asked) visible(ctx context.Context, page []*found) (map[string]*stack, error) {
	ids := make([]string, len(page))
	for i, a := range page {
		ids[i] = a.id
	}
	must, mustNot := rights(s.q)
	must = append(must, oneOf(fieldArticle, ids...))
	out := map[string]*stack{}
	err := each(ctx, s.reader, query.NewBooleanQuery(must, nil, mustNot), false, func(_ *search.DocumentMatch, key string) error {
		d, body, ok, err := storedWithBody(s.reader, key)
		if err != nil || !ok {
			return err
		}
		if out[d.ID] == nil {
			out[d.ID] = &stack{}
		}
		out[d.ID].editions = append(out[d.ID].editions, d)
		out[d.ID].bodies = append(out[d.ID].bodies, body)
		return nil
	})
	return out, err
}

// highlighter marks texts of a language; a text that no language of the index
// was searched in is read as its own.
func (s *asked) highlighter(language string) *match.Highlighter {
	h := &match.Highlighter{Analyze: match.Analyzer(analysis.For(language)), Typos: s.lenient.typos}
	for _, r := range s.readings {
		if slices.Contains(r.languages, language) {
			h.Terms = r.terms
		}
	}
	return h
}
