// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/link"
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
