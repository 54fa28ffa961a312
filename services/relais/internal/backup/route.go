// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
)

// patience is how long a reader of a backup may take for what it is handed at once.
const patience = time.Minute

// Route answers /v1/backup of the one binary: the log inside is reached in no
// other way.
type Route struct {
	routes  *web.Router
	conn    *nats.Conn
	dir     string
	version string
	log     *slog.Logger
	one     sync.Mutex // held while a backup is taken
}

// NewRoute returns the route over the log that conn leads to and the data folder dir.
func NewRoute(conn *nats.Conn, dir, version string, deps lifecycle.Deps) (*Route, error) {
	r := &Route{conn: conn, dir: dir, version: version, log: deps.Logger}
	var err error
	if r.routes, err = web.NewRouter("backup", deps.Logger, deps.Metrics); err != nil {
		return nil, err
	}
	r.routes.Handle("backup", http.MethodGet, "/v1/backup", r.send, web.RequireRole(deps.Keys(), partner.Admin))
	return r, nil
}

// Handler answers the route.
func (b *Route) Handler() http.Handler { return b.routes }

// Run waits for ctx: a backup is taken when it is asked for.
func (b *Route) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// send streams a backup. When something fails after it has begun, the answer
// breaks off, so that nobody takes it for a whole one.
func (b *Route) send(w http.ResponseWriter, r *http.Request) error {
	if !b.one.TryLock() {
		return fault.New(fault.Conflict, "a backup is being taken")
	}
	defer b.one.Unlock()
	if _, err := present(r.Context(), b.conn); err != nil {
		return fault.Wrap(fault.Unavailable, "the log does not answer; try again", err)
	}
	w.Header().Set("Content-Type", MediaType)
	w.Header().Set("Content-Disposition", `attachment; filename="relais-`+time.Now().UTC().Format("20060102-150405")+`.tar"`)
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return nil
	}
	out := &patient{w, http.NewResponseController(w), patience}
	_, err := Write(r.Context(), out, Source{
		Conn: b.conn, Dir: b.dir, Scratch: b.dir, Version: b.version, Damaged: r.URL.Query().Get("damaged") == "true",
	})
	out.limit() // of what the server still holds
	if err != nil {
		b.log.ErrorContext(r.Context(), "backup broken off", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// patient gives the reader time anew with every write, and none runs out between
// two: the log may take long over a snapshot, and HTTP/2 ends a stream whose time
// is over whether it is written to or not.
type patient struct {
	w          http.ResponseWriter
	controller *http.ResponseController
	patience   time.Duration
}

func (p *patient) Write(b []byte) (int, error) {
	p.limit()
	defer p.controller.SetWriteDeadline(time.Time{}) //nolint:errcheck // a writer without deadlines needs none
	return p.w.Write(b)
}

// limit begins the time of a write.
func (p *patient) limit() {
	_ = p.controller.SetWriteDeadline(time.Now().Add(p.patience)) // a writer without deadlines needs none
}
