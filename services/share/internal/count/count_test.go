// SPDX-License-Identifier: Apache-2.0

package count

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/share/internal/click"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func opened(tb testing.TB, log Log) *Counts {
	tb.Helper()
	return reopened(tb, log, tb.TempDir())
}

func reopened(tb testing.TB, log Log, dir string) *Counts {
	tb.Helper()
	c, err := Open(log, dir, "main", slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		tb.Fatal(err)
	}
	c.rest = 100 * time.Millisecond
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// tape is a log in memory.
type tape struct {
	Log
	messages []bus.Message // numbered from 1
}

func (l *tape) Scan(_ context.Context, _ string, from, to uint64, fn func(bus.Message) error) error {
	for _, m := range l.messages {
		if m.Sequence >= from && m.Sequence <= to {
			if err := fn(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// write adds a message that the log took at a moment.
func (l *tape) write(tb testing.TB, at string, v any) {
	tb.Helper()
	moment, err := time.Parse(time.DateTime, at)
	if err != nil {
		tb.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	l.messages = append(l.messages, bus.Message{Sequence: uint64(len(l.messages) + 1), Time: moment, Data: data})
}

// clicked is a click of a visitor on a day, at 08:00.
func clicked(code, day, visitor string) click.Click {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return click.Click{
		Code: code, Article: "recap", Language: "fr", Wanted: "en", Partner: "gazette", Channel: "mail",
		Class: click.Human, Hour: at.Add(8 * time.Hour), Visitor: visitor,
	}
}

func batch(writer string, number uint64, clicks ...click.Click) click.Batch {
	return click.Batch{Writer: writer, Number: number, Clicks: clicks}
}

// feed hands messages over; what is malformed is passed over.
func feed(tb testing.TB, c *Counts, messages ...bus.Message) {
	tb.Helper()
	for _, m := range messages {
		if err := c.handle(tb.Context(), []bus.Message{m}); err != nil && !fault.Is(err, fault.Malformed) {
			tb.Fatal(err)
		}
	}
	c.arrived.Do(func() { close(c.ready) })
}

// arrived says whether the counts have reached what the log had at the start.
func arrived(c *Counts) func() bool {
	return func() bool {
		select {
		case <-c.ready:
			return true
		default:
			return false
		}
	}
}

// numbers are the clicks of people, and the visitors.
func numbers(tb testing.TB, c *Counts) string {
	tb.Helper()
	a, err := c.Query(tb.Context(), Query{})
	if err != nil {
		tb.Fatal(err)
	}
	return fmt.Sprintf("%d clicks, %d visitors", a.Total[click.Human], a.Uniques)
}

func TestWhatCounts(t *testing.T) {
	type written struct {
		at string
		v  any
	}
	a, b := clicked("A", "2026-11-27", "v1"), clicked("A", "2026-11-27", "v2")
	robot := clicked("A", "2026-11-27", "v3")
	robot.Class = click.Bot
	for _, tc := range []struct {
		name string
		log  []written
		want string
	}{
		{"each click, and each visitor once", []written{{"2026-11-27 08:00:00", batch("w", 1, a, b, a)}}, "3 clicks, 2 visitors"},
		{"the next day a visitor is another one", []written{
			{"2026-11-27 08:00:00", batch("w", 1, a)}, {"2026-11-28 08:00:00", batch("w", 2, clicked("A", "2026-11-28", "v1"))},
		}, "2 clicks, 2 visitors"},
		{"programs are no visitors", []written{{"2026-11-27 08:00:00", batch("w", 1, robot, a)}}, "1 clicks, 1 visitors"},
		{"clicks nobody can be told by", []written{{"2026-11-27 08:00:00", batch("w", 1, clicked("A", "2026-11-27", ""))}}, "1 clicks, 0 visitors"},
		{"a batch that comes twice, hours apart", []written{
			{"2026-11-27 08:00:00", batch("w", 1, a)}, {"2026-11-27 08:01:00", batch("w", 2, b)}, {"2026-11-27 19:00:00", batch("w", 1, a)},
		}, "2 clicks, 2 visitors"},
		{"the same number of another writer", []written{
			{"2026-11-27 08:00:00", batch("w", 1, a)}, {"2026-11-27 08:00:00", batch("x", 1, b)},
		}, "2 clicks, 2 visitors"},
		{"batches out of order", []written{
			{"2026-11-27 08:00:00", batch("w", 3, a)}, {"2026-11-27 08:00:00", batch("w", 1, a)}, {"2026-11-27 08:00:00", batch("w", 2, a)}, {"2026-11-27 08:00:00", batch("w", 3, a)},
		}, "3 clicks, 1 visitors"},
		{"a list from before batches had numbers", []written{{"2026-11-27 08:00:00", []click.Click{a, b}}}, "2 clicks, 2 visitors"},
		{"what cannot be read is left out", []written{{"2026-11-27 08:00:00", "poison"}, {"2026-11-27 08:00:00", batch("w", 1, a)}}, "1 clicks, 1 visitors"},
		{"three days late, visitors are still known", []written{
			{"2026-11-27 08:00:00", batch("w", 1, a)}, {"2026-11-30 08:00:00", batch("w", 2, a, b)},
		}, "3 clicks, 2 visitors"},
		{"later than that, clicks count and visitors do not", []written{
			{"2026-11-27 08:00:00", batch("w", 1, a)}, {"2026-12-01 00:00:00", batch("w", 2, a, b)},
		}, "3 clicks, 1 visitors"},
		{"a writer that rested for 60 days is known", []written{
			{"2026-11-27 08:00:00", batch("w", 1, a)}, {"2027-01-26 08:00:00", batch("w", 1, a)},
		}, "1 clicks, 1 visitors"},
		{"after 61 it is forgotten", []written{
			{"2026-11-27 08:00:00", batch("w", 1, a)}, {"2027-01-27 08:00:00", batch("w", 1, a)},
		}, "2 clicks, 1 visitors"},
		{"the log's clock never goes back", []written{
			{"2026-12-01 00:00:00", batch("w", 1)}, {"2026-11-27 08:00:00", batch("w", 2, a)},
		}, "1 clicks, 0 visitors"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := &tape{}
			for _, w := range tc.log {
				l.write(t, w.at, w.v)
			}
			at := filepath.Join(t.TempDir(), "often")
			once, often := opened(t, l), reopened(t, l, at)
			feed(t, once, l.messages...)
			for _, m := range l.messages { // every message twice, and the file opened anew after each
				feed(t, often, m, m)
				if err := often.flush(); err != nil {
					t.Fatal(err)
				}
				if err := often.Close(); err != nil {
					t.Fatal(err)
				}
				often = reopened(t, l, at)
				often.arrived.Do(func() { close(often.ready) })
			}
			if got := numbers(t, once); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
			if got := numbers(t, often); got != tc.want {
				t.Errorf("opened anew after each message: %s, want %s", got, tc.want)
			}
			if r, err := once.recountOf(t, l); err != nil || r.Difference != 0 {
				t.Errorf("recount %+v (%v)", r, err)
			}
		})
	}
}

// recountOf compares with a log in memory.
func (c *Counts) recountOf(t *testing.T, l *tape) (Report, error) {
	c.log = extended{l}
	return c.Recount(t.Context(), func(uint64, uint64) {})
}

type extended struct{ *tape }

func (l extended) Extent(context.Context, string) (bus.Extent, error) {
	n := len(l.messages)
	if n == 0 {
		return bus.Extent{First: 1}, nil
	}
	return bus.Extent{First: l.messages[0].Sequence, Last: l.messages[n-1].Sequence, Since: l.messages[0].Time}, nil
}

func TestAKillLosesNothingAndCountsNothingTwice(t *testing.T) {
	l := &tape{}
	for i := range 40 {
		day := fmt.Sprintf("2026-11-%02d", 1+i/2)
		l.write(t, day+" 12:00:00", batch("w", uint64(1+i%30), clicked("A", day, fmt.Sprint("v", i%3)), clicked("B", day, fmt.Sprint("v", i%5))))
	}
	whole := opened(t, l)
	feed(t, whole, l.messages...)
	want := numbers(t, whole)

	dir := t.TempDir()
	c := reopened(t, l, dir)
	for i, m := range l.messages {
		feed(t, c, m)
		if i%3 == 0 {
			if err := c.flush(); err != nil {
				t.Fatal(err)
			}
		}
		// What a kill would leave here: the file as it is.
		left := t.TempDir()
		copyFile(t, filepath.Join(dir, "counts-main.bolt"), filepath.Join(left, "counts-main.bolt"))
		again := reopened(t, l, left)
		feed(t, again, l.messages[again.Applied():]...)
		if got := numbers(t, again); got != want {
			t.Fatalf("killed after %d messages: %s, want %s", i+1, got, want)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestMessagesThatALostConnectionKept(t *testing.T) {
	l := &tape{}
	for i := range 5 {
		l.write(t, "2026-11-27 08:00:00", batch("w", uint64(i+1), clicked("A", "2026-11-27", "v")))
	}
	c := opened(t, l)
	feed(t, c, l.messages[0], l.messages[4], l.messages[2], l.messages[1])
	if got := numbers(t, c); got != "5 clicks, 1 visitors" || c.Applied() != 5 {
		t.Errorf("%s, up to %d", got, c.Applied())
	}
}

// runs runs counts on a log; the function returned ends it.
func runs(t *testing.T, c *Counts) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := c.Run(ctx); err != nil {
			t.Errorf("counts ended with %v", err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return stop
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

func publish(t *testing.T, b *bus.Bus, v any) {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Publish(t.Context(), bus.Message{Subject: bus.ClickSubject + "0", Data: data}); err != nil {
		t.Fatal(err)
	}
}

func TestALife(t *testing.T) {
	b, dir := bustest.Start(t), t.TempDir()
	today := string(DayOf(time.Now()))
	c := reopened(t, b, dir)
	if _, err := c.Query(t.Context(), Query{}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("asked before it has read the log: %v", err)
	}
	publish(t, b, batch("w", 1, clicked("A", today, "v")))
	publish(t, b, "poison")
	stop := runs(t, c)
	await(t, "the log to be read", func() bool { return c.Applied() == 2 })
	if got := numbers(t, c); got != "1 clicks, 1 visitors" {
		t.Error(got)
	}
	publish(t, b, batch("w", 2, clicked("A", today, "v")))
	await(t, "what is new, though nobody asks, on disk", func() bool {
		c.book.mu.Lock()
		defer c.book.mu.Unlock()
		return c.book.Position == 3 && !c.book.dirty
	})
	await(t, "poison to be put aside", func() bool {
		dead, err := b.Extent(t.Context(), bus.DeadLetters)
		return err == nil && dead.Last == 1
	})
	publish(t, b, batch("w", 3, clicked("A", today, "v")))
	await(t, "the last", func() bool { return c.Applied() == 4 })
	stop()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if c = reopened(t, b, dir); c.Applied() != 4 {
		t.Errorf("at %d after an orderly end", c.Applied())
	}
	stop = runs(t, c)
	await(t, "to be ready", arrived(c))
	if got := numbers(t, c); got != "3 clicks, 1 visitors" {
		t.Errorf("opened again: %s", got)
	}
	stop()

	fresh := opened(t, b) // as when the file was deleted
	defer runs(t, fresh)()
	await(t, "the log to be read again", arrived(fresh))
	if got := numbers(t, fresh); got != "3 clicks, 1 visitors" {
		t.Errorf("filled anew: %s", got)
	}
}

func TestCountsOfAnotherLogAreGivenUp(t *testing.T) {
	for name, messages := range map[string]int{"a shorter one": 1, "a longer one": 3, "an empty one": 0} {
		t.Run(name, func(t *testing.T) {
			l := &tape{}
			l.write(t, "2026-11-27 08:00:00", batch("w", 1, clicked("A", "2026-11-27", "v")))
			l.write(t, "2026-11-27 08:00:00", batch("w", 2, clicked("A", "2026-11-27", "v")))
			dir := t.TempDir()
			c := reopened(t, l, dir)
			feed(t, c, l.messages...)
			if got := numbers(t, c); got != "2 clicks, 1 visitors" {
				t.Fatal(got)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			b := bustest.Start(t)
			for n := range messages {
				publish(t, b, batch("x", uint64(n+1), clicked("B", "2026-11-27", "")))
			}
			c = reopened(t, b, dir)
			defer runs(t, c)()
			await(t, "the other log to be read", arrived(c))
			if got, want := numbers(t, c), fmt.Sprintf("%d clicks, 0 visitors", messages); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

func TestAFileThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "counts-main.bolt")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(dir, scratchPrefix+"main-1.bolt")
	if err := os.WriteFile(stale, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := reopened(t, &tape{}, dir)
	if c.Applied() != 0 {
		t.Errorf("at %d", c.Applied())
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("what a killed recount left is there: %v", err)
	}
	begun := time.Now()
	_, err := Open(&tape{}, dir, "main", slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err == nil || !strings.Contains(err.Error(), "another process has it open") || time.Since(begun) > 4*time.Second {
		t.Errorf("opened twice: %v after %v", err, time.Since(begun))
	}
	if _, err := Open(&tape{}, dir, "other", slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err != nil {
		t.Errorf("another instance: %v", err)
	}
}

func TestWhatIsOldIsForgotten(t *testing.T) {
	b := bustest.Start(t)
	publish(t, b, batch("w", 1, clicked("A", "2020-01-01", ""), clicked("A", string(DayOf(time.Now())), "")))
	c := opened(t, b)
	defer runs(t, c)()
	await(t, "the log to be read", func() bool { return c.Applied() == 1 })
	if got := numbers(t, c); got != "2 clicks, 0 visitors" {
		t.Fatal(got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	kept := make(chan error)
	go func() { kept <- c.Keep(ctx, 25*30*24*time.Hour) }()
	await(t, "the old one to go", func() bool { return numbers(t, c) == "1 clicks, 0 visitors" })
	cancel()
	if err := <-kept; err != nil {
		t.Error(err)
	}
	if err := c.keep(t.Context(), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if e, err := b.Extent(t.Context(), bus.Clicks); err != nil || e.First != 2 {
		t.Errorf("the log holds %+v (%v)", e, err)
	}
	if r, err := c.Recount(t.Context(), func(uint64, uint64) {}); err != nil || r.Difference != 0 || r.Cells != 0 {
		t.Errorf("a log that has forgotten all is compared: %+v (%v)", r, err)
	}
}
