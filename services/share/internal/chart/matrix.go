// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Pair is a count of those who wanted one thing and were served another, or the
// same. Names are as they are to be shown; an empty Wanted was not said, an empty
// Served is nothing.
type Pair struct {
	Wanted, Served string
	Same           bool // what was served is what was wanted
	Count          *int64
}

// Grid is a table with a shade for each count.
type Grid struct {
	Served []string
	Rows   []GridRow
}

// GridRow is what those who wanted one thing were served.
type GridRow struct {
	Wanted string
	Cells  []Cell
	Other  string // the share of them who were served another
}

// Cell is a count with its shade, from 0 to 5. Same is set where what was
// wanted was served.
type Cell struct {
	Text  string
	Shade int
	Same  bool
}

const shades = 5

// Matrix shows pairs as a table with shades, the most wanted first, twelve rows
// at most. It is its own table.
func Matrix(f Frame, pairs []Pair) *Figure {
	fig := &Figure{Frame: f, Kind: "matrix", Empty: true}
	wanted, served, fitting := map[string]int64{}, map[string]int64{}, map[string]int64{}
	cells := map[[2]string]Pair{}
	var highest int64
	for _, p := range pairs {
		if p.Count != nil && *p.Count == 0 {
			continue
		}
		fig.Empty = false
		fig.Few = fig.Few || p.Count == nil
		cells[[2]string{p.Wanted, p.Served}] = p
		wanted[p.Wanted] += known(p.Count)
		if p.Same {
			fitting[p.Wanted] += known(p.Count)
		}
		served[p.Served] += known(p.Count)
		highest = max(highest, known(p.Count))
	}
	columns := ranked(served)
	for _, s := range columns {
		fig.Grid.Served = append(fig.Grid.Served, cmp.Or(s, fig.Words().None))
	}
	for i, w := range ranked(wanted) {
		if i >= mostBars+2 {
			fig.More++
			continue
		}
		row := GridRow{Wanted: w, Other: "–"}
		for _, s := range columns {
			p, some := cells[[2]string{w, s}]
			row.Cells = append(row.Cells, f.Locale.cell(p, some, highest))
		}
		if w == "" {
			row.Wanted = fig.Words().Unsaid
		} else {
			row.Other = f.Locale.Percent(wanted[w]-fitting[w], wanted[w])
		}
		fig.Grid.Rows = append(fig.Grid.Rows, row)
	}
	return fig
}

// cell shades by the root of a count, so that small ones are told apart too.
func (l Locale) cell(p Pair, some bool, highest int64) Cell {
	switch {
	case !some:
		return Cell{Text: l.Number(0)}
	case p.Count == nil:
		return Cell{Text: l.Count(nil), Shade: 1, Same: p.Same}
	}
	share := float64(*p.Count) / float64(highest)
	return Cell{Text: l.Count(p.Count), Shade: int(math.Ceil(shades * math.Sqrt(share))), Same: p.Same}
}

// ranked lists names by what they count, the most first.
func ranked(sums map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(sums), func(a, b string) int {
		return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a, b))
	})
}
