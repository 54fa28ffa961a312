// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	l := newLimiter()
	allowed := func(now time.Duration, network uint64, tries int) (n int) {
		for range tries {
			if l.allow(now, network) {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		name    string
		at      time.Duration
		network uint64
		tries   int
		want    int
	}{
		{"100 at once", 0, 1, 300, 100},
		{"others are not held back", 0, 2, 10, 10},
		{"20 a second", time.Second, 1, 100, 20},
		{"not in parts of a second", 1500 * time.Millisecond, 1, 100, 0},
		{"never more than 100", time.Hour, 1, 300, 100},
	} {
		if got := allowed(c.at, c.network, c.tries); got != c.want {
			t.Errorf("%s: %d of %d allowed, want %d", c.name, got, c.tries, c.want)
		}
	}
}

func TestLimiterHoldsUnderLoad(t *testing.T) {
	l, n := newLimiter(), 0
	for ms := range 60_000 {
		if l.allow(time.Duration(ms)*time.Millisecond, 1) {
			n++
		}
	}
	if n < 100+57*20 || n > 100+60*20 {
		t.Errorf("%d misses in a minute", n)
	}
}

func TestLimiterIsBounded(t *testing.T) {
	l := newLimiter()
	for n := range uint64(3 * missLimit) {
		l.allow(0, n)
	}
	if n := len(l.buckets.young) + len(l.buckets.old); n > 2*missLimit {
		t.Errorf("%d networks remembered", n)
	}
}
