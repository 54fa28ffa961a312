// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"log/slog"
	"net/http"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/ingest"
	"github.com/relais-press/relais/services/relais/internal/backup"
	"github.com/relais-press/relais/services/relais/internal/docs"
	"github.com/relais-press/relais/services/relais/internal/doctor"
	"github.com/relais-press/relais/services/search"
	"github.com/relais-press/relais/services/share"
)

// TestTheContractNamesEveryRoute compares the OpenAPI document with the routes
// of the three services, both ways, by method, path and name.
func TestTheContractNamesEveryRoute(t *testing.T) {
	b := bustest.Start(t)
	log := slog.New(slog.DiscardHandler)
	directory, err := partner.NewDirectory(t.Context(), b, log)
	if err != nil {
		t.Fatal(err)
	}
	deps := func() lifecycle.Deps {
		return lifecycle.Deps{Bus: b, Directory: directory, Logger: log, Metrics: prometheus.NewRegistry(), Health: telemetry.NewHealth()}
	}
	in, err := ingest.New(t.Context(), ingest.Config{AdminKey: "rk_contract-contract-contract"}, t.TempDir(), io.Discard, deps())
	if err != nil {
		t.Fatal(err)
	}
	find, err := search.New(t.Context(), search.Config{Instance: "main"}, t.TempDir(), deps())
	if err != nil {
		t.Fatal(err)
	}
	links, err := share.New(t.Context(), share.Config{Instance: "main", Links: 1, Retention: 1}, t.TempDir(), deps())
	if err != nil {
		t.Fatal(err)
	}
	served := []web.Route{
		{Name: "livez", Method: "GET", Path: "/livez"}, {Name: "readyz", Method: "GET", Path: "/readyz"}, {Name: "metrics", Method: "GET", Path: "/metrics"},
	}
	kept, err := backup.NewRoute(nil, "", "", deps())
	if err != nil {
		t.Fatal(err)
	}
	look, err := doctor.NewRoute(nil, 1, deps())
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []http.Handler{in.Handler(), find.Handler(), links.Handler(), kept.Handler(), look.Handler()} {
		for _, r := range h.(*web.Router).Routes() {
			if !slices.Contains(served, r) {
				served = append(served, r)
			}
		}
	}
	doc, err := openapi3.NewLoader().LoadFromData(docs.Document)
	if err != nil {
		t.Fatal(err)
	}
	var documented []web.Route
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			documented = append(documented, web.Route{Name: op.OperationID, Method: method, Path: path})
		}
	}
	for _, r := range served {
		if !slices.Contains(documented, r) {
			t.Errorf("served and not documented: %+v", r)
		}
	}
	for _, r := range documented {
		if !slices.Contains(served, r) {
			t.Errorf("documented and not served: %+v", r)
		}
	}
}
