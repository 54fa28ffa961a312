// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
)

const (
	adminSecret  = "rk_admin-admin-admin-admin-admin"
	editorSecret = "rk_editor-editor-editor-editor"
	siteSecret   = "pk_site-site-site-site-site-site"
	slowSecret   = "pk_slow-slow-slow-slow-slow-slow"
	serverSecret = "pk_server-server-server-server"
)

// directory is a fixed set of keys and partners.
type directory struct{}

func (directory) Authenticate(_ context.Context, secret string) (partner.Key, error) {
	k, ok := map[string]partner.Key{
		adminSecret:  {ID: "a", Role: partner.Admin},
		editorSecret: {ID: "e", Role: partner.Editor},
		siteSecret:   {ID: "s", Role: partner.Publishable, Partner: "site"},
		slowSecret:   {ID: "l", Role: partner.Publishable, Partner: "slow"},
		serverSecret: {ID: "v", Role: partner.Publishable, Partner: "server"},
	}[secret]
	if !ok {
		return k, fault.New(fault.Unauthorized, "unknown key")
	}
	return k, nil
}

func (directory) Partner(_ context.Context, id string) (partner.Partner, error) {
	return map[string]partner.Partner{
		"site":   {ID: "site", Origins: []string{"https://site.example", "https://*.site.example"}},
		"slow":   {ID: "slow", RateLimit: 1},
		"server": {ID: "server"},
	}[id], nil
}

func TestAccess(t *testing.T) {
	rt := newRouter(t, "test")
	hello := func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, web.CallerOf(r).Key.ID)
		return err
	}
	partners := web.NewPartners(directory{})
	rt.Handle("editor", "GET", "/editor", hello, web.RequireRole(directory{}, partner.Editor))
	rt.Handle("admin", "GET", "/admin", hello, web.RequireRole(directory{}, partner.Admin))
	rt.Handle("site", "GET,OPTIONS", "/site", hello, partners.Require)
	rt.Handle("either", "GET,OPTIONS", "/either", hello, partners.RequireEither(partner.Editor))

	for _, tc := range []struct {
		name, method, path, auth, origin string
		status                           int
		allow                            string // Access-Control-Allow-Origin
	}{
		{"no key", "GET", "/editor", "", "", 401, ""},
		{"unknown key", "GET", "/editor", "Bearer rk_nobody", "", 401, ""},
		{"wrong scheme", "GET", "/editor", "Basic " + editorSecret, "", 401, ""},
		{"editor", "GET", "/editor", "Bearer " + editorSecret, "", 200, ""},
		{"scheme in lower case", "GET", "/editor", "bearer " + editorSecret, "", 200, ""},
		{"admin may edit", "GET", "/editor", "Bearer " + adminSecret, "", 200, ""},
		{"editor is no admin", "GET", "/admin", "Bearer " + editorSecret, "", 403, ""},
		{"partner is no editor", "GET", "/editor", "Bearer " + siteSecret, "", 403, ""},
		{"site without key", "GET", "/site", "", "https://site.example", 401, ""},
		{"site from its origin", "GET", "/site?key=" + siteSecret, "", "https://site.example", 200, "https://site.example"},
		{"site from a subdomain", "GET", "/site?key=" + siteSecret, "", "https://www.site.example", 200, "https://www.site.example"},
		{"site from elsewhere", "GET", "/site?key=" + siteSecret, "", "https://evil.example", 403, ""},
		{"look-alike origin", "GET", "/site?key=" + siteSecret, "", "https://evilsite.example", 403, ""},
		{"other scheme", "GET", "/site?key=" + siteSecret, "", "http://site.example", 403, ""},
		{"null origin", "GET", "/site?key=" + siteSecret, "", "null", 403, ""},
		{"server to server", "GET", "/site?key=" + serverSecret, "", "", 200, ""},
		{"no origins, with an origin", "GET", "/site?key=" + serverSecret, "", "https://site.example", 403, ""},
		{"preflight", "OPTIONS", "/site?key=" + siteSecret, "", "https://site.example", 204, "https://site.example"},
		{"secret key in the URL", "GET", "/site?key=" + editorSecret, "", "", 403, ""},
		{"either: editor", "GET", "/either", "Bearer " + editorSecret, "", 200, ""},
		{"either: site", "GET", "/either?key=" + siteSecret, "", "https://site.example", 200, "https://site.example"},
		{"either: nobody", "GET", "/either", "", "", 401, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var header []string
			if tc.auth != "" {
				header = append(header, "Authorization", tc.auth)
			}
			if tc.origin != "" {
				header = append(header, "Origin", tc.origin)
			}
			w := send(rt, tc.method, tc.path, "", header...)
			if w.Code != tc.status {
				t.Fatalf("status %d, want %d: %s", w.Code, tc.status, w.Body)
			}
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != tc.allow {
				t.Errorf("Access-Control-Allow-Origin %q, want %q", got, tc.allow)
			}
			if strings.HasPrefix(tc.path, "/site") && w.Header().Get("Vary") != "Origin" {
				t.Errorf("Vary %q", w.Header().Get("Vary"))
			}
			exposed := w.Header().Get("Access-Control-Expose-Headers")
			for _, name := range []string{"Content-Location", "ETag", "Link", "Retry-After"} { // what no script may read else
				if tc.allow != "" && tc.method != "OPTIONS" && !strings.Contains(exposed, name) {
					t.Errorf("%s is not exposed: %q", name, exposed)
				}
			}
			if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
		})
	}
	t.Run("rate", func(t *testing.T) {
		if w := send(rt, "GET", "/site?key="+slowSecret, ""); w.Code != http.StatusOK {
			t.Fatalf("first call: %d", w.Code)
		}
		if w := send(rt, "GET", "/site?key="+slowSecret, ""); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
			t.Errorf("second call: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
		}
	})
}

// A preflight hears of the route's own methods.
func TestPreflight(t *testing.T) {
	rt, partners := newRouter(t, "test"), web.NewPartners(directory{})
	nothing := func(http.ResponseWriter, *http.Request) error { return nil }
	rt.Handle("read", "GET,OPTIONS", "/read", nothing, partners.Require)
	rt.Handle("write", "POST,OPTIONS", "/write", nothing, partners.RequireEither(partner.Editor))
	rt.Handle("remove", "DELETE", "/read", nothing, web.RequireRole(directory{}, partner.Editor))
	for path, want := range map[string]string{"/read": "GET, HEAD", "/write": "POST"} {
		w := send(rt, "OPTIONS", path+"?key="+siteSecret, "", "Origin", "https://site.example", "Access-Control-Request-Method", "DELETE")
		if got := w.Header().Get("Access-Control-Allow-Methods"); w.Code != http.StatusNoContent || got != want {
			t.Errorf("%s: %d, %q; want %q", path, w.Code, got, want)
		}
	}
}

func TestWhatIsSentTwice(t *testing.T) {
	rt, partners := newRouter(t, "test"), web.NewPartners(directory{})
	rt.Handle("site", "GET,OPTIONS", "/site", func(http.ResponseWriter, *http.Request) error { return nil }, partners.Require)
	for _, query := range []string{
		"?key=" + siteSecret + "&key=" + serverSecret, "?key=" + siteSecret + "&key=" + siteSecret, "?key=" + siteSecret + "&key=", "?key=&key=" + siteSecret,
	} {
		if p := problem(t, send(rt, "GET", "/site"+query, "")); p.Status != http.StatusBadRequest || p.Errors[0].Pointer != "/key" {
			t.Errorf("%s: %+v", query, p)
		}
	}
	for _, origins := range [][]string{
		{"https://site.example", "https://evil.example"}, {"https://evil.example", "https://site.example"}, {"https://site.example", "https://site.example"},
	} {
		r := httptest.NewRequest("GET", "/site?key="+siteSecret, nil)
		r.Header["Origin"] = origins
		w := httptest.NewRecorder()
		rt.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%q: %d, opened to %q", origins, w.Code, w.Header().Get("Access-Control-Allow-Origin"))
		}
	}
}

func TestIdempotency(t *testing.T) {
	b := bustest.Start(t)
	answers, err := b.Bucket(t.Context(), bus.Idempotency)
	if err != nil {
		t.Fatal(err)
	}
	var made atomic.Int32
	rt := newRouter(t, "test")
	rt.Handle("make", "POST", "/make", func(w http.ResponseWriter, r *http.Request) error {
		body, err := web.ReadBody(w, r)
		if err != nil {
			return err
		}
		if string(body) == "bad" {
			return fault.New(fault.Invalid, "bad")
		}
		w.Header().Set("Location", "/made")
		return web.WriteJSON(w, r, http.StatusCreated, map[string]string{"secret": fmt.Sprintf("made-%d-%s", made.Add(1), body)})
	}, web.RequireRole(directory{}, partner.Editor), web.Idempotent(answers))
	call := func(secret, key, body string) (int, string, string) {
		header := []string{"Authorization", "Bearer " + secret}
		if key != "" {
			header = append(header, "Idempotency-Key", key)
		}
		w := send(rt, "POST", "/make", body, header...)
		return w.Code, w.Body.String(), w.Header().Get("Idempotency-Replayed") + w.Header().Get("Location")
	}
	expect := func(step string, status int, body, header string, gotStatus int, gotBody, gotHeader string) {
		t.Helper()
		if gotStatus != status || (body != "" && strings.TrimSpace(gotBody) != body) || gotHeader != header {
			t.Errorf("%s: %d %s %q, want %d %s %q", step, gotStatus, gotBody, gotHeader, status, body, header)
		}
	}
	s, body, h := call(editorSecret, "k1", "a")
	expect("first", 201, `{"secret":"made-1-a"}`, "/made", s, body, h)
	s, body, h = call(editorSecret, "k1", "a")
	expect("again", 201, `{"secret":"made-1-a"}`, "true/made", s, body, h)
	s, body, h = call(editorSecret, "k1", "b")
	expect("other body", 422, "", "", s, body, h)
	s, body, h = call(adminSecret, "k1", "a")
	expect("same key of another caller", 201, `{"secret":"made-2-a"}`, "/made", s, body, h)
	s, body, h = call(editorSecret, "k2", "bad")
	expect("refused", 422, "", "", s, body, h)
	s, body, h = call(editorSecret, "k2", "good")
	expect("after a refusal the key is free", 201, `{"secret":"made-3-good"}`, "/made", s, body, h)
	s, body, h = call(editorSecret, "", "a")
	expect("no key", 201, `{"secret":"made-4-a"}`, "/made", s, body, h)

	entries, err := answers.List(t.Context(), ">")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.Contains(string(e.Value), "made-") {
			t.Errorf("an answer is kept in the open: %s", e.Value)
		}
	}
}
