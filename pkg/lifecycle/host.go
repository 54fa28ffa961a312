// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/door"
	"github.com/relais-press/relais/pkg/limit"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/settings"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/pkg/web"
)

// Config is what every process needs, whatever it serves.
type Config struct {
	settings.File    `embed:""`
	telemetry.Config `embed:""`
	Door             `embed:""`
	TLS              `embed:""`

	Listen    string `name:"listen" env:"RELAIS_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where to answer HTTP."`
	PublicURL string `name:"public-url" env:"RELAIS_PUBLIC_URL" placeholder:"URL" help:"How readers reach this address; default: http:// or https:// and the listener."`
	Replicas  int    `name:"nats-replicas" env:"RELAIS_NATS_REPLICAS" help:"Copies of every stream: 1 alone, 3 in a cluster; default: as many as it has, 1 when it is new."`

	Build telemetry.Build `kong:"-"` // the program, as its main knows it
}

// Deps is what a service is given to work with.
type Deps struct {
	Bus       *bus.Bus
	Directory *partner.Directory
	Logger    *slog.Logger
	Metrics   prometheus.Registerer
	Health    *telemetry.Health
	PublicURL string // without a trailing slash
	Proxies   door.Proxies
	Limits    *web.Limits // nil: none
}

// Keys is the directory as routes ask it: it holds callers to the limits.
func (d Deps) Keys() web.Directory { return d.Limits.Over(d.Directory) }

// Service is one of the three, or any part that answers HTTP and works in the
// background.
type Service interface {
	// Handler answers the service's routes; it is a *web.Router.
	Handler() http.Handler
	// Run does the background work until ctx ends.
	Run(ctx context.Context) error
}

// Constructor makes a service from what the process gives it.
type Constructor func(context.Context, Deps) (Service, error)

// Started is what a process does once its port is open, until ctx ends.
type Started func(ctx context.Context, publicURL string) error

// Host runs services on one connection to the log, one directory of keys, one
// registry of metrics and one port, until ctx ends. The connection is drained
// and closed. started, when not nil, runs beside the services once the port is open.
func Host(ctx context.Context, cfg Config, conn *nats.Conn, stderr io.Writer, started Started, services ...Constructor) error {
	defer conn.Close()
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	registry := telemetry.NewRegistry()
	deps := Deps{
		Logger: cfg.Logger(stderr), Metrics: registry, Health: telemetry.NewHealth(),
		PublicURL: strings.TrimRight(cfg.PublicURL, "/"),
	}
	pair, err := cfg.open(ctx, deps.Logger, registry)
	if err != nil {
		return err
	}
	if deps.PublicURL == "" {
		deps.PublicURL = scheme(pair) + "://" + listener.Addr().String()
	}
	var buckets *limit.Limiter
	if deps.Proxies, deps.Limits, buckets, err = cfg.limits(deps.Logger, registry); err != nil {
		return err
	}
	if err := cfg.Build.Register(registry); err != nil {
		return err
	}
	tracer, err := telemetry.NewTracer(ctx, cfg.Tracing, cfg.Build, deps.Logger)
	if err != nil {
		return err
	}
	defer flush(context.WithoutCancel(ctx), tracer, deps.Logger)
	if deps.Bus, err = bus.Open(ctx, conn, bus.Config{Replicas: cfg.Replicas, Logger: deps.Logger, Metrics: registry, Tracer: tracer}); err != nil {
		return err
	}
	if deps.Directory, err = partner.NewDirectory(ctx, deps.Bus, deps.Logger); err != nil {
		return err
	}
	deps.Logger.InfoContext(ctx, "listening", "address", listener.Addr().String(), "public_url", deps.PublicURL)
	deps.Health.Add("log", deps.Bus.Check)
	deps.Health.Add("directory", deps.Directory.Check)

	// Requests are finished first, then the services that they may wait for, and
	// last what the services rest on.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	base, release := context.WithCancel(context.WithoutCancel(ctx))
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		if err := deps.Directory.Run(base); err != nil {
			deps.Logger.ErrorContext(base, "directory ended", "error", err)
		}
	}()
	defer func() { release(); <-followed }()

	var group Group
	own, err := processRoutes(deps, registry)
	if err != nil {
		return err
	}
	handlers := make([]http.Handler, 0, len(services)+1)
	for _, construct := range services {
		s, err := construct(ctx, deps)
		if err != nil {
			return err
		}
		handlers = append(handlers, s.Handler())
		group.Add(fmt.Sprintf("%T", s), s.Run)
	}
	handlers = append(handlers, own)
	group.Add("http", func(work context.Context) error {
		defer stop()
		serving, cancel := context.WithCancel(work)
		defer context.AfterFunc(ctx, cancel)()
		defer context.AfterFunc(serving, deps.Health.Drain)()
		return cfg.serve(serving, listener, deps.Limits.Guard(web.Traced(tracer, web.Compose(handlers...))), pair, registry)
	})
	group.Add("rates", func(ctx context.Context) error { return share(ctx, deps.Bus, buckets, deps.Logger) })
	group.Add("log", deps.Bus.Watch)
	if started != nil {
		group.Add("started", func(ctx context.Context) error { return started(ctx, deps.PublicURL) })
	}
	return group.Run(work)
}

// flush sends the spans that are left.
func flush(ctx context.Context, tracer *telemetry.Tracer, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := tracer.Close(ctx); err != nil {
		log.WarnContext(ctx, "traces dropped", "error", err)
	}
}

func scheme(pair *KeyPair) string {
	if pair == nil {
		return "http"
	}
	return "https"
}

// processRoutes are the addresses every process has.
func processRoutes(deps Deps, registry *prometheus.Registry) (*web.Router, error) {
	rt, err := web.NewRouter("process", deps.Logger, deps.Metrics)
	if err != nil {
		return nil, err
	}
	plain := func(h http.HandlerFunc) web.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) error { h(w, r); return nil }
	}
	rt.Handle("livez", http.MethodGet, "/livez", plain(telemetry.Livez))
	rt.Handle("readyz", http.MethodGet, "/readyz", plain(deps.Health.Readyz))
	rt.Handle("metrics", http.MethodGet, "/metrics", plain(telemetry.Metrics(registry).ServeHTTP))
	return rt, nil
}
