// SPDX-License-Identifier: Apache-2.0

package generation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/bleve"
	"github.com/relais-press/relais/services/search/internal/generation"
)

// journal is a log in memory: what generation asks of one.
type journal struct {
	mu      sync.Mutex
	entries []engine.Document
	grown   *sync.Cond

	prepared int // editions
}

func newJournal() *journal {
	j := &journal{}
	j.grown = sync.NewCond(&j.mu)
	return j
}

// publish appends an edition and applies it, as the indexer would.
func (j *journal) publish(t *testing.T, x engine.Engine, d engine.Document) {
	t.Helper()
	j.mu.Lock()
	j.entries = append(j.entries, d)
	position := uint64(len(j.entries))
	j.grown.Broadcast()
	j.mu.Unlock()
	fatal(t, x.Apply(t.Context(), []engine.Document{d}, position))
}

func (j *journal) Replay(ctx context.Context, fn func(d engine.Document, position uint64) error, caughtUp func()) error {
	defer context.AfterFunc(ctx, j.grown.Broadcast)()
	told := false
	for i := 0; ; i++ {
		j.mu.Lock()
		if i == len(j.entries) && !told {
			j.mu.Unlock()
			told = true
			caughtUp()
			j.mu.Lock()
		}
		for i == len(j.entries) && ctx.Err() == nil {
			j.grown.Wait()
		}
		if ctx.Err() != nil {
			j.mu.Unlock()
			return ctx.Err()
		}
		d := j.entries[i]
		j.mu.Unlock()
		if err := fn(d, uint64(i+1)); err != nil {
			return err
		}
	}
}

func (j *journal) Prepare(_ context.Context, documents []engine.Document) error {
	j.prepared += len(documents)
	return nil
}

func (j *journal) Last(context.Context) (uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return uint64(len(j.entries)), nil
}

func doc(id, headline string) engine.Document {
	return engine.Document{
		ID: id, Language: "fr", SourceLanguage: "fr", Version: 1, PubStatus: article.Usable, Headline: headline,
		Published: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func open(t *testing.T, dir string, last uint64) *generation.Index {
	t.Helper()
	store, err := bleve.NewStore(dir, slog.New(slog.DiscardHandler))
	fatal(t, err)
	x, err := generation.Open(t.Context(), store, last, slog.New(slog.DiscardHandler))
	fatal(t, err)
	t.Cleanup(func() { fatal(t, x.Close()) })
	return x
}

func TestRebuildWhilePublishingAndSearching(t *testing.T) {
	j, x := newJournal(), open(t, t.TempDir(), 0)
	for i := range 50 {
		j.publish(t, x, doc(fmt.Sprintf("early-%d", i), fmt.Sprintf("Chronique matinale %d", i)))
	}
	stop := make(chan struct{})
	var busy sync.WaitGroup
	busy.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			res, err := x.Search(context.Background(), engine.Query{Text: "matinale", Limit: 1})
			if err != nil || res.Total != 50 {
				t.Errorf("a search meanwhile found %d (%v), want 50", res.Total, err)
				return
			}
		}
	})
	late := 0
	busy.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				j.publish(t, x, doc(fmt.Sprintf("late-%d", late), "Chronique tardive"))
				late++
			}
		}
	})
	for _, back := range []bool{false, true, false, true} {
		fatal(t, x.Rebuild(t.Context(), j, back))
		if s := x.Status(); s.State != generation.Serves || s.Serving != s.Slot || s.Error != "" || !back && s.Editions < 50 {
			t.Errorf("status is %+v", s)
		}
	}
	close(stop)
	busy.Wait()
	res, err := x.Search(t.Context(), engine.Query{Text: "tardive"})
	fatal(t, err)
	if res.Total != late {
		t.Errorf("%d of %d late articles are found", res.Total, late)
	}
}

func TestRebuildRepairsWhatIsDamaged(t *testing.T) {
	j, x := newJournal(), open(t, t.TempDir(), 0)
	j.publish(t, x, doc("a", "Séance publique"))
	j.entries = append(j.entries, doc("b", "Budget communal")) // the index never got it
	fatal(t, x.Rebuild(t.Context(), j, false))
	if res, err := x.Search(t.Context(), engine.Query{Text: "budget"}); err != nil || res.Total != 1 {
		t.Errorf("found %d (%v)", res.Total, err)
	}
	if at, err := x.Position(t.Context()); err != nil || at != 2 {
		t.Errorf("position is %d (%v), want 2", at, err)
	}
}

func TestServingOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	j := newJournal()
	store, err := bleve.NewStore(dir, slog.New(slog.DiscardHandler))
	fatal(t, err)
	x, err := generation.Open(t.Context(), store, 0, slog.New(slog.DiscardHandler))
	fatal(t, err)
	j.publish(t, x, doc("a", "Séance publique"))
	fatal(t, x.Rebuild(t.Context(), j, false))
	fatal(t, x.Close())
	x = open(t, dir, 1)
	if s := x.Status(); s.Serving != engine.SlotB || s.State != generation.Idle {
		t.Errorf("status is %+v", s)
	}
	if n, err := x.Count(t.Context()); err != nil || n != 1 {
		t.Errorf("holds %d (%v)", n, err)
	}
}

// deaf is a store whose generations lose every second edition.
type deaf struct{ engine.Store }

type deafEngine struct{ engine.Engine }

func (s deaf) Open(ctx context.Context, slot engine.Slot) (engine.Engine, error) {
	e, err := s.Store.Open(ctx, slot)
	if slot == engine.SlotB {
		e = deafEngine{e}
	}
	return e, err
}

func (e deafEngine) Apply(ctx context.Context, documents []engine.Document, position uint64) error {
	return e.Engine.Apply(ctx, slices.DeleteFunc(slices.Clone(documents), func(d engine.Document) bool { return d.ID == "b" }), position)
}

func TestAGenerationThatLacksSomethingNeverServes(t *testing.T) {
	store, err := bleve.NewStore(t.TempDir(), slog.New(slog.DiscardHandler))
	fatal(t, err)
	x, err := generation.Open(t.Context(), deaf{store}, 0, slog.New(slog.DiscardHandler))
	fatal(t, err)
	defer x.Close()
	j := newJournal()
	j.publish(t, x, doc("a", "Séance publique"))
	j.publish(t, x, doc("b", "Budget communal"))
	err = x.Rebuild(t.Context(), j, false)
	if err == nil || !strings.Contains(err.Error(), "holds 1 editions, the log 2") {
		t.Fatalf("rebuild returned %v", err)
	}
	if s := x.Status(); s.State != generation.Failed || s.Serving != engine.SlotA || s.Error == "" {
		t.Errorf("status is %+v", s)
	}
	if res, err := x.Search(t.Context(), engine.Query{Text: "budget"}); err != nil || res.Total != 1 {
		t.Errorf("found %d (%v)", res.Total, err)
	}
	j.publish(t, x, doc("c", "Marché public"))
}

// slow is a store whose first generation calls back when it is closed.
type slow struct {
	engine.Store
	closing func()
}

type slowEngine struct {
	engine.Engine
	closing func()
}

func (s slow) Open(ctx context.Context, slot engine.Slot) (engine.Engine, error) {
	e, err := s.Store.Open(ctx, slot)
	if slot == engine.SlotA {
		e = slowEngine{e, s.closing}
	}
	return e, err
}

func (e slowEngine) Close() error {
	e.closing()
	return e.Engine.Close()
}

func TestAGenerationThatServesGoesOnServing(t *testing.T) {
	store, err := bleve.NewStore(t.TempDir(), slog.New(slog.DiscardHandler))
	fatal(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	x, err := generation.Open(t.Context(), slow{store, cancel}, 0, slog.New(slog.DiscardHandler))
	fatal(t, err)
	defer x.Close()
	j := newJournal()
	j.publish(t, x, doc("a", "Séance publique"))
	if err := x.Rebuild(ctx, j, false); err != nil {
		t.Errorf("rebuild returned %v, though it was canceled after the new generation served", err)
	}
	if res, err := x.Search(t.Context(), engine.Query{Text: "séance"}); err != nil || res.Total != 1 {
		t.Errorf("found %d (%v)", res.Total, err)
	}
}

// unwritten is a store whose generations show a batch and then wait for a disk.
type unwritten struct {
	engine.Store
	shown, written chan struct{}
}

type unwrittenEngine struct {
	engine.Engine
	engine.Seer
	slow unwritten
}

func (s unwritten) Open(ctx context.Context, slot engine.Slot) (engine.Engine, error) {
	e, err := s.Store.Open(ctx, slot)
	if err != nil {
		return nil, err
	}
	return unwrittenEngine{e, e.(engine.Seer), s}, nil
}

func (e unwrittenEngine) Apply(ctx context.Context, documents []engine.Document, position uint64) error {
	err := e.Engine.Apply(ctx, documents, position)
	e.slow.shown <- struct{}{}
	<-e.slow.written
	return err
}

// TestWhatIsShownIsSeenAtOnce: an answer made before must not be taken for one of
// now while a batch that searches show already is on its way to the disk.
func TestWhatIsShownIsSeenAtOnce(t *testing.T) {
	store, err := bleve.NewStore(t.TempDir(), slog.New(slog.DiscardHandler))
	fatal(t, err)
	slow := unwritten{store, make(chan struct{}), make(chan struct{})}
	x, err := generation.Open(t.Context(), slow, 0, slog.New(slog.DiscardHandler))
	fatal(t, err)
	epoch, position := x.Seen()
	var writing sync.WaitGroup
	writing.Go(func() {
		if err := x.Apply(t.Context(), []engine.Document{doc("a", "Séance publique")}, 1); err != nil {
			t.Error(err)
		}
	})
	<-slow.shown
	if res, err := x.Search(t.Context(), engine.Query{Text: "séance"}); err != nil || res.Total != 1 {
		t.Errorf("found %d (%v), want what is not written yet", res.Total, err)
	}
	if e, p := x.Seen(); e == epoch && p == position {
		t.Errorf("epoch %d and position %d are those of before", e, p)
	}
	close(slow.written)
	writing.Wait()
	fatal(t, x.Close())
	if _, p := x.Seen(); p != 0 {
		t.Errorf("a closed index shows position %d", p)
	}
}

func TestGoingBackEmbedsOnlyWhatIsNew(t *testing.T) {
	j, x := newJournal(), open(t, t.TempDir(), 0)
	for i := range 3 {
		j.publish(t, x, doc(fmt.Sprint("a", i), "Séance publique"))
	}
	fatal(t, x.Rebuild(t.Context(), j, false))
	j.publish(t, x, doc("b", "Budget communal"))
	j.prepared = 0
	fatal(t, x.Rebuild(t.Context(), j, true))
	if j.prepared != 1 {
		t.Errorf("%d editions were prepared, want the one that is new", j.prepared)
	}
}

func TestThereMustBeSomethingToGoBackTo(t *testing.T) {
	j, x := newJournal(), open(t, t.TempDir(), 0)
	j.publish(t, x, doc("a", "Séance publique"))
	if err := x.Rebuild(t.Context(), j, true); !fault.Is(err, fault.Conflict) {
		t.Errorf("rebuild returned %v, want a conflict", err)
	}
	if s := x.Status(); s.State != generation.Failed || s.Serving != engine.SlotA {
		t.Errorf("status is %+v", s)
	}
}

func TestRebuildEndsWithItsContext(t *testing.T) {
	j, x := newJournal(), open(t, t.TempDir(), 0)
	j.publish(t, x, doc("a", "Séance publique"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.Rebuild(ctx, j, false); !errors.Is(err, context.Canceled) {
		t.Errorf("rebuild returned %v", err)
	}
	j.publish(t, x, doc("b", "Budget communal"))
}

func TestAnIndexAheadOfTheLogIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	store, err := bleve.NewStore(dir, slog.New(slog.DiscardHandler))
	fatal(t, err)
	x, err := generation.Open(t.Context(), store, 0, slog.New(slog.DiscardHandler))
	fatal(t, err)
	fatal(t, x.Apply(t.Context(), []engine.Document{doc("a", "Séance publique")}, 9))
	fatal(t, x.Close())
	x = open(t, dir, 8)
	if n, err := x.Count(t.Context()); err != nil || n != 0 {
		t.Errorf("holds %d (%v), want none", n, err)
	}
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
