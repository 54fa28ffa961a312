// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/services/ingest/internal/access"
	"github.com/relais-press/relais/services/ingest/internal/draft"
	"github.com/relais-press/relais/services/ingest/internal/editions"
)

// timeLimit is the server's for a whole request: too short for a stream.
const timeLimit = 3 * time.Second

const testKey = "rk_status-status-status-status"

// desk is the API on a log of its own, behind a server with short time limits.
type desk struct {
	t      *testing.T
	log    *embedded.Server
	stages *bus.StageBoard
	api    *API
	server *httptest.Server
	client *http.Client
}

func openDesk(t *testing.T, adapt func(*streams)) *desk {
	t.Helper()
	t.Cleanup(func() {
		goleak.VerifyNone(t, goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.(*ipQueue[...]).unregister"))
	})
	d := &desk{t: t}
	var err error
	if d.log, err = embedded.Start(embedded.Config{Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.log.Stop)
	conn, err := d.log.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	logger := slog.New(slog.DiscardHandler)
	b, err := bus.Open(t.Context(), conn, bus.Config{Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	directory, err := partner.NewDirectory(t.Context(), b, logger)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	followed := make(chan struct{})
	go func() { defer close(followed); _ = directory.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-followed })
	keys, err := access.New(ctx, b, directory)
	if err != nil {
		t.Fatal(err)
	}
	if d.stages, err = b.Stages(ctx); err != nil {
		t.Fatal(err)
	}
	answers, err := b.Bucket(ctx, bus.Idempotency)
	if err != nil {
		t.Fatal(err)
	}
	d.api = New(Stores{Editions: editions.New(b, time.Now), Drafts: draft.NewReader(nil), Access: keys, Stages: d.stages})
	if adapt != nil {
		adapt(d.api.streams)
	}
	routes, err := d.api.Routes(lifecycle.Deps{Bus: b, Directory: directory, Logger: logger}, answers)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err = keys.EnsureAdmin(ctx, testKey, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	d.server = httptest.NewUnstartedServer(routes)
	d.server.Config.ReadTimeout, d.server.Config.WriteTimeout = timeLimit, timeLimit
	d.server.Start()
	t.Cleanup(d.server.Close)
	d.client = d.server.Client()
	return d
}

// put writes a version of the edition recap/fr.
func (d *desk) put(headline string) {
	d.t.Helper()
	resp := d.ask(d.t.Context(), "PUT", "/v1/articles/recap/fr", `{"headline": "`+headline+`", "bodyText": "Un texte."}`, "")
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		d.t.Fatalf("put %q: status %d", headline, resp.StatusCode)
	}
}

func (d *desk) tell(stage string, version int) {
	d.t.Helper()
	if err := d.stages.Tell(d.t.Context(), stage, "main", "recap", "fr", version); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) ask(ctx context.Context, method, path, body, accept string) *http.Response {
	d.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, d.server.URL+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+testKey)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		d.t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp
}

// stream is an open event stream; its lines are sent one by one, and closed at
// its end.
type stream struct {
	t     *testing.T
	resp  *http.Response
	lines chan string
	err   error // how it ended, once lines is closed; nil: with a proper end
}

func (d *desk) open(ctx context.Context) *stream {
	d.t.Helper()
	s := &stream{t: d.t, resp: d.ask(ctx, "GET", "/v1/articles/recap/fr/status", "", eventStream), lines: make(chan string, 1000)}
	if s.resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(s.resp.Body)
		d.t.Fatalf("open stream: %d %s", s.resp.StatusCode, b)
	}
	go func() {
		defer close(s.lines)
		defer s.resp.Body.Close()
		in := bufio.NewScanner(s.resp.Body)
		for in.Scan() {
			s.lines <- in.Text()
		}
		s.err = in.Err()
	}()
	return s
}

// next waits for a line that begins with a prefix, and returns the rest of it.
func (s *stream) next(prefix string) string {
	s.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case l, ok := <-s.lines:
			if !ok {
				s.t.Fatalf("the stream ended (%v) before a line %q", s.err, prefix)
			}
			if rest, found := strings.CutPrefix(l, prefix); found {
				return rest
			}
		case <-timeout:
			s.t.Fatalf("waited 20 s for a line %q", prefix)
		}
	}
}

// status waits for the next event.
func (s *stream) status() (st status, id string) {
	s.t.Helper()
	s.next("event: status")
	id = s.next("id: ")
	if err := json.Unmarshal([]byte(s.next("data: ")), &st); err != nil {
		s.t.Fatal(err)
	}
	return st, id
}

// end waits until the stream is over.
func (s *stream) end() error {
	s.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case _, ok := <-s.lines:
			if !ok {
				return s.err
			}
		case <-timeout:
			s.t.Fatal("waited 20 s for the end of the stream")
		}
	}
}

func TestAStatusStreamFollowsAnEdition(t *testing.T) {
	d := openDesk(t, nil)
	d.put("Un titre")
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	s := d.open(ctx)
	for name, want := range map[string]string{
		"Content-Type": eventStream, "Cache-Control": "no-store", "X-Accel-Buffering": "no", "Vary": "Accept", "Etag": "",
	} {
		if got := s.resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := s.next("retry: "); got != "2000" {
		t.Errorf("retry %q", got)
	}
	first, id := s.status()
	if first.Version != 1 || len(first.Stages) != 1 || first.Stages[0].Stage != "accepted" {
		t.Errorf("first %+v", first)
	}
	d.tell(bus.StageSearchable, 1)
	second, other := s.status()
	if len(second.Stages) != 2 || second.Stages[1].Stage != bus.StageSearchable || other == id {
		t.Errorf("then %+v (id %s after %s)", second, other, id)
	}
	plain := d.ask(t.Context(), "GET", "/v1/articles/recap/fr/status", "", "")
	defer plain.Body.Close()
	var same status
	if err := json.NewDecoder(plain.Body).Decode(&same); err != nil || len(same.Stages) != 2 || plain.Header.Get("Content-Type") != "application/json" {
		t.Errorf("plain: %+v (%v)", same, err)
	}
	d.put("Un autre titre")
	d.tell(bus.StageSearchable, 2)
	third, _ := s.status()
	if third.Version != 2 || third.Stages[0].Version != 2 || third.Stages[1].Version != 2 {
		t.Errorf("a new version: %+v", third)
	}
	leave()
	_ = s.end()
}

func TestAStatusStreamOutlivesTheServersTimeLimits(t *testing.T) {
	d := openDesk(t, func(s *streams) { s.heartbeat = timeLimit / 20 })
	d.put("Un titre")
	s := d.open(t.Context())
	for range 30 { // one and a half times the server’s limits
		s.next(": ")
	}
	d.tell(bus.StageLinked, 1)
	if st, _ := s.status(); len(st.Stages) != 2 {
		t.Errorf("after the time limits: %+v", st)
	}
	d.api.EndStreams()
	if err := s.end(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestAStatusStreamEnds(t *testing.T) {
	for name, end := range map[string]func(d *desk){
		"with the service": func(d *desk) { d.api.EndStreams(); d.api.EndStreams() },
		"with the log":     func(d *desk) { d.log.Stop() },
	} {
		t.Run(name, func(t *testing.T) {
			d := openDesk(t, nil)
			d.put("Un titre")
			s := d.open(t.Context())
			s.status()
			end(d)
			if err := s.end(); err != nil {
				t.Errorf("ended with %v", err)
			}
			resp := d.ask(t.Context(), "GET", "/v1/articles/recap/fr/status", "", eventStream)
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
				t.Errorf("opened again: status %d", resp.StatusCode)
			}
		})
	}
	t.Run("with its time", func(t *testing.T) {
		d := openDesk(t, func(s *streams) { s.lifetime = 50 * time.Millisecond })
		d.put("Un titre")
		s := d.open(t.Context())
		s.status()
		if err := s.end(); err != nil {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestAnOpenStatusStreamDoesNotHoldUpTheEnd(t *testing.T) {
	d := openDesk(t, nil)
	d.put("Un titre")
	s := d.open(t.Context())
	s.status()
	ended := make(chan error, 1)
	go func() { ended <- d.server.Config.Shutdown(t.Context()) }()
	d.api.EndStreams()
	if err := s.end(); err != nil {
		t.Errorf("the stream ended with %v", err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("shutdown: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("waited 10 s for the server to end")
	}
}

func TestAStatusStreamOfNothing(t *testing.T) {
	d := openDesk(t, nil)
	resp := d.ask(t.Context(), "GET", "/v1/articles/none/fr/status", "", eventStream)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound || resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("status %d, %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
}

func TestWhoWantsEvents(t *testing.T) {
	for accept, want := range map[string]bool{
		"text/event-stream": true, "TEXT/Event-Stream; charset=utf-8": true, "application/json, text/event-stream;q=0.5": true,
		"": false, "*/*": false, "application/json": false, "text/event-stream;q=0": false, "text/event-stream;;": false,
	} {
		if got := wantsEvents(accept); got != want {
			t.Errorf("%q: %v, want %v", accept, got, want)
		}
	}
}
