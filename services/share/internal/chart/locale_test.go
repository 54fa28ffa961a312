// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"testing"
	"time"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func n(v int) *int64 { return new(int64(v)) }

func TestCounts(t *testing.T) {
	for _, c := range []struct {
		count  *int64
		fr, en string
	}{
		{nil, "<\u00a05", "<\u00a05"},
		{n(0), "0", "0"},
		{n(999), "999", "999"},
		{n(1_000), "1\u202f000", "1,000"},
		{n(1_234_567), "1\u202f234\u202f567", "1,234,567"},
		{n(-12_345), "−12\u202f345", "−12,345"},
	} {
		if fr, en := In("fr-CA").Count(c.count), In("en").Count(c.count); fr != c.fr || en != c.en {
			t.Errorf("%q and %q, want %q and %q", fr, en, c.fr, c.en)
		}
	}
}

func TestShares(t *testing.T) {
	for _, c := range []struct {
		part, whole int64
		fr, en      string
	}{
		{34, 100, "34\u00a0%", "34%"},
		{1, 3, "33\u00a0%", "33%"},
		{2, 3, "67\u00a0%", "67%"},
		{1, 1_000, "<\u00a01\u00a0%", "<\u00a01%"},
		{0, 10, "0\u00a0%", "0%"},
		{10, 10, "100\u00a0%", "100%"},
		{0, 0, "–", "–"},
	} {
		if fr, en := In("fr").Percent(c.part, c.whole), In("").Percent(c.part, c.whole); fr != c.fr || en != c.en {
			t.Errorf("%d of %d: %q and %q, want %q and %q", c.part, c.whole, fr, en, c.fr, c.en)
		}
	}
}

func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		from, to time.Time
		fr, en   string
	}{
		{day(2026, 11, 1), day(2026, 11, 30), "du 1er au 30\u00a0novembre 2026", "1 to 30 November 2026"},
		{day(2026, 8, 31), day(2026, 11, 1), "du 31\u00a0août au 1er\u00a0novembre 2026", "31 August to 1 November 2026"},
		{day(2025, 11, 30), day(2026, 11, 30), "du 30\u00a0novembre 2025 au 30\u00a0novembre 2026", "30 November 2025 to 30 November 2026"},
		{day(2026, 2, 2), day(2026, 2, 2), "2\u00a0février 2026", "2 February 2026"},
	} {
		if fr, en := In("fr").Period(c.from, c.to), In("en").Period(c.from, c.to); fr != c.fr || en != c.en {
			t.Errorf("%q and %q, want %q and %q", fr, en, c.fr, c.en)
		}
	}
}
