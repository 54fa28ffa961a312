// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	segment "github.com/blevesearch/scorch_segment_api/v2"
)

// columns are what ranking and counting need of the editions in one segment of
// the index, by document number: a segment never changes, so that they are read
// once and asked for without touching the index. A value is a number of names.
type columns struct {
	article   []uint32
	language  []uint32
	published []int64                  // milliseconds since 1970
	year      []int16                  // of published, in UTC
	facets    [len(namedFields)]column // by facet

	timed *roaring.Bitmap // editions that have one of the two below
	from  map[uint32]int64
	until map[uint32]int64
}

// column has any number of values for a document: those of document d are
// values[starts[d]:starts[d+1]].
type column struct {
	starts []uint32
	values []uint32
}

func (c *column) of(doc uint32) []uint32 { return c.values[c.starts[doc]:c.starts[doc+1]] }

// names gives texts small numbers that stay the same while the index is open.
type names struct {
	mu      sync.RWMutex
	numbers map[string]uint32
	texts   []string
}

// number is the number of a text, a new one where it has none.
func (n *names) number(text []byte) uint32 {
	n.mu.RLock()
	i, ok := n.numbers[string(text)]
	n.mu.RUnlock()
	if ok {
		return i
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if i, ok = n.numbers[string(text)]; ok {
		return i
	}
	s := string(text)
	i = uint32(len(n.texts)) //nolint:gosec // fewer than 2³² names fit in memory
	n.texts = append(n.texts, s)
	n.numbers[s] = i
	return i
}

// known is the number of a text that may have none.
func (n *names) known(text string) (uint32, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	i, ok := n.numbers[text]
	return i, ok
}

// all are the texts by number. What it returns is never changed.
func (n *names) all() []string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.texts
}

// columnCache holds the columns of the segments in use.
type columnCache struct {
	names names

	mu   sync.Mutex
	held map[uint64]*heldColumns // by segment id
}

// heldColumns are columns that are read once, by whoever needs them first.
type heldColumns struct {
	once    sync.Once
	columns *columns
	err     error
}

func newColumnCache() *columnCache {
	return &columnCache{names: names{numbers: map[string]uint32{}}, held: map[uint64]*heldColumns{}}
}

// of returns the columns of a segment.
func (c *columnCache) of(s *scorch.SegmentSnapshot) (*columns, error) {
	c.mu.Lock()
	h := c.held[s.Id()]
	if h == nil {
		h = &heldColumns{}
		c.held[s.Id()] = h
	}
	c.mu.Unlock()
	h.once.Do(func() {
		if h.columns, h.err = readColumns(s.Segment(), &c.names); h.err != nil {
			c.forget(s.Id())
		}
	})
	return h.columns, h.err
}

func (c *columnCache) forget(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.held, id)
}

// warm reads the columns of a snapshot's segments and forgets all others.
func (c *columnCache) warm(snapshot *scorch.IndexSnapshot) error {
	used := map[uint64]bool{}
	for _, s := range snapshot.Segments() {
		used[s.Id()] = true
		if _, err := c.of(s); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range c.held {
		if !used[id] {
			delete(c.held, id)
		}
	}
	return nil
}

// namedFields are the fields of the facets whose values are names, in their order.
var namedFields = [...]string{section: fieldSection, person: fieldPerson, organisation: fieldOrganisation}

// columnFields are the fields that columns are read from.
var columnFields = []string{fieldPublished, fieldSection, fieldPerson, fieldOrganisation, fieldEmbargo, fieldExpiry}

func readColumns(s segment.Segment, names *names) (*columns, error) {
	n := int(s.Count()) //nolint:gosec // documents fit in memory
	c := &columns{
		article: make([]uint32, n), language: make([]uint32, n), published: make([]int64, n), year: make([]int16, n),
		timed: roaring.New(), from: map[uint32]int64{}, until: map[uint32]int64{},
	}
	for f := range c.facets {
		c.facets[f].starts = make([]uint32, 1, n+1)
	}
	values, ok := s.(segment.DocValueVisitable)
	if !ok {
		return nil, errors.New("read columns: the segment has no values")
	}
	// A field may be known in a segment where no document has it any more; asked
	// for the values of such fields alone, zapx panics.
	there, err := values.VisitableDocValueFields()
	if err != nil {
		return nil, fmt.Errorf("read columns: %w", err)
	}
	fields := slices.DeleteFunc(slices.Clone(columnFields), func(f string) bool { return !slices.Contains(there, f) })
	var state segment.DocVisitState
	for doc := range uint32(n) { //nolint:gosec // as above
		key, err := s.DocID(uint64(doc))
		if err != nil {
			return nil, fmt.Errorf("read columns: %w", err)
		}
		id, language, _ := strings.Cut(string(key), ".")
		c.article[doc], c.language[doc] = names.number([]byte(id)), names.number([]byte(language))
		state, err = values.VisitDocValues(uint64(doc), fields, func(field string, term []byte) {
			c.read(doc, field, term, names)
		}, state)
		if err != nil {
			return nil, fmt.Errorf("read columns: %w", err)
		}
		for i := range c.facets {
			f := &c.facets[i]
			f.starts = append(f.starts, uint32(len(f.values))) //nolint:gosec // as above
		}
	}
	return c, nil
}

// read takes one value of one document.
func (c *columns) read(doc uint32, field string, term []byte, names *names) {
	switch field {
	case fieldPublished:
		c.published[doc] = moment(term)
		c.year[doc] = int16(time.UnixMilli(c.published[doc]).UTC().Year()) //nolint:gosec // dateLayout has four digits
	case fieldEmbargo:
		c.from[doc] = moment(term)
		c.timed.Add(doc)
	case fieldExpiry:
		c.until[doc] = moment(term)
		c.timed.Add(doc)
	default:
		f := &c.facets[slices.Index(namedFields[:], field)]
		f.values = append(f.values, names.number(term))
	}
}

// moment reads what dateLayout wrote; the far future for what it did not.
func moment(term []byte) int64 {
	t, err := time.Parse(dateLayout, string(term))
	if err != nil {
		return math.MaxInt64
	}
	return t.UnixMilli()
}

// hidden reports whether an edition is under an embargo or expired at a moment.
func (c *columns) hidden(doc uint32, now int64) bool {
	if from, ok := c.from[doc]; ok && from > now {
		return true
	}
	until, ok := c.until[doc]
	return ok && until <= now
}
