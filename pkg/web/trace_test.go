// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/pkg/web"
)

func TestTheCallersTraceGoesOnWithoutATracer(t *testing.T) {
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	rt, got := newRouter(t, "test"), ""
	rt.Handle("see", http.MethodGet, "/see", func(_ http.ResponseWriter, r *http.Request) error {
		got = telemetry.TraceParent(r.Context())
		return nil
	})
	h := web.Traced(nil, rt)
	for _, tc := range []struct{ name, sent, want string }{
		{"ok", parent, parent}, {"none", "", ""}, {"nonsense", "00-x-y-01", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got = "?"
			send(h, http.MethodGet, "/see", "", "traceparent", tc.sent)
			if got != tc.want {
				t.Errorf("the handler has %q, want %q", got, tc.want)
			}
		})
	}
}

// BenchmarkDirect is what the router costs an answer on the short way, not traced.
func BenchmarkDirect(b *testing.B) {
	rt, err := web.NewRouter("bench", slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	rt.Direct("go", "s", "code", func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusFound)
		return nil
	})
	served, got := httptest.NewServer(rt), make(chan *http.Request, 1)
	served.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r })
	defer served.Close()
	resp, err := served.Client().Get(served.URL + "/s/CODE") //nolint:noctx // of a benchmark
	if err != nil {
		b.Fatal(err)
	}
	_ = resp.Body.Close()
	r := <-got // as a server makes it, with the contexts of one
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		clear(w.Header())
		rt.ServeHTTP(w, r)
	}
}
