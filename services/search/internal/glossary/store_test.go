// SPDX-License-Identifier: Apache-2.0

package glossary_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/search/internal/glossary"
)

func start(t *testing.T, b *bus.Bus) *glossary.Store {
	t.Helper()
	s, err := glossary.NewStore(t.Context(), b, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return s
}

// await waits until a store rewords a word so.
func await(t *testing.T, s *glossary.Store, what, text string, want ...string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !slices.Equal(show(s.Expand(text, "en", []string{"fr"})), want) {
		if time.Now().After(deadline) {
			t.Fatalf("waited 20 s for %s", what)
		}
		<-tick.C
	}
}

func TestEveryInstanceFollowsTheGlossary(t *testing.T) {
	b := bustest.Start(t)
	one, other := start(t, b), start(t, b)
	await(t, one, "the starter", "lawyer", "fr avocat")
	_, starterTag := one.Current()

	d := &glossary.Document{Concepts: []glossary.Concept{words("boulanger", "baker")}}
	any := func(string) bool { return true }
	body, tag, err := one.Put(t.Context(), d, func(present string) bool { return present == starterTag })
	if err != nil {
		t.Fatal(err)
	}
	if got, gotTag := one.Current(); string(got) != string(body) || gotTag != tag {
		t.Error("a glossary is not in force where it was written")
	}
	await(t, other, "the glossary elsewhere", "baker", "fr boulanger")
	await(t, other, "the starter to go", "lawyer")

	if _, _, err := other.Put(t.Context(), small(), func(present string) bool { return present == starterTag }); !fault.Is(err, fault.PreconditionFailed) {
		t.Errorf("a write over one not read: %v", err)
	}
	if _, again, err := other.Put(t.Context(), d, any); err != nil || again != tag {
		t.Errorf("the same again: %v", err)
	}
	await(t, start(t, b), "the glossary after a start", "baker", "fr boulanger")

	kv, err := b.Bucket(t.Context(), bus.Glossary)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := kv.Get(t.Context(), "glossary"); err != nil || e.Revision != 1 {
		t.Errorf("revision %d (%v): the same again was written", e.Revision, err)
	}
	if _, err := kv.Put(t.Context(), "glossary", []byte("{")); err != nil {
		t.Fatal(err)
	}
	if err := kv.Delete(t.Context(), "glossary"); err != nil {
		t.Fatal(err)
	}
	await(t, one, "the starter to come back", "lawyer", "fr avocat")
	if _, _, err := one.Put(t.Context(), d, any); err != nil {
		t.Errorf("a write after a deletion: %v", err)
	}
}
