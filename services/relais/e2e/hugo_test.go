// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// hugo is one of the generators that the example is tested with.
type hugo struct {
	program string
	before  bool // 0.141, which brought the function try
}

// hugos finds both generators; one that is missing is a failure.
func hugos(t *testing.T) map[string]hugo {
	t.Helper()
	newer, err := filepath.Abs("../../../.bin/hugo/hugo")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]hugo{"hugo of today": {newer, false}, "hugo before 0.141": {"hugo", true}}
	for name, h := range found {
		version, err := exec.CommandContext(t.Context(), h.program, "version").Output()
		if err != nil {
			t.Fatalf("%s: .ci/install puts it there: %v", name, err)
		}
		minor := regexp.MustCompile(`v0\.(\d+)\.`).FindSubmatch(version)
		if minor == nil {
			t.Fatalf("which Hugo is it? %s", version)
		}
		if n, _ := strconv.Atoi(string(minor[1])); n < 141 != h.before {
			t.Fatalf("%s is needed, this is %s", name, version)
		}
	}
	return found
}

// build builds the example as its README says.
func (h hugo) build(t *testing.T, site, address string) (output string, err error) {
	t.Helper()
	if h.before {
		const partial = "layouts/partials/relais/content.html"
		if err := os.Rename(filepath.Join(site, "before-0.141", partial), filepath.Join(site, partial)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), h.program, "--source", site, "--baseURL", address, "--cacheDir", t.TempDir())
	// A Hugo of today fetches nothing from this machine unless it is told to.
	cmd.Env = append(os.Environ(), `HUGO_SECURITY_HTTP_URLS=^http://127\.0\.0\.1:`, "HUGO_TIMEOUT=2s")
	b, err := cmd.CombinedOutput()
	return string(b), err
}

func hugoSite(t *testing.T, e *example) http.Handler {
	t.Helper()
	e.home, e.article, e.results = "/", "/blockchain/", "/recherche/"
	e.whole = true
	site := copyOf(t, e, "hugo")
	if out, err := hugos(t)["hugo of today"].build(t, site, e.address+"/"); err != nil {
		t.Fatalf("hugo: %v: %s", err, out)
	}
	return http.FileServer(http.Dir(filepath.Join(site, "public")))
}

// TestHugoFollowsAnArticle builds the site over the article's life.
func TestHugoFollowsAnArticle(t *testing.T) {
	for generator, h := range hugos(t) {
		for name, c := range map[string]struct {
			status int
			body   string
			fails  bool
			shown  string // of the article; empty: nothing
		}{
			"usable":    {http.StatusOK, `{"language": "fr", "headline": "Titre <i>", "description": "Chapô", "bodyHtml": "<p>Corps</p>"}`, false, "<article lang=\"fr\">\n<h2>Titre &lt;i&gt;</h2>\n<p>Chapô</p>\n<p>Corps</p>\n</article>"},
			"unknown":   {http.StatusNotFound, `{"status": 404}`, false, ""},
			"withdrawn": {http.StatusGone, `{"status": 410}`, false, ""},
			"forbidden": {http.StatusForbidden, `{"status": 403}`, true, ""},
			"in need":   {http.StatusServiceUnavailable, `{"status": 503}`, true, ""},
		} {
			t.Run(generator+", "+name, func(t *testing.T) {
				relay := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.RequestURI() != "/v1/content/"+demoRecap+"?key=pk_0123456789abcdef&lang=fr&format=json" {
						t.Errorf("asked %s", r.URL.RequestURI())
					}
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(c.status)
					_, _ = w.Write([]byte(c.body))
				}))
				t.Cleanup(relay.Close)
				follows(t, h, relay.URL, c.fails, c.shown)
			})
		}
	}
}

// follows builds the example and looks for the article in its page.
func follows(t *testing.T, h hugo, relayURL string, fails bool, shown string) {
	t.Helper()
	site := copyOf(t, &example{r: &relay{base: relayURL}, key: "pk_0123456789abcdef"}, "hugo")
	out, err := h.build(t, site, "https://gazette.example/")
	if (err != nil) != fails {
		t.Fatalf("hugo: %v: %s", err, out)
	}
	if fails {
		if !strings.Contains(out, "relais: ") {
			t.Errorf("stops for another reason: %s", out)
		}
		return
	}
	page, err := os.ReadFile(filepath.Join(site, "public/blockchain/index.html"))
	if err != nil {
		t.Fatal(err)
	}
	if article := regexp.MustCompile(`(?s)<article.*</article>`).Find(page); string(article) != shown {
		t.Errorf("shows %s\nwant  %s", article, shown)
	}
}

// TestHugoStops names an article nowhere, and asks a relay that is not there.
func TestHugoStops(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for generator, h := range hugos(t) {
		for name, c := range map[string]struct{ page, says string }{
			"which article?":      {"---\ntitle: A\n---\n{{< relais-article >}}\n", "relais-article: which article?"},
			"the relay is silent": {"---\ntitle: A\n---\n{{< relais-article id=\"a\" >}}\n", "relais: "},
		} {
			t.Run(generator+", "+name, func(t *testing.T) {
				site := copyOf(t, &example{r: &relay{base: gone.URL}, key: "pk_0123456789abcdef"}, "hugo")
				if err := os.WriteFile(filepath.Join(site, "content/blockchain.md"), []byte(c.page), 0o600); err != nil {
					t.Fatal(err)
				}
				if out, err := h.build(t, site, "https://gazette.example/"); err == nil || !strings.Contains(out, c.says) {
					t.Errorf("hugo: %v: %s", err, out)
				}
			})
		}
	}
}
