// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestTheStepsOfAnAxisAreRound(t *testing.T) {
	for highest, want := range map[int64]int64{
		0: 1, 1: 1, 4: 1, 5: 2, 8: 2, 9: 5, 20: 5, 21: 10, 800: 200, 801: 500, 12_345: 5_000,
		1e15: 500_000_000_000_000,
	} {
		if got := round(highest); got != want {
			t.Errorf("up to %d by %d, want %d", highest, got, want)
		}
	}
}

// run lists consecutive days that end on 30 November 2026.
func run(count int) []time.Time {
	days := make([]time.Time, count)
	for i := range days {
		days[i] = day(2026, 11, 30).AddDate(0, 0, i+1-count)
	}
	return days
}

func TestTheDaysOfAnAxis(t *testing.T) {
	for _, c := range []struct {
		days, most int
		want       []string
	}{
		{1, 4, []string{"30 Nov"}},
		{3, 4, []string{"28 Nov", "29 Nov", "30 Nov"}},
		{7, 4, []string{"24 Nov", "26 Nov", "28 Nov", "30 Nov"}},
		{30, 8, []string{"2 Nov", "9 Nov", "16 Nov", "23 Nov", "30 Nov"}},
		{90, 8, []string{"7 Sep", "21 Sep", "5 Oct", "19 Oct", "2 Nov", "16 Nov", "30 Nov"}},
		{90, 4, []string{"Oct 2026", "Nov 2026"}},
		{365, 8, []string{"Jan 2026", "Mar 2026", "May 2026", "Jul 2026", "Sep 2026", "Nov 2026"}},
		{365, 4, []string{"Jan 2026", "Apr 2026", "Jul 2026", "Oct 2026"}},
	} {
		t.Run(fmt.Sprintf("%d days, %d dates", c.days, c.most), func(t *testing.T) {
			var got []string
			for _, l := range dates(run(c.days), c.most, In("en")) {
				got = append(got, l.text)
			}
			var want []string
			for _, w := range c.want {
				want = append(want, bind(w))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func TestNoAxisIsCrowded(t *testing.T) {
	for _, count := range []int{0, 1, 2, 28, 29, 56, 57, 58, 112, 113, 730, 3_000, 20_000} {
		for _, most := range []int{4, 6, 8} {
			if got := dates(run(count), most, In("fr")); len(got) > most || count > 0 && len(got) == 0 {
				t.Errorf("%d days: %d dates, at most %d", count, len(got), most)
			}
		}
	}
}

// bind makes the first space of a label one that does not break.
func bind(s string) string {
	for i, r := range s {
		if r == ' ' {
			return s[:i] + full + s[i+1:]
		}
	}
	return s
}
