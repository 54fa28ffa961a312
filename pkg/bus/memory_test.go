// SPDX-License-Identifier: Apache-2.0

package bus_test

import (
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/embedded"
)

// A server forgets what it keeps in memory when it is started again: whoever was
// connected declares it anew.
func TestBucketsInMemoryComeBack(t *testing.T) {
	dir := t.TempDir()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	server, err := embedded.Start(embedded.Config{Dir: dir, Listen: address})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := nats.Connect("nats://"+address, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	if err != nil {
		server.Stop()
		t.Fatal(err)
	}
	defer conn.Close()
	b, err := bus.Open(t.Context(), conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		server.Stop()
		t.Fatal(err)
	}
	rates, err := b.Bucket(t.Context(), bus.Rates)
	if err == nil {
		_, err = rates.Put(t.Context(), "a", []byte("before"))
	}
	server.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if server, err = embedded.Start(embedded.Config{Dir: dir, Listen: address}); err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	deadline, tick := time.After(time.Minute), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		if _, err = rates.Put(t.Context(), "a", []byte("after")); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("a minute after the server came back: %v", err)
		}
	}
}
