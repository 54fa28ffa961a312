// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"hash/maphash"
	"net/netip"
	"time"
)

// recent remembers entries in two generations: when the young one is full or has
// lived its life, it becomes the old one, and the old one is forgotten. So it
// holds at most twice limit entries. Its owner locks.
//
// Without a life it is a cache, which keeps what is read. With one, an entry
// stays for one life at least, and what is older than two goes with the next put.
type recent[V any] struct {
	limit int
	life  time.Duration

	born       time.Duration
	young, old map[uint64]V
}

// get returns the value of a key.
func (r *recent[V]) get(key uint64) (V, bool) {
	if v, ok := r.young[key]; ok {
		return v, true
	}
	v, ok := r.old[key]
	if ok && r.life == 0 {
		r.put(0, key, v)
	}
	return v, ok
}

// put remembers a value. now runs from any start, and matters only where
// entries have a life.
func (r *recent[V]) put(now time.Duration, key uint64, v V) {
	_, known := r.young[key]
	age := now - r.born
	switch {
	case r.young == nil, r.life > 0 && age >= 2*r.life:
		r.young, r.old, r.born = map[uint64]V{}, nil, now
	case r.life > 0 && age >= r.life, !known && len(r.young) >= r.limit:
		r.young, r.old, r.born = map[uint64]V{}, r.young, now
	}
	r.young[key] = v
}

// hashNetwork stands for a network while the process runs: without the seed,
// which nobody is told, it cannot be made again.
func hashNetwork(seed maphash.Seed, p netip.Prefix) uint64 {
	b := p.Addr().As16()
	return maphash.Bytes(seed, b[:])
}
