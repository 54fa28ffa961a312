// SPDX-License-Identifier: Apache-2.0

package generation

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// batch is how many editions are applied at once while a generation is filled;
// samples is how many of them are looked for before it serves.
const (
	batch   = 500
	samples = 20
)

// handOver bounds how long writing waits for a generation to take over.
const handOver = 30 * time.Second

// Source is the log as editions.
type Source interface {
	// Replay hands the newest version of every edition to fn in the order of the
	// log, then calls caughtUp, then hands over each new one, until ctx ends or
	// fn fails, whose error it returns. For what is no edition it hands over a
	// document without an ID, as the position counts.
	Replay(ctx context.Context, fn func(d engine.Document, position uint64) error, caughtUp func()) error

	// Prepare adds to documents what is not in the log, before they are applied.
	Prepare(ctx context.Context, documents []engine.Document) error

	// Last is the position where the log ends.
	Last(ctx context.Context) (uint64, error)
}

// ErrBusy is returned when a rebuild is under way already.
var ErrBusy = fault.New(fault.Conflict, "a generation is being built")

// Rebuild fills a generation from the log and lets it serve: a new, empty one,
// or, with back, the one that served before. Searches go on meanwhile, and what
// is published meanwhile is in both. When it fails, what served before still does.
func (x *Index) Rebuild(ctx context.Context, source Source, back bool) (err error) {
	if !x.busy.TryLock() {
		return ErrBusy
	}
	defer x.busy.Unlock()
	slot := x.serving.Other()
	last, unread := source.Last(ctx)
	x.status.begin(slot, back, last)
	defer func() { x.status.end(err) }()
	if unread != nil {
		return unread
	}
	next, held, err := x.fillable(ctx, slot, back, last)
	if err != nil {
		return fmt.Errorf("open generation %s: %w", slot, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	b := &build{index: x, source: source, slot: slot, next: next, held: held, usable: map[string]string{}, cancel: cancel}
	if err := b.run(ctx); err != nil {
		return errors.Join(err, next.Close())
	}
	b.usable = nil
	debug.FreeOSMemory() // filling takes far more than serving
	x.log.InfoContext(ctx, "generation serves", "slot", string(slot), "back", back)
	return nil
}

// fillable opens the generation to be filled, and says up to where it is: an
// empty one, or with back the one before, unless that belongs to another log.
func (x *Index) fillable(ctx context.Context, slot engine.Slot, back bool, last uint64) (next engine.Engine, held uint64, err error) {
	if !back {
		next, err = x.anew(ctx, slot, nil)
		return next, 0, err
	}
	if next, err = x.store.Open(ctx, slot); err != nil {
		return nil, 0, err
	}
	held, err = next.Position(ctx)
	switch {
	case err != nil:
		return nil, 0, errors.Join(err, next.Close())
	case held == 0:
		return nil, 0, errors.Join(fault.New(fault.Conflict, "there is no generation to go back to"), next.Close())
	case held > last:
		next, err = x.anew(ctx, slot, next)
		return next, 0, err
	}
	return next, held, nil
}

// build is a generation being filled.
type build struct {
	index  *Index
	source Source
	slot   engine.Slot
	next   engine.Engine

	held     uint64 // what is not after this position is in the generation already
	waiting  []engine.Document
	position uint64            // of the last document in waiting
	usable   map[string]string // headlines by "id.language" of the editions the log holds as usable
	target   uint64            // the position at which it may take over; 0: not yet known
	writing  *sync.Mutex       // held by the build from then on
	cancel   context.CancelCauseFunc
	late     *time.Timer // cancels a hand-over that takes too long
	serves   bool
}

// errServes ends a replay when the generation serves.
var errServes = errors.New("the generation serves")

func (b *build) run(ctx context.Context) error {
	defer func() {
		if b.late != nil {
			b.late.Stop()
		}
		if b.writing != nil {
			b.writing.Unlock()
		}
	}()
	err := b.source.Replay(ctx, func(d engine.Document, position uint64) error {
		return b.take(ctx, d, position)
	}, func() {
		if err := b.caughtUp(ctx); err != nil {
			b.cancel(err)
		}
	})
	switch cause := context.Cause(ctx); {
	case b.serves: // whatever came after
		return nil
	case cause != nil:
		return cause
	}
	return err
}

// take puts one edition into the generation, sooner or later.
func (b *build) take(ctx context.Context, d engine.Document, position uint64) error {
	key := d.ID + "." + d.Language
	if d.PubStatus == article.Usable {
		b.usable[key] = d.Headline
	} else {
		delete(b.usable, key)
	}
	b.position = position
	if position > b.held && d.ID != "" {
		b.waiting = append(b.waiting, d)
	}
	if len(b.waiting) >= batch || b.target > 0 {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	if b.target > 0 && b.position >= b.target {
		return b.finish(ctx)
	}
	return nil
}

func (b *build) flush(ctx context.Context) error {
	if len(b.waiting) == 0 {
		b.index.status.applied(0, b.position, 0)
		return nil
	}
	if err := b.source.Prepare(ctx, b.waiting); err != nil {
		return err
	}
	start := time.Now()
	if err := b.next.Apply(ctx, b.waiting, b.position); err != nil {
		return fmt.Errorf("fill generation %s: %w", b.slot, err)
	}
	b.index.status.applied(len(b.waiting), b.position, time.Since(start))
	b.waiting = b.waiting[:0]
	return nil
}

// caughtUp makes writing wait, so that the generation can reach what the one
// that serves has; errServes when it takes over at once.
func (b *build) caughtUp(ctx context.Context) error {
	if err := b.flush(ctx); err != nil {
		return err
	}
	b.index.writing.Lock()
	b.writing = &b.index.writing
	reached, err := b.index.Position(ctx)
	if err != nil && !b.index.damaged.Load() {
		return err
	}
	if b.position >= reached {
		return b.finish(ctx)
	}
	b.target = reached
	b.late = time.AfterFunc(handOver, func() { b.cancel(fault.New(fault.Unavailable, "the log does not hand over what is indexed already")) })
	return nil
}

// finish checks the generation and lets it serve. Writing waits meanwhile.
func (b *build) finish(ctx context.Context) error {
	b.index.status.verifying()
	if err := b.verify(ctx); err != nil {
		return fmt.Errorf("generation %s does not serve: %w", b.slot, err)
	}
	if err := b.index.takeOver(ctx, b.slot, b.next); err != nil {
		return err
	}
	b.serves = true
	return errServes
}

// verify compares the generation with the log: the number of editions, and that
// some of them are found by their headlines.
func (b *build) verify(ctx context.Context) error {
	count, err := b.next.Count(ctx)
	if err != nil {
		return err
	}
	// What was left out before the generation was opened again is not known.
	want, unknown := uint64(len(b.usable)), b.held > 0 && b.mayLeaveOut()
	if count+b.leftOut() != want && (!unknown || count > want) {
		return fault.Newf(fault.Internal, "it holds %d editions, the log %d", count, want)
	}
	n := 0
	for key, headline := range b.usable {
		if n++; n > samples {
			break
		}
		if err := b.find(ctx, key, headline); err != nil {
			return err
		}
	}
	return nil
}

// refusing is an engine that may leave an edition out for good and go on.
type refusing interface {
	LeftOut() uint64 // since it was opened
}

func (b *build) mayLeaveOut() bool { _, ok := b.next.(refusing); return ok }

func (b *build) leftOut() uint64 {
	if r, ok := b.next.(refusing); ok {
		return r.LeftOut()
	}
	return 0
}

// find looks for one edition by its headline, unless it is under an embargo or expired.
func (b *build) find(ctx context.Context, key, headline string) error {
	id, language := split(key)
	q := engine.Query{
		Language: language, IDs: []string{id}, Languages: []string{language}, Limit: 1,
		Viewer: engine.Viewer{Editor: true}, Now: time.Now(),
	}
	seen, err := b.next.Search(ctx, q)
	if err != nil || seen.Total == 0 {
		return err // not yet, or no more
	}
	q.Text, q.AnyWord = plain(headline), true
	if q.Text == "" {
		return nil
	}
	found, err := b.next.Search(ctx, q)
	if err != nil {
		return err
	}
	if found.Total != 1 {
		return fault.Newf(fault.Internal, "%s is not found by its headline", key)
	}
	return nil
}
