// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/services/relais/internal/docs"
)

func TestTheDocumentIsValid(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(docs.Document)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	seen := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.OperationID == "" || op.Summary == "" || seen[op.OperationID] {
				t.Errorf("%s %s: operationId %q, summary %q", method, path, op.OperationID, op.Summary)
			}
			seen[op.OperationID] = true
		}
	}
}

func TestThePageShowsEveryOperation(t *testing.T) {
	d, err := docs.New(lifecycle.Deps{Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) (*httptest.ResponseRecorder, string) {
		w := httptest.NewRecorder()
		d.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w, w.Body.String()
	}
	w, page := get("/docs")
	if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("status %d, policy %q", w.Code, w.Header().Get("Content-Security-Policy"))
	}
	doc, err := openapi3.NewLoader().LoadFromData(docs.Document)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if !strings.Contains(page, `<article id="`+op.OperationID+`">`) {
				t.Errorf("the page lacks %s", op.OperationID)
			}
		}
	}
	if w, body := get("/openapi.yaml"); w.Header().Get("Content-Type") != "application/yaml" || body != string(docs.Document) {
		t.Errorf("openapi.yaml: %s", w.Header().Get("Content-Type"))
	}
}
