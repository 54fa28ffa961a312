// SPDX-License-Identifier: Apache-2.0

// Package cache keeps finished answers for a moment, so that a question many
// readers ask at once is put to the engine once.
package cache

import (
	"container/list"
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Answer is a finished body and its entity tag. Neither may be changed.
type Answer struct {
	Body []byte
	ETag string
}

// Stamp is what an answer holds for: an entry of another stamp is as good as none.
type Stamp struct {
	Epoch    uint64 // of the index
	Position uint64 // of the log, that the index shows
	Second   int64  // of the clock, so that embargoes and expiries are kept to the second
}

// Result says where an answer came from. It is the label of the metric.
type Result string

// The results.
const (
	Hit    Result = "hit"    // kept from an earlier call
	Shared Result = "shared" // made by a call that was under way
	Miss   Result = "miss"   // made by this call
)

// overhead is about what an entry takes beside its key and body, in bytes.
const overhead = 256

// Cache holds answers by key, those used last, within a number of bytes. It is
// safe for concurrent use.
type Cache struct {
	limit int
	asked *prometheus.CounterVec

	mu      sync.Mutex
	size    int
	entries map[string]*list.Element // of *entry
	recent  *list.List               // the last used in front
	flights map[flightKey]*flight
}

type entry struct {
	key    string
	stamp  Stamp
	answer Answer
}

func (e *entry) size() int { return len(e.key) + len(e.answer.Body) + overhead }

type flightKey struct {
	key   string
	stamp Stamp
}

// flight is the making of one answer, which waiters wait for.
type flight struct {
	done    chan struct{} // closed when answer and err are set
	answer  Answer
	err     error
	waiters int // guarded by the cache's lock
	cancel  context.CancelFunc
}

// New returns an empty cache of at most limit bytes. metrics may be nil.
func New(limit int, metrics prometheus.Registerer) (*Cache, error) {
	c := &Cache{
		limit: limit, entries: map[string]*list.Element{}, recent: list.New(), flights: map[flightKey]*flight{},
		asked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relais_search_cache_total", Help: "Questions by where their answer came from: hit, shared with a call under way, miss.",
		}, []string{"result"}),
	}
	for _, r := range []Result{Hit, Shared, Miss} {
		c.asked.WithLabelValues(string(r)) // told as 0, so that the first is seen to come
	}
	if metrics != nil {
		if err := metrics.Register(c.asked); err != nil {
			return nil, fmt.Errorf("cache: %w", err)
		}
	}
	return c, nil
}

// Do returns the answer kept for a key and stamp, or makes it. Calls with the
// same key and stamp share one production, whose context ends once all of them have
// gone. Do ends with ctx's error when that is over first; errors are not kept.
func (c *Cache) Do(ctx context.Context, key string, stamp Stamp, produce func(context.Context) (Answer, error)) (Answer, Result, error) {
	answer, f, result := c.board(ctx, key, stamp, produce)
	c.asked.WithLabelValues(string(result)).Inc()
	if f == nil {
		return answer, result, nil
	}
	select {
	case <-f.done:
		return f.answer, result, f.err
	case <-ctx.Done():
		c.leave(f)
		return Answer{}, result, ctx.Err()
	}
}

// board finds the kept answer, or the flight that will bring it.
func (c *Cache) board(ctx context.Context, key string, stamp Stamp, produce func(context.Context) (Answer, error)) (Answer, *flight, Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.entries[key]; ok {
		if e := el.Value.(*entry); e.stamp == stamp {
			c.recent.MoveToFront(el)
			return e.answer, nil, Hit
		}
		c.remove(el)
	}
	at := flightKey{key, stamp}
	// A flight that all have left is on its way to a canceled end.
	if f, ok := c.flights[at]; ok && f.waiters > 0 {
		f.waiters++
		return Answer{}, f, Shared
	}
	making, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), waiters: 1, cancel: cancel}
	c.flights[at] = f
	go c.fly(making, at, f, produce)
	return Answer{}, f, Miss
}

func (c *Cache) fly(ctx context.Context, at flightKey, f *flight, produce func(context.Context) (Answer, error)) {
	defer f.cancel()
	defer close(f.done)
	f.answer, f.err = guarded(ctx, produce)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flights[at] == f {
		delete(c.flights, at)
	}
	if f.err == nil {
		c.keep(&entry{at.key, at.stamp, f.answer})
	}
}

// guarded turns a panic into an error: it would end the process, since no
// router stands above this goroutine.
func guarded(ctx context.Context, produce func(context.Context) (Answer, error)) (_ Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return produce(ctx)
}

func (c *Cache) leave(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.waiters--; f.waiters == 0 {
		f.cancel()
	}
}

// keep takes an entry in and drops those that were not used for longest. The
// lock is held.
func (c *Cache) keep(e *entry) {
	if old, ok := c.entries[e.key]; ok {
		c.remove(old)
	}
	if e.size() > c.limit {
		return
	}
	c.entries[e.key] = c.recent.PushFront(e)
	for c.size += e.size(); c.size > c.limit; {
		c.remove(c.recent.Back())
	}
}

func (c *Cache) remove(el *list.Element) {
	e := c.recent.Remove(el).(*entry)
	delete(c.entries, e.key)
	c.size -= e.size()
}
