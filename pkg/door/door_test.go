// SPDX-License-Identifier: Apache-2.0

package door_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/door"
)

const patience = time.Minute

// quick are times that a test can wait for.
func quick() door.Times {
	return door.Times{Header: 300 * time.Millisecond, Body: 600 * time.Millisecond, Answer: 600 * time.Millisecond, Idle: 600 * time.Millisecond}
}

// serve answers on a real socket until the test ends.
func serve(t *testing.T, h http.HandlerFunc) (address string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := door.Server(h, quick())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		_ = srv.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	return l.Addr().String()
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// dribble sends a request byte by byte until the server hangs up, or fails.
func dribble(t *testing.T, c net.Conn, head string) {
	t.Helper()
	if _, err := io.WriteString(c, head); err != nil {
		return
	}
	hungUp := make(chan struct{})
	go func() {
		defer close(hungUp)
		_, _ = io.Copy(io.Discard, c) // an answer that says why, then the end
	}()
	tick, over := time.NewTicker(20*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		select {
		case <-hungUp:
			return
		case <-over:
			t.Errorf("a connection that dribbles was left open for %v", patience)
			_ = c.Close()
			<-hungUp
			return
		case <-tick.C:
			_, _ = io.WriteString(c, "a") // a broken pipe ends with hungUp
		}
	}
}

// Hundreds of connections that send a byte now and then are closed in their time,
// and others are answered meanwhile.
func TestSlowSenders(t *testing.T) {
	for name, head := range map[string]string{
		"header": "GET / HTTP/1.1\r\nHost: relais\r\nX-Slow: ",
		"body":   "POST / HTTP/1.1\r\nHost: relais\r\nContent-Length: 1000000\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(w, "hello")
			})
			var slow sync.WaitGroup
			for range 300 {
				c := dial(t, address)
				slow.Go(func() { dribble(t, c, head) })
			}
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
			for range 10 {
				resp, err := client.Get("http://" + address) //nolint:noctx // has a timeout
				if err != nil {
					t.Fatalf("beside the slow ones: %v", err)
				}
				_ = resp.Body.Close()
			}
			slow.Wait()
		})
	}
}

// Who asks for a large answer and does not take it in is left.
func TestSlowReaders(t *testing.T) {
	const readers = 20
	ended := make(chan error, readers)
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		chunk := make([]byte, 1<<20)
		for range 64 {
			if _, err := w.Write(chunk); err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	})
	for range readers {
		if _, err := io.WriteString(dial(t, address), "GET / HTTP/1.1\r\nHost: relais\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	for range readers {
		select {
		case err := <-ended:
			if err == nil {
				t.Error("64 MiB went into a connection that nobody reads")
			}
		case <-time.After(patience):
			t.Fatal("a writer waits for a reader that does not read")
		}
	}
}

// A route that sets its own deadlines, as event streams do, outlives the server's.
func TestEventStreamsOutliveTheAnswersTime(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{})
		for begin := time.Now(); time.Since(begin) < 3*quick().Answer && r.Context().Err() == nil; <-time.After(50 * time.Millisecond) {
			_ = control.SetWriteDeadline(time.Now().Add(patience))
			_, _ = io.WriteString(w, ": beat\n\n")
			_ = control.Flush()
		}
		_, _ = io.WriteString(w, "data: bye\n\n")
	})
	resp, err := http.Get("http://" + address) //nolint:noctx // ended by the server
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.HasSuffix(string(body), "data: bye\n\n") {
		t.Errorf("%.100q, %v", body, err)
	}
}

func TestWhatIsSpoken(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
	for _, tc := range []struct {
		name, send string
		want       []string // beginnings of the answers' status lines
	}{
		{"two at once", "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", []string{"HTTP/1.1 200", "HTTP/1.1 200"}},
		{"HTTP/2 in clear, answered as what it is not", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", []string{"HTTP/1.1 "}},
		{"an offer of HTTP/2", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", []string{"HTTP/1.1 200"}},
		{"a header out of measure", "GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + strings.Repeat("x", 2*door.MaxHeader) + "\r\n\r\n", []string{"HTTP/1.1 431"}},
		{"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", []string{"HTTP/1.1 400"}},
		{"a length and chunks", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n", []string{"HTTP/1.1 "}},
		{"no host", "GET / HTTP/1.1\r\n\r\n", []string{"HTTP/1.1 400"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := dial(t, address)
			go func() { _, _ = io.WriteString(c, tc.send) }()
			var got []string
			for lines := bufio.NewScanner(c); lines.Scan(); {
				if _, line, found := strings.Cut(lines.Text(), "HTTP/1.1 "); found {
					got = append(got, "HTTP/1.1 "+line)
				}
			}
			if len(got) != len(tc.want) {
				t.Fatalf("answers %q, want %q", got, tc.want)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tc.want[i]) {
					t.Errorf("answer %d: %q, want %q", i+1, got[i], tc.want[i])
				}
			}
		})
	}
}
