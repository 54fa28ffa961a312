// SPDX-License-Identifier: Apache-2.0

package door_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/relais-press/relais/pkg/door"
)

// A server lets a connection linger for half a second, so that its client reads the
// last answer, and Close does not wait for that.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// pipes is a listener within a bubble, where time is not real.
type pipes struct {
	offered chan net.Conn
	closed  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.offered:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error { close(p.closed); return nil }

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// imagine runs a server with its usual times, whose time is not real, and hands a
// client's end of a connection to it.
func imagine(t *testing.T, h http.HandlerFunc, client func(net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := pipes{make(chan net.Conn), make(chan struct{})}
		srv := door.Server(h, door.Usual())
		served := make(chan error, 1)
		go func() { served <- srv.Serve(l) }()
		ours, theirs := net.Pipe()
		l.offered <- theirs
		client(ours)
		_ = ours.Close()
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
}

// receive is a route that takes in a stream and says how much came.
func receive(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, door.Stream(w, r, door.Patient()))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
	_, _ = fmt.Fprintf(w, "%d", n)
}

func TestStream(t *testing.T) {
	for _, tc := range []struct {
		name  string
		chunk int
		every time.Duration
		whole time.Duration // how long the sender goes on
		ends  time.Duration // when it is cut off, at the latest; 0: never
	}{
		{"a slow line, for hours", 1 << 10, 3 * time.Second, 3 * time.Hour, 0},
		{"in bursts, with pauses of 55 s", 32 << 10, 55 * time.Second, time.Hour, 0},
		{"a byte a second", 1, time.Second, time.Hour, time.Minute},
		{"a kilobyte in 10 s", 1 << 10, 10 * time.Second, time.Hour, time.Minute},
		{"a good beginning, then nothing", 100 << 10, 2 * time.Minute, time.Hour, 2 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			imagine(t, receive, func(c net.Conn) {
				answer := make(chan []byte, 1)
				go func() {
					said, _ := io.ReadAll(c)
					answer <- said
				}()
				begin := time.Now()
				sent := 0
				_, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: relais\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
				for ; err == nil && time.Since(begin) < tc.whole; <-time.After(tc.every) {
					if _, err = fmt.Fprintf(c, "%x\r\n%s\r\n", tc.chunk, strings.Repeat("x", tc.chunk)); err == nil {
						sent += tc.chunk
					}
				}
				took := time.Since(begin)
				_, _ = io.WriteString(c, "0\r\n\r\n") // nothing when it was cut off
				said := string(<-answer)
				switch {
				case tc.ends > 0 && (err == nil || took > tc.ends+2*tc.every || !strings.HasPrefix(said, "HTTP/1.1 400")):
					t.Errorf("after %v the sender was told %v and %q, want 400 and an end within %v", took, err, said, tc.ends)
				case tc.ends == 0 && (err != nil || !strings.HasPrefix(said, "HTTP/1.1 200") || !strings.HasSuffix(said, fmt.Sprint(sent))):
					t.Errorf("after %v and %d bytes the sender was told %v and %q, want 200 and the number", took, sent, err, said)
				}
			})
		})
	}
}

// What the reader does between two reads is not the sender's fault.
func TestStreamWithASlowReader(t *testing.T) {
	imagine(t, func(w http.ResponseWriter, r *http.Request) {
		s, buf, n := door.Stream(w, r, door.Patient()), make([]byte, 100), 0
		for {
			<-time.After(50 * time.Second) // the log is slow
			got, err := s.Read(buf)
			if n += got; err != nil {
				_, _ = fmt.Fprintf(w, "%d %v", n, err)
				return
			}
		}
	}, func(c net.Conn) {
		go func() {
			_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: relais\r\nContent-Length: 1000\r\n\r\n"+strings.Repeat("x", 1000))
		}()
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); string(body) != "1000 EOF" {
			t.Errorf("%s", body)
		}
	})
}
