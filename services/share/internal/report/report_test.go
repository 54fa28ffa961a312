// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/web"
)

// serve returns the page behind routes that ask, show and refuse.
func serve(t *testing.T) http.Handler {
	t.Helper()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	rt, err := web.NewRouter("test", slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	rt.Handle("ask", http.MethodGet, "/stats", func(w http.ResponseWriter, r *http.Request) error { return p.Ask(w, r, Language(r)) })
	rt.Handle("show", http.MethodGet, "/show", func(w http.ResponseWriter, r *http.Request) error {
		return p.Show(w, r, sample(Language(r), 30))
	})
	rt.Handle("refuse", http.MethodGet, "/refuse", func(w http.ResponseWriter, r *http.Request) error {
		return p.Refuse(w, r, Language(r), http.StatusUnauthorized)
	})
	rt.Handle("file", http.MethodGet, "/stats/{file}", p.File)
	return rt
}

func get(t *testing.T, h http.Handler, path string, header ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(body)
}

func TestThePagesLetNothingElseIn(t *testing.T) {
	h := serve(t)
	for path, status := range map[string]int{"/stats": 200, "/show": 200, "/refuse": 401} {
		resp, body := get(t, h, path, "Accept-Language", "fr")
		if resp.StatusCode != status {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, status)
		}
		for name, want := range map[string]string{
			"Content-Type":            "text/html; charset=utf-8",
			"Content-Language":        "fr",
			"Vary":                    "Accept-Language, Authorization",
			"Referrer-Policy":         "no-referrer",
			"X-Content-Type-Options":  "nosniff",
			"X-Robots-Tag":            "noindex",
			"Cache-Control":           "private, no-store",
			"Content-Security-Policy": policy,
			"Set-Cookie":              "",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", path, name, got, want)
			}
		}
		for _, inline := range []string{" style=", "<style", " onclick", " onsubmit", "javascript:", "<script>", "unsafe"} {
			if strings.Contains(body, inline) {
				t.Errorf("%s holds %q, which its policy refuses", path, inline)
			}
		}
		if hasScript := strings.Contains(body, "<script"); hasScript != (path == "/stats") {
			t.Errorf("%s: a script: %t; only the page that asks for the key has one", path, hasScript)
		}
	}
}

func TestFilesAreKeptForGood(t *testing.T) {
	h := serve(t)
	_, page := get(t, h, "/stats")
	files := regexp.MustCompile(`(?:src|href)="(/stats/stats\.[0-9a-f]{12}\.(js|css))"`).FindAllStringSubmatch(page, -1)
	if len(files) != 2 {
		t.Fatalf("%d files, want a script and a style", len(files))
	}
	for _, m := range files {
		resp, body := get(t, h, m[1])
		if resp.StatusCode != http.StatusOK || !strings.Contains(body[:60], "SPDX-License-Identifier") {
			t.Errorf("%s: status %d, %.60s", m[1], resp.StatusCode, body)
		}
		if cc := resp.Header.Get("Cache-Control"); cc != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", m[1], cc)
		}
		if mt := resp.Header.Get("Content-Type"); mt != types["."+m[2]] {
			t.Errorf("%s: %s", m[1], mt)
		}
		if strings.Contains(body, "innerHTML") || strings.Contains(body, "eval(") {
			t.Errorf("%s makes markup or code of text", m[1])
		}
	}
	for _, name := range []string{"stats.js", "page.html", "..%2freport.go"} {
		if resp, _ := get(t, h, "/stats/"+name); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
}

func TestTheLanguageOfThePage(t *testing.T) {
	for _, c := range []struct{ query, accept, want string }{
		{"", "", "en"},
		{"", "fr-CA, en;q=.5", "fr"},
		{"", "de", "en"},
		{"?lang=fr", "en", "fr"},
		{"?lang=pt", "fr", "fr"},
		{"?lang=%3Cb%3E", "", "en"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/stats"+c.query, http.NoBody)
		r.Header.Set("Accept-Language", c.accept)
		if got := Language(r); got != c.want {
			t.Errorf("%q, Accept-Language %q: %s, want %s", c.query, c.accept, got, c.want)
		}
	}
}

func TestTheWayToTheOtherLanguageKeepsWhatWasAsked(t *testing.T) {
	_, body := get(t, serve(t), "/stats?lang=fr&days=90&article=a%26b")
	if want := `href="/stats?article=a%26b&amp;days=90&amp;lang=en"`; !strings.Contains(body, want) {
		t.Errorf("no %s in\n%s", want, body)
	}
}

func TestARefusalHasWords(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for status, want := range map[int]string{
		401: "ou elle a été révoquée", 403: "ne permet pas", 422: "ne sont pas valables", 429: "Attendez", 503: "ne peuvent pas être lus",
		500: "ne peuvent pas être lus",
	} {
		w := httptest.NewRecorder()
		if err := p.Refuse(w, httptest.NewRequest(http.MethodGet, "/stats?key=pk_x", http.NoBody), "fr", status); err != nil {
			t.Fatal(err)
		}
		if w.Code != status || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%d: status %d without %q", status, w.Code, want)
		}
	}
}

func TestEveryPhraseIsThereInBothLanguages(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range phrases() {
		if seen[p.key] || p.fr == "" || p.en == "" || strings.Contains(p.fr, "{}") != strings.Contains(p.en, "{}") {
			t.Errorf("%q is doubled, or says not the same in both", p.key)
		}
		seen[p.key] = true
		if strings.ContainsAny(p.fr+p.en, "'\"") || strings.Contains(p.fr, "...") {
			t.Errorf("%q has typewriter marks", p.key)
		}
	}
	for _, key := range (frame{}).Said() {
		if !seen[key] {
			t.Errorf("the script may say %q, which is nowhere", key)
		}
	}
	for _, m := range regexp.MustCompile(`phrases(?:\["|\.)([a-z.0-9]+)"?\]?`).FindAllStringSubmatch(script(t), -1) {
		if strings.Contains(m[1], ".") && !seen[m[1]] {
			t.Errorf("the script says %q, which is nowhere", m[1])
		}
	}
}

func script(t *testing.T) string {
	t.Helper()
	b, err := static.ReadFile("static/stats.js")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
