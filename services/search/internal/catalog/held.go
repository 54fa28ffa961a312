// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"slices"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/partner"
)

// held is what is known of an edition.
type held struct {
	id, language, source, headline, canonical, correction string

	status       article.PubStatus
	readers      readers
	cancellation *article.Cancellation
	embargo      *time.Time
	expires      *time.Time
	published    time.Time
	created      time.Time
	written      time.Time // when the log took the newest version
	sequence     uint64    // of the newest version
	version      int
	from         int // the original's version it was made from

	shown     []exposure   // what earlier versions were public to
	corrected []correction // what earlier versions corrected
	// oldest is the sequence of the first version that was read, when it is not
	// the first there was: the log keeps 64.
	oldest uint64
}

// readers is to whom a version is addressed.
type readers struct {
	audience *article.Audience // none: every partner
	section  string
}

func (r readers) same(o readers) bool {
	if r.section != o.section || (r.audience == nil) != (o.audience == nil) {
		return false
	}
	return r.audience == nil || slices.Equal(r.audience.Partners, o.audience.Partners)
}

// exposure says that earlier versions were public to some readers. Those that
// were so several times are one.
type exposure struct {
	readers readers
	until   time.Time // when the last of them was public no more
	version int       // the newest of them
}

// correction is what a version that was public said of the one before.
type correction struct {
	Correction
	readers readers
}

// apply takes one message of the log. One that cannot be read harms no other.
func (c *Catalog) apply(m bus.Message) {
	change, err := article.Decode(m.Header, m.Data)
	if err != nil {
		c.log.Error("edition unreadable", "sequence", m.Sequence, "error", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.applied.Store(max(m.Sequence, c.applied.Load()))
	if err == nil {
		c.put(&change.Edition, m.Sequence, m.Time)
	}
}

// put takes a version that the log took at a moment, unless one as new is held.
func (c *Catalog) put(e *article.Edition, sequence uint64, at time.Time) {
	family := c.articles[e.ID]
	i := slices.IndexFunc(family, func(h *held) bool { return h.language == e.Language })
	var h *held
	if i >= 0 {
		h = family[i]
		if h.version >= e.Version {
			return
		}
		c.clock.dead += h.moments()
		h.close(at)
	} else {
		h = &held{}
		c.editions++
		if e.Version > 1 {
			h.oldest = sequence
		}
	}
	known, published := i >= 0, h.published
	c.fill(h, e, sequence, at)
	if !known {
		family = append(family, h)
	}
	slices.SortFunc(family, preferOriginal)
	c.articles[h.id] = family
	c.place(h, known, published)
}

// fill makes a version the one that is held.
func (c *Catalog) fill(h *held, e *article.Edition, sequence uint64, at time.Time) {
	if h.id == "" {
		h.id, h.language = e.ID, c.word(e.Language)
	}
	h.source, h.headline, h.canonical, h.correction = c.word(e.SourceLanguage), e.Headline, e.CanonicalURL, e.Correction
	h.status, h.readers = article.PubStatus(c.word(string(e.PubStatus))), readers{section: c.word(e.Section)}
	if e.Audience != nil && len(e.Audience.Partners) > 0 {
		h.readers.audience = e.Audience
	}
	h.cancellation, h.embargo, h.expires = e.Cancellation, e.EmbargoedUntil, e.Expires
	h.published, h.created, h.written = e.DatePublished, e.VersionCreated, at
	h.sequence, h.version, h.from = sequence, e.Version, e.SourceVersion
}

// place puts an edition where it is looked for.
func (c *Catalog) place(h *held, known bool, published time.Time) {
	loading := !c.caughtUp.Load()
	shelved := c.newest[h.language]
	if shelved == nil {
		shelved = &shelf[*held]{compare: byPublication}
		c.newest[h.language] = shelved
	}
	if known && !published.Equal(h.published) {
		at := slices.Index(shelved.items, h)
		shelved.items = slices.Delete(shelved.items, at, at+1)
	}
	if !known || !published.Equal(h.published) {
		shelved.add(h, loading)
	}
	m := mark{h.sequence, h}
	c.written.add(m, false)
	for _, at := range []*time.Time{h.embargo, h.expires} {
		if at != nil && h.status == article.Usable {
			c.clock.add(moment{*at, m}, loading)
		}
	}
	if known {
		c.written.bury(1, mark.dead)
	}
	c.clock.bury(0, func(m moment) bool { return m.dead() })
	c.unsorted = c.unsorted || c.clock.unsorted || shelved.unsorted
	delete(c.fading, h)
	if h.mayBeGone() {
		c.fading[h] = struct{}{}
	}
}

// word returns one copy of a string that many editions have.
func (c *Catalog) word(s string) string {
	if w, ok := c.words[s]; ok {
		return w
	}
	w := strings.Clone(s)
	c.words[w] = w
	return w
}

// preferOriginal orders the editions of an article.
func preferOriginal(a, b *held) int {
	if a.original() != b.original() {
		if a.original() {
			return -1
		}
		return 1
	}
	return strings.Compare(a.language, b.language)
}

func (h *held) original() bool { return h.language == h.source }

func (h *held) moments() int {
	n := 0
	for _, at := range []*time.Time{h.embargo, h.expires} {
		if at != nil && h.status == article.Usable {
			n++
		}
	}
	return n
}

// mayBeGone reports whether there can be a partner for whom the edition is gone,
// now or as time goes by.
func (h *held) mayBeGone() bool {
	if h.status == article.Usable && h.expires != nil {
		return true
	}
	return slices.ContainsFunc(h.shown, func(x exposure) bool {
		return h.status != article.Usable || h.embargo != nil || !x.readers.same(h.readers)
	})
}

// since is when the newest version became public, or would have.
func (h *held) since() time.Time {
	if h.embargo != nil && h.embargo.After(h.written) {
		return *h.embargo
	}
	return h.written
}

// begun reports whether the newest version is public at a moment, or was.
func (h *held) begun(now time.Time) bool {
	return h.status == article.Usable && (h.embargo == nil || !now.Before(*h.embargo)) &&
		(h.expires == nil || h.expires.After(h.since()))
}

// close remembers the newest version as one that is overtaken at a moment, unless
// it was never public. One that was public when it was written was so for some
// time, also where the log's clock was set back.
func (h *held) close(at time.Time) {
	from, until := h.since(), at
	if h.expires != nil && h.expires.Before(at) {
		until = *h.expires
	}
	embargoed := from.After(h.written) && !from.Before(at)
	expired := h.expires != nil && !h.expires.After(from)
	if h.status != article.Usable || embargoed || expired {
		return
	}
	if until.Before(from) {
		until = from
	}
	if h.correction != "" {
		h.corrected = append(h.corrected, correction{Correction{h.version, from, h.correction}, h.readers})
	}
	i := slices.IndexFunc(h.shown, func(x exposure) bool { return x.readers.same(h.readers) })
	if i < 0 {
		h.shown = append(h.shown, exposure{readers: h.readers})
		i = len(h.shown) - 1
	}
	if until.After(h.shown[i].until) {
		h.shown[i].until = until
	}
	h.shown[i].version = h.version
}

// edition is the newest version as far as it is known, the audience included.
func (h *held) edition() article.Edition {
	return article.Edition{
		ID: h.id, Language: h.language, SourceLanguage: h.source, SourceVersion: h.from, Version: h.version, PubStatus: h.status,
		Headline: h.headline, Section: h.readers.section, CanonicalURL: h.canonical, Audience: h.readers.audience,
		Correction: h.correction, DatePublished: h.published, VersionCreated: h.created, EmbargoedUntil: h.embargo, Expires: h.expires,
	}
}

// viewer looks at editions with the eyes of a partner, at a moment. It is for one
// goroutine.
type viewer struct {
	partner *partner.Partner
	now     time.Time
	scratch article.Edition // filled in as far as what a partner may see depends on it
}

// sees reports whether the partner may show the edition.
func (v *viewer) sees(h *held) bool {
	v.scratch.PubStatus, v.scratch.EmbargoedUntil, v.scratch.Expires = h.status, h.embargo, h.expires
	v.address(h, h.readers)
	return v.partner.Sees(&v.scratch, v.now)
}

// carries reports whether the edition is for the partner when it is addressed to
// some readers.
func (v *viewer) carries(h *held, r readers) bool {
	v.address(h, r)
	return v.partner.Carries(&v.scratch)
}

func (v *viewer) address(h *held, r readers) {
	v.scratch.ID, v.scratch.Language, v.scratch.Section, v.scratch.Audience = h.id, h.language, r.section, r.audience
}
