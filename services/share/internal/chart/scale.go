// SPDX-License-Identifier: Apache-2.0

package chart

import "time"

// Tick is a mark of an axis: where it is, and what is written at it.
type Tick struct {
	At    float64
	Label string
}

// round returns the least step of 1, 2 or 5 times a power of ten of which at
// most four reach highest.
func round(highest int64) int64 {
	for step := int64(1); ; step *= 10 {
		for _, times := range []int64{1, 2, 5} {
			if highest <= 4*step*times {
				return step * times
			}
		}
	}
}

// label is a day that is written at an axis.
type label struct {
	index int
	text  string
}

// dates chooses at most limit of consecutive days to write at an axis: every
// so many days back from the last, or the first days of months when there are
// too many for that.
func dates(days []time.Time, limit int, l Locale) []label {
	for _, step := range []int{1, 2, 7, 14} {
		if (len(days)-1)/step >= limit {
			continue
		}
		var out []label
		for i := (len(days) - 1) % step; i < len(days); i += step {
			out = append(out, label{i, l.ShortDay(days[i])})
		}
		return out
	}
	for step := 1; ; step++ {
		if step > 4 && step%6 != 0 || step == 4 {
			continue
		}
		if out := monthsAt(days, step, l); len(out) <= limit {
			return out
		}
	}
}

// monthsAt lists the first days of every step-th month, counted from January.
func monthsAt(days []time.Time, step int, l Locale) []label {
	var out []label
	for i, d := range days {
		if month := d.Year()*12 + int(d.Month()) - 1; d.Day() == 1 && month%step == 0 {
			out = append(out, label{i, l.Month(d)})
		}
	}
	return out
}
