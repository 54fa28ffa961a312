// SPDX-License-Identifier: Apache-2.0

// Package share makes short links that follow an article's life, sends readers
// along them, and counts the visits.
package share

import (
	"context"
	"fmt"
	"net/http"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/api"
	"github.com/relais-press/relais/services/share/internal/click"
	"github.com/relais-press/relais/services/share/internal/link"
	"github.com/relais-press/relais/services/share/internal/target"
)

// Config is what share can be told.
type Config struct {
	Instance string `name:"share-instance" env:"RELAIS_SHARE_INSTANCE" default:"main" help:"Name of this instance among those that run: letters, digits, - and _."`
}

// Service is share.
type Service struct {
	links    *link.Store
	defaults *link.Defaults
	targets  *target.Table
	recorder *click.Recorder
	counter  *click.Counter
	routes   *web.Router
}

// New returns the service. It answers once Run has read the links and targets.
func New(ctx context.Context, cfg Config, deps lifecycle.Deps) (_ *Service, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("share: %w", err)
		}
	}()
	s := &Service{}
	if s.links, err = link.Open(ctx, deps.Bus, deps.Logger); err != nil {
		return nil, err
	}
	stages, err := deps.Bus.Stages(ctx)
	if err != nil {
		return nil, err
	}
	s.defaults = link.NewDefaults(s.links, stages, cfg.Instance, deps.Logger)
	s.targets = target.New(deps.Bus, deps.Logger, s.defaults.Seen)
	if s.recorder, err = click.NewRecorder(deps.Bus, deps.Logger, deps.Metrics); err != nil {
		return nil, err
	}
	if s.counter, err = click.NewCounter(ctx, deps.Bus); err != nil {
		return nil, err
	}
	answers, err := deps.Bus.Bucket(ctx, bus.Idempotency)
	if err != nil {
		return nil, err
	}
	deps.Health.Add("links", s.links.Check)
	deps.Health.Add("targets", s.targets.Check)
	face, err := api.New(s.links, s.targets, deps.Directory, s.recorder, s.counter, deps.PublicURL)
	if err != nil {
		return nil, err
	}
	s.routes, err = face.Routes(deps, answers)
	return s, err
}

// Handler answers share's routes.
func (s *Service) Handler() http.Handler { return s.routes }

// Run keeps links and targets up to date, and writes and counts clicks, until
// ctx ends; then it writes the clicks that are left.
func (s *Service) Run(ctx context.Context) error {
	var group lifecycle.Group
	group.Add("links", s.links.Run)
	group.Add("targets", s.targets.Run)
	group.Add("default links", s.defaults.Run)
	group.Add("clicks", s.recorder.Run)
	group.Add("counts", s.counter.Run)
	return group.Run(ctx)
}
