// SPDX-License-Identifier: Apache-2.0

package meilisearch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/enginetest"
	"github.com/relais-press/relais/services/search/internal/engine/meilisearch"
)

// stub is as much of a server as writing needs. Its faults are set by tests.
type stub struct {
	*httptest.Server
	mu       sync.Mutex
	calls    []string // method and path
	bodies   []string // of the calls that wrote documents
	records  map[string]map[string]any
	settings map[string]any
	tasks    []map[string]any
	keys     []map[string]any

	busy    int                                 // so many writes are answered 503
	refuse  func(records string) map[string]any // the error of a task that writes them
	stalled bool                                // tasks never end
	version string
}

func newStub(t *testing.T) *stub {
	t.Helper()
	s := &stub{records: map[string]map[string]any{}, version: "1.50.0"}
	m := http.NewServeMux()
	m.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, map[string]any{"status": "available"}) })
	m.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, map[string]any{"pkgVersion": s.version}) })
	m.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, map[string]any{"results": s.keys}) })
	m.HandleFunc("POST /keys", s.addKey)
	m.HandleFunc("DELETE /keys/{uid}", func(w http.ResponseWriter, _ *http.Request) { s.keys = nil; w.WriteHeader(204) })
	m.HandleFunc("POST /indexes", func(w http.ResponseWriter, _ *http.Request) { s.settings = map[string]any{}; s.enqueue(w, nil) })
	m.HandleFunc("GET /indexes/{uid}/settings", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, s.settings) })
	m.HandleFunc("PATCH /indexes/{uid}/settings", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&s.settings)
		s.enqueue(w, nil)
	})
	m.HandleFunc("GET /indexes/{uid}/documents/{id}", s.document)
	m.HandleFunc("POST /indexes/{uid}/documents/fetch", s.fetch)
	m.HandleFunc("POST /indexes/{uid}/documents", s.write)
	m.HandleFunc("POST /indexes/{uid}/search", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, map[string]any{"hits": []any{}, "facetDistribution": map[string]any{"language": map[string]any{}}})
	})
	m.HandleFunc("GET /tasks/{uid}", s.task)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls = append(s.calls, r.Method+" "+r.URL.Path)
		m.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (s *stub) addKey(w http.ResponseWriter, r *http.Request) {
	var k map[string]any
	_ = json.NewDecoder(r.Body).Decode(&k)
	k["uid"], k["key"] = "6062abda-a5aa-4414-ac91-ecd7944c0f8d", "own-key"
	s.keys = append(s.keys, k)
	answer(w, 201, k)
}

func (s *stub) enqueue(w http.ResponseWriter, failure map[string]any) {
	task := map[string]any{"status": "succeeded", "uid": len(s.tasks)}
	if failure != nil {
		task["status"], task["error"] = "failed", failure
	}
	if s.stalled {
		task["status"] = "processing"
	}
	s.tasks = append(s.tasks, task)
	answer(w, 202, map[string]any{"taskUid": len(s.tasks) - 1, "status": "enqueued"})
}

func (s *stub) task(w http.ResponseWriter, r *http.Request) {
	var uid int
	_, _ = fmt.Sscan(r.PathValue("uid"), &uid)
	answer(w, 200, s.tasks[uid])
}

func (s *stub) document(w http.ResponseWriter, r *http.Request) {
	if s.settings == nil {
		answer(w, 404, map[string]any{"code": "index_not_found", "type": "invalid_request"})
		return
	}
	if rec, ok := s.records[r.PathValue("id")]; ok {
		answer(w, 200, rec)
		return
	}
	answer(w, 404, map[string]any{"code": "document_not_found", "type": "invalid_request"})
}

func (s *stub) fetch(w http.ResponseWriter, r *http.Request) {
	var q struct{ IDs []string }
	_ = json.NewDecoder(r.Body).Decode(&q)
	found := []any{}
	for _, id := range q.IDs {
		if rec, ok := s.records[id]; ok {
			found = append(found, rec)
		}
	}
	answer(w, 200, map[string]any{"results": found, "total": len(found)})
}

func (s *stub) write(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.bodies = append(s.bodies, fmt.Sprintf("%d %s", r.ContentLength, body))
	if s.busy > 0 {
		s.busy--
		answer(w, 503, map[string]any{"code": "too_many_search_requests", "type": "system"})
		return
	}
	if s.refuse != nil {
		if failure := s.refuse(string(body)); failure != nil {
			s.enqueue(w, failure)
			return
		}
	}
	var records []map[string]any
	_ = json.Unmarshal(body, &records)
	for _, rec := range records {
		s.records[rec["id"].(string)] = rec
	}
	s.enqueue(w, nil)
}

func (s *stub) config() meilisearch.Config {
	return meilisearch.Config{URL: s.URL + "/", MasterKey: "master-key", Prefix: "test"}
}

func (s *stub) open(t *testing.T, cfg meilisearch.Config) engine.Engine {
	t.Helper()
	e, err := open(t, cfg).Open(t.Context(), engine.SlotA)
	fatal(t, err)
	return e
}

func open(t *testing.T, cfg meilisearch.Config) *meilisearch.Store {
	t.Helper()
	s, err := meilisearch.Open(t.Context(), cfg)
	fatal(t, err)
	return s
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func documents(ids ...string) []engine.Document {
	var out []engine.Document
	for _, id := range ids {
		edition := enginetest.Recap()
		edition.ID = id
		out = append(out, engine.NewDocument(&edition))
	}
	return out
}

func wantPosition(t *testing.T, e engine.Engine, want uint64) {
	t.Helper()
	if got, err := e.Position(t.Context()); err != nil || got != want {
		t.Errorf("position is %d (%v), want %d", got, err, want)
	}
}

func TestARetryResendsTheBody(t *testing.T) {
	s := newStub(t)
	e := s.open(t, s.config())
	s.busy, s.bodies = 2, nil
	fatal(t, e.Apply(t.Context(), documents("a"), 3))
	if len(s.bodies) != 3 || s.bodies[0] != s.bodies[1] || s.bodies[1] != s.bodies[2] || !strings.Contains(s.bodies[0], `"a__fr"`) {
		t.Errorf("the bodies sent are %.300q", s.bodies)
	}
	if strings.HasPrefix(s.bodies[0], "-1 ") {
		t.Error("the body was sent without its length")
	}
	wantPosition(t, e, 3)
}

func TestAServerThatIsAwayIsUnavailable(t *testing.T) {
	s := newStub(t)
	e := s.open(t, s.config())
	s.busy = 99
	if err := e.Apply(t.Context(), documents("a"), 3); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a busy server gives %v", err)
	}
	s.Close()
	if _, err := e.Search(t.Context(), engine.Query{}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("no server gives %v", err)
	}
	if _, err := meilisearch.Open(t.Context(), s.config()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("opening without a server gives %v", err)
	}
}

func TestABadEditionIsLeftOutAlone(t *testing.T) {
	s := newStub(t)
	cfg := s.config()
	var log bytes.Buffer
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	cfg.Rejected = prometheus.NewCounter(prometheus.CounterOpts{Name: "relais_search_rejected_total", Help: "Editions the engine refused."})
	e := s.open(t, cfg)
	s.refuse = func(records string) map[string]any {
		if strings.Contains(records, `"article":"bad"`) {
			return map[string]any{"code": "invalid_document_fields", "type": "invalid_request", "message": "no"}
		}
		return nil
	}
	fatal(t, e.Apply(t.Context(), documents("a", "b", "bad", "c", "d"), 8))
	for _, id := range []string{"a", "b", "c", "d"} {
		if s.records[id+"__fr"] == nil {
			t.Errorf("edition %s is missing", id)
		}
	}
	if fence := s.records["bad__fr"]; fence == nil || fence["usable"] != false || fence["version"] == nil {
		t.Errorf("in the place of what was refused is %v, want a fence", fence)
	}
	if testutil.ToFloat64(cfg.Rejected) != 1 || !strings.Contains(log.String(), "bad__fr") {
		t.Errorf("%v were counted, the log says %q", testutil.ToFloat64(cfg.Rejected), log.String())
	}
	wantPosition(t, e, 8)
}

func TestAServersOwnFaultLeavesNothingOut(t *testing.T) {
	s := newStub(t)
	e := s.open(t, s.config())
	s.refuse = func(string) map[string]any {
		return map[string]any{"code": "no_space_left_on_device", "type": "system", "message": "full"}
	}
	if err := e.Apply(t.Context(), documents("a", "b"), 8); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a full disk gives %v", err)
	}
	wantPosition(t, e, 0)
}

func TestSettingsAreSentWhenTheyDiffer(t *testing.T) {
	s := newStub(t)
	sent := func() int {
		n := 0
		for _, c := range s.calls {
			if strings.HasPrefix(c, http.MethodPatch) {
				n++
			}
		}
		return n
	}
	s.open(t, s.config())
	if sent() != 1 {
		t.Fatalf("a new index was set up %d times", sent())
	}
	s.settings["futureSetting"] = true
	s.open(t, s.config())
	if sent() != 1 {
		t.Errorf("equal settings were sent again")
	}
	s.settings["rankingRules"] = []any{"words"}
	s.open(t, s.config())
	if sent() != 2 {
		t.Errorf("another setting was not mended")
	}
}

func TestWaitingForATaskEndsWithTheContext(t *testing.T) {
	s := newStub(t)
	e := s.open(t, s.config())
	s.stalled = true
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() { failed <- e.Apply(ctx, documents("a"), 1) }()
	for polled := false; !polled; {
		s.mu.Lock()
		polled = slices.Contains(s.calls, fmt.Sprintf("GET /tasks/%d", len(s.tasks)-1)) && s.tasks[len(s.tasks)-1]["status"] == "processing"
		s.mu.Unlock()
	}
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("Apply returned %v", err)
	}
}

func TestKeysAreMadeOnceAndNeverTold(t *testing.T) {
	s := newStub(t)
	var log bytes.Buffer
	cfg := s.config()
	cfg.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	open(t, cfg)
	open(t, cfg)
	if len(s.keys) != 1 || s.keys[0]["name"] != "relais test" || fmt.Sprint(s.keys[0]["indexes"]) != "[test-a test-b test-state]" {
		t.Errorf("the keys are %v", s.keys)
	}
	s.keys[0]["actions"] = []any{"*"}
	open(t, cfg)
	if fmt.Sprint(s.keys[0]["actions"]) == "[*]" {
		t.Error("a key that may do more was kept")
	}
	s.keys[0]["createdAt"] = "no time" // an answer that cannot be read
	_, err := meilisearch.Open(t.Context(), cfg)
	if err == nil {
		t.Error("an unreadable answer was taken for a key")
	}
	for _, secret := range []string{"own-key", "master-key"} {
		if strings.Contains(log.String()+fmt.Sprint(err), secret) {
			t.Errorf("a key is told in %q or %v", log.String(), err)
		}
	}
}

func TestWhatCannotWorkIsRefused(t *testing.T) {
	s := newStub(t)
	for name, change := range map[string]func(c *meilisearch.Config){
		"a prefix that leaves its path": func(c *meilisearch.Config) { c.Prefix = "a/../b" },
		"no prefix":                     func(c *meilisearch.Config) { c.Prefix = "" },
		"no address":                    func(c *meilisearch.Config) { c.URL = "127.0.0.1:7700" },
		"a user in the address":         func(c *meilisearch.Config) { c.URL = "http://me:secret@host" },
		"an old server":                 func(*meilisearch.Config) { s.version = "1.42.9" },
		"no server of that kind":        func(*meilisearch.Config) { s.version = "?" },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := s.config()
			change(&cfg)
			if _, err := meilisearch.Open(t.Context(), cfg); err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("Open returned %v", err)
			}
		})
	}
}
