// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// seeSpan is a span as the collector got it, with the program that made it.
type seeSpan struct {
	*trace.Span
	program string
}

func (s seeSpan) trace() string  { return hex.EncodeToString(s.TraceId) }
func (s seeSpan) id() string     { return hex.EncodeToString(s.SpanId) }
func (s seeSpan) parent() string { return hex.EncodeToString(s.ParentSpanId) }

// seeCollector stands in for an OpenTelemetry collector.
type seeCollector struct {
	t  *testing.T
	mu sync.Mutex

	calls int
	raw   bytes.Buffer // every body
	spans []seeSpan
}

// seeCollect starts a collector that the programs of the test will send to.
func seeCollect(t *testing.T) *seeCollector {
	t.Helper()
	c := &seeCollector{t: t}
	server := httptest.NewServer(http.HandlerFunc(c.take))
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "100") // ms
	return c
}

func (c *seeCollector) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &request)
	}
	if err != nil || r.URL.Path != "/v1/traces" {
		c.t.Errorf("%s: %v", r.URL.Path, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	c.raw.Write(body)
	for _, resource := range request.ResourceSpans {
		program := ""
		for _, a := range resource.Resource.Attributes {
			if a.Key == "service.name" {
				program = a.Value.GetStringValue()
			}
		}
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				c.spans = append(c.spans, seeSpan{span, program})
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// find waits for a span that fits.
func (c *seeCollector) find(what string, fits func(seeSpan) bool) seeSpan {
	c.t.Helper()
	var found seeSpan
	await(c.t, "the span "+what, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		i := slices.IndexFunc(c.spans, fits)
		if i >= 0 {
			found = c.spans[i]
		}
		return i >= 0
	})
	return found
}

const (
	seeTrace  = "0af7651916cd43dd8448eb211c80319c"
	seeCaller = "b7ad6b7169203331"
	seeParent = "00-" + seeTrace + "-" + seeCaller + "-01"
)

// TestOneTraceFromThePostToTheIndexAndTheLink follows an article through the
// log, and looks at what the spans say of those who ask.
func TestOneTraceFromThePostToTheIndexAndTheLink(t *testing.T) {
	c := seeCollect(t)
	each(t, func(t *testing.T, r *relay) {
		c.t = t
		c.mu.Lock()
		c.spans = nil // of the other shape
		c.mu.Unlock()
		program := func(name string) string {
			if r.parts["relais"] != nil {
				return "relais"
			}
			return name
		}
		key := r.partner()
		r.edit(http.StatusCreated, "PUT", "/v1/articles/recap/fr?wait=searchable", `{"headline": "Blockchain et communes", "bodyText": "La blockchain expliquée."}`, "traceparent", seeParent)

		served := c.find("of the request", func(s seeSpan) bool { return s.trace() == seeTrace && s.parent() == seeCaller })
		if served.Name != "PUT /v1/articles/{id}/{lang}" || served.Kind != trace.Span_SPAN_KIND_SERVER || served.program != program("relais-ingest") {
			t.Errorf("the request is %s, %v, of %s", served.Name, served.Kind, served.program)
		}
		sent := c.find("of the message", func(s seeSpan) bool { return s.Name == "send ARTICLES" && s.parent() == served.id() })
		for name, of := range map[string]string{"index ARTICLES": "relais-search", "link ARTICLES": "relais-share"} {
			span := c.find(name, func(s seeSpan) bool { return s.Name == name && s.parent() == sent.id() })
			if span.trace() != seeTrace || span.Kind != trace.Span_SPAN_KIND_CONSUMER || span.program != program(of) {
				t.Errorf("%s: trace %s, %v, of %s", name, span.trace(), span.Kind, span.program)
			}
		}

		r.must(http.StatusOK, "GET", "/v1/content/recap?key="+key, "", "Origin", origin)
		c.find("of the answer with the text", func(s seeSpan) bool {
			return strings.HasPrefix(s.Name, "GET /v1/content/") && s.program == program("relais-search") &&
				slices.ContainsFunc(s.Links, func(l *trace.Span_Link) bool { return bytes.Equal(l.SpanId, sent.SpanId) })
		})
		var link struct{ URL string }
		r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "recap", "partner": "p"}`).into(t, &link)
		r.must(http.StatusFound, "GET", link.URL, "", "User-Agent", firefox)
		clicked := c.find("of the clicks", func(s seeSpan) bool { return s.Name == "send relais.click" })
		c.find("of the count", func(s seeSpan) bool { return s.Name == "count CLICKS" && s.parent() == clicked.id() })

		r.search(key, "unmotbiensecret")
		c.find("of the search", func(s seeSpan) bool { return s.Name == "GET /v1/search" })
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, secret := range []string{adminKey, key, "rk_", "pk_", "Bearer", "unmotbiensecret", firefox, origin, "127.0.0.1"} {
			if bytes.Contains(c.raw.Bytes(), []byte(secret)) {
				t.Errorf("the spans hold %q", secret)
			}
		}
	})
}

// TestNothingIsSentThatIsNotKept has a collector that is to get nothing.
func TestNothingIsSentThatIsNotKept(t *testing.T) {
	c := seeCollect(t)
	t.Setenv("RELAIS_TRACE_RATIO", "0")
	r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}, boot: bootOne}
	r.boot(r)
	r.ready()
	r.recap()
	r.parts["relais"].stop() // sends what is left
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls != 0 {
		t.Errorf("%d calls, %d spans", c.calls, len(c.spans))
	}
}

// TestTheCallersTraceGoesIntoTheLogWithoutACollector reads the message itself.
func TestTheCallersTraceGoesIntoTheLogWithoutACollector(t *testing.T) {
	r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}, boot: bootApart}
	r.boot(r)
	r.ready()
	r.edit(http.StatusCreated, "PUT", "/v1/articles/recap/fr", `{"headline": "Blockchain et communes", "bodyText": "La blockchain expliquée."}`, "traceparent", seeParent)
	conn, err := nats.Connect(r.nats)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "ARTICLES")
	if err != nil {
		t.Fatal(err)
	}
	m, err := stream.GetLastMsgForSubject(t.Context(), "relais.article.recap.fr")
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Header["ce-traceparent"]; len(got) != 1 || got[0] != seeParent {
		t.Errorf("the message carries %q", got)
	}
}
