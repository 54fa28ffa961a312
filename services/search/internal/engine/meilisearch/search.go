// SPDX-License-Identifier: Apache-2.0

package meilisearch

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	meili "github.com/meilisearch/meilisearch-go"

	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/match"
)

// Search implements engine.Engine. A text is first looked for as typed, in other
// words and by its vector; when that finds nothing, with wrong letters forgiven;
// then with words left out. It is Unavailable when the server has
// not answered within patience.
func (x *Index) Search(ctx context.Context, q engine.Query) (engine.Result, error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	res, err := x.search(limited, q)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return engine.Result{}, unavailable("search", err)
	}
	return res, err
}

// patience is how long a search waits for a server that hangs.
const patience = 5 * time.Second

func (x *Index) search(ctx context.Context, q engine.Query) (engine.Result, error) {
	leave, err := x.gate.Enter(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	defer leave()
	if q.Now.IsZero() {
		q.Now = time.Now()
	}
	s := &asked{x: x, q: &q, languages: x.searched(&q)}
	c, err := s.match(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	hits, err := s.hits(ctx, c.page(q.Sort == engine.ByDate || !s.scored()))
	if err != nil {
		return engine.Result{}, err
	}
	return engine.Result{Total: max(len(c.articles), c.total), Hits: hits, Facets: c.listed(), Correction: s.correction}, nil
}

// searched are the languages of the index that a query admits.
func (x *Index) searched(q *engine.Query) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out []string
	for l := range x.languages {
		if admits(q.Viewer.Languages, l) && (counts(q, engine.FacetLanguage) || admits(q.Languages, l)) {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return out
}

func admits(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }

func counts(q *engine.Query, facet string) bool { return slices.Contains(q.Facets, facet) }

// asked is one search under way.
type asked struct {
	x         *Index
	q         *engine.Query
	languages []string
	readings  []match.Reading
	lenient   leniency // the one that found something

	correction string // after the first hit
}

func (s *asked) scored() bool { return strings.TrimSpace(s.q.Text) != "" || s.q.Vector != nil }

// match gathers the articles that match.
func (s *asked) match(ctx context.Context) (*collector, error) {
	if !s.scored() {
		return s.collect(ctx, []way{{weight: 1}})
	}
	s.readings = match.Readings(s.q, s.languages, limits)
	vector := s.vector()
	c := newCollector(s.q)
	for s.lenient = asTyped; s.lenient < leniencies; s.lenient++ {
		all := s.ways()
		if len(all) == 0 && s.lenient > asTyped {
			continue
		}
		if all = append(all, vector...); len(all) == 0 {
			continue
		}
		var err error
		if c, err = s.collect(ctx, all); err != nil || c.worded {
			return c, err
		}
	}
	s.lenient = asTyped
	return c, nil
}

// ways are the ways to find the words of the text, as leniently as is tried now.
func (s *asked) ways() []way {
	var all []way
	for i := range s.readings {
		all = append(all, ways(&s.readings[i], s.lenient, s.q)...)
	}
	if len(s.readings) == 1 && len(s.readings[0].Languages) == len(s.languages) {
		for i := range all {
			all[i].languages = nil // no edition is in any other
		}
	}
	return all
}

// vector is the way to find what is near the text's vector, unless the question
// is for words alone, or titles.
func (s *asked) vector() []way {
	if s.q.Titles || s.x.dimensions == 0 || len(s.q.Vector) != s.x.dimensions || match.WordsAlone(s.readings) {
		return nil
	}
	return []way{{weight: weightVector, vector: s.q.Vector, threshold: (1 + s.q.Nearness) / 2}}
}

// collect asks the server and gathers its answer into articles. When that is too
// broad to be gathered whole, the server counts.
func (s *asked) collect(ctx context.Context, all []way) (*collector, error) {
	relaxed := narrowed(s.q, func(facet string) bool { return counts(s.q, facet) }).String()
	c, whole, err := s.gather(ctx, all, relaxed)
	if err != nil || whole {
		return c, err
	}
	strict := narrowed(s.q, func(string) bool { return false }).String()
	if strict != relaxed {
		if c, _, err = s.gather(ctx, all, strict); err != nil {
			return nil, err
		}
	}
	return c, s.tally(ctx, all, c)
}

// gather takes in the best matches, and reports whether those are all.
func (s *asked) gather(ctx context.Context, all []way, filter string) (c *collector, whole bool, err error) {
	// An article takes as many matches as it has editions.
	limit := (max(s.q.Offset, 0) + max(s.q.Limit, 0)) * max(len(s.languages), 1)
	limit = min(max(limit, fewMatches), maxMatches)
	res, err := s.ask(ctx, all, filter, limit)
	if err != nil {
		return nil, false, err
	}
	c = newCollector(s.q)
	for _, hit := range res.Hits {
		if err := c.add(hit, all, s.scored()); err != nil {
			return nil, false, err
		}
	}
	return c, len(res.Hits) < limit, nil
}

// census is one count by the server.
type census struct {
	relaxed string   // the facet whose filter is not heeded; empty: all are
	facets  []string // those that are counted
}

// censuses are the counts that the query's facets need, that of all articles first.
func (c *collector) censuses() []census {
	out := []census{{}}
	for _, facet := range slices.Sorted(maps.Keys(c.facets)) {
		if facet == engine.FacetLanguage || filtered(c.q, facet) {
			out = append(out, census{facet, []string{facet}})
		} else {
			out[0].facets = append(out[0].facets, facet)
		}
	}
	return out
}

// tally lets the server count articles and facets. It counts an article's best
// edition; languages by the edition.
func (s *asked) tally(ctx context.Context, all []way, c *collector) error {
	if len(c.articles) == 0 {
		return nil
	}
	for i, n := range c.censuses() {
		// Pages are counted whole, which limits are not. The library has no pages here.
		federation := map[string]any{"page": 1, "hitsPerPage": 0}
		if n.relaxed != engine.FacetLanguage {
			federation["distinct"] = fieldArticle
		}
		if len(n.facets) > 0 {
			federation["mergeFacets"] = map[string]int{"maxValuesPerFacet": maxFacetValues}
			federation["facetsByIndex"] = map[string][]string{s.x.uid: n.facets} // facets are named as their fields
		}
		filter := narrowed(s.q, func(facet string) bool { return facet == n.relaxed }).String()
		var res struct {
			TotalHits         int
			FacetDistribution map[string]json.RawMessage
		}
		err := s.x.client.raw(ctx, "count matches", http.MethodPost, "/multi-search",
			map[string]any{"federation": federation, "queries": s.queries(all, filter)}, &res)
		if err != nil {
			return err
		}
		if i == 0 {
			c.total = res.TotalHits
		}
		if err := c.takeCounts(n.facets, res.FacetDistribution); err != nil {
			return err
		}
	}
	return nil
}

func (s *asked) ask(ctx context.Context, all []way, filter string, limit int) (*meili.MultiSearchResponse, error) {
	res, err := s.x.client.MultiSearchWithContext(ctx, &meili.MultiSearchRequest{
		Federation: &meili.MultiSearchFederation{Limit: int64(limit)}, Queries: s.queries(all, filter),
	})
	if err != nil {
		return nil, explain(ctx, "search", err)
	}
	if res.ProcessingTimeMs >= cutoff {
		s.x.log.WarnContext(ctx, "search cut off by the server: hits may be missing", "index", s.x.uid, "processing_ms", res.ProcessingTimeMs)
	}
	return res, nil
}

func (s *asked) queries(all []way, filter string) []*meili.SearchRequest {
	out := make([]*meili.SearchRequest, len(all))
	for i := range all {
		out[i] = all[i].request(s.x.uid, filter, s.q.Explain)
		if s.q.Sort == engine.ByDate || !s.scored() {
			out[i].Sort = []string{fieldPublished + ":desc"}
		}
	}
	return out
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
		editions := visible[a.id]
		shown := s.q.Best(editions)
		if shown < 0 {
			continue // taken away since it matched
		}
		h := engine.NewHit(editions, shown)
		h.Score, h.MatchedLanguage = a.score, a.scored
		if slices.Contains(a.languages, h.Language) {
			h.MatchedLanguage = h.Language
		}
		m := match.NewHighlighter(s.readings, h.Language, s.lenient > asTyped)
		h.HeadlineMarks = m.Marks(h.Headline)
		h.Excerpt, h.ExcerptMarks = m.Excerpt(h.Description, h.BodyText)
		if i == 0 && s.lenient > asTyped {
			s.correction = m.Correct(strings.TrimSpace(s.q.Text), h.Headline, h.Description, strings.Join(h.Names(), "\n"), h.BodyText)
		}
		h.BodyText = ""
		if s.q.Explain {
			h.Explanation = a.explanation
		}
		hits = append(hits, h)
	}
	return hits, nil
}

// visible are the editions of a page's articles that the viewer may see.
func (s *asked) visible(ctx context.Context, page []*found) (map[string][]engine.Document, error) {
	ids := make([]string, len(page))
	for i, a := range page {
		ids[i] = a.id
	}
	filter := rights(s.q)
	filter.lists(fieldLanguage, s.q.Languages)
	filter.add(oneOf(fieldArticle, ids))
	var res meili.DocumentsResult
	err := s.x.client.Index(s.x.uid).GetDocumentsWithContext(ctx, &meili.DocumentsQuery{
		Filter: filter.String(), Fields: []string{fieldDocument}, Limit: maxMatches,
	}, &res)
	if err != nil {
		return nil, explain(ctx, "read editions", err)
	}
	out := map[string][]engine.Document{}
	for _, hit := range res.Results {
		var stored string
		var d engine.Document
		if err := json.Unmarshal(hit[fieldDocument], &stored); err != nil {
			return nil, fmt.Errorf("read editions: %w", err)
		}
		if err := json.Unmarshal([]byte(stored), &d); err != nil {
			return nil, fmt.Errorf("read editions: %w", err)
		}
		out[d.ID] = append(out[d.ID], d)
	}
	return out, nil
}

// found is an article, gathered from the editions of it that matched.
type found struct {
	id          string
	score       float64 // the best edition's
	scored      string  // the language that has it
	explanation any     // of that edition
	published   int64   // of the matched edition that suits the reader best
	preference  int     // of that edition
	languages   []string
}

// collector gathers matching editions into articles and counts facets.
type collector struct {
	q        *engine.Query
	articles map[string]*found
	facets   map[string]map[string]map[string]bool // articles by facet and value
	worded   bool                                  // words found something, and not vectors alone

	total  int                            // where there are more articles than were gathered
	counts map[string][]engine.FacetValue // likewise, by facet
}

func newCollector(q *engine.Query) *collector {
	c := &collector{q: q, articles: map[string]*found{}, facets: map[string]map[string]map[string]bool{}, counts: map[string][]engine.FacetValue{}}
	for _, facet := range q.Facets {
		if (&values{}).of(facet) != nil {
			c.facets[facet] = map[string]map[string]bool{}
		}
	}
	return c
}

// of are an edition's values of a facet; nil of one that is unknown.
func (v *values) of(facet string) []string {
	switch facet {
	case engine.FacetSection:
		return []string{v.Section}
	case engine.FacetLanguage:
		return []string{v.Language}
	case engine.FacetYear:
		return []string{fmt.Sprintf("%04d", v.Year)}
	case engine.FacetPerson:
		return append([]string{}, v.People...)
	case engine.FacetOrganisation:
		return append([]string{}, v.Organisations...)
	}
	return nil
}

// chosen are the values that the filter of a facet lets through; none: all.
func chosen(q *engine.Query, facet string) []string {
	switch facet {
	case engine.FacetSection:
		return q.Sections
	case engine.FacetLanguage:
		return q.Languages
	case engine.FacetPerson:
		return q.People
	case engine.FacetOrganisation:
		return q.Organisations
	case engine.FacetYear:
		years := make([]string, len(q.Years))
		for i, y := range q.Years {
			years[i] = (&values{Year: y}).of(facet)[0]
		}
		return years
	}
	return nil
}

func filtered(q *engine.Query, facet string) bool { return len(chosen(q, facet)) > 0 }

// admitted reports whether the filter of a facet lets an edition through.
func (v *values) admitted(q *engine.Query, facet string) bool {
	wanted := chosen(q, facet)
	return len(wanted) == 0 || slices.ContainsFunc(v.of(facet), func(s string) bool { return slices.Contains(wanted, s) })
}

// add takes in an edition that matched, unless the filters of facets rule it out.
func (c *collector) add(hit meili.Hit, all []way, scored bool) error {
	var v values
	if err := json.Unmarshal(hit[fieldValues], &v); err != nil {
		return fmt.Errorf("read matches: %w", err)
	}
	var ruledOut []string
	for facet := range c.facets {
		if !v.admitted(c.q, facet) {
			ruledOut = append(ruledOut, facet)
		}
	}
	for facet := range c.facets {
		if len(ruledOut) == 0 || len(ruledOut) == 1 && ruledOut[0] == facet {
			c.count(&v, facet)
		}
	}
	if len(ruledOut) > 0 {
		return nil
	}
	var f struct {
		WeightedRankingScore float64
		QueriesPosition      int
	}
	if scored {
		if err := json.Unmarshal(hit["_federation"], &f); err != nil {
			return fmt.Errorf("read matches: %w", err)
		}
	}
	c.worded = c.worded || f.QueriesPosition < len(all) && all[f.QueriesPosition].vector == nil
	c.article(&v, f.WeightedRankingScore, hit)
	return nil
}

func (c *collector) article(v *values, score float64, hit meili.Hit) {
	score = math.Round(score*1e9) / 1e9
	a, ok := c.articles[v.Article]
	if !ok {
		a = &found{id: v.Article, score: math.Inf(-1), preference: math.MaxInt}
		c.articles[v.Article] = a
	}
	a.languages = append(a.languages, v.Language)
	if score > a.score || score == a.score && v.Language < a.scored {
		a.score, a.scored = score, v.Language
		a.explanation = map[string]json.RawMessage{"federation": hit["_federation"], "details": hit["_rankingScoreDetails"]}
	}
	preference := c.q.Preference(v.Language)
	if cmp.Or(cmp.Compare(preference, a.preference), cmp.Compare(v.Published, a.published)) < 0 {
		a.preference, a.published = preference, v.Published
	}
}

// count adds an article to the values of a facet that an edition of it has.
func (c *collector) count(v *values, facet string) {
	for _, value := range v.of(facet) {
		if value == "" {
			continue
		}
		if c.facets[facet][value] == nil {
			c.facets[facet][value] = map[string]bool{}
		}
		c.facets[facet][value][v.Article] = true
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
		return cmp.Or(cmp.Compare(b.published, a.published), strings.Compare(a.id, b.id))
	})
	start := min(max(c.q.Offset, 0), len(all))
	return all[start:min(start+max(c.q.Limit, 0), len(all))]
}

// takeCounts reads the server's counts of facets.
func (c *collector) takeCounts(facets []string, counts map[string]json.RawMessage) error {
	for _, facet := range facets {
		var byValue map[string]int
		if err := json.Unmarshal([]byte(cmp.Or(string(counts[facet]), "{}")), &byValue); err != nil {
			return fmt.Errorf("read counts of %s: %w", facet, err)
		}
		list := make([]engine.FacetValue, 0, len(byValue))
		for value, n := range byValue {
			if !strings.HasPrefix(value, hashed) { // nobody knows what it was
				list = append(list, engine.FacetValue{Value: unescape(value), Count: n})
			}
		}
		c.counts[facet] = list
	}
	return nil
}

// listed returns every facet that was asked for and is known.
func (c *collector) listed() map[string][]engine.FacetValue {
	if len(c.facets) == 0 {
		return nil
	}
	limit := cmp.Or(max(c.q.FacetLimit, 0), engine.MaxFacetValues)
	out := make(map[string][]engine.FacetValue, len(c.facets))
	for facet, tallies := range c.facets {
		list, counted := c.counts[facet]
		if !counted {
			list = make([]engine.FacetValue, 0, len(tallies))
			for value, articles := range tallies {
				list = append(list, engine.FacetValue{Value: value, Count: len(articles)})
			}
		}
		slices.SortFunc(list, func(a, b engine.FacetValue) int {
			return cmp.Or(b.Count-a.Count, strings.Compare(a.Value, b.Value))
		})
		out[facet] = list[:min(len(list), limit)]
	}
	return out
}
