// SPDX-License-Identifier: Apache-2.0

// Package share makes short links that follow an article's life, sends readers
// along them, and counts the visits.
package share

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/api"
	"github.com/relais-press/relais/services/share/internal/card"
	"github.com/relais-press/relais/services/share/internal/click"
	"github.com/relais-press/relais/services/share/internal/count"
	"github.com/relais-press/relais/services/share/internal/demand"
	"github.com/relais-press/relais/services/share/internal/link"
	"github.com/relais-press/relais/services/share/internal/target"
	"github.com/relais-press/relais/services/share/internal/visit"
)

// Config is what share can be told.
type Config struct {
	Instance  string   `name:"share-instance" env:"RELAIS_SHARE_INSTANCE" default:"main" help:"Name of this instance among those that run: letters, digits, - and _."`
	Links     int      `name:"share-links" env:"RELAIS_SHARE_LINKS" default:"200000" help:"Links held in memory, those asked for last."`
	Hosts     []string `name:"share-hosts" env:"RELAIS_SHARE_HOSTS" placeholder:"HOST" help:"Hosts, with their subdomains, that canonical URLs may send readers to; default: any."`
	Query     []string `name:"share-query" env:"RELAIS_SHARE_QUERY" default:"utm_content,utm_term,ref" help:"Parameters of a reader's query that are passed on to the article."`
	Retention int      `name:"share-retention" env:"RELAIS_SHARE_RETENTION" default:"25" placeholder:"MONTHS" help:"Months that clicks and their numbers are kept: 1 to 25."`
}

// writes are subjects that share writes to, one of each kind.
var writes = []string{
	bus.ClickSubject + "x", bus.DeadLetterSubject + "x", "$KV." + bus.Links + ".x", "$KV." + bus.Salts + ".x",
	"$KV." + bus.Idempotency + ".x", "$KV." + bus.KeyUses + ".x", "$KV." + bus.Stages + ".x.fr." + bus.StageLinked + ".x",
}

// Service is share.
type Service struct {
	links    *link.Store
	defaults *link.Defaults
	targets  *target.Table
	recorder *click.Recorder
	visits   *visit.Watch
	counts   *count.Counts
	recounts *count.Recounts
	demand   *demand.Table
	routes   *web.Router

	retention time.Duration
}

// New returns the service, which keeps what it keeps in dir: another process
// that has it open is an error. It answers once Run follows the links and has
// read the targets.
func New(ctx context.Context, cfg Config, dir string, deps lifecycle.Deps) (_ *Service, err error) {
	s := &Service{}
	defer func() {
		if err != nil {
			err = fmt.Errorf("share: %w", err)
			if s.recorder != nil {
				err = errors.Join(err, s.recorder.Close())
			}
			if s.counts != nil {
				err = errors.Join(err, s.counts.Close())
			}
		}
	}()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if err := telemetry.Disk(deps.Metrics, "share", dir); err != nil {
		return nil, err
	}
	if err := deps.Bus.MayPublish(ctx, writes...); err != nil {
		return nil, err
	}
	s.retention = time.Duration(cfg.Retention) * 30 * 24 * time.Hour
	// The counts first: their lock keeps other processes from the spool, too.
	if s.counts, err = count.Open(deps.Bus, dir, cfg.Instance, deps.Logger, deps.Metrics); err != nil {
		return nil, err
	}
	s.recounts = count.NewRecounts(s.counts, deps.Logger)
	s.demand = demand.New(deps.Bus, cfg.Instance)
	if s.recorder, err = click.NewRecorder(deps.Bus, filepath.Join(dir, "clicks-"+filepath.Base(cfg.Instance)+".spool"), deps.Logger, deps.Metrics); err != nil {
		return nil, err
	}
	if err := s.open(ctx, cfg, deps); err != nil {
		return nil, err
	}
	return s, s.face(ctx, cfg, deps)
}

func (c *Config) validate() error {
	if c.Retention < 1 || c.Retention > 25 {
		return fmt.Errorf("--share-retention is %d: it goes from 1 to 25 months", c.Retention)
	}
	if c.Links < 1 {
		return fmt.Errorf("--share-links is %d: one at least", c.Links)
	}
	return nil
}

// open opens the links, what they lead to, and who follows them.
func (s *Service) open(ctx context.Context, cfg Config, deps lifecycle.Deps) (err error) {
	if s.links, err = link.Open(ctx, deps.Bus, deps.Logger, cfg.Links); err != nil {
		return err
	}
	stages, err := deps.Bus.Stages(ctx)
	if err != nil {
		return err
	}
	s.defaults = link.NewDefaults(s.links, stages, cfg.Instance, deps.Bus.Tracer(), deps.Logger)
	public, err := url.Parse(deps.PublicURL)
	if err != nil {
		return fmt.Errorf("public URL: %w", err)
	}
	s.targets = target.New(deps.Bus, deps.Directory, target.Hosts{Relais: public.Host, Allowed: cfg.Hosts}, deps.Logger, s.defaults.Seen)
	salts, err := deps.Bus.Bucket(ctx, bus.Salts)
	if err != nil {
		return err
	}
	s.visits, err = visit.New(visit.Config{Proxies: deps.Proxies}, salts, deps.Logger, deps.Metrics)
	return err
}

// face makes the routes and what they stand on.
func (s *Service) face(ctx context.Context, cfg Config, deps lifecycle.Deps) error {
	drawer, err := card.New()
	if err != nil {
		return err
	}
	answers, err := deps.Bus.Bucket(ctx, bus.Idempotency)
	if err != nil {
		return err
	}
	deps.Health.Add("links", s.links.Check)
	deps.Health.Add("targets", s.targets.Check)
	face, err := api.New(api.Parts{
		Links: s.links, Targets: s.targets, Partners: deps.Directory, Clicks: s.recorder, Visits: s.visits, Cards: card.NewCache(drawer.Draw, 2, 32<<20),
		Counts: s.counts, Recounts: s.recounts, Demand: s.demand,
		PublicURL: deps.PublicURL, Passed: cfg.Query, RetentionMonths: cfg.Retention,
	})
	if err != nil {
		return err
	}
	s.routes, err = face.Routes(deps, answers)
	return err
}

// Handler answers share's routes.
func (s *Service) Handler() http.Handler { return s.routes }

// Run keeps links and targets up to date, and writes and counts clicks, until
// ctx ends; then it writes the clicks that are left, and closes what it keeps.
func (s *Service) Run(ctx context.Context) error {
	var group lifecycle.Group
	group.Add("links", s.links.Run)
	group.Add("targets", s.targets.Run)
	group.Add("default links", s.defaults.Run)
	group.Add("visits", s.visits.Run)
	group.Add("clicks", s.recorder.Run)
	group.Add("counts", s.counts.Run)
	group.Add("recounts", s.recounts.Run)
	group.Add("demand", s.demand.Run)
	group.Add("retention", func(ctx context.Context) error { return s.counts.Keep(ctx, s.retention) })
	return errors.Join(group.Run(ctx), s.recorder.Close(), s.counts.Close())
}
