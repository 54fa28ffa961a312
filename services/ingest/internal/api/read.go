// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/fetch"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/ingest/internal/draft"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// The ways in, by media type.
const (
	typeJSON, typeText     = "application/json", "text/plain"
	typeHTML, typeMarkdown = "text/html", "text/markdown"
)

// read makes a draft from a request's body by its Content-Type and from the
// query parameters id, language and canonicalUrl.
func (a *API) read(w http.ResponseWriter, r *http.Request) (draft.Draft, error) {
	contentType := r.Header.Get("Content-Type")
	mt, err := mediaType(contentType)
	if err != nil {
		return draft.Draft{}, err
	}
	if err := writeParams(r, "id", "language", "canonicalUrl"); err != nil {
		return draft.Draft{}, err
	}
	body, err := web.ReadBody(w, r)
	if err != nil {
		return draft.Draft{}, err
	}
	d, err := a.draft(mt, contentType, body)
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

// mediaType is the media type of a body that makes a draft. JSON is UTF-8; the
// others are read in the charset they are declared in, or look like.
func mediaType(contentType string) (string, error) {
	mt, params, err := mime.ParseMediaType(contentType)
	accepted := []string{typeJSON, typeText, typeHTML, typeMarkdown}
	if err != nil || !slices.Contains(accepted, mt) {
		return "", fault.WithFields(fault.UnsupportedMediaType, "this call takes "+strings.Join(accepted, ", "),
			fault.Field{Pointer: "/Content-Type", Detail: "must be one of " + strings.Join(accepted, ", ")})
	}
	if cs := params["charset"]; mt == typeJSON && cs != "" && !strings.EqualFold(cs, "utf-8") {
		return "", fault.WithFields(fault.UnsupportedMediaType, "JSON is UTF-8", fault.Field{Pointer: "/Content-Type", Detail: "charset must be utf-8"})
	}
	return mt, nil
}

func (a *API) draft(mt, contentType string, body []byte) (draft.Draft, error) {
	if mt == typeJSON {
		return a.Drafts.JSON(body)
	}
	text, charset, err := extract.Decode(body, contentType)
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return draft.Draft{}, fault.WithFields(e.Kind, e.Detail, fault.Field{Pointer: "/bodyText", Detail: e.Detail})
	}
	if err != nil {
		return draft.Draft{}, err
	}
	var d draft.Draft
	switch mt {
	case typeHTML:
		d, err = a.Drafts.Page(text)
	case typeMarkdown:
		d, err = a.Drafts.Markdown(text)
	default:
		d, err = a.Drafts.Text(text)
	}
	if _, params, _ := mime.ParseMediaType(contentType); err == nil && charset != "utf-8" && !strings.EqualFold(charset, params["charset"]) {
		d.Warn("/bodyText", "read as "+charset+": look at the accents")
	}
	return d, err
}

// Fetcher gets a page that an editor names (fetch.Client).
type Fetcher interface {
	// Get returns the page; Invalid, naming /url, when it may not or cannot be had.
	Get(ctx context.Context, url string) (*fetch.Response, error)
}

// fetched makes a draft of the page at a URL.
func (a *API) fetched(ctx context.Context, url string) (draft.Draft, error) {
	if a.Fetcher == nil {
		return draft.Draft{}, fault.WithFields(fault.Forbidden, "this relay fetches no pages: send the page itself",
			fault.Field{Pointer: "/url", Detail: "fetching is off"})
	}
	page, err := a.Fetcher.Get(ctx, url)
	if err != nil {
		return draft.Draft{}, err
	}
	defer page.Body.Close()
	body, err := io.ReadAll(page.Body)
	if err != nil {
		return draft.Draft{}, err
	}
	mt, err := mediaType(page.ContentType)
	if err != nil || mt == typeJSON {
		return draft.Draft{}, fault.WithFields(fault.Invalid, "the address holds no page",
			fault.Field{Pointer: "/url", Detail: "is neither HTML, Markdown nor text"})
	}
	d, err := a.draft(mt, page.ContentType, body)
	if d.Edition.CanonicalURL == "" {
		d.Edition.CanonicalURL = page.URL
	}
	return d, err
}

// address is a body of extract that names a page instead of holding one.
type address struct {
	URL string `json:"url"`
}

// named returns the URL of such a body, and the body to be read again otherwise.
func named(w http.ResponseWriter, r *http.Request) (url string, err error) {
	if mt, err := mediaType(r.Header.Get("Content-Type")); err != nil || mt != typeJSON {
		return "", nil // told by what reads on
	}
	body, err := web.ReadBody(w, r)
	if err != nil {
		return "", err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var in address
	if web.DecodeJSON(body, &in) != nil {
		return "", nil // an edition, or told by what reads on
	}
	return in.URL, nil
}

// extract shows what would be published.
func (a *API) extract(w http.ResponseWriter, r *http.Request) error {
	url, err := named(w, r)
	if err != nil {
		return err
	}
	var d draft.Draft
	if url != "" {
		d, err = a.fetched(r.Context(), url)
	} else {
		d, err = a.read(w, r)
	}
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
