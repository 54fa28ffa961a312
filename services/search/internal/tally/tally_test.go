// SPDX-License-Identifier: Apache-2.0

package tally_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/usage"
	"github.com/relais-press/relais/services/search/internal/tally"
)

// log is a log that can be away, and one whose answers can be lost.
type log struct {
	mu       sync.Mutex
	away     bool
	deaf     bool // stores, and says that it did not
	attempts []string
	stored   []bus.Message
}

func (l *log) Publish(ctx context.Context, m bus.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts = append(l.attempts, m.ID)
	if l.away || ctx.Err() != nil {
		return errors.New("away")
	}
	if !slices.ContainsFunc(l.stored, func(s bus.Message) bool { return s.ID == m.ID }) {
		l.stored = append(l.stored, m)
	}
	if l.deaf {
		return errors.New("no answer")
	}
	return nil
}

func (l *log) set(away, deaf bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away, l.deaf = away, deaf
}

// told is what the log holds: "number: row, row" by batch.
func (l *log) told(t *testing.T) []string {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, m := range l.stored {
		b, err := usage.Decode(m.Data)
		if err != nil || m.ID != b.MessageID() || m.Subject != "relais.searched.main" {
			t.Fatalf("message %s on %s: %s (%v)", m.ID, m.Subject, m.Data, err)
		}
		rows := make([]string, len(b.Searches))
		for i, s := range b.Searches {
			rows[i] = fmt.Sprintf("%s %s/%s %d/%d", s.Day[5:], s.Partner, s.Language, s.Found, s.Asked)
		}
		out = append(out, fmt.Sprintf("%d: %s", b.Number, strings.Join(rows, ", ")))
	}
	return out
}

// desk is a tally at work.
type desk struct {
	*tally.Tally
	t       *testing.T
	log     *log
	lines   *bytes.Buffer
	metrics *prometheus.Registry
	stop    func()
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, log: &log{}, lines: &bytes.Buffer{}, metrics: prometheus.NewRegistry()}
	var err error
	if d.Tally, err = tally.New(d.log, "main", slog.New(slog.NewTextHandler(d.lines, nil)), d.metrics); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := d.Run(ctx); err != nil {
			t.Errorf("ended with %v", err)
		}
	})
	d.stop = func() { cancel(); running.Wait() }
	synctest.Wait()
	return d
}

// pass lets ten seconds go by.
func (d *desk) pass() {
	<-time.After(10 * time.Second)
	synctest.Wait()
}

func (d *desk) want(when string, batches ...string) {
	d.t.Helper()
	if got := d.log.told(d.t); !slices.Equal(got, batches) {
		d.t.Errorf("%s the log holds %q, want %q", when, got, batches)
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestQuestionsAreAddedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t)
		d.pass()
		d.want("when nobody asked")
		d.Add(noon, "revue", "en", false)
		d.Add(noon, "gazette", "fr", true)
		d.Add(noon, "gazette", "", true)
		d.Add(noon, "gazette", "fr", false)
		d.Add(time.Date(2026, 3, 2, 0, 30, 0, 0, time.FixedZone("", 3600)), "gazette", "fr", true) // still the 1st in UTC
		d.Add(noon.Add(12*time.Hour), "gazette", "fr", true)
		d.want("before ten seconds are over")
		d.pass()
		first := "1: 03-01 gazette/ 1/1, 03-01 gazette/fr 2/3, 03-01 revue/en 0/1, 03-02 gazette/fr 1/1"
		d.want("after ten seconds", first)
		d.pass()
		d.want("when nobody asked again", first)
		d.Add(noon, "gazette", "fr", true)
		d.stop()
		d.want("at the end", first, "2: 03-01 gazette/fr 1/1")
	})
}

func TestALogThatIsAwayLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t)
		d.log.set(true, false)
		for range 3 {
			d.Add(noon, "gazette", "fr", true)
			d.pass()
		}
		d.want("while away")
		d.log.set(false, false)
		d.pass()
		d.want("when it is back", "1: 03-01 gazette/fr 1/1", "2: 03-01 gazette/fr 2/2")
		first, _, _ := strings.Cut(d.log.attempts[0], ".")
		if want := []string{first + ".1", first + ".1", first + ".1", first + ".1", first + ".2"}; !slices.Equal(d.log.attempts, want) {
			t.Errorf("attempts %v, want %v", d.log.attempts, want)
		}
		if n := strings.Count(d.lines.String(), "\n"); n != 2 {
			t.Errorf("%d lines for one failure and its end:\n%s", n, d.lines)
		}
		d.log.set(false, true)
		d.Add(noon, "gazette", "fr", false)
		d.pass()
		d.log.set(false, false)
		d.Add(noon, "gazette", "fr", true)
		d.stop()
		d.want("after a lost answer", "1: 03-01 gazette/fr 1/1", "2: 03-01 gazette/fr 2/2", "3: 03-01 gazette/fr 0/1", "4: 03-01 gazette/fr 1/1")
	})
}

func TestALogThatIsAwayAtTheEndIsToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t)
		d.log.set(true, false)
		d.Add(noon, "gazette", "fr", true)
		d.pass()
		d.Add(noon, "gazette", "fr", true)
		d.stop()
		if !strings.Contains(d.lines.String(), "level=ERROR") || !strings.Contains(d.lines.String(), "questions=2") {
			t.Errorf("the end says:\n%s", d.lines)
		}
	})
}

func TestEveryProcessHasANameOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var writers []string
		for range 2 {
			d := open(t)
			d.Add(noon, "gazette", "fr", true)
			d.stop()
			writers = append(writers, strings.TrimSuffix(d.log.attempts[0], ".1"))
		}
		if writers[0] == writers[1] || len(writers[0]) < 20 {
			t.Errorf("writers %v", writers)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t)
		long := strings.Repeat("g", 120)
		d.Add(noon, "gazette", "fr", true)
		for n := range 5000 { // one partner's readers ask in as many languages
			d.Add(noon, "noisy", fmt.Sprintf("fr-variant-%024d", n), true)
		}
		d.Add(noon, "gazette", "fr", true)
		d.Add(noon, "revue", "en", true)
		for n := range 5000 { // and there are as many partners
			d.Add(noon, fmt.Sprint(long, n), "fr", true)
		}
		d.stop()
		if size := len(d.log.stored[0].Data); len(d.log.stored) != 1 || size > 1<<20 {
			t.Fatalf("%d messages, the first of %d bytes", len(d.log.stored), size)
		}
		b, err := usage.Decode(d.log.stored[0].Data)
		if err != nil || len(b.Searches) != 2000 {
			t.Fatalf("%d rows (%v)", len(b.Searches), err)
		}
		sums := map[string]int64{}
		for _, s := range b.Searches {
			sums[s.Partner] += s.Asked
		}
		if sums["noisy"] != 5000 || sums["gazette"] != 2 || sums["revue"] != 1 {
			t.Errorf("noisy asked %d, gazette %d, revue %d", sums["noisy"], sums["gazette"], sums["revue"])
		}
		const want = "# HELP relais_search_uncounted_total Questions left out of the statistic: it had too many rows while the log was away.\n" +
			"# TYPE relais_search_uncounted_total counter\nrelais_search_uncounted_total 4002\n"
		if err := testutil.GatherAndCompare(d.metrics, strings.NewReader(want)); err != nil {
			t.Error(err)
		}
	})
}

func TestManyMayCountAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 1000 {
					d.Add(noon, "gazette", "fr", true)
				}
			})
		}
		group.Wait()
		d.stop()
		d.want("at the end", "1: 03-01 gazette/fr 8000/8000")
	})
}

// BenchmarkAdd is what a question pays.
func BenchmarkAdd(b *testing.B) {
	c, err := tally.New(&log{}, "main", slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Add(noon, "gazette", "fr", true)
		}
	})
}
