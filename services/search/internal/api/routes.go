// SPDX-License-Identifier: Apache-2.0

// Package api is search's HTTP face: what partner sites and their readers call.
package api

import (
	"net/http"
	"time"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// Links knows the short link of an article.
type Links interface {
	// URL is the short link of an article for a partner and channel; false when
	// the article has none yet.
	URL(publicURL, article, partner, channel string) (string, bool)
}

// API answers search's routes.
type API struct {
	engine    engine.Engine
	links     Links
	publicURL string
	results   resultsPage
	now       func() time.Time
}

// New returns the API over an engine.
func New(e engine.Engine, links Links, publicURL string) (*API, error) {
	results, err := newResultsPage()
	return &API{engine: e, links: links, publicURL: publicURL, results: results, now: time.Now}, err
}

// Routes returns the table of contents.
func (a *API) Routes(deps lifecycle.Deps, script http.Handler) (*web.Router, error) {
	rt, err := web.NewRouter("search", deps.Logger, deps.Metrics)
	if err != nil {
		return nil, err
	}
	const get = http.MethodGet
	partners := web.NewPartners(deps.Directory)

	rt.Handle("search", get+",OPTIONS", "/v1/search", a.search, partners.Require)
	rt.Handle("latest", get+",OPTIONS", "/v1/latest", a.latest, partners.Require)
	rt.Handle("page", get, "/search", a.page, partners.Require)
	rt.Handle("widget", get, "/widget/{asset}", func(w http.ResponseWriter, r *http.Request) error {
		script.ServeHTTP(w, r)
		return nil
	})
	return rt, nil
}
