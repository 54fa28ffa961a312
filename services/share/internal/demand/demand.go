// SPDX-License-Identifier: Apache-2.0

// Package demand keeps in memory how often partners' readers searched, as the
// search service tells the log: the first step of the way from a question to a
// visit.
package demand

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/usage"
)

// Log hands over the messages of a stream.
type Log interface {
	// Consume hands over batches of messages, in order, until ctx ends.
	Consume(ctx context.Context, c bus.Consumer, handle func(context.Context, []bus.Message) error) error
	// LastSequence is the sequence of a stream's newest message.
	LastSequence(ctx context.Context, stream string) (uint64, error)
}

// Table adds up the searches by day and partner. It is filled from the whole
// stream at each start. It is safe for concurrent use.
type Table struct {
	log      Log
	instance string
	caughtUp atomic.Bool

	mu      sync.RWMutex
	rows    map[row]Sum
	writers map[string]uint64 // the newest number of each
}

type row struct{ day, partner string }

// Sum is a number of searches.
type Sum struct {
	Asked int64 // questions that were answered
	Found int64 // those with a result
}

// New returns an empty table; instance names its consumer.
func New(log Log, instance string) *Table {
	return &Table{log: log, instance: instance, rows: map[row]Sum{}, writers: map[string]uint64{}}
}

// Run follows the searches until ctx ends.
func (t *Table) Run(ctx context.Context) error {
	var last uint64
	start := func() (uint64, error) {
		var err error
		if last, err = t.log.LastSequence(ctx, bus.Searches); err != nil {
			return 0, err
		}
		t.caughtUp.Store(last == 0)
		return 0, nil // writers' numbers tell what has been added
	}
	return t.log.Consume(ctx, bus.Consumer{Name: "share-demand-" + t.instance, Stream: bus.Searches, Batch: 500, Does: "count", Start: start},
		func(_ context.Context, batch []bus.Message) error {
			for _, m := range batch {
				b, err := usage.Decode(m.Data)
				if err == nil {
					t.add(b)
				}
				if m.Sequence >= last {
					t.caughtUp.Store(true)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
}

// CaughtUp reports whether what the log held at the start is in the table.
func (t *Table) CaughtUp() bool { return t.caughtUp.Load() }

func (t *Table) add(b usage.Batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if b.Number <= t.writers[b.Writer] {
		return
	}
	t.writers[b.Writer] = b.Number
	for _, s := range b.Searches {
		k := row{s.Day, s.Partner}
		sum := t.rows[k]
		t.rows[k] = Sum{sum.Asked + s.Asked, sum.Found + s.Found}
	}
}

// Between adds up the searches of the days from one to another (2006-01-02, both
// included) at a partner, or at all of them when partner is empty.
func (t *Table) Between(from, to, partner string) Sum {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var out Sum
	for k, s := range t.rows {
		if k.day >= from && k.day <= to && (partner == "" || k.partner == partner) {
			out.Asked += s.Asked
			out.Found += s.Found
		}
	}
	return out
}
