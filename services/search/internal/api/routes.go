// SPDX-License-Identifier: Apache-2.0

// Package api is search's HTTP face: what partner sites and their readers call,
// and the glossary that editors keep.
package api

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/cache"
	"github.com/relais-press/relais/services/search/internal/embedder"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/glossary"
)

// Links knows the short link of an article.
type Links interface {
	// URL is the short link of an article for a partner and channel; false when
	// the article has none yet.
	URL(publicURL, article, partner, channel string) (string, bool)
}

// Tally adds up how often partners ask.
type Tally interface {
	// Add counts a question of a partner's reader that was answered at a moment.
	Add(at time.Time, partner, language string, found bool)
}

// cacheBytes is how much room finished answers have.
const cacheBytes = 64 << 20

// API answers search's routes.
type API struct {
	Parts
	answers *cache.Cache
	results resultsPage
	now     func() time.Time
}

// Parts are what the API stands on.
type Parts struct {
	Engine    engine.Engine
	Links     Links
	Glossary  *glossary.Store
	Epoch     func() uint64      // rises with every batch that the engine has applied, before it is told of
	Vectors   *embedder.Embedder // nil: words alone
	Tally     Tally
	PublicURL string // without a trailing slash
	Logger    *slog.Logger
	Metrics   prometheus.Registerer
}

// New returns the API over its parts.
func New(p Parts) (*API, error) {
	answers, err := cache.New(cacheBytes, p.Metrics)
	if err != nil {
		return nil, err
	}
	results, err := newResultsPage()
	return &API{Parts: p, answers: answers, results: results, now: time.Now}, err
}

// Routes returns the table of contents.
func (a *API) Routes(deps lifecycle.Deps, script http.Handler) (*web.Router, error) {
	rt, err := web.NewRouter("search", deps.Logger, deps.Metrics)
	if err != nil {
		return nil, err
	}
	const get, put = http.MethodGet, http.MethodPut
	partners := web.NewPartners(deps.Directory)
	either := partners.RequireEither(partner.Editor)
	editor := web.RequireRole(deps.Directory, partner.Editor)

	rt.Handle("search", get+",OPTIONS", "/v1/search", a.search, either)
	rt.Handle("suggest", get+",OPTIONS", "/v1/suggest", a.suggest, partners.Require)
	rt.Handle("latest", get+",OPTIONS", "/v1/latest", a.latest, partners.Require)
	rt.Handle("related", get+",OPTIONS", "/v1/related/{id}", a.related, partners.Require)
	rt.Handle("glossary.get", get, "/v1/glossary", a.getGlossary, editor)
	rt.Handle("glossary.put", put, "/v1/glossary", a.putGlossary, editor)
	rt.Handle("page", get, "/search", a.page, a.readable, partners.Require)
	rt.Handle("widget", get, "/widget/{asset}", func(w http.ResponseWriter, r *http.Request) error {
		script.ServeHTTP(w, r)
		return nil
	})
	return rt, nil
}
