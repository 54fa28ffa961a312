// SPDX-License-Identifier: Apache-2.0

package embedder

import (
	"container/list"
	"sync"
)

// recent keeps the vectors of the texts used last. It is safe for concurrent use.
type recent struct {
	mu    sync.Mutex
	limit int
	order *list.List // of item, the one used last in front
	items map[string]*list.Element
}

type item struct {
	text   string
	vector []float32
}

func newRecent(limit int) *recent {
	return &recent{limit: limit, order: list.New(), items: map[string]*list.Element{}}
}

// get returns the vector of a text; nil when it is not kept.
func (r *recent) get(text string) []float32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	element := r.items[text]
	if element == nil {
		return nil
	}
	r.order.MoveToFront(element)
	return element.Value.(item).vector
}

// put keeps a vector and gives up the one that was not used for longest.
func (r *recent) put(text string, vector []float32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if element := r.items[text]; element != nil {
		element.Value = item{text, vector}
		r.order.MoveToFront(element)
		return
	}
	if r.order.Len() >= r.limit {
		oldest := r.order.Remove(r.order.Back()).(item)
		delete(r.items, oldest.text)
	}
	r.items[text] = r.order.PushFront(item{text, vector})
}
