// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"strings"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/glossary"
)

func (a *API) getGlossary(w http.ResponseWriter, r *http.Request) error {
	body, tag := a.Glossary.Current()
	w.Header().Set("ETag", tag)
	return web.WriteBytes(w, r, http.StatusOK, "application/json", body)
}

func (a *API) putGlossary(w http.ResponseWriter, r *http.Request) error {
	var d glossary.Document
	if err := web.ReadJSON(w, r, &d); err != nil {
		return err
	}
	if fields := d.Validate(); len(fields) > 0 {
		return fault.WithFields(fault.Invalid, "the glossary breaks its rules", fields...)
	}
	body, tag, err := a.Glossary.Put(r.Context(), &d, func(present string) bool { return admits(r, present) })
	if err != nil {
		return err
	}
	w.Header().Set("ETag", tag)
	return web.WriteBytes(w, r, http.StatusOK, "application/json", body)
}

// admits reports whether a write may replace what has a tag: If-Match names it,
// is "*" or is absent. There always is a glossary, so that none may be created.
func admits(r *http.Request, tag string) bool {
	if web.MustBeNew(r) {
		return false
	}
	header := r.Header.Get("If-Match")
	if strings.TrimSpace(header) == "" {
		return true
	}
	for t := range strings.SplitSeq(header, ",") {
		if t = strings.TrimSpace(t); t == "*" || t == tag {
			return true
		}
	}
	return false
}
