// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/ingest/internal/editions"
)

func (a *API) putPartner(w http.ResponseWriter, r *http.Request) error {
	var p partner.Partner
	if err := web.ReadJSON(w, r, &p); err != nil {
		return err
	}
	id := web.Var(r, "id")
	if p.ID != "" && p.ID != id {
		return fault.WithFields(fault.Invalid, "the body and the path disagree", fault.Field{Pointer: "/id", Detail: "differs from the path"})
	}
	p.ID = id
	for i, tag := range p.Languages {
		if canonical, err := language.Canonical(tag); err == nil {
			p.Languages[i] = canonical
		}
	}
	if canonical, err := language.Canonical(p.DefaultLanguage); err == nil {
		p.DefaultLanguage = canonical
	}
	for _, list := range []*[]string{&p.Origins, &p.Languages, &p.Sections} {
		if *list == nil {
			*list = []string{}
		}
	}
	if violations := p.Validate(); len(violations) > 0 {
		return editions.Invalid(violations)
	}
	created, err := a.Access.PutPartner(r.Context(), p)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
		w.Header().Set("Location", "/v1/partners/"+p.ID)
	}
	return web.WriteJSON(w, r, status, p)
}

func (a *API) getPartner(w http.ResponseWriter, r *http.Request) error {
	p, err := a.partner(r)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, r, http.StatusOK, p)
}

func (a *API) listPartners(w http.ResponseWriter, r *http.Request) error {
	all, err := a.Access.Partners(r.Context())
	if err != nil {
		return err
	}
	return web.WriteJSON(w, r, http.StatusOK, map[string]any{"partners": all})
}

func (a *API) deletePartner(w http.ResponseWriter, r *http.Request) error {
	p, err := a.partner(r)
	if err != nil {
		return err
	}
	if err := a.Access.DeletePartner(r.Context(), p.ID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// partner reads the partner that the path names.
func (a *API) partner(r *http.Request) (partner.Partner, error) {
	unknown := fault.New(fault.NotFound, "there is no such partner")
	id := web.Var(r, "id")
	if !article.ValidID(id) {
		return partner.Partner{}, unknown
	}
	p, err := a.Access.Partner(r.Context(), id)
	if fault.Is(err, fault.NotFound) {
		err = unknown
	}
	return p, err
}
