// SPDX-License-Identifier: Apache-2.0

// Package tally adds up how often search is asked and tells the log, in numbers
// alone.
package tally

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/usage"
)

const (
	interval = 10 * time.Second // from one batch to the next: what a kill loses
	patience = 5 * time.Second  // with the log, for one flush

	// tellApart is how many rows gather before languages are no longer told apart,
	// most how many do at all: a batch of those fits in a message of the log, 1 MiB.
	tellApart = 1000
	most      = 2 * tellApart
)

// Log is where batches go.
type Log interface {
	// Publish writes a message; a repeated ID is stored once.
	Publish(ctx context.Context, m bus.Message) error
}

// Tally adds up questions until the log has them. Add is safe for concurrent use.
type Tally struct {
	log       Log
	subject   string
	writer    string
	logger    *slog.Logger
	uncounted prometheus.Counter

	mu        sync.Mutex
	gathering map[row]sums

	// Run's own.
	number  uint64
	kept    *usage.Batch // numbered, and not known to be written
	failing bool
}

type row struct{ day, partner, language string }

type sums struct{ asked, found int64 }

// New returns an empty tally; nothing is written until Run has begun. instance
// names this search service: it is the last token of its subject.
func New(l Log, instance string, logger *slog.Logger, metrics prometheus.Registerer) (*Tally, error) {
	t := &Tally{
		log: l, subject: bus.SearchedSubject + instance, writer: rand.Text(), logger: logger, gathering: map[row]sums{},
		uncounted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "relais_search_uncounted_total", Help: "Questions left out of the statistic: it had too many rows while the log was away.",
		}),
	}
	if err := metrics.Register(t.uncounted); err != nil {
		return nil, fmt.Errorf("tally: %w", err)
	}
	return t, nil
}

// Add counts a question that was answered at a moment, as [usage.Searches] has it.
func (t *Tally) Add(at time.Time, partner, language string, found bool) {
	r := row{at.UTC().Format(time.DateOnly), partner, language}
	t.mu.Lock()
	defer t.mu.Unlock()
	s, known := t.gathering[r]
	if !known && len(t.gathering) >= tellApart {
		r.language = ""
		s, known = t.gathering[r]
	}
	if !known && len(t.gathering) >= most {
		t.uncounted.Inc()
		return
	}
	s.asked++
	if found {
		s.found++
	}
	t.gathering[r] = s
}

// Run writes what was counted every ten seconds, and once more when ctx ends,
// for at most five seconds. A batch that the log does not take is kept under its
// number until it does; what is counted meanwhile waits for the next.
func (t *Tally) Run(ctx context.Context) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.report(ctx, t.flush(ctx))
		case <-ctx.Done():
			last := context.WithoutCancel(ctx)
			if err := t.flush(last); err != nil {
				t.logger.ErrorContext(last, "numbers of searches lost: the log is away at the end", "questions", t.unwritten(), "error", err)
			}
			return nil
		}
	}
}

// report logs the first of several failures, and their end.
func (t *Tally) report(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil: // the end tells
	case err != nil && !t.failing:
		t.logger.WarnContext(ctx, "numbers of searches wait for the log", "error", err)
	case err == nil && t.failing:
		t.logger.InfoContext(ctx, "numbers of searches are written again")
	}
	t.failing = err != nil
}

// flush writes the batch that was kept, if any, then what has gathered.
func (t *Tally) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := t.write(ctx); err != nil {
		return err
	}
	t.kept = t.take()
	return t.write(ctx)
}

// write publishes the batch that is kept, and lets go of it once the log has it.
func (t *Tally) write(ctx context.Context) error {
	if t.kept == nil {
		return nil
	}
	data, err := t.kept.Encode()
	if err != nil {
		return err
	}
	if err := t.log.Publish(ctx, bus.Message{Subject: t.subject, ID: t.kept.MessageID(), Data: data}); err != nil {
		return fmt.Errorf("write batch %d of searches: %w", t.kept.Number, err)
	}
	t.kept = nil
	return nil
}

// take is the next batch, in the order of its rows; nil when nothing was counted.
func (t *Tally) take() *usage.Batch {
	t.mu.Lock()
	gathered := t.gathering
	t.gathering = map[row]sums{}
	t.mu.Unlock()
	if len(gathered) == 0 {
		return nil
	}
	t.number++
	b := &usage.Batch{Writer: t.writer, Number: t.number, Searches: make([]usage.Searches, 0, len(gathered))}
	for r, s := range gathered {
		b.Searches = append(b.Searches, usage.Searches{Day: r.day, Partner: r.partner, Language: r.language, Asked: s.asked, Found: s.found})
	}
	slices.SortFunc(b.Searches, func(a, b usage.Searches) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Partner, b.Partner), cmp.Compare(a.Language, b.Language))
	})
	return b
}

// unwritten is how many questions the log has not been told of.
func (t *Tally) unwritten() (questions int64) {
	if t.kept != nil {
		for _, s := range t.kept.Searches {
			questions += s.Asked
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.gathering {
		questions += s.asked
	}
	return questions
}
