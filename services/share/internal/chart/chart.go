// SPDX-License-Identifier: Apache-2.0

// Package chart draws counts as SVG on the server, with no script. Each figure
// is an image with a name and a description, no series or bar is told from
// another by color alone, and the same numbers stand beside it as a table.
//
// A count is a *int64. Nil is one that is kept back because it is small: it is
// drawn as a mark of its own, and written "< 5".
package chart

import (
	_ "embed"
	"fmt"
	"html/template"
)

//go:embed chart.html
var source string

//go:embed chart.css
var style []byte

// Style returns the style sheet of the figures. It sets the custom properties
// --s0 to --s5, the colors of the series, and takes --ink, --faint, --rule,
// --paper and --accent from the page.
func Style() []byte { return style }

// Define adds the templates of this package to t; {{template "figure" f}} then
// writes a Figure, without inline style or script.
func Define(t *template.Template) (*template.Template, error) {
	t, err := t.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("chart: %w", err)
	}
	return t, nil
}

// Frame is what stands around a figure.
type Frame struct {
	ID     string // names the figure within its page, [a-z][a-z-]*
	Title  string
	Note   string // a sentence on how to read it; may be empty
	Of     string // what is counted apart, above the first column of the table: Channel
	Unit   string // what is counted, above the counts: Visits
	CSV    string // where the same numbers are to be had as CSV; empty: nowhere
	Locale Locale
}

// Row is a count and what it is of.
type Row struct {
	Name  string
	Count *int64
}

// Figure is a chart, ready for its template. Make it with Lines, Bars, Funnel or
// Matrix; its fields are for the template alone.
type Figure struct {
	Frame
	Kind    string // lines, bars, funnel or matrix
	Empty   bool   // there is nothing to draw
	Summary string // what the image shows, in words
	Few     bool   // something is kept back
	Plots   []Plot
	Legend  []Key
	Bars    []Bar
	Height  int // of Bars together
	More    int // rows that are in the table alone
	Grid    Grid
	Table   Table
}

// Words returns what the template says of its own.
func (f *Figure) Words() Words { return f.Locale.words() }

// Others says how many rows are in the table alone.
func (f *Figure) Others() string { return f.Locale.others(f.More) }

// Table is what a figure shows, in writing. The first cell of a row is its header.
type Table struct {
	Head []string
	Rows [][]string
}

// known returns a count, or 0 for one that is kept back.
func known(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// total adds up what is known.
func total(rows []Row) int64 {
	var sum int64
	for _, r := range rows {
		sum += known(r.Count)
	}
	return sum
}

// nothing reports whether no row counts anything.
func nothing(rows []Row) bool {
	for _, r := range rows {
		if r.Count == nil || *r.Count != 0 {
			return false
		}
	}
	return true
}
