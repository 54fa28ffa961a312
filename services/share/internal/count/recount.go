// SPDX-License-Identifier: Apache-2.0

package count

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
)

const (
	scratchPrefix = "recount-"
	// near is how many messages may be left to read when the counts are held
	// still for the comparison.
	near = 500
)

// Report is what a recount found.
type Report struct {
	Through    uint64 // sequence of the last message of the log that was read
	Since      Day    // the first day compared: the log holds it, and those after it, whole
	Clicks     int64  // of those days, in the log
	Counted    int64  // of those days, in the counts
	Cells      int64  // compared
	Difference int64  // sum of the absolute differences of all cells, clicks and uniques; 0: the counts are right
}

// clean removes what a recount left that was killed.
func (c *Counts) clean() error {
	left, err := filepath.Glob(filepath.Join(c.dir, scratchPrefix+filepath.Base(c.instance)+"-*.bolt"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("clean up after a recount: %w", err), c.Close())
	}
	return nil
}

// Recount reads the log from its beginning into a file of its own, by the same
// code, and compares cell by cell. progress is told how much has been read, of
// how many messages. Counting goes on meanwhile.
func (c *Counts) Recount(ctx context.Context, progress func(read, of uint64)) (Report, error) {
	f, err := os.CreateTemp(c.dir, scratchPrefix+filepath.Base(c.instance)+"-*.bolt")
	if err != nil {
		return Report{}, fmt.Errorf("recount: %w", err)
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return Report{}, fmt.Errorf("recount: %w", err)
	}
	again, _, err := openBook(f.Name(), true)
	if err != nil {
		return Report{}, fmt.Errorf("recount: %w", err)
	}
	defer again.db.Close()
	r := recount{c, again, progress}
	report, err := r.run(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("recount: %w", err)
	}
	c.difference.Set(float64(report.Difference))
	return report, nil
}

type recount struct {
	live     *Counts
	again    *book // nobody else knows it: its lock is not needed
	progress func(read, of uint64)
}

func (r *recount) run(ctx context.Context) (Report, error) {
	kept, err := r.live.log.Extent(ctx, bus.Clicks)
	if err != nil {
		return Report{}, err
	}
	for {
		goal := r.live.Applied()
		if goal <= r.again.Position+near || goal < kept.First {
			break
		}
		if err := r.read(ctx, goal, kept.First); err != nil {
			return Report{}, err
		}
		r.again.Position = goal // a hole in the log may end here
	}
	tx, at, floor, err := r.live.snapshot()
	if err != nil {
		return Report{}, err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	if err := r.read(ctx, at, kept.First); err != nil {
		return Report{}, err
	}
	if err := r.again.flush(); err != nil {
		return Report{}, err
	}
	if kept, err = r.live.log.Extent(ctx, bus.Clicks); err != nil {
		return Report{}, err
	}
	report := Report{Through: at, Since: max(floor, whole(kept))}
	err = r.again.db.View(func(other *bbolt.Tx) error { return report.compare(ctx, tx, other) })
	return report, err
}

// whole is the first day that the log holds whole: any, when nothing has been
// forgotten yet; else the second after its first message, since the clocks of
// two machines may differ at midnight.
func whole(kept bus.Extent) Day {
	switch {
	case kept.First <= 1:
		return ""
	case kept.Since.IsZero():
		return "9999-12-31"
	}
	return DayOf(kept.Since).Plus(2)
}

// read brings the other book to a sequence.
func (r *recount) read(ctx context.Context, to, first uint64) error {
	if to < first || to <= r.again.Position {
		return nil
	}
	return r.live.log.Scan(ctx, bus.Clicks, r.again.Position+1, to, func(m bus.Message) error {
		if err := r.again.replay(m); err != nil {
			return err
		}
		r.progress(min(m.Sequence, to)-min(first, m.Sequence)+1, to-first+1)
		if !r.again.full() {
			return ctx.Err()
		}
		return errors.Join(r.again.flush(), ctx.Err())
	})
}

// snapshot is the counts as they are at a position, and the day before which
// they are forgotten. It is short-lived: what is written meanwhile takes room.
func (c *Counts) snapshot() (tx *bbolt.Tx, at uint64, floor Day, err error) {
	c.book.mu.Lock()
	defer c.book.mu.Unlock()
	if err := c.write(); err != nil {
		return nil, 0, "", err
	}
	tx, err = c.book.db.Begin(false)
	return tx, c.book.Position, Day(c.book.Floor), err
}

// compare walks both books in step, table by table and day by day.
func (r *Report) compare(ctx context.Context, live, again *bbolt.Tx) error {
	for _, t := range tables() {
		a, b := live.Bucket([]byte(t.name)), again.Bucket([]byte(t.name))
		err := inStep(a.Cursor(), b.Cursor(), []byte(r.Since), func(day, _, _ []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return r.compareDay(a.Bucket(day), b.Bucket(day), t.name == days.name)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) compareDay(live, again *bbolt.Bucket, sum bool) error {
	return inStep(cursor(live), cursor(again), nil, func(_, a, b []byte) error {
		var have, want tally
		if err := errors.Join(have.plus(a), want.plus(b)); err != nil {
			return err
		}
		r.Cells++
		r.Difference += have.distance(&want)
		if sum {
			r.Counted += have.sum()
			r.Clicks += want.sum()
		}
		return nil
	})
}

func cursor(b *bbolt.Bucket) *bbolt.Cursor {
	if b == nil {
		return nil
	}
	return b.Cursor()
}

// inStep hands every key from one on that either of two cursors has to fn, in
// order, with the value of each, nil where there is none. A cursor may be nil.
func inStep(a, b *bbolt.Cursor, from []byte, fn func(key, a, b []byte) error) error {
	keyA, valueA := seek(a, from)
	keyB, valueB := seek(b, from)
	for keyA != nil || keyB != nil {
		order := bytes.Compare(keyA, keyB)
		switch {
		case keyB == nil:
			order = -1
		case keyA == nil:
			order = 1
		}
		var err error
		switch {
		case order < 0:
			err = fn(keyA, valueA, nil)
		case order > 0:
			err = fn(keyB, nil, valueB)
		default:
			err = fn(keyA, valueA, valueB)
		}
		if err != nil {
			return err
		}
		if order <= 0 {
			keyA, valueA = a.Next()
		}
		if order >= 0 {
			keyB, valueB = b.Next()
		}
	}
	return nil
}

func seek(c *bbolt.Cursor, from []byte) (key, value []byte) {
	if c == nil {
		return nil, nil
	}
	return c.Seek(from)
}

// State is how far a recount is.
type State string

// The states of a recount.
const (
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
)

// Recount is a recount as it is shown.
type Recount struct {
	ID         string     `json:"id"`
	State      State      `json:"state"`
	Read       uint64     `json:"read"` // messages of the log
	Of         uint64     `json:"of"`
	Since      Day        `json:"since,omitempty"` // the first day compared; none: all are
	Clicks     int64      `json:"clicks"`          // in the log
	Counted    int64      `json:"counted"`         // in the counts
	Cells      int64      `json:"cells"`           // compared
	Difference int64      `json:"difference"`      // over all cells; 0: the counts are right
	StartedAt  time.Time  `json:"startedAt"`
	EndedAt    *time.Time `json:"endedAt,omitempty"`
	Error      string     `json:"error,omitempty"`
}

// Recounts runs one recount at a time: when it is asked for, and every night. It
// is safe for concurrent use.
//
//	(none) ──▶ running ──▶ done
//	              └──────▶ failed
type Recounts struct {
	recount func(context.Context, func(read, of uint64)) (Report, error)
	log     *slog.Logger
	start   chan struct{}

	mu   sync.Mutex
	last *Recount // that runs, or ran last
}

// NewRecounts returns the recounts of counts; they are done by Run.
func NewRecounts(c *Counts, log *slog.Logger) *Recounts {
	return &Recounts{recount: c.Recount, log: log, start: make(chan struct{}, 1)}
}

// Start begins a recount; Conflict while another one runs.
func (r *Recounts) Start() (Recount, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last != nil && r.last.State == Running {
		return Recount{}, fault.New(fault.Conflict, "a recount is under way: /v1/recounts/"+r.last.ID)
	}
	r.last = &Recount{ID: strings.ToLower(rand.Text()[:13]), State: Running, StartedAt: time.Now().UTC()}
	r.start <- struct{}{} // there is room: only a recount that runs fills it
	return *r.last, nil
}

// Get returns a recount: the one that runs, or the last one. NotFound of others.
func (r *Recounts) Get(id string) (Recount, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil || r.last.ID != id {
		return Recount{}, fault.New(fault.NotFound, "this instance of share remembers its last recount only")
	}
	return *r.last, nil
}

// Run does what was started, and starts one every night, until ctx ends.
func (r *Recounts) Run(ctx context.Context) error {
	nightly := time.NewTimer(untilNight(time.Now()))
	defer nightly.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-nightly.C:
			nightly.Reset(untilNight(time.Now()))
			_, _ = r.Start() // or one that was asked for is about to run
		case <-r.start:
			r.do(ctx)
		}
	}
}

// untilNight is how long it is until the next 03:00 UTC.
func untilNight(now time.Time) time.Duration {
	const hour = 3 * time.Hour
	now = now.UTC()
	next := now.Truncate(24 * time.Hour).Add(hour)
	if !next.After(now) {
		next = next.Add(24 * time.Hour)
	}
	return next.Sub(now)
}

func (r *Recounts) do(ctx context.Context) {
	report, err := r.recount(ctx, func(read, of uint64) {
		r.update(func(last *Recount) { last.Read, last.Of = read, of })
	})
	switch {
	case ctx.Err() != nil: // the service ends: another one will count
	case err != nil:
		r.log.ErrorContext(ctx, "recount failed", "error", err)
	case report.Difference != 0:
		r.log.ErrorContext(ctx, "counts are wrong", "difference", report.Difference, "clicks", report.Clicks, "counted", report.Counted)
	default:
		r.log.InfoContext(ctx, "counts are right", "clicks", report.Clicks, "cells", report.Cells)
	}
	r.update(func(last *Recount) {
		last.State, last.Since, last.Clicks, last.Counted = Done, report.Since, report.Clicks, report.Counted
		last.Cells, last.Difference = report.Cells, report.Difference
		if err != nil {
			last.State, last.Error = Failed, "the log or the counts could not be read; see the log of share"
		}
		now := time.Now().UTC()
		last.EndedAt = &now
	})
}

func (r *Recounts) update(change func(*Recount)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r.last)
}
