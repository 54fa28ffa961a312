// SPDX-License-Identifier: Apache-2.0

package bleve

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
