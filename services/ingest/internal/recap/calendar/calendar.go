// SPDX-License-Identifier: Apache-2.0

// Package calendar works with days as texts write them: without a year, or by
// their weekday alone.
package calendar

import "time"

// Day is a day as written; a zero year or month is open.
type Day struct{ Year, Month, Day int }

// DayOf is the day of a time.
func DayOf(t time.Time) Day { return Day{t.Year(), int(t.Month()), t.Day()} }

// Time is the day at 00:00 UTC.
func (a Day) Time() time.Time {
	return time.Date(a.Year, time.Month(a.Month), a.Day, 0, 0, 0, 0, time.UTC)
}

// Exists reports whether the calendar has the day.
func (a Day) Exists() bool {
	t := a.Time()
	return a.Month >= 1 && a.Month <= 12 && t.Day() == a.Day && int(t.Month()) == a.Month
}

// Weekday is 1 for Monday to 7 for Sunday.
func Weekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// Midnight is the day of t in UTC at 00:00.
func Midnight(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Hint is what a text says about a day beside its name: Weekday is that written
// with it or 0, Cue 1 for "next" and -1 for "last", Ahead whether the sentence is
// about the future.
type Hint struct {
	Weekday, Cue int
	Ahead        bool
}

// NearestYear chooses the year of a day without one, seen from pub: by the cue,
// by the weekday beside it, else the past unless the sentence looks ahead or the
// past is three quarters of a year away. It is 0 if no year fits.
func NearestYear(a Day, h Hint, pub time.Time) int {
	best, distance := 0, time.Duration(1<<62)
	for year := pub.Year() - 1; year <= pub.Year()+1; year++ {
		x := Day{year, a.Month, a.Day}
		if !x.Exists() {
			continue
		}
		away := x.Time().Sub(pub)
		if (h.Cue > 0 && away < 0) || (h.Cue < 0 && away > 0) {
			continue
		}
		cost := away.Abs()
		if h.Cue == 0 && (away > 0) != h.Ahead && away != 0 {
			cost += 270 * 24 * time.Hour
		}
		if h.Weekday != 0 && Weekday(x.Time()) != h.Weekday {
			cost += 400 * 24 * time.Hour
		}
		if cost < distance {
			best, distance = year, cost
		}
	}
	return best
}

// NearestWeekday is the day of the weekday of the hint next to pub: after it for
// "next" and where the sentence looks ahead, else before it or pub itself.
func NearestWeekday(h Hint, pub time.Time) time.Time {
	step := -1
	if h.Cue > 0 || (h.Cue == 0 && h.Ahead) {
		step = 1
	}
	x := pub
	if h.Cue != 0 {
		x = x.AddDate(0, 0, step)
	}
	for Weekday(x) != h.Weekday {
		x = x.AddDate(0, 0, step)
	}
	return x
}

// LastWeek is the day of a weekday in the week before that of pub.
func LastWeek(weekday int, pub time.Time) Day {
	return DayOf(pub.AddDate(0, 0, weekday-Weekday(pub)-7))
}
