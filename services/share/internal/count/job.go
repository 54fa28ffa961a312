// SPDX-License-Identifier: Apache-2.0

package count

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/relais-press/relais/pkg/fault"
)

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
