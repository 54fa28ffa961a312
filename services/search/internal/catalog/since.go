// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"math"
	"slices"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
)

// Position is how far somebody has been told of changes. The zero Position is
// that of one who was told of nothing. It means the same to every catalog of a
// log; package changes says why nothing is missed.
type Position struct {
	// Sequence is that of the log up to which newest versions were told.
	Sequence uint64
	// Moment and Mark are the last change by the clock that was told: its moment,
	// and the sequence of its version.
	Moment time.Time
	Mark   uint64
	// Start is where the log ended when telling began.
	Start uint64
}

// Change is an edition as it stands now for a partner: an Entry when it may be
// shown, else a Tombstone.
type Change struct {
	Entry       *Entry
	Tombstone   *Tombstone
	Corrections []Correction // of an Entry: what was ever corrected for the partner to read, oldest first
	At          time.Time    // since when it stands so
	Position    Position     // of one who was told of this and all before
}

// Correction is what a version says was wrong in the one before.
type Correction struct {
	Version int
	At      time.Time // when it became public
	Note    string
}

// Page is some of the changes after a Position.
type Page struct {
	Changes []Change
	Next    Position // where to go on
	More    bool     // there are more now
}

// idle is how many changes of no concern are passed over again and again before
// the Position of one who has no news moves on: fewer than the versions that the
// log keeps of an edition, so that whoever asks now and then is never behind it.
const idle = 32

// Since lists what a partner is to be told after a position, at most limit
// changes: editions whose newest version came since, in the order of the log,
// then those that the clock changed, in its order. An edition that was never
// public to the partner is not among them, nor one that had gone before telling
// began. The page after nothing new has the position that was given, so that it
// stays the same page. The catalog must have reached the position (Reach). Gone
// when the log no longer holds what it takes to tell: the partner starts again
// from nothing.
func (c *Catalog) Since(p *partner.Partner, after Position, now time.Time, limit int) (Page, error) {
	c.lockForReading()
	defer c.mu.RUnlock()
	t := teller{c: c, viewer: &viewer{partner: p, now: now}, limit: limit, at: after}
	applied := c.applied.Load()
	if after == (Position{}) {
		t.at = Position{Moment: now, Mark: math.MaxUint64, Start: applied}
	}
	if now.Before(t.at.Moment) { // another clock was ahead of this one
		t.at.Moment, t.at.Mark = now, math.MaxUint64
	}
	if full, err := t.versions(after); full || err != nil {
		return t.page, err
	}
	t.at.Sequence, t.byClock = max(applied, t.at.Sequence), true
	if full := t.moments(after); full {
		return t.page, nil
	}
	t.page.Next = Position{Sequence: t.at.Sequence, Moment: now, Mark: math.MaxUint64, Start: t.at.Start}
	if len(t.page.Changes) == 0 && t.passed < idle && after != (Position{}) {
		t.page.Next = after
	}
	return t.page, nil
}

// versions tells of those that came after a position, and reports whether the page
// is full.
func (t *teller) versions(after Position) (full bool, _ error) {
	told := max(t.at.Sequence, t.at.Start)
	for _, m := range t.c.written.after(mark{sequence: t.at.Sequence}) {
		if m.dead() {
			continue
		}
		if after != (Position{}) && m.edition.oldest > told && t.unknown(m.edition) {
			return false, fault.New(fault.Gone, "too much has happened since to be told one by one")
		}
		next := t.at
		next.Sequence = m.sequence
		if !t.tell(m.edition, next) {
			return true, nil
		}
	}
	return false, nil
}

// moments tells of what the clock changed, those versions excepted that came after
// a position and are on the page as they stand.
func (t *teller) moments(after Position) (full bool) {
	for _, m := range t.c.clock.after(moment{at: t.at.Moment, mark: mark{sequence: t.at.Mark}}) {
		if m.at.After(t.viewer.now) {
			break
		}
		if m.dead() || m.sequence > after.Sequence {
			continue
		}
		next := t.at
		next.Moment, next.Mark = m.at, m.sequence
		if !t.tell(m.edition, next) {
			return true
		}
	}
	return false
}

// teller fills a page.
type teller struct {
	c       *Catalog
	viewer  *viewer
	limit   int
	at      Position
	byClock bool // versions are told, and what the clock changed is next
	passed  int
	page    Page
}

// tell adds an edition to the page, as it stands; false when the page is full.
func (t *teller) tell(h *held, next Position) bool {
	change := Change{Position: next}
	if t.viewer.sees(h) {
		e := t.c.entry(h, t.viewer)
		change.Entry, change.Corrections, change.At = &e, h.corrections(t.viewer), h.since().UTC()
	} else {
		stone, ok := t.gone(h)
		if !ok {
			t.passed++
			return true
		}
		change.Tombstone, change.At = new(stone), stone.At
	}
	if n := len(t.page.Changes); n == t.limit {
		t.page.More = true
		t.page.Next = t.page.Changes[n-1].Position
		return false
	}
	t.page.Changes = append(t.page.Changes, change)
	return true
}

// gone is the tombstone of an edition, unless it had gone before telling began.
func (t *teller) gone(h *held) (Tombstone, bool) {
	if !t.byClock && h.sequence <= t.at.Start {
		return Tombstone{}, false
	}
	return t.c.gone(h, t.viewer)
}

// unknown reports whether an edition of which not every version was read is
// neither shown to the partner nor known to be gone for it, which it may be in a
// language that the partner carries.
func (t *teller) unknown(h *held) bool {
	spoken := t.viewer.partner.Languages
	if t.viewer.sees(h) || len(spoken) > 0 && !slices.Contains(spoken, h.language) {
		return false
	}
	_, gone := t.c.gone(h, t.viewer)
	return !gone
}

// corrections are those that a partner may read, who may show the edition.
func (h *held) corrections(v *viewer) []Correction {
	var out []Correction
	for _, c := range h.corrected {
		if v.carries(h, c.readers) {
			out = append(out, c.Correction)
		}
	}
	if h.correction != "" {
		out = append(out, Correction{h.version, h.since().UTC(), h.correction})
	}
	return out
}
