// SPDX-License-Identifier: Apache-2.0

// Package search keeps an index of the editions in the log and answers partner
// sites and their readers from it. It also serves the widget.
package search

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/shortlink"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/api"
	"github.com/relais-press/relais/services/search/internal/catalog"
	"github.com/relais-press/relais/services/search/internal/embedder"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/bleve"
	"github.com/relais-press/relais/services/search/internal/engine/meilisearch"
	"github.com/relais-press/relais/services/search/internal/generation"
	"github.com/relais-press/relais/services/search/internal/glossary"
	"github.com/relais-press/relais/services/search/internal/indexer"
	"github.com/relais-press/relais/services/search/internal/tally"
	"github.com/relais-press/relais/services/search/widget"
)

// Config is what search can be told.
type Config struct {
	Instance string `name:"search-instance" env:"RELAIS_SEARCH_INSTANCE" default:"main" help:"Name of this index among those that run: letters, digits, - and _."`

	MeiliURL string `name:"meili-url" env:"RELAIS_MEILI_URL" placeholder:"URL" help:"Keep the index on a Meilisearch server of 1.43 or newer instead of inside."`
	MeiliKey string `name:"meili-key" env:"RELAIS_MEILI_KEY" secret:"" placeholder:"KEY" help:"The server's master key; a key of its own is made with it."`

	Embedder embedder.Config `embed:""`
}

// writes are subjects that search writes to, one of each kind.
var writes = []string{
	bus.SearchedSubject + "x", bus.DeadLetterSubject + "x", "$KV." + bus.Glossary + ".x", "$KV." + bus.KeyUses + ".x",
	"$KV." + bus.Stages + ".x.fr." + bus.StageSearchable + ".x",
}

// Service is search.
type Service struct {
	index   *generation.Index
	indexer *indexer.Indexer
	catalog *catalog.Catalog
	codes   *shortlink.Codes
	words   *glossary.Store
	tally   *tally.Tally
	routes  *web.Router

	generations *api.Generations
}

// New opens the index in dir, which may be deleted while the service is down:
// it is filled again from the log.
func New(ctx context.Context, cfg Config, dir string, deps lifecycle.Deps) (_ *Service, err error) {
	s := &Service{}
	defer func() {
		if err == nil {
			return
		}
		if err = fmt.Errorf("search: %w", err); s.index != nil {
			err = errors.Join(err, s.index.Close())
		}
	}()
	if err = telemetry.Disk(deps.Metrics, "search", dir); err != nil {
		return nil, err
	}
	if err := deps.Bus.MayPublish(ctx, writes...); err != nil {
		return nil, err
	}
	vectors, err := embedder.New(cfg.Embedder, deps.Logger, deps.Metrics)
	if err != nil {
		return nil, err
	}
	store, err := cfg.store(ctx, dir, vectors.Dimensions(), deps)
	if err != nil {
		return nil, err
	}
	marks := indexer.NewMarks(dir)
	last, lost, err := marks.Last(ctx, deps.Bus)
	if err != nil {
		return nil, err
	}
	if lost {
		deps.Logger.WarnContext(ctx, "the log has lost its newest editions, or is another one: the index is made anew")
	}
	if s.index, err = generation.Open(ctx, store, last, deps.Logger); err != nil {
		return nil, err
	}
	if s.indexer, err = indexer.New(ctx, s.index, deps.Bus, cfg.Instance, marks, vectors.Documents, deps.Logger, deps.Metrics); err != nil {
		return nil, err
	}
	deps.Health.Add("index", func(ctx context.Context) error { return errors.Join(s.index.Damaged(), s.indexer.Check(ctx)) })
	s.catalog = catalog.New(deps.Bus, deps.Logger)
	deps.Health.Add("catalog", s.catalog.Check)
	if s.tally, err = tally.New(deps.Bus, cfg.Instance, deps.Logger, deps.Metrics); err != nil {
		return nil, err
	}
	return s, s.face(ctx, vectors, deps)
}

// face makes the routes and what they stand on.
func (s *Service) face(ctx context.Context, vectors *embedder.Embedder, deps lifecycle.Deps) (err error) {
	if s.codes, err = shortlink.NewCodes(ctx, deps.Bus); err != nil {
		return err
	}
	if s.words, err = glossary.NewStore(ctx, deps.Bus, deps.Logger); err != nil {
		return err
	}
	script, err := widget.New()
	if err != nil {
		return err
	}
	face, err := api.New(api.Parts{
		Engine: s.index, Filled: s.indexer.Check, Catalog: s.catalog, Links: s.codes, Glossary: s.words, Seen: s.index.Seen, Vectors: vectors, Tally: s.tally,
		PublicURL: deps.PublicURL, Script: script, Logger: deps.Logger, Metrics: deps.Metrics,
	})
	if err != nil {
		return err
	}
	if s.routes, err = face.Routes(deps); err != nil {
		return err
	}
	s.generations = api.NewGenerations(s.index, s.indexer.Source(), deps.Logger)
	s.generations.Handle(s.routes, deps)
	return nil
}

// store is where the index is kept: in dir, or on a server.
func (c *Config) store(ctx context.Context, dir string, dimensions int, deps lifecycle.Deps) (engine.Store, error) {
	if c.MeiliURL == "" {
		return bleve.NewStore(dir, deps.Logger)
	}
	if c.Embedder.URL != "" && dimensions == 0 {
		return nil, errors.New("an index on a Meilisearch server needs --embedder-dimensions beside --embedder-url")
	}
	rejected := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "relais_search_rejected_total", Help: "Editions that the Meilisearch server refused, put aside so that the rest goes on.",
	})
	if err := deps.Metrics.Register(rejected); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return meilisearch.Open(ctx, meilisearch.Config{
		URL: c.MeiliURL, MasterKey: c.MeiliKey, Prefix: "relais-" + c.Instance, Dimensions: dimensions,
		Logger: deps.Logger, Rejected: rejected,
	})
}

// Handler answers search's routes.
func (s *Service) Handler() http.Handler { return s.routes }

// Run keeps the index, the catalog, the short links and the glossary up to date and tells the
// log how often search was asked, until ctx ends; then it closes the index.
func (s *Service) Run(ctx context.Context) error {
	var group lifecycle.Group
	group.Add("indexer", s.indexer.Run)
	group.Add("catalog", s.catalog.Run)
	group.Add("links", s.codes.Run)
	group.Add("generations", s.generations.Run)
	group.Add("glossary", s.words.Run)
	group.Add("tally", s.tally.Run)
	return errors.Join(group.Run(ctx), s.index.Close())
}
