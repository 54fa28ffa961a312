// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/catalog"
)

// What a feed holds.
const (
	defaultItems = 50
	maxItems     = 100
	maxGone      = 100
	goneFor      = 30 * 24 * time.Hour // how long a tombstone stands
	sitemapURLs  = 1000                // Google's limit for news
	sitemapFor   = 48 * time.Hour      // and how new they must be
	maxBytes     = 8 << 20             // of texts; the feed ends with the entry that exceeds it
	maxKnown     = 10_000              // feeds whose tag is remembered
)

// Catalog knows what a partner may show (catalog.Catalog).
type Catalog interface {
	// Newest lists the editions in a language (RFC 4647 basic filtering) that a
	// partner may show, one an article, first published since (zero: ever), the
	// newest first, without their texts.
	Newest(p *partner.Partner, language string, since, now time.Time, limit int) []catalog.Entry
	// Article lists the editions of an article that a partner may show.
	Article(p *partner.Partner, id string, now time.Time) ([]catalog.Entry, []catalog.Tombstone)
	// Gone lists what a partner must show no more, gone since, the newest first.
	Gone(p *partner.Partner, language string, since, now time.Time, limit int) []catalog.Tombstone
	// Reader reads an entry with its texts from the log.
	catalog.Reader
	// Check is nil once the catalog has read what the log holds: one that has read
	// half of it would list what has been canceled since.
	Check(ctx context.Context) error
}

// Handler answers GET /v1/feeds/{feed}, where feed is a language and a format,
// such as fr.rss.
type Handler struct {
	catalog   Catalog
	publicURL string
	ninjs     func(Feed) ([]byte, error)
	now       func() time.Time
	known     known
}

// New returns the handler of a service at publicURL (without a trailing slash).
// ninjs renders the ninjs form; now is the clock of every embargo.
func New(c Catalog, publicURL string, ninjs func(Feed) ([]byte, error), now func() time.Time) *Handler {
	return &Handler{catalog: c, publicURL: publicURL, ninjs: ninjs, now: now}
}

// form is one way to render a feed.
type form struct {
	contentType string
	render      func(*Feed) ([]byte, error)
	listing     bool // takes no texts and no limit, and tells nothing of what has gone
}

// form returns the form of a name. IPTC has registered no media type for ninjs.
func (h *Handler) form(name string) (form, bool) {
	plain := func(render func(*Feed) []byte) func(*Feed) ([]byte, error) {
		return func(f *Feed) ([]byte, error) { return render(f), nil }
	}
	f, ok := map[string]form{
		"rss":     {contentType: "application/rss+xml; charset=utf-8", render: plain(RSS)},
		"atom":    {contentType: "application/atom+xml; charset=utf-8", render: plain(Atom)},
		"json":    {contentType: "application/feed+json", render: JSON},
		"ninjs":   {contentType: "application/json", render: func(f *Feed) ([]byte, error) { return h.ninjs(*f) }},
		"sitemap": {contentType: "application/xml; charset=utf-8", render: plain(Sitemap), listing: true},
	}[name]
	return f, ok
}

// Feed answers with a feed of the calling partner: NotFound for a format that
// is none and for a language or section that the partner does not carry,
// Unavailable when the texts cannot be read.
//
// There is an ETag and no Last-Modified: what a partner may show also changes
// with its rights and with the passing of time, which no date of an item tells,
// and a reader that is wrongly told 304 would keep what was taken back.
func (h *Handler) Feed(w http.ResponseWriter, r *http.Request) error {
	f, as, limit, err := h.asked(r)
	if err != nil {
		return err
	}
	if err := h.catalog.Check(r.Context()); err != nil {
		return err
	}
	now := h.now()
	h.list(f, as, limit, now)
	tag, ok := h.known.tag(f.state())
	var body []byte // not needed for a reader who has it
	if !ok || !web.Has(r, tag) {
		if body, err = h.render(r.Context(), f, as, now); err != nil {
			return err
		}
		tag = web.Tag(body)
		h.known.note(f.state(), tag)
	}
	head := w.Header()
	head.Set("ETag", tag)
	head.Set("Cache-Control", "public, no-cache")
	head.Set("Content-Language", f.Language)
	head.Add("Link", "<"+f.URL+`>; rel="self"`)
	head.Set("X-Robots-Tag", "noindex") // the articles' own pages are to be found, not this copy
	return web.WriteBytes(w, r, http.StatusOK, as.contentType, body)
}

// render is a feed that was listed, with the texts that its form takes.
func (h *Handler) render(ctx context.Context, f *Feed, as form, now time.Time) ([]byte, error) {
	if !as.listing {
		if err := h.read(ctx, f, now); err != nil {
			return nil, err
		}
	}
	return as.render(f)
}

// known are the tags of feeds that were rendered, by their state. Feeds of the
// same state are the same bytes, so that a reader who has them is told so without
// a text being read. Nothing is kept beyond the process: another release may
// render otherwise.
type known struct {
	mu   sync.Mutex
	tags map[[sha256.Size]byte]string
}

func (k *known) tag(state [sha256.Size]byte) (string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	tag, ok := k.tags[state]
	return tag, ok
}

// note remembers a tag; of too many all are forgotten.
func (k *known) note(state [sha256.Size]byte, tag string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.tags == nil || len(k.tags) >= maxKnown {
		k.tags = map[[sha256.Size]byte]string{}
	}
	k.tags[state] = tag
}

// asked reads a request: the feed without its entries, its form, and how many
// entries it is to have.
func (h *Handler) asked(r *http.Request) (*Feed, form, int, error) {
	tag, name, _ := strings.Cut(web.Var(r, "feed"), ".")
	as, ok := h.form(name)
	if !ok {
		return nil, as, 0, fault.New(fault.NotFound, "no such feed: its name is a language and one of rss, atom, json, ninjs or sitemap, such as fr.rss")
	}
	lang, err := language.Canonical(tag)
	if err != nil {
		return nil, as, 0, fault.WithFields(fault.Malformed, "the feed's name does not begin with a language",
			fault.Field{Pointer: "/feed", Detail: "must begin with a BCP 47 language tag such as fr or zh-Hant"})
	}
	known := []string{"key", "section"}
	if !as.listing {
		known = append(known, "limit")
	}
	if err := web.KnownParams(r, known...); err != nil {
		return nil, as, 0, err
	}
	limit := sitemapURLs
	if !as.listing {
		if limit, err = web.IntParam(r, "limit", defaultItems, 1, maxItems); err != nil {
			return nil, as, 0, err
		}
	}
	query := r.URL.Query()
	f := &Feed{Partner: web.CallerOf(r).Partner, Language: lang, Section: query.Get("section"), PublicURL: h.publicURL}
	if query.Has("section") && f.Section == "" {
		return nil, as, 0, web.BadParam("section", "must not be empty")
	}
	if !carries(f.Partner.Languages, func(l string) bool { return catalog.Within(lang, l) }) ||
		f.Section != "" && !carries(f.Partner.Sections, func(s string) bool { return s == f.Section }) {
		return nil, as, 0, fault.New(fault.NotFound, "no such feed: the partner carries nothing of this language and section")
	}
	f.URL = address(h.publicURL+"/v1/feeds/"+lang+"."+name, query, limit)
	return f, as, limit, nil
}

// carries reports whether a partner's list, where none means all, holds one
// that fits.
func carries(list []string, fits func(string) bool) bool {
	return len(list) == 0 || slices.ContainsFunc(list, fits)
}

// address is a feed's own, with what the query says that is not said anyway.
func address(path string, query url.Values, limit int) string {
	own := url.Values{"key": {query.Get("key")}}
	if query.Get("limit") != "" && limit != defaultItems {
		own.Set("limit", strconv.Itoa(limit))
	}
	if section := query.Get("section"); section != "" {
		own.Set("section", section)
	}
	return path + "?" + own.Encode()
}

// list gives a feed its entries without their texts, and what has gone.
func (h *Handler) list(f *Feed, as form, limit int, now time.Time) {
	if as.listing {
		f.Entries = h.newest(f, now.Add(-sitemapFor), now, limit)
		return
	}
	f.Entries = h.newest(f, time.Time{}, now, limit)
	h.leave(f, now)
}

// leave lists what has gone, which is shown no more whatever was listed or read
// before.
func (h *Handler) leave(f *Feed, now time.Time) {
	f.Gone = h.catalog.Gone(f.reader(), f.Language, now.Add(-goneFor), now, maxGone)
	type edition struct{ id, language string }
	gone := map[edition]bool{}
	for _, t := range f.Gone {
		gone[edition{t.ID, t.Language}] = true
	}
	out := func(e catalog.Entry) bool { return gone[edition{e.Edition.ID, e.Edition.Language}] }
	f.Entries, f.beyond = slices.DeleteFunc(f.Entries, out), slices.DeleteFunc(f.beyond, out)
}

// read gives the entries their texts and leaves out what is not there any more.
// The feed ends with the entry whose text exceeds its bounds. What has gone is
// asked last and wins: an article that is canceled while its text is read is not
// shown.
func (h *Handler) read(ctx context.Context, f *Feed, now time.Time) error {
	listed := make([]*catalog.Entry, len(f.Entries))
	for i := range f.Entries {
		listed[i] = &f.Entries[i]
	}
	var out []catalog.Entry
	taken, size := 0, 0
	err := catalog.ReadEach(ctx, h.catalog, f.Partner, listed, now, func(i int, whole *catalog.Entry) (bool, error) {
		taken = i + 1
		if whole != nil && (f.Section == "" || whole.Edition.Section == f.Section) { // a newer version may be in another one
			out, size = append(out, *whole), size+len(whole.Edition.BodyHTML)
		}
		return size < maxBytes, nil
	})
	if err != nil {
		return err
	}
	f.Entries, f.beyond = out, f.Entries[taken:]
	h.leave(f, now)
	return nil
}

// reader is the partner as one that carries the feed's section alone.
func (f *Feed) reader() *partner.Partner {
	if f.Section == "" {
		return f.Partner
	}
	narrowed := *f.Partner
	narrowed.Sections = []string{f.Section}
	return &narrowed
}

// newest lists the entries of a feed. Those of a section name all translations
// all the same: each language has its own names for sections.
func (h *Handler) newest(f *Feed, since, now time.Time, limit int) []catalog.Entry {
	list := h.catalog.Newest(f.reader(), f.Language, since, now, limit)
	if f.Section == "" {
		return list
	}
	var out []catalog.Entry
	for _, e := range list {
		editions, _ := h.catalog.Article(f.Partner, e.Edition.ID, now)
		i := slices.IndexFunc(editions, func(o catalog.Entry) bool {
			return o.Edition.Language == e.Edition.Language && o.Edition.Section == f.Section
		})
		if i >= 0 {
			out = append(out, editions[i])
		}
	}
	return out
}
