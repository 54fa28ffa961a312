// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
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
	score      float64 // the best edition's
	published  int64   // of the matched edition that suits the reader best
	article    uint32
	scored     uint32 // the language of the best edition
	preference int32  // of the edition that suits the reader best
	last       int32  // the newest of its editions in ranking.editions
	counted    bool   // in the total: some edition passes every filter
}

// edition is a document that matched.
type edition struct {
	part   int32
	doc    uint32
	before int32 // another of the same article; -1: none
	fails  facet // whose filter alone keeps it out
}

// facet is one of facetNames; none is no facet.
type facet int8

const none facet = -1

const (
	section facet = iota
	person
	organisation
	year
	language
)

var facetNames = []string{engine.FacetSection, engine.FacetPerson, engine.FacetOrganisation, engine.FacetYear, engine.FacetLanguage}

// ranking gathers matching editions into articles, counts facets and orders.
type ranking struct {
	*scratch

	q          *engine.Query
	parts      []*part
	texts      []string // by number
	now        int64
	scored     bool
	counted    []facet
	loose      map[facet]func(c *columns, doc uint32) bool // filters that facets are counted without
	preference map[uint32]int32                            // by language
	total      int

	asked          bool // preferenceOf has been called, last for:
	lastLanguage   uint32
	lastPreference int32
}

// scratch is the memory of a ranking, used again by the next.
type scratch struct {
	articles []found
	editions []edition
	byID     []int32    // place in articles plus one, by number of the article; 0: not there
	tallies  [5][]int32 // by facet and number of the value; a year stands for itself
}

var scratches = sync.Pool{New: func() any { return &scratch{} }}

// fit makes room for so many numbers and sets it to zero.
func fit(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n+n/8)
	}
	s = s[:cap(s)]
	clear(s)
	return s
}

func newRanking(q *engine.Query, names *names, parts []*part, scored bool) *ranking {
	r := &ranking{
		scratch: scratches.Get().(*scratch), //nolint:forcetypeassert // the pool holds nothing else
		q:       q, parts: parts, texts: names.all(), now: q.Now.UnixMilli(), scored: scored, preference: map[uint32]int32{},
	}
	r.articles, r.editions, r.byID = r.articles[:0], r.editions[:0], fit(r.byID, len(r.texts))
	for f, name := range facetNames {
		if slices.Contains(q.Facets, name) {
			r.counted = append(r.counted, facet(f))
			r.tallies[f] = fit(r.tallies[f], max(len(r.texts), math.MaxInt16))
		}
	}
	r.loose = r.looseFilters(names)
	return r
}

// release gives the memory back; the ranking is of no use after it.
func (r *ranking) release() { scratches.Put(r.scratch) }

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

func (r *ranking) looseFilters(names *names) map[facet]func(c *columns, doc uint32) bool {
	out := map[facet]func(c *columns, doc uint32) bool{}
	numbers := func(texts []string) []uint32 {
		var ns []uint32
		for _, t := range texts {
			if n, ok := names.known(t); ok {
				ns = append(ns, n)
			}
		}
		return ns
	}
	for _, f := range r.counted {
		name := facetNames[f]
		if !counts(r.q, name) {
			continue
		}
		switch f {
		case language:
			wanted := numbers(r.q.Languages)
			out[f] = func(c *columns, doc uint32) bool { return slices.Contains(wanted, c.language[doc]) }
		case year:
			out[f] = func(c *columns, doc uint32) bool { return slices.Contains(r.q.Years, int(c.year[doc])) }
		default:
			wanted := numbers(chosen(r.q, name))
			out[f] = func(c *columns, doc uint32) bool {
				return slices.ContainsFunc(c.facets[f].of(doc), func(n uint32) bool { return slices.Contains(wanted, n) })
			}
		}
	}
	return out
}

// add takes in everything that matched in a part.
func (r *ranking) add(part int32) {
	p := r.parts[part]
	it := p.matched.ManyIterator()
	docs := make([]uint32, 512)
	for n := it.NextMany(docs); n > 0; n = it.NextMany(docs) {
		for _, doc := range docs[:n] {
			if len(r.loose) == 0 {
				r.take(p, edition{part: part, doc: doc, fails: none})
				continue
			}
			fails, out := none, false
			for f, passes := range r.loose {
				if !passes(p.columns, doc) {
					out = out || fails != none
					fails = f
				}
			}
			if !out {
				r.take(p, edition{part: part, doc: doc, fails: fails})
			}
		}
	}
}

func (r *ranking) take(p *part, e edition) {
	c := p.columns
	number, lang := c.article[e.doc], c.language[e.doc]
	if r.byID[number] == 0 {
		r.articles = append(r.articles, found{article: number, preference: math.MaxInt32, last: -1})
		r.byID[number] = int32(len(r.articles)) //nolint:gosec // articles fit in memory
	}
	a := &r.articles[r.byID[number]-1]
	for _, f := range r.counted {
		if e.fails == none || e.fails == f {
			r.count(a, c, e.doc, f)
		}
	}
	e.before, a.last = a.last, int32(len(r.editions)) //nolint:gosec // as above
	r.editions = append(r.editions, e)
	if e.fails != none {
		return
	}
	score := r.score(p, e.doc)
	if !a.counted {
		r.total++
	}
	if !a.counted || score > a.score || score == a.score && r.texts[lang] < r.texts[a.scored] {
		a.score, a.scored = score, lang
	}
	a.counted = true
	preference, published := r.preferenceOf(lang), c.published[e.doc]
	if preference < a.preference || preference == a.preference && published < a.published {
		a.preference, a.published = preference, published
	}
}

// preferenceOf is how well a language suits the reader. Most editions are in the
// same language as the one before.
func (r *ranking) preferenceOf(lang uint32) int32 {
	if !r.asked || lang != r.lastLanguage {
		preference, ok := r.preference[lang]
		if !ok {
			preference = int32(r.q.Preference(r.texts[lang])) //nolint:gosec // at most 4
			r.preference[lang] = preference
		}
		r.asked, r.lastLanguage, r.lastPreference = true, lang, preference
	}
	return r.lastPreference
}

// score is what an edition is worth: its words, and a little for being new.
func (r *ranking) score(p *part, doc uint32) float64 {
	if !r.scored || p.scores == nil || p.scores[doc] == 0 {
		return 0
	}
	// Equal scores may differ in their last bits, as terms are summed in any order.
	return math.Round(float64(p.scores[doc])*r.freshness(p.columns.published[doc])*1e4) / 1e4
}

func (r *ranking) freshness(published int64) float64 {
	return 1 + recency*math.Exp2(-float64(max(0, r.now-published))/halfLife)
}

// count adds an edition's article to its values of a facet, once each.
func (r *ranking) count(a *found, c *columns, doc uint32, f facet) {
	switch f {
	case language:
		r.countOne(a, f, c.language[doc])
	case year:
		r.countOne(a, f, uint32(c.year[doc])) //nolint:gosec // from 0 to 9999
	default:
		values := c.facets[f].of(doc)
		for i, v := range values {
			if !slices.Contains(values[:i], v) {
				r.countOne(a, f, v)
			}
		}
	}
}

func (r *ranking) countOne(a *found, f facet, value uint32) {
	for i := a.last; i >= 0; i = r.editions[i].before {
		e := &r.editions[i]
		if (e.fails == none || e.fails == f) && r.has(e, f, value) {
			return
		}
	}
	r.tallies[f][value]++
}

func (r *ranking) has(e *edition, f facet, value uint32) bool {
	c := r.parts[e.part].columns
	switch f {
	case language:
		return c.language[e.doc] == value
	case year:
		return uint32(c.year[e.doc]) == value //nolint:gosec // from 0 to 9999
	}
	return slices.Contains(c.facets[f].of(e.doc), value)
}

// best are the first of some things in an order, kept in that order.
type best[T any] struct {
	room  int
	order func(a, b T) int
	kept  []T
}

func (b *best[T]) add(x T) {
	if len(b.kept) == b.room {
		if b.room == 0 || b.order(b.kept[b.room-1], x) < 0 {
			return
		}
		b.kept = b.kept[:b.room-1]
	}
	at, _ := slices.BinarySearchFunc(b.kept, x, b.order)
	b.kept = slices.Insert(b.kept, at, x)
}

// page returns the articles of the page that the query asks for.
func (r *ranking) page(byDate bool) []*found {
	start := max(r.q.Offset, 0)
	if r.q.Limit <= 0 || start >= len(r.articles) {
		return nil
	}
	first := best[*found]{room: start + r.q.Limit, order: func(a, b *found) int {
		if !byDate && a.score != b.score {
			return cmp.Compare(b.score, a.score)
		}
		return cmp.Or(cmp.Compare(b.published, a.published), strings.Compare(r.texts[a.article], r.texts[b.article]))
	}}
	for i := range r.articles {
		if a := &r.articles[i]; a.counted {
			first.add(a)
		}
	}
	return first.kept[min(start, len(first.kept)):]
}

// languages are those an article's matching editions are in.
func (r *ranking) languages(a *found) []string {
	var out []string
	for i := a.last; i >= 0; i = r.editions[i].before {
		if e := &r.editions[i]; e.fails == none {
			out = append(out, r.texts[r.parts[e.part].columns.language[e.doc]])
		}
	}
	return out
}

// facetCounts returns every facet that was asked for and is known.
func (r *ranking) facetCounts() map[string][]engine.FacetValue {
	if len(r.counted) == 0 {
		return nil
	}
	out := make(map[string][]engine.FacetValue, len(r.counted))
	for _, f := range r.counted {
		first := best[engine.FacetValue]{
			room: cmp.Or(r.q.FacetLimit, engine.MaxFacetValues), kept: []engine.FacetValue{},
			order: func(a, b engine.FacetValue) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Value, b.Value)) },
		}
		for value, n := range r.tallies[f] {
			switch {
			case n == 0:
			case f == year:
				first.add(engine.FacetValue{Value: strconv.Itoa(value), Count: int(n)})
			default:
				first.add(engine.FacetValue{Value: r.texts[value], Count: int(n)})
			}
		}
		out[facetNames[f]] = first.kept
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
		if p := r.parts[e.part]; p.columns.language[e.doc] == a.scored {
			out.Freshness = r.freshness(p.columns.published[e.doc])
			out.Words = append(out.Words, s.explained[p][e.doc]...)
		}
	}
	return out
}
