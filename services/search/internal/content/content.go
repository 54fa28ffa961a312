// SPDX-License-Identifier: Apache-2.0

// Package content gives a partner's server one article, to build into its own
// page: the edition that suits the reader as JSON, as IPTC ninjs or as HTML with
// JSON-LD.
//
// What may be shown is asked of the catalog and of the text that was read for
// the answer, each time: an embargo holds until its second, and an article that
// the newsroom withdrew answers 410 (451 for legal reasons) from then on. What a
// partner never could see is 404, as if it did not exist.
package content

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/catalog"
	"github.com/relais-press/relais/services/search/internal/ninjs"
)

// Catalog knows what a partner may show (catalog.Catalog).
type Catalog interface {
	// Article lists the editions of an article that a partner may show, the
	// original first, and those it must show no more.
	Article(p *partner.Partner, id string, now time.Time) ([]catalog.Entry, []catalog.Tombstone)
	// Check is Unavailable until the log has been read once.
	Check(ctx context.Context) error
	// Whole is an entry with its texts, without what is for editors; NotFound when
	// the partner may not show it, Unavailable when the log does not answer.
	Whole(ctx context.Context, p *partner.Partner, e catalog.Entry, now time.Time) (catalog.Entry, error)
}

// Links knows the short link of an article.
type Links interface {
	// URL is the short link of an article for a partner and channel; false when
	// the article has none yet.
	URL(publicURL, article, partner, channel string) (string, bool)
}

// Channel is that of the short links in an answer.
const Channel = "embed"

// Parts are what content stands on.
type Parts struct {
	Catalog   Catalog
	Links     Links
	PublicURL string // without a trailing slash
	Logger    *slog.Logger
	Now       func() time.Time
}

// Handler answers for the content of articles. It is safe for concurrent use.
type Handler struct {
	Parts
	pages *pages
}

// New returns the handler over its parts.
func New(p Parts) (*Handler, error) {
	pages, err := readPages()
	return &Handler{Parts: p, pages: pages}, err
}

// Content answers with an article: of the routes /v1/content/{id}, where the
// language is chosen for the reader, and /v1/content/{id}/{lang}, where it is
// fixed. It stands behind [web.Partners.Require].
func (h *Handler) Content(w http.ResponseWriter, r *http.Request) error {
	q, err := read(r)
	q.vary(w.Header())
	if err != nil {
		return err
	}
	site, now := web.CallerOf(r).Partner, h.Now()
	entry, err := h.find(r.Context(), site, q, now)
	if err != nil {
		return err
	}
	e := &entry.Edition
	header := w.Header()
	header.Set("Cache-Control", "public, no-cache")
	header.Set("Content-Language", e.Language)
	header.Set("Content-Location", q.location(e))
	if at := e.Modified(); !at.IsZero() {
		header.Set("Last-Modified", at.Format(http.TimeFormat))
	}
	header.Set("X-Robots-Tag", "noindex")
	switch q.format {
	case formatHTML:
		return h.pages.article(w, r, q.part, h.view(&entry, site))
	case formatNinjs:
		return web.WriteJSON(w, r, http.StatusOK, ninjs.New(entry, h.PublicURL))
	}
	share, _ := h.Links.URL(h.PublicURL, e.ID, site.ID, Channel)
	told := NewEdition(entry)
	told.Among = among(&entry, share)
	return web.WriteJSON(w, r, http.StatusOK, told)
}

// find is the edition that is asked for, with its text.
func (h *Handler) find(ctx context.Context, site *partner.Partner, q request, now time.Time) (catalog.Entry, error) {
	if err := h.Catalog.Check(ctx); err != nil {
		return catalog.Entry{}, err
	}
	entries, gone := h.Catalog.Article(site, q.id, now)
	tags := make([]string, len(entries))
	for i := range entries {
		tags[i] = entries[i].Edition.Language
	}
	if i := q.choose(tags, site); i >= 0 {
		return h.Catalog.Whole(ctx, site, entries[i], now)
	}
	killed, tags := []catalog.Tombstone(nil), nil
	for _, t := range gone {
		if t.PubStatus == article.Canceled {
			killed, tags = append(killed, t), append(tags, t.Language)
		}
	}
	if i := q.choose(tags, site); i >= 0 {
		return catalog.Entry{}, h.withdrawal(killed[i], site, now)
	}
	return catalog.Entry{}, fault.New(fault.NotFound, "no article of this id and language is public for this partner")
}

// choose is the index of the language that suits the reader; negative when
// there is none: a language in the path stands for itself alone, ?lang= and
// Accept-Language for the nearest, else it is the partner's, else the first.
func (q *request) choose(tags []string, site *partner.Partner) int {
	wanted := []string{q.lang, q.accepted, site.DefaultLanguage}
	if q.exact {
		wanted = []string{q.lang}
	}
	for _, want := range wanted {
		tag, ok := language.Negotiate(want, tags)
		for i := range tags {
			if ok && tags[i] == tag && (!q.exact || tag == want) {
				return i
			}
		}
	}
	if q.exact || len(tags) == 0 {
		return -1
	}
	return 0
}

// location is the address of the representation that was chosen.
func (q *request) location(e *article.Edition) string {
	at := catalog.URI("", e.ID, e.Language) + "?format=" + string(q.format)
	if q.part != "" {
		at += "&part=" + q.part
	}
	return at
}
