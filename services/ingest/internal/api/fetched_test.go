// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/fetch"
)

// shelf hands out pages by their address.
type shelf map[string]fetch.Response

func (s shelf) Get(_ context.Context, url string) (*fetch.Response, error) {
	page, ok := s[url]
	if !ok {
		return nil, fault.WithFields(fault.Invalid, "the address cannot be had", fault.Field{Pointer: "/url", Detail: "cannot be reached"})
	}
	page.URL = url
	return &page, nil
}

func body(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }

func TestAPageThatIsFetched(t *testing.T) {
	d := openDesk(t, nil)
	pages := shelf{
		"https://gazette.example/a": {ContentType: "text/html; charset=iso-8859-1", Body: body("<html><title>\xc9t\xe9</title><body><article><h1>L'\xe9t\xe9 des communes</h1><p>Les communes ont ouvert leurs registres \xe0 tous les habitants, pour la premi\xe8re fois.</p></article></body></html>")},
		"https://gazette.example/i": {ContentType: "image/png", Body: body("\x89PNG")},
	}
	d.api.Fetcher = pages
	for url, want := range map[string]struct {
		status int
		says   string
	}{
		"https://gazette.example/a": {http.StatusOK, "L'été des communes"},
		"https://gazette.example/i": {http.StatusUnprocessableEntity, "/url"},
		"https://gazette.example/x": {http.StatusUnprocessableEntity, "/url"},
	} {
		resp := d.ask(t.Context(), "POST", "/v1/extract", `{"url": "`+url+`"}`, "")
		answer, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != want.status || !strings.Contains(string(answer), want.says) {
			t.Errorf("%s: status %d (%v): %s", url, resp.StatusCode, err, answer)
			continue
		}
		var x struct{ Edition article.Edition }
		if resp.StatusCode == http.StatusOK && (json.Unmarshal(answer, &x) != nil || x.Edition.CanonicalURL != url) {
			t.Errorf("%s: %s", url, answer)
		}
	}
}
