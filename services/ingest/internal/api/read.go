// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/ingest/internal/draft"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// bodies are the ways in, by media type.
const (
	typeJSON, typeText     = "application/json", "text/plain"
	typeHTML, typeMarkdown = "text/html", "text/markdown"
)

// read makes a draft from a request's body by its Content-Type and from the
// query parameters id, language and canonicalUrl.
func (a *API) read(w http.ResponseWriter, r *http.Request) (draft.Draft, error) {
	mt, err := web.MediaType(r, typeJSON, typeText, typeHTML, typeMarkdown)
	if err != nil {
		return draft.Draft{}, err
	}
	body, err := web.ReadBody(w, r)
	if err != nil {
		return draft.Draft{}, err
	}
	if err := writeParams(r, "id", "language", "canonicalUrl"); err != nil {
		return draft.Draft{}, err
	}
	var d draft.Draft
	switch mt {
	case typeJSON:
		d, err = a.Drafts.JSON(body)
	case typeHTML:
		d, err = a.Drafts.Page(body)
	case typeMarkdown:
		d, err = a.Drafts.Markdown(body)
	default:
		d, err = a.Drafts.Text(body)
	}
	if err != nil {
		return draft.Draft{}, err
	}
	q := r.URL.Query()
	for param, field := range map[string]*string{
		"id": &d.Edition.ID, "language": &d.Edition.Language, "canonicalUrl": &d.Edition.CanonicalURL,
	} {
		if v := q.Get(param); v != "" {
			*field = v
		}
	}
	return d, nil
}

// extract shows what would be published.
func (a *API) extract(w http.ResponseWriter, r *http.Request) error {
	d, err := a.read(w, r)
	if err != nil {
		return err
	}
	a.Drafts.Explain(&d)
	if d.Edition.ID == "" && d.Edition.Headline != "" {
		d.Edition.ID = extract.Slug(d.Edition.Headline)
	}
	if d.Edition.SourceLanguage == "" {
		d.Edition.SourceLanguage = d.Edition.Language
	}
	if d.Edition.PubStatus == "" {
		d.Edition.PubStatus = article.Usable
	}
	return web.WriteJSON(w, r, http.StatusOK, map[string]any{
		"edition": d.Edition, "warnings": d.Warnings, "suggestions": d.Suggestions,
	})
}
