// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Bar is a row of a chart of bars: what is written above it and how long it is.
type Bar struct {
	Name, Value string
	Under       string // a line under the bar; may be empty
	Y           int    // of its top
	Length      string // a percentage
	Few         bool   // the count is kept back
}

// How many bars are drawn, and how high each is.
const (
	mostBars   = 10
	barPitch   = 44
	underPitch = 22 // of a line under a bar
)

// Bars draws counts as horizontal bars, the longest first, ten at most: the
// table has them all. Shares are of the counts that are not kept back.
func Bars(f Frame, rows []Row) *Figure {
	fig := &Figure{Frame: f, Kind: "bars", Empty: nothing(rows)}
	if fig.Empty {
		return fig
	}
	rows = slices.SortedStableFunc(slices.Values(rows), func(a, b Row) int { return cmp.Compare(known(b.Count), known(a.Count)) })
	whole := total(rows)
	longest := known(rows[0].Count)
	fig.Table.Head = []string{f.Of, f.Unit, fig.Words().Share}
	var said []string
	for i, r := range rows {
		count, share := f.Locale.Count(r.Count), ""
		if r.Count != nil {
			share = f.Locale.Percent(*r.Count, whole)
		}
		fig.Table.Rows = append(fig.Table.Rows, []string{r.Name, count, share})
		if i >= mostBars {
			fig.More++
			continue
		}
		value := count
		if share != "" {
			value += " · " + share
		}
		fig.add(r, value, longest)
		said = append(said, f.Locale.Pair(r.Name, count))
	}
	fig.Summary = strings.Join(said, f.Locale.between()) + "."
	return fig
}

// Funnel draws steps of which each is part of the one before, in their order.
func Funnel(f Frame, steps []Row) *Figure {
	fig := &Figure{Frame: f, Kind: "funnel", Empty: nothing(steps)}
	if fig.Empty {
		return fig
	}
	var longest int64
	for _, r := range steps {
		longest = max(longest, known(r.Count))
	}
	fig.Table.Head = []string{f.Of, f.Unit, fig.Words().Share}
	var said []string
	var before *int64
	for i, r := range steps {
		share := ""
		if r.Count != nil && before != nil {
			share = f.Locale.Percent(*r.Count, *before)
		}
		before = r.Count
		fig.add(r, f.Locale.Count(r.Count), longest)
		if share != "" {
			fig.Bars[i].Under = share + " " + fig.Words().OfBefore
			fig.Height += underPitch
		}
		fig.Table.Rows = append(fig.Table.Rows, []string{r.Name, f.Locale.Count(r.Count), share})
		said = append(said, f.Locale.Pair(r.Name, f.Locale.Count(r.Count)))
	}
	fig.Summary = strings.Join(said, f.Locale.between()) + "."
	return fig
}

// add puts a bar under the others.
func (f *Figure) add(r Row, value string, longest int64) {
	bar := Bar{Name: r.Name, Value: value, Y: f.Height, Length: "0%", Few: r.Count == nil}
	if longest > 0 {
		bar.Length = fmt.Sprintf("%.2f%%", float64(known(r.Count))/float64(longest)*100)
	}
	f.Few = f.Few || bar.Few
	f.Bars = append(f.Bars, bar)
	f.Height += barPitch
}

// between separates the parts of a list that hold commas.
func (l Locale) between() string {
	if l.french {
		return thin + "; "
	}
	return "; "
}
