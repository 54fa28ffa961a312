// SPDX-License-Identifier: Apache-2.0

package count

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/relais-press/relais/services/share/internal/click"
)

// answerOf has rows by channel with these clicks of people, and the same of
// visitors.
func answerOf(people ...int64) Answer {
	a := Answer{GroupBy: []Dimension{ByChannel}, Total: map[click.Class]Count{}}
	for _, c := range click.Classes() {
		a.Total[c] = 0
	}
	for i, n := range people {
		g := group{values: []string{fmt.Sprint("c", i)}, tally: tally{[classes]int64{n}, n}}
		a.Rows = append(a.Rows, g.row(a.GroupBy))
		a.Total[click.Human] += Count(n)
		a.Uniques += Count(n)
	}
	return a
}

func TestSuppress(t *testing.T) {
	for _, tc := range []struct {
		people []int64
		want   string // - is hidden; the total last
	}{
		{nil, "0"},
		{[]int64{0, 5, 12}, "0 5 12 17"},
		{[]int64{3}, "- -"},
		{[]int64{3, 0}, "- 0 -"},
		{[]int64{2, 2}, "- - -"},
		{[]int64{3, 9, 7}, "- 9 - 19"},                // or 19-9-7 would tell
		{[]int64{3, 4, 9, 7}, "- - 9 7 23"},           // 7 hidden, in three ways
		{[]int64{4, 4, 9, 7}, "- - 9 - 24"},           // 8 in two cells below 5 are 4 and 4
		{[]int64{1, 1, 1, 1, 1, 8}, "- - - - - - 13"}, // 5 in five cells are ones
		{[]int64{1, 0, 6}, "- 0 - 7"},
		{[]int64{1, 1, 2, 2}, "- - - - 6"},
	} {
		in := answerOf(tc.people...)
		before := fmt.Sprint(in)
		a := Suppress(in, SmallestShown)
		var got []string
		show := func(n Count) {
			if n == Hidden {
				got = append(got, "-")
			} else {
				got = append(got, n.String())
			}
		}
		for _, r := range a.Rows {
			show(r.Clicks[human])
			if r.Uniques != r.Clicks[human] || r.Suppressed != (r.Uniques == Hidden) {
				t.Errorf("%v: row %+v", tc.people, r)
			}
		}
		show(a.Total[click.Human])
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%v: %s, want %s", tc.people, strings.Join(got, " "), tc.want)
		}
		if fmt.Sprint(in) != before {
			t.Error("the answer given was changed")
		}
	}
}

// TestSubtractionTellsNothing takes the total minus what is shown, of many
// answers: more than one number fits each hidden cell.
func TestSubtractionTellsNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	for range 20_000 {
		people := make([]int64, 1+random.IntN(8))
		for i := range people {
			people[i] = random.Int64N(4) * random.Int64N(5)
		}
		a := Suppress(answerOf(people...), SmallestShown)
		total := a.Total[click.Human]
		var hidden, known, largest int64
		for i, r := range a.Rows {
			switch n := r.Clicks[human]; {
			case n == Hidden:
				hidden++
				largest = max(largest, people[i])
			case n.small(SmallestShown):
				t.Fatalf("%v: %d is shown", people, n)
			default:
				known += int64(n)
			}
		}
		if hidden == 0 || total == Hidden {
			continue
		}
		rest := int64(total) - known
		if rest < SmallestShown || (largest < SmallestShown && (rest == hidden || rest == hidden*(SmallestShown-1))) {
			t.Fatalf("%v: %d is left for %d hidden", people, rest, hidden)
		}
	}
}
