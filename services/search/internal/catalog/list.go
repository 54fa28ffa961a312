// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/partner"
)

// Newest lists the editions in a language that a partner may show, first
// published since a moment (zero: ever), at most limit of them, those with the
// newest datePublished first. A language finds those that begin with it (RFC 4647
// §3.3.1: fr finds fr-CA; none finds all); of an article it finds one edition: of
// that very tag, else the original, else the first.
func (c *Catalog) Newest(p *partner.Partner, language string, since, now time.Time, limit int) []Entry {
	v := &viewer{partner: p, now: now}
	c.lockForReading()
	defer c.mu.RUnlock()
	var lists [][]*held
	for tag, s := range c.newest {
		if Within(language, tag) {
			lists = append(lists, s.items)
		}
	}
	var out []Entry
	for len(out) < limit {
		h := pop(lists)
		if h == nil || h.published.Before(since) {
			break
		}
		if v.sees(h) && c.chosen(h, v, language) {
			out = append(out, c.entry(h, v))
		}
	}
	return out
}

// pop takes the newest edition from the ends of lists; nil when they are empty.
func pop(lists [][]*held) *held {
	at := -1
	for i, l := range lists {
		if len(l) > 0 && (at < 0 || later(l[len(l)-1], lists[at][len(lists[at])-1])) {
			at = i
		}
	}
	if at < 0 {
		return nil
	}
	l := lists[at]
	lists[at] = l[:len(l)-1]
	return l[len(l)-1]
}

func later(a, b *held) bool {
	return cmp.Or(byPublication(a, b), strings.Compare(b.language, a.language)) > 0
}

// Within is basic filtering of a tag by a range (RFC 4647 §3.3.1): fr finds fr-CA,
// none finds all.
func Within(language, tag string) bool {
	n := len(language)
	if n == 0 || language == "*" {
		return true
	}
	return len(tag) >= n && strings.EqualFold(tag[:n], language) && (len(tag) == n || tag[n] == '-')
}

// chosen reports whether an edition that the partner may show stands for its
// article in a language.
func (c *Catalog) chosen(h *held, v *viewer, language string) bool {
	var best *held
	for _, o := range c.articles[h.id] { // the original first
		exact := strings.EqualFold(o.language, language)
		if (best == nil || exact) && Within(language, o.language) && v.sees(o) {
			best = o
		}
	}
	return best == h
}

// Gone lists what a partner must show no more, in a language as of Newest, at
// most limit of them, the last gone first, gone since a moment (zero: ever).
func (c *Catalog) Gone(p *partner.Partner, language string, since, now time.Time, limit int) []Tombstone {
	v := &viewer{partner: p, now: now}
	c.lockForReading()
	defer c.mu.RUnlock()
	var out []Tombstone
	for h := range c.fading {
		if !Within(language, h.language) || (h.written.Before(since) && (h.expires == nil || h.expires.Before(since))) {
			continue
		}
		if t, ok := c.gone(h, v); ok && !t.At.Before(since) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b Tombstone) int {
		return cmp.Or(b.At.Compare(a.At), strings.Compare(a.ID, b.ID), strings.Compare(a.Language, b.Language))
	})
	return out[:min(max(limit, 0), len(out))]
}

// Article lists the editions of an article that a partner may show, the original
// first, and those that it must show no more. None of either: there is no such
// article, as far as the partner may know.
func (c *Catalog) Article(p *partner.Partner, id string, now time.Time) ([]Entry, []Tombstone) {
	v := &viewer{partner: p, now: now}
	c.lockForReading()
	defer c.mu.RUnlock()
	var shown []Entry
	var gone []Tombstone
	for _, h := range c.articles[id] {
		if v.sees(h) {
			shown = append(shown, c.entry(h, v))
		} else if t, ok := c.gone(h, v); ok {
			gone = append(gone, t)
		}
	}
	return shown, gone
}

// gone is the tombstone of an edition that a partner could see once and may not
// show now. The partner's rights are those it has now. The lock is held.
func (c *Catalog) gone(h *held, v *viewer) (Tombstone, bool) {
	if v.partner.Disabled || v.sees(h) {
		return Tombstone{}, false
	}
	var at time.Time
	version := 0 // the one that took it away: how many came after that is not for the partner
	for _, x := range h.shown {
		if v.carries(h, x.readers) {
			if version = max(version, x.version+1); x.until.After(at) {
				at = x.until
			}
		}
	}
	addressed := v.carries(h, h.readers)
	if h.begun(v.now) && addressed {
		at, version = *h.expires, h.version // it is public no more, and only time took it away
	}
	if at.IsZero() {
		return Tombstone{}, false
	}
	t := Tombstone{ID: h.id, Language: h.language, Version: version, PubStatus: article.Withheld, At: at.UTC()}
	if h.status == article.Canceled {
		t.PubStatus, t.At, t.Cancellation = article.Canceled, h.written.UTC(), c.cancellation(h, v)
		if addressed {
			t.Version = h.version
		}
	}
	return t, true
}

// cancellation is why an edition was killed. What replaces it is named to those
// who may show that.
func (c *Catalog) cancellation(h *held, v *viewer) *article.Cancellation {
	if h.cancellation == nil {
		return nil
	}
	out := *h.cancellation
	if !slices.ContainsFunc(c.articles[out.ReplacedBy], func(o *held) bool { return v.sees(o) }) {
		out.ReplacedBy = ""
	}
	return &out
}

// entry is an edition as the partner may show it. The lock is held.
func (c *Catalog) entry(h *held, v *viewer) Entry {
	e := h.edition()
	e.Audience = nil
	e.Stale = c.stale(&e, v)
	return Entry{Edition: e, URL: v.partner.URL(&e), Translations: c.translations(h.id, v)}
}

func (c *Catalog) translations(id string, v *viewer) []Translation {
	var out []Translation
	for _, h := range c.articles[id] {
		if v.sees(h) {
			e := h.edition()
			out = append(out, Translation{h.language, v.partner.URL(&e), h.version, h.original(), c.stale(&e, v)})
		}
	}
	return out
}

// stale reports whether a translation was made from a version that is older than
// the newest of the original that was ever public, the partner among those it
// was addressed to. In which languages and sections the partner is does not
// matter: who reads English alone has use for a fresh translation as well.
func (c *Catalog) stale(e *article.Edition, v *viewer) bool {
	for _, o := range c.articles[e.ID] {
		if o.language != e.SourceLanguage || o.language == e.Language {
			continue
		}
		newest := 0
		for _, x := range o.shown {
			if x.readers.include(v.partner) {
				newest = max(newest, x.version)
			}
		}
		if o.begun(v.now) && o.readers.include(v.partner) {
			newest = o.version
		}
		return e.SourceVersion < newest
	}
	return false
}

// include reports whether a partner is among the audience.
func (r readers) include(p *partner.Partner) bool {
	return (&article.Edition{Audience: r.audience}).For(p.ID)
}
