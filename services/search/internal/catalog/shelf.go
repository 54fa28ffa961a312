// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// shelf is a list in order. What is added out of order while it is being filled
// is sorted once, at the end.
type shelf[T any] struct {
	items    []T
	unsorted bool
	compare  func(a, b T) int
	dead     int // items that were overtaken, and are passed over
}

// add puts an item in its place, or at the end for now where sorting can wait.
func (s *shelf[T]) add(item T, wait bool) {
	n := len(s.items)
	switch {
	case n == 0 || (!s.unsorted && s.compare(s.items[n-1], item) <= 0):
		s.items = append(s.items, item)
	case wait || s.unsorted:
		s.items, s.unsorted = append(s.items, item), true
	default:
		at, _ := slices.BinarySearchFunc(s.items, item, s.compare)
		s.items = slices.Insert(s.items, at, item)
	}
}

func (s *shelf[T]) sort() {
	if s.unsorted {
		slices.SortFunc(s.items, s.compare)
		s.unsorted = false
	}
}

// bury notes that items were overtaken, and drops the dead when they are too many.
func (s *shelf[T]) bury(n int, dead func(T) bool) {
	if s.dead += n; s.dead > 1000 && s.dead > len(s.items)/2 {
		s.items = slices.DeleteFunc(s.items, dead)
		s.dead = 0
	}
}

// after is the items that follow one.
func (s *shelf[T]) after(item T) []T {
	at, found := slices.BinarySearchFunc(s.items, item, s.compare)
	if found {
		at++
	}
	return s.items[at:]
}

// mark is where the newest version of an edition stands in the log. It is dead
// when the edition has another sequence.
type mark struct {
	sequence uint64
	edition  *held
}

func (m mark) dead() bool { return m.edition.sequence != m.sequence }

func compareMarks(a, b mark) int { return cmp.Compare(a.sequence, b.sequence) }

// moment is when the clock changes what an edition is: an embargo that lifts or
// an expiry. It is dead when the edition has another sequence.
type moment struct {
	at time.Time
	mark
}

func compareMoments(a, b moment) int {
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.sequence, b.sequence))
}

// byPublication orders the oldest first; of those of one moment, so that a walk
// from the end meets ids in their order.
func byPublication(a, b *held) int {
	return cmp.Or(a.published.Compare(b.published), strings.Compare(b.id, a.id))
}
