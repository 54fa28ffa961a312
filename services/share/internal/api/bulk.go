// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/relais-press/relais/pkg/door"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/link"
	"github.com/relais-press/relais/services/share/internal/link/imports"
	"github.com/relais-press/relais/services/share/internal/target"
)

// maxBulk is how many links one bulk may have.
const maxBulk = 1_000

// result is what became of one link of a bulk.
type result struct {
	Status int          `json:"status"`
	Link   *output      `json:"link,omitempty"`
	Error  *web.Problem `json:"error,omitempty"`
}

// bulkLinks finds or creates many links, each on its own.
func (a *API) bulkLinks(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Links []input `json:"links"`
	}
	if err := web.ReadJSON(w, r, &in); err != nil {
		return err
	}
	if len(in.Links) < 1 || len(in.Links) > maxBulk {
		return fault.WithFields(fault.Invalid, "the links cannot be made so", fault.Field{Pointer: "/links", Detail: fmt.Sprintf("must have 1 to %d items", maxBulk)})
	}
	results := make([]result, len(in.Links))
	var wanted []link.Link
	var places []int
	for i := range in.Links {
		l, err := a.wanted(r, &in.Links[i])
		switch {
		case ours(err):
			return err
		case err != nil:
			results[i] = refusal(r, err)
		default:
			wanted, places = append(wanted, l), append(places, i)
		}
	}
	for n, made := range a.Links.FindOrCreateAll(r.Context(), wanted) {
		to := &results[places[n]]
		switch {
		case ours(made.Err):
			return made.Err // what was made is found when it is asked for again
		case made.Err != nil:
			*to = refusal(r, made.Err)
		default:
			shown := a.show(made.Link)
			*to = result{Status: http.StatusOK, Link: &shown}
			if made.Created {
				to.Status = http.StatusCreated
			}
		}
	}
	return web.WriteJSON(w, r, http.StatusOK, map[string]any{"results": results})
}

// ours reports whether an error is no fault of the link that was asked for.
func ours(err error) bool {
	return err != nil && (fault.Is(err, fault.Internal) || fault.Is(err, fault.Unavailable))
}

func refusal(r *http.Request, err error) result {
	kind := fault.KindOf(err)
	p := web.Problem{Type: "/problems/" + kind.Slug(), Title: kind.Title(), Status: kind.Status(), RequestID: web.RequestID(r.Context())}
	if e, ok := errors.AsType[*fault.Error](err); ok {
		p.Detail, p.Errors = e.Detail, e.Fields
	}
	return result{Status: p.Status, Error: &p}
}

const (
	batch     = 256   // rows of an import that are worked off together
	maxErrors = 1_000 // of an import that are told
)

// importLinks takes in links that were made elsewhere, as many as are sent.
func (a *API) importLinks(w http.ResponseWriter, r *http.Request) error {
	if err := web.KnownParams(r, "format"); err != nil {
		return err
	}
	format := imports.Format(r.URL.Query().Get("format"))
	if !slices.Contains([]imports.Format{imports.Any, imports.CSV, imports.Shlink, imports.YOURLS}, format) {
		return web.BadParam("format", "must be csv, shlink or yourls")
	}
	if err := web.Plain(r); err != nil {
		return err
	}
	if _, err := web.MediaType(r, "text/csv", "application/json", "text/plain", "application/octet-stream"); err != nil {
		return err
	}
	i := importer{api: a, r: r, finder: a.Targets.Finder(a.Partners.Partners()), Errors: []refused{}}
	for row, err := range imports.Read(door.Stream(w, r, door.Patient()), format) {
		i.Read++
		if err != nil {
			i.reject(row.Line, row.Code, err.Error())
			continue
		}
		if err := i.take(row); err != nil {
			return err
		}
	}
	if err := i.work(); err != nil {
		return err
	}
	return web.WriteJSON(w, r, http.StatusOK, i)
}

// importer works off a list of links; what is exported of it is the answer.
type importer struct {
	api     *API
	r       *http.Request
	finder  *target.Finder
	waiting []pending

	Read     int       `json:"read"`
	Created  int       `json:"created"`
	Existing int       `json:"existing"`
	Rejected int       `json:"rejected"`
	Errors   []refused `json:"errors"` // the first maxErrors
}

type refused struct {
	Line   int    `json:"line"`
	Detail string `json:"detail"`
}

// pending is a row that can become a link.
type pending struct {
	line int
	link link.Link
}

func (i *importer) reject(line int, code, detail string) {
	i.Rejected++
	if len(i.Errors) >= maxErrors {
		return
	}
	if code != "" {
		detail = fmt.Sprintf("%.64q: %s", code, detail)
	}
	i.Errors = append(i.Errors, refused{line, detail})
}

// take makes a row ready. An error is none of the row's.
func (i *importer) take(row imports.Row) error {
	in := input{
		Article: row.Article, Language: row.Language, Partner: row.Partner, Channel: row.Channel, Campaign: row.Campaign,
		Code: strings.ToLower(row.Code), Expires: row.Expires,
	}
	if in.Article == "" && !in.lead(i.finder, row.URL) {
		i.reject(row.Line, row.Code, fmt.Sprintf("no article is known to be at %.500q", row.URL))
		return nil
	}
	fields, err := i.api.check(i.r, &in, nil, link.ValidTaken)
	if err != nil {
		return err
	}
	if len(fields) > 0 {
		i.reject(row.Line, row.Code, join(fields))
		return nil
	}
	l := in.link(web.CallerOf(i.r).Key.ID)
	if row.Created.Before(i.api.now()) {
		l.Created = row.Created
	}
	i.waiting = append(i.waiting, pending{row.Line, l})
	if len(i.waiting) < batch {
		return nil
	}
	return i.work()
}

// lead fills in the article that a URL shows, and what else the URL says.
func (in *input) lead(finder *target.Finder, address string) bool {
	id, language, site, ok := finder.Article(address)
	if !ok {
		return false
	}
	in.Article = id
	if in.Language == "" {
		in.Language = language
	}
	if in.Partner == "" {
		in.Partner = site
	}
	return true
}

// work makes the links of the rows that wait. An error is none of the rows'.
func (i *importer) work() error {
	list := make([]link.Link, len(i.waiting))
	for n, p := range i.waiting {
		list[n] = p.link
	}
	for n, made := range i.api.Links.FindOrCreateAll(i.r.Context(), list) {
		switch e, _ := errors.AsType[*fault.Error](made.Err); {
		case ours(made.Err):
			return made.Err
		case made.Err != nil:
			i.reject(i.waiting[n].line, list[n].Code, e.Detail)
		case made.Created:
			i.Created++
		default:
			i.Existing++
		}
	}
	i.waiting = i.waiting[:0]
	return nil
}

func join(fields []fault.Field) string {
	said := make([]string, len(fields))
	for i, f := range fields {
		said[i] = strings.TrimPrefix(f.Pointer, "/") + ": " + f.Detail
	}
	return strings.Join(said, "; ")
}
