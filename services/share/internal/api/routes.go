// SPDX-License-Identifier: Apache-2.0

// Package api is share's HTTP face: links for editors and partners, the
// addresses that readers follow, and the numbers that come of it.
package api

import (
	"context"
	"net/http"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/card"
	"github.com/relais-press/relais/services/share/internal/click"
	"github.com/relais-press/relais/services/share/internal/demand"
	"github.com/relais-press/relais/services/share/internal/link"
	"github.com/relais-press/relais/services/share/internal/page"
	"github.com/relais-press/relais/services/share/internal/report"
	"github.com/relais-press/relais/services/share/internal/target"
	"github.com/relais-press/relais/services/share/internal/visit"
)

// Targets knows where links lead.
type Targets interface {
	// Editions are the editions of an article, the original first; none when it is unknown.
	Editions(id string) []article.Edition
	// Shown are the readers that earlier versions of an edition were public to, as
	// editions of their language, audience and section alone.
	Shown(id, language string) []article.Edition
	// View is where readers of an article go who come through a link placed at a
	// partner; without destinations when there are none.
	View(ctx context.Context, id, partner string, now time.Time) *target.View
	// Check is Unavailable until every article is known that the log held at the start.
	Check(ctx context.Context) error
	// CatchUp returns once every article that the log has now is known;
	// Unavailable when that takes longer than a second.
	CatchUp(ctx context.Context) error
	// Finder returns a finder of articles by their addresses, on their own and on
	// the partners' sites.
	Finder(sites []partner.Partner) *target.Finder
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
	// Record returns once the click is safe from a kill, within some 10 ms.
	Record(c click.Click)
}

// Demand tells how often partners' readers searched.
type Demand interface {
	// Between adds up the searches of days (2006-01-02, both included) at a
	// partner, or at all of them when it is empty.
	Between(from, to, partner string) demand.Sum
}

// Parts are what the API stands on, and what it is told.
type Parts struct {
	Links    *link.Store
	Targets  Targets
	Partners Partners
	Clicks   Recorder
	Visits   *visit.Watch
	Cards    *card.Cache
	Counts   Counts
	Recounts Recounts
	Demand   Demand

	PublicURL       string   // without a trailing slash
	Passed          []string // parameters of a reader's query that are passed on
	RetentionMonths int      // of clicks and their numbers
}

// API answers share's routes.
type API struct {
	Parts
	pages  *page.Pages
	report *report.Page
	now    func() time.Time
}

// New returns the API over its parts.
func New(parts Parts) (*API, error) {
	pages, err := page.New(parts.PublicURL)
	if err != nil {
		return nil, err
	}
	numbers, err := report.New()
	return &API{parts, pages, numbers, time.Now}, err
}

// Routes returns the table of contents.
func (a *API) Routes(deps lifecycle.Deps, answers web.Answers) (*web.Router, error) {
	rt, err := web.NewRouter("share", deps.Logger, deps.Metrics)
	if err != nil {
		return nil, err
	}
	const get, options = http.MethodGet, "," + http.MethodOptions
	editor, partners := web.RequireRole(deps.Keys(), partner.Editor), web.NewPartners(deps.Keys())
	either := partners.RequireEither(partner.Editor)

	rt.Direct("redirect", "s", "code", a.short)
	rt.Direct("redirect.upper", "S", "code", a.short)
	rt.Handle("card", get, "/cards/{id}/{lang}.png", a.picture)
	rt.Handle("oembed", get, "/oembed", a.embed)
	rt.Handle("share", get+options, "/v1/share/{id}", a.bar, partners.Require)
	rt.Handle("link.create", http.MethodPost+options, "/v1/links", a.createLink, either, web.Idempotent(answers))
	rt.Handle("link.bulk", http.MethodPost+options, "/v1/links/bulk", a.bulkLinks, either, web.Idempotent(answers))
	rt.Handle("link.import", http.MethodPost, "/v1/links/import", a.importLinks, editor)
	rt.Handle("link.get", get+options, "/v1/links/{code}", a.getLink, either)
	rt.Handle("link.patch", http.MethodPatch, "/v1/links/{code}", a.patchLink, editor)
	rt.Handle("link.delete", http.MethodDelete, "/v1/links/{code}", a.deleteLink, editor)
	rt.Handle("link.stats", get+options, "/v1/links/{code}/stats", a.linkStats, either)
	rt.Handle("stats", get+options, "/v1/stats", a.stats, either)
	rt.Handle("recount.start", http.MethodPost, "/v1/recounts", a.startRecount, editor)
	rt.Handle("recount.get", get, "/v1/recounts/{id}", a.getRecount, editor)
	rt.Handle("stats.page", get, "/stats", a.reportPage(either(a.showReport)))
	rt.Handle("stats.file", get, "/stats/{file}", a.report.File)
	rt.Handle("privacy", get, "/privacy", a.privacy)
	return rt, nil
}
