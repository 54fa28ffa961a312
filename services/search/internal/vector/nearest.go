// SPDX-License-Identifier: Apache-2.0

package vector

import (
	"container/heap"
	"slices"
)

// nearest keeps the best k matches of those added.
type nearest struct {
	k     int
	worst worstFirst
}

// wants reports whether a match would be kept.
func (n *nearest) wants(m Match) bool {
	return len(n.worst) < n.k || compare(m, n.worst[0]) < 0
}

// add keeps a match that is wanted.
func (n *nearest) add(m Match) {
	if len(n.worst) < n.k {
		heap.Push(&n.worst, m)
		return
	}
	n.worst[0] = m
	heap.Fix(&n.worst, 0)
}

// sorted returns what was kept, best first.
func (n *nearest) sorted() []Match {
	slices.SortFunc(n.worst, compare)
	return n.worst
}

// worstFirst is a [heap.Interface] whose top is the worst match.
type worstFirst []Match

func (w worstFirst) Len() int           { return len(w) }
func (w worstFirst) Less(i, j int) bool { return compare(w[i], w[j]) > 0 }
func (w worstFirst) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *worstFirst) Push(m any)        { *w = append(*w, m.(Match)) }
func (w *worstFirst) Pop() any {
	last := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return last
}
