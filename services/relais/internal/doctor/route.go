// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
)

// long is how long an answer may take: every message of the log is read.
const long = 30 * time.Minute

// Route answers /v1/doctor of the one binary: the log inside is reached in no
// other way.
type Route struct {
	routes *web.Router
	log    Log
}

// NewRoute returns the route over the log that conn leads to.
func NewRoute(conn *nats.Conn, replicas int, deps lifecycle.Deps) (*Route, error) {
	d := &Route{log: Log{Conn: conn, Replicas: replicas, Now: time.Now}}
	var err error
	if d.routes, err = web.NewRouter("doctor", deps.Logger, deps.Metrics); err != nil {
		return nil, err
	}
	d.routes.Handle("doctor", http.MethodGet, "/v1/doctor", d.look, web.RequireRole(deps.Keys(), partner.Admin))
	return d, nil
}

// Handler answers the route.
func (d *Route) Handler() http.Handler { return d.routes }

// Run waits for ctx: the doctor comes when asked.
func (d *Route) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (d *Route) look(w http.ResponseWriter, r *http.Request) error {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(long)) // a writer without deadlines needs none
	log := d.log
	log.Quick = r.URL.Query().Get("quick") == "true"
	w.Header().Set("Cache-Control", "no-store")
	return web.WriteJSON(w, r, http.StatusOK, map[string]any{"findings": log.Look(r.Context())})
}
