// SPDX-License-Identifier: Apache-2.0

package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"unicode/utf16"

	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/analysis"
	"github.com/relais-press/relais/services/search/internal/cache"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/match"
)

// How many completions a call gets, and how many names are looked through.
const (
	defaultSuggestions = 8
	maxSuggestions     = 20
	maxNames           = 1000
)

// suggestions is what suggest returns.
type suggestions struct {
	Query       string       `json:"query"`
	Language    string       `json:"language"`
	Suggestions []suggestion `json:"suggestions"`
}

// suggestion is a headline, with its article, or a name, with the number of
// articles that have it.
type suggestion struct {
	Type     string `json:"type"` // headline, person, organisation, section
	Text     marked `json:"text"`
	Count    int    `json:"count,omitempty"`
	ID       string `json:"id,omitempty"`
	Language string `json:"language,omitempty"`
	URL      string `json:"url,omitempty"`
	ShareURL string `json:"shareUrl,omitempty"`

	leads bool // the name matches from its beginning
}

func (a *API) suggest(w http.ResponseWriter, r *http.Request) error {
	q, err := a.question(r)
	if err != nil {
		return err
	}
	if q.Limit, err = web.IntParam(r, "limit", defaultSuggestions, 1, maxSuggestions); err != nil {
		return err
	}
	q.Sort, q.Offset, q.Titles = engine.ByRelevance, 0, true
	q.Facets, q.FacetLimit = []string{engine.FacetPerson, engine.FacetOrganisation, engine.FacetSection}, maxNames
	site := web.CallerOf(r).Partner
	return a.kept(w, r, "suggest", q, func(ctx context.Context) (cache.Answer, error) {
		out := suggestions{Query: q.Text, Language: q.Language}
		var err error
		if out.Suggestions, err = a.completions(ctx, q, site); err != nil {
			return cache.Answer{}, err
		}
		body, err := encode(out)
		return cache.Answer{Body: body, ETag: web.Tag(body)}, err
	})
}

// completions are what a question may be meant for, the likeliest first.
func (a *API) completions(ctx context.Context, q engine.Query, site *partner.Partner) ([]suggestion, error) {
	wanted := newPattern(q.Text, q.Language)
	if len(wanted.terms) == 0 {
		return []suggestion{}, nil
	}
	res, err := a.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	wanted.typos = res.Correction != ""
	var headlines, leading, others, unmarked []suggestion
	for i := range res.Hits {
		h := &res.Hits[i]
		s := suggestion{Type: "headline", Text: marked{h.Headline, orEmpty(h.HeadlineMarks)}, ID: h.ID, Language: h.Language}
		s.URL, s.ShareURL = a.addresses(h, site)
		if len(h.HeadlineMarks) > 0 {
			headlines = append(headlines, s)
		} else {
			unmarked = append(unmarked, s) // a name found it, which is listed too
		}
	}
	for _, s := range wanted.names(&res) {
		if s.leads {
			leading = append(leading, s)
		} else {
			others = append(others, s)
		}
	}
	// However many names begin so, headlines have half of the room.
	if room := q.Limit - min(len(headlines), q.Limit/2); len(leading) > room {
		leading = leading[:room]
	}
	all := slices.Concat(leading, headlines, others, unmarked)
	return orEmpty(all[:min(len(all), q.Limit)]), nil
}

// pattern says which names a text may be the beginning of.
type pattern struct {
	analyze match.Analyzer
	terms   []match.Term // all of which a name has to have
	not     []match.Term // none of which it may have
	typos   bool
}

func newPattern(text, language string) pattern {
	p := pattern{analyze: match.Analyzer(analysis.For(language))}
	question := match.Parse(text, p.analyze)
	p.terms, p.not = question.Terms, question.Not
	for _, phrase := range question.Phrases {
		for _, w := range phrase {
			p.terms = append(p.terms, match.Term{Exact: w, Folded: w, Stem: w})
		}
	}
	return p
}

// names are the values of the facets that the pattern fits, those of most
// articles first.
func (p *pattern) names(res *engine.Result) []suggestion {
	var out []suggestion
	for _, kind := range []string{engine.FacetPerson, engine.FacetOrganisation, engine.FacetSection} {
		for _, v := range res.Facets[kind] {
			if marks, ok := p.fits(v.Value); ok {
				out = append(out, suggestion{
					Type: kind, Text: marked{v.Value, marks}, Count: v.Count, leads: p.leads(v.Value, marks),
				})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b suggestion) int { return cmp.Compare(b.Count, a.Count) })
	return out
}

// fits reports whether a name has every word of the pattern, and marks them.
func (p *pattern) fits(name string) ([]engine.Mark, bool) {
	marks := func(terms []match.Term, typos bool) []engine.Mark {
		h := match.Highlighter{Analyze: p.analyze, Terms: terms, Typos: typos}
		return h.Marks(name)
	}
	for i := range p.terms {
		if len(marks(p.terms[i:i+1], p.typos)) == 0 {
			return nil, false
		}
	}
	if len(marks(p.not, false)) > 0 {
		return nil, false
	}
	return marks(p.terms, p.typos), true
}

// leads reports whether the first word of a name is marked.
func (p *pattern) leads(name string, marks []engine.Mark) bool {
	words := p.analyze(name)
	if len(words) == 0 || len(marks) == 0 {
		return false
	}
	return marks[0][0] == len(utf16.Encode([]rune(name[:words[0].Start])))
}
