// SPDX-License-Identifier: Apache-2.0

// Package api is ingest's HTTP face.
package api

import (
	"context"
	"net/http"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/ingest/internal/access"
	"github.com/relais-press/relais/services/ingest/internal/catalog"
	"github.com/relais-press/relais/services/ingest/internal/draft"
	"github.com/relais-press/relais/services/ingest/internal/editions"
	"github.com/relais-press/relais/services/ingest/internal/editor"
	"github.com/relais-press/relais/services/ingest/internal/imports"
)

// API answers ingest's routes.
type API struct {
	Stores
	streams *streams
}

// Stores are what the API stands on.
type Stores struct {
	Editions *editions.Store
	Catalog  *catalog.Catalog
	Drafts   *draft.Reader
	Imports  *imports.Desk
	Access   *access.Store
	Stages   *bus.StageBoard
	Indexes  Indexes
	Fetcher  Fetcher // nil: no page is fetched
}

// Indexes knows which indexes run (bus.Bus).
type Indexes interface {
	// Running lists the instances that read from a stream's consumers.
	Running(ctx context.Context, stream, prefix string) ([]string, error)
}

// New returns the API over its stores.
func New(s Stores) *API { return &API{s, newStreams()} }

// Routes returns the table of contents.
func (a *API) Routes(deps lifecycle.Deps, answers web.Answers) (*web.Router, error) {
	rt, err := web.NewRouter("ingest", deps.Logger, deps.Metrics)
	if err != nil {
		return nil, err
	}
	page, err := editor.New()
	if err != nil {
		return nil, err
	}
	const (
		get, put, post, del = http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete
		edition             = "/v1/articles/{id}/{lang}"
	)
	editor := web.RequireRole(deps.Keys(), partner.Editor)
	admin := web.RequireRole(deps.Keys(), partner.Admin)
	once := web.Idempotent(answers)

	rt.Handle("article.list", get, "/v1/articles", a.listArticles, editor)
	rt.Handle("article.create", post, "/v1/articles", a.createArticle, editor, once)
	rt.Handle("article.extract", post, "/v1/extract", a.extract, editor)
	rt.Handle("article.get", get, "/v1/articles/{id}", a.getArticle, editor)
	rt.Handle("article.cancel", post, "/v1/articles/{id}/cancel", a.cancelArticle, editor)
	rt.Handle("edition.put", put, edition, a.putEdition, editor)
	rt.Handle("edition.patch", http.MethodPatch, edition, a.patchEdition, editor)
	rt.Handle("edition.get", get, edition, a.getEdition, editor)
	rt.Handle("edition.versions", get, edition+"/versions", a.getVersions, editor)
	rt.Handle("edition.status", get, edition+"/status", a.getStatus, editor)
	rt.Handle("edition.cancel", post, edition+"/cancel", a.cancelEdition, editor)
	rt.Handle("import.create", post, "/v1/imports", a.createImport, editor)
	rt.Handle("import.list", get, "/v1/imports", a.listImports, editor)
	rt.Handle("import.get", get, "/v1/imports/{id}", a.getImport, editor)
	rt.Handle("audit.list", get, "/v1/audit", a.getAudit, admin)

	rt.Handle("partner.list", get, "/v1/partners", a.listPartners, editor)
	rt.Handle("partner.put", put, "/v1/partners/{id}", a.putPartner, admin)
	rt.Handle("partner.get", get, "/v1/partners/{id}", a.getPartner, editor)
	rt.Handle("partner.delete", del, "/v1/partners/{id}", a.deletePartner, admin)
	rt.Handle("partnerkey.create", post, "/v1/partners/{id}/keys", a.createPartnerKey, admin, once)
	rt.Handle("partnerkey.list", get, "/v1/partners/{id}/keys", a.listPartnerKeys, admin)
	rt.Handle("partnerkey.delete", del, "/v1/partners/{id}/keys/{keyId}", a.deletePartnerKey, admin)
	rt.Handle("key.create", post, "/v1/keys", a.createKey, admin, once)
	rt.Handle("key.list", get, "/v1/keys", a.listKeys, admin)
	rt.Handle("key.delete", del, "/v1/keys/{keyId}", a.deleteKey, admin)

	rt.Handle("editor", get, "/editor", page.Show)
	rt.Handle("editor.file", get, "/editor/{file}", page.File)
	return rt, nil
}
