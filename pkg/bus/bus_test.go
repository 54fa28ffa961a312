// SPDX-License-Identifier: Apache-2.0

package bus_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/pkg/fault"
)

func TestEmbedded(t *testing.T) {
	bustest.Contract(t, func(t *testing.T) *bus.Bus {
		t.Helper()
		return bustest.Start(t)
	})
}

// TestOverTCP runs the contract through a socket, as services apart do.
func TestOverTCP(t *testing.T) {
	bustest.Contract(t, func(t *testing.T) *bus.Bus {
		t.Helper()
		s, err := embedded.Start(embedded.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Stop)
		conn, err := nats.Connect(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Close)
		b, err := bus.Open(t.Context(), conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}

func TestTheLogSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	t.Run("before", func(t *testing.T) {
		_, err := bustest.Open(t, dir).Append(t.Context(), bus.Articles, bustest.Message("relais.article.a.fr", "a.fr.1", "x", "kept"), 0)
		if err != nil {
			t.Fatal(err)
		}
	})
	t.Run("after", func(t *testing.T) {
		b := bustest.Open(t, dir)
		m, err := b.Last(t.Context(), bus.Articles, "relais.article.a.fr")
		if err != nil || string(m.Data) != "kept" {
			t.Errorf("last = %q (%v)", m.Data, err)
		}
		if n, err := b.LastSequence(t.Context(), bus.Articles); err != nil || n != 1 {
			t.Errorf("last sequence = %d (%v)", n, err)
		}
	})
}

func TestALogThatIsAwayIsUnavailable(t *testing.T) {
	s, err := embedded.Start(embedded.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	b, err := bus.Open(t.Context(), conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Check(t.Context()); err != nil {
		t.Errorf("check: %v", err)
	}
	s.Stop()
	if err := b.Check(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("check of a stopped log: %v, want Unavailable", err)
	}
	if _, err := b.Last(t.Context(), bus.Articles, "relais.article.a.fr"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("last of a stopped log: %v, want Unavailable", err)
	}
}

// TestChangesEndWhenTheConnectionWasLost: the server may have forgotten who
// watches, so they ask anew at once, and nothing is missed.
func TestChangesEndWhenTheConnectionWasLost(t *testing.T) {
	dir := t.TempDir()
	s, err := embedded.Start(embedded.Config{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(s.URL(), "nats://")
	conn, err := nats.Connect(s.URL(), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	b, err := bus.Open(t.Context(), conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := b.Bucket(t.Context(), bus.Links)
	if err != nil {
		t.Fatal(err)
	}
	standing, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- bucket.Changes(t.Context(), ">", 0, func() { close(standing) }, func(bus.Entry) {}) }()
	<-standing
	s.Stop()
	if s, err = embedded.Start(embedded.Config{Dir: dir, Listen: address}); err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	select {
	case err := <-ended:
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("ended with %v, want Unavailable", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("still watches 10 s after the server was started again")
	}
}

// TestDeclare looks at what becomes of streams that are there: as they are
// declared they are left alone, and what a newer program or an operator set stays.
func TestDeclare(t *testing.T) {
	s, err := embedded.Start(embedded.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	conn, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	var changes []string
	open := func() {
		t.Helper()
		watch, err := conn.SubscribeSync("$JS.EVENT.ADVISORY.STREAM.*.>")
		if err != nil {
			t.Fatal(err)
		}
		b, err := bus.Open(t.Context(), conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.MayPublish(t.Context(), "relais.article.x.fr", "$KV.KEYS.x"); err != nil {
			t.Errorf("a user that may do anything may not publish: %v", err)
		}
		if err := b.MayPublish(t.Context(), "no.stream"); !fault.Is(err, fault.Unavailable) {
			t.Errorf("a subject without a stream: %v", err)
		}
		if last, err := b.LastSequence(t.Context(), bus.Articles); err != nil || last != 0 {
			t.Errorf("trying wrote something: %d %v", last, err)
		}
		changes = nil
		for {
			m, err := watch.NextMsg(100 * time.Millisecond)
			if err != nil {
				break
			}
			changes = append(changes, m.Subject)
		}
		_ = watch.Unsubscribe()
	}
	if open(); len(changes) != len(bus.Declared(1)) {
		t.Errorf("an empty log: %v", changes)
	}
	if open(); len(changes) != 0 {
		t.Errorf("what is declared is declared again: %v", changes)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	change := func(edit func(*jetstream.StreamConfig)) {
		t.Helper()
		s, err := js.Stream(t.Context(), bus.Clicks)
		if err != nil {
			t.Fatal(err)
		}
		cfg := s.CachedInfo().Config
		edit(&cfg)
		if _, err := js.UpdateStream(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
	}
	clicks := func() jetstream.StreamConfig {
		t.Helper()
		s, err := js.Stream(t.Context(), bus.Clicks)
		if err != nil {
			t.Fatal(err)
		}
		return s.CachedInfo().Config
	}
	change(func(c *jetstream.StreamConfig) { c.MaxAge, c.MaxBytes = time.Hour, 1<<30 })
	if open(); clicks().MaxAge == time.Hour || clicks().MaxBytes != 1<<30 {
		t.Errorf("an age of %v and %d bytes: what is declared comes back, what is not stays", clicks().MaxAge, clicks().MaxBytes)
	}
	change(func(c *jetstream.StreamConfig) {
		c.MaxAge, c.Metadata = time.Hour, map[string]string{"relais-declaration": "99"}
	})
	if open(); len(changes) != 0 || clicks().MaxAge != time.Hour {
		t.Errorf("what a newer program declared is taken back: %v", clicks().MaxAge)
	}
}
