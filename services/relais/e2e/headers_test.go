// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// headersStyleExceptions are pages that may have style attributes, and why.
var headersStyleExceptions = map[string]string{}

// TestEveryAnswerIsGuarded calls every route of the contract without a key, as an
// admin and as a partner, and whatever their pages load, and looks at the headers
// that browsers protect readers by.
func TestEveryAnswerIsGuarded(t *testing.T) {
	r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}, boot: bootOne}
	r.boot(r)
	r.ready()
	key := r.partner()
	id := r.recap()
	var link struct{ Code string }
	r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "`+id+`", "partner": "p"}`).into(t, &link)
	known := strings.NewReplacer("{id}", id, "{lang}", "fr", "{code}", link.Code, "{feed}", "fr.atom", "{asset}", "v1.js", "{kind}", "not-found", "{file}", "none", "{keyId}", "none")
	nothing := strings.NewReplacer("{id}", "none", "{lang}", "fr", "{code}", "22222222", "{feed}", "none", "{asset}", "none", "{kind}", "none", "{file}", "none", "{keyId}", "none")
	pages := 0
	for path, methods := range headersRoutes(t) {
		for _, method := range methods {
			for _, target := range []string{known.Replace(path), nothing.Replace(path)} {
				if method == http.MethodDelete && target != nothing.Replace(path) {
					continue
				}
				for _, as := range [][]string{nil, {"Authorization", "Bearer " + adminKey}, {"key"}} {
					address, header := target, []string{"Content-Type", "application/json", "Accept", "text/html, */*"}
					if len(as) == 1 {
						address += "?key=" + key
					} else {
						header = append(header, as...)
					}
					a := headersCall(r, method, address, header...)
					if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
						pages++
					}
					headersGuard(t, method+" "+path, a)
					headersParts(r, path, a)
				}
			}
		}
	}
	if pages < 10 {
		t.Errorf("only %d pages were seen", pages)
	}
	for _, body := range []struct{ path, body string }{{"/v1/keys", `{"name": "x", "role": "editor"}`}, {"/v1/partners/p/keys", `{"name": "x"}`}} {
		if a := r.edit(http.StatusCreated, "POST", body.path, body.body); a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: a new key may be kept: %q", body.path, a.header.Get("Cache-Control"))
		}
	}
}

// headersCall is call without the contract, which has nothing to say of refusals.
func headersCall(r *relay, method, target string, header ...string) answer {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.base+target, http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	return secretsSend(r.t, req, header...)
}

// headersRoutes are the paths of the contract with their methods, the landing page
// and the documentation.
func headersRoutes(t *testing.T) map[string][]string {
	t.Helper()
	source, err := os.ReadFile("../internal/docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(source)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{"/": {"GET"}, "/docs": {"GET"}, "/openapi.yaml": {"GET"}, "/nowhere": {"GET", "POST", "OPTIONS"}, "/s/{code}+": {"GET"}, "/s/{code}.svg": {"GET"}}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			out[path] = append(out[path], method)
		}
		out[path] = append(out[path], http.MethodOptions)
	}
	if len(out) < 40 {
		t.Fatalf("only %d paths in the contract", len(out))
	}
	return out
}

var headersPart = regexp.MustCompile(`(?:src|href)="(/[^"/][^"]*\.(?:js|css|svg|png|woff2)[^"]*)"`)

// headersParts looks at what a page loads, too.
func headersParts(r *relay, path string, page answer) {
	r.t.Helper()
	if page.status != http.StatusOK || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
		return
	}
	for _, m := range headersPart.FindAllStringSubmatch(string(page.body), 20) {
		part := headersCall(r, http.MethodGet, strings.ReplaceAll(m[1], "&amp;", "&"))
		if part.status >= 500 {
			r.t.Errorf("%s loads %s: status %d", path, m[1], part.status)
		}
		headersGuard(r.t, path+" loads "+m[1], part)
	}
}

// headersGuard checks the headers of one answer.
func headersGuard(t *testing.T, name string, a answer) {
	t.Helper()
	h := a.header
	wrong := func(what string) { t.Errorf("%s, status %d: %s", name, a.status, what) }
	if h.Get("X-Content-Type-Options") != "nosniff" {
		wrong("X-Content-Type-Options is " + h.Get("X-Content-Type-Options"))
	}
	for _, none := range []string{"Server", "X-Powered-By", "Strict-Transport-Security", "Set-Cookie"} {
		if v := h.Get(none); v != "" {
			wrong(none + ": " + v)
		}
	}
	if len(a.body) > 0 && h.Get("Content-Type") == "" {
		wrong("a body without a type")
	}
	if !strings.HasPrefix(h.Get("Content-Type"), "text/html") || a.status >= 300 && a.status < 400 {
		return
	}
	policy := map[string][]string{}
	for directive := range strings.SplitSeq(h.Get("Content-Security-Policy"), ";") {
		if words := strings.Fields(directive); len(words) > 0 {
			policy[words[0]] = words[1:]
		}
	}
	for directive, want := range map[string][]string{"default-src": {"'none'"}, "base-uri": {"'none'"}, "frame-ancestors": {"'none'"}, "form-action": {"'none'", "'self'"}} {
		if got := policy[directive]; len(got) != 1 || !slices.Contains(want, got[0]) {
			wrong(directive + " is " + strings.Join(got, " "))
		}
	}
	for directive, sources := range policy {
		for _, s := range sources {
			if s == "'unsafe-inline'" && directive == "style-src" && headersStyleExceptions[strings.TrimPrefix(name, "GET ")] != "" {
				continue
			}
			if strings.HasPrefix(s, "'unsafe-") || s == "*" || s == "http:" || s == "https:" && directive == "script-src" || s == "data:" && directive == "script-src" {
				wrong(directive + " allows " + s)
			}
		}
	}
	if h.Get("Referrer-Policy") == "" || strings.Contains(h.Get("Referrer-Policy"), "unsafe") {
		wrong("Referrer-Policy is " + h.Get("Referrer-Policy"))
	}
	for _, some := range []string{"Permissions-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"} {
		if h.Get(some) == "" {
			wrong("no " + some)
		}
	}
}
