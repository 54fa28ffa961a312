// SPDX-License-Identifier: Apache-2.0

package search_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/web"
)

// TestBadAndHostileQuestions puts what no form sends to every route: a problem
// that names the parameter, or an answer.
func TestBadAndHostileQuestions(t *testing.T) {
	d := open(t)
	d.publish(recap(1, "La blockchain"))
	for _, tc := range []struct {
		params string
		wrong  string // the parameter named; empty: 200
	}{
		{"limit=-1", "/limit"},
		{"limit=51", "/limit"},
		{"limit=x", "/limit"},
		{"limit=99999999999999999999", "/limit"},
		{"offset=1000000000", "/offset"},
		{"offset=-1", "/offset"},
		{"facets=colour", "/facets"},
		{"facets=section,colour", "/facets"},
		{"sort=price", "/sort"},
		{"lang=x_y", "/lang"},
		{"to=9999-12-31", ""},
		{"to=9999-12-31T23:59:59-01:00", ""},
		{"from=0000-01-01T00:00:00%2B01:00", ""},
		{"lang=%ff", "/lang"},
		{"languages=fr,x_y", "/languages"},
		{"from=hier", "/from"},
		{"to=2026-13-01", "/to"},
		{"year=12345", "/year"},
		{"year=abc", "/year"},
		{"year=2026&year=abc", "/year"},
		{"q=%ff%fe", "/q"},
		{"q=" + strings.Repeat("a", 10_000), "/q"},
		{"section=%ff", "/section"},
		{"person=" + strings.Repeat("a", 301), "/person"},
		{"organisation=" + strings.Repeat("a&organisation=", 60) + "a", "/organisation"},
		{"languages=" + strings.Repeat("fr,", 60), "/languages"},
		{"q=%zz", ""}, // checked below: the address itself is malformed
		{"q=" + url.QueryEscape(`l'avocat" OR 1=1`), ""},
		{"q=" + url.QueryEscape(`\`), ""},
		{"q=" + url.QueryEscape(`"« unbalanced`), ""},
		{"q=" + url.QueryEscape("le la les"), ""},
		{"q=" + url.QueryEscape("+ - ~ * ? : ( )"), ""},
		{"q=" + url.QueryEscape("a\x00b"), ""},
		{"q=" + url.QueryEscape("\u202eبلوكشين 🎉"), ""},
		{"q=" + url.QueryEscape(strings.Repeat("a b ", 120)), ""},
		{"section=" + url.QueryEscape(`x" OR "1`), ""},
		{"section=%00", ""},
		{"offset=10000&limit=20", ""},
		{"limit=&offset=&year=&lang=&from=", ""},
		{"from=2026-01-01&to=2026-12-31&year=2026&year=2025", ""},
		{"from=2027-01-01&to=2026-12-31", ""},
	} {
		for _, path := range []string{"/v1/search", "/v1/latest", "/v1/suggest", "/v1/related/recap"} {
			w := d.get(path + "?key=" + siteKey + "&" + tc.params)
			var p web.Problem
			_ = json.Unmarshal(w.Body.Bytes(), &p)
			switch {
			case strings.Contains(tc.params, "%zz"):
				if w.Code != http.StatusBadRequest {
					t.Errorf("%s?%s: status %d", path, tc.params, w.Code)
				}
			case tc.wrong == "" && w.Code != http.StatusOK:
				t.Errorf("%s?%.60s: status %d: %s", path, tc.params, w.Code, w.Body)
			case tc.wrong != "" && (w.Code != http.StatusBadRequest || len(p.Errors) != 1 || p.Errors[0].Pointer != tc.wrong):
				t.Errorf("%s?%.60s: status %d naming %v, want 400 naming %s", path, tc.params, w.Code, p.Errors, tc.wrong)
			}
		}
	}
}

func TestKeysAndOrigins(t *testing.T) {
	d := open(t)
	d.publish(recap(1, "La blockchain"))
	for _, path := range []string{"/v1/search?q=x", "/v1/suggest?q=x", "/v1/latest?q=", "/v1/related/recap?lang=fr"} {
		for _, tc := range []struct {
			key, origin string
			status      int
		}{
			{"", "", 401},
			{"pk_unknown-unknown-unknown-unknown", origin, 401},
			{siteKey, "https://evil.example", 403},
			{otherKey, origin, 403},
			{editKey, "", 403}, // a secret does not belong into an address
			{siteKey, origin, 200},
			{siteKey, "", 200},
		} {
			target := path
			if tc.key != "" {
				target += "&key=" + tc.key
			}
			w := d.get(target, "Origin", tc.origin)
			if w.Code != tc.status {
				t.Errorf("%s from %q: status %d, want %d", target, tc.origin, w.Code, tc.status)
			}
			if tc.status != http.StatusOK && w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s from %q: %s", target, tc.origin, w.Header().Get("Content-Type"))
			}
			if tc.status == http.StatusOK && (w.Header().Get("Access-Control-Allow-Origin") != tc.origin || w.Header().Get("Vary") != "Origin" ||
				w.Header().Get("ETag") == "" || w.Header().Get("Cache-Control") != "public, max-age=30, stale-while-revalidate=300") {
				t.Errorf("%s from %q: header %v", target, tc.origin, w.Header())
			}
		}
	}
	if w := d.send(http.MethodOptions, "/v1/suggest?key="+siteKey, "", "Origin", origin); w.Code != http.StatusNoContent {
		t.Errorf("preflight: status %d", w.Code)
	}
	if w := d.send(http.MethodPost, "/v1/related/recap?key="+siteKey, "{}"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d", w.Code)
	}
}
