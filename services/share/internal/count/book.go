// SPDX-License-Identifier: Apache-2.0

package count

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// format is the version of what a file holds. A file of another one is given up
// and filled anew from the log.
const format = 1

const (
	metaBucket   = "meta" // stateKey → state
	stateKey     = "state"
	writerBucket = "writers" // writer → the runs of its numbers
	seenBucket   = "seen"    // day → position at a flush → the tokens that were new, 8 bytes each
)

// reserve is how much address space the file is mapped into at first: a reader
// never keeps a writer waiting until it is larger.
const reserve = 1 << 30

func tables() []table { return []table{links, days} }

// state is how far a book is. It is written in the transaction that writes what
// it speaks of.
type state struct {
	Format   int
	Position uint64    // sequence of the last message that is in
	Stamp    time.Time // when that was written to the log
	Clock    int64     // the newest day of a message
	Floor    string    // days before it are forgotten
}

// book is a file of counts, and what has been added to it and waits in memory.
// The lock guards all but db; flush and take are called with it held.
type book struct {
	db *bbolt.DB

	mu sync.Mutex
	state
	dirty   bool
	pending map[cell]*tally
	writers map[string]*writer
	changed map[string]bool           // writers
	seen    map[int64]map[uint64]bool // by day, what is on disk included
	fresh   map[int64][]uint64        // of seen, what is not on disk yet
	tokens  int                       // in fresh
}

// full reports whether enough waits in memory to be written.
func (b *book) full() bool { return len(b.pending) >= flushCells || b.tokens >= flushTokens }

var errInUse = errors.New("another process has it open")

// openBook opens a file, or makes it. One that is damaged, or of another format,
// is deleted, and isNew is true: the log has all of it. What the system refuses
// is an error.
func openBook(path string, scratch bool) (b *book, isNew bool, err error) {
	b, err = readBook(path, scratch)
	if _, refused := errors.AsType[syscall.Errno](err); err == nil || refused || errors.Is(err, errInUse) {
		return b, false, err
	}
	if err := os.Remove(path); err != nil {
		return nil, false, fmt.Errorf("remove damaged counts: %w", err)
	}
	b, err = readBook(path, scratch)
	return b, true, err
}

// readBook opens a file. A damaged one can make bbolt panic; that is an error
// like any other here.
func readBook(path string, scratch bool) (b *book, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var db *bbolt.DB
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("counts are damaged: %v", p)
		}
		if err != nil && db != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: 2 * time.Second, InitialMmapSize: reserve, FreelistType: bbolt.FreelistMapType, NoSync: scratch, NoFreelistSync: scratch,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open counts %s: %w", path, errInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("open counts: %w", err)
	}
	b = &book{db: db}
	b.clear()
	return b, db.Update(b.read)
}

// clear forgets what is in memory.
func (b *book) clear() {
	b.state, b.dirty = state{Format: format}, false
	b.pending, b.fresh, b.tokens = map[cell]*tally{}, map[int64][]uint64{}, 0
	b.writers, b.changed = map[string]*writer{}, map[string]bool{}
	b.seen = map[int64]map[uint64]bool{}
}

func buckets() []string {
	return []string{metaBucket, writerBucket, seenBucket, links.name, days.name}
}

func (b *book) read(tx *bbolt.Tx) error {
	for _, name := range buckets() {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return fmt.Errorf("open counts: %w", err)
		}
	}
	if data := tx.Bucket([]byte(metaBucket)).Get([]byte(stateKey)); data != nil {
		if err := json.Unmarshal(data, &b.state); err != nil {
			return fmt.Errorf("open counts: %w", err)
		}
	}
	if b.Format != format {
		return fmt.Errorf("open counts: format %d, want %d", b.Format, format)
	}
	return tx.Bucket([]byte(writerBucket)).ForEach(func(name, data []byte) error {
		w, err := decodeWriter(data)
		b.writers[string(name)] = w
		return err
	})
}

// reset empties the book, on disk too.
func (b *book) reset() error {
	err := b.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets() {
			if err := tx.DeleteBucket([]byte(name)); err != nil {
				return err
			}
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("empty counts: %w", err)
	}
	b.clear()
	return nil
}

// visitors reads the tokens of a day.
func (b *book) visitors(day int64) (map[uint64]bool, error) {
	set := map[uint64]bool{}
	for _, token := range b.fresh[day] {
		set[token] = true
	}
	err := b.db.View(func(tx *bbolt.Tx) error {
		chunks := tx.Bucket([]byte(seenBucket)).Bucket([]byte(nameOf(day)))
		if chunks == nil {
			return nil
		}
		return chunks.ForEach(func(_, tokens []byte) error {
			for ; len(tokens) >= 8; tokens = tokens[8:] {
				set[binary.BigEndian.Uint64(tokens)] = true
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read visitors of %s: %w", nameOf(day), err)
	}
	return set, nil
}

// flush writes what waits, and how far that reaches, in one transaction.
func (b *book) flush() error {
	if !b.dirty {
		return nil
	}
	err := b.db.Update(func(tx *bbolt.Tx) error {
		for _, t := range tables() {
			if err := b.write(tx.Bucket([]byte(t.name)), t); err != nil {
				return err
			}
		}
		if err := b.writeVisitors(tx.Bucket([]byte(seenBucket))); err != nil {
			return err
		}
		if err := b.writeWriters(tx.Bucket([]byte(writerBucket))); err != nil {
			return err
		}
		return b.writeState(tx)
	})
	if err != nil {
		return fmt.Errorf("write counts: %w", err)
	}
	b.dirty, b.tokens = false, 0
	clear(b.pending)
	clear(b.fresh)
	clear(b.changed)
	return nil
}

func (b *book) writeState(tx *bbolt.Tx) error {
	data, err := json.Marshal(b.state)
	if err != nil {
		return err
	}
	return tx.Bucket([]byte(metaBucket)).Put([]byte(stateKey), data)
}

// sums are the cells of one day of a table, with what is to be added to each.
type sums struct {
	place  map[string]int // of a key in totals
	keys   []string
	totals []tally
}

func (s *sums) add(key []byte, n *tally) {
	at, ok := s.place[string(key)]
	if !ok {
		at = len(s.totals)
		s.keys = append(s.keys, string(key))
		s.place[s.keys[at]] = at
		s.totals = append(s.totals, tally{})
	}
	s.totals[at].add(n)
}

// write adds what waits to the cells of a table. Cells are written in the order
// of their keys, which is how they lie on disk.
func (b *book) write(root *bbolt.Bucket, t table) error {
	byDay, buf := map[int64]*sums{}, make([]byte, 0, 256)
	for at, n := range b.pending {
		day := byDay[at.day]
		if day == nil {
			day = &sums{place: map[string]int{}}
			byDay[at.day] = day
		}
		buf = at.key(buf[:0], t)
		day.add(buf, n)
	}
	for day, s := range byDay {
		bucket, err := root.CreateBucketIfNotExists([]byte(nameOf(day)))
		if err != nil {
			return err
		}
		slices.Sort(s.keys)
		for _, k := range s.keys {
			key, n := []byte(k), &s.totals[s.place[k]]
			if err := n.plus(bucket.Get(key)); err != nil {
				return err
			}
			if err := bucket.Put(key, n.encode()); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeVisitors adds the tokens that are new, and drops the days whose tokens
// cannot come back.
func (b *book) writeVisitors(root *bbolt.Bucket) error {
	for day, tokens := range b.fresh {
		bucket, err := root.CreateBucketIfNotExists([]byte(nameOf(day)))
		if err != nil {
			return err
		}
		chunk := make([]byte, 0, 8*len(tokens))
		for _, token := range tokens {
			chunk = binary.BigEndian.AppendUint64(chunk, token)
		}
		if err := bucket.Put(binary.BigEndian.AppendUint64(nil, b.Position), chunk); err != nil {
			return err
		}
	}
	return dropBefore(root, nameOf(b.Clock-tokenDays))
}

func (b *book) writeWriters(bucket *bbolt.Bucket) error {
	for name := range b.changed {
		var err error
		if w := b.writers[name]; w != nil {
			err = bucket.Put([]byte(name), w.encode())
		} else {
			err = bucket.Delete([]byte(name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropBefore deletes the buckets of days before one.
func dropBefore(root *bbolt.Bucket, day string) error {
	for {
		first, _ := root.Cursor().First()
		if first == nil || string(first) >= day {
			return nil
		}
		if err := root.DeleteBucket(slices.Clone(first)); err != nil {
			return err
		}
	}
}

// forget drops the cells of days before one, for good.
func (b *book) forget(day string) error {
	if err := b.flush(); err != nil || day <= b.Floor {
		return err
	}
	floor := b.Floor
	b.Floor = day
	err := b.db.Update(func(tx *bbolt.Tx) error {
		for _, t := range tables() {
			if err := dropBefore(tx.Bucket([]byte(t.name)), day); err != nil {
				return err
			}
		}
		return b.writeState(tx)
	})
	if err != nil {
		b.Floor = floor
		return fmt.Errorf("forget counts: %w", err)
	}
	return nil
}
