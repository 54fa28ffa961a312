// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"strings"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
)

// issued is the only answer that shows a key's secret.
type issued struct {
	ID   string       `json:"id"`
	Role partner.Role `json:"role,omitempty"`
	Name string       `json:"name"`
	Key  string       `json:"key"`
}

func staff(k partner.Key) bool { return k.Role != partner.Publishable }

func ofPartner(id string) func(partner.Key) bool {
	return func(k partner.Key) bool { return k.Role == partner.Publishable && k.Partner == id }
}

func (a *API) createKey(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Role partner.Role `json:"role"`
		Name string       `json:"name"`
	}
	if err := web.ReadJSON(w, r, &in); err != nil {
		return err
	}
	if in.Role != partner.Admin && in.Role != partner.Editor {
		return fault.WithFields(fault.Invalid, "a key has a role", fault.Field{Pointer: "/role", Detail: "must be admin or editor"})
	}
	return a.issue(w, r, in.Role, in.Name, "")
}

func (a *API) createPartnerKey(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name string `json:"name"`
	}
	if err := web.ReadJSON(w, r, &in); err != nil {
		return err
	}
	p, err := a.partner(r)
	if err != nil {
		return err
	}
	return a.issue(w, r, partner.Publishable, in.Name, p.ID)
}

func (a *API) issue(w http.ResponseWriter, r *http.Request, role partner.Role, name, partnerID string) error {
	if len(name) > article.MaxName {
		return fault.WithFields(fault.Invalid, "the name is too long", fault.Field{Pointer: "/name", Detail: "is too long"})
	}
	k, secret, err := a.Access.Issue(r.Context(), role, strings.TrimSpace(name), partnerID)
	if err != nil {
		return err
	}
	out := issued{ID: k.ID, Role: k.Role, Name: k.Name, Key: secret}
	if role == partner.Publishable {
		out.Role = ""
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.WriteJSON(w, r, http.StatusCreated, out)
}

func (a *API) listKeys(w http.ResponseWriter, r *http.Request) error { return a.list(w, r, staff) }

func (a *API) listPartnerKeys(w http.ResponseWriter, r *http.Request) error {
	p, err := a.partner(r)
	if err != nil {
		return err
	}
	return a.list(w, r, ofPartner(p.ID))
}

func (a *API) list(w http.ResponseWriter, r *http.Request, accept func(partner.Key) bool) error {
	keys, err := a.Access.List(r.Context(), accept)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, r, http.StatusOK, map[string]any{"keys": keys})
}

func (a *API) deleteKey(w http.ResponseWriter, r *http.Request) error { return a.revoke(w, r, staff) }

func (a *API) deletePartnerKey(w http.ResponseWriter, r *http.Request) error {
	return a.revoke(w, r, ofPartner(web.Var(r, "id")))
}

func (a *API) revoke(w http.ResponseWriter, r *http.Request, accept func(partner.Key) bool) error {
	if err := a.Access.Revoke(r.Context(), web.Var(r, "keyId"), accept); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
