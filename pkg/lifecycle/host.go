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
	h := &host{cfg: cfg, listener: listener, registry: telemetry.NewRegistry()}
	h.deps = Deps{
		Logger: cfg.Logger(stderr), Metrics: h.registry, Health: telemetry.NewHealth(), PublicURL: strings.TrimRight(cfg.PublicURL, "/"),
	}
	if h.tracer, err = telemetry.NewTracer(ctx, cfg.Tracing, cfg.Build, h.deps.Logger); err != nil {
		return err
	}
	defer flush(context.WithoutCancel(ctx), h.tracer, h.deps.Logger)
	if err := h.open(ctx, conn); err != nil {
		return err
	}
	h.deps.Logger.InfoContext(ctx, "listening", "address", listener.Addr().String(), "public_url", h.deps.PublicURL)
	return h.run(ctx, started, services)
}

// host is a process that is being set up.
type host struct {
	cfg      Config
	listener net.Listener
	registry *prometheus.Registry
	tracer   *telemetry.Tracer
	pair     *KeyPair       // nil: plain HTTP
	buckets  *limit.Limiter // of the rates
	deps     Deps
}

// open fills in what services are given.
func (h *host) open(ctx context.Context, conn *nats.Conn) (err error) {
	if h.pair, err = h.cfg.open(ctx, h.deps.Logger, h.registry); err != nil {
		return err
	}
	if h.deps.PublicURL == "" {
		h.deps.PublicURL = scheme(h.pair) + "://" + h.listener.Addr().String()
	}
	if h.deps.Proxies, h.deps.Limits, h.buckets, err = h.cfg.limits(h.deps.Logger, h.registry); err != nil {
		return err
	}
	if err := h.cfg.Build.Register(h.registry); err != nil {
		return err
	}
	h.deps.Bus, err = bus.Open(ctx, conn, bus.Config{Replicas: h.cfg.Replicas, Logger: h.deps.Logger, Metrics: h.registry, Tracer: h.tracer})
	if err != nil {
		return err
	}
	if h.deps.Directory, err = partner.NewDirectory(ctx, h.deps.Bus, h.deps.Logger); err != nil {
		return err
	}
	h.deps.Health.Add("log", h.deps.Bus.Check)
	h.deps.Health.Add("directory", h.deps.Directory.Check)
	return nil
}

// run makes the services and runs them until ctx ends. Requests are finished
// first, then the services that they may wait for, and last what the services rest on.
func (h *host) run(ctx context.Context, started Started, services []Constructor) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer h.follow(context.WithoutCancel(ctx))()
	own, err := processRoutes(h.deps, h.registry)
	if err != nil {
		return err
	}
	var group Group
	handlers := make([]http.Handler, 0, len(services)+1)
	for _, construct := range services {
		s, err := construct(ctx, h.deps)
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
		defer context.AfterFunc(serving, h.deps.Health.Drain)()
		return h.cfg.serve(serving, h.listener, h.deps.Limits.Guard(web.Traced(h.tracer, web.Compose(handlers...))), h.pair, h.registry)
	})
	group.Add("rates", func(ctx context.Context) error { return share(ctx, h.deps.Bus, h.buckets, h.deps.Logger) })
	group.Add("log", h.deps.Bus.Watch)
	if started != nil {
		group.Add("started", func(ctx context.Context) error { return started(ctx, h.deps.PublicURL) })
	}
	return group.Run(work)
}

// follow keeps the directory up to date until the function that it returns is called.
func (h *host) follow(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := h.deps.Directory.Run(ctx); err != nil {
			h.deps.Logger.ErrorContext(ctx, "directory ended", "error", err)
		}
	}()
	return func() { cancel(); <-ended }
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
