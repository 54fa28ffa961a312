// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"

	"github.com/relais-press/relais/pkg/telemetry"
)

// Traced makes a span of every request but those by which a process is watched
// (/livez, /readyz, /metrics). Without a tracer it is next itself.
func Traced(t *telemetry.Tracer, next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/livez", "/readyz", "/metrics":
			next.ServeHTTP(w, r)
			return
		}
		traced, span := t.Server(r)
		defer span.End()
		next.ServeHTTP(w, traced)
	})
}
