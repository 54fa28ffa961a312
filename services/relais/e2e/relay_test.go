// SPDX-License-Identifier: Apache-2.0

// Package e2e_test drives the real programs from outside, as editors, partner
// sites and readers do: one suite, run against the one binary and against the
// three services apart on a real nats-server.
package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	// The programs under test are built, not imported; these imports, and reading
	// the command's own files below, let go test see that they have changed.
	_ "github.com/relais-press/relais/services/ingest"
	_ "github.com/relais-press/relais/services/relais/internal/demo"
	_ "github.com/relais-press/relais/services/relais/internal/docs"
	_ "github.com/relais-press/relais/services/relais/internal/landing"
	_ "github.com/relais-press/relais/services/search"
	_ "github.com/relais-press/relais/services/share"
)

const adminKey = "rk_end-to-end-admin-key-0123456789"

// programs is the folder with the commands built for this run.
var programs string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "relais-e2e-*")
	if err == nil {
		programs = dir
		err = build(dir)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the commands:", err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// build compiles the four commands, and nats-server at the version the module pins.
func build(dir string) error {
	own, err := filepath.Glob("../*.go")
	if err != nil {
		return err
	}
	for _, file := range own {
		if _, err := os.ReadFile(file); err != nil {
			return err
		}
	}
	cmd := exec.Command("go", "build", "-o", dir+"/",
		"github.com/relais-press/relais/services/relais",
		"github.com/relais-press/relais/services/ingest/cmd/relais-ingest",
		"github.com/relais-press/relais/services/search/cmd/relais-search",
		"github.com/relais-press/relais/services/share/cmd/relais-share")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	cmd = exec.Command("go", "build", "-o", filepath.Join(dir, "nats-server"), "github.com/nats-io/nats-server/v2")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// process is one running program.
type process struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how, once done is closed

	mu     sync.Mutex
	output bytes.Buffer
	lines  chan string // of stdout and stderr, while somebody reads them
}

// start runs a program with RELAIS_ADMIN_KEY set; it is killed when the test ends.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: name, done: make(chan struct{}), lines: make(chan string, 1000)}
	p.cmd = exec.Command(filepath.Join(programs, name), args...)
	p.cmd.Env = append(os.Environ(), "RELAIS_ADMIN_KEY="+adminKey, "RELAIS_LOG_FORMAT=json")
	r, w := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go p.read(r)
	go func() {
		p.err = p.cmd.Wait()
		_ = w.Close()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		if t.Failed() {
			p.mu.Lock()
			t.Logf("output of %s:\n%s", name, p.output.String())
			p.mu.Unlock()
		}
	})
	return p
}

func (p *process) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.output.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		select {
		case p.lines <- lines.Text():
		default:
		}
	}
}

// line waits for a line of output that holds a text.
func (p *process) line(text string) string {
	p.t.Helper()
	timeout := time.After(60 * time.Second)
	for {
		select {
		case l := <-p.lines:
			if strings.Contains(l, text) {
				return l
			}
		case <-p.done:
			p.t.Fatalf("%s ended (%v) before it said %q", p.name, p.err, text)
		case <-timeout:
			p.t.Fatalf("waited 60 s for %s to say %q", p.name, text)
		}
	}
}

// address is where the program says it listens.
func (p *process) address() string {
	p.t.Helper()
	var l struct{ Address string }
	if err := json.Unmarshal([]byte(p.line(`"listening"`)), &l); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
	return l.Address
}

// kill ends the program as a power cut would, as far as the program can tell.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop asks the program to end and returns how long it took; it has to end well.
func (p *process) stop() time.Duration {
	p.t.Helper()
	begin := time.Now()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		if p.err != nil {
			p.t.Errorf("%s ended with %v", p.name, p.err)
		}
	case <-time.After(15 * time.Second):
		p.t.Errorf("%s did not end within 15 s of SIGTERM", p.name)
	}
	return time.Since(begin)
}

// relay is a running Relais, in either shape, behind one address.
type relay struct {
	t     *testing.T
	base  string
	nats  string // address of the log, when it runs apart
	dir   string
	parts map[string]*process
	boot  func(r *relay)
}

// each runs a test against both shapes.
func each(t *testing.T, test func(t *testing.T, r *relay)) {
	for name, boot := range map[string]func(*relay){"one": bootOne, "apart": bootApart} {
		t.Run(name, func(t *testing.T) {
			r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}, boot: boot}
			r.boot(r)
			r.ready()
			test(t, r)
		})
	}
}

// bootOne starts the one binary.
func bootOne(r *relay) {
	p := start(r.t, "relais", "serve", "--listen", "127.0.0.1:0", "--data", r.dir)
	r.parts["relais"] = p
	r.base = "http://" + p.address()
}

// bootApart starts a nats-server, the three services, and what stands before
// them in production: one address that sends each path to its service.
func bootApart(r *relay) {
	ports := r.t.TempDir()
	nats := start(r.t, "nats-server", "-js", "-sd", filepath.Join(r.dir, "nats"), "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", ports)
	nats.line("Server is ready")
	r.parts["nats-server"] = nats
	r.nats = r.natsURL(ports)
	routes := map[string]*httputil.ReverseProxy{}
	var mu sync.RWMutex
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.RLock()
		proxy := routes[serviceOf(req.URL.Path)]
		mu.RUnlock()
		proxy.ServeHTTP(w, req)
	}))
	r.t.Cleanup(front.Close)
	r.base = front.URL
	for _, name := range []string{"relais-ingest", "relais-search", "relais-share"} {
		p := start(r.t, name, "--listen", "127.0.0.1:0", "--nats-url", r.nats, "--public-url", r.base, "--data", filepath.Join(r.dir, name))
		r.parts[name] = p
		target := &url.URL{Scheme: "http", Host: p.address()}
		mu.Lock()
		routes[name] = &httputil.ReverseProxy{Rewrite: func(pr *httputil.ProxyRequest) { pr.SetURL(target) }}
		mu.Unlock()
	}
	r.parts["relais-ingest"].ready(routes["relais-ingest"])
	r.parts["relais-share"].ready(routes["relais-share"])
}

// natsURL reads the address a nats-server wrote to its ports file.
func (r *relay) natsURL(dir string) string {
	r.t.Helper()
	var found string
	await(r.t, "the ports file of nats-server", func() bool {
		files, _ := filepath.Glob(filepath.Join(dir, "*.ports"))
		if len(files) == 0 {
			return false
		}
		b, err := os.ReadFile(files[0])
		var ports struct{ Nats []string }
		if err != nil || json.Unmarshal(b, &ports) != nil || len(ports.Nats) == 0 {
			return false
		}
		found = ports.Nats[0]
		return true
	})
	return found
}

// serviceOf says which service answers a path when they run apart.
func serviceOf(path string) string {
	for _, prefix := range []string{"/v1/search", "/v1/suggest", "/v1/latest", "/v1/related/", "/v1/glossary", "/v1/index/", "/v1/feeds/", "/v1/content/", "/v1/changes", "/search", "/partners/", "/widget/", "/readyz"} {
		if strings.HasPrefix(path, prefix) {
			return "relais-search"
		}
	}
	for _, prefix := range []string{"/v1/links", "/v1/share/", "/v1/stats", "/v1/recounts", "/s/", "/S/", "/stats", "/cards/", "/oembed", "/privacy"} {
		if strings.HasPrefix(path, prefix) {
			return "relais-share"
		}
	}
	return "relais-ingest"
}

// ready waits until a service behind a proxy says that it is.
func (p *process) ready(proxy http.Handler) {
	p.t.Helper()
	await(p.t, p.name+" to be ready", func() bool {
		w := httptest.NewRecorder()
		proxy.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		return w.Code == http.StatusOK
	})
}

func (r *relay) ready() {
	r.t.Helper()
	await(r.t, "the relay to be ready", func() bool {
		resp, err := http.Get(r.base + "/readyz") //nolint:noctx // bounded by await
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// await polls until a condition holds, for at most a minute.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute for %s", what)
		}
		<-tick.C
	}
}
