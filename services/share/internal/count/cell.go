// SPDX-License-Identifier: Apache-2.0

package count

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/relais-press/relais/services/share/internal/click"
)

// Dimension is what clicks can be told apart by.
type Dimension string

// The dimensions.
const (
	ByDay      Dimension = "day"
	ByCode     Dimension = "code"
	ByArticle  Dimension = "article"
	ByPartner  Dimension = "partner"
	ByChannel  Dimension = "channel"
	ByLanguage Dimension = "language" // that the reader was sent to
	ByWanted   Dimension = "wanted"   // that the reader would have liked best
	ByClass    Dimension = "class"
)

// A table holds one bucket a day, named by the day; its keys are the values of
// the table's dimensions in their order, each behind a byte with its length, so
// that any text is safe and all of what a first value has lies together. Links
// lie by their articles: one table answers for both.
type table struct {
	name string
	dims []Dimension
}

var (
	links = table{"links", []Dimension{ByArticle, ByCode, ByChannel, ByPartner, ByWanted, ByLanguage}}
	days  = table{"days", []Dimension{ByPartner, ByChannel, ByWanted, ByLanguage}}
)

// maxField is the longest value that a key has room for, in bytes.
const maxField = 255

// cell is what clicks that count together have in common.
type cell struct {
	day                                               int64 // since 1970-01-01, UTC
	code, article, channel, partner, wanted, language string
}

// key appends where the cell is found in a table, in the bucket of its day.
func (c *cell) key(key []byte, t table) []byte {
	for _, d := range t.dims {
		v := ""
		switch d {
		case ByCode:
			v = c.code
		case ByArticle:
			v = c.article
		case ByPartner:
			v = c.partner
		case ByChannel:
			v = c.channel
		case ByLanguage:
			v = c.language
		case ByWanted:
			v = c.wanted
		case ByDay, ByClass:
		}
		key = appendField(key, v)
	}
	return key
}

func appendField(key []byte, v string) []byte {
	return append(append(key, byte(min(len(v), maxField))), v...)
}

var errDamaged = errors.New("a cell is damaged")

// nextField splits the first value off a key.
func nextField(key []byte) (value, rest []byte, err error) {
	if len(key) == 0 || len(key) <= int(key[0]) {
		return nil, nil, errDamaged
	}
	n := 1 + int(key[0])
	return key[1:n], key[n:], nil
}

// classes is how many there are, and human the place of the class that uniques
// belong to.
const (
	classes = 7
	human   = 0
)

// place is where a class stands in a tally, as in [click.Classes]. One that is
// not known counts as unknown.
func place(c click.Class) int {
	switch c {
	case click.Human:
		return human
	case click.Preview:
		return 1
	case click.Scanner:
		return 2
	case click.Bot:
		return 3
	case click.PrefetchRefused:
		return 4
	case click.Monitor:
		return 5
	case click.Unknown:
	}
	return classes - 1
}

// tally is what is counted in a cell: clicks by class, and visitors.
type tally struct {
	clicks  [classes]int64
	uniques int64
}

func (t *tally) add(o *tally) {
	for i, n := range o.clicks {
		t.clicks[i] += n
	}
	t.uniques += o.uniques
}

func (t *tally) sum() (n int64) {
	for _, k := range t.clicks {
		n += k
	}
	return n
}

// distance is the sum of the absolute differences to another tally.
func (t *tally) distance(o *tally) int64 {
	n := abs(t.uniques - o.uniques)
	for i := range t.clicks {
		n += abs(t.clicks[i] - o.clicks[i])
	}
	return n
}

func abs(n int64) int64 { return max(n, -n) }

// encode writes the uniques, then the clicks by class as far as there are any,
// as varints.
func (t *tally) encode() []byte {
	out := binary.AppendUvarint(make([]byte, 0, 4), uint64(max(t.uniques, 0)))
	last := classes
	for last > 0 && t.clicks[last-1] == 0 {
		last--
	}
	for _, n := range t.clicks[:last] {
		out = binary.AppendUvarint(out, uint64(max(n, 0)))
	}
	return out
}

// plus adds an encoded tally.
func (t *tally) plus(data []byte) error {
	for i := -1; len(data) > 0; i++ {
		n, size := binary.Uvarint(data)
		if size <= 0 || n > 1<<62 || i >= classes {
			return errDamaged
		}
		data = data[size:]
		if i < 0 {
			t.uniques += int64(n)
		} else {
			t.clicks[i] += int64(n)
		}
	}
	return nil
}

const secondsADay = 24 * 60 * 60

// dayOf is the day of a moment, counted from 1970-01-01 UTC.
func dayOf(t time.Time) int64 {
	s := t.Unix()
	return (s - ((s%secondsADay)+secondsADay)%secondsADay) / secondsADay
}

// nameOf is a day as it is written: 2006-01-02.
func nameOf(day int64) string { return time.Unix(day*secondsADay, 0).UTC().Format(time.DateOnly) }
