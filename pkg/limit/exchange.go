// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relais-press/relais/pkg/bus"
)

const (
	interval = 250 * time.Millisecond // between two announcements
	presence = 15 * time.Second       // between two that say nothing but that a process is there
	most     = 10_000                 // buckets that one announcement tells of
)

// Bucket is where processes tell each other what was taken: bus.Rates.
type Bucket interface {
	// Put writes a key whatever it held.
	Put(ctx context.Context, key string, value []byte) (uint64, error)
	// LastRevision is the revision of the newest write.
	LastRevision(ctx context.Context) (uint64, error)
	// Changes calls standing once it listens, then hands every write above a
	// revision to fn, until ctx ends or the connection was lost.
	Changes(ctx context.Context, filter string, after uint64, standing func(), fn func(bus.Entry)) error
}

// announcement is what a process says: what was taken of its buckets since it
// said so last, in nanoseconds of their rates. It counts for those who make ids
// of the same seed.
type announcement struct {
	Seed     seed             `json:"seed"`
	Networks map[uint64]int64 `json:"networks,omitempty"`
	Names    map[uint64]int64 `json:"names,omitempty"`
}

// exchange is what a process knows of the others and has to tell them.
type exchange struct {
	heard atomic.Bool // is anybody else there?

	mu              sync.Mutex
	networks, names map[uint64]int64
	peers           map[string]time.Time // when they were heard last
	greet           bool                 // somebody may not know yet that this process is there
}

// hello has the next announcement made soon. A process says hello once it listens,
// and to each that it hears for the first time: of two, whichever listened first
// hears the other, and answers.
func (e *exchange) hello() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.greet = true
}

// owe notes what the next announcement is to tell. What finds no room is not told.
func (e *exchange) owe(network bool, id uint64, owed int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := &e.names
	if network {
		list = &e.networks
	}
	if *list == nil {
		*list = map[uint64]int64{}
	}
	if _, known := (*list)[id]; known || len(e.names)+len(e.networks) < most {
		(*list)[id] += owed
	}
}

// Share counts together with the other processes on a log until ctx ends. While
// the log is away, and while nobody else has been heard for a minute, it counts
// alone and says no more than that it is there.
func (l *Limiter) Share(ctx context.Context, bucket Bucket, log *slog.Logger) error {
	own := rand.Text()
	var following sync.WaitGroup
	defer following.Wait()
	following.Go(func() { l.follow(ctx, bucket, own, log) })
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for next := time.Now().Add(presence); ; {
		said, due := l.collect(time.Now())
		if due || !time.Now().Before(next) {
			l.say(ctx, bucket, own, said, log)
			next = time.Now().Add(presence)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// collect returns what there is to say, whether it is anything, and forgets those
// who have said nothing for long.
func (l *Limiter) collect(now time.Time) (said announcement, due bool) {
	e := &l.exchange
	e.mu.Lock()
	defer e.mu.Unlock()
	maps.DeleteFunc(e.peers, func(_ string, last time.Time) bool { return now.Sub(last) > bus.RateLife })
	e.heard.Store(len(e.peers) > 0)
	said = announcement{*l.seed.Load(), e.networks, e.names}
	due = e.greet || len(said.Networks)+len(said.Names) > 0
	e.networks, e.names, e.greet = nil, nil, false
	return said, due
}

// say writes an announcement. One that could not be written is not said again.
func (l *Limiter) say(ctx context.Context, bucket Bucket, own string, said announcement, log *slog.Logger) {
	value, err := json.Marshal(said)
	if err == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err = bucket.Put(ctx, own, value)
	}
	if err != nil && ctx.Err() == nil {
		log.DebugContext(ctx, "rates not told", "error", err)
	}
}

// follow hears what the others say from now on. What they said before is over.
func (l *Limiter) follow(ctx context.Context, bucket Bucket, own string, log *slog.Logger) {
	for ctx.Err() == nil {
		last, err := bucket.LastRevision(ctx)
		if err == nil {
			err = bucket.Changes(ctx, ">", last, l.exchange.hello, func(e bus.Entry) {
				if e.Key != own && e.Value != nil {
					l.hear(e, log)
				}
			})
		}
		if ctx.Err() != nil {
			return
		}
		log.DebugContext(ctx, "rates of others not followed", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(interval):
		}
	}
}

// hear notes that a process is there, takes over its seed when that came before, and
// charges what was taken there.
func (l *Limiter) hear(e bus.Entry, log *slog.Logger) {
	var said announcement
	if err := json.Unmarshal(e.Value, &said); err != nil {
		log.Warn("rates of another process unreadable", "instance", e.Key, "error", err)
		return
	}
	l.exchange.mu.Lock()
	if l.exchange.peers == nil {
		l.exchange.peers = map[string]time.Time{}
	}
	if _, known := l.exchange.peers[e.Key]; !known {
		l.exchange.greet = true
	}
	l.exchange.peers[e.Key] = time.Now()
	l.exchange.heard.Store(true)
	own := l.seed.Load()
	if said.Seed.Born > 0 && said.Seed.before(own) {
		own = &said.Seed
		l.seed.Store(own)
		l.exchange.networks, l.exchange.names = nil, nil // they are told by other ids
	}
	l.exchange.mu.Unlock()
	if said.Seed != *own {
		return
	}
	now := l.now()
	for id, amount := range said.Networks {
		l.networks.charge(id, now, amount)
	}
	for id, amount := range said.Names {
		l.names.charge(id, now, amount)
	}
}
