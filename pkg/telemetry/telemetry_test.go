// SPDX-License-Identifier: Apache-2.0

package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/telemetry"
)

func TestLogger(t *testing.T) {
	for _, tc := range []struct {
		name   string
		config telemetry.Config
		want   string // what the line of a message at Info starts with
	}{
		{"json", telemetry.Config{LogFormat: "json"}, `{"time":`},
		{"text", telemetry.Config{LogFormat: "text"}, `time=`},
		{"auto_off_a_terminal_is_json", telemetry.Config{LogFormat: "auto"}, `{"time":`},
		{"below_level", telemetry.Config{LogFormat: "text", LogLevel: slog.LevelWarn}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			tc.config.Logger(&out).Info("hello")
			if got := out.String(); !strings.HasPrefix(got, tc.want) || (tc.want == "") != (got == "") {
				t.Errorf("logged %q, want it to start with %q", got, tc.want)
			}
		})
	}
}

func TestReadyz(t *testing.T) {
	ok := func(context.Context) error { return nil }
	away := func(context.Context) error { return errors.New("the log is away") }
	for _, tc := range []struct {
		name    string
		arrange func(*telemetry.Health)
		status  int
		checks  map[string]string
	}{
		{"nothing_to_check", func(*telemetry.Health) {}, http.StatusOK, map[string]string{}},
		{"all_well", func(h *telemetry.Health) { h.Add("log", ok); h.Add("index", ok) }, http.StatusOK, map[string]string{"log": "ok", "index": "ok"}},
		{"one_away", func(h *telemetry.Health) { h.Add("log", away); h.Add("index", ok) }, http.StatusServiceUnavailable, map[string]string{"log": "the log is away", "index": "ok"}},
		{"replaced", func(h *telemetry.Health) { h.Add("log", away); h.Add("log", ok) }, http.StatusOK, map[string]string{"log": "ok"}},
		{"draining", func(h *telemetry.Health) { h.Add("log", ok); h.Drain() }, http.StatusServiceUnavailable, map[string]string{"process": "stopping", "log": "ok"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := telemetry.NewHealth()
			tc.arrange(h)
			rec := httptest.NewRecorder()
			h.Readyz(rec, httptest.NewRequest(http.MethodGet, "/readyz", nil))
			var got struct {
				Ready  bool              `json:"ready"`
				Checks map[string]string `json:"checks"`
			}
			if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
				t.Fatalf("body %q: %v", rec.Body, err)
			}
			ready := tc.status == http.StatusOK
			if rec.Code != tc.status || got.Ready != ready {
				t.Errorf("status %d, ready %v; want %d, %v", rec.Code, got.Ready, tc.status, ready)
			}
			if diff := cmp.Diff(tc.checks, got.Checks); diff != "" {
				t.Errorf("checks (-want +got):\n%s", diff)
			}
			if (rec.Header().Get("Retry-After") == "") != ready {
				t.Errorf("Retry-After = %q", rec.Header().Get("Retry-After"))
			}
			if err := h.Ready(t.Context()); (err == nil) != ready {
				t.Errorf("Ready = %v", err)
			}
		})
	}
}

func TestReadyGivesUpOnASlowCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := telemetry.NewHealth()
		h.Add("slow", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		start := time.Now()
		if err := h.Ready(t.Context()); err == nil {
			t.Error("ready, though a check never answers")
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v, want a second", took)
		}
	})
}

func TestHealthIsSafeForConcurrentUse(t *testing.T) {
	h := telemetry.NewHealth()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			h.Add("a", func(context.Context) error { return nil })
			_ = h.Ready(t.Context())
		})
	}
	wg.Go(h.Drain)
	wg.Wait()
	if h.Ready(t.Context()) == nil {
		t.Error("ready after Drain")
	}
}

func TestLivez(t *testing.T) {
	rec := httptest.NewRecorder()
	telemetry.Livez(rec, nil)
	if rec.Code != http.StatusOK || rec.Body.String() != "ok\n" || rec.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %q %v", rec.Code, rec.Body, rec.Header())
	}
}

func TestMetrics(t *testing.T) {
	rec := httptest.NewRecorder()
	telemetry.Metrics(telemetry.NewRegistry()).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{"go_goroutines ", "process_start_time_seconds "} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("no %s in %d bytes of metrics", want, rec.Body.Len())
		}
	}
}
