// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// wordPress is a WordPress of its own, with the plugin and without a database:
// testdata/wordpress says how.
type wordPress struct {
	t       *testing.T
	home    string // its folder
	options string // the file of its options

	mu sync.Mutex // one request at a time: the options are one file
}

// newWordPress finds the source of WordPress; there being none is a failure.
func newWordPress(t *testing.T, address, relais, key string) *wordPress {
	t.Helper()
	var source string
	for _, dir := range []string{os.Getenv("RELAIS_WORDPRESS"), "../../../.bin/wordpress/usr/share/wordpress", "/usr/share/wordpress"} {
		if _, err := os.Stat(filepath.Join(dir, "wp-settings.php")); dir != "" && err == nil {
			source = dir
			break
		}
	}
	if source == "" {
		t.Fatal("the plugin is tested in WordPress: .ci/install unpacks it into .bin/wordpress; or name its folder in RELAIS_WORDPRESS")
	}
	w := &wordPress{t: t, home: t.TempDir(), options: filepath.Join(t.TempDir(), "options.json")}
	for link, to := range map[string]string{
		"wp-includes":               filepath.Join(source, "wp-includes"),
		"wp-admin":                  filepath.Join(source, "wp-admin"),
		"wp-settings.php":           filepath.Join(source, "wp-settings.php"),
		"wp-content/db.php":         "testdata/wordpress/db.php",
		"wp-content/plugins/relais": filepath.Join(examples, "wordpress/relais"),
	} {
		w.link(link, to)
	}
	w.write(map[string]any{
		"siteurl": address, "home": address, "blogname": "La Gazette", "blog_charset": "UTF-8", "WPLANG": "fr_FR",
		"active_plugins": []string{"relais/relais.php"},
		"relais":         map[string]string{"address": relais, "key": key, "language": "fr"},
	})
	return w
}

func (w *wordPress) link(name, to string) {
	w.t.Helper()
	to, err := filepath.Abs(to)
	if err != nil {
		w.t.Fatal(err)
	}
	name = filepath.Join(w.home, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Symlink(to, name); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wordPress) write(options map[string]any) {
	w.t.Helper()
	b, err := json.Marshal(options)
	if err == nil {
		err = os.WriteFile(w.options, b, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// php runs a script of testdata/wordpress and returns what it writes.
func (w *wordPress) php(script, input string, args ...string) string {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	cmd := exec.CommandContext(w.t.Context(), php(w.t), append([]string{"-d", "display_errors=stderr", "testdata/wordpress/" + script}, args...)...)
	cmd.Env = append(os.Environ(), "WP_HOME="+w.home, "WP_OPTIONS="+w.options)
	cmd.Stdin = strings.NewReader(input)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		w.t.Errorf("php %s: %v: %s", script, err, complaints.String())
	}
	return string(out)
}

// page is a whole page with this text.
func (w *wordPress) page(text string) string {
	w.t.Helper()
	return w.php("page.php", text)
}

// body is what the plugin makes of a text.
func (w *wordPress) body(text string) string {
	w.t.Helper()
	_, body, _ := strings.Cut(w.page(text), "<body>")
	body, _, _ = strings.Cut(body, "<script async")
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(body), "</body>\n</html>"))
}

// age makes the plugin believe that it asked a while ago.
func (w *wordPress) age(seconds string) {
	w.t.Helper()
	w.php("age.php", "", seconds)
}

// php finds the interpreter.
func php(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("php")
	if err != nil {
		t.Fatalf("the WordPress plugin is tested with PHP: install php-cli (apt-get install php-cli): %v", err)
	}
	return path
}

// wordPressSite has blocks on the home page and shortcodes on the others.
func wordPressSite(t *testing.T, e *example) http.Handler {
	t.Helper()
	e.home, e.article, e.results = "/", "/article", "/recherche"
	e.whole = true
	w := newWordPress(t, e.address, e.r.base, e.key)
	pages := map[string]string{
		"/":          `<!-- wp:relais/search {"results":"/recherche"} /--><!-- wp:relais/latest {"limit":"6"} /-->`,
		"/recherche": `[relais_search mode="page"]`,
		"/article":   `[relais_search][relais_share article="` + demoRecap + `"][relais_related article="` + demoRecap + `" limit="3"][relais_latest][relais_article id="` + demoRecap + `" lang="fr"]`,
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		text, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = rw.Write([]byte(w.page(text)))
	})
}

func TestWordPressPluginIsPHP(t *testing.T) {
	files, err := filepath.Glob(examples + "/wordpress/relais/*.php")
	deeper, err2 := filepath.Glob(examples + "/wordpress/relais/*/*.php")
	blocks, err3 := filepath.Glob(examples + "/wordpress/relais/*/*/*.php")
	files = append(append(files, deeper...), blocks...)
	if err != nil || err2 != nil || err3 != nil || len(files) < 10 {
		t.Fatal(files, err, err2, err3)
	}
	for _, file := range files {
		if out, err := exec.CommandContext(t.Context(), php(t), "-l", file).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

func TestWordPressWritesNothingUnescaped(t *testing.T) {
	w := newWordPress(t, "http://localhost", "https://relais.example", `pk_"><i>`)
	for name, c := range map[string]struct{ text, want string }{
		"attributes are escaped": {
			`<!-- wp:relais/latest {"section":"\u0022\u003e\u003cscript\u003e","limit":"3"} /-->`,
			`<div class="wp-block-relais-latest"><relais-latest section="&quot;&gt;&lt;script&gt;" limit="3"><a href="https://relais.example/search?key=pk_%22%3E%3Ci%3E&#038;lang=fr">Tous les articles</a></relais-latest></div>`,
		},
		"unknown ones are dropped": {`[relais_share article="a" onclick="alert(1)"]`, `<div><relais-share article="a"></relais-share></div>`},
		"so is a script address": {
			`[relais_search results="javascript:alert(1)"]`,
			`<div><relais-search results=""><form action="https://relais.example/search"><input type="hidden" name="key" value="pk_&quot;&gt;&lt;i&gt;"><input type="hidden" name="lang" value="fr"><input type="search" name="q" aria-label="Rechercher un article"> <button>Rechercher</button></form></relais-search></div>`,
		},
		"an article has an identifier": {`x[relais_related][relais_article id="../x"]`, `<p>x</p>`},
	} {
		if got := w.body(c.text); got != c.want {
			t.Errorf("%s: %s\ngot  %s\nwant %s", name, c.text, got, c.want)
		}
	}
	if page := w.page(`[relais_search]`); !strings.Contains(page, `<script async data-key="pk_&quot;&gt;&lt;i&gt;" data-lang="fr"`) || strings.Contains(page, "<i>") {
		t.Errorf("the script line is missing or unescaped: %s", page)
	}
	if page := w.page(`no element`); strings.Contains(page, "v1.js") {
		t.Errorf("the script is on a page that does not need it: %s", page)
	}
}

// TestWordPressSettings fills in the settings page as an administrator does.
func TestWordPressSettings(t *testing.T) {
	w := newWordPress(t, "http://localhost", "https://old.example", "pk_0123456789abcdef")
	for name, c := range map[string]struct{ sent, kept string }{
		"valid":   {`{"address":" https://relais.example/ ","key":"pk_fedcba9876543210","language":"fr-CA"}`, `{"address":"https://relais.example","key":"pk_fedcba9876543210","language":"fr-CA"}`},
		"invalid": {`{"address":"javascript:alert(1)","key":"rk_secret-of-an-editor","language":"<b>"}`, `{"address":"","key":"pk_0123456789abcdef","language":"fr"}`},
		"path":    {`{"address":"https://relais.example/x","key":"","language":""}`, `{"address":"https://old.example","key":"","language":""}`},
		"nothing": {`"x"`, `{"address":"","key":"","language":""}`},
	} {
		if got := w.php("sanitize.php", c.sent); got != c.kept {
			t.Errorf("%s: kept %s, want %s", name, got, c.kept)
		}
	}
}

// TestWordPressKeepsAnArticle follows the article in a page through its life.
func TestWordPressKeepsAnArticle(t *testing.T) {
	var mu sync.Mutex
	status, asked := http.StatusOK, []string{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.RequestURI()+" "+r.Header.Get("If-None-Match"))
		rw.Header().Set("ETag", `"1"`)
		if status == http.StatusOK && r.Header.Get("If-None-Match") == `"1"` {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		rw.WriteHeader(status)
		_, _ = rw.Write([]byte(`<article lang="fr"><p onclick="x">Texte</p><time datetime="2026-01-02">2</time><iframe src="https://x.example"></iframe>` +
			`<script type="application/ld+json">{"headline": "\u003c/script>"}</script><script>alert(1)</script></article>`))
	}))
	t.Cleanup(server.Close)
	w := newWordPress(t, "http://localhost", server.URL, "pk_0123456789abcdef")
	const ask, shown = "/v1/content/a?key=pk_0123456789abcdef&lang=fr&format=html&part=article ", `<div><article lang="fr"><p>Texte</p><time datetime="2026-01-02">2</time>alert(1)</article><script type="application/ld+json">{"headline":"\u003C/script\u003E"}</script></div>`
	for _, step := range []struct {
		name   string
		age    string // seconds since the last question
		status int
		asked  string // empty: nothing
		want   string
	}{
		{"first", "0", http.StatusOK, ask, shown},
		{"fresh", "0", http.StatusOK, "", shown},
		{"unchanged", "61", http.StatusOK, ask + `"1"`, shown},
		{"silent", "61", http.StatusServiceUnavailable, ask + `"1"`, shown},
		{"silent for long", "700", http.StatusServiceUnavailable, ask + `"1"`, ""},
		{"back", "61", http.StatusOK, ask, shown},
		{"withdrawn", "61", http.StatusGone, ask + `"1"`, ""},
	} {
		mu.Lock()
		status, asked = step.status, nil
		mu.Unlock()
		w.age(step.age)
		got := w.body(`[relais_article id="a"]`)
		mu.Lock()
		if questions := strings.Join(asked, "\n"); got != step.want || questions != step.asked {
			t.Errorf("%s: shows %q after asking %q, want %q after %q", step.name, got, questions, step.want, step.asked)
		}
		mu.Unlock()
	}
}

// TestWordPressLeavesNothingBehind keeps an article, beside what another plugin
// keeps, and removes the plugin.
func TestWordPressLeavesNothingBehind(t *testing.T) {
	relay := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("<article>A</article>")) }))
	t.Cleanup(relay.Close)
	w := newWordPress(t, "http://localhost", relay.URL, "pk_0123456789abcdef")
	w.body(`[relais_article id="a"][relais_article id="b"]`)
	own := func() (names []string) {
		b, err := os.ReadFile(w.options)
		var options map[string]any
		if err == nil {
			err = json.Unmarshal(b, &options)
		}
		if err != nil {
			t.Fatal(err)
		}
		for name := range options {
			if strings.Contains(name, "relais") {
				names = append(names, name)
			}
		}
		return names
	}
	if kept := own(); len(kept) != 5 { // the settings, and each article with the time it is kept for
		t.Fatalf("keeps %q", kept)
	}
	if left := w.php("uninstall.php", ""); !strings.Contains(left, "siteurl") || strings.Contains(left, "relais") || len(own()) != 0 {
		t.Errorf("leaves %s", left)
	}
}

func TestWordPressBlocksAreDescribedWhole(t *testing.T) {
	files, err := filepath.Glob(examples + "/wordpress/relais/blocks/*/block.json")
	if err != nil || len(files) != 5 {
		t.Fatal(files, err)
	}
	plugin, err := os.ReadFile(examples + "/wordpress/relais/relais.php")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var block struct {
			Name       string
			Attributes map[string]struct{ Type string }
		}
		if err := json.Unmarshal(b, &block); err != nil || block.Name != "relais/"+filepath.Base(filepath.Dir(file)) {
			t.Errorf("%s: %q, %v", file, block.Name, err)
		}
		for name := range block.Attributes {
			if !regexp.MustCompile(`(?m)^\t\t'` + name + `' +=> __\(`).Match(plugin) {
				t.Errorf("%s: the editor has no field for %s", block.Name, name)
			}
		}
	}
}
