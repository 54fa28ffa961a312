// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pass lets time go by in a bubble.
func pass(d time.Duration) { <-time.After(d) }

func TestRate(t *testing.T) {
	for _, tc := range []struct {
		name   string
		second float64
		burst  int
		atOnce int           // are let through
		wait   time.Duration // for the next
	}{
		{"ten a second, five at once", 10, 5, 5, 100 * time.Millisecond},
		{"one in four seconds", 0.25, 1, 1, 4 * time.Second},
		{"a burst of nothing is one", 2, 0, 1, 500 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, r := New(), Per(tc.second, tc.burst)
				for n := range tc.atOnce {
					if wait := l.Name("a", r); wait != 0 {
						t.Fatalf("number %d waits %v", n+1, wait)
					}
				}
				if wait := l.Name("a", r); wait != tc.wait {
					t.Fatalf("the next one waits %v, want %v", wait, tc.wait)
				}
				if wait := l.Name("b", r); wait != 0 {
					t.Errorf("another name waits %v", wait)
				}
				pass(tc.wait - 1)
				if l.Name("a", r) == 0 {
					t.Error("let through a nanosecond before its time")
				}
				pass(1)
				if wait := l.Name("a", r); wait != 0 {
					t.Errorf("in its time it still waits %v", wait)
				}
			})
		})
	}
	for _, r := range []Rate{Per(0, 5), Per(-1, 5), {}} {
		l := New()
		for range 1000 {
			if l.Name("a", r) != 0 {
				t.Fatalf("%+v is a limit", r)
			}
		}
	}
}

func TestNetworks(t *testing.T) {
	l, r := New(), Per(1, 1)
	for _, tc := range []struct {
		address string
		free    bool
	}{
		{"203.0.113.7", true},
		{"203.0.113.7", false},
		{"203.0.113.8", true},
		{"2001:db8:1:2::1", true},
		{"2001:db8:1:2:ffff::9", false},
		{"2001:db8:1:3::1", true},
	} {
		if got := l.Network(netip.MustParseAddr(tc.address), r) == 0; got != tc.free {
			t.Errorf("%s: free %v, want %v", tc.address, got, tc.free)
		}
	}
}

// Whoever has taken most is remembered while others come and go.
func TestAFloodDoesNotWashAwayWhoIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, r := New(), Per(100, 400)
		loud := netip.MustParseAddr("203.0.113.7")
		for l.Network(loud, r) == 0 {
		}
		for n := range uint32(4 * networks) {
			l.Network(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), r)
		}
		if l.Network(loud, r) == 0 {
			t.Error("a flood of other addresses gave a limited one a full bucket")
		}
	})
}

// A bucket keeps to its rate whatever comes, in any window of time.
func TestBound(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				rate, burst := 1+random.Float64()*200, 1+random.IntN(300)
				l, r := New(), Per(rate, burst)
				var through []time.Duration
				for start := time.Now(); time.Since(start) < 10*time.Second; {
					if random.IntN(50) == 0 {
						pass(time.Duration(random.Int64N(int64(2 * time.Second))))
					}
					pass(time.Duration(random.Int64N(int64(time.Second) / int64(rate))))
					if l.Name("a", r) == 0 {
						through = append(through, time.Since(start))
					}
				}
				within(t, through, rate, float64(burst)+1)
			})
		})
	}
}

// within checks that in any window of T at most rate·T + more were let through.
func within(t *testing.T, through []time.Duration, rate, more float64) {
	t.Helper()
	if len(through) == 0 {
		t.Fatal("nothing was let through")
	}
	// With x(i) = i − rate·at(i), a window from i to j holds j−i+1 of them: the most
	// that x grows by, plus one.
	least, worst := 0.0, 0.0
	for i, at := range through {
		x := float64(i) - rate*at.Seconds()
		if i == 0 || x < least {
			least = x
		}
		worst = max(worst, x-least+1)
	}
	if worst > more {
		t.Errorf("a window let through %.1f more than its rate, want %.1f at most", worst, more)
	}
}

// The vectors of the paper's reference program: key 00 … 0f, message 00 01 02 ….
func TestSip(t *testing.T) {
	const k0, k1 = 0x0706050403020100, 0x0f0e0d0c0b0a0908
	message := make([]byte, 16)
	for i := range message {
		message[i] = byte(i)
	}
	for length, want := range map[int]uint64{
		0: 0x726fdb47dd0e0e31, 1: 0x74f839c593dc67fd, 7: 0xab0200f58b01d137, 8: 0x93f5f5799a932462, 15: 0xa129ca6149be45e5,
	} {
		if got := sip(k0, k1, message[:length]); got != want {
			t.Errorf("%d bytes: %#x, want %#x", length, got, want)
		}
	}
}

func BenchmarkNetwork(b *testing.B) {
	l, r := New(), Per(100, 400)
	addresses := make([]netip.Addr, 10_000)
	for i := range addresses {
		addresses[i] = netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)})
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			l.Network(addresses[i%len(addresses)], r)
		}
	})
}

func BenchmarkName(b *testing.B) {
	l, r := New(), Per(1e6, 1e6)
	names := make([]string, 100)
	for i := range names {
		names[i] = fmt.Sprintf("key %016d", i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		l.Name(names[i%len(names)], r)
	}
}
