// SPDX-License-Identifier: Apache-2.0

package bustest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
)

// Message returns a message for an edition subject; attempt is its EventHeader.
func Message(subject, msgID, attempt, data string) bus.Message {
	return bus.Message{
		Subject: subject, ID: msgID, Data: []byte(data),
		Header: map[string][]string{bus.EventHeader: {attempt}},
	}
}

// Contract is what services rely on, whatever server the log runs on. open
// returns a connection to an empty log.
func Contract(t *testing.T, open func(t *testing.T) *bus.Bus) {
	t.Run("append is a compare-and-set", func(t *testing.T) { appendCAS(t, open(t)) })
	t.Run("a retried append writes once", func(t *testing.T) { appendRetried(t, open(t)) })
	t.Run("one of many writers wins", func(t *testing.T) { appendRace(t, open(t)) })
	t.Run("append is a compare-and-set over several subjects", func(t *testing.T) { appendScoped(t, open(t)) })
	t.Run("history", func(t *testing.T) { history(t, open(t)) })
	t.Run("what an article has is read at once", func(t *testing.T) { lastOfEach(t, open(t)) })
	t.Run("headers are scanned without their data", func(t *testing.T) { headers(t, open(t)) })
	t.Run("a stretch of a stream is read whole", func(t *testing.T) { scan(t, open(t)) })
	t.Run("what is older than a moment is forgotten", func(t *testing.T) { forget(t, open(t)) })
	t.Run("a schedule fires, never early", func(t *testing.T) { schedule(t, open(t)) })
	t.Run("a consumer sees everything in order and once", func(t *testing.T) { consume(t, open(t)) })
	t.Run("poison is put aside", func(t *testing.T) { poison(t, open(t)) })
	t.Run("a handler that waits is asked again", func(t *testing.T) { suspend(t, open(t)) })
	t.Run("replay gives the newest of each subject, then what is new", func(t *testing.T) { replay(t, open(t)) })
	t.Run("replay gives every version, then what is new", func(t *testing.T) { replayAll(t, open(t)) })
	t.Run("buckets", func(t *testing.T) { bucket(t, open(t)) })
	t.Run("changes of a bucket come without a gap", func(t *testing.T) { changes(t, open(t)) })
	t.Run("consumers that run are known", func(t *testing.T) { running(t, open(t)) })
	t.Run("a list has each key once, also while it is written", func(t *testing.T) { listWhileWritten(t, open(t)) })
	t.Run("stages", func(t *testing.T) { stages(t, open(t)) })
	t.Run("stages are followed", func(t *testing.T) { followStages(t, open(t)) })
}

// Copies is the part of Contract that copies of the log could break.
func Copies(t *testing.T, open func(t *testing.T) *bus.Bus) {
	t.Run("append is a compare-and-set over several subjects", func(t *testing.T) { appendScoped(t, open(t)) })
	t.Run("one of many writers wins", func(t *testing.T) { appendRace(t, open(t)) })
	t.Run("what is older than a moment is forgotten", func(t *testing.T) { forget(t, open(t)) })
	t.Run("a consumer sees everything in order and once", func(t *testing.T) { consume(t, open(t)) })
	t.Run("buckets", func(t *testing.T) { bucket(t, open(t)) })
}

const subject = "relais.article.recap.fr"

func mustAppend(t *testing.T, b *bus.Bus, m bus.Message, expected uint64) uint64 {
	t.Helper()
	seq, err := b.Append(t.Context(), bus.Articles, m, expected)
	if err != nil {
		t.Fatalf("append %s after %d: %v", m.Subject, expected, err)
	}
	return seq
}

func appendCAS(t *testing.T, b *bus.Bus) {
	first := mustAppend(t, b, Message(subject, "recap.fr.1", "a", "one"), 0)
	second := mustAppend(t, b, Message(subject, "recap.fr.2", "b", "two"), first)
	_, err := b.Append(t.Context(), bus.Articles, Message(subject, "recap.fr.2x", "c", "lost"), first)
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("append after a stale sequence: %v, want Conflict", err)
	}
	last, err := b.Last(t.Context(), bus.Articles, subject)
	if err != nil || string(last.Data) != "two" || last.Sequence != second {
		t.Errorf("last = %q at %d (%v), want two at %d", last.Data, last.Sequence, err, second)
	}
	if _, err := b.Last(t.Context(), bus.Articles, "relais.article.none.fr"); !fault.Is(err, fault.NotFound) {
		t.Errorf("last of an empty subject: %v, want NotFound", err)
	}
}

func appendRetried(t *testing.T, b *bus.Bus) {
	m := Message(subject, "recap.fr.1", "same-attempt", "one")
	first := mustAppend(t, b, m, 0)
	if again := mustAppend(t, b, m, 0); again != first {
		t.Errorf("a retry wrote %d after %d", again, first)
	}
	_, err := b.Append(t.Context(), bus.Articles, Message(subject, "recap.fr.1", "other-attempt", "uno"), 0)
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("another writer of the same version: %v, want Conflict", err)
	}
}

func appendRace(t *testing.T, b *bus.Bus) {
	const writers = 16
	var wg sync.WaitGroup
	won := make(chan int, writers)
	for i := range writers {
		wg.Go(func() {
			_, err := b.Append(t.Context(), bus.Articles, Message(subject, "recap.fr.1", fmt.Sprint("attempt-", i), fmt.Sprint(i)), 0)
			switch {
			case err == nil:
				won <- i
			case !fault.Is(err, fault.Conflict):
				t.Errorf("writer %d: %v, want Conflict", i, err)
			}
		})
	}
	wg.Wait()
	close(won)
	winners := 0
	for i := range won {
		winners++
		last, err := b.Last(t.Context(), bus.Articles, subject)
		if err != nil || string(last.Data) != fmt.Sprint(i) {
			t.Errorf("writer %d won, and the log holds %q (%v)", i, last.Data, err)
		}
	}
	if winners != 1 {
		t.Errorf("%d writers won", winners)
	}
}

func history(t *testing.T, b *bus.Bus) {
	seq := uint64(0)
	for v := range 3 {
		seq = mustAppend(t, b, Message(subject, fmt.Sprint("recap.fr.", v), fmt.Sprint(v), fmt.Sprint("v", v)), seq)
		mustAppend(t, b, Message(fmt.Sprintf("relais.article.other-%d.fr", v), fmt.Sprint("other", v), "x", "x"), 0)
	}
	messages, err := b.History(t.Context(), bus.Articles, subject)
	if err != nil || len(messages) != 3 || string(messages[0].Data) != "v0" || string(messages[2].Data) != "v2" {
		t.Errorf("history = %d messages (%v)", len(messages), err)
	}
	subjects, err := b.Subjects(t.Context(), bus.Articles, "relais.article.recap.*")
	if err != nil || len(subjects) != 1 || subjects[0] != subject {
		t.Errorf("subjects = %v (%v)", subjects, err)
	}
}

// run consumes in the background until stop is called, which waits for the end.
func run(t *testing.T, b *bus.Bus, c bus.Consumer, handle func(context.Context, []bus.Message) error) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Consume(ctx, c, handle) }()
	return func() {
		t.Helper()
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("consumer ended: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("consumer did not end within 10 s")
		}
	}
}

func receive[T any](t *testing.T, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(20 * time.Second):
		t.Fatalf("waited 20 s for %s", what)
		panic("unreachable")
	}
}

func consume(t *testing.T, b *bus.Bus) {
	c := bus.Consumer{Name: "contract", Stream: bus.Articles, Batch: 10}
	got := make(chan uint64, 200)
	handle := func(_ context.Context, batch []bus.Message) error {
		for _, m := range batch {
			got <- m.Sequence
		}
		return nil
	}
	stop := run(t, b, c, handle)
	for i := range 100 {
		if i == 50 {
			stop()
			stop = run(t, b, c, handle)
		}
		mustAppend(t, b, Message(fmt.Sprintf("relais.article.a%d.fr", i), fmt.Sprint(i), "x", "x"), 0)
	}
	for want := uint64(1); want <= 100; want++ {
		if seq := receive(t, fmt.Sprint("message ", want), got); seq != want {
			t.Fatalf("got sequence %d, want %d", seq, want)
		}
	}
	stop()
	// A consumer that keeps its own position starts after it, whatever the server remembers.
	c.Start = func() (uint64, error) { return 97, nil }
	stop = run(t, b, c, handle)
	if seq := receive(t, "the first message after the given position", got); seq != 98 {
		t.Errorf("started at %d, want 98", seq)
	}
	stop()
}

func poison(t *testing.T, b *bus.Bus) {
	good := make(chan string, 10)
	stop := run(t, b, bus.Consumer{Name: "contract", Stream: bus.Articles, Batch: 10}, func(_ context.Context, batch []bus.Message) error {
		for _, m := range batch {
			if string(m.Data) == "poison" {
				return fault.New(fault.Malformed, "cannot be read")
			}
		}
		for _, m := range batch {
			good <- string(m.Data)
		}
		return nil
	})
	defer stop()
	for i, data := range []string{"one", "poison", "two"} {
		mustAppend(t, b, Message(fmt.Sprintf("relais.article.a%d.fr", i), fmt.Sprint(i), "x", data), 0)
	}
	seen := map[string]bool{}
	for range 2 {
		seen[receive(t, "the messages beside the poison", good)] = true
	}
	if !seen["one"] || !seen["two"] {
		t.Errorf("seen %v", seen)
	}
	dead := make(chan bus.Message, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go b.Replay(ctx, bus.DeadLetters, bus.DeadLetterSubject+"*", func(m bus.Message) { dead <- m }, func() {}) //nolint:errcheck // ends with the test
	m := receive(t, "the dead letter", dead)
	if string(m.Data) != "poison" || m.Header[bus.HeaderSequence][0] != "2" || m.Header[bus.HeaderReason][0] == "" {
		t.Errorf("dead letter %q with header %v", m.Data, m.Header)
	}
}

func suspend(t *testing.T, b *bus.Bus) {
	calls := make(chan int, 100)
	n := 0
	stop := run(t, b, bus.Consumer{Name: "contract", Stream: bus.Articles, Batch: 10}, func(context.Context, []bus.Message) error {
		n++
		calls <- n
		if n < 4 {
			return fault.New(fault.Unavailable, "the index is away")
		}
		return nil
	})
	mustAppend(t, b, Message(subject, "recap.fr.1", "x", "x"), 0)
	for want := 1; want <= 4; want++ {
		receive(t, fmt.Sprint("call ", want), calls)
	}
	stop()
}

func replay(t *testing.T, b *bus.Bus) {
	seq := mustAppend(t, b, Message(subject, "recap.fr.1", "a", "v1"), 0)
	mustAppend(t, b, Message(subject, "recap.fr.2", "b", "v2"), seq)
	mustAppend(t, b, Message("relais.article.other.fr", "other.fr.1", "c", "other"), 0)
	got, caughtUp := make(chan string, 10), make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- b.Replay(ctx, bus.Articles, "relais.article.>", func(m bus.Message) { got <- string(m.Data) }, func() { caughtUp <- struct{}{} })
	}()
	receive(t, "the end of the replay", caughtUp)
	if a, o := receive(t, "v2", got), receive(t, "other", got); a != "v2" || o != "other" {
		t.Errorf("replayed %q, %q", a, o)
	}
	mustAppend(t, b, Message("relais.article.third.fr", "third.fr.1", "d", "third"), 0)
	if m := receive(t, "the new message", got); m != "third" {
		t.Errorf("then %q", m)
	}
	cancel()
	if err := receive(t, "the end", ended); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func replayAll(t *testing.T, b *bus.Bus) {
	first := mustAppend(t, b, Message(subject, "recap.fr.1", "a", "v1"), 0)
	second := mustAppend(t, b, Message(subject, "recap.fr.2", "b", "v2"), first)
	got, caughtUp := make(chan string, 10), make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	follow := func(from uint64) {
		ended <- b.ReplayAll(ctx, bus.Articles, "relais.article.>", from, func(m bus.Message) { got <- string(m.Data) }, func() { caughtUp <- struct{}{} })
	}
	go follow(0)
	receive(t, "the end of the replay", caughtUp)
	if one, two := receive(t, "v1", got), receive(t, "v2", got); one != "v1" || two != "v2" {
		t.Errorf("replayed %q, %q", one, two)
	}
	third := mustAppend(t, b, Message(subject, "recap.fr.3", "c", "v3"), second)
	if m := receive(t, "the new message", got); m != "v3" {
		t.Errorf("then %q", m)
	}
	cancel()
	if err := receive(t, "the end", ended); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	go follow(third + 1)
	receive(t, "the end of a replay of nothing", caughtUp)
	mustAppend(t, b, Message(subject, "recap.fr.4", "d", "v4"), third)
	if m := receive(t, "what came after it", got); m != "v4" {
		t.Errorf("after the last: %q", m)
	}
	cancel()
	if err := receive(t, "the end", ended); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func bucket(t *testing.T, b *bus.Bus) {
	ctx := t.Context()
	k, err := b.Bucket(ctx, bus.Keys)
	if err != nil {
		t.Fatal(err)
	}
	rev, err := k.Create(ctx, "a", []byte("1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Create(ctx, "a", []byte("2")); !fault.Is(err, fault.Conflict) {
		t.Errorf("create twice: %v", err)
	}
	if _, err := k.Update(ctx, "a", []byte("2"), rev+7); !fault.Is(err, fault.Conflict) {
		t.Errorf("update of another revision: %v", err)
	}
	if _, err := k.Update(ctx, "a", []byte("2"), rev); err != nil {
		t.Errorf("update: %v", err)
	}
	if e, err := k.Get(ctx, "a"); err != nil || string(e.Value) != "2" {
		t.Errorf("get = %q (%v)", e.Value, err)
	}
	if _, err := k.Put(ctx, "b", []byte("3")); err != nil {
		t.Errorf("put: %v", err)
	}
	if err := k.Delete(ctx, "a"); err != nil {
		t.Errorf("delete: %v", err)
	}
	if _, err := k.Get(ctx, "a"); !fault.Is(err, fault.NotFound) {
		t.Errorf("get after delete: %v", err)
	}
	if list, err := k.List(ctx, ">"); err != nil || len(list) != 1 || list[0].Key != "b" {
		t.Errorf("list = %v (%v)", list, err)
	}
	if _, err := k.Create(ctx, "a", []byte("4")); err != nil {
		t.Errorf("create after delete: %v", err)
	}
}

func stages(t *testing.T, b *bus.Bus) {
	board, err := b.Stages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	reached := make(chan error, 1)
	go func() { reached <- board.Await(t.Context(), bus.StageSearchable, "recap", "fr", 2, nil) }()
	for v := 1; v <= 2; v++ {
		if err := board.Tell(t.Context(), bus.StageSearchable, "main", "recap", "fr", v); err != nil {
			t.Fatal(err)
		}
	}
	if err := receive(t, "the stage", reached); err != nil {
		t.Errorf("await: %v", err)
	}
	told, err := board.Of(t.Context(), "recap", "fr")
	if err != nil || len(told) != 1 || told[0].Version != 2 || told[0].Stage != bus.StageSearchable {
		t.Errorf("of = %v (%v)", told, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := board.Await(ctx, bus.StageSearchable, "recap", "fr", 3, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("await of a version to come: %v", err)
	}
	both := make(chan error, 1)
	go func() {
		both <- board.Await(t.Context(), bus.StageSearchable, "recap", "fr", 2, []string{"main", "second"})
	}()
	select {
	case err := <-both:
		t.Errorf("await of two instances returned with one: %v", err)
	case <-time.After(50 * time.Millisecond): // long enough to be wrong
	}
	if err := board.Tell(t.Context(), bus.StageSearchable, "second", "recap", "fr", 2); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, "the second instance", both); err != nil {
		t.Errorf("await of two instances: %v", err)
	}
}

func followStages(t *testing.T, b *bus.Bus) {
	board, err := b.Stages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tell := func(stage, language string, version int) {
		t.Helper()
		if err := board.Tell(t.Context(), stage, "main", "recap", language, version); err != nil {
			t.Fatal(err)
		}
	}
	tell(bus.StageSearchable, "fr", 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got, ended := make(chan []bus.Stage, 10), make(chan error, 1)
	go func() { ended <- board.Follow(ctx, "recap", "fr", func(told []bus.Stage) { got <- told }) }()
	want := func(what string, versions ...int) {
		t.Helper()
		told := receive(t, what, got)
		if len(told) != len(versions) {
			t.Fatalf("%s: %+v, want versions %v", what, told, versions)
		}
		for i, v := range versions {
			if told[i].Version != v {
				t.Errorf("%s: %+v, want versions %v", what, told, versions)
			}
		}
	}
	want("what was told before", 1)
	tell(bus.StageLinked, "en", 7) // another edition's: not handed over
	tell(bus.StageLinked, "fr", 1)
	want("a new stage", 1, 1)
	tell(bus.StageSearchable, "fr", 2)
	want("a new version", 1, 2)
	cancel()
	if err := receive(t, "the end", ended); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}
