// SPDX-License-Identifier: Apache-2.0

// Package releases wakes up when an embargo lifts or an edition expires, says
// so on the stage board, and finishes what a killed process left undone.
//
// A schedule in the log is a wake-up call, never the authority: every exit
// compares an edition's times with its own clock, and so does this package. A
// sweep, at the start and every minute, finds what no call came for.
package releases

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/services/ingest/internal/catalog"
	"github.com/relais-press/relais/services/ingest/internal/editions"
)

// Actor is who the log names where no key did it.
const Actor = "relais"

// instance names ingest on the stage board: what it tells holds for the log, not
// for one process.
const instance = "ingest"

const sweepEvery = time.Minute

// Desk schedules and releases. It lists editions in its own catalog.
type Desk struct {
	bus     *bus.Bus
	store   *editions.Store
	stages  *bus.StageBoard
	catalog *catalog.Catalog
	log     *slog.Logger
	now     func() time.Time

	mu      sync.Mutex
	pending []catalog.Entry // changes that may call for a schedule
	wake    chan struct{}
	told    map[string]int // version by "stage.id.language"

	released *prometheus.CounterVec
	late     prometheus.Histogram
}

// New returns a desk and the catalog that it keeps.
func New(b *bus.Bus, store *editions.Store, stages *bus.StageBoard, log *slog.Logger, metrics prometheus.Registerer) (*Desk, *catalog.Catalog, error) {
	d := &Desk{
		bus: b, store: store, stages: stages, log: log, now: time.Now, wake: make(chan struct{}, 1), told: map[string]int{},
		released: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relais_releases_total", Help: "Embargoes that lifted and editions that expired, by stage.",
		}, []string{"stage"}),
		late: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "relais_release_lateness_seconds", Help: "Time from the end of an embargo until it was noticed; no exit waits for that.",
			Buckets: []float64{.1, .25, .5, 1, 2, 5, 15, 60, 3600},
		}),
	}
	for _, c := range []prometheus.Collector{d.released, d.late} {
		if err := metrics.Register(c); err != nil {
			return nil, nil, fmt.Errorf("releases: %w", err)
		}
	}
	for _, stage := range []string{bus.StageReleased, bus.StageExpired} {
		d.released.WithLabelValues(stage) // told as 0, so that the first is seen to come
	}
	d.catalog = catalog.New(b, log, d.seen)
	return d, d.catalog, nil
}

// Run keeps the catalog, and works until ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	var group lifecycle.Group
	group.Add("catalog", d.catalog.Run)
	group.Add("schedules", d.schedule)
	group.Add("calls", func(ctx context.Context) error {
		return d.bus.Consume(ctx, bus.Consumer{Name: "releases", Stream: bus.Releases, Filter: bus.ReleaseDueSubject + ">", Batch: 100}, d.called)
	})
	group.Add("sweep", d.sweep)
	return group.Run(ctx)
}

// ending is a moment at which an edition's state changes by itself.
type ending struct {
	id, language, stage string
	version             int
	at                  time.Time
}

func (e ending) subject() string { return e.id + "." + e.language + "." + e.stage }

// endings are the moments after a version was written at which its state
// changes by itself; past ones are included.
func endings(e catalog.Entry) []ending {
	var out []ending
	add := func(stage string, at *time.Time) {
		if e.PubStatus == article.Usable && at != nil && at.After(e.VersionCreated) {
			out = append(out, ending{e.ID, e.Language, stage, e.Version, *at})
		}
	}
	add(bus.StageReleased, e.EmbargoedUntil)
	add(bus.StageExpired, e.Expires)
	return out
}

// seen is told of every version that the log has.
func (d *Desk) seen(e catalog.Entry) {
	if len(endings(e)) == 0 {
		return
	}
	d.mu.Lock()
	d.pending = append(d.pending, e)
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// schedule asks the log to call for what is new, until ctx ends.
func (d *Desk) schedule(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.wake:
		}
		d.mu.Lock()
		pending := d.pending
		d.pending = nil
		d.mu.Unlock()
		for _, e := range pending {
			for _, end := range endings(e) {
				d.call(ctx, end)
			}
		}
	}
}

// call schedules a wake-up call. One that fails is made up for by the sweep.
func (d *Desk) call(ctx context.Context, e ending) {
	if !e.at.After(d.now()) {
		return
	}
	m := bus.Message{Subject: bus.ReleaseAtSubject + e.subject()}
	if err := d.bus.Schedule(ctx, m, bus.ReleaseDueSubject+e.subject(), e.at); err != nil && ctx.Err() == nil {
		d.log.WarnContext(ctx, "release not scheduled", "article", e.id, "language", e.language, "error", err)
	}
}

// called handles calls: what they are about is read from the log.
func (d *Desk) called(ctx context.Context, calls []bus.Message) error {
	for _, m := range calls {
		parts := strings.Split(strings.TrimPrefix(m.Subject, bus.ReleaseDueSubject), ".")
		if len(parts) != 3 {
			continue
		}
		st, err := d.store.Get(ctx, parts[0], parts[1])
		if err != nil {
			return err
		}
		if err := d.come(ctx, &st); err != nil {
			return err
		}
	}
	return nil
}

// come passes the endings of an edition that have come. Its trace is linked to the
// one in which the edition was written, which may be weeks ago.
func (d *Desk) come(ctx context.Context, st *editions.Stored) error {
	ctx, span := d.bus.Tracer().Later(ctx, "release", st.TraceParent)
	defer span.End()
	span.About(st.Edition.ID, st.Edition.Language, st.Edition.Version)
	for _, end := range endings(catalog.EntryOf(&st.Edition, st.Sequence)) {
		if err := d.pass(ctx, end); err != nil {
			span.Fail(fault.KindOf(err).Slug())
			return err
		}
	}
	return nil
}

// pass tells of an ending that has come, once, however many processes notice it.
func (d *Desk) pass(ctx context.Context, e ending) error {
	now := d.now()
	if now.Before(e.at) {
		return nil // another version moved it: it has a schedule of its own
	}
	key := e.stage + "." + e.id + "." + e.language
	d.mu.Lock()
	known := d.told[key] >= e.version
	d.told[key] = max(d.told[key], e.version)
	d.mu.Unlock()
	if known {
		return nil
	}
	first, err := d.stages.TellFirst(ctx, e.stage, instance, e.id, e.language, e.version)
	if err != nil {
		d.mu.Lock()
		delete(d.told, key)
		d.mu.Unlock()
		return err
	}
	if !first {
		return nil
	}
	d.released.WithLabelValues(e.stage).Inc()
	d.late.Observe(now.Sub(e.at).Seconds())
	d.log.InfoContext(ctx, "edition changed by itself", "stage", e.stage, "article", e.id, "language", e.language, "version", e.version)
	return nil
}
