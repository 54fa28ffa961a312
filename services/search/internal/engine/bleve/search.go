// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"

	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/match"
)

// bodiesUpTo is how many editions may match for the frequency of words in their
// bodies to count. When more match, a body that has the words is no rare thing:
// headlines, names and descriptions decide, then the date.
const bodiesUpTo = 2000

// Search implements engine.Engine. A text is first looked for as typed; when
// that finds nothing, with wrong letters forgiven; then with words left out.
func (x *Index) Search(ctx context.Context, q engine.Query) (_ engine.Result, err error) {
	defer guard(&err)()
	leave, err := x.gate.Enter(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	defer leave()
	if q.Now.IsZero() {
		q.Now = time.Now()
	}
	snapshot, err := x.snapshot()
	if err != nil {
		return engine.Result{}, fmt.Errorf("search: %w", err)
	}
	defer snapshot.Close()

	s := &asked{q: &q, snapshot: snapshot, index: x}
	if err := s.admit(ctx); err != nil {
		return engine.Result{}, err
	}
	if err := s.match(ctx); err != nil {
		return engine.Result{}, err
	}
	r := newRanking(&q, &x.columns.names, s.parts, s.scored())
	defer r.release()
	for i := range s.parts {
		r.add(int32(i))
	}
	if err := ctx.Err(); err != nil {
		return engine.Result{}, err
	}
	hits, err := s.hits(r, r.page(q.Sort == engine.ByDate || !s.scored()))
	if err != nil {
		return engine.Result{}, err
	}
	return engine.Result{Total: r.total, Hits: hits, Facets: r.facetCounts(), Correction: s.correction}, nil
}

// snapshot is the index as it stands; it must be closed.
func (x *Index) snapshot() (*scorch.IndexSnapshot, error) {
	reader, err := x.store.Reader()
	if err != nil {
		return nil, err
	}
	snapshot, ok := reader.(*scorch.IndexSnapshot)
	if !ok {
		_ = reader.Close()
		return nil, errors.New("the index is not scorch's")
	}
	return snapshot, nil
}

// asked is one search under way.
type asked struct {
	q        *engine.Query
	snapshot *scorch.IndexSnapshot
	index    *Index
	parts    []*part
	readings []match.Reading
	lenient  leniency // the one that found something

	explained  map[*part]map[uint32][]contribution
	correction string // after the first hit
}

func (s *asked) scored() bool { return strings.TrimSpace(s.q.Text) != "" || s.q.Vector != nil }

// admit finds what the viewer may see in each part, and what the filters admit of it.
func (s *asked) admit(ctx context.Context) error {
	for _, seg := range s.snapshot.Segments() {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := s.index.columns.of(seg)
		if err != nil {
			return err
		}
		p := newPart(seg, c)
		if p.rights, err = rights(p, s.q); err != nil {
			return err
		}
		if p.admitted, err = filtered(p, s.q); err != nil {
			return err
		}
		p.matched = p.admitted
		s.parts = append(s.parts, p)
	}
	return nil
}

// rights are the editions that the viewer may see at the query's moment.
func rights(p *part, q *engine.Query) (*roaring.Bitmap, error) {
	audiences := []string{everyone}
	if q.Viewer.Partner != "" {
		audiences = append(audiences, audience(q.Viewer.Partner))
	}
	out, err := p.having(fieldAudience, audiences...)
	if q.Viewer.Editor {
		out, err = p.having(fieldUsable, "1")
	}
	if err != nil {
		return nil, err
	}
	if p.deleted != nil {
		out.AndNot(p.deleted)
	}
	if err := narrow(p, out, map[string][]string{fieldLanguage: q.Viewer.Languages, fieldSection: q.Viewer.Sections}); err != nil {
		return nil, err
	}
	now := q.Now.UnixMilli()
	for it := p.columns.timed.Iterator(); it.HasNext(); {
		if doc := it.Next(); p.columns.hidden(doc, now) {
			out.Remove(doc)
		}
	}
	return out, nil
}

// narrow takes the documents out of a set that have none of a field's wanted values.
func narrow(p *part, docs *roaring.Bitmap, wanted map[string][]string) error {
	for field, values := range wanted {
		if len(values) == 0 {
			continue
		}
		having, err := p.having(field, values...)
		if err != nil {
			return err
		}
		docs.And(having)
	}
	return nil
}

// filtered are the visible editions that the query's filters admit, but for
// filters that facets are counted without.
func filtered(p *part, q *engine.Query) (*roaring.Bitmap, error) {
	out := p.rights.Clone()
	wanted := map[string][]string{fieldArticle: q.IDs}
	if !counts(q, engine.FacetLanguage) {
		wanted[fieldLanguage] = q.Languages
	}
	for f, field := range namedFields {
		facet := facetNames[f]
		if !counts(q, facet) {
			wanted[field] = chosen(q, facet)
		}
	}
	if err := narrow(p, out, wanted); err != nil {
		return nil, err
	}
	if len(q.NotIDs) > 0 {
		without, err := p.having(fieldArticle, q.NotIDs...)
		if err != nil {
			return nil, err
		}
		out.AndNot(without)
	}
	byYear := len(q.Years) > 0 && !counts(q, engine.FacetYear)
	if q.From.IsZero() && q.To.IsZero() && !byYear {
		return out, nil
	}
	dated := roaring.New()
	for it := out.Iterator(); it.HasNext(); {
		doc := it.Next()
		at := p.columns.published[doc]
		if (q.From.IsZero() || at >= q.From.UnixMilli()) && (q.To.IsZero() || at < q.To.UnixMilli()) &&
			(!byYear || slices.Contains(q.Years, int(p.columns.year[doc]))) {
			dated.Add(doc)
		}
	}
	return dated, nil
}

// match finds and scores what the text asks for.
func (s *asked) match(ctx context.Context) error {
	if !s.scored() {
		return nil
	}
	languages, err := searchedLanguages(s.snapshot, s.q, counts(s.q, engine.FacetLanguage))
	if err != nil {
		return err
	}
	s.readings = match.Readings(s.q, languages, limits)
	for _, p := range s.parts {
		p.matched = roaring.New()
	}
	for _, s.lenient = range leniencies {
		total, err := s.matchAs(ctx)
		if err != nil {
			return err
		}
		if total > 0 || len(s.readings) == 0 {
			return s.near()
		}
	}
	s.lenient = leniency{} // words found nothing, so that there is nothing to correct
	return s.near()
}

// matchAs matches every reading with a leniency and returns how many editions do.
func (s *asked) matchAs(ctx context.Context) (uint64, error) {
	planner := &planner{snapshot: s.snapshot, query: s.q, known: map[wanted][]look{}}
	var total uint64
	for i := range s.readings {
		if s.lenient.typos && !s.readings[i].Typed {
			continue // what was not typed has no typos
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		plan, err := planner.plan(&s.readings[i], s.lenient)
		if err != nil {
			return 0, err
		}
		n, err := s.follow(ctx, plan)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// follow matches and scores one plan in every part.
func (s *asked) follow(ctx context.Context, plan *plan) (total uint64, err error) {
	matched := make([]*roaring.Bitmap, len(s.parts))
	found := make([]uint64, len(plan.words))
	var documents uint64
	for i, p := range s.parts {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		among := p.admitted
		if len(s.readings) > 1 || len(s.q.Also) > 0 {
			among = among.Clone()
			if err := narrow(p, among, map[string][]string{fieldLanguage: plan.languages}); err != nil {
				return 0, err
			}
		}
		if matched[i], err = p.match(plan, among, found); err != nil {
			return 0, err
		}
		total += matched[i].GetCardinality()
		documents += p.segment.Count()
		p.matched.Or(matched[i])
	}
	for i, p := range s.parts {
		if matched[i].IsEmpty() {
			continue
		}
		if err := s.weigh(p, plan, matched[i], found, documents, total <= bodiesUpTo); err != nil {
			return 0, err
		}
	}
	return total, ctx.Err()
}

// weigh scores the matches of a plan in one part.
func (s *asked) weigh(p *part, plan *plan, matched *roaring.Bitmap, found []uint64, documents uint64, bodies bool) error {
	if p.scores == nil {
		p.scores = make([]float32, p.segment.Count())
	}
	var tell func(doc uint32, l *look, worth float64)
	if s.q.Explain {
		tell = s.teller(p)
	}
	for i, looks := range plan.words {
		if err := p.score(looks, matched, rarity(found[i], documents), plan.boost, bodies, tell); err != nil {
			return err
		}
	}
	for _, phrase := range plan.phrases {
		for i := range plan.fields {
			f := &plan.fields[i]
			docs := roaring.New()
			if err := p.phraseIn(phrase, f.name+"."+formFolded, matched, docs); err != nil {
				return err
			}
			for it := docs.Iterator(); it.HasNext(); {
				p.scores[it.Next()] += float32(f.boost * phraseBoost * plan.boost)
			}
		}
	}
	return nil
}

// hits makes the hits of a page from the stored editions.
func (s *asked) hits(r *ranking, page []*found) ([]engine.Hit, error) {
	if len(page) == 0 {
		return nil, nil
	}
	visible, err := s.visible(r, page)
	if err != nil {
		return nil, err
	}
	hits := make([]engine.Hit, 0, len(page))
	for i, a := range page {
		editions, bodies := visible[r.texts[a.article]].editions, visible[r.texts[a.article]].bodies
		shown := s.q.Best(editions)
		h := engine.NewHit(editions, shown)
		h.Score, h.MatchedLanguage = a.score, r.texts[a.scored]
		if slices.Contains(r.languages(a), h.Language) {
			h.MatchedLanguage = h.Language
		}
		m := match.NewHighlighter(s.readings, h.Language, s.lenient.typos)
		h.HeadlineMarks = m.Marks(h.Headline)
		h.Excerpt, h.ExcerptMarks = m.Excerpt(h.Description, string(bodies[shown]))
		if i == 0 && s.lenient.typos {
			s.correction = m.Correct(strings.TrimSpace(s.q.Text), h.Headline, h.Description, strings.Join(h.Names(), "\n"), string(bodies[shown]))
		}
		if s.q.Explain {
			h.Explanation = s.explain(r, a)
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

// visible reads the editions of a page's articles in the languages that the query
// admits, those that did not match too.
func (s *asked) visible(r *ranking, page []*found) (map[string]*stack, error) {
	ids := make([]string, len(page))
	out := make(map[string]*stack, len(page))
	for i, a := range page {
		ids[i] = r.texts[a.article]
		out[ids[i]] = &stack{}
	}
	for _, p := range s.parts {
		docs, err := p.having(fieldArticle, ids...)
		if err != nil {
			return nil, err
		}
		docs.And(p.rights)
		if err := narrow(p, docs, map[string][]string{fieldLanguage: s.q.Languages}); err != nil {
			return nil, err
		}
		for it := docs.Iterator(); it.HasNext(); {
			d, body, err := readStored(p.segment, it.Next())
			if err != nil {
				return nil, err
			}
			out[d.ID].editions = append(out[d.ID].editions, d)
			out[d.ID].bodies = append(out[d.ID].bodies, body)
		}
	}
	return out, nil
}
