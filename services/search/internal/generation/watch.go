// SPDX-License-Identifier: Apache-2.0

package generation

import (
	"context"
	"errors"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// lookEvery is how often the files of the generation that serves are looked
// after; pauses between rebuilds that fail grow from there to longest.
const (
	lookEvery = 2 * time.Second
	longest   = 10 * time.Second
)

// repairing is what a search is told that a damaged index cannot answer.
const repairing = "the index is damaged and is being built anew; try again"

// Damaged returns an error while what serves has lost files and is being built
// anew from the log.
func (x *Index) Damaged() error {
	if x.damaged.Load() {
		return fault.New(fault.Unavailable, repairing)
	}
	return nil
}

// doubt passes an error on; one that damage may have caused makes Watch look at
// once, and is Unavailable.
func (x *Index) doubt(ctx context.Context, g *generation, err error) error {
	_, checked := g.Engine.(engine.Checked)
	if err == nil || !checked || ctx.Err() != nil || errors.Is(err, engine.ErrClosed) {
		return err
	}
	select {
	case x.suspect <- struct{}{}:
	default:
	}
	return fault.Wrap(fault.Unavailable, repairing, err)
}

// Watch looks after the files of the generation that serves until ctx ends, and
// builds a new one from the log when they are damaged. The old one answers what
// it still can meanwhile.
func (x *Index) Watch(ctx context.Context, source Source) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		thorough := false
		select {
		case <-ctx.Done():
			return
		case <-x.suspect:
			thorough = true
		case <-tick.C:
		}
		if err := x.check(ctx, thorough); (errors.Is(err, engine.ErrDamaged) || x.unwritable.Load()) && ctx.Err() == nil {
			x.log.ErrorContext(ctx, "the index is damaged, a new one is filled from the log", "error", err)
			x.repair(ctx, source)
		}
	}
}

// check looks at the generation that serves.
func (x *Index) check(ctx context.Context, thorough bool) error {
	current, leave, err := x.enter()
	if err != nil {
		return err
	}
	defer leave()
	if checked, ok := current.Engine.(engine.Checked); ok {
		return checked.Check(ctx, thorough)
	}
	return nil
}

// repair builds a generation, again and again until one serves or ctx ends. When
// somebody else is building one, it waits for that.
func (x *Index) repair(ctx context.Context, source Source) {
	x.damaged.Store(true)
	for pause := lookEvery; ctx.Err() == nil; pause = min(2*pause, longest) {
		err := x.Rebuild(ctx, source, false)
		if err == nil || errors.Is(err, ErrBusy) && !x.unwritable.Load() && x.check(ctx, true) == nil {
			x.unwritable.Store(false)
			x.damaged.Store(false)
			return
		}
		x.log.ErrorContext(ctx, "generation not built", "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}
