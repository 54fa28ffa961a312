// SPDX-License-Identifier: Apache-2.0

package releases

import (
	"context"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/services/ingest/internal/catalog"
	"github.com/relais-press/relais/services/ingest/internal/editions"
)

// sweep looks for what no call came for, once the catalog is read and then
// every minute, until ctx ends.
func (d *Desk) sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for first := true; ctx.Err() == nil; first = false {
		if err := d.catalog.Await(ctx); err == nil {
			err = d.Sweep(ctx, first)
			if err != nil && ctx.Err() == nil {
				d.log.WarnContext(ctx, "sweep interrupted", "error", err)
			}
		} else {
			d.log.WarnContext(ctx, "sweep put off", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return nil
}

// Sweep passes every ending that has come and was not told, schedules those to
// come that have no schedule, and brings translations under what holds their
// original back. The first sweep reads what was told before this process.
func (d *Desk) Sweep(ctx context.Context, first bool) error {
	if first {
		if err := d.recall(ctx); err != nil {
			return err
		}
	}
	scheduled := map[string]bool{}
	subjects, err := d.bus.Subjects(ctx, bus.Releases, bus.ReleaseAtSubject+">")
	if err != nil {
		return err
	}
	for _, s := range subjects {
		scheduled[s] = true
	}
	var due, missing []ending
	d.catalog.Each(func(e catalog.Entry) {
		for _, end := range endings(e) {
			if d.now().Before(end.at) {
				if !scheduled[bus.ReleaseAtSubject+end.subject()] {
					missing = append(missing, end)
				}
			} else {
				due = append(due, end)
			}
		}
	})
	for _, e := range missing {
		d.call(ctx, e)
	}
	for _, e := range due {
		if err := d.pass(ctx, e); err != nil {
			return err
		}
	}
	return d.reconcile(ctx)
}

// recall reads which endings were told already.
func (d *Desk) recall(ctx context.Context) error {
	for _, stage := range []string{bus.StageReleased, bus.StageExpired} {
		told, err := d.stages.Told(ctx, stage, instance)
		if err != nil {
			return err
		}
		d.mu.Lock()
		for edition, version := range told {
			d.told[stage+"."+edition] = version
		}
		d.mu.Unlock()
	}
	return nil
}

// reconcile finds originals whose translations may be public while they are
// not: a process was killed between the two writes.
func (d *Desk) reconcile(ctx context.Context) error {
	held, exposed := map[string]article.Edition{}, map[string]bool{}
	d.catalog.Each(func(e catalog.Entry) {
		if life := e.Life(); life.IsOriginal() && !life.PublicAt(d.now()) {
			held[e.ID] = life
		}
	})
	d.catalog.Each(func(e catalog.Entry) {
		if original, ok := held[e.ID]; ok && editions.Exposed(e.Life(), original, d.now()) {
			exposed[e.ID] = true
		}
	})
	for id := range exposed {
		changed, err := d.store.Reconcile(ctx, id, Actor, "reconcile-"+d.now().UTC().Format(time.RFC3339Nano))
		if err != nil {
			return err
		}
		for _, st := range changed {
			d.log.InfoContext(ctx, "translation held back with its original", "article", id, "language", st.Edition.Language, "version", st.Edition.Version)
		}
	}
	return nil
}
