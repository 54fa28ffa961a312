// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Series is a line: a count for each day.
type Series struct {
	Name   string
	Values []*int64
}

// Colors is the number of series that look different.
const Colors = 6

// Plot is a line chart in one size; the style sheet shows the one that fits.
type Plot struct {
	Size                     string // narrow, middle or wide
	Width, Height            int
	Left, Right, Top, Bottom float64 // of the field within
	Counts, Days             []Tick
	Dense                    bool // so many days that lines are to be thin
	Lines                    []Line
}

// Line is a series within a Plot. Shape is a number below Colors.
type Line struct {
	Shape int
	Path  string // what is known, as the d of an SVG path; broken where a count is kept back
	Marks string // the same for the marks on it
	Few   string // and for the marks of counts that are kept back
}

// Key is a line of the legend, with a piece of the line itself.
type Key struct {
	Name  string
	Shape int
	Mark  string
}

// Lines draws counts day by day. days are consecutive, and each series has a
// value for each of them; what it has beyond is left out.
func Lines(f Frame, days []time.Time, series []Series) *Figure {
	fig := &Figure{Frame: f, Kind: "lines", Empty: true}
	fig.Table.Head = []string{fig.Words().Day}
	var said []string
	series = slices.Clone(series)
	for i := range series {
		s := &series[i]
		s.Values = s.Values[:min(len(s.Values), len(days))]
		for _, n := range s.Values {
			fig.Few = fig.Few || n == nil
			fig.Empty = fig.Empty && n != nil && *n == 0
		}
		fig.Table.Head = append(fig.Table.Head, s.Name)
		fig.Legend = append(fig.Legend, Key{Name: s.Name, Shape: i % Colors, Mark: mark(i%Colors, 17, 8)})
		said = append(said, f.Locale.describe(*s, days))
	}
	if fig.Empty {
		return fig
	}
	fig.Summary = strings.Join(said, " ")
	for i, day := range days {
		row := []string{f.Locale.Day(day)}
		for _, s := range series {
			cell := ""
			if i < len(s.Values) {
				cell = f.Locale.Count(s.Values[i])
			}
			row = append(row, cell)
		}
		fig.Table.Rows = append(fig.Table.Rows, row)
	}
	fig.Plots = []Plot{
		plot(Plot{Size: "narrow", Width: 300, Height: 220}, 4, f.Locale, days, series),
		plot(Plot{Size: "middle", Width: 560, Height: 260}, 6, f.Locale, days, series),
		plot(Plot{Size: "wide", Width: 960, Height: 300}, 8, f.Locale, days, series),
	}
	return fig
}

// describe says what a series comes to, and which day was its highest.
func (l Locale) describe(s Series, days []time.Time) string {
	var sum int64
	highest, complete := -1, true
	for i, n := range s.Values {
		if n == nil {
			complete = false
			continue
		}
		sum += *n
		if highest < 0 || *n > *s.Values[highest] {
			highest = i
		}
	}
	w := l.words()
	var said []string
	if complete {
		said = append(said, l.Number(sum)+" "+w.Total)
	}
	if highest >= 0 {
		said = append(said, l.Number(*s.Values[highest])+" "+w.Most+" "+l.Day(days[highest]))
	}
	if len(said) == 0 {
		said = append(said, strings.ToLower(w.Few))
	}
	return l.Pair(s.Name, strings.Join(said, ", ")) + "."
}

// plot lays a chart of p's size out, with at most dates at its foot.
func plot(p Plot, most int, l Locale, days []time.Time, series []Series) Plot {
	highest := int64(1)
	for _, s := range series {
		for _, n := range s.Values {
			highest = max(highest, known(n))
		}
	}
	step := round(highest)
	top := (highest + step - 1) / step * step
	// Figures of 12 px are 7 wide; half of the last date stands out to the right.
	p.Left = 14 + 7*float64(len([]rune(l.Number(top))))
	p.Right, p.Top, p.Bottom = float64(p.Width)-30, 12, float64(p.Height)-28
	x := func(i int) float64 {
		if len(days) == 1 {
			return (p.Left + p.Right) / 2
		}
		return p.Left + (p.Right-p.Left)*float64(i)/float64(len(days)-1)
	}
	y := func(n int64) float64 { return p.Bottom - (p.Bottom-p.Top)*float64(n)/float64(top) }
	p.Dense = len(days) > denseDays
	for n := int64(0); n <= top; n += step {
		p.Counts = append(p.Counts, Tick{At: y(n), Label: l.Number(n)})
	}
	for _, d := range dates(days, most, l) {
		p.Days = append(p.Days, Tick{At: x(d.index), Label: d.text})
	}
	for i, s := range series {
		p.Lines = append(p.Lines, trace(i%Colors, s.Values, x, y))
	}
	return p
}

const denseDays = 120

// marksOnALine is the number of marks that tell one line from another without
// hiding it.
const marksOnALine = 16

func trace(shape int, values []*int64, x func(int) float64, y func(int64) float64) Line {
	line := Line{Shape: shape}
	var path, marks, few strings.Builder
	every := (len(values) + marksOnALine - 1) / marksOnALine
	for i, n := range values {
		if n == nil {
			few.WriteString(ring(x(i), y(0)))
			continue
		}
		before := i > 0 && values[i-1] != nil
		after := i+1 < len(values) && values[i+1] != nil
		command := "L"
		if !before {
			command = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", command, x(i), y(*n))
		if (len(values)-1-i)%every == 0 || !before && !after {
			marks.WriteString(mark(shape, x(i), y(*n)))
		}
	}
	line.Path, line.Marks, line.Few = path.String(), marks.String(), few.String()
	return line
}

// mark returns the path of a series' own sign at a point.
func mark(shape int, x, y float64) string {
	switch shape {
	case 0: // a disc
		return fmt.Sprintf("M%.1f %.1fa3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z", x-3.5, y)
	case 1: // a square
		return fmt.Sprintf("M%.1f %.1fh7v7h-7Z", x-3.5, y-3.5)
	case 2: // a triangle
		return fmt.Sprintf("M%.1f %.1fl4.5 8h-9Z", x, y-4.5)
	case 3: // a diamond
		return fmt.Sprintf("M%.1f %.1fl4.5 4.5l-4.5 4.5l-4.5 -4.5Z", x, y-4.5)
	case 4: // a cross
		return fmt.Sprintf("M%.1f %.1fh3v-3h2v3h3v2h-3v3h-2v-3h-3Z", x-4, y-1)
	default: // a triangle on its point
		return fmt.Sprintf("M%.1f %.1fl4.5 -8h-9Z", x, y+4.5)
	}
}

func ring(x, y float64) string {
	return fmt.Sprintf("M%.1f %.1fa2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0Z", x-2.5, y)
}
