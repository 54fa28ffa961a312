// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/web"
)

func newRouter(t *testing.T, service string) *web.Router {
	t.Helper()
	rt, err := web.NewRouter(service, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

func send(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func problem(t *testing.T, w *httptest.ResponseRecorder) web.Problem {
	t.Helper()
	if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Fatalf("status %d with Content-Type %q: %s", w.Code, ct, w.Body)
	}
	var p web.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("problem: %v", err)
	}
	if p.Status != w.Code || p.RequestID != w.Header().Get("X-Request-Id") || p.Title == "" || !strings.HasPrefix(p.Type, "/problems/") {
		t.Errorf("problem %+v with status %d", p, w.Code)
	}
	return p
}

func testRoutes(t *testing.T) *web.Router {
	t.Helper()
	rt := newRouter(t, "test")
	rt.Handle("ok", http.MethodGet, "/things/{id}", func(w http.ResponseWriter, r *http.Request) error {
		return web.WriteJSON(w, r, http.StatusOK, map[string]string{"id": web.Var(r, "id")})
	})
	rt.Handle("put", http.MethodPut, "/things/{id}", func(http.ResponseWriter, *http.Request) error {
		return fault.WithFields(fault.Invalid, "bad thing", fault.Field{Pointer: "/name", Detail: "is required"})
	})
	rt.Handle("panic", http.MethodGet, "/panic", func(http.ResponseWriter, *http.Request) error { panic("secret detail") })
	rt.Handle("foreign", http.MethodGet, "/foreign", func(http.ResponseWriter, *http.Request) error { return errors.New("secret detail") })
	rt.Handle("busy", http.MethodGet, "/busy", func(http.ResponseWriter, *http.Request) error {
		return &fault.Error{Kind: fault.Unavailable, Detail: "the log is away", RetryAfter: 1500 * time.Millisecond}
	})
	rt.Handle("big", http.MethodPost, "/big", func(w http.ResponseWriter, r *http.Request) error {
		_, err := web.ReadBody(w, r)
		return err
	})
	return rt
}

func TestRouterAnswers(t *testing.T) {
	rt := testRoutes(t)
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		header                   map[string]string
	}{
		{"ok", "GET", "/things/7", "", 200, map[string]string{"Content-Type": "application/json", "X-Content-Type-Options": "nosniff"}},
		{"head", "HEAD", "/things/7", "", 200, nil},
		{"not found", "GET", "/nothing", "", 404, nil},
		{"encoded slash", "GET", "/things/a%2Fb", "", 404, nil},
		{"wrong method", "DELETE", "/things/7", "", 405, map[string]string{"Allow": "GET, HEAD, PUT, OPTIONS"}},
		{"options", "OPTIONS", "/things/7", "", 204, map[string]string{"Allow": "GET, HEAD, PUT, OPTIONS"}},
		{"invalid", "PUT", "/things/7", "", 422, nil},
		{"panic", "GET", "/panic", "", 500, nil},
		{"foreign error", "GET", "/foreign", "", 500, nil},
		{"unavailable", "GET", "/busy", "", 503, map[string]string{"Retry-After": "2"}},
		{"too large", "POST", "/big", strings.Repeat("x", web.MaxBody+1), 413, nil},
		{"just fits", "POST", "/big", strings.Repeat("x", web.MaxBody), 200, nil},
		{"problem type", "GET", "/problems/invalid", "", 200, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := send(rt, tc.method, tc.path, tc.body)
			if w.Code != tc.status {
				t.Fatalf("status %d, want %d: %s", w.Code, tc.status, w.Body)
			}
			for name, want := range tc.header {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if w.Code >= 400 {
				problem(t, w)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("an internal text reached the user: %s", w.Body)
			}
			if tc.method == http.MethodHead && w.Body.Len() > 0 {
				t.Errorf("HEAD has a body: %s", w.Body)
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	rt := testRoutes(t)
	if got := send(rt, "GET", "/things/7", "", "X-Request-Id", "abc-123").Header().Get("X-Request-Id"); got != "abc-123" {
		t.Errorf("echoed %q", got)
	}
	for _, hostile := range []string{"", "a b", "<script>", strings.Repeat("x", 200)} {
		if got := send(rt, "GET", "/things/7", "", "X-Request-Id", hostile).Header().Get("X-Request-Id"); got == hostile || got == "" {
			t.Errorf("for %q echoed %q", hostile, got)
		}
	}
}

func TestEntityTags(t *testing.T) {
	rt := testRoutes(t)
	etag := send(rt, "GET", "/things/7", "").Header().Get("ETag")
	if len(etag) < 10 || etag[0] != '"' {
		t.Fatalf("ETag %q", etag)
	}
	for _, header := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
		if w := send(rt, "GET", "/things/7", "", "If-None-Match", header); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
			t.Errorf("If-None-Match %s: %d", header, w.Code)
		}
	}
	if w := send(rt, "GET", "/things/8", "", "If-None-Match", etag); w.Code != http.StatusOK {
		t.Errorf("another thing: %d", w.Code)
	}
}

func TestExplainError(t *testing.T) {
	for name, tc := range map[string]struct {
		err           error
		header, value string
		logged        bool
	}{
		"no key":        {fault.New(fault.Unauthorized, "unknown key"), "WWW-Authenticate", `Bearer realm="relais"`, false},
		"busy":          {&fault.Error{Kind: fault.Unavailable, RetryAfter: 1200 * time.Millisecond}, "Retry-After", "2", false},
		"busy, somehow": {fault.New(fault.TooManyRequests, "too many"), "Retry-After", "1", false},
		"not there":     {fault.New(fault.NotFound, "no such page"), "Retry-After", "", false},
		"ours":          {errors.New("secret"), "WWW-Authenticate", "", true},
	} {
		var log strings.Builder
		w := httptest.NewRecorder()
		w.Header().Set("ETag", `"of what was not sent"`)
		w.Header().Set("Cache-Control", "public")
		kind := web.ExplainError(w, httptest.NewRequest("GET", "/page", nil), slog.New(slog.NewTextHandler(&log, nil)), tc.err)
		if kind != fault.KindOf(tc.err) || w.Header().Get(tc.header) != tc.value || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("ETag") != "" {
			t.Errorf("%s: %v, %v", name, kind, w.Header())
		}
		if strings.Contains(log.String(), "secret") != tc.logged || (log.Len() > 0) != tc.logged {
			t.Errorf("%s: logged %q", name, log.String())
		}
	}
}

func TestHas(t *testing.T) {
	for name, tc := range map[string]struct {
		method, sent string
		want         bool
	}{
		"the same":  {"GET", `"a"`, true},
		"weak":      {"HEAD", `"b", W/"a"`, true},
		"another":   {"GET", `"b"`, false},
		"none":      {"GET", "", false},
		"a writing": {"POST", `"a"`, false},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(tc.method, "/", nil)
		r.Header.Set("If-None-Match", tc.sent)
		w.Header().Set("ETag", `"a"`)
		got := web.Has(r, `"a"`)
		if err := web.WriteBytes(w, r, http.StatusOK, "text/plain", nil); err != nil {
			t.Fatal(err)
		}
		if got != tc.want || got != (w.Code == http.StatusNotModified) {
			t.Errorf("%s: %v, answered %d", name, got, w.Code)
		}
	}
}

func TestIfMatch(t *testing.T) {
	for header, want := range map[string]int{``: 0, `*`: -1, `"3"`: 3, `"12ws"`: 12, `3`: -2, `"x"`: -2, `W/"3"`: -2, `"0"`: -2, `"1", "2"`: -2} {
		r := httptest.NewRequest(http.MethodPut, "/", nil)
		r.Header.Set("If-Match", header)
		got, err := web.IfMatch(r)
		if want == -2 {
			if !fault.Is(err, fault.Malformed) {
				t.Errorf("If-Match %s = %d, %v, want Malformed", header, got, err)
			}
		} else if err != nil || got != want {
			t.Errorf("If-Match %s = %d, %v, want %d", header, got, err, want)
		}
	}
}

func TestCompose(t *testing.T) {
	one, two := testRoutes(t), newRouter(t, "two")
	two.Handle("two", http.MethodPost, "/two", func(w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, "two")
		return err
	})
	h := web.Compose(one, two)
	if w := send(h, "POST", "/two", ""); w.Body.String() != "two" {
		t.Errorf("second service: %d %s", w.Code, w.Body)
	}
	if w := send(h, "DELETE", "/things/7", ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("wrong method of the first service: %d", w.Code)
	}
	if w := send(h, "GET", "/two/below", ""); w.Code != http.StatusNotFound {
		t.Errorf("unknown path of the second service: %d", w.Code)
	}
	if w := send(web.Compose(one, http.NotFoundHandler()), "POST", "/two", ""); w.Code != http.StatusNotFound {
		t.Errorf("unknown path before a handler that is not a router: %d", w.Code)
	}
	if w := send(h, "GET", "/nowhere", ""); w.Code != http.StatusNotFound {
		t.Errorf("unknown path: %d", w.Code)
	}
	if len(two.Routes()) != 2 {
		t.Errorf("routes of two: %v", two.Routes())
	}
}
