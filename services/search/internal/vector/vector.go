// SPDX-License-Identifier: Apache-2.0

// Package vector finds, among vectors held in memory, those that point in the
// direction of a query.
//
// Every vector is looked at, so that what is found is exact. Numbers of eight
// bits in place of float32s would take a quarter of the memory, but no less
// time: without vector instructions the scan waits for arithmetic.
package vector

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
)

// Limit is the most vectors an index holds. So many of 384 dimensions take
// about 80 MB.
const Limit = 50_000

// The errors of Set.
var (
	// ErrFull says that an index holds Limit vectors and took no other key.
	ErrFull = fmt.Errorf("vector: the index is full: it holds at most %d vectors", Limit)
	// ErrUnfit says that a vector has no direction the index could compare; the
	// error that wraps it says why.
	ErrUnfit = errors.New("vector: unfit")
)

// Match is a vector that is near a query.
type Match struct {
	Key    string
	Cosine float64 // of the angle between the two: -1 opposite, 0 unrelated, 1 alike
}

// compare orders matches: the nearest first, equally near ones by key.
func compare(a, b Match) int {
	return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), strings.Compare(a.Key, b.Key))
}

// Index holds vectors by key. It is safe for concurrent use. A search sees the
// vectors as they were when it began: it never waits for a change, nor a change
// for it.
type Index struct {
	dimensions int
	limit      int

	writing sync.Mutex
	place   map[string]int        // of each key in the table; only for who is writing
	table   atomic.Pointer[table] // never changed, only replaced
}

// New returns an empty index of vectors that have so many dimensions, one at least.
func New(dimensions int) *Index {
	x := &Index{dimensions: max(dimensions, 1), limit: Limit, place: map[string]int{}}
	x.table.Store(&table{})
	return x
}

// Len is the number of vectors held.
func (x *Index) Len() int { return x.table.Load().length }

// Set holds a copy of v under a key, in place of what was held there. The length
// of v as an arrow does not matter. The error is ErrUnfit for a vector that has
// another number of dimensions, a number that is not finite, or only zeros;
// ErrFull for a new key when Limit vectors are held. Both change nothing.
func (x *Index) Set(key string, v []float32) error {
	u, err := unit(v, x.dimensions)
	if err != nil {
		return err
	}
	x.writing.Lock()
	defer x.writing.Unlock()
	t := x.table.Load()
	i, held := x.place[key]
	if !held {
		if t.length >= x.limit {
			return ErrFull
		}
		i = t.length
		x.place[key] = i
	}
	x.table.Store(t.with(i, entry{key, u}))
	return nil
}

// Delete gives up the vector of a key, if there is one.
func (x *Index) Delete(key string) {
	x.writing.Lock()
	defer x.writing.Unlock()
	i, held := x.place[key]
	if !held {
		return
	}
	delete(x.place, key)
	t := x.table.Load()
	if last := t.at(t.length - 1); last.key != key {
		x.place[last.key] = i
		t = t.with(i, *last)
	}
	x.table.Store(t.shortened())
}

// Nearest returns the k vectors nearest to the query, nearest first, equally
// near ones by key; fewer when fewer have a cosine of at least least. admit, when
// not nil, says whether a key may be found; it is asked only for vectors near
// enough to be, and not from more than one goroutine. A query that Set would call
// unfit is near nothing.
func (x *Index) Nearest(query []float32, k int, least float64, admit func(key string) bool) []Match {
	q, err := unit(query, x.dimensions)
	if err != nil || k <= 0 {
		return nil
	}
	best := nearest{k: k}
	for e := range x.table.Load().entries {
		m := Match{e.key, dot(q, e.vector)}
		if m.Cosine >= least && best.wants(m) && (admit == nil || admit(m.Key)) {
			best.add(m)
		}
	}
	return best.sorted()
}

// unit returns a copy of v whose length as an arrow is 1.
func unit(v []float32, dimensions int) ([]float32, error) {
	if len(v) != dimensions {
		return nil, fmt.Errorf("%w: %d dimensions, not %d", ErrUnfit, len(v), dimensions)
	}
	var square float64
	for i, f := range v {
		if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
			return nil, fmt.Errorf("%w: number %d is %v", ErrUnfit, i, f)
		}
		square += float64(f) * float64(f)
	}
	if square == 0 {
		return nil, fmt.Errorf("%w: only zeros", ErrUnfit)
	}
	length := math.Sqrt(square)
	u := make([]float32, len(v))
	for i, f := range v {
		u[i] = float32(float64(f) / length)
	}
	return u, nil
}

// dot is the cosine of the angle between two vectors of length 1 that have the
// same dimensions. Four sums at once keep the processor from waiting for one.
func dot(a, b []float32) float64 {
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i := range min(len(a), len(b)) {
		s0 += a[i] * b[i]
	}
	return min(max(float64(s0+s1+s2+s3), -1), 1)
}
