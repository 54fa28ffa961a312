// SPDX-License-Identifier: Apache-2.0

package demand

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/usage"
)

func TestSearchesAreAddedUpOnce(t *testing.T) {
	b := bustest.Start(t)
	tell := func(id string, batch usage.Batch) {
		t.Helper()
		data, err := batch.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Publish(t.Context(), bus.Message{Subject: bus.SearchedSubject + "main", ID: id, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	search := func(day, partner string, asked, found int64) usage.Searches {
		return usage.Searches{Day: day, Partner: partner, Language: "fr", Asked: asked, Found: found}
	}
	first := usage.Batch{Writer: "w", Number: 1, Searches: []usage.Searches{search("2026-11-01", "gazette", 10, 8), search("2026-11-02", "revue", 5, 0)}}
	tell("1", first)
	tell("again", first) // after the log's memory of ids
	if err := b.Publish(t.Context(), bus.Message{Subject: bus.SearchedSubject + "main", ID: "poison", Data: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second start reads the same
		table := New(b, "main")
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = table.Run(ctx) })
		await(t, "the table to be read", table.CaughtUp)
		for _, tc := range []struct {
			from, to, partner string
			want              Sum
		}{
			{"2026-11-01", "2026-11-30", "", Sum{15, 8}},
			{"2026-11-01", "2026-11-01", "", Sum{10, 8}},
			{"2026-11-01", "2026-11-30", "revue", Sum{5, 0}},
			{"2026-10-01", "2026-10-31", "", Sum{}},
		} {
			if got := table.Between(tc.from, tc.to, tc.partner); got != tc.want {
				t.Errorf("%s to %s of %q: %+v, want %+v", tc.from, tc.to, tc.partner, got, tc.want)
			}
		}
		cancel()
		running.Wait()
	}
}

func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited 20 s for %s", what)
		}
		<-tick.C
	}
}
