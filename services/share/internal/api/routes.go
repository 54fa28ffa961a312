// SPDX-License-Identifier: Apache-2.0

// Package api is share's HTTP face: links for editors and partners, and the
// addresses that readers follow.
package api

import (
	"context"
	"net/http"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/click"
	"github.com/relais-press/relais/services/share/internal/link"
)

// Targets knows where links lead.
type Targets interface {
	// Editions are the editions of an article, the original first; none when it is unknown.
	Editions(id string) []article.Edition
}

// Partners knows the partners in service.
type Partners interface {
	// Partner returns a partner, or Forbidden when it is gone or disabled.
	Partner(ctx context.Context, id string) (partner.Partner, error)
	// Partners lists the partners in service by id.
	Partners() []partner.Partner
}

// Recorder keeps clicks.
type Recorder interface {
	// Record keeps a click; it returns within 10 ms.
	Record(c click.Click)
}

// Counts tells how often links were followed.
type Counts interface {
	// Stats adds up what has been counted of a link.
	Stats(ctx context.Context, code string) (click.Stats, error)
}

// API answers share's routes.
type API struct {
	links     *link.Store
	targets   Targets
	partners  Partners
	clicks    Recorder
	counts    Counts
	publicURL string
	pages     pages
	now       func() time.Time
}

// New returns the API over its stores.
func New(links *link.Store, t Targets, p Partners, clicks Recorder, counts Counts, publicURL string) (*API, error) {
	pages, err := newPages()
	return &API{links, t, p, clicks, counts, publicURL, pages, time.Now}, err
}

// Routes returns the table of contents.
func (a *API) Routes(deps lifecycle.Deps, answers web.Answers) (*web.Router, error) {
	rt, err := web.NewRouter("share", deps.Logger, deps.Metrics)
	if err != nil {
		return nil, err
	}
	const get, options = http.MethodGet, "," + http.MethodOptions
	editor := web.RequireRole(deps.Directory, partner.Editor)
	either := web.NewPartners(deps.Directory).RequireEither(partner.Editor)

	rt.Handle("link.create", http.MethodPost+options, "/v1/links", a.createLink, either, web.Idempotent(answers))
	rt.Handle("link.get", get+options, "/v1/links/{code}", a.getLink, either)
	rt.Handle("link.patch", http.MethodPatch, "/v1/links/{code}", a.patchLink, editor)
	rt.Handle("link.delete", http.MethodDelete, "/v1/links/{code}", a.deleteLink, editor)
	rt.Handle("link.stats", get+options, "/v1/links/{code}/stats", a.linkStats, either)
	rt.Handle("redirect", get, "/s/{code}", a.redirect)
	return rt, nil
}
