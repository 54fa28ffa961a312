// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"fmt"
	"math"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	segment "github.com/blevesearch/scorch_segment_api/v2"

	"github.com/relais-press/relais/services/search/internal/engine/match"
)

// part is one segment of the index during a search. It works on sets of document
// numbers, which is what the index stores, and reads frequencies only where they
// decide.
type part struct {
	segment segment.Segment
	deleted *roaring.Bitmap
	columns *columns
	dicts   map[string]segment.TermDictionary
	found   map[*look]*roaring.Bitmap // by the first of a word's looks

	rights   *roaring.Bitmap // what the viewer may see
	admitted *roaring.Bitmap // of it, what the filters let through
	matched  *roaring.Bitmap
	scores   []float32 // by document; nil until something is scored
}

func newPart(s *scorch.SegmentSnapshot, c *columns) *part {
	return &part{segment: s.Segment(), deleted: s.Deleted(), columns: c, dicts: map[string]segment.TermDictionary{}, found: map[*look]*roaring.Bitmap{}}
}

// list returns the postings of a term; an empty list where there are none.
func (p *part) list(field, term string) (segment.PostingsList, error) {
	dict := p.dicts[field]
	if dict == nil {
		var err error
		if dict, err = p.segment.Dictionary(field); err != nil {
			return nil, fmt.Errorf("open terms of %s: %w", field, err)
		}
		p.dicts[field] = dict
	}
	list, err := dict.PostingsList([]byte(term), nil, nil)
	if err != nil {
		return nil, fmt.Errorf("look %q up in %s: %w", term, field, err)
	}
	return list, nil
}

// documents returns the documents of a list, which may not be changed; nil when
// there are none.
func documents(list segment.PostingsList) *roaring.Bitmap {
	it, ok := list.Iterator(false, false, false, nil).(segment.OptimizablePostingsIterator)
	if !ok {
		return nil
	}
	if only, ok := it.DocNum1Hit(); ok {
		return roaring.BitmapOf(uint32(only)) //nolint:gosec // document numbers fit
	}
	return it.ActualBitmap()
}

// having are the documents that have one of a field's values.
func (p *part) having(field string, values ...string) (*roaring.Bitmap, error) {
	out := roaring.New()
	for _, v := range values {
		list, err := p.list(field, v)
		if err != nil {
			return nil, err
		}
		if docs := documents(list); docs != nil {
			out.Or(docs)
		}
	}
	return out, nil
}

// any are the documents that one of a word's looks finds. They may not be changed.
func (p *part) any(looks []look) (*roaring.Bitmap, error) {
	if docs := p.found[&looks[0]]; docs != nil {
		return docs, nil
	}
	out := roaring.New()
	p.found[&looks[0]] = out
	for i := range looks {
		list, err := p.list(looks[i].name(), looks[i].term)
		if err != nil {
			return nil, err
		}
		if docs := documents(list); docs != nil {
			out.Or(docs)
		}
	}
	return out, nil
}

// match finds a plan's documents among some. It counts in found, by word, how
// many documents of the segment have the word.
func (p *part) match(plan *plan, among *roaring.Bitmap, found []uint64) (*roaring.Bitmap, error) {
	out := among.Clone()
	var sets []*roaring.Bitmap
	for i, looks := range plan.words {
		docs, err := p.any(looks)
		if err != nil {
			return nil, err
		}
		found[i] += docs.GetCardinality()
		sets = append(sets, docs)
	}
	if plan.least == len(sets) {
		for _, docs := range sets {
			out.And(docs)
		}
	} else {
		out.And(atLeast(sets, plan.least))
	}
	for _, phrase := range plan.phrases {
		docs, err := p.phrase(phrase, plan.fields, out)
		if err != nil {
			return nil, err
		}
		out = docs
	}
	for _, looks := range plan.not {
		docs, err := p.any(looks)
		if err != nil {
			return nil, err
		}
		out.AndNot(docs)
	}
	for _, phrase := range plan.without {
		docs, err := p.phrase(phrase, textFields, out)
		if err != nil {
			return nil, err
		}
		out.AndNot(docs)
	}
	return out, nil
}

// atLeast are the documents that are in so many of the sets.
func atLeast(sets []*roaring.Bitmap, least int) *roaring.Bitmap {
	// in[n] are the documents in at least n+1 of the sets seen so far.
	in := make([]*roaring.Bitmap, least)
	for n := range in {
		in[n] = roaring.New()
	}
	for _, docs := range sets {
		for n := least - 1; n > 0; n-- {
			in[n].Or(roaring.And(in[n-1], docs))
		}
		in[0].Or(docs)
	}
	return in[least-1]
}

// phrase are the documents of a set that have words side by side in one field.
func (p *part) phrase(words match.Phrase, fields []textField, among *roaring.Bitmap) (*roaring.Bitmap, error) {
	out := roaring.New()
	for i := range fields {
		if err := p.phraseIn(words, fields[i].name+"."+formFolded, among, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (p *part) phraseIn(words match.Phrase, field string, among, out *roaring.Bitmap) error {
	docs := among.Clone()
	lists := make([]segment.PostingsList, len(words))
	for i, w := range words {
		list, err := p.list(field, w)
		if err != nil {
			return err
		}
		having := documents(list)
		if having == nil {
			return nil
		}
		lists[i] = list
		docs.And(having)
	}
	if len(words) == 1 {
		out.Or(docs)
		return nil
	}
	if docs.IsEmpty() {
		return nil
	}
	// starts are the places, by document, where the phrase may start.
	var starts map[uint32]map[uint64]bool
	for i, list := range lists {
		next := map[uint32]map[uint64]bool{}
		err := walk(list, docs, true, func(doc uint32, posting segment.Posting) {
			for _, at := range posting.Locations() {
				start := at.Pos() - uint64(i) //nolint:gosec // a word of a phrase
				if i > 0 && !starts[doc][start] {
					continue
				}
				if next[doc] == nil {
					next[doc] = map[uint64]bool{}
				}
				next[doc][start] = true
			}
		})
		if err != nil {
			return fmt.Errorf("read places of %q: %w", words[i], err)
		}
		starts = next
	}
	for doc := range starts {
		out.Add(doc)
	}
	return nil
}

// walk visits the postings of the documents that are in both a list and a set.
func walk(list segment.PostingsList, among *roaring.Bitmap, places bool, visit func(doc uint32, posting segment.Posting)) error {
	it := list.Iterator(true, true, places, nil)
	if o, ok := it.(segment.OptimizablePostingsIterator); ok {
		if only, ok := o.DocNum1Hit(); ok {
			if !among.Contains(uint32(only)) { //nolint:gosec // document numbers fit
				return nil
			}
		} else if docs := o.ActualBitmap(); docs != nil && docs.AndCardinality(among) < docs.GetCardinality() {
			o.ReplaceActual(roaring.And(docs, among)) // which is slower to walk than the whole
		}
	}
	for {
		posting, err := it.Next()
		if err != nil || posting == nil {
			return err
		}
		visit(uint32(posting.Number()), posting) //nolint:gosec // document numbers fit
	}
}

// score adds what the looks for a word are worth to the documents of a set.
// rarity is the word's inverse document frequency.
func (p *part) score(looks []look, among *roaring.Bitmap, rarity, boost float64, bodies bool, tell func(doc uint32, l *look, worth float64)) error {
	for i := range looks {
		l := &looks[i]
		if l.field.name == bodyField && !bodies {
			continue
		}
		list, err := p.list(l.name(), l.term)
		if err != nil {
			return err
		}
		err = walk(list, among, false, func(doc uint32, posting segment.Posting) {
			worth := boost * l.boost * rarity * saturation(posting, l.field.usual)
			p.scores[doc] += float32(worth)
			if tell != nil {
				tell(doc, l, worth)
			}
		})
		if err != nil {
			return fmt.Errorf("score %q: %w", l.term, err)
		}
	}
	return nil
}

// saturation is the part of BM25 that looks at one document: how often a word is
// there and how long the field is (Robertson and Zaragoza, "The Probabilistic
// Relevance Framework", 2009; k1 = 1.2, b = 0.75).
func saturation(posting segment.Posting, usual float64) float64 {
	const k1, b = 1.2, 0.75
	length := usual
	if norm := posting.Norm(); norm > 0 {
		length = 1 / (norm * norm)
	}
	frequency := float64(posting.Frequency())
	return frequency * (k1 + 1) / (frequency + k1*(1-b+b*length/usual))
}

// rarity is BM25's inverse document frequency.
func rarity(found, documents uint64) float64 {
	n, all := float64(found), float64(max(found, documents))
	return math.Log(1 + (all-n+0.5)/(n+0.5))
}
