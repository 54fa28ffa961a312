// SPDX-License-Identifier: Apache-2.0

package count

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.etcd.io/bbolt"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/fault"
)

// spoil changes the file behind the counts' back.
func spoil(t *testing.T, c *Counts, change func(tx *bbolt.Tx) error) {
	t.Helper()
	if err := c.flush(); err != nil {
		t.Fatal(err)
	}
	if err := c.book.db.Update(change); err != nil {
		t.Fatal(err)
	}
}

func TestARecountFindsWhatIsWrong(t *testing.T) {
	day := []byte("2026-11-26")
	for _, tc := range []struct {
		name       string
		spoil      func(tx *bbolt.Tx) error
		difference int64
	}{
		{"nothing", func(*bbolt.Tx) error { return nil }, 0},
		{"a cell that is too large", func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(days.name)).Bucket(day)
			key, _ := b.Cursor().First()
			return b.Put(key, (&tally{[classes]int64{11}, 9}).encode())
		}, 1 + 8},
		{"a cell that is gone", func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(days.name)).Bucket(day)
			key, _ := b.Cursor().First()
			return b.Delete(key)
		}, 10 + 1},
		{"a cell too many", func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte(days.name)).Bucket(day).Put([]byte("\xff"), (&tally{[classes]int64{3}, 0}).encode())
		}, 3},
		{"a day that is gone", func(tx *bbolt.Tx) error { return tx.Bucket([]byte(links.name)).DeleteBucket(day) }, 10 + 1},
		{"a day too many", func(tx *bbolt.Tx) error {
			b, err := tx.Bucket([]byte(links.name)).CreateBucket([]byte("2027-01-01"))
			return errors.Join(err, b.Put([]byte("k"), (&tally{[classes]int64{2}, 2}).encode()))
		}, 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := &tape{}
			for n, day := range []string{"2026-11-25", "2026-11-26", "2026-11-27"} {
				for i := range 10 {
					l.write(t, day+" 10:00:00", batch("w", uint64(10*n+i+1), clicked("A", day, "v")))
				}
				l.write(t, day+" 10:00:00", "poison")
			}
			c := opened(t, l)
			feed(t, c, l.messages...)
			spoil(t, c, tc.spoil)
			r, err := c.recountOf(t, l)
			if err != nil || r.Difference != tc.difference || r.Through != 33 || r.Clicks != 30 || (tc.difference == 0 && r.Counted != 30) {
				t.Errorf("%+v (%v), want a difference of %d", r, err, tc.difference)
			}
			if got := testutil.ToFloat64(c.difference); got != float64(tc.difference) {
				t.Errorf("the metric says %g", got)
			}
			if left, err := filepath.Glob(filepath.Join(c.dir, scratchPrefix+"*")); err != nil || len(left) != 0 {
				t.Errorf("left behind: %v (%v)", left, err)
			}
		})
	}
}

func TestARecountComparesTheDaysThatTheLogHasWhole(t *testing.T) {
	l := &tape{}
	for i := range 6 {
		day := fmt.Sprintf("2026-11-%d", 20+i)
		l.write(t, day+" 10:00:00", batch("w", uint64(2*i+1), clicked("A", day, "v")))
		l.write(t, day+" 20:00:00", batch("w", uint64(2*i+2), clicked("A", day, "v")))
	}
	c := opened(t, l)
	feed(t, c, l.messages...)
	l.messages = l.messages[3:] // from the 21st at 20:00
	if r, err := c.recountOf(t, l); err != nil || r.Difference != 0 || r.Since != "2026-11-23" || r.Clicks != 6 || r.Counted != 6 {
		t.Errorf("%+v (%v)", r, err)
	}
	if err := c.Forget(t.Context(), "2026-11-24"); err != nil {
		t.Fatal(err)
	}
	if r, err := c.recountOf(t, l); err != nil || r.Difference != 0 || r.Since != "2026-11-24" || r.Clicks != 4 {
		t.Errorf("after the counts have forgotten, too: %+v (%v)", r, err)
	}
}

func TestARecountWhileClicksCome(t *testing.T) {
	b := bustest.Start(t)
	c := opened(t, b)
	defer runs(t, c)()
	today := string(DayOf(time.Now()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 2000 {
			publish(t, b, batch("w", uint64(i+1), clicked(fmt.Sprint(i%50), today, fmt.Sprint(i%70))))
		}
	}()
	var reports int
	for running := true; running; reports++ {
		select {
		case <-done:
			running = false
		default:
		}
		var read, of uint64
		r, err := c.Recount(t.Context(), func(n, m uint64) { read, of = n, m })
		if err != nil || r.Difference != 0 || r.Clicks != r.Counted || read != of {
			t.Fatalf("%+v, read %d of %d (%v)", r, read, of, err)
		}
	}
	await(t, "all of it", func() bool { return c.Applied() == 2000 })
	if r, err := c.Recount(t.Context(), func(uint64, uint64) {}); err != nil || r.Clicks != 2000 || r.Difference != 0 {
		t.Errorf("%+v (%v)", r, err)
	}
	if reports < 2 {
		t.Errorf("%d recounts", reports)
	}
}

func TestOneRecountAtATime(t *testing.T) {
	release, finish := make(chan struct{}), make(chan error)
	r := &Recounts{log: slog.New(slog.DiscardHandler), start: make(chan struct{}, 1), recount: func(_ context.Context, progress func(read, of uint64)) (Report, error) {
		progress(7, 9)
		<-release
		err := <-finish
		return Report{Through: 9, Clicks: 4, Counted: 3, Difference: 2, Since: "2026-11-27"}, err
	}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	for _, tc := range []struct {
		err  error
		want State
	}{{nil, Done}, {errors.New("disk full"), Failed}} {
		first, err := r.Start()
		if err != nil || first.State != Running || first.ID == "" {
			t.Fatalf("%+v (%v)", first, err)
		}
		if _, err := r.Start(); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second one: %v", err)
		}
		release <- struct{}{}
		if got, err := r.Get(first.ID); err != nil || got.Read != 7 || got.Of != 9 || got.EndedAt != nil {
			t.Errorf("under way: %+v (%v)", got, err)
		}
		finish <- tc.err
		await(t, "its end", func() bool { got, _ := r.Get(first.ID); return got.EndedAt != nil })
		if got, err := r.Get(first.ID); err != nil || got.State != tc.want || got.Difference != 2 || (got.Error != "") != (tc.err != nil) {
			t.Errorf("ended: %+v (%v)", got, err)
		}
	}
	if _, err := r.Get("other"); !fault.Is(err, fault.NotFound) {
		t.Errorf("another one: %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestANightIsNeverFar(t *testing.T) {
	for at, want := range map[string]time.Duration{"2026-11-27 02:59:00": time.Minute, "2026-11-27 03:00:00": 24 * time.Hour, "2026-12-31 23:00:00": 4 * time.Hour} {
		now, err := time.Parse(time.DateTime, at)
		if got := untilNight(now); err != nil || got != want {
			t.Errorf("at %s in %v", at, got)
		}
	}
	if got := whole(bus.Extent{First: 8, Last: 7}); got < "9999" {
		t.Errorf("an empty log has days from %s on", got)
	}
}
