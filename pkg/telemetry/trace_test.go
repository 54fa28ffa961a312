// SPDX-License-Identifier: Apache-2.0

package telemetry_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/relais-press/relais/pkg/telemetry"
)

const (
	traceID = "0af7651916cd43dd8448eb211c80319c"
	parent  = "00-" + traceID + "-b7ad6b7169203331-01"
)

// collected are the spans that a collector got.
type collected struct {
	mu     sync.Mutex
	status int
	spans  []*trace.Span
}

// tracing returns a tracer and its collector, which has every span once the
// tracer is closed.
func tracing(t *testing.T, log io.Writer, status int) (*telemetry.Tracer, *collected) {
	t.Helper()
	c := &collected{status: status}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var request collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &request)
		}
		if err != nil {
			t.Errorf("export: %v", err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, resource := range request.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
		w.WriteHeader(c.status)
	}))
	t.Cleanup(server.Close)
	tracer, err := telemetry.NewTracer(t.Context(), telemetry.Tracing{OTLPEndpoint: server.URL + "/", TraceRatio: 1},
		telemetry.Build{Name: "test", Version: "v1"}, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return tracer, c
}

func (c *collected) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, s := range c.spans {
		out = append(out, s.Name)
	}
	slices.Sort(out)
	return out
}

func TestNoTracerWithoutAnEndpoint(t *testing.T) {
	before := runtime.NumGoroutine()
	tracer, err := telemetry.NewTracer(t.Context(), telemetry.Tracing{TraceRatio: 1}, telemetry.Build{}, slog.New(slog.DiscardHandler))
	if tracer != nil || err != nil || runtime.NumGoroutine() > before {
		t.Errorf("tracer %v, %v, %d goroutines after %d", tracer, err, runtime.NumGoroutine(), before)
	}
	ctx, r := t.Context(), httptest.NewRequest(http.MethodGet, "/", nil)
	if n := testing.AllocsPerRun(100, func() {
		_, span := tracer.Server(r)
		span.Answered("GET", "a", "/a", "id", http.StatusOK, "")
		span.End()
		_, span = tracer.Send(ctx, "ARTICLES")
		span.Fail("internal")
		span.End()
		_, span = tracer.Receive(ctx, "index", "ARTICLES", "search-main", parent)
		span.Waits("unavailable")
		span.End()
		_, span = tracer.Later(ctx, "release", parent)
		span.About("a", "fr", 1)
		span.Follows(parent)
		span.End()
		_ = telemetry.SpanOf(ctx).TraceID() + telemetry.TraceParent(ctx)
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
	if err := tracer.Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestTracingIsChecked(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		cfg        telemetry.Tracing
	}{
		{"no_scheme", "--otlp-endpoint", telemetry.Tracing{OTLPEndpoint: "127.0.0.1:4318"}},
		{"another_scheme", "--otlp-endpoint", telemetry.Tracing{OTLPTracesEndpoint: "grpc://collector"}},
		{"too_much", "--trace-ratio", telemetry.Tracing{OTLPEndpoint: "http://collector", TraceRatio: 1.5}},
		{"less_than_none", "--trace-ratio", telemetry.Tracing{OTLPEndpoint: "http://collector", TraceRatio: -1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := telemetry.NewTracer(t.Context(), tc.cfg, telemetry.Build{}, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("err = %v, want it to name %s", err, tc.want)
			}
		})
	}
}

func TestSpansOfAMessage(t *testing.T) {
	tracer, c := tracing(t, io.Discard, http.StatusOK)
	r := httptest.NewRequest("PURGE", "/v1/search?key=pk_secret", nil)
	r.Header.Set("traceparent", parent)
	served, request := tracer.Server(r)
	ctx, sent := tracer.Send(served.Context(), "ARTICLES")
	message := telemetry.TraceParent(ctx)
	sent.End()
	telemetry.SpanOf(served.Context()).Answered("PURGE", "search", "/v1/search", "id", http.StatusServiceUnavailable, "unavailable")
	request.End()
	if !strings.Contains(message, traceID) || request.TraceID() != traceID {
		t.Errorf("the message carries %s, the request is of %s", message, request.TraceID())
	}
	_, indexed := tracer.Receive(context.Background(), "index", "ARTICLES", "search-main", message)
	indexed.Waits("unavailable")
	indexed.Fail("internal")
	indexed.End()
	_, released := tracer.Later(context.Background(), "release", message)
	released.End()
	for _, unfit := range []string{"", "nonsense", strings.TrimSuffix(message, "1") + "0"} {
		_, none := tracer.Receive(context.Background(), "never", "ARTICLES", "search-main", unfit)
		none.End()
		_, none = tracer.Later(context.Background(), "never", unfit)
		none.End()
	}
	if err := tracer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got, want := c.names(), []string{"index ARTICLES", "other /v1/search", "release", "send ARTICLES"}; !slices.Equal(got, want) {
		t.Fatalf("spans %q, want %q", got, want)
	}
	for _, s := range c.spans {
		linked := len(s.Links) == 1 && string(s.Links[0].TraceId) != string(s.TraceId)
		if (s.Name == "release") != linked || (s.Name == "index ARTICLES") != (len(s.Events) == 1) {
			t.Errorf("%s: %d links, %d events", s.Name, len(s.Links), len(s.Events))
		}
		failed := s.Status.GetCode() == trace.Status_STATUS_CODE_ERROR
		if failed != (s.Name == "index ARTICLES" || s.Name == "other /v1/search") {
			t.Errorf("%s: status %v", s.Name, s.Status)
		}
		if strings.Contains(s.String(), "pk_secret") {
			t.Errorf("%s holds the key: %s", s.Name, s)
		}
	}
}

func TestACollectorThatRefusesIsALineInTheLog(t *testing.T) {
	var log strings.Builder
	tracer, _ := tracing(t, &log, http.StatusBadRequest)
	_, span := tracer.Send(t.Context(), "ARTICLES")
	span.End()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := tracer.Close(ctx); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "traces dropped") {
		t.Errorf("log: %s", log.String())
	}
}

func TestFigures(t *testing.T) {
	r := prometheus.NewRegistry()
	build := telemetry.Build{Name: "relais", Version: "v1"}
	if err := build.Register(r); err != nil {
		t.Fatal(err)
	}
	if err := telemetry.Disk(r, "search", t.TempDir()+"/not/there/yet"); err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	telemetry.Metrics(r).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{`program="relais",version="v1"} 1`, `relais_disk_free_bytes{service="search"} `} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("no %s in %s", want, rec.Body)
		}
	}
	if strings.Contains(rec.Body.String(), `{service="search"} -1`) {
		t.Error("the room of a folder that is not there yet cannot be told")
	}
}

func TestMethod(t *testing.T) {
	for method, want := range map[string]string{"GET": "GET", "DELETE": "DELETE", "get": "other", "QUERY": "other", "": "other", "X\n": "other"} {
		if got := telemetry.Method(method); got != want {
			t.Errorf("Method(%q) = %q, want %q", method, got, want)
		}
	}
}
