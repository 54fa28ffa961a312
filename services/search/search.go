// SPDX-License-Identifier: Apache-2.0

// Package search keeps an index of the editions in the log and answers partner
// sites and their readers from it. It also serves the widget.
package search

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/shortlink"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/api"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/bleve"
	"github.com/relais-press/relais/services/search/internal/indexer"
	"github.com/relais-press/relais/services/search/widget"
)

// Config is what search can be told.
type Config struct {
	Instance string `name:"search-instance" env:"RELAIS_SEARCH_INSTANCE" default:"main" help:"Name of this index among those that run: letters, digits, - and _."`
}

// Service is search.
type Service struct {
	engine  engine.Engine
	indexer *indexer.Indexer
	codes   *shortlink.Codes
	routes  *web.Router
}

// New opens the index in dir, which may be deleted while the service is down:
// it is filled again from the log.
func New(ctx context.Context, cfg Config, dir string, deps lifecycle.Deps) (_ *Service, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("search: %w", err)
		}
	}()
	s := &Service{}
	if s.engine, err = openIndex(ctx, dir, deps); err != nil {
		return nil, err
	}
	if s.indexer, err = indexer.New(ctx, s.engine, deps.Bus, cfg.Instance, deps.Logger, deps.Metrics); err != nil {
		return nil, err
	}
	if s.codes, err = shortlink.NewCodes(ctx, deps.Bus); err != nil {
		return nil, err
	}
	deps.Health.Add("index", s.indexer.Check)
	script, err := widget.New()
	if err != nil {
		return nil, err
	}
	face, err := api.New(s.engine, s.codes, deps.PublicURL)
	if err != nil {
		return nil, err
	}
	s.routes, err = face.Routes(deps, script)
	return s, err
}

// openIndex opens the embedded index. One that is ahead of the log belongs to
// another log and is made anew.
func openIndex(ctx context.Context, dir string, deps lifecycle.Deps) (engine.Engine, error) {
	index, err := bleve.Open(dir, deps.Logger)
	if err != nil {
		return nil, err
	}
	position, err := index.Position(ctx)
	if err != nil {
		return nil, err
	}
	last, err := deps.Bus.LastSequence(ctx, bus.Articles)
	if err != nil || position <= last {
		return index, err
	}
	deps.Logger.WarnContext(ctx, "index made anew: it is ahead of the log", "index", position, "log", last)
	if err := index.Close(); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("make index anew: %w", err)
	}
	return bleve.Open(dir, deps.Logger)
}

// Handler answers search's routes.
func (s *Service) Handler() http.Handler { return s.routes }

// Run keeps the index and the short links up to date until ctx ends, then
// closes the index.
func (s *Service) Run(ctx context.Context) error {
	var group lifecycle.Group
	group.Add("indexer", s.indexer.Run)
	group.Add("links", s.codes.Run)
	if err := group.Run(ctx); err != nil {
		return err
	}
	return s.engine.Close()
}
