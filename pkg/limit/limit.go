// SPDX-License-Identifier: Apache-2.0

// Package limit counts what callers take against rates. The buckets of a process
// are its own, so that no request waits for anybody; processes that stand on the
// same log tell each other four times a second what was taken, and each charges
// it to its own buckets.
//
// A bucket is one moment: when it will be full again, were nothing more taken
// (the generic cell rate algorithm, ITU-T I.371). To take is to move the moment
// on by the time that the rate needs for one; what others took moves it on as well,
// beyond empty where there are debts. A bucket whose moment has passed is full, and
// may be forgotten.
//
// # What holds
//
// Let n processes share a rate of r a second with a burst of b, and d be the time
// from a request to the moment when the others have charged it: half a second with
// a log that answers. In any T seconds, together they let through at most
//
//	r·T + n·(9/8·b + r·d)
//
// and one alone at most r·T + b. The burst is each process's own, and an eighth of
// it may go untold; the rate is shared. A process that hears nothing (the log is away) counts alone, and what
// was taken meanwhile is not charged later.
package limit

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// How many buckets are held: those of networks take 1.6 MB, those of names 0.2 MB.
const (
	networks = 65_536
	names    = 8_192
)

// Rate is how much may be taken of a bucket. The zero Rate is no limit.
type Rate struct {
	every time.Duration // one is filled in so often
	depth time.Duration // what an empty bucket takes to be full
}

// Per is a rate of so many a second, of which burst may be taken at once, one at
// least. No more than 0 a second is no limit.
func Per(second float64, burst int) Rate {
	if second <= 0 {
		return Rate{}
	}
	every := max(1, time.Duration(float64(time.Second)/second))
	return Rate{every: every, depth: every * time.Duration(max(1, burst))}
}

// Limiter is the buckets of a process. It is safe for concurrent use.
//
// It holds no address and no name: buckets are known by 64 bits of a hash whose
// seed is made when the first of the processes starts, and stays in memory.
type Limiter struct {
	networks, names *table
	start           time.Time
	seed            atomic.Pointer[seed]
	exchange        exchange
}

// New returns a limiter whose buckets are full, and which counts alone until Share.
func New() *Limiter {
	l := &Limiter{networks: newTable(networks), names: newTable(names), start: time.Now()}
	own := seed{Born: time.Now().UnixNano()}
	_, _ = rand.Read(own.Secret[:]) // never fails, since Go 1.24
	l.seed.Store(&own)
	return l
}

// Name takes one of the bucket of a name, and returns 0; or it takes none and returns how long it is until there is one.
func (l *Limiter) Name(name string, r Rate) time.Duration {
	var room [160]byte // longer names cost an allocation
	return l.take(l.names, append(room[:0], name...), r)
}

// Network does the same for an address: of IPv6, for the network that its first
// 64 bits name, which is what one subscriber has.
func (l *Limiter) Network(a netip.Addr, r Rate) time.Duration {
	name := a.As16()
	if a.Is6() {
		clear(name[8:])
	}
	return l.take(l.networks, name[:], r)
}

func (l *Limiter) take(t *table, name []byte, r Rate) time.Duration {
	if r.every == 0 {
		return 0
	}
	id := l.seed.Load().id(name)
	wait, owed := t.take(id, l.now(), r, l.exchange.heard.Load())
	if owed > 0 {
		l.exchange.owe(t == l.networks, id, owed)
	}
	return wait
}

func (l *Limiter) now() int64 { return int64(time.Since(l.start)) }

// seed is what the processes that share a limit make ids of.
type seed struct {
	Born   int64    `json:"born"` // Unix nanoseconds: of several seeds the oldest is in force
	Secret [16]byte `json:"secret"`
}

// before reports whether a seed is in force rather than another.
func (s *seed) before(other *seed) bool {
	if s.Born != other.Born {
		return s.Born < other.Born
	}
	return bytes.Compare(s.Secret[:], other.Secret[:]) < 0
}

func (s *seed) id(name []byte) uint64 {
	return sip(binary.LittleEndian.Uint64(s.Secret[:8]), binary.LittleEndian.Uint64(s.Secret[8:]), name)
}

const ways = 8 // buckets that share a lock

// table holds buckets in a fixed number of places. One that has no place takes
// that of the bucket which is full, or will be first.
type table struct{ sets []set }

type set struct {
	mu    sync.Mutex
	slots [ways]slot
}

type slot struct {
	id   uint64
	full int64 // when the bucket is full again
	owed int64 // what was taken and the others have not been told, as time
}

func newTable(size int) *table { return &table{make([]set, size/ways)} }

// find returns the place of a bucket, whose set is locked.
func (t *table) find(id uint64) (*set, *slot) {
	s := &t.sets[id%uint64(len(t.sets))]
	s.mu.Lock()
	least := &s.slots[0]
	for i := range s.slots {
		sl := &s.slots[i]
		if sl.id == id {
			return s, sl
		}
		if sl.full < least.full {
			least = sl
		}
	}
	*least = slot{id: id}
	return s, least
}

// take takes one, or says how long to wait. When others are to be told, owed is
// what was taken of the bucket since they were told last, once that is worth it:
// an eighth of what it holds.
func (t *table) take(id uint64, now int64, r Rate, tell bool) (wait time.Duration, owed int64) {
	s, sl := t.find(id)
	defer s.mu.Unlock()
	full := max(sl.full, now) + int64(r.every)
	if over := full - now - int64(r.depth); over > 0 {
		return time.Duration(over), 0
	}
	sl.full = full
	if !tell {
		sl.owed = 0
		return 0, 0
	}
	if sl.owed += int64(r.every); sl.owed >= int64(r.depth)/8 {
		owed, sl.owed = sl.owed, 0
	}
	return 0, owed
}

// maxDebt is the farthest that what others took may move a bucket on.
const maxDebt = int64(time.Hour)

// charge takes from a bucket what was taken elsewhere.
func (t *table) charge(id uint64, now, amount int64) {
	if amount <= 0 {
		return
	}
	s, sl := t.find(id)
	defer s.mu.Unlock()
	sl.full = max(sl.full, min(max(sl.full, now)+min(amount, maxDebt), now+maxDebt))
}
