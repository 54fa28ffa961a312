// SPDX-License-Identifier: Apache-2.0

package partner

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
)

// Directory is the view of partners and keys that a process keeps in memory. It
// follows the log: a revoked key is refused as soon as the log has said so.
// It is safe for concurrent use.
type Directory struct {
	keysKV, partnersKV, usesKV *bus.Bucket

	log              *slog.Logger
	misses           *rate.Limiter // of look-ups that go to the log, whoever asks
	partnersRevision atomic.Uint64

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at every change
	keys     map[string]Key
	used     map[string]string // hash of a key → the day of use this process has noted
	partners map[string]Partner
	seen     map[string]uint64 // bucket → last revision applied
	caughtUp map[string]bool
}

// NewDirectory opens the buckets. The directory is empty until Run has caught up.
func NewDirectory(ctx context.Context, b *bus.Bus, log *slog.Logger) (*Directory, error) {
	keys, err := b.Bucket(ctx, bus.Keys)
	if err != nil {
		return nil, err
	}
	partners, err := b.Bucket(ctx, bus.Partners)
	if err != nil {
		return nil, err
	}
	uses, err := b.Bucket(ctx, bus.KeyUses)
	if err != nil {
		return nil, err
	}
	return &Directory{
		keysKV: keys, partnersKV: partners, usesKV: uses, log: log, misses: rate.NewLimiter(200, 200),
		changed: make(chan struct{}), keys: map[string]Key{}, used: map[string]string{}, partners: map[string]Partner{},
		seen: map[string]uint64{}, caughtUp: map[string]bool{},
	}, nil
}

// Run follows both buckets until ctx ends.
func (d *Directory) Run(ctx context.Context) error {
	go d.follow(ctx, bus.Partners, d.partnersKV, func(e bus.Entry) { store(d, d.partners, e) })
	d.follow(ctx, bus.Keys, d.keysKV, func(e bus.Entry) { store(d, d.keys, e) })
	return nil
}

func (d *Directory) follow(ctx context.Context, name string, bucket *bus.Bucket, apply func(bus.Entry)) {
	for ctx.Err() == nil {
		err := bucket.Follow(ctx, ">", func(e bus.Entry) {
			d.update(func() {
				if e.Revision > d.seen[name] {
					apply(e)
					d.seen[name] = e.Revision
					if name == bus.Partners {
						d.partnersRevision.Store(e.Revision)
					}
				}
			})
		}, func() { d.update(func() { d.caughtUp[name] = true }) })
		if ctx.Err() != nil {
			return
		}
		d.log.WarnContext(ctx, "directory interrupted", "bucket", name, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// store applies one entry to a map of the directory, whose lock is held.
func store[T any](d *Directory, m map[string]T, e bus.Entry) {
	if e.Value == nil {
		delete(m, e.Key)
		return
	}
	var v T
	if err := json.Unmarshal(e.Value, &v); err != nil {
		d.log.Error("directory entry unreadable", "key", e.Key, "error", err)
		return
	}
	m[e.Key] = v
}

func (d *Directory) update(fn func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn()
	close(d.changed)
	d.changed = make(chan struct{})
}

// await returns when done is true of the directory, or with ctx's error.
func (d *Directory) await(ctx context.Context, done func() bool) error {
	for {
		d.mu.Lock()
		ok, changed := done(), d.changed
		d.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// Check returns nil once both buckets have been read to their end.
func (d *Directory) Check(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.caughtUp[bus.Keys] || !d.caughtUp[bus.Partners] {
		return fault.New(fault.Unavailable, "keys and partners are still being read")
	}
	return nil
}

// Seen returns once a bucket's write of the given revision has been applied, so
// that whoever was told of the write finds it in force. It gives up with ctx.
func (d *Directory) Seen(ctx context.Context, bucket string, revision uint64) error {
	return d.await(ctx, func() bool { return d.seen[bucket] >= revision })
}

// Knows reports whether the directory has heard of a secret, in force or not.
// Authenticate asks the log for any other.
func (d *Directory) Knows(secret string) bool {
	hash := Hash(secret)
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.keys[hash]
	return ok
}

// Authenticate returns the key that a secret stands for; Unauthorized when
// there is none or it is revoked. A secret the directory has not heard of is
// looked up in the log once, since it may be a moment old.
func (d *Directory) Authenticate(ctx context.Context, secret string) (Key, error) {
	unknown := fault.New(fault.Unauthorized, "the key is missing, unknown or revoked")
	if !WellFormed(secret) {
		return Key{}, unknown
	}
	hash := Hash(secret)
	d.mu.Lock()
	key, ok := d.keys[hash]
	d.mu.Unlock()
	if !ok {
		if !d.misses.Allow() {
			return Key{}, fault.New(fault.TooManyRequests, "too many calls with unknown keys")
		}
		entry, err := d.keysKV.Get(ctx, hash)
		switch {
		case fault.Is(err, fault.NotFound):
			return Key{}, unknown
		case err != nil:
			return Key{}, err
		}
		if err := json.Unmarshal(entry.Value, &key); err != nil {
			return Key{}, fmt.Errorf("read key: %w", err)
		}
	}
	if key.Revoked != nil {
		return Key{}, unknown
	}
	d.noteUse(hash, key)
	return key, nil
}

// noteUse writes the day of a key's use to the log, once a day. It has a bucket
// of its own, so that services that only know keys need not be able to make them.
func (d *Directory) noteUse(hash string, key Key) {
	today := time.Now().UTC().Format(time.DateOnly)
	if key.LastUsedAt >= today {
		return
	}
	d.mu.Lock()
	due := d.used[hash] < today
	if due {
		d.used[hash] = today
	}
	d.mu.Unlock()
	if !due {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if e, err := d.usesKV.Get(ctx, hash); err == nil && string(e.Value) >= today {
			return
		}
		_, _ = d.usesKV.Put(ctx, hash, []byte(today)) // one that fails is noted again at the next start
	}()
}

// Partner returns a partner by its id; Forbidden when it is gone or disabled.
func (d *Directory) Partner(ctx context.Context, id string) (Partner, error) {
	refused := fault.New(fault.Forbidden, "the partner of this key is disabled or gone")
	d.mu.Lock()
	p, ok := d.partners[id]
	d.mu.Unlock()
	if !ok {
		entry, err := d.partnersKV.Get(ctx, id)
		switch {
		case fault.Is(err, fault.NotFound):
			return Partner{}, refused
		case err != nil:
			return Partner{}, err
		}
		if err := json.Unmarshal(entry.Value, &p); err != nil {
			return Partner{}, fmt.Errorf("read partner: %w", err)
		}
	}
	if p.Disabled {
		return Partner{}, refused
	}
	return p, nil
}

// PartnersRevision changes whenever a partner does.
func (d *Directory) PartnersRevision() uint64 { return d.partnersRevision.Load() }

// Partners lists the partners in service by id.
func (d *Directory) Partners() []Partner {
	d.mu.Lock()
	out := make([]Partner, 0, len(d.partners))
	for _, p := range d.partners {
		if !p.Disabled {
			out = append(out, p)
		}
	}
	d.mu.Unlock()
	slices.SortFunc(out, func(a, b Partner) int { return strings.Compare(a.ID, b.ID) })
	return out
}
