// SPDX-License-Identifier: Apache-2.0

package calendar_test

import (
	"testing"
	"time"

	"github.com/relais-press/relais/services/ingest/internal/recap/calendar"
)

var friday = time.Date(2024, 3, 8, 0, 0, 0, 0, time.UTC)

func TestExists(t *testing.T) {
	for day, want := range map[calendar.Day]bool{
		{2024, 2, 29}: true, {2023, 2, 29}: false, {2024, 13, 1}: false, {2024, 0, 1}: false, {2024, 4, 31}: false,
	} {
		if got := day.Exists(); got != want {
			t.Errorf("%v: %v, want %v", day, got, want)
		}
	}
}

func TestNearestYear(t *testing.T) {
	december := calendar.Day{Month: 12, Day: 6}
	for _, c := range []struct {
		day  calendar.Day
		hint calendar.Hint
		want int
	}{
		{december, calendar.Hint{}, 2023},
		{december, calendar.Hint{Cue: 1}, 2024},
		{december, calendar.Hint{Ahead: true}, 2024},
		{calendar.Day{Month: 6, Day: 5}, calendar.Hint{Weekday: 3}, 2024},
		{calendar.Day{Month: 2, Day: 31}, calendar.Hint{}, 0},
	} {
		if got := calendar.NearestYear(c.day, c.hint, friday); got != c.want {
			t.Errorf("%v %+v: %d, want %d", c.day, c.hint, got, c.want)
		}
	}
}

func TestWeekdays(t *testing.T) {
	for _, c := range []struct {
		got  calendar.Day
		want int
	}{
		{calendar.DayOf(calendar.NearestWeekday(calendar.Hint{Weekday: 5}, friday)), 8},
		{calendar.DayOf(calendar.NearestWeekday(calendar.Hint{Weekday: 5, Cue: -1}, friday)), 1},
		{calendar.DayOf(calendar.NearestWeekday(calendar.Hint{Weekday: 2, Ahead: true}, friday)), 12},
		{calendar.LastWeek(7, friday), 3},
	} {
		if c.got != (calendar.Day{Year: 2024, Month: 3, Day: c.want}) {
			t.Errorf("%v, want %d March", c.got, c.want)
		}
	}
}
