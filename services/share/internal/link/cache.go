// SPDX-License-Identifier: Apache-2.0

package link

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// The bounds of what a cache notes beside values.
const (
	shards      = 64
	maxAbsent   = 10_000           // keys known to be missing
	maxNoted    = 32_768           // changes of keys that are not in the cache
	absentFor   = 10 * time.Second // how long a key is taken to be missing
	generations = 2
)

// generation is a bounded map that forgets what has not been asked for lately:
// when the young half is full, it becomes the old one, and what was old is gone.
// A value found in the old half moves to the young one.
type generation[V any] struct {
	young, old map[string]V
	half       int // most keys of either
}

func newGeneration[V any](capacity int) generation[V] {
	return generation[V]{young: map[string]V{}, half: max(1, capacity/generations)}
}

func (g *generation[V]) get(key string) (v V, found, aged bool) {
	if v, found = g.young[key]; found {
		return v, true, false
	}
	v, found = g.old[key]
	return v, found, found
}

func (g *generation[V]) put(key string, v V) {
	if _, ok := g.young[key]; !ok {
		if len(g.young) >= g.half {
			g.young, g.old = map[string]V{}, g.young
		}
		key = strings.Clone(key) // it may be a small part of a long address
	}
	delete(g.old, key)
	g.young[key] = v
}

func (g *generation[V]) drop(key string) {
	delete(g.young, key)
	delete(g.old, key)
}

// versioned is a value and the revision of the bucket that it was written with.
type versioned[V any] struct {
	value    V
	revision uint64
}

// cache holds some of the records of a bucket. No revision is ever replaced by an
// older one, and no key is taken to be missing that was written meanwhile. It is
// safe for concurrent use.
type cache[V any] struct {
	seed    maphash.Seed
	now     func() time.Time
	reading singleflight.Group // of keys that are not held
	shards  [shards]shard[V]
}

type shard[V any] struct {
	mu     sync.RWMutex
	values generation[versioned[V]]
	absent generation[time.Time] // until when
	noted  generation[uint64]    // revision, of keys that are there and not held
}

// newCache returns a cache of at most capacity values (and one for each shard at least).
func newCache[V any](capacity int) *cache[V] {
	c := &cache[V]{seed: maphash.MakeSeed(), now: time.Now}
	for i := range c.shards {
		c.shards[i].values = newGeneration[versioned[V]](capacity / shards)
		c.shards[i].absent = newGeneration[time.Time](maxAbsent / shards)
		c.shards[i].noted = newGeneration[uint64](maxNoted / shards)
	}
	return c
}

func (c *cache[V]) shard(key string) *shard[V] {
	return &c.shards[maphash.String(c.seed, key)%shards]
}

// get returns the value of a key; absent says that there is known to be none.
func (c *cache[V]) get(key string) (v V, found, absent bool) {
	s := c.shard(key)
	s.mu.RLock()
	held, found, aged := s.values.get(key)
	if !found {
		var until time.Time
		until, absent, _ = s.absent.get(key)
		absent = absent && c.now().Before(until)
	}
	s.mu.RUnlock()
	if aged {
		s.mu.Lock()
		if v, still, aged := s.values.get(key); still && aged {
			s.values.put(key, v)
		}
		s.mu.Unlock()
	}
	return held.value, found, absent
}

// put holds a value that was read or written, unless a newer one is held, and
// returns the newest. It reports false when a newer one exists that is not held.
func (c *cache[V]) put(key string, v V, revision uint64) (V, bool) {
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if held, ok, _ := s.values.get(key); ok && held.revision >= revision {
		return held.value, true
	}
	if noted, ok, _ := s.noted.get(key); ok && noted > revision {
		return v, false
	}
	s.values.put(key, versioned[V]{v, revision})
	s.absent.drop(key)
	s.noted.drop(key)
	return v, true
}

// miss notes that a key was read and is not there. It reports false when the key
// was written meanwhile.
func (c *cache[V]) miss(key string) bool {
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, held, _ := s.values.get(key)
	_, noted, _ := s.noted.get(key)
	if held || noted {
		return false
	}
	s.absent.put(key, c.now().Add(absentFor))
	return true
}

// refresh takes in a change that the bucket tells of: it replaces what the cache
// knows of the key. Of a key that it knows nothing of, it notes the revision, so
// that a slower reading of an older one is found out.
func (c *cache[V]) refresh(key string, v V, revision uint64) {
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	held, found, _ := s.values.get(key)
	_, absent, _ := s.absent.get(key)
	s.absent.drop(key)
	switch {
	case found && held.revision < revision, !found && absent:
		s.values.put(key, versioned[V]{v, revision})
	case !found:
		s.noted.put(key, revision)
	}
}

// expect notes that a key is there: a reading that finds none is too old.
func (c *cache[V]) expect(key string) {
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.absent.drop(key)
	if _, ok, _ := s.noted.get(key); !ok {
		s.noted.put(key, 0)
	}
}

// drop forgets a key.
func (c *cache[V]) drop(key string) {
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values.drop(key)
	s.absent.drop(key)
	s.noted.drop(key)
}
