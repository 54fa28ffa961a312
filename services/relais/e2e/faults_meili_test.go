// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// faultsMeili is as much of a Meilisearch server as indexing needs, of one index;
// every search finds nothing. How it fails is set by the test.
type faultsMeili struct {
	*httptest.Server

	mu       sync.Mutex
	fails    func(w http.ResponseWriter, r *http.Request) // nil: it does not
	settings map[string]any                               // nil: there is no index
	records  map[string]map[string]any
}

func faultsMeiliStart(t *testing.T) *faultsMeili {
	t.Helper()
	m := &faultsMeili{records: map[string]map[string]any{}}
	routes := http.NewServeMux()
	says := func(pattern string, body any) {
		routes.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { faultsSay(w, http.StatusOK, body) })
	}
	done := map[string]any{"taskUid": 1, "uid": 1, "status": "succeeded"}
	says("GET /health", map[string]any{"status": "available"})
	says("GET /version", map[string]any{"pkgVersion": "1.50.0"})
	says("GET /tasks/{uid}", done)
	says("POST /indexes/{uid}/search", map[string]any{"hits": []any{}, "facetDistribution": map[string]any{"language": map[string]any{}}})
	says("POST /multi-search", map[string]any{"hits": []any{}, "results": []any{}})
	routes.HandleFunc("POST /indexes", func(w http.ResponseWriter, _ *http.Request) {
		m.settings = map[string]any{}
		faultsSay(w, 202, done)
	})
	routes.HandleFunc("GET /indexes/{uid}/settings", func(w http.ResponseWriter, _ *http.Request) { faultsSay(w, 200, m.settings) })
	routes.HandleFunc("PATCH /indexes/{uid}/settings", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&m.settings)
		faultsSay(w, 202, done)
	})
	routes.HandleFunc("GET /indexes/{uid}/documents/{id}", m.one)
	routes.HandleFunc("POST /indexes/{uid}/documents/fetch", m.some)
	routes.HandleFunc("POST /indexes/{uid}/documents", func(w http.ResponseWriter, r *http.Request) {
		var records []map[string]any
		_ = json.NewDecoder(r.Body).Decode(&records)
		for _, record := range records {
			m.records[record["id"].(string)] = record
		}
		faultsSay(w, 202, done)
	})
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		if fails := m.fails; fails != nil {
			m.mu.Unlock()
			fails(w, r)
			return
		}
		defer m.mu.Unlock()
		routes.ServeHTTP(w, r)
	}))
	t.Cleanup(m.Close)
	return m
}

func faultsSay(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (m *faultsMeili) one(w http.ResponseWriter, r *http.Request) {
	record, ok := m.records[r.PathValue("id")]
	switch {
	case ok:
		faultsSay(w, 200, record)
	case m.settings == nil:
		faultsSay(w, 404, map[string]any{"code": "index_not_found", "type": "invalid_request"})
	default:
		faultsSay(w, 404, map[string]any{"code": "document_not_found", "type": "invalid_request"})
	}
}

func (m *faultsMeili) some(w http.ResponseWriter, r *http.Request) {
	var q struct{ IDs []string }
	_ = json.NewDecoder(r.Body).Decode(&q)
	found := []any{}
	for _, id := range q.IDs {
		if record, ok := m.records[id]; ok {
			found = append(found, record)
		}
	}
	faultsSay(w, 200, map[string]any{"results": found, "total": len(found)})
}

// fail has every call from now on answered so; nil: well.
func (m *faultsMeili) fail(how func(w http.ResponseWriter, r *http.Request)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fails = how
}

// has reports whether a text is among what was indexed.
func (m *faultsMeili) has(text string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	all, err := json.Marshal(m.records)
	return err == nil && strings.Contains(string(all), text)
}

// TestFaultMeilisearch takes the Meilisearch server away in every way, under a
// search that keeps its index there, and before it starts.
func TestFaultMeilisearch(t *testing.T) {
	m := faultsMeiliStart(t)
	t.Setenv("RELAIS_MEILI_URL", m.URL)
	f := faultsBoot(t, nil, "")
	key := f.partner()
	searches := 0
	search := func() answer {
		searches++
		return f.call("GET", fmt.Sprint("/v1/search?q=registre+", searches, "&key=", key), "")
	}
	await(t, "search to answer", func() bool { return search().status == http.StatusOK })
	publish := func(id string) {
		f.edit(http.StatusCreated, "PUT", "/v1/articles/"+id+"/fr", `{"headline": "Titre `+id+`", "bodyText": "Un texte."}`)
	}
	publish("avant")
	await(t, "an edition to be indexed", func() bool { return m.has("avant") })
	healed := make(chan struct{})
	closes := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for _, c := range []struct {
		harm string
		how  func(w http.ResponseWriter, r *http.Request)
	}{
		{"ferme", closes},
		{"erreur", func(w http.ResponseWriter, _ *http.Request) {
			faultsSay(w, 500, map[string]any{"code": "internal", "type": "internal"})
		}},
		{"lent", func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-healed:
			case <-r.Context().Done():
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}},
	} {
		m.fail(c.how)
		publish("pendant-" + c.harm)
		begin := time.Now()
		a := search()
		if took := time.Since(begin); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || took > faultsBound {
			t.Errorf("%s: a search answers %d, Retry-After %q, after %v: %s", c.harm, a.status, a.header.Get("Retry-After"), took, a.body)
		}
		t.Logf("%s: a search is refused after %v", c.harm, time.Since(begin).Round(time.Millisecond))
		m.fail(nil)
		if c.harm == "lent" {
			close(healed)
		}
		await(t, c.harm+": what came meanwhile to be indexed", func() bool { return m.has("pendant-" + c.harm) })
		await(t, c.harm+": search to answer again", func() bool { return search().status == http.StatusOK })
		f.ready()
	}

	// At the start: search ends and says so, for its supervisor to start it.
	f.parts["relais-search"].stop()
	publish("avant-le-debut")
	m.fail(closes)
	early := start(t, "relais-search", "--listen", "127.0.0.1:0", "--nats-url", f.nats, "--public-url", f.base, "--data", t.TempDir())
	early.ended("index is away")
	m.fail(nil)
	f.only("relais-search")
	await(t, "what came before the start to be indexed", func() bool { return m.has("avant-le-debut") })
}
