// SPDX-License-Identifier: Apache-2.0

// Package target is the table of where links lead: for each article the
// editions there are, in memory, projected from the log.
package target

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
)

// Table maps articles to their editions, and to where a partner's readers find
// them. It is safe for concurrent use.
type Table struct {
	bus      *bus.Bus
	partners Partners
	hosts    Hosts
	log      *slog.Logger
	seen     Seen // called for each version applied, outside the lock
	caughtUp atomic.Bool
	applied  atomic.Uint64 // sequence of the last version read

	mu       sync.RWMutex
	articles map[string]*held
	pages    map[string]shown // by the spelling of the canonical URL
}

// held is what is known of an article. A new version brings a new one, so that
// no view outlives what it was made from.
type held struct {
	editions []article.Edition        // the original first, without the texts
	shown    []article.Edition        // whom earlier versions were public to: language, audience and section alone
	views    atomic.Pointer[[]placed] // replaced, never changed
}

// Seen is told of a version, without its texts, and of the traceparent that it was
// written with (empty: it was not traced).
type Seen func(e article.Edition, traceParent string)

// New returns an empty table; seen is called for each version that is applied.
func New(b *bus.Bus, p Partners, hosts Hosts, log *slog.Logger, seen Seen) *Table {
	return &Table{bus: b, partners: p, hosts: hosts, log: log, seen: seen, articles: map[string]*held{}, pages: map[string]shown{}}
}

// Check returns nil once the table has read what the log held.
func (t *Table) Check(context.Context) error {
	if !t.caughtUp.Load() {
		return fault.New(fault.Unavailable, "the link targets are still being read")
	}
	return nil
}

// Run follows the log until ctx ends. The table goes on answering while the
// log is away.
func (t *Table) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := t.bus.Replay(ctx, bus.Articles, article.Subject("*", "*"), t.apply, func() { t.caughtUp.Store(true) })
		if ctx.Err() != nil {
			return nil
		}
		t.log.WarnContext(ctx, "link targets interrupted", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}

// CatchUp returns once every version that the log has now is applied;
// Unavailable when that takes longer than a second.
func (t *Table) CatchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	last, err := t.bus.LastSequence(ctx, bus.Articles)
	if err != nil {
		return err
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for t.applied.Load() < last {
		select {
		case <-ctx.Done():
			return fault.New(fault.Unavailable, "the newest articles are still being read; try again")
		case <-tick.C:
		}
	}
	return nil
}

func (t *Table) apply(m bus.Message) {
	defer t.applied.Store(m.Sequence)
	change, err := article.Decode(m.Header, m.Data)
	if err != nil {
		t.log.Error("link target unreadable", "sequence", m.Sequence, "error", err)
		return
	}
	e := lean(change.Edition)
	if t.put(e) {
		t.seen(e, change.TraceParent)
	}
}

// lean keeps what a redirect and a card need.
func lean(e article.Edition) article.Edition {
	return article.Edition{
		ID: e.ID, Language: e.Language, SourceLanguage: e.SourceLanguage, Version: e.Version, PubStatus: e.PubStatus,
		Headline: e.Headline, Description: e.Description, Section: e.Section, CanonicalURL: e.CanonicalURL, Audience: e.Audience,
		Authors: e.Authors, DatePublished: e.DatePublished, VersionCreated: e.VersionCreated, Correction: e.Correction,
		Cancellation: e.Cancellation, EmbargoedUntil: e.EmbargoedUntil, Expires: e.Expires,
	}
}

// put stores a version unless the table has one as new.
func (t *Table) put(e article.Edition) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	var old, shown []article.Edition
	if h := t.articles[e.ID]; h != nil {
		old, shown = h.editions, h.shown
	}
	i := slices.IndexFunc(old, func(o article.Edition) bool { return o.Language == e.Language })
	if i >= 0 && old[i].Version >= e.Version {
		return false
	}
	// Readers hold the old slice: a new one takes its place.
	next := slices.Clone(old)
	if i >= 0 {
		t.noted(&old[i], &e)
		next[i] = e
		shown = seenBefore(shown, &old[i], &e)
	} else {
		t.noted(&article.Edition{}, &e)
		next = append(next, e)
		if e.Version > 1 { // the log has forgotten the versions before, which may have been public
			shown = append(slices.Clone(shown), readers(&e))
		}
	}
	slices.SortFunc(next, func(a, b article.Edition) int {
		if a.IsOriginal() != b.IsOriginal() {
			if a.IsOriginal() {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Language, b.Language)
	})
	t.articles[e.ID] = &held{editions: next, shown: shown}
	return true
}

// Editions are the editions of an article, the original first; none when the
// article is unknown. The caller does not change them.
func (t *Table) Editions(id string) []article.Edition {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if h := t.articles[id]; h != nil {
		return h.editions
	}
	return nil
}
