// SPDX-License-Identifier: Apache-2.0

package editor

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/web"
)

// serve returns the page behind its routes.
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
	rt.Handle("editor", http.MethodGet, "/editor", p.Show)
	rt.Handle("editor.file", http.MethodGet, "/editor/{file}", p.File)
	return rt
}

// get asks for a path; header is names and values in turn.
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

func TestThePageLetsNothingElseIn(t *testing.T) {
	resp, body := get(t, serve(t), "/editor")
	for name, want := range map[string]string{
		"Content-Type":           "text/html; charset=utf-8",
		"Referrer-Policy":        "no-referrer",
		"X-Content-Type-Options": "nosniff",
		"Cache-Control":          "no-cache",
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' https: data:; " +
			"frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if resp.Header.Get("Set-Cookie") != "" {
		t.Error("the page sets a cookie")
	}
	for _, inline := range []string{` style="`, "<style", " onclick", " onsubmit", "javascript:"} {
		if strings.Contains(body, inline) {
			t.Errorf("the page holds %q, which its policy refuses", inline)
		}
	}
}

func TestEveryFileIsServedWithItsTag(t *testing.T) {
	h := serve(t)
	_, page := get(t, h, "/editor")
	paths := []string{"/editor", "/editor/preview.css"}
	for _, m := range regexp.MustCompile(`(?:src|href)="(/editor/[^"?]+)"`).FindAllStringSubmatch(page, -1) {
		paths = append(paths, m[1])
	}
	entries, err := static.ReadDir("static")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(paths, "/editor/"+e.Name()) {
			t.Errorf("nothing leads to %s", e.Name())
		}
	}
	for _, path := range paths {
		resp, body := get(t, h, path)
		etag := resp.Header.Get("ETag")
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(etag, `"`) || body == "" {
			t.Errorf("%s: status %d, ETag %s", path, resp.StatusCode, etag)
		}
		if again, _ := get(t, h, path, "If-None-Match", etag); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s, asked again with its tag: status %d", path, again.StatusCode)
		}
		if mt := resp.Header.Get("Content-Type"); strings.HasSuffix(path, ".js") && mt != "text/javascript; charset=utf-8" ||
			strings.HasSuffix(path, ".css") && mt != "text/css; charset=utf-8" {
			t.Errorf("%s: %s", path, mt)
		}
		if path != "/editor" && !strings.Contains(body[:60], "SPDX-License-Identifier") {
			t.Errorf("%s names no license", path)
		}
	}
	for _, path := range []string{"/editor/none.js", "/editor/editor.html", "/editor/..%2feditor.go", "/editor/"} {
		if resp, _ := get(t, h, path); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
}

func TestTheLanguageOfThePage(t *testing.T) {
	h := serve(t)
	for _, c := range []struct{ query, accept, want string }{
		{"", "", "en"},
		{"", "fr-CA, en;q=.5", "fr"},
		{"", "de, en;q=.1", "en"},
		{"", "pt", "en"},
		{"?lang=fr", "en", "fr"},
		{"?lang=en", "fr", "en"},
		{"?lang=pt", "fr", "fr"},
	} {
		resp, body := get(t, h, "/editor"+c.query, "Accept-Language", c.accept)
		if got := resp.Header.Get("Content-Language"); got != c.want || !strings.Contains(body, `<html lang="`+c.want+`">`) {
			t.Errorf("%q, Accept-Language %q: %s, want %s", c.query, c.accept, got, c.want)
		}
		if !slices.Contains(resp.Header.Values("Vary"), "Accept-Language") {
			t.Error("Vary does not name Accept-Language")
		}
	}
}

// blanks are the {names} of a phrase, in order.
func blanks(s string) []string {
	found := regexp.MustCompile(`\{\w+\}`).FindAllString(s, -1)
	slices.Sort(found)
	return found
}

func TestEveryPhraseIsThereInBothLanguages(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range phrases() {
		if p.key == "" || seen[p.key] {
			t.Errorf("the key %q is doubled or empty", p.key)
		}
		seen[p.key] = true
	}
	for _, p := range slices.Concat(phrases(), details()) {
		if p.fr == "" || p.en == "" {
			t.Errorf("%q lacks a language: %q, %q", p.key, p.fr, p.en)
		}
		if !slices.Equal(blanks(p.fr), blanks(p.en)) {
			t.Errorf("%q: %q and %q do not fill in the same", p.key, p.fr, p.en)
		}
		for _, s := range []string{p.fr, p.en} {
			if strings.ContainsAny(s, `'"`) || strings.Contains(s, "...") {
				t.Errorf("%q is set with typewriter signs", s)
			}
		}
		if set := typeset(p.fr); regexp.MustCompile(` [;:!?»%]|« `).MatchString(set) || regexp.MustCompile(`[^\s\x{a0}\x{202f}][;!?»]`).MatchString(set) {
			t.Errorf("%q has a wrong space", set)
		}
	}
}

// TestTheScriptsUseNoOtherPhrase finds every phrase that the scripts name.
func TestTheScriptsUseNoOtherPhrase(t *testing.T) {
	known := phrasesIn("en")
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range p.files {
		for _, m := range regexp.MustCompile(`\bt\("([^"]+)"`).FindAllStringSubmatch(string(body), -1) {
			if _, ok := known[m[1]]; !ok {
				t.Errorf("%s says %q, which is no phrase", name, m[1])
			}
		}
		for _, m := range regexp.MustCompile("\\bt\\(`([a-zA-Z]+\\.)\\$").FindAllStringSubmatch(string(body), -1) {
			if !slices.ContainsFunc(phrases(), func(p phrase) bool { return strings.HasPrefix(p.key, m[1]) }) {
				t.Errorf("%s says %q, and no phrase begins so", name, m[1])
			}
		}
		for _, sink := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "localStorage", "document.cookie"} {
			if strings.Contains(string(body), sink) {
				t.Errorf("%s uses %s", name, sink)
			}
		}
	}
}

// TestViolationsAreKnownInFrench breaks the rules of an edition and looks for
// the French of each complaint.
func TestViolationsAreKnownInFrench(t *testing.T) {
	long := strings.Repeat("x", 3000)
	bad := article.Edition{
		ID: "?", Language: "?", SourceLanguage: "?", Headline: long, Description: long, CanonicalURL: "x",
		People: []article.Person{{Role: long}}, Keywords: make([]string, article.MaxList+1), Event: &article.Event{},
	}
	for _, v := range bad.Validate() {
		if !slices.ContainsFunc(details(), func(d phrase) bool { return matches(d.en, v.Detail) }) {
			t.Errorf("%s: %q has no French", v.Pointer, v.Detail)
		}
	}
}

// matches reports whether a sentence fits a pattern with {0} to {9}, as the
// scripts read it.
func matches(pattern, sentence string) bool {
	parts := regexp.MustCompile(`\{\d\}`).Split(pattern, -1)
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	return regexp.MustCompile("^" + strings.Join(parts, "(?s:.*)") + "$").MatchString(sentence)
}

func TestTypeset(t *testing.T) {
	for plain, want := range map[string]string{
		"Motif : non ; oui !":   "Motif\u00a0: non\u202f; oui\u202f!",
		"« Oui », vraiment ?":   "«\u00a0Oui\u00a0», vraiment\u202f?",
		"93 % de la page, etc.": "93\u00a0% de la page, etc.",
		"https://exemple.fr/":   "https://exemple.fr/",
		"":                      "",
	} {
		if got := typeset(plain); got != want {
			t.Errorf("%q became %q, want %q", plain, got, want)
		}
	}
}
