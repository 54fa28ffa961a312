// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/pkg/web"
)

// startLog runs a log for a test and returns a connection to it.
func startLog(t *testing.T) *nats.Conn { t.Helper(); return connect(t, startServer(t)) }

func startServer(t *testing.T) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(embedded.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatalf("start log: %v", err)
	}
	t.Cleanup(s.Stop)
	return s
}

func connect(t *testing.T, s *embedded.Server) *nats.Conn {
	t.Helper()
	conn, err := s.Connect()
	if err != nil {
		t.Fatalf("connect to log: %v", err)
	}
	return conn
}

// greeter is the smallest service: one route and a background that waits.
type greeter struct {
	router  *web.Router
	stopped chan struct{} // closed when Run was told to stop
	run     func(context.Context) error
}

func (g *greeter) Handler() http.Handler { return g.router }

func (g *greeter) Run(ctx context.Context) error {
	if g.run != nil {
		return g.run(ctx)
	}
	<-ctx.Done()
	close(g.stopped)
	return ctx.Err()
}

// constructor makes a greeter that answers /<name> with what handle does, and
// keeps what the process gave it.
func constructor(name string, g *greeter, deps *lifecycle.Deps, handle web.HandlerFunc) lifecycle.Constructor {
	return func(_ context.Context, d lifecycle.Deps) (lifecycle.Service, error) {
		rt, err := web.NewRouter(name, d.Logger, d.Metrics)
		if err != nil {
			return nil, err
		}
		rt.Handle(name, http.MethodGet, "/"+name, handle)
		g.router, g.stopped = rt, make(chan struct{})
		if deps != nil {
			*deps = d
		}
		return g, nil
	}
}

func say(text string) web.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) error { _, err := io.WriteString(w, text); return err }
}

// tell sends the public URL of a process that has started.
func tell(to chan<- string) lifecycle.Started {
	return func(_ context.Context, url string) error { to <- url; return nil }
}

func config() lifecycle.Config {
	return lifecycle.Config{Listen: "127.0.0.1:0", Replicas: 1, Config: telemetry.Config{LogFormat: "text"}}
}

// hosted is a process under test.
type hosted struct {
	url   string
	stop  context.CancelFunc
	ended chan error
	log   *locked
}

// locked is a writer that may be read while it is written.
type locked struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *locked) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }

func (l *locked) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func host(t *testing.T, cfg lifecycle.Config, services ...lifecycle.Constructor) hosted {
	t.Helper()
	return hostOn(t, cfg, startLog(t), services...)
}

func hostOn(t *testing.T, cfg lifecycle.Config, conn *nats.Conn, services ...lifecycle.Constructor) hosted {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	h := hosted{stop: cancel, ended: make(chan error, 1), log: &locked{}}
	started := make(chan string, 1)
	go func() {
		h.ended <- lifecycle.Host(ctx, cfg, conn, h.log, tell(started), services...)
	}()
	t.Cleanup(func() {
		cancel()
		if !conn.IsClosed() {
			t.Error("the connection to the log is left open")
		}
	})
	select {
	case h.url = <-started:
	case err := <-h.ended:
		t.Fatalf("Host = %v", err)
	}
	return h
}

func TestHostServesSeveralServicesOnOnePort(t *testing.T) {
	var deps lifecycle.Deps
	one, two := &greeter{}, &greeter{}
	h := host(t, config(), constructor("one", one, &deps, say("1")), constructor("two", two, nil, say("2")))
	eventually(t, "the process is ready", func() bool { status, _ := get(t, h.url+"/readyz"); return status == http.StatusOK })
	for _, tc := range []struct {
		path   string
		status int
		body   string // a part of it
	}{
		{"/one", http.StatusOK, "1"},
		{"/two", http.StatusOK, "2"},
		{"/three", http.StatusNotFound, `"/problems/not-found"`},
		{"/livez", http.StatusOK, "ok"},
		{"/readyz", http.StatusOK, `"log":"ok"`},
		{"/metrics", http.StatusOK, `relais_http_request_duration_seconds_count{method="GET",route="one",service="one",status="200"}`},
	} {
		t.Run(tc.path[1:], func(t *testing.T) {
			if status, body := get(t, h.url+tc.path); status != tc.status || !strings.Contains(body, tc.body) {
				t.Errorf("%d %.300s, want %d and %s", status, body, tc.status, tc.body)
			}
		})
	}
	if deps.PublicURL != h.url || !strings.HasPrefix(h.url, "http://127.0.0.1:") {
		t.Errorf("public URL: service told %q, started told %q", deps.PublicURL, h.url)
	}
	h.stop()
	if err := receive(t, "Host", h.ended); err != nil {
		t.Errorf("Host = %v", err)
	}
	receive(t, "the first service to stop", one.stopped)
	receive(t, "the second service to stop", two.stopped)
}

func TestHostFinishesRequestsBeforeServices(t *testing.T) {
	var deps lifecycle.Deps
	entered, release := make(chan struct{}), make(chan struct{})
	g := &greeter{}
	h := host(t, config(), constructor("slow", g, &deps, func(w http.ResponseWriter, r *http.Request) error {
		close(entered)
		<-release
		// The log is still there for what was accepted.
		if err := deps.Bus.Check(r.Context()); err != nil {
			return err
		}
		return say("kept")(w, r)
	}))
	eventually(t, "the process is ready", func() bool { return deps.Health.Ready(t.Context()) == nil })
	answer := make(chan string, 1)
	go func() { _, body := get(t, h.url+"/slow"); answer <- body }()
	receive(t, "the request to arrive", entered)
	h.stop()
	eventually(t, "the process is no longer ready", func() bool { return deps.Health.Ready(t.Context()) != nil })
	eventually(t, "new requests are refused", func() bool { status, _ := get(t, h.url+"/livez"); return status == 0 })
	select {
	case <-g.stopped:
		t.Error("the service was stopped while a request was under way")
	case err := <-h.ended:
		t.Fatalf("Host ended with a request under way: %v", err)
	default:
	}
	close(release)
	if got := receive(t, "the answer", answer); got != "kept" {
		t.Errorf("answer = %q", got)
	}
	if err := receive(t, "Host", h.ended); err != nil {
		t.Errorf("Host = %v", err)
	}
	receive(t, "the service to stop", g.stopped)
}

func TestHostEndsWhenAServiceFails(t *testing.T) {
	broken, fail := errors.New("broken"), make(chan struct{})
	other := &greeter{}
	h := host(t, config(), constructor("other", other, nil, say("")), constructor("failing", &greeter{run: func(ctx context.Context) error {
		select {
		case <-fail:
			return broken
		case <-ctx.Done():
			return ctx.Err()
		}
	}}, nil, say("")))
	close(fail)
	if err := receive(t, "Host", h.ended); !errors.Is(err, broken) {
		t.Errorf("Host = %v, want %v", err, broken)
	}
	receive(t, "the other service to stop", other.stopped)
}

func TestHostRefusesToStart(t *testing.T) {
	taken := listen(t)
	defer taken.Close()
	busy := config()
	busy.Listen = taken.Addr().String()
	broken := errors.New("broken")
	for _, tc := range []struct {
		name    string
		config  lifecycle.Config
		service lifecycle.Constructor
		want    string
	}{
		{"port_taken", busy, constructor("a", &greeter{}, nil, say("")), "listen: "},
		{"constructor_fails", config(), func(context.Context, lifecycle.Deps) (lifecycle.Service, error) { return nil, broken }, "broken"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn := startLog(t)
			err := lifecycle.Host(t.Context(), tc.config, conn, io.Discard, func(context.Context, string) error { t.Error("started"); return nil }, tc.service)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Host = %v, want it to say %q", err, tc.want)
			}
			if !conn.IsClosed() {
				t.Error("the connection to the log is left open")
			}
		})
	}
}

func TestHostUsesThePublicURL(t *testing.T) {
	cfg := config()
	cfg.PublicURL = "https://relais.example.org/"
	var deps lifecycle.Deps
	ctx, cancel := context.WithCancel(t.Context())
	ended, started := make(chan error, 1), make(chan string, 1)
	conn := startLog(t)
	go func() {
		ended <- lifecycle.Host(ctx, cfg, conn, io.Discard, tell(started), constructor("a", &greeter{}, &deps, say("")))
	}()
	if url := receive(t, "the start", started); url != "https://relais.example.org" || deps.PublicURL != url {
		t.Errorf("started told %q, service told %q", url, deps.PublicURL)
	}
	cancel()
	if err := receive(t, "Host", ended); err != nil {
		t.Errorf("Host = %v", err)
	}
}

func TestReadyzTellsOfALostLog(t *testing.T) {
	s, err := embedded.Start(embedded.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatalf("start log: %v", err)
	}
	defer s.Stop()
	conn, err := s.Connect()
	if err != nil {
		t.Fatalf("connect to log: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended, started := make(chan error, 1), make(chan string, 1)
	go func() {
		ended <- lifecycle.Host(ctx, config(), conn, io.Discard, tell(started))
	}()
	url := receive(t, "the start", started)
	eventually(t, "the process is ready", func() bool { status, _ := get(t, url+"/readyz"); return status == http.StatusOK })
	s.Stop()
	eventually(t, "the process is no longer ready", func() bool { status, _ := get(t, url+"/readyz"); return status == http.StatusServiceUnavailable })
	if status, _ := get(t, url+"/livez"); status != http.StatusOK {
		t.Errorf("/livez = %d: a process without its log is alive", status)
	}
	var state struct {
		Checks map[string]string `json:"checks"`
	}
	_, body := get(t, url+"/readyz")
	if err := json.Unmarshal([]byte(body), &state); err != nil || state.Checks["log"] == "ok" {
		t.Errorf("/readyz = %s, %v", body, err)
	}
	cancel()
	if err := receive(t, "Host", ended); err != nil {
		t.Errorf("Host = %v", err)
	}
}
