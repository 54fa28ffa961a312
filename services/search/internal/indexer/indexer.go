// SPDX-License-Identifier: Apache-2.0

// Package indexer brings the editions of the log into the search engine.
package indexer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// batch is the most editions indexed at once; tellers is how many of them are
// told to the stage board at the same time.
const (
	batch   = 250
	tellers = 16
)

// How long indexing waits for vectors: a moment, and longer for many editions.
const (
	embedTime     = 2 * time.Second
	embedTimeEach = 100 * time.Millisecond
)

// Indexer applies the log to an engine, which keeps the position it has reached.
type Indexer struct {
	engine   engine.Engine
	bus      *bus.Bus
	stages   *bus.StageBoard
	instance string
	embed    Embed
	marks    Marks
	log      *slog.Logger

	target atomic.Uint64  // where the log ended when the indexer started
	done   atomic.Uint64  // the position reached
	told   map[string]int // version by "id.language" on the stage board

	indexed   prometheus.Counter
	wordsOnly prometheus.Counter
	applying  prometheus.Histogram
	freshness prometheus.Histogram
}

// Embed gives documents their vectors. Without an embedder it does nothing.
type Embed func(ctx context.Context, documents []engine.Document) error

// New returns an indexer. instance names this index among those that run.
func New(ctx context.Context, e engine.Engine, b *bus.Bus, instance string, marks Marks, embed Embed, log *slog.Logger, metrics prometheus.Registerer) (*Indexer, error) {
	x := &Indexer{
		engine: e, bus: b, instance: instance, marks: marks, embed: embed, log: log,
		indexed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "relais_search_indexed_total", Help: "Versions of editions applied to the index.",
		}),
		wordsOnly: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "relais_search_words_only_total", Help: "Versions of editions indexed without a vector as the embedder did not answer.",
		}),
		applying: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "relais_search_apply_seconds", Help: "Time the engine takes to make a batch searchable.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}),
		freshness: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "relais_search_freshness_seconds", Help: "Time from the log's acceptance of a version until it is searchable.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 30},
		}),
	}
	var err error
	if x.stages, err = b.Stages(ctx); err != nil {
		return nil, err
	}
	if x.told, err = x.stages.Told(ctx, bus.StageSearchable, instance); err != nil {
		return nil, err
	}
	last, err := b.LastSequence(ctx, bus.Articles)
	if err != nil {
		return nil, err
	}
	position, err := e.Position(ctx)
	if err != nil {
		return nil, fmt.Errorf("position of the index: %w", err)
	}
	x.target.Store(last)
	x.done.Store(position)
	for _, c := range []prometheus.Collector{x.indexed, x.wordsOnly, x.applying, x.freshness, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "relais_search_position", Help: "Sequence of the log that the index has reached.",
	}, func() float64 { return float64(x.done.Load()) })} {
		if err := metrics.Register(c); err != nil {
			return nil, fmt.Errorf("indexer: %w", err)
		}
	}
	return x, nil
}

// Check returns nil once the index has reached what the log held at the start.
func (x *Indexer) Check(context.Context) error {
	if done, target := x.done.Load(), x.target.Load(); done < target {
		return fault.Newf(fault.Unavailable, "the index is being filled: %d of %d", done, target)
	}
	return nil
}

// Run applies what comes until ctx ends.
func (x *Indexer) Run(ctx context.Context) error {
	return x.bus.Consume(ctx, bus.Consumer{
		Name: bus.IndexConsumer + x.instance, Stream: bus.Articles, Batch: batch, Does: "index",
		Start: func() (uint64, error) { return x.engine.Position(ctx) },
	}, x.apply)
}

func (x *Indexer) apply(ctx context.Context, messages []bus.Message) error {
	documents := make([]engine.Document, 0, len(messages))
	for _, m := range messages {
		d, err := document(m)
		if err != nil {
			if len(messages) == 1 { // it is put aside: nothing waits for it
				x.done.Store(max(x.done.Load(), m.Sequence))
			}
			return err
		}
		documents = append(documents, d)
	}
	x.vectors(ctx, documents)
	last := messages[len(messages)-1]
	start := time.Now()
	if err := x.engine.Apply(ctx, documents, last.Sequence); err != nil {
		return fault.Wrap(fault.Unavailable, "the index does not answer", err)
	}
	if err := x.marks.put(last.Mark()); err != nil {
		x.log.WarnContext(ctx, "mark of the index not written", "error", err)
	}
	x.applying.Observe(time.Since(start).Seconds())
	x.done.Store(max(x.done.Load(), last.Sequence))
	x.indexed.Add(float64(len(documents)))
	for _, m := range messages {
		x.freshness.Observe(time.Since(m.Time).Seconds())
	}
	x.tell(ctx, documents)
	return nil
}

// vectors gives documents their vectors, in little time: while the embedder is
// down or slow, editions are published as ever and found by their words. A new
// generation gives them the vectors they lack.
func (x *Indexer) vectors(ctx context.Context, documents []engine.Document) {
	ctx, cancel := context.WithTimeout(ctx, embedTime+time.Duration(len(documents))*embedTimeEach)
	defer cancel()
	if err := x.embed(ctx, documents); err != nil && !errors.Is(err, context.Canceled) {
		x.wordsOnly.Add(float64(len(documents)))
		x.log.WarnContext(ctx, "editions are found by words alone until the index is built anew", "editions", len(documents), "error", err)
	}
}

// tell puts the newest version of each edition on the stage board. What fails
// is told again with the edition's next version: the board informs, no more.
func (x *Indexer) tell(ctx context.Context, documents []engine.Document) {
	newest := map[string]engine.Document{}
	for _, d := range documents {
		key := d.ID + "." + d.Language
		if d.Version > max(newest[key].Version, x.told[key]) {
			newest[key] = d
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	slots := make(chan struct{}, tellers)
	for key, d := range newest {
		x.told[key] = d.Version
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := x.stages.Tell(ctx, bus.StageSearchable, x.instance, d.ID, d.Language, d.Version); err != nil {
				x.log.WarnContext(ctx, "stage not told", "article", d.ID, "language", d.Language, "error", err)
			}
		})
	}
	wg.Wait()
}
