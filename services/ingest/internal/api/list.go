// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/ingest/internal/catalog"
	"github.com/relais-press/relais/services/ingest/internal/editions"
)

const (
	defaultLimit, maxLimit = 50, 500
	catchUpWait            = 3 * time.Second // for the catalog to have what was just written
)

func (a *API) listArticles(w http.ResponseWriter, r *http.Request) error {
	if err := web.KnownParams(r, "language", "pubStatus", "section", "updatedSince", "q", "limit", "cursor"); err != nil {
		return err
	}
	q := r.URL.Query()
	f := catalog.Filter{Section: q.Get("section"), Query: q.Get("q"), PubStatus: article.PubStatus(q.Get("pubStatus"))}
	switch f.PubStatus {
	case "", article.Usable, article.Withheld, article.Canceled:
	default:
		return web.BadParam("pubStatus", "must be usable, withheld or canceled")
	}
	var err error
	if tag := q.Get("language"); tag != "" {
		if f.Language, err = language.Canonical(tag); err != nil {
			return web.BadParam("language", "must be a BCP 47 language tag")
		}
	}
	if f.UpdatedSince, err = timeParam(r, "updatedSince"); err != nil {
		return err
	}
	if f.Limit, f.Before, err = page(r); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), catchUpWait)
	defer cancel()
	if err := a.Catalog.Await(ctx); err != nil {
		return err
	}
	list, next := a.Catalog.List(f, time.Now())
	nextPage(w, r, next)
	return web.WriteJSON(w, r, http.StatusOK, map[string]any{"articles": list})
}

// getVersions is the history of an edition, oldest first.
func (a *API) getVersions(w http.ResponseWriter, r *http.Request) error {
	st, _, err := a.current(r)
	if err != nil {
		return err
	}
	history, err := a.Editions.History(r.Context(), st.Edition.ID, st.Edition.Language)
	if err != nil {
		return err
	}
	type line struct {
		Version    int               `json:"version"`
		When       time.Time         `json:"when"`
		Who        string            `json:"who"`
		Action     string            `json:"action"`
		PubStatus  article.PubStatus `json:"pubStatus"`
		Correction string            `json:"correction,omitempty"`
	}
	lines := make([]line, 0, len(history))
	for _, h := range history {
		lines = append(lines, line{
			h.Edition.Version, h.Edition.VersionCreated, h.Actor, editions.Action(h.Type()), h.Edition.PubStatus, h.Edition.Correction,
		})
	}
	return web.WriteJSON(w, r, http.StatusOK, map[string]any{"versions": lines})
}

// getAudit is the audit trail, newest first.
func (a *API) getAudit(w http.ResponseWriter, r *http.Request) error {
	if err := web.KnownParams(r, "article", "key", "limit", "cursor"); err != nil {
		return err
	}
	t := editions.Trail{Article: r.URL.Query().Get("article"), Key: r.URL.Query().Get("key")}
	if t.Article != "" && !article.ValidID(t.Article) {
		return web.BadParam("article", "must match [a-z0-9][a-z0-9-]{0,127}")
	}
	var err error
	if t.Limit, t.Before, err = page(r); err != nil {
		return err
	}
	records, next, err := a.Editions.Audit(r.Context(), t)
	if err != nil {
		return err
	}
	nextPage(w, r, next)
	return web.WriteJSON(w, r, http.StatusOK, map[string]any{"records": records})
}

// page reads limit and cursor, which is a sequence of the log.
func page(r *http.Request) (limit int, before uint64, err error) {
	if limit, err = web.IntParam(r, "limit", defaultLimit, 1, maxLimit); err != nil {
		return 0, 0, err
	}
	if cursor := r.URL.Query().Get("cursor"); cursor != "" {
		if before, err = strconv.ParseUint(cursor, 36, 64); err != nil || before == 0 {
			return 0, 0, web.BadParam("cursor", "must be one that a Link header gave")
		}
	}
	return limit, before, nil
}

// nextPage names the page that follows in a Link header (RFC 8288).
func nextPage(w http.ResponseWriter, r *http.Request, next uint64) {
	if next == 0 {
		return
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return
	}
	q.Set("cursor", strconv.FormatUint(next, 36))
	w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, r.URL.Path, strings.ReplaceAll(q.Encode(), ">", "%3E")))
}

func timeParam(r *http.Request, name string) (time.Time, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, web.BadParam(name, "must be a date, or a date and time as in RFC 3339")
}
