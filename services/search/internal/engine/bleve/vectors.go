// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"cmp"
	"fmt"

	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/match"
	"github.com/relais-press/relais/services/search/internal/vector"
)

const (
	nearest   = 50 // editions that a query's vector finds, at most
	nearBoost = 10 // what a cosine of 1 is worth: about a word of the body
)

// dimensions are those of the first vector among documents; 0 when none has one.
func dimensions(documents []*engine.Document) int {
	for _, d := range documents {
		if len(d.Vector) > 0 {
			return len(d.Vector)
		}
	}
	return 0
}

// setVectors keeps the vectors of editions in memory. One that does not fit, as
// it comes from another model, and those beyond vector.Limit are found by words
// alone.
func (x *Index) setVectors(documents []*engine.Document, dimensions int) {
	if dimensions == 0 {
		return
	}
	if x.vectors.Load() == nil {
		x.vectors.Store(vector.New(dimensions))
	}
	var unfit error
	for _, d := range documents {
		unfit = cmp.Or(x.setVector(key(d), d.Vector), unfit)
	}
	x.complain(unfit)
}

// complain says, once for many editions, why some are found by words alone.
func (x *Index) complain(unfit error) {
	if unfit != nil {
		x.log.Warn("editions are found by words alone", "error", unfit)
	}
}

func (x *Index) setVector(key string, v []float32) error {
	vectors := x.vectors.Load()
	if v == nil {
		vectors.Delete(key)
		return nil
	}
	err := vectors.Set(key, v)
	if err != nil {
		vectors.Delete(key)
	}
	return err
}

// loadVectors reads the vectors of every edition into memory.
func (x *Index) loadVectors(dimensions int) error {
	if dimensions == 0 {
		return nil
	}
	x.vectors.Store(vector.New(dimensions))
	snapshot, err := x.snapshot()
	if err != nil {
		return fmt.Errorf("read vectors: %w", err)
	}
	defer snapshot.Close()
	var unfit error
	defer func() { x.complain(unfit) }()
	for _, s := range snapshot.Segments() {
		for it := s.DocNumbersLive().Iterator(); it.HasNext(); {
			doc := uint64(it.Next())
			id, err := s.DocID(doc)
			if err != nil {
				return fmt.Errorf("read vectors: %w", err)
			}
			err = s.VisitDocument(doc, func(field string, _ byte, value []byte, _ []uint64) bool {
				if field == storedVector {
					unfit = cmp.Or(x.setVector(string(id), decodeVector(value)), unfit)
				}
				return field != storedVector
			})
			if err != nil {
				return fmt.Errorf("read vectors: %w", err)
			}
		}
	}
	return nil
}

// near adds the editions whose vectors are near the query's, among those that
// are admitted, unless the question is for words alone, or titles.
func (s *asked) near() (err error) {
	vectors := s.index.vectors.Load()
	if s.q.Vector == nil || vectors == nil || s.q.Titles || match.WordsAlone(s.readings) {
		return nil
	}
	type place struct {
		part *part
		doc  uint32
	}
	places := map[string]place{}
	admit := func(key string) bool {
		for _, p := range s.parts {
			docs, failed := p.segment.DocNumbers([]string{key})
			err = cmp.Or(err, failed)
			if failed != nil {
				continue
			}
			docs.And(p.admitted)
			if !docs.IsEmpty() {
				places[key] = place{p, docs.Minimum()}
				return true
			}
		}
		return false
	}
	for _, m := range vectors.Nearest(s.q.Vector, nearest, s.q.Nearness, admit) {
		at := places[m.Key]
		if at.part.scores == nil {
			at.part.scores = make([]float32, at.part.segment.Count())
		}
		at.part.scores[at.doc] += float32(nearBoost * m.Cosine)
		at.part.matched.Add(at.doc)
	}
	if err != nil {
		return fmt.Errorf("look for near editions: %w", err)
	}
	return nil
}
