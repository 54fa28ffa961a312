// SPDX-License-Identifier: Apache-2.0

// Package ingest accepts what editors write: it turns it into editions,
// numbers their versions and appends them to the log. It also issues keys and
// keeps the list of partners.
package ingest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/continuity"
	"github.com/relais-press/relais/pkg/fetch"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/ingest/internal/access"
	"github.com/relais-press/relais/services/ingest/internal/api"
	"github.com/relais-press/relais/services/ingest/internal/draft"
	"github.com/relais-press/relais/services/ingest/internal/editions"
	"github.com/relais-press/relais/services/ingest/internal/imports"
	"github.com/relais-press/relais/services/ingest/internal/releases"
)

// Config is what ingest can be told.
type Config struct {
	AdminKey string `name:"admin-key" env:"RELAIS_ADMIN_KEY" secret:"" placeholder:"rk_…" help:"Accept this key as an admin's, and no longer the one given before; without it one is made at first start."`

	ExtractURLs bool `name:"extract-urls" env:"RELAIS_EXTRACT_URLS" help:"Let editors have a page of the public internet fetched and read (POST /v1/extract with a url)."`

	Languages []string `name:"languages" env:"RELAIS_LANGUAGES" default:"fr,en,de,es,it,nl,pt,ar" placeholder:"TAG,…" help:"Languages that a text may be detected as when none is declared."`
}

// The limits of a page that is fetched.
const (
	maxPage     = 5 << 20 // bytes
	pageTimeout = 15 * time.Second
)

// writes are subjects that ingest writes to, one of each kind.
var writes = []string{
	article.Subject("x", "fr"), bus.ReleaseAtSubject + "x.fr." + bus.StageReleased, bus.DeadLetterSubject + "x",
	"$KV." + bus.Partners + ".x", "$KV." + bus.Keys + ".x", "$KV." + bus.KeyUses + ".x",
	"$KV." + bus.Imports + ".x", "$KV." + bus.Idempotency + ".x", "$KV." + bus.Stages + ".x.fr." + bus.StageReleased + ".ingest",
}

// Service is ingest.
type Service struct {
	desk       *releases.Desk
	bulk       *imports.Desk
	routes     *web.Router
	endStreams func()

	lookThrough func(context.Context) error
}

// New returns the service. It makes sure that there is an admin key: one that
// it had to make is printed to stdout, once, and kept in dir. When ctx ends,
// open event streams end, so that requests can be finished before the service
// is stopped.
func New(ctx context.Context, cfg Config, dir string, stdout io.Writer, deps lifecycle.Deps) (*Service, error) {
	if err := telemetry.Disk(deps.Metrics, "ingest", dir); err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	if err := deps.Bus.MayPublish(ctx, writes...); err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	keys, err := access.New(ctx, deps.Bus, deps.Directory)
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	stages, err := deps.Bus.Stages(ctx)
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	answers, err := deps.Bus.Bucket(ctx, bus.Idempotency)
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	store := editions.New(deps.Bus, time.Now)
	desk, list, err := releases.New(deps.Bus, store, stages, deps.Logger, deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	drafts := draft.NewReader(cfg.Languages)
	bulk, err := imports.New(ctx, deps.Bus, store, drafts, dir, deps.Logger, deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	stores := api.Stores{
		Editions: store, Catalog: list, Drafts: drafts, Imports: bulk, Access: keys, Stages: stages, Indexes: deps.Bus,
	}
	if cfg.ExtractURLs {
		stores.Fetcher = fetch.New(fetch.Config{MaxBytes: maxPage, Timeout: pageTimeout, UserAgent: "relais"})
	}
	face := api.New(stores)
	routes, err := face.Routes(deps, answers)
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	made, revoked, err := keys.EnsureAdmin(ctx, cfg.AdminKey, dir)
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	if revoked {
		deps.Logger.WarnContext(ctx, "the configured admin key was revoked and stays so")
	}
	if made != "" {
		_, _ = fmt.Fprintf(stdout, "admin key: %s\n           shown this once, and kept in %s\n", made, filepath.Join(dir, access.KeyFile))
	}
	context.AfterFunc(ctx, face.EndStreams)
	lookThrough := func(ctx context.Context) error { return continuity.Report(ctx, deps.Bus, deps.Logger, deps.Metrics) }
	return &Service{desk, bulk, routes, face.EndStreams, lookThrough}, nil
}

// Handler answers ingest's routes.
func (s *Service) Handler() http.Handler { return s.routes }

// Run keeps the list of editions, watches embargoes and expiries and goes on
// with imports until ctx ends, and looks through the log once for what it has
// lost; then it ends open event streams.
func (s *Service) Run(ctx context.Context) error {
	defer s.endStreams()
	var group lifecycle.Group
	group.Add("releases", s.desk.Run)
	group.Add("imports", s.bulk.Run)
	group.Add("continuity", s.lookThrough)
	return group.Run(ctx)
}
