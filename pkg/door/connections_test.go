// SPDX-License-Identifier: Apache-2.0

package door_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relais-press/relais/pkg/door"
)

// from is an end of a pipe that says it comes from an address.
type from struct {
	net.Conn
	peer net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.peer }

// coming is a connection from an address.
func coming(address string) net.Conn {
	c, _ := net.Pipe()
	return from{c, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 4711))}
}

// lobby is a limited listener whose connections are kept open.
type lobby struct {
	offered       chan net.Conn
	in            chan net.Conn
	refused, full atomic.Int32
	listener      *door.Listener
}

func open(t *testing.T, limits door.Connections) *lobby {
	t.Helper()
	l := &lobby{offered: make(chan net.Conn), in: make(chan net.Conn, 1000)}
	l.listener = door.Limit(pipes{l.offered, make(chan struct{})}, limits, door.Events{
		Refused: func() { l.refused.Add(1) }, Full: func() { l.full.Add(1) },
	})
	go func() {
		for {
			c, err := l.listener.Accept()
			if err != nil {
				close(l.in)
				return
			}
			l.in <- c
		}
	}()
	return l
}

func TestConnectionsOfANetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, door.Connections{Most: 100, Network: 2})
		for _, tc := range []struct {
			address string
			refused int32 // of it and those before
		}{
			{"203.0.113.7", 0},
			{"203.0.113.7", 0},
			{"203.0.113.7", 1},
			{"203.0.113.8", 1},
			{"2001:db8::1", 1},
			{"2001:db8::2", 1},
			{"2001:db8::3", 2},
			{"2001:db8:0:1::1", 2},
			{"127.0.0.1", 2}, // most likely proxies
			{"127.0.0.1", 2},
			{"127.0.0.1", 2},
			{"10.0.0.1", 2},
			{"10.0.0.1", 2},
			{"10.0.0.1", 2},
		} {
			c := coming(tc.address)
			l.offered <- c
			synctest.Wait()
			if got := l.refused.Load(); got != tc.refused {
				t.Fatalf("one more of %s: %d refused, want %d", tc.address, got, tc.refused)
			}
		}
		first := <-l.in
		_ = first.Close()
		_ = first.Close() // gives its place back once
		again := coming("203.0.113.7")
		l.offered <- again
		more := coming("203.0.113.7")
		l.offered <- more
		synctest.Wait()
		if got := l.refused.Load(); got != 3 {
			t.Errorf("a place that became free was taken %d times, want once", 4-got)
		}
		_ = l.listener.Close()
		for range l.in {
		}
	})
}

func TestConnectionsInAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, door.Connections{Most: 10, Network: 100})
		for range 10 {
			c := coming("10.0.0.1")
			l.offered <- c
		}
		synctest.Wait()
		if l.full.Load() == 0 {
			t.Error("nobody was told that it is full")
		}
		c := coming("10.0.0.1")
		select {
		case l.offered <- c:
			t.Fatal("an eleventh connection was taken")
		case <-time.After(10 * time.Second):
		}
		if got := l.full.Load(); got < 9 || got > 12 {
			t.Errorf("told %d times in 10 s that it is full", got)
		}
		_ = (<-l.in).Close()
		l.offered <- c
		_ = l.listener.Close()
		n := 0
		for range l.in {
			n++
		}
		if n != 10 || l.refused.Load() != 0 {
			t.Errorf("%d open, %d refused", n, l.refused.Load())
		}
	})
}

func TestCloseWakesWhoWaitsForASeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, door.Connections{Most: 1, Network: 1})
		c := coming("10.0.0.1")
		l.offered <- c
		synctest.Wait()
		_ = l.listener.Close()
		<-l.in
		if _, more := <-l.in; more {
			t.Error("a second one was accepted")
		}
		if _, err := l.listener.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept of what is closed: %v", err)
		}
	})
}

// Connections that idle make room for those who ask, on real sockets.
func TestIdleConnectionsMakeRoom(t *testing.T) {
	inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := door.Server(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }), door.Usual())
	l := door.Limit(inner, door.Connections{Most: 10, Network: 10}, door.Events{Refused: func() {}, Full: func() {
		srv.SetKeepAlivesEnabled(false)
		srv.SetKeepAlivesEnabled(true)
	}})
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	for n := range 50 {
		c := dial(t, inner.Addr().String()) // and it is kept open
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: relais\r\n\r\n"); err != nil {
			t.Fatalf("request %d: %v", n+1, err)
		}
		answer := make([]byte, len("HTTP/1.1 200"))
		if _, err := io.ReadFull(c, answer); err != nil || !strings.HasSuffix(string(answer), "200") {
			t.Fatalf("request %d beside those that idle: %q, %v", n+1, answer, err)
		}
	}
	if err := srv.Shutdown(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
}

func TestUpto(t *testing.T) {
	for most, want := range map[int]door.Connections{
		100: {Most: 100, Network: 64}, 10_000: {Most: 10_000, Network: 1_250},
	} {
		if got := door.Upto(most); got != want {
			t.Errorf("Upto(%d) = %+v, want %+v", most, got, want)
		}
	}
	if own := door.Upto(0); own.Most < 64 || own.Most > 20_000 || own != door.OfDescriptors() {
		t.Errorf("Upto(0) = %+v", own)
	}
}
