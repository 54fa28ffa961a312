// SPDX-License-Identifier: Apache-2.0

package doctor_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/services/relais/internal/cli"
	"github.com/relais-press/relais/services/relais/internal/doctor"
)

// logUnderTest is a log with two versions of an edition.
type logUnderTest struct {
	*bus.Bus
	conn   *nats.Conn
	js     jetstream.JetStream
	server *embedded.Server
}

func startLog(t *testing.T, dir string) *logUnderTest {
	t.Helper()
	server, err := embedded.Start(embedded.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	conn, err := server.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	b, err := bus.Open(t.Context(), conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	l := &logUnderTest{b, conn, js, server}
	l.version(t, "recap", 1)
	l.version(t, "recap", 2)
	return l
}

func (l *logUnderTest) version(t *testing.T, id string, n int) {
	t.Helper()
	if err := l.Publish(t.Context(), bus.Message{Subject: "relais.article." + id + ".fr", ID: fmt.Sprintf("%s.fr.%d", id, n), Header: map[string][]string{"ce-sequence": {strconv.Itoa(n)}}, Data: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
}

// sees fails unless a finding of a name is of a level and holds a text.
func sees(t *testing.T, findings []doctor.Finding, level doctor.Level, name, text string) {
	t.Helper()
	for _, f := range findings {
		if f.Name == name && f.Level == level && strings.Contains(f.Found.English, text) {
			if level != doctor.Good && (f.Do.English == "" || f.Do.French == "" || f.Found.French == "") {
				t.Errorf("%s says nothing to do, or not in both languages: %+v", name, f)
			}
			return
		}
	}
	var b strings.Builder
	_ = doctor.Print(cli.Terminal{}, &b, findings)
	t.Errorf("no finding %s (%s) with %q:\n%s", name, level, text, b.String())
}

func TestEachThingThatIsWrongWithTheLogHasItsLine(t *testing.T) {
	for _, tc := range []struct {
		name       string
		harm       func(*testing.T, *logUnderTest, *doctor.Log)
		line, text string // empty: healthy
	}{
		{"healthy", func(*testing.T, *logUnderTest, *doctor.Log) {}, "", ""},
		{"away", func(_ *testing.T, l *logUnderTest, _ *doctor.Log) { l.server.Stop() }, "log", "does not answer"},
		{"drifted", func(t *testing.T, l *logUnderTest, _ *doctor.Log) {
			s, err := l.js.Stream(t.Context(), bus.Articles)
			if err != nil {
				t.Fatal(err)
			}
			config := s.CachedInfo().Config
			config.MaxAge = time.Hour
			if _, err := l.js.UpdateStream(t.Context(), config); err != nil {
				t.Fatal(err)
			}
		}, "stream ARTICLES", "max_age 1h0m0s ≠ 0s"},
		{"too few replicas", func(_ *testing.T, _ *logUnderTest, look *doctor.Log) { look.Replicas = 3 }, "stream KV_LINKS", "num_replicas 1 ≠ 3"},
		{"a stream is missing", func(t *testing.T, l *logUnderTest, _ *doctor.Log) {
			if err := l.js.DeleteStream(t.Context(), "KV_GLOSSARY"); err != nil {
				t.Fatal(err)
			}
		}, "stream KV_GLOSSARY", "is missing"},
		{"dead letters", func(t *testing.T, l *logUnderTest, _ *doctor.Log) {
			err := l.Publish(t.Context(), bus.Message{Subject: bus.DeadLetterSubject + "search-main", ID: "x", Header: map[string][]string{bus.HeaderReason: {"poison"}}})
			if err != nil {
				t.Fatal(err)
			}
		}, "dead letters", "1 messages put aside"},
		{"a gap", func(t *testing.T, l *logUnderTest, _ *doctor.Log) { l.version(t, "recap", 4) }, "versions", "recap/fr"},
		{"the clock", func(_ *testing.T, _ *logUnderTest, look *doctor.Log) {
			look.Now = func() time.Time { return time.Now().Add(time.Hour) }
		}, "clock of the log", "is off by"},
		{"a stale index", func(t *testing.T, l *logUnderTest, _ *doctor.Log) {
			_, err := l.js.CreateConsumer(t.Context(), bus.Articles, jetstream.ConsumerConfig{Durable: bus.IndexConsumer + "main", AckPolicy: jetstream.AckExplicitPolicy})
			if err != nil {
				t.Fatal(err)
			}
		}, "index main", "2 versions behind the log"},
		{"half of a restore", func(t *testing.T, l *logUnderTest, _ *doctor.Log) {
			s, err := l.js.Stream(t.Context(), bus.Articles)
			if err != nil {
				t.Fatal(err)
			}
			config := s.CachedInfo().Config
			config.Metadata = map[string]string{bus.RestoringMark: "now"}
			if _, err := l.js.UpdateStream(t.Context(), config); err != nil {
				t.Fatal(err)
			}
		}, "restore", "has not come to its end"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := startLog(t, t.TempDir())
			look := doctor.Log{Conn: l.conn, Replicas: 1, Now: time.Now}
			tc.harm(t, l, &look)
			findings := look.Look(t.Context())
			if tc.line != "" {
				sees(t, findings, doctor.Bad, tc.line, tc.text)
				return
			}
			sees(t, findings, doctor.Good, "contents", "2 messages read, no gap")
			for _, f := range findings {
				if f.Level == doctor.Bad && !strings.HasPrefix(f.Name, "clock") { // this machine may be too busy to answer
					t.Errorf("a healthy log: %+v", f)
				}
			}
		})
	}
}

// fakeNATS greets as a server of a version does, and keeps the connection alive.
func fakeNATS(t *testing.T, version string) *nats.Conn {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				fmt.Fprintf(c, "INFO {\"server_id\":\"X\",\"version\":%q,\"max_payload\":1048576,\"headers\":true}\r\n", version)
				for lines := bufio.NewScanner(c); lines.Scan(); {
					if lines.Text() == "PING" {
						fmt.Fprint(c, "PONG\r\n")
					}
				}
			}()
		}
	}()
	conn, err := nats.Connect("nats://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func TestTheServersVersion(t *testing.T) {
	for version, want := range map[string]struct {
		level doctor.Level
		text  string
	}{
		"2.11.9": {doctor.Bad, "too old"}, "1.4.1": {doctor.Bad, "too old"}, "2.12.0": {doctor.Good, "2.12.0"}, "3.0.0-beta.1": {doctor.Good, "3.0.0"},
		"dev": {doctor.Bad, "unknown version"}, "": {doctor.Bad, "unknown version"},
	} {
		t.Run(version, func(t *testing.T) {
			conn := fakeNATS(t, version)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			sees(t, doctor.Log{Conn: conn, Now: time.Now}.Look(ctx), want.level, "nats-server", want.text)
		})
	}
}

func TestTheFolder(t *testing.T) {
	roomy := doctor.Host{
		Space:     func(string) (doctor.Space, error) { return doctor.Space{Free: 90 << 30, Total: 100 << 30}, nil },
		OpenFiles: func() (uint64, error) { return 65536, nil },
	}
	full := roomy
	full.Space = func(string) (doctor.Space, error) { return doctor.Space{Free: 100 << 20, Total: 100 << 30}, nil }
	tight := roomy
	tight.OpenFiles = func() (uint64, error) { return 256, nil }
	for _, tc := range []struct {
		name       string
		host       doctor.Host
		harm       func(dir string) error
		level      doctor.Level
		line, text string
	}{
		{"healthy", roomy, func(string) error { return nil }, doctor.Good, "disk", "90.0 GiB free"},
		{"the disk is nearly full", full, func(string) error { return nil }, doctor.Bad, "disk", "100.0 MiB free"},
		{"few files", tight, func(string) error { return nil }, doctor.Warn, "open files", "256"},
		{"everybody reads the key", roomy, func(dir string) error { return os.Chmod(filepath.Join(dir, "admin.key"), 0o644) }, doctor.Bad, "admin.key", "0644"},
		{"everybody reads the folder", roomy, func(dir string) error { return os.Chmod(dir, 0o755) }, doctor.Bad, "data", "everybody"},
		{"half of a restore", roomy, func(dir string) error { return os.WriteFile(filepath.Join(dir, "restoring"), nil, 0o600) }, doctor.Bad, "data", "not come to its end"},
		{"no folder", roomy, os.RemoveAll, doctor.Bad, "data", "is not there"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "admin.key"), []byte("rk_x"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := tc.harm(dir); err != nil {
				t.Fatal(err)
			}
			findings := tc.host.Folder(dir)
			sees(t, findings, tc.level, tc.line, tc.text)
			if doctor.Failed(findings) != (tc.level == doctor.Bad) {
				t.Errorf("findings %+v", findings)
			}
		})
	}
}

// answers is a server whose answers a test chooses.
func answers(t *testing.T, ready int, checks, metrics, inside string) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	say := func(path, body string, status int) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
	}
	say("/readyz", checks, ready)
	say("/metrics", metrics, http.StatusOK)
	if inside != "" {
		say("/v1/doctor", inside, http.StatusOK)
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestTheServer(t *testing.T) {
	const fine, inside = `{"checks": {"log": "ok"}}`, `{"findings": [{"name": "log", "level": "problem", "found": {"fr": "x", "en": "seen from inside"}, "do": {"fr": "y", "en": "y"}}]}`
	now := time.Now
	for _, tc := range []struct {
		name            string
		ready           int
		checks, metrics string
		inside          string
		now             func() time.Time
		level           doctor.Level
		line, text      string
	}{
		{"healthy", 200, fine, "", `{"findings": []}`, now, doctor.Good, "server", "is ready"},
		{"not ready", 503, `{"checks": {"log": "away", "index": "ok"}}`, "", "", now, doctor.Bad, "server", "log (away)"},
		{"something else", 200, "<html>", "", "", now, doctor.Bad, "server", "is no relay"},
		{"the clock", 200, fine, "", "", func() time.Time { return time.Now().Add(time.Hour) }, doctor.Bad, "clock of the server", "is off by"},
		{"another version", 200, fine, `relais_build_info{service="x",version="v9"} 1`, "", now, doctor.Warn, "versions", "the server is v9"},
		{"wrong counts", 200, fine, "relais_counts_difference 3\n", "", now, doctor.Bad, "counts", "differed by 3"},
		{"lost clicks", 200, fine, "# HELP x y\nrelais_clicks_dropped_total 2\n", "", now, doctor.Bad, "clicks", "2 lost"},
		{"from inside", 200, fine, "", inside, now, doctor.Bad, "log", "seen from inside"},
		{"apart", 200, fine, "", "", now, doctor.Warn, "log", "not looked at from inside"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := answers(t, tc.ready, tc.checks, tc.metrics, tc.inside)
			sees(t, doctor.Server{Base: s.URL, Key: "rk_x", Version: "v1", Now: tc.now}.Look(t.Context()), tc.level, tc.line, tc.text)
		})
	}
	gone := answers(t, 200, fine, "", "")
	gone.Close()
	sees(t, doctor.Server{Base: gone.URL, Now: now}.Look(t.Context()), doctor.Bad, "server", "does not answer")
}

// TestTheCommand looks at a folder whose process is stopped.
func TestTheCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := startLog(t, filepath.Join(dir, "log"))
	l.conn.Close()
	l.server.Stop()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	run := func(c doctor.Command, french bool) (string, error) {
		var out bytes.Buffer
		err := c.Run(t.Context(), cli.Terminal{Out: &out, Err: &out, French: french})
		return out.String(), err
	}
	out, err := run(doctor.Command{Data: dir, Replicas: 1}, true)
	if err != nil || !strings.Contains(out, "✓ contents\u00a0: 2 messages lus, aucun trou\n") {
		t.Errorf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "admin.key"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err = run(doctor.Command{Data: dir, Replicas: 1}, false)
	if err == nil || !strings.Contains(out, "✗ admin.key: others than its owner may read it (0644) → chmod 600") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = run(doctor.Command{Data: dir, Replicas: 1, JSON: true}, false)
	var findings []doctor.Finding
	if jsonErr := json.Unmarshal([]byte(out[:strings.LastIndex(out, "]")+1]), &findings); err == nil || jsonErr != nil || !doctor.Failed(findings) {
		t.Errorf("%v, %v\n%s", err, jsonErr, out)
	}
}
