// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/page"
)

func TestNotices(t *testing.T) {
	p := open(t)
	for _, c := range []struct {
		kind           page.Kind
		status         int
		header, value  string
		mentions, slug string
	}{
		{page.Unknown, 404, "Retry-After", "", "aucun article public", "not-found"},
		{page.Mistyped, 404, "Retry-After", "", "contient une faute de frappe", "not-found"},
		{page.Ended, 410, "Retry-After", "", "plus en service", "gone"},
		{page.Canceled, 410, "Link", "", "Article retiré", "gone"},
		{page.Legal, 451, "Link", `<https://relais.example>; rel="blocked-by"`, "raisons juridiques", "legal"},
		{page.TooMany, 429, "Retry-After", "2", "Un instant", "too-many-requests"},
		{page.Unavailable, 503, "Retry-After", "2", "Réessayez dans un instant", "unavailable"},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			draw := func(w http.ResponseWriter, r *http.Request) error {
				return p.Notice(w, r, page.Notice{Kind: c.kind, Code: "7KQ2M9XB", RetryAfter: 1500 * time.Millisecond})
			}
			w := show(t, "/s/x", draw)
			if w.Code != c.status || w.Header().Get(c.header) != c.value || !strings.Contains(w.Body.String(), c.mentions) {
				t.Errorf("status %d, %s %q: %s", w.Code, c.header, w.Header().Get(c.header), w.Body)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control %q", w.Header().Get("Cache-Control"))
			}
			if shown := strings.Contains(w.Body.String(), "7KQ2M9XB"); shown != (c.kind == page.Mistyped) {
				t.Errorf("the code is shown: %v", shown)
			}
			w = show(t, "/s/x", draw, "Accept", "application/json")
			var problem web.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
				t.Fatal(err)
			}
			if w.Code != c.status || problem.Status != c.status || problem.Type != "/problems/"+c.slug || problem.Detail == "" ||
				w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get(c.header) != c.value {
				t.Errorf("status %d, header %v: %+v", w.Code, w.Header(), problem)
			}
		})
	}
}

func TestWithdrawalSpeaksItsOwnLanguage(t *testing.T) {
	p := open(t)
	withdrawal := &page.Withdrawal{
		Reason: "تصحيح <b>هام</b>\n", Language: "ar", At: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Replacement: public + "/s/AAAA0000",
	}
	draw := func(w http.ResponseWriter, r *http.Request) error {
		return p.Notice(w, r, page.Notice{Kind: page.Canceled, Withdrawal: withdrawal})
	}
	nodes := parse(t, show(t, "/s/x?lang=fr", draw).Body.String())
	if q := find(nodes, "blockquote"); len(q) != 1 || q[0].attr["lang"] != "ar" || q[0].attr["dir"] != "rtl" || q[0].text != "تصحيح <b>هام</b>" {
		t.Errorf("reason %v", q)
	}
	if at := find(nodes, "time"); len(at) != 1 || at[0].attr["datetime"] != "2026-03-01" || at[0].text != "1er\u00a0mars\u00a02026" {
		t.Errorf("day %v", at)
	}
	if a := find(nodes, "a"); len(a) != 1 || a[0].attr["href"] != public+"/s/AAAA0000" {
		t.Errorf("replacement %v", a)
	}
	if body := show(t, "/s/x", draw, "Accept", "application/json").Body.String(); !strings.Contains(body, "The newsroom has withdrawn this article. تصحيح") {
		t.Errorf("problem %s", body)
	}

	withdrawal.Replacement, withdrawal.Language = "javascript:alert(1)", ""
	nodes = parse(t, show(t, "/s/x?lang=en", draw).Body.String())
	if len(find(nodes, "a")) != 0 || find(nodes, "blockquote")[0].attr["dir"] != "auto" {
		t.Errorf("nodes %v", nodes)
	}
}

func TestHeadHasNoBody(t *testing.T) {
	w := httptest.NewRecorder()
	if err := open(t).Notice(w, httptest.NewRequest(http.MethodHead, "/s/x", http.NoBody), page.Notice{}); err != nil || w.Body.Len() != 0 || w.Code != 404 {
		t.Errorf("status %d, %d bytes, %v", w.Code, w.Body.Len(), err)
	}
}

func TestPrefersJSON(t *testing.T) {
	for accept, want := range map[string]bool{
		"":                 false,
		"*/*":              false,
		"text/html":        false,
		"application/json": true,
		"APPLICATION/JSON": true,
		"application/problem+json, text/html;q=0.9":                       true,
		"application/json, text/plain, */*":                               true,
		"application/json;q=0.5, text/html":                               false,
		"application/json;q=0.5, */*":                                     false,
		"text/html, application/json":                                     false,
		"application/json, text/html":                                     true,
		"text/html;q=0.5, application/*;q=0.8":                            true,
		"application/*":                                                   true,
		"application/json;q=0":                                            false,
		"application/json;q=0, */*":                                       false,
		"application/json;q=NaN":                                          true,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": false,
		"application/json;;;=, x":                                         false,
		"\xff, , ;q=1":                                                    false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/s/x", http.NoBody)
		r.Header.Set("Accept", accept)
		if got := page.PrefersJSON(r); got != want {
			t.Errorf("Accept %q: %v", accept, got)
		}
	}
}

// What pages say blames nobody.
func TestNoAccusation(t *testing.T) {
	p := open(t)
	accusing := []string{"abus", "suspect", "fraud", "violat", "illegal", "illégal", "interdit", "forbidden", "verboten", "prohibid", "vietat", "proibid", "malicious", "attack", "attaque"}
	for _, lang := range page.Languages() {
		for name, w := range everyPage(t, p, lang) {
			text := strings.ToLower(w.Body.String())
			for _, word := range accusing {
				if strings.Contains(text, word) {
					t.Errorf("%s in %s says %q", name, lang, word)
				}
			}
		}
	}
}
