// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"hash/maphash"
	"testing"
	"time"

	"github.com/relais-press/relais/services/share/internal/visit/agent"
)

func TestBurstOnOneLink(t *testing.T) {
	const here, there, link, other = 1, 2, 77, 78
	type step struct {
		at            time.Duration
		network, link uint64
		kind          agent.Kind
		head          bool
	}
	for _, c := range []struct {
		name   string
		before step
		then   step
		want   bool
	}{
		{"after a preview", step{0, here, link, agent.Preview, false}, step{2 * time.Second, here, link, agent.Browser, false}, true},
		{"after a scanner", step{0, here, link, agent.Scanner, false}, step{10 * time.Second, here, link, agent.Browser, false}, true},
		{"after a bot", step{0, here, link, agent.Bot, false}, step{0, here, link, agent.Browser, false}, true},
		{"after a bot's HEAD", step{0, here, link, agent.Bot, true}, step{0, here, link, agent.Browser, false}, true},
		{"after a browser's HEAD", step{0, here, link, agent.Browser, true}, step{time.Second, here, link, agent.Browser, false}, true},
		{"after a browser's GET", step{0, here, link, agent.Browser, false}, step{time.Second, here, link, agent.Browser, false}, false},
		{"after Office, whose reader comes next", step{0, here, link, agent.Office, false}, step{0, here, link, agent.Browser, false}, false},
		{"after a monitor", step{0, here, link, agent.Monitor, false}, step{0, here, link, agent.Browser, false}, false},
		{"too late", step{0, here, link, agent.Preview, false}, step{10*time.Second + 1, here, link, agent.Browser, false}, false},
		{"another link", step{0, here, other, agent.Preview, false}, step{time.Second, here, link, agent.Browser, false}, false},
		{"another network", step{0, there, link, agent.Preview, false}, step{time.Second, here, link, agent.Browser, false}, false},
		{"a program stays what it is", step{0, here, link, agent.Preview, false}, step{time.Second, here, link, agent.Preview, false}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBurst()
			if b.seen(c.before.at, c.before.network, c.before.link, c.before.kind, c.before.head) {
				t.Error("the first visit is no burst")
			}
			if got := b.seen(c.then.at, c.then.network, c.then.link, c.then.kind, c.then.head); got != c.want {
				t.Errorf("scanner: %v, want %v", got, c.want)
			}
		})
	}
}

func TestBurstOverManyLinks(t *testing.T) {
	link := func(n int) uint64 { return uint64(n+1) << 32 }
	follow := func(b *burst, at time.Duration, n int) bool { return b.seen(at, 1, link(n), agent.Browser, false) }
	t.Run("the 21st link within 10 s, and what follows for 10 s", func(t *testing.T) {
		b := newBurst()
		for n := range 20 {
			if follow(b, time.Duration(n)*400*time.Millisecond, n) {
				t.Fatalf("link %d is too many", n+1)
			}
		}
		if !follow(b, 8*time.Second, 20) || !follow(b, 9*time.Second, 20) || !follow(b, 17*time.Second, 3) {
			t.Error("still a reader")
		}
		if b.seen(9*time.Second, 2, link(20), agent.Browser, false) {
			t.Error("another network is a scanner, too")
		}
		if follow(b, 40*time.Second, 0) {
			t.Error("a scanner forever")
		}
	})
	t.Run("the window slides", func(t *testing.T) {
		b := newBurst()
		for n := range 200 {
			if follow(b, time.Duration(n)*510*time.Millisecond, n) {
				t.Fatalf("link %d at 20 in 10 s is too many", n+1)
			}
		}
	})
	t.Run("an office that follows one link, or twenty", func(t *testing.T) {
		b := newBurst()
		for n := range 5000 {
			if follow(b, time.Duration(n)*time.Millisecond, n%20) {
				t.Fatal("an office is a scanner")
			}
		}
	})
}

func TestBurstIsBounded(t *testing.T) {
	b := newBurst()
	for n := range uint64(3 * burstLimit) {
		b.seen(0, n, 1, agent.Browser, true)
	}
	for name, n := range map[string]int{
		"armed": max(len(b.armed.young), len(b.armed.old)), "spread": max(len(b.spread.young), len(b.spread.old)),
	} {
		if n != burstLimit {
			t.Errorf("%s: %d entries in a generation, want %d", name, n, burstLimit)
		}
	}
	b.seen(2*burstWindow, 1, 1, agent.Browser, true)
	if n := len(b.armed.young) + len(b.armed.old) + len(b.spread.young) + len(b.spread.old); n != 2 {
		t.Errorf("%d entries after 20 s, want those of the last visit", n)
	}
}

func BenchmarkBurst(b *testing.B) {
	bursts, seed, now := newBurst(), maphash.MakeSeed(), time.Duration(0)
	b.ReportAllocs()
	for b.Loop() {
		now += 20 * time.Microsecond // 50,000 visits a second of 100,000 networks
		bursts.seen(now, maphash.Comparable(seed, now%(2*time.Second)), 7, agent.Browser, false)
	}
}
