// SPDX-License-Identifier: Apache-2.0

// Package feed makes the feeds of a partner: what it may show in a language, as
// RSS 2.0, Atom, JSON Feed, ninjs and a news sitemap. The renderers are pure:
// the same Feed gives the same bytes, whenever it is rendered.
package feed

import (
	"crypto/sha256"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/services/search/internal/catalog"
)

// Feed is what a partner may show in a language at a moment.
type Feed struct {
	Partner   *partner.Partner
	Language  string // of the feed, as asked for; an entry may be in a region's variant of it
	Section   string // the only section in it; empty: all
	PublicURL string // of the service, without a trailing slash
	URL       string // the feed's own address, with the partner's publishable key
	Entries   []catalog.Entry
	Gone      []catalog.Tombstone // what must be shown no more

	beyond []catalog.Entry // listed after the last one that there was room for
}

// state is a digest of all that the feed's bytes follow from, the release that
// renders it excepted: it is the same before the texts are read and after, unless a
// newer version was read than was listed. A version of an edition, told by its
// number and by when it was made, never changes.
func (f *Feed) state() [sha256.Size]byte {
	type version struct {
		ID, Language string
		Version      int
		Created      int64
		Stale        bool
		URL          string
		Translations []catalog.Translation
	}
	var listed []version
	for _, list := range [][]catalog.Entry{f.Entries, f.beyond} {
		for i := range list {
			e := &list[i].Edition
			listed = append(listed, version{e.ID, e.Language, e.Version, e.VersionCreated.UnixNano(), e.Stale, list[i].URL, list[i].Translations})
		}
	}
	digest := sha256.New()
	_ = json.NewEncoder(digest).Encode([]any{f.Partner, f.PublicURL, f.URL, listed, f.Gone}) // plain data into a hash: cannot fail
	return [sha256.Size]byte(digest.Sum(nil))
}

// ID is the feed's name for good (atom:id): it stays when keys are replaced.
func (f *Feed) ID() string {
	id := f.PublicURL + "/v1/feeds/" + f.Language
	if f.Section != "" {
		id += "?section=" + url.QueryEscape(f.Section)
	}
	return id + "#" + url.PathEscape(f.Partner.ID)
}

// Title names the partner, the section and the language.
func (f *Feed) Title() string {
	parts := []string{f.Partner.Name}
	if f.Section != "" {
		parts = append(parts, f.Section)
	}
	return strings.Join(append(parts, f.Language), " – ")
}

// Home is where the partner's readers are at home; of a partner without homeUrl
// the root of its article site; empty when that is unknown, too.
func (f *Feed) Home() string {
	if f.Partner.HomeURL != "" {
		return f.Partner.HomeURL
	}
	u, err := url.Parse(f.Partner.ArticleURL)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/"
}

// Updated is when the feed last changed: the newest change of an entry or of
// what has gone; zero for a feed that never held anything. An entry that comes
// back is always younger than the tombstone that took it away (RFC 6721 §3).
func (f *Feed) Updated() time.Time {
	var newest time.Time
	for i := range f.Entries {
		newest = later(newest, f.Entries[i].Edition.Modified())
	}
	for i := range f.Gone {
		newest = later(newest, f.Gone[i].At)
	}
	return newest.UTC()
}

// holder is the copyright holder that all entries name; empty when they differ.
func (f *Feed) holder() string {
	if len(f.Entries) == 0 {
		return ""
	}
	first := f.Entries[0].Edition.Holder()
	if slices.ContainsFunc(f.Entries, func(e catalog.Entry) bool { return e.Edition.Holder() != first }) {
		return ""
	}
	return first
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// tags are an edition's section and keywords, each once.
func tags(e *article.Edition) []string {
	var out []string
	for _, t := range append([]string{e.Section}, e.Keywords...) {
		if t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// rights says who holds an edition's copyright and on which terms it is used.
func rights(e *article.Edition) string {
	var parts []string
	if holder := e.Holder(); holder != "" {
		parts = append(parts, "© "+holder)
	}
	if e.UsageTerms != "" {
		parts = append(parts, e.UsageTerms)
	}
	return strings.Join(parts, " – ")
}

// alternates are the editions of an entry's article that have an address of
// their own, the entry's among them. Of two at one address the entry's own
// counts, then the one listed first: hreflang needs one address a language.
func alternates(e *catalog.Entry) []catalog.Translation {
	var out []catalog.Translation
	taken := map[string]bool{"": true, e.URL: true}
	for _, t := range e.Translations {
		if own := t.Language == e.Edition.Language; own && t.URL != "" || !taken[t.URL] {
			taken[t.URL] = true
			out = append(out, t)
		}
	}
	return out
}
