// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
)

// shelf is a bucket in the memory of a bubble, which hands over what is written
// after a moment.
type shelf struct {
	delay time.Duration

	mu       sync.Mutex
	away     bool
	written  int
	values   []string
	watchers []chan bus.Entry
}

func (s *shelf) Put(_ context.Context, key string, value []byte) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return 0, errors.New("away")
	}
	s.written++
	s.values = append(s.values, string(value))
	for _, w := range s.watchers {
		w <- bus.Entry{Key: key, Value: value}
	}
	return uint64(s.written), nil
}

func (s *shelf) LastRevision(context.Context) (uint64, error) { return 0, nil }

func (s *shelf) Changes(ctx context.Context, _ string, _ uint64, standing func(), fn func(bus.Entry)) error {
	w := make(chan bus.Entry, 1000)
	s.mu.Lock()
	s.watchers = append(s.watchers, w)
	s.mu.Unlock()
	standing()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e := <-w:
			select {
			case <-ctx.Done():
			case <-time.After(s.delay):
				fn(e)
			}
		}
	}
}

func (s *shelf) count() int { s.mu.Lock(); defer s.mu.Unlock(); return s.written }

// together runs a number of processes on a bucket until the test's function ends.
func together(t *testing.T, n int, s Bucket, test func([]*Limiter)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	limiters := make([]*Limiter, n)
	var sharing sync.WaitGroup
	for i := range limiters {
		limiters[i] = New()
		sharing.Go(func() {
			if err := limiters[i].Share(ctx, s, slog.New(slog.DiscardHandler)); err != nil {
				t.Errorf("Share: %v", err)
			}
		})
	}
	test(limiters)
	cancel()
	sharing.Wait()
}

// The bound that the package promises, whatever the callers do: in any window of T
// seconds n processes let through at most r·T + n·(9/8·b + r·d).
func TestProcessesKeepToOneRate(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 2))
				n, rate, burst := 2+random.IntN(4), 5+random.Float64()*100, 1+random.IntN(200)
				delay := time.Duration(random.Int64N(int64(100 * time.Millisecond)))
				r := Per(rate, burst)
				together(t, n, &shelf{delay: delay}, func(limiters []*Limiter) {
					pass(time.Second) // they have met
					var through []time.Duration
					each, start := make([]int, n), time.Now()
					for time.Since(start) < 30*time.Second {
						pass(time.Duration(random.Int64N(int64(time.Second) / int64(4*rate))))
						if random.IntN(200) == 0 {
							pass(time.Duration(random.Int64N(int64(3 * time.Second))))
						}
						i := random.IntN(n)
						if limiters[i].Name("partner p", r) == 0 {
							through = append(through, time.Since(start))
							each[i]++
						}
					}
					d := (interval + delay).Seconds()
					within(t, through, rate, float64(n)*(9./8*float64(burst)+rate*d)+1)
					if least := slices.Min(each); least == 0 {
						t.Errorf("one of them lets nobody through: %v", each)
					}
				})
			})
		})
	}
}

// For long the rate is one rate, not one each.
func TestTheRateIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, rate, burst = 3, 50, 50
		addresses := []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8::1")}
		together(t, n, &shelf{delay: 5 * time.Millisecond}, func(limiters []*Limiter) {
			pass(time.Second)
			through, r := make([]int, len(addresses)), Per(rate, burst)
			for start := time.Now(); time.Since(start) < time.Minute; pass(time.Millisecond) {
				for i, a := range addresses {
					for _, l := range limiters {
						if l.Network(a, r) == 0 {
							through[i]++
						}
					}
				}
			}
			for i, got := range through {
				if most := 60*rate + n*(9*burst/8+rate/2); got < 60*rate || got > most {
					t.Errorf("%s: %d in a minute of %d processes, want %d to %d", addresses[i], got, n, 60*rate, most)
				}
			}
		})
	})
}

func TestAloneNothingIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		together(t, 1, s, func(limiters []*Limiter) {
			for start := time.Now(); time.Since(start) < time.Minute; pass(10 * time.Millisecond) {
				limiters[0].Name("partner p", Per(50, 50))
			}
			if most := int(time.Minute/presence) + 1; s.count() > most {
				t.Errorf("%d announcements in a minute to nobody, want %d at most", s.count(), most)
			}
		})
	})
}

func TestWhileTheLogIsAwayEachCountsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		together(t, 2, s, func(limiters []*Limiter) {
			pass(time.Second)
			s.mu.Lock()
			s.away = true
			s.mu.Unlock()
			r, through := Per(10, 10), 0
			for start := time.Now(); time.Since(start) < 20*time.Second; pass(time.Millisecond) {
				for _, l := range limiters {
					if l.Name("partner p", r) == 0 {
						through++
					}
				}
			}
			if through < 400 || through > 420 {
				t.Errorf("%d let through in 20 s by two that count alone, want 2·(10 + 20·10), or a little less", through)
			}
			s.mu.Lock()
			s.away = false
			s.mu.Unlock()
			pass(time.Minute) // what was taken meanwhile is not charged later
			for _, l := range limiters {
				if wait := l.Name("partner p", r); wait != 0 {
					t.Errorf("waits %v for what is over", wait)
				}
			}
		})
	})
}

// What is told names nobody.
func TestAnnouncementsHoldNoNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		together(t, 2, s, func(limiters []*Limiter) {
			pass(time.Second)
			for range 100 {
				limiters[0].Name("partner gazette", Per(10, 10))
				limiters[0].Network(netip.MustParseAddr("203.0.113.7"), Per(10, 10))
			}
			pass(time.Second)
			told := strings.Join(s.values, "\n")
			if !strings.Contains(told, "networks") || strings.Contains(told, "gazette") || strings.Contains(told, "203.0.113.7") {
				t.Errorf("told: %s", told)
			}
		})
	})
}

func TestHostileAnnouncements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New()
		own := *l.seed.Load()
		id := own.id([]byte("a"))
		for _, value := range []string{
			``, `{`, `null`, `[]`, `{"names":{"x":1}}`, `{"seed":{"born":-1}}`,
			fmt.Sprintf(`{"seed":{"born":%d,"secret":%s},"names":{"%d":-9223372036854775808}}`, own.Born, secretJSON(own), id),
			fmt.Sprintf(`{"seed":{"born":%d,"secret":%s},"names":{"%d":9223372036854775807}}`, own.Born, secretJSON(own), id),
		} {
			l.hear(bus.Entry{Key: "other", Value: []byte(value)}, slog.New(slog.DiscardHandler))
		}
		pass(time.Duration(maxDebt))
		if wait := l.Name("a", Per(1, 1)); wait > time.Second {
			t.Errorf("waits %v: a debt lasts for an hour at most", wait)
		}
	})
}

func secretJSON(s seed) string {
	return strings.ReplaceAll(fmt.Sprint(s.Secret), " ", ",")
}

// Two processes on a real log: they meet, and what one takes the other charges.
func TestOnARealLog(t *testing.T) {
	kv, err := bustest.Start(t).Bucket(t.Context(), bus.Rates)
	if err != nil {
		t.Fatal(err)
	}
	together(t, 2, kv, func(limiters []*Limiter) {
		a, b := limiters[0], limiters[1]
		eventually(t, "they make ids of one seed", func() bool {
			return *a.seed.Load() == *b.seed.Load() && a.exchange.heard.Load() && b.exchange.heard.Load()
		})
		r, address := Per(0.02, 40), netip.MustParseAddr("203.0.113.7") // one in 50 s: next to nothing is filled in meanwhile
		for n := range 30 {
			if a.Name("key k", r) != 0 || a.Network(address, r) != 0 {
				t.Fatalf("number %d of 40 was refused", n+1)
			}
		}
		left := func(take func() time.Duration) int {
			n := 0
			for take() == 0 {
				n++
			}
			return n
		}
		eventually(t, "the other has charged what was told of 30", func() bool {
			now, seed := b.now(), b.seed.Load()
			network := address.As16()
			return b.names.full(seed.id([]byte("key k")))-now > int64(24*r.every) && b.networks.full(seed.id(network[:]))-now > int64(24*r.every)
		})
		for what, take := range map[string]func() time.Duration{
			"key": func() time.Duration { return b.Name("key k", r) }, "network": func() time.Duration { return b.Network(address, r) },
		} {
			if n := left(take); n < 10 || n > 15 { // an eighth of 40 may be untold
				t.Errorf("%s: %d of 40 are left at the other when one has taken 30, want 10 to 15", what, n)
			}
		}
	})
}

// full is when a bucket is full again.
func (t *table) full(id uint64) int64 {
	s, sl := t.find(id)
	defer s.mu.Unlock()
	return sl.full
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute for: %s", what)
		}
		<-tick.C
	}
}
