// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/generation"
)

// Generations lets an admin build the index anew, and see how far that is.
type Generations struct {
	index  *generation.Index
	source generation.Source
	log    *slog.Logger
	start  chan bool // to Run: whether to go back
}

// NewGenerations returns the generations of an index that are filled from a source.
func NewGenerations(index *generation.Index, source generation.Source, log *slog.Logger) *Generations {
	return &Generations{index: index, source: source, log: log, start: make(chan bool)}
}

// Handle adds the routes.
func (g *Generations) Handle(rt *web.Router, deps lifecycle.Deps) {
	admin := web.RequireRole(deps.Keys(), partner.Admin)
	rt.Handle("generations", http.MethodGet, "/v1/index/generations", g.show, admin)
	rt.Handle("generation.build", http.MethodPost, "/v1/index/generations", g.build, admin)
}

// Run builds what is asked for, one generation at a time, and what has been
// damaged, until ctx ends.
func (g *Generations) Run(ctx context.Context) error {
	var watch sync.WaitGroup
	defer watch.Wait()
	watch.Go(func() { g.index.Watch(ctx, g.source) })
	for {
		select {
		case <-ctx.Done():
			return nil
		case back := <-g.start:
			if err := g.index.Rebuild(ctx, g.source, back); err != nil && !errors.Is(err, context.Canceled) {
				g.log.ErrorContext(ctx, "generation not built", "error", err)
			}
		}
	}
}

func (g *Generations) show(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	return web.WriteJSON(w, r, http.StatusOK, g.index.Status())
}

// build starts a rebuild, or with rollback the way back, and answers at once.
func (g *Generations) build(w http.ResponseWriter, r *http.Request) error {
	var order struct {
		Rollback bool `json:"rollback"`
	}
	if r.ContentLength != 0 {
		if err := web.ReadJSON(w, r, &order); err != nil {
			return err
		}
	}
	if s := g.index.Status(); s.State == generation.Filling || s.State == generation.Verifying {
		return generation.ErrBusy
	}
	started := g.index.Started()
	select {
	case g.start <- order.Rollback:
	case <-time.After(time.Second): // somebody else was first, or the service is stopping
		return generation.ErrBusy
	case <-r.Context().Done():
		return r.Context().Err()
	}
	select {
	case <-started:
	case <-r.Context().Done():
		return r.Context().Err()
	}
	w.Header().Set("Location", "/v1/index/generations")
	return web.WriteJSON(w, r, http.StatusAccepted, g.index.Status())
}
