// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"

	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/count"
)

// Recounts compare the counts with the log.
type Recounts interface {
	// Start begins a recount; Conflict while another one runs.
	Start() (count.Recount, error)
	// Get returns the last recount; NotFound of others.
	Get(id string) (count.Recount, error)
}

func (a *API) startRecount(w http.ResponseWriter, r *http.Request) error {
	started, err := a.Recounts.Start()
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/recounts/"+started.ID)
	return web.WriteJSON(w, r, http.StatusAccepted, started)
}

func (a *API) getRecount(w http.ResponseWriter, r *http.Request) error {
	recount, err := a.Recounts.Get(web.Var(r, "id"))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.WriteJSON(w, r, http.StatusOK, recount)
}
