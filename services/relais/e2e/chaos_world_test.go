// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
)

// chaosWorld is a relay whose parts are killed and started again one by one,
// behind one address that stays.
type chaosWorld struct {
	*relay
	apart bool
	mu    sync.RWMutex
	to    map[string]*httputil.ReverseProxy // by part; a part that is away refuses
}

// names are the programs of a shape, in the order in which they start.
func (w *chaosWorld) names() []string {
	if w.apart {
		return []string{"nats-server", "relais-ingest", "relais-search", "relais-share"}
	}
	return []string{"relais"}
}

func newChaosWorld(t *testing.T, apart bool) *chaosWorld {
	t.Helper()
	w := &chaosWorld{apart: apart, to: map[string]*httputil.ReverseProxy{}}
	w.relay = &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}}
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		w.mu.RLock()
		proxy := w.to[w.partOf(req.URL.Path)]
		w.mu.RUnlock()
		if proxy == nil {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		proxy.ServeHTTP(rw, req)
	}))
	t.Cleanup(front.Close)
	w.base = front.URL
	for _, name := range w.names() {
		w.start(name)
	}
	for _, name := range w.names() {
		w.await(name)
	}
	return w
}

func (w *chaosWorld) partOf(path string) string {
	if w.apart {
		return serviceOf(path)
	}
	return "relais"
}

// start starts a part on the data that it had.
func (w *chaosWorld) start(name string) {
	w.t.Helper()
	if name == "nats-server" {
		w.startLog()
		return
	}
	args := []string{"--listen", "127.0.0.1:0", "--public-url", w.base}
	if w.apart {
		args = append(args, "--nats-url", w.nats, "--data", filepath.Join(w.dir, name))
	} else {
		args = append([]string{"serve"}, append(args, "--data", w.dir)...)
	}
	p := start(w.t, name, args...)
	w.parts[name] = p
	target := &url.URL{Scheme: "http", Host: p.address()}
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(pr *httputil.ProxyRequest) { pr.SetURL(target) },
		Transport:    &http.Transport{MaxIdleConnsPerHost: 32},
		ErrorLog:     log.New(io.Discard, "", 0),
		ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, _ error) { rw.WriteHeader(http.StatusBadGateway) },
	}
	w.mu.Lock()
	w.to[name] = proxy
	w.mu.Unlock()
}

// startLog starts nats-server, from the second time on at the address that the
// services know; another program may hold it for a moment.
func (w *chaosWorld) startLog() {
	w.t.Helper()
	ports, port := w.t.TempDir(), "-1"
	if w.nats != "" {
		address, err := url.Parse(w.nats)
		if err != nil {
			w.t.Fatal(err)
		}
		port = address.Port()
	}
	var p *process
	await(w.t, "nats-server to start", func() bool {
		if p == nil {
			p = start(w.t, "nats-server", "-js", "-sd", filepath.Join(w.dir, "nats"), "-a", "127.0.0.1", "-p", port, "--ports_file_dir", ports)
		}
		select {
		case <-p.done:
			p = nil
		default:
		}
		files, _ := filepath.Glob(filepath.Join(ports, "*.ports"))
		return p != nil && len(files) > 0
	})
	w.parts["nats-server"] = p
	if w.nats == "" {
		w.nats = w.natsURL(ports)
	}
}

// kill ends a part with SIGKILL.
func (w *chaosWorld) kill(name string) {
	w.mu.Lock()
	if old := w.to[name]; old != nil {
		delete(w.to, name)
		defer old.Transport.(*http.Transport).CloseIdleConnections()
	}
	w.mu.Unlock()
	w.parts[name].kill()
}

// await waits until a part says that it is ready.
func (w *chaosWorld) await(name string) {
	w.t.Helper()
	w.mu.RLock()
	proxy := w.to[name]
	w.mu.RUnlock()
	if proxy != nil {
		w.parts[name].ready(proxy)
	}
}
