// SPDX-License-Identifier: Apache-2.0

// Package generation keeps an index that can be built anew while it serves. The
// new generation is filled from the log in a second slot, checked, and takes the
// old one's place in one step; the old one stays, to go back to.
package generation

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/relais-press/relais/services/search/internal/engine"
)

// Index is an engine.Engine whose generation may change under way. A search is
// answered by one generation, whole.
type Index struct {
	store engine.Store
	log   *slog.Logger

	writing sync.Mutex   // held by Apply, and while a generation takes over
	reading sync.RWMutex // read-held by calls, held while a generation takes over
	serving engine.Slot
	current engine.Engine
	closed  bool

	epoch  atomic.Uint64
	busy   sync.Mutex // held by the one rebuild under way
	status statusBoard
}

var _ engine.Engine = (*Index)(nil)

// Open opens the generation that serves. last is where the log ends: an index
// that is ahead of it belongs to another log and is made anew.
func Open(ctx context.Context, store engine.Store, last uint64, log *slog.Logger) (*Index, error) {
	slot, err := store.Serving(ctx)
	if err != nil {
		return nil, err
	}
	x := &Index{store: store, log: log, serving: slot}
	if x.current, err = store.Open(ctx, slot); err != nil {
		return nil, err
	}
	position, err := x.current.Position(ctx)
	if err != nil || position <= last {
		return x, err
	}
	log.WarnContext(ctx, "index made anew: it is ahead of the log", "index", position, "log", last)
	x.current, err = x.anew(ctx, slot, x.current)
	return x, err
}

// anew empties a slot; open is the engine that has it open, or nil.
func (x *Index) anew(ctx context.Context, slot engine.Slot, open engine.Engine) (engine.Engine, error) {
	if open != nil {
		if err := open.Close(); err != nil {
			return nil, err
		}
	}
	if err := x.store.Discard(ctx, slot); err != nil {
		return nil, err
	}
	return x.store.Open(ctx, slot)
}

// enter lets a call in; leave must be called when it is over.
func (x *Index) enter() (current engine.Engine, leave func(), err error) {
	x.reading.RLock()
	if x.closed {
		x.reading.RUnlock()
		return nil, nil, engine.ErrClosed
	}
	return x.current, x.reading.RUnlock, nil
}

// Apply implements engine.Engine.
func (x *Index) Apply(ctx context.Context, documents []engine.Document, position uint64) error {
	x.writing.Lock()
	defer x.writing.Unlock()
	current, leave, err := x.enter()
	if err != nil {
		return err
	}
	defer leave()
	defer x.epoch.Add(1)
	return current.Apply(ctx, documents, position)
}

// Epoch rises whenever answers may have changed, before Apply returns.
func (x *Index) Epoch() uint64 { return x.epoch.Load() }

// Position implements engine.Engine.
func (x *Index) Position(ctx context.Context) (uint64, error) {
	current, leave, err := x.enter()
	if err != nil {
		return 0, err
	}
	defer leave()
	return current.Position(ctx)
}

// Search implements engine.Engine.
func (x *Index) Search(ctx context.Context, q engine.Query) (engine.Result, error) {
	current, leave, err := x.enter()
	if err != nil {
		return engine.Result{}, err
	}
	defer leave()
	return current.Search(ctx, q)
}

// Count implements engine.Engine.
func (x *Index) Count(ctx context.Context) (uint64, error) {
	current, leave, err := x.enter()
	if err != nil {
		return 0, err
	}
	defer leave()
	return current.Count(ctx)
}

// Close implements engine.Engine. A rebuild has to be over.
func (x *Index) Close() error {
	x.reading.Lock()
	defer x.reading.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true
	return x.current.Close()
}

// takeOver makes an engine the one that serves. Nobody may be writing.
func (x *Index) takeOver(ctx context.Context, slot engine.Slot, next engine.Engine) error {
	if err := x.store.Serve(ctx, slot); err != nil {
		return fmt.Errorf("let generation %s serve: %w", slot, err)
	}
	x.reading.Lock()
	if x.closed {
		x.reading.Unlock()
		return engine.ErrClosed
	}
	old := x.current
	x.serving, x.current = slot, next
	x.epoch.Add(1)
	x.reading.Unlock()
	if err := old.Close(); err != nil {
		x.log.WarnContext(ctx, "old generation not closed", "error", err)
	}
	return nil
}
