// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/fault"
)

// Bucket is one key-value bucket of the log.
type Bucket struct {
	bus    *Bus
	kv     jetstream.KeyValue
	stream // that it is kept in
	name   string
}

// Entry is one value of a bucket.
type Entry struct {
	Key      string
	Value    []byte // nil when the key was deleted
	Revision uint64 // grows with every write to the bucket
	Created  time.Time
}

// Bucket opens a declared bucket.
func (b *Bus) Bucket(ctx context.Context, name string) (*Bucket, error) {
	kv, err := b.js.KeyValue(ctx, name)
	if err != nil {
		return nil, unavailable("open bucket "+name, err)
	}
	return &Bucket{bus: b, kv: kv, stream: b.streams["KV_"+name], name: name}, nil
}

// Get returns the value of a key, or NotFound.
func (k *Bucket) Get(ctx context.Context, key string) (Entry, error) {
	return again(ctx, k.bus, func(ctx context.Context) (Entry, error) {
		if k.replicated {
			return k.lead(ctx, key)
		}
		e, err := k.kv.Get(ctx, key)
		if err != nil {
			return Entry{}, notFoundOr("get "+k.name+"/"+key, err)
		}
		return entry(e), nil
	})
}

// Create writes a key that must not exist, and returns its revision; Conflict
// when it does.
func (k *Bucket) Create(ctx context.Context, key string, value []byte) (uint64, error) {
	ctx, cancel, err := k.bus.ask(ctx)
	if err != nil {
		return 0, err
	}
	defer cancel()
	rev, err := k.kv.Create(ctx, key, value)
	return rev, k.lost("create", key, err)
}

// Update writes a key whose revision must be the given one; Conflict otherwise.
func (k *Bucket) Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	ctx, cancel, err := k.bus.ask(ctx)
	if err != nil {
		return 0, err
	}
	defer cancel()
	rev, err := k.kv.Update(ctx, key, value, revision)
	return rev, k.lost("update", key, err)
}

// Put writes a key whatever it held.
func (k *Bucket) Put(ctx context.Context, key string, value []byte) (uint64, error) {
	ctx, cancel, err := k.bus.ask(ctx)
	if err != nil {
		return 0, err
	}
	defer cancel()
	rev, err := k.kv.Put(ctx, key, value)
	return rev, k.lost("put", key, err)
}

// Delete marks a key as deleted. Deleting what is not there is no error.
func (k *Bucket) Delete(ctx context.Context, key string) error {
	ctx, cancel, err := k.bus.ask(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	return k.lost("delete", key, k.kv.Delete(ctx, key))
}

func (k *Bucket) lost(op, key string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrKeyExists) || wrongLast(err):
		return fault.Wrap(fault.Conflict, "somebody else wrote first", err)
	}
	return unavailable(fmt.Sprintf("%s %s/%s", op, k.name, key), err)
}

// List returns the live entries whose keys match a filter (NATS wildcards), each
// key once, also while somebody writes.
func (k *Bucket) List(ctx context.Context, filter string) ([]Entry, error) {
	prefix := "$KV." + k.name + "."
	least, err := k.bus.newest(ctx, "KV_"+k.name, prefix+filter)
	if err != nil {
		return nil, err
	}
	expected, err := k.bus.subjects(ctx, k.Stream, prefix+filter)
	if err != nil {
		return nil, err
	}
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	seen, last, present := make(map[string]Entry, len(expected)), uint64(0), false
	enough := func() { // a copy that is behind goes on to what the leader had
		if present && last >= least {
			cancel()
		}
	}
	err = k.Follow(watching, filter, func(e Entry) {
		seen[e.Key], last = e, max(last, e.Revision)
		enough()
	}, func() { present = true; enough() })
	if err != nil && (ctx.Err() != nil || !errors.Is(err, context.Canceled)) {
		return nil, err
	}
	out := make([]Entry, 0, len(expected))
	for _, subject := range expected {
		key := strings.TrimPrefix(subject, prefix)
		e, ok := seen[key]
		if !ok { // overwritten before the watcher came to it
			if e, err = k.Get(ctx, key); err != nil && !fault.Is(err, fault.NotFound) {
				return nil, err
			}
		}
		if e.Value != nil {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Compare(a.Revision, b.Revision) })
	return out, nil
}

// Follow hands every present entry that matches the filter to fn, then calls
// caughtUp, then hands over each change as it happens, until ctx ends, whose
// error it returns, or the connection was lost, which is Unavailable: a caller
// that follows again is handed what is present again. Calls are made one at a
// time, in the order of revisions.
func (k *Bucket) Follow(ctx context.Context, filter string, fn func(Entry), caughtUp func()) error {
	ctx, done := k.bus.untilReconnected(ctx)
	defer done()
	w, err := k.kv.WatchFiltered(ctx, []string{filter})
	if err != nil {
		return unavailable("watch "+k.name, err)
	}
	return k.watch(ctx, w, fn, caughtUp)
}

// watch is each, with Unavailable for a connection that was lost.
func (k *Bucket) watch(ctx context.Context, w jetstream.KeyWatcher, fn func(Entry), caughtUp func()) error {
	err := k.each(ctx, w, fn, caughtUp)
	if cause := context.Cause(ctx); errors.Is(cause, errReconnected) {
		return unavailable("watch "+k.name, cause)
	}
	return err
}

func (k *Bucket) each(ctx context.Context, w jetstream.KeyWatcher, fn func(Entry), caughtUp func()) error {
	defer release(w)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-w.Updates():
			switch {
			case !ok:
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return unavailable("watch "+k.name, errors.New("watcher closed"))
			case e == nil:
				caughtUp()
			default:
				fn(entry(e))
			}
		}
	}
}

// release ends a watch. The log is told, but not waited for when it is away or
// hangs: it forgets a watcher that nobody listens to.
func release(w jetstream.KeyWatcher) {
	told := make(chan struct{})
	go func() {
		defer close(told)
		_ = w.Stop() // bounded by the client's own patience, of 5 s
	}()
	patience := time.NewTimer(farewell)
	defer patience.Stop()
	select {
	case <-told:
	case <-patience.C:
	}
}

// LastRevision is the revision of the newest write to the bucket; 0 before any.
func (k *Bucket) LastRevision(ctx context.Context) (uint64, error) {
	ctx, cancel, err := k.bus.ask(ctx)
	if err != nil {
		return 0, err
	}
	defer cancel()
	info, err := k.Info(ctx)
	if err != nil {
		return 0, unavailable("inspect "+k.name, err)
	}
	return info.State.LastSeq, nil
}

// Changes calls standing once it listens, then hands every write to a key that
// matches the filter and has a revision above after to fn, those that have been
// made already first, one at a time and in the order of revisions, until ctx
// ends, whose error it returns, or the connection was lost, which is Unavailable:
// the caller goes on without a gap from the revision it saw last.
func (k *Bucket) Changes(ctx context.Context, filter string, after uint64, standing func(), fn func(Entry)) error {
	if err := k.bus.connected(); err != nil {
		return err
	}
	ctx, done := k.bus.untilReconnected(ctx)
	defer done()
	w, err := k.kv.WatchFiltered(ctx, []string{filter}, jetstream.ResumeFromRevision(after+1))
	if err != nil {
		return unavailable("watch "+k.name, err)
	}
	standing()
	return k.watch(ctx, w, fn, func() {})
}

func entry(e jetstream.KeyValueEntry) Entry {
	out := Entry{Key: e.Key(), Revision: e.Revision(), Created: e.Created()}
	if e.Operation() == jetstream.KeyValuePut {
		out.Value = e.Value()
		if out.Value == nil {
			out.Value = []byte{}
		}
	}
	return out
}
