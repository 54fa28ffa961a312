// SPDX-License-Identifier: Apache-2.0

package count

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-press/relais/services/share/internal/click"
)

// Count is a number of clicks or visitors, or Hidden.
type Count int64

// Hidden is the count that is not told, lest it give somebody away.
const Hidden Count = -1

// MarshalJSON writes a number, or null when it is hidden.
func (n Count) MarshalJSON() ([]byte, error) {
	if n == Hidden {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, int64(n), 10), nil
}

// String is the number; empty when it is hidden.
func (n Count) String() string {
	if n == Hidden {
		return ""
	}
	return strconv.FormatInt(int64(n), 10)
}

// Answer is what a query found. Uniques are visitors of a link and day, so those
// of several days, or links, are the sum.
type Answer struct {
	Code    string                `json:"code,omitempty"` // of the link that was asked for
	From    Day                   `json:"from,omitempty"` // without one in the query, the first day with clicks
	To      Day                   `json:"to,omitempty"`   // the last one
	GroupBy []Dimension           `json:"-"`
	Total   map[click.Class]Count `json:"total"` // every class is there
	Uniques Count                 `json:"uniques"`
	Rows    []Row                 `json:"rows"` // sorted by their values; none without GroupBy
}

// Row is the clicks that have some values in common.
type Row struct {
	By         []Dimension
	Values     []string // as many as By
	Clicks     []Count  // by class as in [click.Classes]; one number when By has the class
	Uniques    Count
	Suppressed bool // a number of it is hidden
}

// columns are the names of a row's numbers.
func columns(by []Dimension) []string {
	if slices.Contains(by, ByClass) {
		return []string{"clicks", "uniques"}
	}
	var out []string
	for _, c := range click.Classes() {
		out = append(out, string(c))
	}
	return append(out, "uniques")
}

// MarshalJSON writes one object: the values by the names of their dimensions,
// then the numbers by class, or as clicks in a row of one class.
func (r Row) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, d := range r.By {
		value, err := json.Marshal(r.Values[i])
		if err != nil {
			return nil, fmt.Errorf("encode row: %w", err)
		}
		out = append(append(strconv.AppendQuote(out, string(d)), ':'), append(value, ',')...)
	}
	for i, name := range columns(r.By) {
		n := r.Uniques
		if i < len(r.Clicks) {
			n = r.Clicks[i]
		}
		value, _ := n.MarshalJSON() // never fails
		out = append(append(strconv.AppendQuote(out, name), ':'), append(value, ',')...)
	}
	if r.Suppressed {
		return append(out, `"suppressed":true}`...), nil
	}
	out[len(out)-1] = '}'
	return out, nil
}

// CSV writes the rows as a table with a header (RFC 4180); without grouping, one
// row with the totals. A hidden number is empty. A value that a spreadsheet
// would take for a formula has an apostrophe in front (OWASP, CSV injection).
func (a Answer) CSV(to io.Writer) error {
	w := csv.NewWriter(to)
	w.UseCRLF = true
	var record []string
	for _, d := range a.GroupBy {
		record = append(record, string(d))
	}
	_ = w.Write(append(record, columns(a.GroupBy)...)) // errors are kept for Error
	rows := a.Rows
	if len(a.GroupBy) == 0 {
		total := Row{Uniques: a.Uniques}
		for _, c := range click.Classes() {
			total.Clicks = append(total.Clicks, a.Total[c])
		}
		rows = []Row{total}
	}
	for _, r := range rows {
		record = record[:0]
		for _, v := range r.Values {
			record = append(record, defused(v))
		}
		for _, n := range r.Clicks {
			record = append(record, n.String())
		}
		_ = w.Write(append(record, r.Uniques.String()))
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func defused(v string) string {
	if v != "" && strings.ContainsRune("=+-@\t\r\n", rune(v[0])) {
		return "'" + v
	}
	return v
}
