// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/telemetry"
)

// makers is how many default links are made at the same time.
const makers = 16

// Defaults gives every article its default link as soon as the article is seen,
// and tells the stage board so.
type Defaults struct {
	store    *Store
	stages   *bus.StageBoard
	instance string
	tracer   *telemetry.Tracer
	log      *slog.Logger

	mu    sync.Mutex
	queue map[string]noted // newest version by "id.language"
	wake  chan struct{}
}

// noted is a version whose article is to have a link.
type noted struct {
	article.Edition
	traceParent string
}

// NewDefaults returns the maker of default links. instance names it on the board.
func NewDefaults(s *Store, stages *bus.StageBoard, instance string, tracer *telemetry.Tracer, log *slog.Logger) *Defaults {
	return &Defaults{
		store: s, stages: stages, instance: instance, tracer: tracer, log: log,
		queue: map[string]noted{}, wake: make(chan struct{}, 1),
	}
}

// Seen notes a version and the traceparent it was written with; it never waits.
func (d *Defaults) Seen(e article.Edition, traceParent string) {
	d.mu.Lock()
	d.queue[e.ID+"."+e.Language] = noted{e, traceParent}
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Run makes what has been noted until ctx ends. What is left is noted again at
// the next start, when the log is replayed.
func (d *Defaults) Run(ctx context.Context) error {
	told, err := d.stages.Told(ctx, bus.StageLinked, d.instance)
	for err != nil && ctx.Err() == nil {
		d.log.WarnContext(ctx, "stage board not read", "error", err)
		pause(ctx)
		told, err = d.stages.Told(ctx, bus.StageLinked, d.instance)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.wake:
		}
		d.mu.Lock()
		batch := d.queue
		d.queue = map[string]noted{}
		d.mu.Unlock()
		for key, e := range batch {
			if told[key] >= e.Version {
				delete(batch, key)
			}
		}
		maps.Copy(told, d.makeAll(ctx, batch))
	}
}

// makeAll makes the links of a batch and returns what was told; what failed is
// noted again.
func (d *Defaults) makeAll(ctx context.Context, batch map[string]noted) map[string]int {
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		done  = map[string]int{}
		slots = make(chan struct{}, makers)
	)
	for key, e := range batch {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if err := d.one(ctx, e); err != nil {
				if ctx.Err() == nil {
					d.log.WarnContext(ctx, "default link not made", "article", e.ID, "error", err)
					pause(ctx)
					d.again(key, e)
				}
				return
			}
			mu.Lock()
			defer mu.Unlock()
			done[key] = e.Version
		})
	}
	group.Wait()
	return done
}

func (d *Defaults) one(ctx context.Context, e noted) (err error) {
	ctx, span := d.tracer.Receive(ctx, "link", bus.Articles, "share-"+d.instance, e.traceParent)
	defer span.End()
	span.About(e.ID, e.Language, e.Version)
	defer func() {
		if err != nil {
			span.Fail(fault.KindOf(err).Slug())
		}
	}()
	_, err = d.store.Default(ctx, e.ID)
	if fault.Is(err, fault.NotFound) {
		_, _, err = d.store.FindOrCreate(ctx, Link{Article: e.ID, Default: true})
	}
	if err != nil {
		return err
	}
	return d.stages.Tell(ctx, bus.StageLinked, d.instance, e.ID, e.Language, e.Version)
}

// again notes a version once more unless a newer one has been noted meanwhile.
func (d *Defaults) again(key string, e noted) {
	d.mu.Lock()
	newer := d.queue[key].Version > e.Version
	d.mu.Unlock()
	if !newer {
		d.Seen(e.Edition, e.traceParent)
	}
}

// pause lets a fault pass.
func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(500 * time.Millisecond):
	}
}
