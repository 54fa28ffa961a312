// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The table in the README, "When something is away", says what these tests assert.

// faultsBound is how long a write may take to be refused while the log hangs.
const faultsBound = 10 * time.Second

// faultsLong names the variable that has tests take the time they want.
const faultsLong = "RELAIS_CHAOS_ROUNDS"

// faultsWorld is a relay with a partner, an article and a link, under which
// something will break.
type faultsWorld struct {
	*relay
	key, recap string
	link       struct{ Code, URL string }
	kept       map[string]int // version by id of what was acknowledged
	clicks     int
}

func faultsStart(t *testing.T, r *relay) *faultsWorld {
	t.Helper()
	w := &faultsWorld{relay: r, kept: map[string]int{}}
	w.key, w.recap = r.partner(), r.recap()
	w.kept[w.recap] = 1
	r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "`+w.recap+`", "partner": "p"}`).into(t, &w.link)
	await(t, "search to know the key", func() bool { return r.call("GET", "/v1/search?q=blockchain&key="+w.key, "").status == http.StatusOK })
	w.follow()
	await(t, "the click to be counted", func() bool { return r.humans(w.link.Code) == 1 })
	return w
}

// put writes an edition, and remembers it when it was acknowledged.
func (w *faultsWorld) put(id string) answer {
	w.t.Helper()
	a := w.call("PUT", "/v1/articles/"+id+"/fr", `{"headline": "Autre `+id+`", "bodyText": "`+faultsText+`"}`,
		"Authorization", "Bearer "+adminKey, "Content-Type", "application/json")
	if a.status < 300 {
		w.kept[id] = 1
	}
	return a
}

// faultsText is long enough to fill a disk.
var faultsText = strings.Repeat("Un autre texte. ", 20)

// follow clicks on the link: a redirect needs nothing but what share knows.
func (w *faultsWorld) follow() {
	w.t.Helper()
	w.must(http.StatusFound, "GET", w.link.URL, "", "User-Agent", firefox)
	w.clicks++
}

// reads asserts that search and redirects go on.
func (w *faultsWorld) reads() {
	w.t.Helper()
	if !w.finds(w.key, "collectivite", w.recap) {
		w.t.Error("search forgot what it knew")
	}
	w.follow()
}

// refuses asserts that a write is refused, in time, with a reason, and that the
// relay says of itself what is wrong, where check names that.
func (w *faultsWorld) refuses(id, check string) {
	w.t.Helper()
	begin := time.Now()
	a := w.put(id)
	took := time.Since(begin)
	var problem struct{ Detail string }
	a.into(w.t, &problem)
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || problem.Detail == "" || took > faultsBound {
		w.t.Errorf("a write: %d, Retry-After %q, after %v: %s", a.status, a.header.Get("Retry-After"), took, a.body)
	}
	w.t.Logf("a write is refused after %v", took.Round(time.Millisecond))
	if check != "" {
		w.unready(check)
	}
}

// unready waits until /readyz names a check that fails.
func (w *faultsWorld) unready(check string) {
	w.t.Helper()
	await(w.t, "readyz to name "+check, func() bool {
		var state struct{ Checks map[string]string }
		a := w.call("GET", "/readyz", "")
		a.into(w.t, &state)
		return a.status == http.StatusServiceUnavailable && state.Checks[check] != "ok"
	})
}

// recovers waits until all is as it should be: a write is taken and found, what
// was acknowledged is there, once, and every click that was kept is counted.
func (w *faultsWorld) recovers(id string, clicks int) {
	w.t.Helper()
	begin := time.Now()
	await(w.t, "writes to be accepted again", func() bool { return w.put(id).status < 300 })
	w.t.Logf("writes are accepted again after %v", time.Since(begin).Round(time.Millisecond))
	await(w.t, "what was written since to be found", func() bool { return w.finds(w.key, "autre "+id, id) })
	w.t.Logf("what is written is found after %v", time.Since(begin).Round(time.Millisecond))
	w.ready()
	w.holds()
	await(w.t, fmt.Sprint(clicks, " clicks to be counted"), func() bool {
		a := w.call("GET", "/v1/links/"+w.link.Code+"/stats", "", "Authorization", "Bearer "+adminKey)
		return a.status == http.StatusOK && w.humans(w.link.Code) >= clicks
	})
	if n := w.humans(w.link.Code); n > w.clicks {
		w.t.Errorf("%d clicks are counted, there were %d", n, w.clicks)
	}
	w.t.Logf("all is well after %v", time.Since(begin).Round(time.Millisecond))
}

// holds asserts that what was acknowledged is there, once, and found.
func (w *faultsWorld) holds() {
	w.t.Helper()
	for id, version := range w.kept {
		var e struct {
			Version  int
			Headline string
		}
		w.edit(http.StatusOK, "GET", "/v1/articles/"+id+"/fr", "").into(w.t, &e)
		if e.Version != version {
			w.t.Errorf("%s is at version %d, want %d", id, e.Version, version)
		}
		await(w.t, id+" to be found", func() bool { return w.finds(w.key, e.Headline, id) })
	}
}

// faultsApart is the three services on a nats-server, each of which can be
// started again where it was, as a supervisor would.
type faultsApart struct {
	*relay
	run   func(name string, args ...string) *process // starts the nats-server
	store string                                     // its folder, as it sees it

	mu     sync.RWMutex
	routes map[string]*httputil.ReverseProxy
}

// faultsBoot starts them, the log by run in store; run may be nil, and store empty.
func faultsBoot(t *testing.T, run func(name string, args ...string) *process, store string) *faultsApart {
	t.Helper()
	r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}}
	f := &faultsApart{relay: r, run: run, store: store, routes: map[string]*httputil.ReverseProxy{}}
	if run == nil {
		f.run, f.store = func(name string, args ...string) *process { return start(t, name, args...) }, filepath.Join(r.dir, "nats")
	}
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.nats = "nats://" + port.Addr().String()
	if err := port.Close(); err != nil {
		t.Fatal(err)
	}
	f.startLog()
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		f.mu.RLock()
		proxy := f.routes[serviceOf(req.URL.Path)]
		f.mu.RUnlock()
		proxy.ServeHTTP(w, req)
	}))
	t.Cleanup(front.Close)
	r.base = front.URL
	f.startServices()
	return f
}

// startLog starts the nats-server, where it was.
func (f *faultsApart) startLog() {
	f.t.Helper()
	p := f.run("nats-server", "-js", "-sd", f.store, "-a", "127.0.0.1", "-p", f.nats[strings.LastIndexByte(f.nats, ':')+1:])
	p.line("Server is ready")
	f.parts["nats-server"] = p
}

// startServices starts the services, and waits until they are ready.
func (f *faultsApart) startServices() {
	f.t.Helper()
	f.only("relais-ingest", "relais-search", "relais-share")
}

// only starts some of the services.
func (f *faultsApart) only(names ...string) {
	f.t.Helper()
	for _, name := range names {
		p := start(f.t, name, "--listen", "127.0.0.1:0", "--nats-url", f.nats, "--public-url", f.base, "--data", filepath.Join(f.dir, name))
		f.parts[name] = p
		target := &url.URL{Scheme: "http", Host: p.address()}
		f.mu.Lock()
		f.routes[name] = &httputil.ReverseProxy{Rewrite: func(pr *httputil.ProxyRequest) { pr.SetURL(target) }}
		f.mu.Unlock()
	}
	for _, name := range names {
		f.parts[name].ready(f.routes[name])
	}
}

// ended waits for a process to end by itself, not well, having said why.
func (p *process) ended(why string) {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		p.t.Fatalf("waited a minute for %s to end", p.name)
	}
	if p.err == nil {
		p.t.Errorf("%s ended well", p.name)
	}
	await(p.t, p.name+" to have said "+why, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return strings.Contains(p.output.String(), why)
	})
}

// faultsScript puts a program among those under test.
func faultsScript(t *testing.T, name, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(programs, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

// faultsDisk is a file system of its own, in memory, that programs run on.
type faultsDisk struct {
	t      *testing.T
	keeper *process
	dir    string // as its programs see it
}

// faultsMount makes a small disk in a name space of its own, which takes no
// privilege where user name spaces are allowed; where they are not, the test fails.
func faultsMount(t *testing.T, size string) *faultsDisk {
	t.Helper()
	faultsScript(t, "small-disk", `exec unshare --map-root-user --mount sh -c '
		mount -t tmpfs -o size="$1" none "$2" || { echo "no small disk: neither root nor a user name space may mount here"; exit 1; }
		echo mounted; exec sleep 3600' sh "$@"`)
	faultsScript(t, "on-disk", `keeper=$1; shift; exec nsenter --target "$keeper" --user --mount --preserve-credentials -- "$@"`)
	d := &faultsDisk{t: t, dir: t.TempDir()}
	d.keeper = start(t, "small-disk", size, d.dir)
	d.keeper.line("mounted")
	return d
}

// start runs a program that has the disk.
func (d *faultsDisk) start(name string, args ...string) *process {
	d.t.Helper()
	return start(d.t, "on-disk", append([]string{strconv.Itoa(d.keeper.cmd.Process.Pid), filepath.Join(programs, name)}, args...)...)
}

// outside is the disk as the test sees it.
func (d *faultsDisk) outside(name string) string {
	return filepath.Join("/proc", strconv.Itoa(d.keeper.cmd.Process.Pid), "root", d.dir, name)
}

// fill leaves no byte on the disk.
func (d *faultsDisk) fill() {
	d.t.Helper()
	f, err := os.OpenFile(d.outside("ballast"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for _, piece := range []int{1 << 20, 4096, 1} {
		for block := make([]byte, piece); ; {
			if n, err := f.Write(block); err != nil || n < piece {
				break
			}
		}
	}
}

// clear makes room again.
func (d *faultsDisk) clear() {
	d.t.Helper()
	if err := os.Remove(d.outside("ballast")); err != nil {
		d.t.Fatal(err)
	}
}
