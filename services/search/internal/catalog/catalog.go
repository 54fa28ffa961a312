// SPDX-License-Identifier: Apache-2.0

// Package catalog knows which editions a partner may show now, in which order
// they were published, and which of them have gone: a projection of the log, in
// memory, without the texts. Feeds, content and changes are made from it.
//
// Of each edition it holds the newest version and, in short, what there was
// before: to whom earlier versions were public, until when, and what was
// corrected. What an edition was public to is told by the clock of the log, what
// it is public to by that of the caller; the two are taken to agree to within
// the time in which an editor acts.
package catalog

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
)

// Entry is an edition as a partner may show it.
type Entry struct {
	// Edition is without its texts (bodyHtml, bodyText) where it comes from the
	// catalog alone, and without what is for editors (edNote, audience).
	Edition article.Edition
	// URL is where the partner's readers find it; empty: nowhere.
	URL string
	// Translations are the editions of the article that the partner may show, this
	// one among them, the original first.
	Translations []Translation
}

// URI names the edition of an article in a language for good, the same at every
// partner: the address of its content at a service at publicURL (without a
// trailing slash; empty: as a path).
func URI(publicURL, id, language string) string {
	return publicURL + "/v1/content/" + url.PathEscape(id) + "/" + url.PathEscape(language)
}

// Translation is one edition of an article among its others.
type Translation struct {
	Language string
	URL      string // may be empty
	Version  int
	Original bool
	Stale    bool // the original has moved on since it was made
}

// Tombstone says that an edition that a partner may have shown must be shown no
// more (RFC 6721). It tells nothing of editions that the partner never could see.
type Tombstone struct {
	ID, Language string
	Version      int               // the one that took it from the partner, or killed it
	PubStatus    article.PubStatus // withheld or canceled
	At           time.Time
	Cancellation *article.Cancellation // of a canceled one
}

// Log is what the catalog reads (bus.Bus).
type Log interface {
	// ReplayAll hands over every message that is kept from a sequence on, calls
	// caughtUp, then hands over what is new, until ctx ends.
	ReplayAll(ctx context.Context, stream, filter string, from uint64, fn func(bus.Message), caughtUp func()) error
	// Last returns the newest message of a subject, NotFound, or Unavailable.
	Last(ctx context.Context, stream, subject string) (bus.Message, error)
	// LastSequence is the sequence of the newest message.
	LastSequence(ctx context.Context, stream string) (uint64, error)
}

// Catalog lists editions. It is safe for concurrent use.
type Catalog struct {
	source   Log
	log      *slog.Logger
	reading  chan struct{} // holds one for each text that is being read
	caughtUp atomic.Bool
	applied  atomic.Uint64 // sequence of the last message read; moves under mu

	mu       sync.RWMutex
	articles map[string][]*held // by id, the original first
	words    map[string]string  // one copy of each language, section and status
	newest   map[string]*shelf[*held]
	written  shelf[mark]        // by the sequence of the newest version
	clock    shelf[moment]      // embargoes and expiries of usable editions
	fading   map[*held]struct{} // those that may be gone for somebody
	unsorted bool               // while the log is read for the first time
	editions int
}

// atOnce is how many texts are read from the log at the same time.
const atOnce = 8

// New returns an empty catalog over a log.
func New(source Log, log *slog.Logger) *Catalog {
	return &Catalog{
		source: source, log: log, reading: make(chan struct{}, atOnce), articles: map[string][]*held{}, words: map[string]string{},
		newest: map[string]*shelf[*held]{}, fading: map[*held]struct{}{},
		written: shelf[mark]{compare: compareMarks}, clock: shelf[moment]{compare: compareMoments},
	}
}

// Check returns nil once the catalog has read what the log held.
func (c *Catalog) Check(context.Context) error {
	if !c.caughtUp.Load() {
		return fault.New(fault.Unavailable, "the catalog of editions is still being read")
	}
	return nil
}

// Run follows the log until ctx ends. The catalog goes on answering while the
// log is away.
func (c *Catalog) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := c.source.ReplayAll(ctx, bus.Articles, article.Subject("*", "*"), c.applied.Load()+1, c.apply, c.caught)
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

func (c *Catalog) caught() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sort()
	c.caughtUp.Store(true)
}

// Reach returns once the catalog has read the log up to a sequence that another
// one has read; Unavailable when that takes longer than a second, NotFound when
// the log does not go so far.
func (c *Catalog) Reach(ctx context.Context, sequence uint64) error {
	if c.applied.Load() >= sequence {
		return nil
	}
	last, err := c.source.LastSequence(ctx, bus.Articles)
	if err != nil {
		return err
	}
	if last < sequence {
		return fault.New(fault.NotFound, "the log does not go so far")
	}
	return c.await(ctx, sequence)
}

func (c *Catalog) await(ctx context.Context, sequence uint64) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for c.applied.Load() < sequence {
		select {
		case <-ctx.Done():
			return fault.New(fault.Unavailable, "the newest articles are still being read; try again")
		case <-tick.C:
		}
	}
	return nil
}

// lockForReading takes the lock for a reader, with everything in its order.
func (c *Catalog) lockForReading() {
	c.mu.RLock()
	for c.unsorted {
		c.mu.RUnlock()
		c.mu.Lock()
		c.sort()
		c.mu.Unlock()
		c.mu.RLock()
	}
}

// sort brings everything into its order. The lock is held.
func (c *Catalog) sort() {
	c.unsorted = false
	c.clock.sort()
	for _, s := range c.newest {
		s.sort()
	}
}
