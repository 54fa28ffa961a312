// SPDX-License-Identifier: Apache-2.0

package count

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"slices"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/share/internal/click"
)

const (
	// tokenDays is for how many days after its own a visitor's token is known
	// again. The salt that makes tokens is gone by then, so nobody can come back;
	// a batch that was kept on disk for longer adds clicks and no visitors.
	tokenDays = 3
	// writerDays is after how many days without a batch a writer is forgotten.
	writerDays = 60
	maxWriter  = 128 // bytes
)

// decode reads a message of the log: batches, one a line, or, from before batches
// had numbers, a list of clicks, which has no writer. It is Malformed when it is
// neither, or holds what no key has room for.
func decode(data []byte) ([]click.Batch, error) {
	var out []click.Batch
	for line := range bytes.SplitSeq(data, []byte{'\n'}) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var b click.Batch
		var err error
		bare := line[0] == '['
		if bare {
			err = json.Unmarshal(line, &b.Clicks)
		} else {
			b, err = click.Decode(line)
		}
		if err != nil {
			return nil, fault.Wrap(fault.Malformed, "not a batch of clicks", err)
		}
		if !bare && (b.Writer == "" || len(b.Writer) > maxWriter || b.Number == 0) {
			return nil, fault.New(fault.Malformed, "a batch needs a writer and a number")
		}
		for i := range b.Clicks {
			if !fits(&b.Clicks[i]) {
				return nil, fault.Newf(fault.Malformed, "click %d has no hour, no code or a text of more than %d bytes", i, maxField)
			}
		}
		out = append(out, b)
	}
	if out == nil {
		return nil, fault.New(fault.Malformed, "no batch of clicks")
	}
	return out, nil
}

// fits reports whether a click has what it must, and no more than a key has room for.
func fits(k *click.Click) bool {
	longest := max(len(k.Code), len(k.Article), len(k.Channel), len(k.Partner), len(k.Wanted), len(k.Language))
	return !k.Hour.IsZero() && k.Code != "" && longest <= maxField
}

// take adds what a message holds to what waits for the next flush, unless it is
// in. What follows from a message depends on it and on those before it alone, not
// on the clock of this machine, so that a recount comes to the same numbers. An
// error leaves everything as it was. The caller holds the lock.
func (b *book) take(m bus.Message, batches []click.Batch) error {
	if m.Sequence <= b.Position {
		return nil
	}
	b.tick(dayOf(m.Time))
	for _, batch := range batches {
		for i := range batch.Clicks {
			if err := b.load(&batch.Clicks[i]); err != nil {
				return err
			}
		}
	}
	for _, batch := range batches {
		if batch.Writer != "" && !b.writer(batch.Writer).add(batch.Number) {
			continue
		}
		for i := range batch.Clicks {
			b.count(&batch.Clicks[i])
		}
	}
	b.Position, b.Stamp, b.dirty = m.Sequence, m.Time, true
	return nil
}

// tick lets the log's clock go on to a day, and forgets what it is too late for.
// Clocks of several servers may differ: it never goes back.
func (b *book) tick(day int64) {
	if day <= b.Clock {
		return
	}
	b.Clock = day
	for d := range b.seen {
		if d < day-1 { // on disk still, for batches that come late
			delete(b.seen, d)
		}
	}
	for name, w := range b.writers {
		if w.last < day-writerDays {
			delete(b.writers, name)
			b.changed[name] = true
		}
	}
}

// writer is what is known of a writer, which writes now.
func (b *book) writer(name string) *writer {
	w := b.writers[name]
	if w == nil {
		w = &writer{}
		b.writers[name] = w
	}
	w.last = b.Clock
	b.changed[name] = true
	return w
}

// unique reports whether a click may be the first of a visitor.
func (b *book) unique(k *click.Click) bool {
	return k.Class == click.Human && k.Visitor != "" && dayOf(k.Hour) >= b.Clock-tokenDays
}

// load has the visitors of a click's day in memory, when they matter.
func (b *book) load(k *click.Click) error {
	day := dayOf(k.Hour)
	if b.seen[day] != nil || !b.unique(k) {
		return nil
	}
	set, err := b.visitors(day)
	if err == nil {
		b.seen[day] = set
	}
	return err
}

// count adds a click to its cell, and a visitor that is new that day.
func (b *book) count(k *click.Click) {
	day := dayOf(k.Hour)
	at := cell{day, k.Code, k.Article, k.Channel, k.Partner, k.Wanted, k.Language}
	t := b.pending[at]
	if t == nil {
		t = &tally{}
		b.pending[at] = t
	}
	t.clicks[place(k.Class)]++
	if !b.unique(k) {
		return
	}
	if token := tokenOf(k.Visitor); !b.seen[day][token] {
		b.seen[day][token] = true
		b.fresh[day] = append(b.fresh[day], token)
		b.tokens++
		t.uniques++
	}
}

// tokenOf is what is kept of a visitor's token: 64 bits, of which ten million
// in one day hold two alike once in 400,000 days.
func tokenOf(visitor string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(visitor)) // never fails
	return h.Sum64()
}

// writer is which batches of a writer have been counted: runs of numbers without
// a hole, in order and apart.
type writer struct {
	last int64 // day of its last batch
	runs []run
}

type run struct{ from, to uint64 }

// add notes a number, which is at least 1, and reports whether it is new.
func (w *writer) add(n uint64) bool {
	i, _ := slices.BinarySearchFunc(w.runs, n, func(r run, n uint64) int {
		if r.to < n {
			return -1
		}
		return 1
	}) // the first run that ends at n or later
	if i < len(w.runs) && w.runs[i].from <= n {
		return false
	}
	before := i > 0 && w.runs[i-1].to == n-1
	after := i < len(w.runs) && w.runs[i].from-1 == n
	switch {
	case before && after:
		w.runs[i-1].to = w.runs[i].to
		w.runs = slices.Delete(w.runs, i, i+1)
	case before:
		w.runs[i-1].to = n
	case after:
		w.runs[i].from = n
	default:
		w.runs = slices.Insert(w.runs, i, run{n, n})
	}
	return true
}

// encode writes the day, then each run, as varints.
func (w *writer) encode() []byte {
	out := binary.AppendVarint(nil, w.last)
	for _, r := range w.runs {
		out = binary.AppendUvarint(binary.AppendUvarint(out, r.from), r.to-r.from)
	}
	return out
}

func decodeWriter(data []byte) (*writer, error) {
	last, size := binary.Varint(data)
	w := &writer{last: last}
	for size > 0 && size < len(data) {
		data = data[size:]
		from, a := binary.Uvarint(data)
		if a <= 0 {
			return nil, errDamaged
		}
		more, b := binary.Uvarint(data[a:])
		if b <= 0 || from == 0 || from+more < from {
			return nil, errDamaged
		}
		w.runs, size = append(w.runs, run{from, from + more}), a+b
	}
	if size <= 0 {
		return nil, errDamaged
	}
	return w, nil
}
