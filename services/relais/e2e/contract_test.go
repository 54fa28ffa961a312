// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// contract loads the OpenAPI document once for all tests.
var contract = sync.OnceValues(func() (routers.Router, error) {
	source, err := os.ReadFile("../internal/docs/openapi.yaml")
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(source)
	if err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// keepsContract fails the test unless the document allows for the answer: its
// status, its type and, for JSON, its shape. A request that was accepted has to
// be one the document allows, too.
func keepsContract(t *testing.T, req *http.Request, sent string, a answer) {
	t.Helper()
	router, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	route, params, err := router.FindRoute(req)
	if err != nil || req.Method == http.MethodHead {
		return // no part of the contract: a page, or a call that is refused as such
	}
	options := &openapi3filter.Options{
		IncludeResponseStatus: true,
		ExcludeRequestBody:    strings.HasSuffix(req.URL.Path, "/imports"), // lines, each of the shape of an edition, or a feed
		ExcludeResponseBody:   !strings.Contains(a.header.Get("Content-Type"), "json"),
		AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
	}
	req = req.Clone(context.Background())
	req.Body = io.NopCloser(strings.NewReader(sent))
	input := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route, Options: options}
	if a.status < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(t.Context(), input); err != nil {
			t.Errorf("%s %s was accepted against the contract: %v", req.Method, req.URL, err)
		}
	}
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)), Options: options,
	})
	if err != nil {
		t.Errorf("%s %s: the answer (%d) breaks the contract: %v", req.Method, req.URL, a.status, err)
	}
}
