// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-press/relais/services/search/internal/engine"
)

// recency is how much more the newest article is worth than a very old one, and
// halfLife is the age at which half of that is left, in milliseconds. It decides
// between articles that match about as well, never against a better match.
const (
	recency  = 0.1
	halfLife = 365 * 24 * float64(time.Hour/time.Millisecond)
)

// found is an article, gathered from the editions of it that matched.
type found struct {
	article    uint32
	score      float64 // the best edition's
	scored     uint32  // the language that has it
	published  int64   // of the matched edition that suits the reader best
	preference int     // of that edition
	last       int32   // the newest of its editions in ranking.editions
	counted    bool    // in the total: some edition passes every filter
}

// edition is a document that matched; before is another of the same article.
type edition struct {
	part   *part
	doc    uint32
	before int32
	fails  string // the facet whose filter alone keeps it out; empty: none does
}

// ranking gathers matching editions into articles, counts facets and orders.
type ranking struct {
	q          *engine.Query
	texts      []string // by number
	known      func(string) (uint32, bool)
	now        int64
	scored     bool
	loose      map[string]func(p *part, doc uint32) bool // filters that facets are counted without
	preference map[uint32]int                            // by language

	articles []found
	byID     map[uint32]int32
	editions []edition
	facets   map[string]map[uint32]int // by facet and value; a year stands for itself
}

// facetFields are the columns that facets are read from.
var facetFields = map[string]string{
	engine.FacetSection:      fieldSection,
	engine.FacetPerson:       fieldPerson,
	engine.FacetOrganisation: fieldOrganisation,
}

func newRanking(q *engine.Query, names *names, scored bool) *ranking {
	r := &ranking{
		q: q, texts: names.all(), known: names.known, now: q.Now.UnixMilli(), scored: scored,
		preference: map[uint32]int{}, byID: map[uint32]int32{}, facets: map[string]map[uint32]int{},
	}
	for _, facet := range q.Facets {
		if facet == engine.FacetLanguage || facet == engine.FacetYear || facetFields[facet] != "" {
			r.facets[facet] = map[uint32]int{}
		}
	}
	r.loose = r.looseFilters()
	return r
}

// counts reports whether a facet is counted and filtered by, so that its filter
// may not keep the other values out.
func counts(q *engine.Query, facet string) bool {
	if !slices.Contains(q.Facets, facet) {
		return false
	}
	switch facet {
	case engine.FacetLanguage:
		return len(q.Languages) > 0
	case engine.FacetYear:
		return len(q.Years) > 0
	}
	return len(chosen(q, facet)) > 0
}

// chosen are the names that a query filters a facet by.
func chosen(q *engine.Query, facet string) []string {
	switch facet {
	case engine.FacetSection:
		return q.Sections
	case engine.FacetPerson:
		return q.People
	case engine.FacetOrganisation:
		return q.Organisations
	}
	return nil
}

func (r *ranking) looseFilters() map[string]func(p *part, doc uint32) bool {
	out := map[string]func(p *part, doc uint32) bool{}
	numbers := func(texts []string) []uint32 {
		var ns []uint32
		for _, t := range texts {
			if n, ok := r.known(t); ok {
				ns = append(ns, n)
			}
		}
		return ns
	}
	for facet := range r.facets {
		if !counts(r.q, facet) {
			continue
		}
		switch facet {
		case engine.FacetLanguage:
			wanted := numbers(r.q.Languages)
			out[facet] = func(p *part, doc uint32) bool { return slices.Contains(wanted, p.columns.language[doc]) }
		case engine.FacetYear:
			out[facet] = func(p *part, doc uint32) bool { return slices.Contains(r.q.Years, year(p.columns.published[doc])) }
		default:
			field, wanted := facetFields[facet], numbers(chosen(r.q, facet))
			out[facet] = func(p *part, doc uint32) bool {
				return slices.ContainsFunc(p.columns.facets[field].of(doc), func(n uint32) bool { return slices.Contains(wanted, n) })
			}
		}
	}
	return out
}

func year(ms int64) int { return time.UnixMilli(ms).UTC().Year() }

// add takes in everything that matched in a part.
func (r *ranking) add(p *part) {
	it := p.matched.Iterator()
	for it.HasNext() {
		doc := it.Next()
		fails, out := "", false
		for facet, passes := range r.loose {
			if !passes(p, doc) {
				out = out || fails != ""
				fails = facet
			}
		}
		if !out {
			r.take(p, doc, fails)
		}
	}
}

func (r *ranking) take(p *part, doc uint32, fails string) {
	c := p.columns
	article, language := c.article[doc], c.language[doc]
	i, ok := r.byID[article]
	if !ok {
		i = int32(len(r.articles)) //nolint:gosec // articles fit in memory
		r.byID[article] = i
		r.articles = append(r.articles, found{article: article, preference: math.MaxInt, last: -1})
	}
	a := &r.articles[i]
	r.count(a, p, doc, fails)
	r.editions = append(r.editions, edition{part: p, doc: doc, before: a.last, fails: fails})
	a.last = int32(len(r.editions) - 1) //nolint:gosec // as above
	if fails != "" {
		return
	}
	score := r.score(p, doc)
	if !a.counted || score > a.score || score == a.score && r.texts[language] < r.texts[a.scored] {
		a.score, a.scored = score, language
	}
	a.counted = true
	preference, ok := r.preference[language]
	if !ok {
		preference = r.q.Preference(r.texts[language])
		r.preference[language] = preference
	}
	if cmp.Or(cmp.Compare(preference, a.preference), cmp.Compare(c.published[doc], a.published)) < 0 {
		a.preference, a.published = preference, c.published[doc]
	}
}

// score is what an edition is worth: its words, and a little for being new.
func (r *ranking) score(p *part, doc uint32) float64 {
	if !r.scored || p.scores == nil {
		return 0
	}
	// Equal scores may differ in their last bits, as terms are summed in any order.
	return math.Round(float64(p.scores[doc])*r.freshness(p.columns.published[doc])*1e4) / 1e4
}

func (r *ranking) freshness(published int64) float64 {
	return 1 + recency*math.Exp2(-float64(max(0, r.now-published))/halfLife)
}

// count adds an edition's article to the values of every facet, once each.
func (r *ranking) count(a *found, p *part, doc uint32, fails string) {
	for facet, tally := range r.facets {
		if fails != "" && fails != facet {
			continue
		}
		switch facet {
		case engine.FacetLanguage:
			r.countOne(a, tally, facet, p.columns.language[doc])
		case engine.FacetYear:
			r.countOne(a, tally, facet, uint32(year(p.columns.published[doc]))) //nolint:gosec // years have four digits
		default:
			values := p.columns.facets[facetFields[facet]].of(doc)
			for i, v := range values {
				if !slices.Contains(values[:i], v) {
					r.countOne(a, tally, facet, v)
				}
			}
		}
	}
}

func (r *ranking) countOne(a *found, tally map[uint32]int, facet string, value uint32) {
	for i := a.last; i >= 0; i = r.editions[i].before {
		e := &r.editions[i]
		if (e.fails == "" || e.fails == facet) && e.has(facet, value) {
			return
		}
	}
	tally[value]++
}

func (e *edition) has(facet string, value uint32) bool {
	switch facet {
	case engine.FacetLanguage:
		return e.part.columns.language[e.doc] == value
	case engine.FacetYear:
		return uint32(year(e.part.columns.published[e.doc])) == value //nolint:gosec // years have four digits
	}
	return slices.Contains(e.part.columns.facets[facetFields[facet]].of(e.doc), value)
}

// total is the number of articles found.
func (r *ranking) total() int {
	n := 0
	for i := range r.articles {
		if r.articles[i].counted {
			n++
		}
	}
	return n
}

// page returns the articles of the page that the query asks for. It keeps the
// best so many in order while it looks at each article once.
func (r *ranking) page(byDate bool) []*found {
	start := max(r.q.Offset, 0)
	room := start + max(r.q.Limit, 0)
	if r.q.Limit <= 0 || start >= len(r.articles) {
		return nil
	}
	order := func(a, b *found) int {
		if !byDate && a.score != b.score {
			return cmp.Compare(b.score, a.score)
		}
		return cmp.Or(cmp.Compare(b.published, a.published), strings.Compare(r.texts[a.article], r.texts[b.article]))
	}
	var best []*found
	for i := range r.articles {
		a := &r.articles[i]
		if !a.counted || len(best) == room && order(best[room-1], a) < 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, a, order)
		if len(best) == room {
			best = best[:room-1]
		}
		best = slices.Insert(best, at, a)
	}
	return best[min(start, len(best)):]
}

// languages are those an article's matching editions are in.
func (r *ranking) languages(a *found) []string {
	var out []string
	for i := a.last; i >= 0; i = r.editions[i].before {
		if e := &r.editions[i]; e.fails == "" {
			out = append(out, r.texts[e.part.columns.language[e.doc]])
		}
	}
	return out
}

// facetCounts returns every facet that was asked for and is known.
func (r *ranking) facetCounts() map[string][]engine.FacetValue {
	if len(r.facets) == 0 {
		return nil
	}
	limit := cmp.Or(r.q.FacetLimit, engine.MaxFacetValues)
	out := make(map[string][]engine.FacetValue, len(r.facets))
	for facet, tally := range r.facets {
		values := make([]engine.FacetValue, 0, len(tally))
		for value, n := range tally {
			text := strconv.Itoa(int(value))
			if facet != engine.FacetYear {
				text = r.texts[value]
			}
			values = append(values, engine.FacetValue{Value: text, Count: n})
		}
		slices.SortFunc(values, func(a, b engine.FacetValue) int {
			return cmp.Or(b.Count-a.Count, strings.Compare(a.Value, b.Value))
		})
		out[facet] = values[:min(len(values), limit)]
	}
	return out
}

// contribution is what finding one word in one field was worth.
type contribution struct {
	Field string  `json:"field"`
	Form  string  `json:"form"`
	Term  string  `json:"term"`
	Worth float64 `json:"worth"`
}

// explanation tells how the score of a hit came about: the sum of what its words
// are worth, times its freshness.
type explanation struct {
	Score     float64        `json:"score"`
	Language  string         `json:"language"` // of the edition that scored best
	Freshness float64        `json:"freshness"`
	Typos     bool           `json:"typos"` // letters were forgiven
	Some      bool           `json:"some"`  // words were left out
	Words     []contribution `json:"words"`
}

func (s *asked) teller(p *part) func(doc uint32, l *look, worth float64) {
	if s.explained == nil {
		s.explained = map[*part]map[uint32][]contribution{}
	}
	if s.explained[p] == nil {
		s.explained[p] = map[uint32][]contribution{}
	}
	return func(doc uint32, l *look, worth float64) {
		s.explained[p][doc] = append(s.explained[p][doc], contribution{l.field.name, l.form, l.term, worth})
	}
}

func (s *asked) explain(r *ranking, a *found) explanation {
	out := explanation{Score: a.score, Language: r.texts[a.scored], Typos: s.lenient.typos, Some: s.lenient.some, Words: []contribution{}}
	for i := a.last; i >= 0; i = r.editions[i].before {
		e := &r.editions[i]
		if e.part.columns.language[e.doc] == a.scored {
			out.Freshness = r.freshness(e.part.columns.published[e.doc])
			out.Words = append(out.Words, s.explained[e.part][e.doc]...)
		}
	}
	return out
}
