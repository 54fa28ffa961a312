// SPDX-License-Identifier: Apache-2.0

package embedder

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const key = "sk-not-to-be-seen"

// handler answers one request for the vectors of some texts.
type handler func(w http.ResponseWriter, r *http.Request, texts []string)

// desk is an embedder, the server it asks, and what they left behind.
type desk struct {
	*Embedder

	t        *testing.T
	registry *prometheus.Registry
	log      strings.Builder

	mu       sync.Mutex
	script   []handler // answers the requests in turn, the last one all that follow
	asked    [][]string
	requests []*http.Request
}

// scenario runs a test in a bubble where time passes only while all wait, with a
// server on in-memory connections.
func scenario(t *testing.T, cfg Config, test func(t *testing.T, d *desk), script ...handler) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{t: t, registry: prometheus.NewRegistry(), script: script}
		l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
		server := &httptest.Server{Listener: l, Config: &http.Server{Handler: d}}
		server.Start()
		if cfg.URL == "" {
			cfg.URL = server.URL
		}
		if cfg.Model == "" {
			cfg.Model = "small"
		}
		cfg.Key = key
		var err error
		if d.Embedder, err = newEmbedder(cfg, slog.New(slog.NewTextHandler(&d.log, nil)), d.registry, l.dial); err != nil {
			t.Fatalf("new embedder: %v", err)
		}
		test(t, d)
		d.http.CloseIdleConnections()
		server.Close()
		if strings.Contains(d.log.String(), key) {
			t.Errorf("the log has the key: %s", d.log.String())
		}
	})
}

// ServeHTTP implements [http.Handler].
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q question
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		d.t.Errorf("the request's body: %v", err)
	}
	d.mu.Lock()
	d.asked, d.requests = append(d.asked, q.Input), append(d.requests, r)
	next := d.script[0]
	if len(d.script) > 1 {
		d.script = d.script[1:]
	}
	d.mu.Unlock()
	next(w, r, q.Input)
}

// metric is the value of a counter or gauge, or the count of a histogram; labels
// are values.
func (d *desk) metric(name string, labels ...string) float64 {
	d.t.Helper()
	families, err := d.registry.Gather()
	if err != nil {
		d.t.Fatalf("gather metrics: %v", err)
	}
	for _, family := range families {
		if family.GetName() != "relais_search_embedder_"+name {
			continue
		}
		for _, m := range family.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			if fmt.Sprint(values) == fmt.Sprint(labels) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	d.t.Fatalf("no metric %s%v", name, labels)
	return 0
}

// listener gives the server one end of a pipe and the client the other.
type listener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *listener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// status answers with a status and an error message.
func status(code int, message string, header ...string) handler {
	return func(w http.ResponseWriter, _ *http.Request, _ []string) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"error": {"message": %q}}`, message)
	}
}

// body answers 200 with a text.
func body(text string) handler {
	return func(w http.ResponseWriter, _ *http.Request, _ []string) { fmt.Fprint(w, text) }
}

// lengths answers, last text first, with vectors of two numbers: the text's length
// in characters, and 1.
func lengths(w http.ResponseWriter, _ *http.Request, texts []string) {
	var data []string
	for i, text := range slices.Backward(texts) {
		data = append(data, fmt.Sprintf(`{"object": "embedding", "index": %d, "embedding": [ %d.0,1e0 ]}`, i, len([]rune(text))))
	}
	fmt.Fprintf(w, `{"object": "list", "data": [%s], "model": "small", "usage": {"total_tokens": 1}}`, strings.Join(data, ","))
}

// late answers after a while, or not at all when who asked has gone.
func late(d time.Duration, then handler) handler {
	return func(w http.ResponseWriter, r *http.Request, texts []string) {
		select {
		case <-time.After(d):
			then(w, r, texts)
		case <-r.Context().Done():
		}
	}
}

// hangUp ends the connection without an answer.
func hangUp(http.ResponseWriter, *http.Request, []string) { panic(http.ErrAbortHandler) }
