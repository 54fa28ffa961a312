// SPDX-License-Identifier: Apache-2.0

package ingest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/relais-press/relais/services/ingest"
)

// TestBadInput is the table of what is refused: each line gets its status and a
// problem that names the field, and leaves the log as it was.
func TestBadInput(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	n.must(http.StatusCreated, "PUT", "/v1/articles/known/fr", minimal)
	n.must(http.StatusCreated, "POST", "/v1/articles", minimal, "Idempotency-Key", "used")
	edition := func(members string) string { return strings.Replace(minimal, "{", "{"+members+", ", 1) }
	for _, tc := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		pointers                 []string // that the problem has to name
	}{
		{"unknown field", "POST", "/v1/articles", edition(`"headlin": "x"`), nil, 400, []string{"/headlin"}},
		{"unknown nested field", "POST", "/v1/articles", edition(`"people": [{"nom": "x"}]`), nil, 400, []string{"/people/0/nom"}},
		{"wrong type", "POST", "/v1/articles", edition(`"keywords": "x"`), nil, 400, []string{"/keywords"}},
		{"bad date", "POST", "/v1/articles", edition(`"datePublished": "hier"`), nil, 400, []string{"/datePublished"}},
		{"truncated JSON", "POST", "/v1/articles", minimal[:len(minimal)-9], nil, 400, []string{""}},
		{"invalid UTF-8 in JSON", "POST", "/v1/articles", "{\"headline\": \"caf\xe9\", \"bodyText\": \"b\"}", nil, 400, []string{"/headline"}},
		{"bytes that are no text", "POST", "/v1/articles", "Un titre\n\nUn caf\xe9\x00 de plus.", []string{"Content-Type", "text/plain"}, 400, []string{"/bodyText"}},
		{"empty text", "POST", "/v1/articles", "  \n ", []string{"Content-Type", "text/plain"}, 422, []string{"/headline", "/bodyText"}},
		{"missing headline", "POST", "/v1/articles", `{"bodyText": "Un texte."}`, nil, 422, []string{"/headline"}},
		{"empty headline", "POST", "/v1/articles", `{"headline": " ", "bodyText": "Un texte."}`, nil, 422, []string{"/headline"}},
		{"long headline", "POST", "/v1/articles", `{"headline": "` + strings.Repeat("é", 301) + `", "language": "fr", "bodyText": "b"}`, nil, 422, []string{"/headline"}},
		{"no body", "POST", "/v1/articles", `{"headline": "a"}`, nil, 422, []string{"/bodyHtml"}},
		{"no body and no headline", "POST", "/v1/articles", `{}`, nil, 422, []string{"/headline", "/bodyHtml"}},
		{"two bodies", "POST", "/v1/articles", edition(`"bodyHtml": "<p>a</p>"`), nil, 422, []string{"/bodyHtml", "/bodyText"}},
		{"body without text", "POST", "/v1/articles", `{"headline": "a", "language": "fr", "bodyHtml": "<script>alert(1)</script>"}`, nil, 422, []string{"/bodyText"}},
		{"bad language", "POST", "/v1/articles", `{"headline": "a", "language": "francais", "bodyText": "b"}`, nil, 422, []string{"/language"}},
		{"bad language in the query", "POST", "/v1/articles?language=x-klingon", minimal, nil, 422, []string{"/language"}},
		{"bad language in the path", "PUT", "/v1/articles/known/f_r", `{"headline": "a", "bodyText": "b"}`, nil, 422, []string{"/language"}},
		{"id with a dot", "POST", "/v1/articles", edition(`"id": "a.b"`), nil, 422, []string{"/id"}},
		{"id with a dot in the path", "PUT", "/v1/articles/a.b/fr", minimal, nil, 422, []string{"/id"}},
		{"id of 129 characters", "POST", "/v1/articles", edition(`"id": "` + strings.Repeat("a", 129) + `"`), nil, 422, []string{"/id"}},
		{"id of 129 characters in the path", "PUT", "/v1/articles/" + strings.Repeat("a", 129) + "/fr", minimal, nil, 422, []string{"/id"}},
		{"id that is a wildcard", "PUT", "/v1/articles/*/fr", minimal, nil, 422, []string{"/id"}},
		{"ids that disagree", "PUT", "/v1/articles/known/fr", edition(`"id": "other"`), nil, 422, []string{"/id"}},
		{"bad pubStatus", "POST", "/v1/articles", edition(`"pubStatus": "live"`), nil, 422, []string{"/pubStatus"}},
		{"several faults at once", "POST", "/v1/articles", edition(`"id": "A", "pubStatus": "live", "canonicalUrl": "javascript:alert(1)"`), nil, 422, []string{"/id", "/pubStatus", "/canonicalUrl"}},
		{"expiry before the embargo", "POST", "/v1/articles", edition(`"embargoedUntil": "2026-02-01T00:00:00Z", "expires": "2026-01-01T00:00:00Z"`), nil, 422, []string{"/expires"}},
		{"event that ends before it starts", "POST", "/v1/articles", edition(`"event": {"name": "x", "startDate": "2026-02-01T00:00:00Z", "endDate": "2026-01-01T00:00:00Z"}`), nil, 422, []string{"/event/endDate"}},
		{"over 1 MiB", "POST", "/v1/articles", edition(`"description": "` + strings.Repeat("a", 1<<20) + `"`), nil, 413, nil},
		{"wrong Content-Type", "POST", "/v1/articles", minimal, []string{"Content-Type", "application/xml"}, 415, []string{"/Content-Type"}},
		{"no Content-Type", "POST", "/v1/articles", minimal, []string{"Content-Type", ""}, 415, []string{"/Content-Type"}},
		{"charset that nobody knows", "POST", "/v1/articles", "Un titre", []string{"Content-Type", "text/plain; charset=klingon"}, 400, []string{"/bodyText"}},
		{"charset of JSON", "POST", "/v1/articles", minimal, []string{"Content-Type", "application/json; charset=latin1"}, 415, []string{"/Content-Type"}},
		{"bad wait, and nothing written", "POST", "/v1/articles?wait=forever", minimal, nil, 400, []string{"/wait"}},
		{"fetching that is off", "POST", "/v1/extract", `{"url": "https://example.org/"}`, nil, 403, []string{"/url"}},
		{"unknown parameter", "POST", "/v1/articles?lang=fr", minimal, nil, 400, []string{"/lang"}},
		{"stale If-Match", "PUT", "/v1/articles/known/fr", edition(`"section": "x"`), []string{"If-Match", `"9"`}, 412, []string{"/If-Match"}},
		{"If-Match on nothing", "PUT", "/v1/articles/none/fr", minimal, []string{"If-Match", `"1"`}, 412, nil},
		{"malformed If-Match", "PUT", "/v1/articles/known/fr", minimal, []string{"If-Match", "1"}, 400, []string{"/If-Match"}},
		{"Idempotency-Key of another body", "POST", "/v1/articles", edition(`"section": "x"`), []string{"Idempotency-Key", "used"}, 422, []string{"/Idempotency-Key"}},
		{"no key", "POST", "/v1/articles", minimal, []string{"Authorization", ""}, 401, nil},
		{"unknown key", "POST", "/v1/articles", minimal, []string{"Authorization", "Bearer rk_nobody-nobody-nobody-nobody"}, 401, nil},
		{"wrong method", "DELETE", "/v1/articles/known/fr", "", nil, 405, nil},
		{"unknown article", "GET", "/v1/articles/none/fr", "", nil, 404, nil},
		{"unknown edition", "GET", "/v1/articles/known/de", "", nil, 404, nil},
		{"bad version", "GET", "/v1/articles/known/fr?version=x", "", nil, 400, []string{"/version"}},
		{"cancel with an unknown field", "POST", "/v1/articles/known/fr/cancel", `{"why": "x"}`, nil, 400, []string{"/why"}},
		{"cancel replaced by no id", "POST", "/v1/articles/known/fr/cancel", `{"replacedBy": "A B"}`, nil, 422, []string{"/cancellation/replacedBy"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := n.logged()
			a := n.call(tc.method, tc.path, tc.body, tc.header...)
			if a.status != tc.status {
				t.Fatalf("status %d, want %d: %s", a.status, tc.status, a.body)
			}
			p := a.problem(t)
			for _, want := range tc.pointers {
				found := false
				for _, f := range p.Errors {
					found = found || f.Pointer == want && f.Detail != ""
				}
				if !found {
					t.Errorf("the problem does not name %q: %s", want, a.body)
				}
			}
			if after := n.logged(); after != before {
				t.Errorf("the log went from %d to %d", before, after)
			}
			if tc.status == 405 && !slices.Contains(strings.Split(a.header.Get("Allow"), ", "), "PUT") {
				t.Errorf("Allow %q", a.header.Get("Allow"))
			}
		})
	}
}
