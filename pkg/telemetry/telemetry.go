// SPDX-License-Identifier: Apache-2.0

// Package telemetry is what a process tells about itself: its log, its
// metrics, its traces, and whether it is alive and ready. It is the only
// importer of OpenTelemetry.
package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/relais-press/relais/pkg/secret"
)

// Config chooses the log and the traces.
type Config struct {
	LogLevel  slog.Level `name:"log-level" env:"RELAIS_LOG_LEVEL" default:"info" help:"debug, info, warn or error."`
	LogFormat string     `name:"log-format" env:"RELAIS_LOG_FORMAT" enum:"auto,text,json" default:"auto" help:"text, json, or auto: text on a terminal."`

	Tracing `embed:""`
}

// Logger returns a logger that writes to w, and no key whatever it is given.
func (c Config) Logger(w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.LogLevel, ReplaceAttr: secret.Attr}
	if c.LogFormat == "json" || (c.LogFormat != "text" && !terminal(w)) {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// NewRegistry returns a metrics registry that holds the Go runtime and the process.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Metrics answers with the registry in the Prometheus text format.
func Metrics(r *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}

// Check returns nil when a part of the process can do its job.
type Check func(context.Context) error

// Health collects the checks of a process. It is safe for concurrent use.
type Health struct {
	mu       sync.Mutex
	names    []string
	checks   map[string]Check
	draining bool
}

// NewHealth returns a Health without checks: ready.
func NewHealth() *Health { return &Health{checks: map[string]Check{}} }

// Add names a check; a check of the same name is replaced.
func (h *Health) Add(name string, check Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.checks[name]; !ok {
		h.names = append(h.names, name)
		slices.Sort(h.names)
	}
	h.checks[name] = check
}

// Drain makes the process not ready from now on, so that balancers look elsewhere.
func (h *Health) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
}

// state is the answer of /readyz.
type state struct {
	Ready  bool              `json:"ready"`
	Checks map[string]string `json:"checks"` // name → "ok" or what is wrong
}

// Ready runs every check, each for at most a second.
func (h *Health) Ready(ctx context.Context) error {
	if s := h.run(ctx); !s.Ready {
		return fmt.Errorf("not ready: %v", s.Checks)
	}
	return nil
}

func (h *Health) run(ctx context.Context) state {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	h.mu.Lock()
	names, s := slices.Clone(h.names), state{Ready: !h.draining, Checks: map[string]string{}}
	checks := make([]Check, 0, len(names))
	for _, n := range names {
		checks = append(checks, h.checks[n])
	}
	h.mu.Unlock()
	if !s.Ready {
		s.Checks["process"] = "stopping"
	}
	for i, check := range checks {
		s.Checks[names[i]] = "ok"
		if err := check(ctx); err != nil {
			s.Ready, s.Checks[names[i]] = false, err.Error()
		}
	}
	return s
}

// Readyz answers 200 when every check passes and 503 otherwise, with the state
// of each.
func (h *Health) Readyz(w http.ResponseWriter, r *http.Request) {
	s := h.run(r.Context())
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !s.Ready {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(s) // the client is gone: nobody to tell
}

// Livez answers 200 as long as the process answers at all.
func Livez(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "ok\n") // the client is gone: nobody to tell
}
