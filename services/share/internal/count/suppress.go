// SPDX-License-Identifier: Apache-2.0

package count

import (
	"slices"

	"github.com/relais-press/relais/services/share/internal/click"
)

// SmallestShown is the smallest number that partners are shown.
const SmallestShown = 5

// Suppress returns an answer without its small numbers, from which one could
// tell what a single reader did. It is cell suppression as statistical offices
// do it (A. Hundepool et al., Statistical Disclosure Control, Wiley 2012, ch. 4):
//
//   - primary: a number n with 0 < n < k is hidden. Zeros are shown.
//   - secondary: when what is hidden of a class adds up to less than k, or its
//     sum leaves one choice only (all are 1, or all are k-1), the total minus what
//     is shown would give it away: the smallest number of that class that is
//     shown is hidden, too, or, where none is, the total.
//
// Uniques are treated as a class of their own. A total below k is hidden. This
// guards one answer: who asks again with other bounds can still compare.
func Suppress(a Answer, k int64) Answer {
	out := a
	out.Total, out.Rows = map[click.Class]Count{}, make([]Row, len(a.Rows))
	for class, n := range a.Total {
		out.Total[class] = n.unlessSmall(k)
	}
	out.Uniques = a.Uniques.unlessSmall(k)
	for i, r := range a.Rows {
		r.Clicks = slices.Clone(r.Clicks)
		out.Rows[i] = r
	}
	for name, column := range out.classes() {
		switch told := suppress(column, k); {
		case told:
		case name == "uniques":
			out.Uniques = Hidden
		default:
			out.Total[click.Class(name)] = Hidden
		}
	}
	for i := range out.Rows {
		r := &out.Rows[i]
		r.Suppressed = r.Uniques == Hidden || slices.Contains(r.Clicks, Hidden)
	}
	return out
}

func (n Count) small(k int64) bool { return n > 0 && int64(n) < k }

func (n Count) unlessSmall(k int64) Count {
	if n.small(k) {
		return Hidden
	}
	return n
}

// classes gathers the numbers that add up to one total each.
func (a *Answer) classes() map[string][]*Count {
	out, names, class := map[string][]*Count{}, columns(a.GroupBy), slices.Index(a.GroupBy, ByClass)
	for i := range a.Rows {
		r := &a.Rows[i]
		for j := range r.Clicks {
			name := names[j]
			if class >= 0 {
				name = r.Values[class]
			}
			out[name] = append(out[name], &r.Clicks[j])
		}
		out["uniques"] = append(out["uniques"], &r.Uniques)
	}
	return out
}

// suppress hides the small numbers of a class, and what gives them away; it
// reports whether the total may be told.
func suppress(column []*Count, k int64) (total bool) {
	var hidden, sum int64
	var shown []*Count
	for _, n := range column {
		switch {
		case n.small(k):
			hidden, sum = hidden+1, sum+int64(*n)
			*n = Hidden
		case *n > 0:
			shown = append(shown, n)
		}
	}
	givenAway := hidden > 0 && (sum < k || sum == hidden || sum == hidden*(k-1))
	if givenAway && len(shown) > 0 {
		*slices.MinFunc(shown, func(a, b *Count) int { return int(*a - *b) }) = Hidden
	}
	return !givenAway || len(shown) > 0
}
