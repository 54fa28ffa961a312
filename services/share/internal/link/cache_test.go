// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relais-press/relais/pkg/fault"
)

func TestACacheIsBoundedAndKeepsWhatIsAskedFor(t *testing.T) {
	c := newCache[int](64 * 20)
	held := func() (n int) {
		for i := range c.shards {
			n += len(c.shards[i].values.young) + len(c.shards[i].values.old)
		}
		return n
	}
	for i := range 100_000 {
		c.put(fmt.Sprint("key-", i), i, uint64(i+1))
		if v, found, _ := c.get("key-0"); !found || v != 0 {
			t.Fatalf("what is asked for all the time was forgotten after %d others", i)
		}
	}
	if n := held(); n > 64*20 || n < 64*10 {
		t.Errorf("holds %d values, want %d at most", n, 64*20)
	}
	for i := range 100_000 {
		c.miss(fmt.Sprint("none-", i))
	}
	absent := 0
	for i := range c.shards {
		absent += len(c.shards[i].absent.young) + len(c.shards[i].absent.old)
	}
	if absent > maxAbsent {
		t.Errorf("holds %d missing keys, want %d at most", absent, maxAbsent)
	}
}

func TestNoRevisionIsReplacedByAnOlderOne(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(c *cache[string])
		want string // empty: not held
	}{
		{"a newer one is told", func(c *cache[string]) { c.put("k", "old", 1); c.refresh("k", "new", 2) }, "new"},
		{"an older one is told", func(c *cache[string]) { c.put("k", "new", 2); c.refresh("k", "old", 1) }, "new"},
		{"an older one was read", func(c *cache[string]) { c.put("k", "new", 2); c.put("k", "old", 1) }, "new"},
		{"what nobody asked for is told", func(c *cache[string]) { c.refresh("k", "new", 2) }, ""},
		{"an older one was read than was told", func(c *cache[string]) { c.refresh("k", "new", 2); c.put("k", "old", 1) }, ""},
		{"what was told was read", func(c *cache[string]) { c.refresh("k", "new", 2); c.put("k", "new", 2) }, "new"},
		{"it was missing and is told", func(c *cache[string]) { c.miss("k"); c.refresh("k", "new", 2) }, "new"},
		{"it was missing and was made", func(c *cache[string]) { c.miss("k"); c.put("k", "new", 2) }, "new"},
		{"it was told and removed", func(c *cache[string]) { c.put("k", "old", 1); c.drop("k") }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCache[string](1000)
			tc.do(c)
			if v, found, absent := c.get("k"); v != tc.want || found != (tc.want != "") || absent {
				t.Errorf("get = %q, %v, %v, want %q", v, found, absent, tc.want)
			}
		})
	}
}

func TestWhatIsMissingIsAskedForAgainLater(t *testing.T) {
	c := newCache[string](1000)
	now := time.Now()
	c.now = func() time.Time { return now }
	if !c.miss("k") {
		t.Fatal("a key that is not there was not noted")
	}
	if _, _, absent := c.get("k"); !absent {
		t.Error("not known to be missing")
	}
	now = now.Add(absentFor)
	if _, _, absent := c.get("k"); absent {
		t.Errorf("still missing after %v", absentFor)
	}
	c.refresh("made", "v", 1)
	c.expect("expected")
	c.put("held", "v", 1)
	for _, key := range []string{"made", "expected", "held"} {
		if _, _, absent := c.get(key); c.miss(key) || absent {
			t.Errorf("%s is hidden", key)
		}
	}
}

func TestOneReadingServesAllWhoWait(t *testing.T) {
	c := newCache[string](1000)
	var reads atomic.Int32
	begun, proceed := make(chan struct{}), make(chan struct{})
	read := func(ctx context.Context, _ string) (string, uint64, error) {
		if reads.Add(1) == 1 {
			close(begun)
		}
		<-proceed
		return "v", 1, ctx.Err()
	}
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if v, err := c.through(t.Context(), "k", 10*time.Second, read); v != "v" || err != nil {
				t.Errorf("%q, %v", v, err)
			}
		})
	}
	<-begun
	close(proceed)
	group.Wait()
	if n := reads.Load(); n != 1 { // who came after the reading ended found its result
		t.Errorf("%d readings", n)
	}
}

func TestNobodyWaitsLongerThanTheyLike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache[string](1000)
		slow := func(context.Context, string) (string, uint64, error) {
			<-time.After(800 * time.Millisecond)
			return "v", 1, nil
		}
		from := time.Now()
		if _, err := c.through(t.Context(), "k", visitWait, slow); !fault.Is(err, fault.Unavailable) || time.Since(from) != visitWait {
			t.Errorf("a visitor waited %v for %v", time.Since(from), err)
		}
		if v, err := c.through(t.Context(), "k", callWait, slow); v != "v" || err != nil || time.Since(from) != 800*time.Millisecond {
			t.Errorf("the reading went on without: %q, %v after %v", v, err, time.Since(from))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.through(ctx, "other", callWait, slow); !fault.Is(err, fault.Unavailable) {
			t.Errorf("who went away: %v", err)
		}
		if v, err := c.through(t.Context(), "other", callWait, slow); v != "v" || err != nil {
			t.Errorf("who waited with them: %q, %v", v, err)
		}
	})
}

func TestAReplicaThatLagsIsReadAgain(t *testing.T) {
	missing := fault.New(fault.NotFound, "not found")
	type answer struct {
		v        string
		revision uint64
		err      error
	}
	for _, tc := range []struct {
		name    string
		told    uint64
		answers []answer // the last one again and again
		want    answer
	}{
		{"the older value first", 5, []answer{{"old", 3, nil}, {"new", 5, nil}}, answer{v: "new"}},
		{"nothing first", 5, []answer{{err: missing}, {err: missing}, {"new", 5, nil}}, answer{v: "new"}},
		{"nothing was told", 0, []answer{{err: missing}}, answer{err: missing}},
		{"it never catches up", 5, []answer{{"old", 3, nil}}, answer{err: fault.New(fault.Unavailable, "")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCache[string](1000)
				if tc.told > 0 {
					c.refresh("k", "told", tc.told)
				}
				read := func(context.Context, string) (string, uint64, error) {
					a := tc.answers[0]
					if len(tc.answers) > 1 {
						tc.answers = tc.answers[1:]
					}
					return a.v, a.revision, a.err
				}
				v, err := c.through(t.Context(), "k", time.Second, read)
				if fault.KindOf(err) != fault.KindOf(tc.want.err) || (err == nil && v != tc.want.v) || errors.Is(err, nil) != (tc.want.err == nil) {
					t.Errorf("%q, %v, want %+v", v, err, tc.want)
				}
			})
		})
	}
}

// TestMemoryOfALink measures links as they are: articles of their own names, a few
// partners and campaigns, codes that share nothing.
func TestMemoryOfALink(t *testing.T) {
	const links = 200_000
	c := newCache[packed](links)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	at := time.Now()
	for i := range links {
		l := Link{
			Article: fmt.Sprintf("recap-blockchain-et-collectivites-territoriales-%d", i/4), Language: []string{"", "fr", "en"}[i%3],
			Partner: fmt.Sprintf("partner-%d", i%40), Channel: []string{"mail", "qr", "linkedin", "widget"}[i%4],
			Campaign: fmt.Sprintf("campaign-%d", i%100), CreatedBy: "k", Created: at, Expires: &at,
		}
		c.put(fmt.Sprintf("%08X", i), pack(&l), uint64(i+1))
	}
	held := 0
	for i := range c.shards {
		held += len(c.shards[i].values.young) + len(c.shards[i].values.old)
	}
	perLink := float64(heap()-before) / float64(held)
	t.Logf("%.0f bytes a link, %d held", perLink, held)
	if perLink > 600 {
		t.Errorf("%.0f bytes a link, want 600 at most", perLink)
	}
	runtime.KeepAlive(c)
}

func TestALinkSurvivesItsPacking(t *testing.T) {
	at := time.Date(9999, 12, 31, 23, 59, 59, int(250*time.Millisecond), time.UTC)
	for _, want := range []Link{
		{Code: "c", Article: "recap", Created: at.AddDate(-8000, 0, 0)},
		{
			Code: "c", Article: "recap", Language: "fr", Partner: "p", Channel: "mail", Campaign: "été", CreatedBy: "k",
			Created: at, Expires: &at, Disabled: true, Deleted: true, Default: true,
		},
	} {
		p := pack(&want)
		got := p.link("c")
		if (got.Expires == nil) != (want.Expires == nil) || (got.Expires != nil && !got.Expires.Equal(*want.Expires)) || !got.Created.Equal(want.Created) {
			t.Errorf("times of %+v became %+v", want, got)
		}
		got.Expires, got.Created = want.Expires, want.Created
		if got != want {
			t.Errorf("%+v became %+v", want, got)
		}
	}
}
