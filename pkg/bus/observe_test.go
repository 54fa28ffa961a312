// SPDX-License-Identifier: Apache-2.0

package bus_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/telemetry"
)

// watched is a log that is measured, and traced when tracer is not nil.
func watched(t *testing.T, tracer *telemetry.Tracer) (*bus.Bus, *embedded.Server, *prometheus.Registry) {
	t.Helper()
	s, err := embedded.Start(embedded.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	conn, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	registry := prometheus.NewRegistry()
	b, err := bus.Open(t.Context(), conn, bus.Config{Logger: slog.New(slog.DiscardHandler), Metrics: registry, Tracer: tracer})
	if err != nil {
		t.Fatal(err)
	}
	return b, s, registry
}

// figure is the value of a metric whose one label has a value ("": no label); -1
// when it is not told.
func figure(t *testing.T, r *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == name && (len(m.Label) == 0 || m.Label[0].GetValue() == label) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return -1
}

// expect waits until a metric has a value that fits.
func expect(t *testing.T, r *prometheus.Registry, name, label string, fits func(float64) bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !fits(figure(t, r, name, label)) {
		select {
		case <-deadline:
			t.Fatalf("waited 20 s for %s of %q: it is %g", name, label, figure(t, r, name, label))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func is(want float64) func(float64) bool { return func(got float64) bool { return got == want } }

func TestFiguresOfTheLog(t *testing.T) {
	b, s, registry := watched(t, nil)
	write := func(id string, after uint64) uint64 {
		sequence, err := b.Append(t.Context(), bus.Articles, bustest.Message("relais.article.a.fr", id, id, id), after)
		if err != nil {
			t.Fatal(err)
		}
		return sequence
	}
	write("a.fr.2", write("a.fr.1", 0))
	expect(t, registry, "relais_log_up", "", is(1))
	expect(t, registry, "relais_log_stream_messages", bus.Articles, is(2))
	expect(t, registry, "relais_log_stream_last_sequence", bus.Articles, is(2))
	if figure(t, registry, "relais_log_stream_bytes", bus.Articles) <= 0 || figure(t, registry, "relais_log_consumer_pending", "held") != -1 {
		t.Error("the stream takes no room, or a consumer is told that is not there")
	}

	ctx, cancel := context.WithCancel(t.Context())
	proceed := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		err := b.Consume(ctx, bus.Consumer{Name: "held", Stream: bus.Articles, Batch: 10}, func(context.Context, []bus.Message) error { <-proceed; return nil })
		if err != nil {
			t.Error(err)
		}
	})
	expect(t, registry, "relais_log_consumer_oldest_seconds", "held", func(age float64) bool { return age > 0 })
	expect(t, registry, "relais_log_consumer_pending", "held", is(2))
	expect(t, registry, "relais_deadletters_total", "held", is(0))
	close(proceed)
	expect(t, registry, "relais_log_consumer_pending", "held", is(0))
	expect(t, registry, "relais_log_consumer_oldest_seconds", "held", is(0))
	cancel()
	running.Wait()

	s.Stop()
	expect(t, registry, "relais_log_up", "", is(0))
	if got := figure(t, registry, "relais_log_stream_messages", bus.Articles); got != -1 {
		t.Errorf("a log that is away tells of %g messages", got)
	}
}

func TestAMessageCarriesItsTrace(t *testing.T) {
	const caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	b, _, _ := watched(t, nil)
	ctx := telemetry.WithRemote(t.Context(), http.Header{"Traceparent": {caller}})
	m := bustest.Message("relais.article.a.fr", "a.fr.1", "x", "v1")
	if _, err := b.Append(ctx, bus.Articles, m, 0); err != nil {
		t.Fatal(err)
	}
	if m.Header[bus.TraceHeader] != nil {
		t.Error("the header of the caller was changed")
	}
	last, err := b.Last(t.Context(), bus.Articles, "relais.article.a.fr")
	if err != nil || !slices.Equal(last.Header[bus.TraceHeader], []string{caller}) || last.Header[bus.EventHeader][0] != "x" {
		t.Errorf("header %v, %v", last.Header, err)
	}
}

// spansOf runs fn with a tracer and returns the spans that were made.
func spansOf(t *testing.T, fn func(*telemetry.Tracer)) []*trace.Span {
	t.Helper()
	var (
		mu  sync.Mutex
		out []*trace.Span
	)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var request collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &request)
		}
		if err != nil {
			t.Errorf("export: %v", err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, resource := range request.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				out = append(out, scope.Spans...)
			}
		}
	}))
	defer server.Close()
	tracer, err := telemetry.NewTracer(t.Context(), telemetry.Tracing{OTLPEndpoint: server.URL, TraceRatio: 1}, telemetry.Build{Name: "test"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	fn(tracer)
	if err := tracer.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return out
}

// TestSpansTellOfRetriesAndDeadLetters has a message that waits for an index and
// then turns out to be poison.
func TestSpansTellOfRetriesAndDeadLetters(t *testing.T) {
	spans := spansOf(t, func(tracer *telemetry.Tracer) {
		b, _, registry := watched(t, tracer)
		if _, err := b.Append(t.Context(), bus.Articles, bustest.Message("relais.article.a.fr", "a.fr.1", "x", "poison"), 0); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		calls := 0
		running.Go(func() {
			_ = b.Consume(ctx, bus.Consumer{Name: "index", Stream: bus.Articles, Batch: 10, Does: "index"}, func(context.Context, []bus.Message) error {
				if calls++; calls == 1 {
					return fault.Wrap(fault.Unavailable, "the index is away", errors.New("secret detail"))
				}
				return fault.Wrap(fault.Malformed, "not an edition", errors.New("secret detail"))
			})
		})
		expect(t, registry, "relais_log_stream_messages", bus.DeadLetters, is(1))
		cancel()
		running.Wait()
	})
	named := map[string]*trace.Span{}
	for _, s := range spans {
		named[s.Name] = s
	}
	sent, indexed, aside := named["send ARTICLES"], named["index ARTICLES"], named["put-aside ARTICLES"]
	if sent == nil || indexed == nil || aside == nil {
		t.Fatalf("spans %v", spans)
	}
	for _, s := range []*trace.Span{indexed, aside} {
		if string(s.ParentSpanId) != string(sent.SpanId) || string(s.TraceId) != string(sent.TraceId) {
			t.Errorf("%s does not stand below the span that sent the message", s.Name)
		}
		if s.Status.GetCode() != trace.Status_STATUS_CODE_ERROR || s.Status.Message != "malformed" {
			t.Errorf("%s: status %v", s.Name, s.Status)
		}
	}
	if len(indexed.Events) != 1 || indexed.Events[0].Name != "waits" {
		t.Errorf("events %v", indexed.Events)
	}
}
