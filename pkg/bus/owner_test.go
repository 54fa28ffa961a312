// SPDX-License-Identifier: Apache-2.0

package bus_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/bus/embedded"
)

// owner is a process that reads under a name.
type owner struct {
	*bus.Bus
	conn  *nats.Conn
	heard chan string
	ended chan error
}

func ownerOf(t *testing.T, url, name string) *owner {
	t.Helper()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	b, err := bus.Open(t.Context(), conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	o := &owner{b, conn, make(chan string, 100), make(chan error, 1)}
	c := bus.Consumer{Name: name, Stream: bus.Articles, Batch: 10, Start: func() (uint64, error) { return 0, nil }}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		o.ended <- b.Consume(ctx, c, func(_ context.Context, batch []bus.Message) error {
			for _, m := range batch {
				o.heard <- string(m.Data)
			}
			return nil
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	return o
}

func (o *owner) hears(t *testing.T, text string) {
	t.Helper()
	select {
	case got := <-o.heard:
		if got != text {
			t.Fatalf("heard %q, want %q", got, text)
		}
	case err := <-o.ended:
		t.Fatalf("ended with %v before it heard %q", err, text)
	case <-time.After(time.Minute):
		t.Fatalf("did not hear %q", text)
	}
}

func (o *owner) endsTaken(t *testing.T) {
	t.Helper()
	select {
	case err := <-o.ended:
		if !errors.Is(err, bus.ErrTaken) {
			t.Fatalf("ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("two read under one name, and neither ends")
	}
}

// TestOneProcessReadsUnderAName has a second process come, the first one die and
// a third take its place.
func TestOneProcessReadsUnderAName(t *testing.T) {
	server, err := embedded.Start(embedded.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	var other *owner
	write := func(n uint64, text string) {
		t.Helper()
		if _, err := other.Append(t.Context(), bus.Articles, bustest.Message("relais.article.a.fr", text, text, text), n); err != nil {
			t.Fatal(err)
		}
	}
	first := ownerOf(t, server.URL(), "index-main")
	other = ownerOf(t, server.URL(), "index-other")
	write(0, "one")
	first.hears(t, "one")

	second := ownerOf(t, server.URL(), "index-main")
	other.hears(t, "one")
	second.endsTaken(t)
	write(1, "two")
	first.hears(t, "two")
	other.hears(t, "two")

	first.conn.Close() // as a killed process: nothing is acknowledged, nobody says goodbye
	begin := time.Now()
	third := ownerOf(t, server.URL(), "index-main")
	for _, text := range []string{"one", "two"} {
		third.hears(t, text)
	}
	t.Logf("in its place after %v", time.Since(begin))
}
