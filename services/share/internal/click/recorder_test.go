// SPDX-License-Identifier: Apache-2.0

package click

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/relais-press/relais/pkg/bus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// journal is a log that can be made slow or taken away.
type journal struct {
	mu       sync.Mutex
	away     bool
	slow     chan struct{} // not nil: an answer waits for it
	deaf     bool          // the message is stored, and the answer lost
	messages []bus.Message
}

func (j *journal) Publish(ctx context.Context, m bus.Message) error {
	j.mu.Lock()
	away, slow, deaf := j.away, j.slow, j.deaf
	if !away && slow == nil {
		j.messages = append(j.messages, m)
	}
	j.mu.Unlock()
	switch {
	case away:
		return errors.New("away")
	case slow != nil:
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-slow:
		}
	case deaf:
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (j *journal) set(change func(*journal)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(j)
}

// clicks counts what the log holds, each batch once.
func (j *journal) clicks(t *testing.T) map[string]int {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	seen, out := map[string]bool{}, map[string]int{}
	for _, m := range j.messages {
		for line := range bytes.SplitSeq(bytes.TrimSpace(m.Data), []byte("\n")) {
			var b Batch
			if err := json.Unmarshal(line, &b); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			id := fmt.Sprint(b.Writer, b.Number)
			if !seen[id] {
				for _, c := range b.Clicks {
					out[c.Code]++
				}
			}
			seen[id] = true
		}
	}
	return out
}

func run(t *testing.T, j *journal, path string) (*Recorder, func()) {
	t.Helper()
	r, err := NewRecorder(j, path, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = r.Run(ctx) })
	stop := sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return r, stop
}

func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited 20 s for %s", what)
		}
		<-tick.C
	}
}

func visit(r *Recorder, code string, n int) {
	var all sync.WaitGroup
	for range n {
		all.Go(func() { r.Record(Click{Code: code, Class: Human}) })
	}
	all.Wait()
}

func TestAClickIsKeptBeforeRecordReturns(t *testing.T) {
	j := &journal{}
	r, _ := run(t, j, filepath.Join(t.TempDir(), "spool"))
	for n := 1; n <= 100; n++ {
		r.Record(Click{Code: "one by one", Class: Human})
		if empty := r.spool.Size() == 0; empty && j.clicks(t)["one by one"] < n {
			t.Fatalf("after %d clicks the log has %d and the spool none", n, j.clicks(t)["one by one"])
		}
	}
	visit(r, "at once", 1000)
	await(t, "all in the log", func() bool { return j.clicks(t)["at once"] == 1000 && r.spool.Size() == 0 })
	j.set(func(j *journal) {
		if n := len(j.messages); n >= 1000 {
			t.Errorf("%d messages for 1100 clicks: they are not batched", n)
		}
	})
}

func TestWithoutALogClicksGoToTheSpoolAndLater(t *testing.T) {
	for name, fault := range map[string]func(*journal){
		"away":        func(j *journal) { j.away = true },
		"slow":        func(j *journal) { j.slow = make(chan struct{}) },
		"answer lost": func(j *journal) { j.deaf = true },
	} {
		t.Run(name, func(t *testing.T) {
			j := &journal{}
			r, _ := run(t, j, filepath.Join(t.TempDir(), "spool"))
			j.set(fault)
			visit(r, "a", 300)
			if r.spool.Size() == 0 {
				t.Error("nothing was spooled")
			}
			j.set(func(j *journal) { j.away, j.slow, j.deaf = false, nil, false })
			await(t, "the spool to be empty", func() bool { return r.spool.Size() == 0 })
			visit(r, "b", 10)
			await(t, "all to be in the log", func() bool { got := j.clicks(t); return got["a"] == 300 && got["b"] == 10 })
			await(t, "the recorder to go back to the log", func() bool { return !r.spooling.Load() })
		})
	}
}

func TestAKilledProcessLeavesItsSpool(t *testing.T) {
	path, j := filepath.Join(t.TempDir(), "spool"), &journal{away: true}
	r, stop := run(t, j, path)
	visit(r, "a", 50)
	stop()
	r.Record(Click{Code: "late", Class: Human}) // after the end: to the spool
	// The last record was not written to its end.
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte{0, 0, 1, 0, 1, 2, 3, 4, '{'}); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}

	j.set(func(j *journal) { j.away = false })
	r, _ = run(t, j, path)
	await(t, "the spool to be empty", func() bool { return r.spool.Size() == 0 })
	if got := j.clicks(t); got["a"] != 50 || got["late"] != 1 {
		t.Errorf("clicks %v, want a: 50, late: 1", got)
	}
}

func TestTheSpoolKeepsTheOrderAndForgetsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool")
	s, err := OpenSpool(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, make([]byte, maxRecord+1)} {
		if err := s.Append(bad); err == nil {
			t.Errorf("a record of %d bytes was taken", len(bad))
		}
	}
	add := func(words ...string) {
		t.Helper()
		for _, word := range words {
			if err := s.Append([]byte(word)); err != nil {
				t.Fatal(err)
			}
		}
	}
	seal := func(want bool) {
		t.Helper()
		empty := false
		if got, err := s.Seal(func() { empty = true }); got != want || empty == want || err != nil {
			t.Fatalf("sealed %v, empty %v, %v", got, empty, err)
		}
	}
	seal(false)
	large := strings.Repeat("x", chunkSize)
	add("a", large, "b", "c")
	seal(true)
	add("d") // while the others are handed over
	stop := errors.New("stop")
	var got []string
	take := func(end string) func([]byte) error {
		return func(lines []byte) error {
			words := strings.Fields(strings.ReplaceAll(string(lines), large, "LARGE"))
			if slices.Contains(words, end) {
				return stop
			}
			got = append(got, words...)
			return nil
		}
	}
	if _, err := s.Each(t.Context(), take("c")); !errors.Is(err, stop) || strings.Join(got, "") != "aLARGE" {
		t.Errorf("got %v, %v", got, err)
	}
	if err := s.Close(); err != nil { // a kill
		t.Fatal(err)
	}
	if s, err = OpenSpool(path); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got = nil
	seal(true)
	if _, err := s.Each(t.Context(), take("")); err != nil || strings.Join(got, "") != "aLARGEbc" {
		t.Errorf("after a kill got %v, %v", got, err)
	}
	seal(true)
	if _, err := s.Each(t.Context(), take("")); err != nil || strings.Join(got, "") != "aLARGEbcd" || s.Size() != 0 {
		t.Errorf("got %v, %v, size %d", got, err, s.Size())
	}
	seal(false)
}

// FuzzOpenSpool opens whatever a disk may hold.
func FuzzOpenSpool(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 1, 0xC1, 0xD0, 0x43, 0x30, 'a', 0, 0})
	f.Add([]byte{0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "spool")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenSpool(path)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Append([]byte("last")); err != nil {
			t.Fatal(err)
		}
		if some, err := s.Seal(func() {}); !some || err != nil {
			t.Fatalf("sealed %v, %v", some, err)
		}
		var got []byte
		if _, err := s.Each(t.Context(), func(lines []byte) error { got = append(got, lines...); return nil }); err != nil || !bytes.HasSuffix(got, []byte("last\n")) {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	r, err := NewRecorder(&journal{}, filepath.Join(b.TempDir(), "spool"), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = r.Run(ctx) })
	defer func() { cancel(); running.Wait() }()
	b.SetParallelism(16)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.Record(Click{Code: "ABCDEFGH", Article: "blockchain-et-collectivites", Language: "fr", Class: Human, Hour: time.Unix(0, 0), Visitor: "AAAAAAAAAAA"})
		}
	})
}
