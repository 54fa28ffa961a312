// SPDX-License-Identifier: Apache-2.0

// Package generation keeps an index that can be built anew while it serves. The
// new generation is filled from the log in a second slot, checked, and takes the
// old one's place in one step; the old one stays, to go back to.
package generation

import (
	"context"
	"errors"
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

	writing sync.Mutex // held by Apply, and while a generation takes over
	mu      sync.Mutex // guards the fields below, for moments
	serving engine.Slot
	current *generation
	closed  bool

	epoch   atomic.Uint64
	busy    sync.Mutex // held by the one rebuild under way
	status  statusBoard
	damaged atomic.Bool   // what serves has lost files, and is being built anew
	suspect chan struct{} // tells Watch that a call failed as if it had

	unwritable atomic.Bool // what serves fell over while it was written to
}

var _ engine.Engine = (*Index)(nil)

// generation is an engine and the calls it is answering.
type generation struct {
	engine.Engine
	calls sync.WaitGroup
}

// Open opens the generation that serves. last is where the log ends: an index
// that is ahead of it belongs to another log and is made anew.
func Open(ctx context.Context, store engine.Store, last uint64, log *slog.Logger) (*Index, error) {
	slot, err := store.Serving(ctx)
	if err != nil {
		return nil, err
	}
	x := &Index{store: store, log: log, serving: slot, suspect: make(chan struct{}, 1)}
	current, err := store.Open(ctx, slot)
	if err != nil {
		return nil, err
	}
	position, err := current.Position(ctx)
	if err != nil {
		return nil, errors.Join(err, current.Close())
	}
	if position > last {
		log.WarnContext(ctx, "index made anew: it is ahead of the log", "index", position, "log", last)
		if current, err = x.anew(ctx, slot, current); err != nil {
			return nil, err
		}
	}
	x.current = &generation{Engine: current}
	return x, nil
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
func (x *Index) enter() (current *generation, leave func(), err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil, nil, engine.ErrClosed
	}
	x.current.calls.Add(1)
	return x.current, x.current.calls.Done, nil
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
	err = current.Apply(ctx, documents, position)
	if errors.Is(err, engine.ErrDamaged) {
		x.unwritable.Store(true)
	}
	return x.doubt(ctx, current, err)
}

// Seen is what searches see now: another epoch or another position whenever
// answers may have changed. An engine that is an engine.Seer changes the position
// as soon as a search may see a batch; any other the epoch, before Apply returns.
func (x *Index) Seen() (epoch, position uint64) {
	current, leave, err := x.enter()
	epoch = x.epoch.Load()
	if err != nil {
		return epoch, 0
	}
	defer leave()
	if seer, ok := current.Engine.(engine.Seer); ok {
		position = seer.Seen()
	}
	return epoch, position
}

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
	found, err := current.Search(ctx, q)
	return found, x.doubt(ctx, current, err)
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
	x.mu.Lock()
	current, closed := x.current, x.closed
	x.closed = true
	x.mu.Unlock()
	if closed {
		return nil
	}
	current.calls.Wait()
	return current.Close()
}

// takeOver makes an engine the one that serves, and closes the one before once
// it has answered what it was asked. Nobody may be writing.
func (x *Index) takeOver(ctx context.Context, slot engine.Slot, next engine.Engine) error {
	if err := x.store.Serve(ctx, slot); err != nil {
		return fmt.Errorf("let generation %s serve: %w", slot, err)
	}
	x.mu.Lock()
	if x.closed {
		x.mu.Unlock()
		return engine.ErrClosed
	}
	old := x.current
	x.serving, x.current = slot, &generation{Engine: next}
	x.epoch.Add(1)
	x.mu.Unlock()
	old.calls.Wait()
	if err := old.Close(); err != nil {
		x.log.WarnContext(ctx, "old generation not closed", "error", err)
	}
	return nil
}
