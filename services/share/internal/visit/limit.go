// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	missRate  = 20 // unknown codes a second that one network may ask for
	missBurst = 100
	missPause = time.Second
	missLimit = 65_536
	missLife  = 10 * time.Second // longer than an empty bucket takes to fill
)

// limiter holds back networks that guess codes: one token bucket for each that
// missed in the last seconds.
//
// A network that has emptied its bucket is held back for a second, from links
// that exist as well: else an answer would tell it that it had guessed right.
type limiter struct {
	mu      sync.Mutex
	buckets recent[bucket]
	emptied atomic.Int64 // when a bucket was last found empty, in nanoseconds, plus one; 0: never
}

type bucket struct {
	tokens float64
	at     time.Duration
	until  time.Duration // when the pause ends
}

func newLimiter() *limiter {
	return &limiter{buckets: recent[bucket]{limit: missLimit, life: missLife}}
}

// allow takes one miss of a network, given as its hash, and reports whether it
// still may; one that may not takes nothing.
func (l *limiter) allow(now time.Duration, network uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets.get(network)
	if !ok {
		b = bucket{tokens: missBurst, at: now}
	}
	b.tokens = min(missBurst, b.tokens+(now-b.at).Seconds()*missRate)
	b.at = now
	allowed := now >= b.until
	if allowed {
		b.tokens--
	}
	if allowed && b.tokens < 1 {
		b.until = now + missPause
		l.emptied.Store(int64(now) + 1)
	}
	l.buckets.put(now, network, b)
	return allowed
}

// heldBack reports whether a network, which is told with whether it may be held
// back, has emptied its bucket within the last second. It costs nothing while
// nobody guesses.
func (l *limiter) heldBack(now time.Duration, network func() (hash uint64, alone bool)) bool {
	last := time.Duration(l.emptied.Load())
	if last == 0 || now-last > missLife {
		return false
	}
	hash, alone := network()
	if !alone {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets.get(hash)
	return ok && now < b.until
}
