// SPDX-License-Identifier: Apache-2.0

// Package changes answers GET /v1/changes: what a partner needs to keep a mirror
// of the editions that it may show.
//
// A mirror begins without a cursor and goes on with the one it was given last.
// Each edition that something happened to since is told once, as it stands now:
// whole when the partner may show it, else as gone, if the partner could ever see
// it. The feed is compacted, as CouchDB's _changes and Microsoft Graph's delta
// queries are: what happened in between is not told, corrections excepted.
//
// # Why nothing is missed
//
// What a partner may show depends on the newest version of an edition, on the
// clock, and on the partner. A cursor (S, T, L) has one part for each.
//
// Every newest version with a sequence of at most S was told, or passed over, as
// it stood at some moment u; every change by the clock, an embargo that lifts or an
// expiry, of a version up to S that comes after (T, L) in the order (moment,
// sequence) is yet to be told. It is kept true that u is not before T: then what
// the clock does to a version after u is always told later.
//
//   - A page tells first the versions after S as they stand now, T being at most
//     now. They come in the order of the log, so S may stop at any of them. An
//     edition that changes meanwhile moves to the end, where S has not been.
//   - When no version is left, S is as far as this catalog has read, and the
//     changes by the clock after (T, L) up to now are told. L parts those of the
//     same moment, so that a page may end between them. At the end T is now.
//   - A version with an embargo to come that is appended while a page is read has
//     a sequence above S. Whoever tells of it passes it over before the embargo
//     lifts, with T not after that moment, or tells it after.
//   - A catalog that has not read as far as S would move T over changes of versions
//     it does not know. It waits until it has read them, or answers 503.
//   - A clock that is behind T, because it is that of another instance or was set
//     back, sets T to now: what was told in between is told again. Nothing is ever
//     shown before its time by the clock of the instance that shows it, whatever a
//     cursor says.
//   - A text is read from the log after the catalog was asked. If the edition has
//     moved on, the newer version is told when the partner may show it, and nothing
//     otherwise; either way it has a sequence above S and is told in its turn.
//   - What was told and told again is the same: a mirror puts each edition in the
//     place of the one it has. A page without news gives back the cursor it was
//     asked with, and costs a 304.
//   - A mirror that begins is told what may be shown. What had gone before it began
//     it cannot have; what goes while it reads its first pages has a sequence above
//     the end of the log at the start, which the cursor keeps, or goes by the clock.
//
// An edition is told as gone when it was public, by the clock of the log, under the
// rights that the partner has now. A cursor carries a digest of those rights: with
// others, or when the log has dropped versions that the mirror may hold (it keeps
// 64 of an edition), the answer is 410, and the mirror begins again and drops what
// the new listing does not name. The digest is of the address of its articles, too,
// which is in every edition.
//
// # What is not told
//
// An edition is told for itself: which translations it has, whether it is stale and
// what its short link is changes with others, and it would not be told again. A
// mirror has the other editions of the article by their id.
package changes

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/catalog"
)

// Catalog knows what changed (catalog.Catalog).
type Catalog interface {
	// Check is Unavailable until the log has been read once.
	Check(ctx context.Context) error
	// Reach waits until the log has been read up to a sequence; NotFound when it
	// does not go so far.
	Reach(ctx context.Context, sequence uint64) error
	// Since lists changes after a position; Gone when they cannot be told.
	Since(p *partner.Partner, after catalog.Position, now time.Time, limit int) (catalog.Page, error)
	// Whole reads an edition with its texts; NotFound when the partner may not show
	// it any more.
	Whole(ctx context.Context, p *partner.Partner, e catalog.Entry, now time.Time) (catalog.Entry, error)
}

// Bounds of a page.
const (
	defaultLimit = 100
	maxLimit     = 500
	maxBytes     = 8 << 20 // the page ends with the change that exceeds it
)

// Handler answers /v1/changes.
type Handler struct {
	catalog Catalog
	now     func() time.Time
}

// New returns the handler over a catalog and a clock.
func New(c Catalog, now func() time.Time) *Handler { return &Handler{catalog: c, now: now} }

// answer is a page on the wire.
type answer struct {
	Changes []json.RawMessage `json:"changes"`
	Next    string            `json:"next"`
	More    bool              `json:"more"`
}

// Changes answers a page of the changes after a cursor (?after=, none: from the
// beginning) for the caller's partner. Malformed names a parameter; Gone says that
// the cursor cannot be followed; Unavailable tells nothing at all.
func (h *Handler) Changes(w http.ResponseWriter, r *http.Request) error {
	if err := web.KnownParams(r, "key", "after", "limit"); err != nil {
		return err
	}
	limit, err := web.IntParam(r, "limit", defaultLimit, 1, maxLimit)
	if err != nil {
		return err
	}
	site := web.CallerOf(r).Partner
	after, err := h.position(r, site)
	if err != nil {
		return err
	}
	now := h.now()
	page, err := h.catalog.Since(site, after, now, limit)
	if fault.Is(err, fault.Gone) {
		return outdated("more has happened since than the log remembers")
	}
	if err != nil {
		return err
	}
	list, err := h.texts(r.Context(), site, &page, now)
	if err != nil {
		return err
	}
	out := answer{Changes: list, Next: encode(page.Next, rights(site)), More: page.More}
	header := w.Header()
	header.Set("Cache-Control", "public, no-cache")
	header.Add("Link", "<"+following(r.URL, out.Next)+`>; rel="next"`)
	return web.WriteJSON(w, r, http.StatusOK, out)
}

// position is where the caller wants to go on; the catalog has reached it.
func (h *Handler) position(r *http.Request, site *partner.Partner) (catalog.Position, error) {
	if err := h.catalog.Check(r.Context()); err != nil {
		return catalog.Position{}, err
	}
	cursor := r.URL.Query().Get("after")
	if cursor == "" {
		return catalog.Position{}, nil
	}
	at, digest, ok := decode(cursor)
	if !ok {
		return catalog.Position{}, web.BadParam("after", "must be what an answer gave as next")
	}
	if digest != rights(site) {
		return catalog.Position{}, outdated("the cursor is of another partner, or its languages, sections or article addresses have changed since")
	}
	err := h.catalog.Reach(r.Context(), at.Sequence)
	if fault.Is(err, fault.NotFound) {
		return catalog.Position{}, web.BadParam("after", "is ahead of the log: start again without it")
	}
	return at, err
}

func outdated(why string) error {
	return fault.New(fault.Gone, why+": start again without after, and drop what the new listing does not name")
}

// following is the address of the next page, the key as the caller sent it.
func following(u *url.URL, next string) string {
	q := u.Query()
	q.Set("after", next)
	return u.EscapedPath() + "?" + q.Encode()
}

// texts are the changes of a page as they go out, with the texts from the log. The
// page is cut short when they grow too large.
func (h *Handler) texts(ctx context.Context, site *partner.Partner, page *catalog.Page, now time.Time) ([]json.RawMessage, error) {
	entries := make([]*catalog.Entry, len(page.Changes))
	for i := range page.Changes {
		entries[i] = page.Changes[i].Entry
	}
	out, size := []json.RawMessage{}, 0
	err := catalog.ReadEach(ctx, h.catalog, site, entries, now, func(i int, whole *catalog.Entry) (bool, error) {
		c := &page.Changes[i]
		raw, err := outgoing(c, whole)
		if err != nil || raw == nil {
			return err == nil, err
		}
		out, size = append(out, raw), size+len(raw)
		if last := i == len(page.Changes)-1; size >= maxBytes && !last {
			page.Next, page.More = c.Position, true
			return false, nil
		}
		return true, nil
	})
	return out, err
}

// outgoing is one change as it goes out; none when the edition has moved on to where
// the partner may not follow.
func outgoing(c *catalog.Change, whole *catalog.Entry) (json.RawMessage, error) {
	switch {
	case c.Entry == nil:
		return gone(c)
	case whole == nil:
		return nil, nil
	}
	return shown(c, *whole)
}
