// SPDX-License-Identifier: Apache-2.0

package count

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/share/internal/click"
)

const (
	maxRows   = 10_000
	maxMonths = 25
)

// Day is a day in UTC, written 2006-01-02; empty: none in particular. Days
// compare as their texts do.
type Day string

// DayOf is the day of a moment.
func DayOf(t time.Time) Day { return Day(nameOf(dayOf(t))) }

// Plus is a number of days later; d must not be empty.
func (d Day) Plus(days int) Day {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return DayOf(t.AddDate(0, 0, days))
}

// Query says which clicks are asked for, and how they are to be told apart.
type Query struct {
	Article, Partner string // empty: any
	Code             string // of a link of Article, which has to be given with it; empty: any
	From, To         Day    // both included; empty: as far as there are counts
	GroupBy          []Dimension
}

func wrong(pointer, detail string) error {
	return fault.WithFields(fault.Malformed, "query parameter "+pointer[1:]+" "+detail, fault.Field{Pointer: pointer, Detail: detail})
}

// ParseDays reads the bounds of a range as a query has them, either of which may
// be empty. Malformed names from or to: a date that is none, an end before the
// beginning, or more than 25 months.
func ParseDays(from, to string) (Day, Day, error) {
	var at [2]time.Time
	for i, s := range []string{from, to} {
		if s == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			return "", "", wrong([]string{"/from", "/to"}[i], "must be a date such as 2026-01-31")
		}
		at[i] = t
	}
	if from != "" && to != "" {
		if at[1].Before(at[0]) {
			return "", "", wrong("/to", "must not lie before from")
		}
		if !at[1].Before(at[0].AddDate(0, maxMonths, 0)) {
			return "", "", wrong("/from", fmt.Sprintf("must lie within %d months of to", maxMonths))
		}
	}
	return Day(from), Day(to), nil
}

// ParseGroupBy reads dimensions separated by commas; none from an empty text.
// Malformed names groupBy.
func ParseGroupBy(s string) ([]Dimension, error) {
	var out []Dimension
	if s == "" {
		return nil, nil
	}
	known := []Dimension{ByDay, ByChannel, ByPartner, ByLanguage, ByClass, ByArticle, ByWanted, ByCode}
	for name := range strings.SplitSeq(s, ",") {
		d := Dimension(strings.TrimSpace(name))
		switch {
		case !slices.Contains(known, d):
			return nil, wrong("/groupBy", "takes day, channel, partner, language, class, article, wanted and code, separated by commas")
		case slices.Contains(out, d):
			return nil, wrong("/groupBy", "names "+string(d)+" more than once")
		}
		out = append(out, d)
	}
	return out, nil
}

// table chooses where to look.
func (q *Query) table() table {
	if q.Article != "" || slices.Contains(q.GroupBy, ByCode) || slices.Contains(q.GroupBy, ByArticle) {
		return links
	}
	return days
}

// Query answers from all that this instance has taken in, which is written
// first. Until the counts have reached what the log had at the start it waits,
// for three seconds at most, and is Unavailable then. It is Malformed when more
// than 10,000 rows would come.
func (c *Counts) Query(ctx context.Context, q Query) (Answer, error) {
	if q.Code != "" && q.Article == "" {
		return Answer{}, errors.New("read counts of a link: its article is not given")
	}
	if err := c.await(ctx); err != nil {
		return Answer{}, err
	}
	if err := c.flush(); err != nil {
		return Answer{}, err
	}
	s := newSum(&q)
	err := c.book.db.View(func(tx *bbolt.Tx) error { return s.scan(ctx, tx.Bucket([]byte(s.table.name))) })
	switch {
	case err == nil:
		return s.answer()
	case fault.KindOf(err) != fault.Internal:
		return Answer{}, err
	}
	return Answer{}, fmt.Errorf("read counts: %w", err)
}

// await waits until the counts have reached what the log had at the start.
func (c *Counts) await(ctx context.Context) error {
	patience := time.NewTimer(3 * time.Second)
	defer patience.Stop()
	select {
	case <-c.ready:
		return nil
	case <-ctx.Done():
	case <-patience.C:
	}
	return fault.New(fault.Unavailable, "the counts are being filled from the log; try again")
}

// sum adds cells up by the values of some dimensions.
type sum struct {
	query    *Query
	table    table
	prefix   []byte // of the keys that are wanted
	partner  int    // where in the key it stands; -1: all are wanted
	columns  []int  // where in the key each value to group by stands; -1: it is the day
	groups   map[string]*group
	total    tally
	from, to Day // that have been looked at
}

type group struct {
	values []string // of GroupBy but for the class
	tally
}

func newSum(q *Query) *sum {
	t := q.table()
	s := &sum{query: q, table: t, partner: -1, groups: map[string]*group{}, from: q.From, to: q.To}
	switch {
	case q.Code != "":
		s.prefix = appendField(appendField(nil, q.Article), q.Code)
	case q.Article != "":
		s.prefix = appendField(nil, q.Article)
	case q.Partner != "" && t.dims[0] == ByPartner:
		s.prefix = appendField(nil, q.Partner)
	}
	if q.Partner != "" {
		s.partner = slices.Index(t.dims, ByPartner)
	}
	for _, d := range q.GroupBy {
		if d != ByClass {
			s.columns = append(s.columns, slices.Index(t.dims, d))
		}
	}
	return s
}

func (s *sum) scan(ctx context.Context, root *bbolt.Bucket) error {
	at := root.Cursor()
	for name, _ := at.Seek([]byte(s.query.From)); name != nil; name, _ = at.Next() {
		day := Day(name)
		if s.query.To != "" && day > s.query.To {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.day(day, root.Bucket(name)); err != nil {
			return err
		}
	}
	return nil
}

func (s *sum) day(day Day, cells *bbolt.Bucket) error {
	var (
		at     = cells.Cursor()
		buf    = make([]byte, 0, 128)
		fields = make([][]byte, len(s.table.dims))
	)
	for key, value := at.Seek(s.prefix); bytes.HasPrefix(key, s.prefix) && key != nil; key, value = at.Next() {
		var err error
		for i, rest := 0, key; i < len(fields); i++ {
			if fields[i], rest, err = nextField(rest); err != nil {
				return err
			}
		}
		if s.partner >= 0 && string(fields[s.partner]) != s.query.Partner {
			continue
		}
		var n tally
		if err := n.plus(value); err != nil {
			return err
		}
		s.total.add(&n)
		if s.query.From == "" && (s.from == "" || day < s.from) {
			s.from = day
		}
		if s.query.To == "" {
			s.to = day
		}
		if buf, err = s.put(buf[:0], day, fields, &n); err != nil {
			return err
		}
	}
	return nil
}

// put adds a cell to the group that it belongs to.
func (s *sum) put(buf []byte, day Day, fields [][]byte, n *tally) ([]byte, error) {
	if len(s.query.GroupBy) == 0 {
		return buf, nil
	}
	for _, c := range s.columns {
		if c < 0 {
			buf = append(buf, day...)
		} else {
			buf = append(append(buf, byte(len(fields[c]))), fields[c]...) //nolint:gosec // G115: it came out of such a byte
		}
	}
	g := s.groups[string(buf)]
	if g == nil {
		if len(s.groups) == maxRows {
			return buf, tooMany()
		}
		g = &group{}
		for _, c := range s.columns {
			if c < 0 {
				g.values = append(g.values, string(day))
			} else {
				g.values = append(g.values, string(fields[c]))
			}
		}
		s.groups[string(buf)] = g
	}
	g.add(n)
	return buf, nil
}

func tooMany() error {
	return wrong("/groupBy", fmt.Sprintf("gives more than %d rows: ask for fewer days, or tell less apart", maxRows))
}

// answer makes rows of the groups, sorted by their values.
func (s *sum) answer() (Answer, error) {
	out := Answer{
		Code: s.query.Code, From: s.from, To: s.to, GroupBy: s.query.GroupBy,
		Total: map[click.Class]Count{}, Uniques: Count(s.total.uniques), Rows: []Row{},
	}
	for i, class := range click.Classes() {
		out.Total[class] = Count(s.total.clicks[i])
	}
	byClass := slices.Index(s.query.GroupBy, ByClass)
	for _, g := range s.groups {
		if byClass < 0 {
			out.Rows = append(out.Rows, g.row(s.query.GroupBy))
			continue
		}
		out.Rows = append(out.Rows, g.byClass(s.query.GroupBy, byClass)...)
	}
	if len(out.Rows) > maxRows {
		return Answer{}, tooMany()
	}
	slices.SortFunc(out.Rows, func(a, b Row) int { return slices.Compare(a.Values, b.Values) })
	return out, nil
}

func (g *group) row(by []Dimension) Row {
	r := Row{By: by, Values: g.values, Uniques: Count(g.uniques), Clicks: make([]Count, classes)}
	for i, n := range g.clicks {
		r.Clicks[i] = Count(n)
	}
	return r
}

// byClass makes a row of each class that has clicks; at is where its name goes.
func (g *group) byClass(by []Dimension, at int) (out []Row) {
	for i, class := range click.Classes() {
		if g.clicks[i] == 0 {
			continue
		}
		r := Row{By: by, Values: slices.Insert(slices.Clone(g.values), at, string(class)), Clicks: []Count{Count(g.clicks[i])}}
		if i == human {
			r.Uniques = Count(g.uniques)
		}
		out = append(out, r)
	}
	return out
}
