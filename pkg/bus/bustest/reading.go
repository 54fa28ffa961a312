// SPDX-License-Identifier: Apache-2.0

package bustest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
)

func lastOfEach(t *testing.T, b *bus.Bus) {
	if got, err := b.LastOfEach(t.Context(), bus.Articles, "relais.article.recap.*"); err != nil || len(got) != 0 {
		t.Errorf("of an empty log: %v (%v), want none", got, err)
	}
	seq := mustAppend(t, b, Message(subject, "recap.fr.1", "a", "un"), 0)
	mustAppend(t, b, Message("relais.article.recap.en", "recap.en.1", "b", "one"), 0)
	mustAppend(t, b, Message("relais.article.recap-2.fr", "recap-2.fr.1", "c", "other"), 0)
	mustAppend(t, b, Message(subject, "recap.fr.2", "d", "deux"), seq)
	got, err := b.LastOfEach(t.Context(), bus.Articles, "relais.article.recap.*")
	if err != nil || len(got) != 2 || string(got[0].Data) != "one" || string(got[1].Data) != "deux" || got[1].Subject != subject || got[1].Sequence != 4 {
		t.Errorf("last of each = %v (%v)", got, err)
	}
	// A batch that does not come is not an empty one.
	late, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	if got, err := b.LastOfEach(late, bus.Articles, "relais.article.recap.*"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("last of each, too late = %v (%v), want Unavailable", got, err)
	}
	if got, err := b.History(late, bus.Articles, subject); !fault.Is(err, fault.Unavailable) {
		t.Errorf("history, too late = %v (%v), want Unavailable", got, err)
	}
}

func headers(t *testing.T, b *bus.Bus) {
	for n := range 5 {
		at := fmt.Sprintf("relais.article.a-%d.fr", n%2)
		last, err := b.LastOfEach(t.Context(), bus.Articles, at)
		if err != nil {
			t.Fatal(err)
		}
		expected := uint64(0)
		if len(last) > 0 {
			expected = last[0].Sequence
		}
		mustAppend(t, b, Message(at, fmt.Sprint("m", n), fmt.Sprint("attempt-", n), strings.Repeat("x", 1000)), expected)
	}
	for _, tc := range []struct {
		filter   string
		from, to uint64
		want     string
	}{
		{"relais.article.*.*", 0, 9, "attempt-0 attempt-1 attempt-2 attempt-3 attempt-4"},
		{"relais.article.*.*", 2, 3, "attempt-1 attempt-2"},
		{"relais.article.a-1.*", 1, 4, "attempt-1 attempt-3"},
		{"relais.article.a-1.*", 5, 9, ""},
		{"relais.article.none.*", 1, 9, ""},
	} {
		var got []string
		err := b.Headers(t.Context(), bus.Articles, tc.filter, tc.from, tc.to, func(m bus.Message) {
			if len(m.Data) != 0 {
				t.Errorf("%d bytes of data", len(m.Data))
			}
			got = append(got, m.Header[bus.EventHeader][0])
		})
		if err != nil || strings.Join(got, " ") != tc.want {
			t.Errorf("headers of %s from %d to %d = %v (%v), want %s", tc.filter, tc.from, tc.to, got, err, tc.want)
		}
	}
}

// clicks writes messages to CLICKS, one subject after another.
func clicks(t *testing.T, b *bus.Bus, data ...string) {
	t.Helper()
	for i, d := range data {
		if err := b.Publish(t.Context(), bus.Message{Subject: bus.ClickSubject + strconv.Itoa(i%3), Data: []byte(d)}); err != nil {
			t.Fatal(err)
		}
	}
}

// scanned is the data of the messages from one sequence to another.
func scanned(t *testing.T, b *bus.Bus, from, to uint64) string {
	t.Helper()
	var got []string
	err := b.Scan(t.Context(), bus.Clicks, from, to, func(m bus.Message) error {
		got = append(got, string(m.Data))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(got, " ")
}

func scan(t *testing.T, b *bus.Bus) {
	if got := scanned(t, b, 1, 9); got != "" {
		t.Errorf("of an empty stream: %s", got)
	}
	clicks(t, b, "a", "b", "c", "d", "e")
	for _, tc := range []struct {
		from, to uint64
		want     string
	}{{0, 9, "a b c d e"}, {2, 3, "b c"}, {5, 5, "e"}, {6, 9, ""}, {3, 2, ""}} {
		if got := scanned(t, b, tc.from, tc.to); got != tc.want {
			t.Errorf("from %d to %d: %q, want %q", tc.from, tc.to, got, tc.want)
		}
	}
	stop := errors.New("stop")
	n := 0
	err := b.Scan(t.Context(), bus.Clicks, 1, 9, func(bus.Message) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("after an error: %d messages, %v", n, err)
	}
}

func forget(t *testing.T, b *bus.Bus) {
	extent := func() bus.Extent {
		e, err := b.Extent(t.Context(), bus.Clicks)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	drop := func(before time.Time) {
		if err := b.Forget(t.Context(), bus.Clicks, before); err != nil {
			t.Fatal(err)
		}
	}
	drop(time.Now())
	if e := extent(); e != (bus.Extent{First: 1}) {
		t.Errorf("an empty stream: %+v", e)
	}
	clicks(t, b, "a", "b", "c")
	var third time.Time
	if err := b.Scan(t.Context(), bus.Clicks, 3, 3, func(m bus.Message) error { third = m.Time; return nil }); err != nil {
		t.Fatal(err)
	}
	drop(extent().Since)
	if e := extent(); e.First != 1 || e.Last != 3 {
		t.Errorf("nothing is older than the first: %+v", e)
	}
	drop(third)
	if e := extent(); e.First != 3 || e.Last != 3 || !e.Since.Equal(third) || scanned(t, b, 1, 9) != "c" {
		t.Errorf("older than the third: %+v", e)
	}
	drop(time.Now().Add(time.Second))
	if e := extent(); e != (bus.Extent{First: 4, Last: 3}) {
		t.Errorf("all is older: %+v", e)
	}
	clicks(t, b, "d")
	if e := extent(); e.First != 4 || e.Last != 4 {
		t.Errorf("sequences do not go on: %+v", e)
	}
}

func schedule(t *testing.T, b *bus.Bus) {
	due := make(chan bus.Message, 10)
	defer run(t, b, bus.Consumer{Name: "releases", Stream: bus.Releases, Filter: bus.ReleaseDueSubject + ">", Batch: 10},
		func(_ context.Context, batch []bus.Message) error {
			for _, m := range batch {
				due <- m
			}
			return nil
		})()
	at := time.Now().Add(1100 * time.Millisecond)
	for _, s := range []struct {
		data string
		at   time.Time
	}{{"replaced", at.Add(time.Hour)}, {"fired", at}} {
		m := bus.Message{Subject: bus.ReleaseAtSubject + "recap.fr.released", Data: []byte(s.data)}
		if err := b.Schedule(t.Context(), m, bus.ReleaseDueSubject+"recap.fr.released", s.at); err != nil {
			t.Fatal(err)
		}
	}
	m := receive(t, "the schedule to fire", due)
	if early := time.Until(at); early > 0 {
		t.Errorf("fired %v early", early)
	}
	if string(m.Data) != "fired" || m.Subject != bus.ReleaseDueSubject+"recap.fr.released" {
		t.Errorf("fired %s on %s", m.Data, m.Subject)
	}
	if left, err := b.Subjects(t.Context(), bus.Releases, bus.ReleaseAtSubject+">"); err != nil || len(left) != 0 {
		t.Errorf("schedules left: %v (%v)", left, err)
	}
}

func running(t *testing.T, b *bus.Bus) {
	list := func() string {
		names, err := b.Running(t.Context(), bus.Articles, bus.IndexConsumer)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	if got := list(); got != "" {
		t.Errorf("running before any: %s", got)
	}
	handle := func(context.Context, []bus.Message) error { return nil }
	first := run(t, b, bus.Consumer{Name: bus.IndexConsumer + "a", Stream: bus.Articles, Batch: 10}, handle)
	second := run(t, b, bus.Consumer{Name: bus.IndexConsumer + "b", Stream: bus.Articles, Batch: 10}, handle)
	defer run(t, b, bus.Consumer{Name: "other", Stream: bus.Articles, Batch: 10}, handle)()
	defer first()
	until(t, "both run", func() bool { return list() == "a b" })
	second()
	until(t, "one has ended", func() bool { return list() == "a" })
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(40 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func listWhileWritten(t *testing.T, b *bus.Bus) {
	bucket, err := b.Bucket(t.Context(), bus.Keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b", "c"} {
		if _, err := bucket.Put(t.Context(), key, []byte("0")); err != nil {
			t.Fatal(err)
		}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				if _, err := bucket.Put(t.Context(), "b", []byte(strconv.Itoa(n))); err != nil {
					t.Errorf("put: %v", err)
					return
				}
			}
		}
	}()
	defer func() { close(stop); <-stopped }()
	for range 200 {
		list, err := bucket.List(t.Context(), ">")
		if err != nil || len(list) != 3 {
			t.Fatalf("a list of three keys has %d (%v): %v", len(list), err, list)
		}
	}
}

func appendScoped(t *testing.T, b *bus.Bus) {
	write := func(lang, attempt string, expected uint64) (uint64, error) {
		m := Message("relais.article.recap."+lang, "recap."+lang+attempt, attempt, lang)
		m.Scope = "relais.article.recap.*"
		return b.Append(t.Context(), bus.Articles, m, expected)
	}
	mustAppend(t, b, Message("relais.article.other.fr", "other.fr.1", "o", "x"), 0)
	first, err := write("fr", "a", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := write("en", "b", 0); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second language as if it were the first: %v, want Conflict", err)
	}
	second, err := write("en", "c", first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := write("fr", "d", first); !fault.Is(err, fault.Conflict) {
		t.Errorf("after another language was written: %v, want Conflict", err)
	}
	mustAppend(t, b, Message("relais.article.other-2.fr", "other-2.fr.1", "p", "x"), 0)
	if _, err := write("fr", "e", second); err != nil {
		t.Errorf("after another article was written: %v", err)
	}
}

func changes(t *testing.T, b *bus.Bus) {
	bucket, err := b.Bucket(t.Context(), bus.Links)
	if err != nil {
		t.Fatal(err)
	}
	put := func(key, value string) uint64 {
		t.Helper()
		revision, err := bucket.Put(t.Context(), key, []byte(value))
		if err != nil {
			t.Fatal(err)
		}
		return revision
	}
	if last, err := bucket.LastRevision(t.Context()); err != nil || last != 0 {
		t.Errorf("last revision of an empty bucket: %d (%v)", last, err)
	}
	put("link.a", "1")
	seen := put("link.b", "1")
	if last, err := bucket.LastRevision(t.Context()); err != nil || last != seen {
		t.Errorf("last revision: %d (%v), want %d", last, err, seen)
	}
	// What is written while nobody listens comes when somebody does again.
	for round := range 3 {
		put("link.a", fmt.Sprint("missed ", round))
		put("other.a", "not asked for")
		ctx, cancel := context.WithCancel(t.Context())
		got, standing, ended := make(chan bus.Entry, 10), make(chan struct{}), make(chan error, 1)
		go func() {
			ended <- bucket.Changes(ctx, "link.>", seen, func() { close(standing) }, func(e bus.Entry) { got <- e })
		}()
		receive(t, "the watcher to stand", standing)
		put("link.b", fmt.Sprint("live ", round))
		for _, want := range []string{"link.a missed ", "link.b live "} {
			e := receive(t, want, got)
			if text := e.Key + " " + string(e.Value); text != want+strconv.Itoa(round) || e.Revision <= seen {
				t.Errorf("round %d: %q at %d, want %q above %d", round, text, e.Revision, want, seen)
			}
			seen = e.Revision
		}
		if err := bucket.Delete(t.Context(), "link.b"); err != nil {
			t.Fatal(err)
		}
		if e := receive(t, "the deletion", got); e.Key != "link.b" || e.Value != nil {
			t.Errorf("deletion: %+v", e)
		} else {
			seen = e.Revision
		}
		cancel()
		if err := receive(t, "the end", ended); !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	}
}
