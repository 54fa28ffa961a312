// SPDX-License-Identifier: Apache-2.0

// Package count turns the clicks of the log into numbers: by link, article,
// partner, channel, language, class and day. They are a projection of the stream
// CLICKS in a file of this instance. One transaction holds the numbers and the
// sequence of the last message that is in them, so a process that is killed at
// any moment counts nothing twice and loses nothing; a file that is deleted is
// filled again from the log.
package count

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/share/internal/click"
)

const (
	flushEvery  = 30 * time.Second
	flushCells  = 150_000   // counts that may wait in memory, some 200 bytes each
	flushTokens = 1_000_000 // the same of visitors, of 8 bytes
	behindEvery = 5 * time.Second
	keepEvery   = time.Hour
	// ahead is how many messages are handed over at once, and, times four, how
	// many may wait in memory; under load each holds hundreds of clicks.
	ahead = 100
)

// Log is the part of the log that counts come from (bus.Bus).
type Log interface {
	// Consume hands the messages of a consumer to handle until ctx ends.
	Consume(ctx context.Context, c bus.Consumer, handle func(context.Context, []bus.Message) error) error
	// Scan hands the messages from one sequence to another to fn, in order.
	Scan(ctx context.Context, stream string, from, to uint64, fn func(bus.Message) error) error
	// Extent says from where to where a stream goes.
	Extent(ctx context.Context, stream string) (bus.Extent, error)
	// Forget removes the messages written before a moment.
	Forget(ctx context.Context, stream string, before time.Time) error
}

// Counts are the numbers of one instance. It is safe for concurrent use.
type Counts struct {
	log      Log
	logger   *slog.Logger
	dir      string
	instance string
	book     *book
	ready    chan struct{} // closed once the book has what the log had when it was opened
	arrived  sync.Once
	goal     atomic.Uint64
	rest     time.Duration // between two writes that nobody asked for

	counted    *prometheus.CounterVec
	behind     prometheus.Gauge
	difference prometheus.Gauge
}

// Open opens the counts of an instance in dir, and makes them when there are
// none. Another process that has them open is an error within two seconds. The
// caller closes them.
func Open(log Log, dir, instance string, logger *slog.Logger, metrics prometheus.Registerer) (*Counts, error) {
	c := &Counts{
		log: log, logger: logger, dir: dir, instance: instance, ready: make(chan struct{}), rest: flushEvery,
		counted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relais_clicks_counted_total", Help: "Clicks that this process has counted, by class.",
		}, []string{"class"}),
		behind: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "relais_counts_behind", Help: "Messages of the log that are not counted yet.",
		}),
		difference: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "relais_counts_difference", Help: "By how much the last recount differed from the counts, over all cells; it has to be 0.",
		}),
	}
	for _, m := range []prometheus.Collector{c.counted, c.behind, c.difference} {
		if err := metrics.Register(m); err != nil {
			return nil, fmt.Errorf("open counts: %w", err)
		}
	}
	for _, class := range click.Classes() {
		c.counted.WithLabelValues(string(class)) // told as 0, so that the first is seen to come
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open counts: %w", err)
	}
	b, isNew, err := openBook(filepath.Join(dir, "counts-"+filepath.Base(instance)+".bolt"), false)
	if err != nil {
		return nil, err
	}
	if isNew {
		logger.Warn("counts given up, filled anew from the log", "dir", dir)
	}
	c.book = b
	return c, c.clean()
}

// Close closes the file; what has not been flushed is read from the log again.
func (c *Counts) Close() error {
	if err := c.book.db.Close(); err != nil {
		return fmt.Errorf("close counts: %w", err)
	}
	return nil
}

// Applied is the sequence of the last message that is counted.
func (c *Counts) Applied() uint64 {
	c.book.mu.Lock()
	defer c.book.mu.Unlock()
	return c.book.Position
}

// Run counts what the log has and what comes until ctx ends; then it writes what
// is left.
func (c *Counts) Run(ctx context.Context) error {
	ticking := make(chan struct{})
	go func() {
		defer close(ticking)
		c.tick(ctx)
	}()
	err := c.log.Consume(ctx, bus.Consumer{
		Name: "share-counts-" + c.instance, Stream: bus.Clicks, Batch: ahead, Does: "count",
		Start: func() (uint64, error) { return c.start(ctx) },
	}, c.handle)
	<-ticking
	if last := c.flush(); last != nil && err == nil {
		err = last
	}
	return err
}

// tick writes what waits, now and then, and looks how far behind this is.
func (c *Counts) tick(ctx context.Context) {
	flush, look := time.NewTicker(c.rest), time.NewTicker(behindEvery)
	defer flush.Stop()
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-flush.C:
			if err := c.flush(); err != nil {
				c.logger.ErrorContext(ctx, "counts not written", "error", err)
			}
		case <-look.C:
			if kept, err := c.log.Extent(ctx, bus.Clicks); err == nil {
				c.behind.Set(float64(kept.Last - min(kept.Last, max(c.Applied(), kept.First-1))))
			}
		}
	}
}

// start says after which message counting goes on. A book that is ahead of the
// log, or holds another message at its position, is of another log: it is
// emptied.
func (c *Counts) start(ctx context.Context) (uint64, error) {
	kept, err := c.log.Extent(ctx, bus.Clicks)
	if err != nil {
		return 0, err
	}
	c.book.mu.Lock()
	defer c.book.mu.Unlock()
	at, foreign := c.book.Position, c.book.Position > kept.Last
	if at >= kept.First && at <= kept.Last {
		err := c.log.Scan(ctx, bus.Clicks, at, at, func(m bus.Message) error {
			foreign = !m.Time.Equal(c.book.Stamp)
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	if foreign {
		c.logger.WarnContext(ctx, "counts are of another log, filled anew", "position", at)
		if err := c.book.reset(); err != nil {
			return 0, err
		}
	}
	if kept.First > kept.Last {
		kept.Last = 0
	}
	c.goal.Store(kept.Last)
	c.arrive()
	return c.book.Position, nil
}

// arrive notes that the counts have reached what the log had at the start.
func (c *Counts) arrive() {
	if c.book.Position >= c.goal.Load() {
		c.arrived.Do(func() { close(c.ready) })
	}
}

// handle counts messages in memory; tick writes them.
func (c *Counts) handle(ctx context.Context, batch []bus.Message) error {
	for _, m := range batch {
		batches, bad := decode(m.Data)
		if err := c.add(ctx, m, batches); err != nil {
			return err
		}
		if bad != nil {
			return bad
		}
	}
	return nil
}

// add counts one message, after those before it that a lost connection kept from
// arriving: uniques depend on the order. A message that cannot be read has no
// batches.
func (c *Counts) add(ctx context.Context, m bus.Message, batches []click.Batch) error {
	b := c.book
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.Sequence > b.Position+1 {
		err := c.log.Scan(ctx, bus.Clicks, b.Position+1, m.Sequence-1, b.replay)
		if err != nil {
			return err
		}
	}
	if err := b.take(m, batches); err != nil {
		return fault.Wrap(fault.Unavailable, "the counts cannot be read", err)
	}
	c.arrive()
	if !b.full() {
		return nil
	}
	return c.write()
}

// replay counts a message of the log; one that cannot be read counts as empty,
// here as when it is handed over.
func (b *book) replay(m bus.Message) error {
	batches, _ := decode(m.Data)
	return b.take(m, batches)
}

// flush writes what waits.
func (c *Counts) flush() error {
	c.book.mu.Lock()
	defer c.book.mu.Unlock()
	return c.write()
}

func (c *Counts) write() error {
	var sum tally
	for _, t := range c.book.pending {
		sum.add(t)
	}
	if err := c.book.flush(); err != nil {
		return fault.Wrap(fault.Unavailable, "the counts cannot be written", err)
	}
	for i, class := range click.Classes() {
		if sum.clicks[i] > 0 {
			c.counted.WithLabelValues(string(class)).Add(float64(sum.clicks[i]))
		}
	}
	return nil
}

// Forget drops the counts of days before one, for good.
func (c *Counts) Forget(_ context.Context, before Day) error {
	c.book.mu.Lock()
	defer c.book.mu.Unlock()
	return c.book.forget(string(before))
}

// Keep forgets clicks and counts that are older than a time, once an hour, until
// ctx ends. Whole days of counts are dropped.
func (c *Counts) Keep(ctx context.Context, retention time.Duration) error {
	hourly := time.NewTicker(keepEvery)
	defer hourly.Stop()
	for {
		if err := c.keep(ctx, time.Now().Add(-retention)); err != nil && ctx.Err() == nil {
			c.logger.ErrorContext(ctx, "old clicks not forgotten", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-hourly.C:
		}
	}
}

func (c *Counts) keep(ctx context.Context, before time.Time) error {
	if err := c.Forget(ctx, DayOf(before)); err != nil {
		return err
	}
	return c.log.Forget(ctx, bus.Clicks, before)
}
