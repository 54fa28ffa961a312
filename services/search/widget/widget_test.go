// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/relais-press/relais/services/search/widget"
	"github.com/relais-press/relais/services/search/widget/internal/build"
)

// budget is the promise to partners: bytes of the script, gzipped.
const budget = 8192

func TestScriptIsBuiltFromTheSources(t *testing.T) {
	src, err := filepath.Abs("src")
	if err != nil {
		t.Fatal(err)
	}
	want, err := build.Script(src)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed(t), want) {
		t.Fatal("dist/v1.js is not what src makes: run go generate ./widget")
	}
}

func TestBuildNamesWhatDoesNotCompile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "widget.ts"), []byte("const ="), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := build.Script(dir); err == nil || !strings.Contains(err.Error(), "widget.ts:1:") {
		t.Fatalf("error %v does not name the file and line", err)
	}
}

func TestScriptFitsTheBudget(t *testing.T) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(committed(t)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d gzipped, budget %d", len(committed(t)), b.Len(), budget)
	if b.Len() > budget {
		t.Fatalf("the widget is %d bytes gzipped, %d more than the budget", b.Len(), b.Len()-budget)
	}
}

func TestScriptHasNoDangerousSink(t *testing.T) {
	sinks := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.cookie|localStorage|sessionStorage|indexedDB`)
	if found := sinks.Find(committed(t)); found != nil {
		t.Fatalf("the widget uses %s", found)
	}
}

func TestAssets(t *testing.T) {
	assets := newAssets(t)
	frozen := assets.Release().Path
	const moving = "public, max-age=300, stale-while-revalidate=86400"
	const immutable = "public, max-age=31536000, immutable"
	for _, tc := range []struct {
		name, method, path string
		status             int
		cache              string
	}{
		{"moving", http.MethodGet, "/widget/v1.js", 200, moving},
		{"moving, head", http.MethodHead, "/widget/v1.js", 200, moving},
		{"frozen", http.MethodGet, frozen, 200, immutable},
		{"frozen, below a prefix", http.MethodGet, "/relais" + frozen, 200, immutable},
		{"another hash", http.MethodGet, "/widget/v1.000000000000.js", 404, ""},
		{"another version", http.MethodGet, "/widget/v2.js", 404, ""},
		{"the folder", http.MethodGet, "/widget/", 404, ""},
		{"another method", http.MethodPost, "/widget/v1.js", 405, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := do(assets, tc.method, tc.path, nil)
			if w.Code != tc.status {
				t.Fatalf("status %d, want %d", w.Code, tc.status)
			}
			if tc.status == http.StatusMethodNotAllowed && w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("Allow %q", w.Header().Get("Allow"))
			}
			if tc.status != http.StatusOK {
				return
			}
			for name, want := range map[string]string{
				"Cache-Control":                tc.cache,
				"Content-Type":                 "text/javascript; charset=utf-8",
				"Access-Control-Allow-Origin":  "*",
				"Cross-Origin-Resource-Policy": "cross-origin",
				"X-Content-Type-Options":       "nosniff",
				"Vary":                         "Accept-Encoding",
			} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s %q, want %q", name, got, want)
				}
			}
			if tc.method == http.MethodGet && !bytes.Equal(w.Body.Bytes(), committed(t)) {
				t.Error("the body is not dist/v1.js")
			}
		})
	}
}

func TestAssetsRevalidate(t *testing.T) {
	assets := newAssets(t)
	tags := map[string]string{}
	for _, encoding := range []string{"", "gzip"} {
		accept := http.Header{"Accept-Encoding": {encoding}}
		tag := do(assets, http.MethodGet, "/widget/v1.js", accept).Header().Get("ETag")
		if !regexp.MustCompile(`^"[^"]+"$`).MatchString(tag) {
			t.Fatalf("ETag %q is not strong", tag)
		}
		tags[tag] = encoding
		accept.Set("If-None-Match", tag)
		if w := do(assets, http.MethodGet, "/widget/v1.js", accept); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
			t.Errorf("status %d with %d bytes, want 304 and none", w.Code, w.Body.Len())
		}
	}
	if len(tags) != 2 {
		t.Errorf("both encodings have the same strong ETag: %v", tags)
	}
}

func TestAssetsCompress(t *testing.T) {
	assets := newAssets(t)
	for accept, want := range map[string]string{
		"gzip, deflate, br": "gzip", "br;q=1, GZIP ; q=0.5": "gzip", "": "", "br": "", "gzip;q=0": "", "gzip; q=0.0": "",
	} {
		w := do(assets, http.MethodGet, "/widget/v1.js", http.Header{"Accept-Encoding": {accept}})
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q, want %q", accept, got, want)
		}
		if want == "" {
			continue
		}
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(z); err != nil || !bytes.Equal(text, committed(t)) {
			t.Errorf("the gzipped body is not dist/v1.js (%v)", err)
		}
	}
}

func TestReleasePinsTheScript(t *testing.T) {
	release := newAssets(t).Release()
	sum := sha512.Sum384(committed(t))
	if want := "sha384-" + base64.StdEncoding.EncodeToString(sum[:]); release.Integrity != want {
		t.Errorf("integrity %s, want %s", release.Integrity, want)
	}
	if want := "/widget/" + widget.FrozenName(committed(t)); release.Path != want {
		t.Errorf("path %s, want %s", release.Path, want)
	}
	if !regexp.MustCompile(`^/widget/v1\.[0-9a-f]{12}\.js$`).MatchString(release.Path) {
		t.Errorf("path %s", release.Path)
	}
}

func newAssets(t *testing.T) *widget.Assets {
	t.Helper()
	assets, err := widget.New()
	if err != nil {
		t.Fatal(err)
	}
	return assets
}

func committed(t *testing.T) []byte {
	t.Helper()
	script, err := os.ReadFile("dist/v1.js")
	if err != nil {
		t.Fatal(err)
	}
	return script
}

func do(h http.Handler, method, path string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestReadmeNamesWhatPartnersMayStyle(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	// Parts that serve the layout alone are no promise.
	unnamed := map[string]bool{"anchor": true, "body": true, "extra": true, "item": true, "none": true, "offers": true, "quiet": true, "row": true, "rows": true, "tools": true}
	all := sources(t)
	for _, pattern := range []string{`\bh\('\w+', '([\w-]+)'`, `\bbutton\('([\w-]+)'`, `\brich\(hit, '([\w-]+)'`, `\bstatus\('([\w-]+)'`, `(--relais-[\w-]+)`} {
		found := regexp.MustCompile(pattern).FindAllSubmatch(all, -1)
		if len(found) == 0 {
			t.Fatalf("no match of %s in the widget", pattern)
		}
		for _, match := range found {
			if name := string(match[1]); !unnamed[name] && !bytes.Contains(readme, []byte("`"+name+"`")) {
				t.Errorf("README.md does not name %s", name)
			}
		}
	}
}

// TestWordsAreNamed compares the words of the widget with those that its types
// say a partner may set.
func TestWordsAreNamed(t *testing.T) {
	types, err := os.ReadFile("relais.d.ts")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	table := regexp.MustCompile(`(?s)const names = \('(.*?)\)\.split\(' '\)`).FindSubmatch(sources(t))
	if table == nil {
		t.Fatal("strings.ts has no names")
	}
	names := regexp.MustCompile(`\w+`).FindAllString(string(table[1]), -1)
	for _, name := range names {
		if !regexp.MustCompile(`(?m)^  ` + name + `\??: string;$`).Match(types) {
			t.Errorf("relais.d.ts does not name %s", name)
		}
		if !bytes.Contains(readme, []byte("`"+name+"`")) {
			t.Errorf("README.md does not name %s", name)
		}
	}
	rows := regexp.MustCompile(`(?m)^  (\w\w): '(.*)',$`).FindAllSubmatch(sources(t), -1)
	if len(rows) != 8 {
		t.Fatalf("%d languages, want 8", len(rows))
	}
	for _, row := range rows {
		// The last two are plurals that Arabic alone has.
		if got := bytes.Count(row[2], []byte("|")) + 1; got != len(names) && (string(row[1]) == "ar" || got != len(names)-2) {
			t.Errorf("%s has %d words of %d", row[1], got, len(names))
		}
	}
}

// sources returns all that the script is made of.
func sources(t *testing.T) []byte {
	t.Helper()
	files, err := filepath.Glob("src/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	var all []byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	return all
}
