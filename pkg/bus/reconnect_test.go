// SPDX-License-Identifier: Apache-2.0

package bus_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/bus/embedded"
)

// soon is far less than the 20 s and more after which a client finds out by
// itself that a server which was started again has forgotten its readers.
const soon = 8 * time.Second

// TestReadersNoticeThatTheLogWasStartedAgain takes the log away under those who
// read from it: each is told at once, or goes on by itself.
func TestReadersNoticeThatTheLogWasStartedAgain(t *testing.T) {
	cfg := embedded.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0"}
	server, err := embedded.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Listen = server.URL()[len("nats://"):]
	conn, err := nats.Connect(server.URL(), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.SyncQueueLen(bus.Waiting))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	b, err := bus.Open(t.Context(), conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	glossary, err := b.Bucket(t.Context(), bus.Glossary)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	heard := make(chan [2]string, 100) // who, what
	var readers sync.WaitGroup
	names := 0
	again := func(name string, read func(hear func(string), standing func()) error) {
		names++
		stands := make(chan struct{}, 100)
		readers.Go(func() {
			for ctx.Err() == nil {
				_ = read(func(text string) { heard <- [2]string{name, text} }, func() { stands <- struct{}{} }) // again until ctx ends
			}
		})
		select {
		case <-stands:
		case <-time.After(soon):
			t.Fatalf("%s does not stand", name)
		}
	}
	defer func() {
		cancel()
		readers.Wait()
		server.Stop()
	}()
	again("Follow", func(hear func(string), standing func()) error {
		return glossary.Follow(ctx, ">", func(e bus.Entry) { hear(string(e.Value)) }, standing)
	})
	again("Changes", func(hear func(string), standing func()) error {
		return glossary.Changes(ctx, ">", 0, standing, func(e bus.Entry) { hear(string(e.Value)) })
	})
	again("Replay", func(hear func(string), standing func()) error {
		return b.Replay(ctx, bus.Articles, "relais.article.*.*", func(m bus.Message) { hear(string(m.Data)) }, standing)
	})
	again("ReplayAll", func(hear func(string), standing func()) error {
		return b.ReplayAll(ctx, bus.Articles, "relais.article.*.*", 0, func(m bus.Message) { hear(string(m.Data)) }, standing)
	})
	again("Consume", func(hear func(string), standing func()) error {
		standing()
		return b.Consume(ctx, bus.Consumer{Name: "c", Stream: bus.Articles, Batch: 10}, func(_ context.Context, batch []bus.Message) error {
			for _, m := range batch {
				hear(string(m.Data))
			}
			return nil
		})
	})
	write := func(n uint64, text string) {
		t.Helper()
		if _, err := b.Append(t.Context(), bus.Articles, bustest.Message("relais.article.a.fr", text, text, text), n); err != nil {
			t.Fatal(err)
		}
		if _, err := glossary.Put(t.Context(), "k", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	hears := func(text string) {
		t.Helper()
		begin, deadline, found := time.Now(), time.After(soon), map[string]bool{}
		for len(found) < names {
			select {
			case got := <-heard:
				if got[1] == text && !found[got[0]] {
					found[got[0]] = true
					t.Logf("%s hears %q after %v", got[0], text, time.Since(begin))
				}
			case <-deadline:
				t.Fatalf("%q is heard by %v alone within %v", text, found, soon)
			}
		}
	}
	write(0, "before")
	hears("before")
	server.Stop()
	if server, err = embedded.Start(cfg); err != nil {
		t.Fatal(err)
	}
	for deadline := time.After(soon); !conn.IsConnected(); {
		select {
		case <-deadline:
			t.Fatal("no connection again")
		case <-time.After(10 * time.Millisecond):
		}
	}
	write(1, "after")
	hears("after")
}
