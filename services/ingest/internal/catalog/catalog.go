// SPDX-License-Identifier: Apache-2.0

// Package catalog is the list of all editions, in memory, projected from the
// log: what an editor browses, and where embargoes and expiries to come stand.
package catalog

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// Catalog lists editions. It is safe for concurrent use.
type Catalog struct {
	bus     *bus.Bus
	log     *slog.Logger
	changed func(Entry) // called for each version applied, outside the lock

	mu       sync.RWMutex
	rows     []row           // by sequence; those overtaken have no id
	index    map[edition]int // where its row is
	dead     int             // how many were overtaken
	words    words           // languages and sections
	position uint64
	caughtUp bool
	moved    chan struct{} // closed and made anew whenever position moves
}

// Entry is the newest version of an edition, without its texts.
type Entry struct {
	ID             string            `json:"id"`
	Language       string            `json:"language"`
	SourceLanguage string            `json:"sourceLanguage"`
	Version        int               `json:"version"`
	SourceVersion  int               `json:"sourceVersion,omitempty"`
	Stale          bool              `json:"stale"`
	PubStatus      article.PubStatus `json:"pubStatus"`
	Headline       string            `json:"headline"`
	Section        string            `json:"section,omitempty"`
	DatePublished  time.Time         `json:"datePublished"`
	VersionCreated time.Time         `json:"versionCreated"`
	EmbargoedUntil *time.Time        `json:"embargoedUntil,omitempty"`
	Expires        *time.Time        `json:"expires,omitempty"`
	Sequence       uint64            `json:"-"` // in the log
}

// EntryOf is the entry of a version that stands at a sequence of the log.
func EntryOf(e *article.Edition, sequence uint64) Entry {
	return Entry{
		ID: e.ID, Language: e.Language, SourceLanguage: e.SourceLanguage, Version: e.Version, SourceVersion: e.SourceVersion,
		PubStatus: e.PubStatus, Headline: e.Headline, Section: e.Section, DatePublished: e.DatePublished,
		VersionCreated: e.VersionCreated, EmbargoedUntil: e.EmbargoedUntil, Expires: e.Expires, Sequence: sequence,
	}
}

// Life is the part of an edition that says when it may be seen.
func (e *Entry) Life() article.Edition {
	return article.Edition{
		ID: e.ID, Language: e.Language, SourceLanguage: e.SourceLanguage, Version: e.Version,
		PubStatus: e.PubStatus, EmbargoedUntil: e.EmbargoedUntil, Expires: e.Expires,
	}
}

// New returns an empty catalog; changed is called for each version applied.
func New(b *bus.Bus, log *slog.Logger, changed func(Entry)) *Catalog {
	return &Catalog{bus: b, log: log, changed: changed, index: map[edition]int{}, words: newWords(), moved: make(chan struct{})}
}

// Run follows the log until ctx ends.
func (c *Catalog) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := c.bus.Replay(ctx, bus.Articles, article.Subject("*", "*"), c.apply, c.catchUp)
		if ctx.Err() != nil {
			return nil
		}
		c.log.WarnContext(ctx, "catalog interrupted", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}

func (c *Catalog) apply(m bus.Message) {
	change, err := article.Decode(m.Header, m.Data)
	if err != nil {
		c.log.Error("edition unreadable", "sequence", m.Sequence, "error", err)
		c.move(m.Sequence, nil)
		return
	}
	entry := EntryOf(&change.Edition, m.Sequence)
	if c.move(m.Sequence, &entry) && c.changed != nil {
		c.changed(entry)
	}
}

// move applies what stands at a position of the log, and reports whether it is
// news.
func (c *Catalog) move(sequence uint64, entry *Entry) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if sequence > c.position {
		c.position = sequence
		c.signal()
	}
	if entry == nil {
		return false
	}
	r := c.pack(entry)
	k := edition{r.id, r.language}
	if at, ok := c.index[k]; ok {
		if c.rows[at].sequence >= sequence {
			return false
		}
		c.rows[at] = row{}
		c.dead++
	}
	c.index[k] = len(c.rows)
	c.rows = append(c.rows, r)
	if c.dead > 1000 && c.dead > len(c.rows)/2 {
		c.compact()
	}
	return true
}

func (c *Catalog) signal() {
	close(c.moved)
	c.moved = make(chan struct{})
}

func (c *Catalog) compact() {
	live := make([]row, 0, len(c.rows)-c.dead)
	for _, r := range c.rows {
		if r.id != "" {
			c.index[edition{r.id, r.language}] = len(live)
			live = append(live, r)
		}
	}
	c.rows, c.dead = live, 0
}

func (c *Catalog) catchUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.caughtUp = true
	c.signal()
}

// Await returns once the catalog has what the log held when it was called;
// Unavailable when that takes longer than ctx allows.
func (c *Catalog) Await(ctx context.Context) error {
	last, err := c.bus.LastSequence(ctx, bus.Articles)
	if err != nil {
		return err
	}
	for {
		c.mu.RLock()
		there, moved := c.caughtUp && c.position >= last, c.moved
		c.mu.RUnlock()
		if there {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fault.New(fault.Unavailable, "the list of articles is still being read; try again")
		}
	}
}

// Filter says which editions are asked for; what is empty does not restrict.
type Filter struct {
	Language     string
	PubStatus    article.PubStatus // as it is now: an embargo counts as withheld
	Section      string            // letter case and accents do not count
	UpdatedSince time.Time
	Query        string // words that the headline or the id has, in any order
	Before       uint64 // a sequence of the log: only what is older
	Limit        int
}

// List returns editions, newest version first, and the sequence to go on from,
// as Before; 0 when there are no more.
func (c *Catalog) List(f Filter, now time.Time) (list []Entry, next uint64) {
	section, words := plain.Fold(f.Section), strings.Fields(plain.Fold(f.Query))
	list = []Entry{}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for i := len(c.rows) - 1; i >= 0; i-- {
		if c.rows[i].id == "" || (f.Before > 0 && c.rows[i].sequence >= f.Before) {
			continue
		}
		e := c.unpack(&c.rows[i])
		c.present(&e, &c.rows[i], now)
		if !f.accepts(&e, section, words) {
			continue
		}
		if len(list) == f.Limit {
			return list, list[len(list)-1].Sequence
		}
		list = append(list, e)
	}
	return list, 0
}

// present tells how an entry stands now.
func (c *Catalog) present(e *Entry, r *row, now time.Time) {
	life := e.Life()
	e.PubStatus = life.StatusAt(now)
	if at, ok := c.index[edition{r.id, r.source}]; ok && r.language != r.source {
		e.Stale = e.SourceVersion < c.rows[at].version
	}
}

func (f *Filter) accepts(e *Entry, section string, words []string) bool {
	if (f.Language != "" && e.Language != f.Language) || (f.PubStatus != "" && e.PubStatus != f.PubStatus) ||
		e.VersionCreated.Before(f.UpdatedSince) || (section != "" && plain.Fold(e.Section) != section) {
		return false
	}
	if len(words) == 0 {
		return true
	}
	text := plain.Fold(e.Headline) + " " + e.ID
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// Each calls fn for every edition, in the order of the log. fn must not call
// the catalog.
func (c *Catalog) Each(fn func(Entry)) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for i := range c.rows {
		if c.rows[i].id != "" {
			fn(c.unpack(&c.rows[i]))
		}
	}
}
