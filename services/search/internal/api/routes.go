// SPDX-License-Identifier: Apache-2.0

// Package api is search's HTTP face: what partner sites and their readers call,
// and the glossary that editors keep.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/cache"
	"github.com/relais-press/relais/services/search/internal/catalog"
	"github.com/relais-press/relais/services/search/internal/changes"
	"github.com/relais-press/relais/services/search/internal/content"
	"github.com/relais-press/relais/services/search/internal/embedder"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/feed"
	"github.com/relais-press/relais/services/search/internal/glossary"
	"github.com/relais-press/relais/services/search/internal/kit"
	"github.com/relais-press/relais/services/search/internal/ninjs"
	"github.com/relais-press/relais/services/search/internal/turns"
	"github.com/relais-press/relais/services/search/widget"
)

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
	content *content.Handler
	feeds   *feed.Handler
	changes *changes.Handler
	kit     *kit.Handler
	now     func() time.Time
}

// Parts are what the API stands on.
type Parts struct {
	Engine    engine.Engine
	Filled    func(context.Context) error // Unavailable until the index has all that the log held when the process started
	Catalog   *catalog.Catalog
	Links     content.Links
	Glossary  *glossary.Store
	Seen      func() (epoch, position uint64) // what the engine's searches see: either changes with every batch, before it is told of
	Vectors   *embedder.Embedder              // nil: words alone
	Tally     Tally
	PublicURL string // without a trailing slash
	Script    *widget.Assets
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
	if err != nil {
		return nil, err
	}
	articles, err := content.New(content.Parts{Catalog: p.Catalog, Links: p.Links, PublicURL: p.PublicURL, Logger: p.Logger, Now: time.Now})
	if err != nil {
		return nil, err
	}
	page, err := kit.New(kit.Parts{PublicURL: p.PublicURL, Release: p.Script.Release(), Logger: p.Logger})
	if err != nil {
		return nil, err
	}
	return &API{
		Parts: p, answers: answers, results: results, now: time.Now,
		content: articles, changes: changes.New(p.Catalog, time.Now),
		feeds: feed.New(p.Catalog, p.PublicURL, composite, time.Now), kit: page,
	}, nil
}

// composite is a feed as one ninjs item.
func composite(f feed.Feed) ([]byte, error) {
	return encode(ninjs.Feed(ninjs.Channel{URI: f.ID(), Title: f.Title(), Language: f.Language, Updated: f.Updated()}, f.Entries, f.Gone, f.PublicURL))
}

// Routes returns the table of contents.
func (a *API) Routes(deps lifecycle.Deps) (*web.Router, error) {
	rt, err := web.NewRouter("search", deps.Logger, deps.Metrics)
	if err != nil {
		return nil, err
	}
	const get, put = http.MethodGet, http.MethodPut
	partners := web.NewPartners(deps.Keys())
	large := turns.New()
	either := partners.RequireEither(partner.Editor)
	editor := web.RequireRole(deps.Keys(), partner.Editor)

	rt.Handle("search", get+",OPTIONS", "/v1/search", a.search, either, a.filled)
	rt.Handle("suggest", get+",OPTIONS", "/v1/suggest", a.suggest, partners.Require, a.filled)
	rt.Handle("latest", get+",OPTIONS", "/v1/latest", a.latest, partners.Require, a.filled)
	rt.Handle("related", get+",OPTIONS", "/v1/related/{id}", a.related, partners.Require, a.filled)
	rt.Handle("feed", get+",OPTIONS", "/v1/feeds/{feed}", a.feeds.Feed, partners.Require, large.Take)
	rt.Handle("content", get+",OPTIONS", "/v1/content/{id}", a.content.Content, a.content.Readable, partners.Require)
	rt.Handle("content.edition", get+",OPTIONS", "/v1/content/{id}/{lang}", a.content.Content, a.content.Readable, partners.Require)
	rt.Handle("changes", get+",OPTIONS", "/v1/changes", a.changes.Changes, partners.Require, large.Take)
	rt.Handle("glossary.get", get, "/v1/glossary", a.getGlossary, editor)
	rt.Handle("glossary.put", put, "/v1/glossary", a.putGlossary, editor)
	rt.Handle("page", get, "/search", a.page, a.readable, partners.Require, a.filled)
	rt.Handle("kit", get, "/partners/kit", a.kit.Page, a.kit.Readable, partners.Require)
	rt.Handle("kit.asset", get, "/partners/{asset}", a.kit.Asset)
	rt.Handle("widget", get, "/widget/{asset}", func(w http.ResponseWriter, r *http.Request) error {
		a.Script.ServeHTTP(w, r)
		return nil
	})
	return rt, nil
}

// filled refuses what is asked before the index is level with the log: it would
// show what was withdrawn or corrected while the process was down.
func (a *API) filled(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := a.Filled(r.Context()); err != nil {
			return err
		}
		return next(w, r)
	}
}
