// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/widget"
)

const public = "https://relais.example"

// sites are partners by their only key.
type sites map[string]partner.Partner

func (s sites) Authenticate(_ context.Context, secret string) (partner.Key, error) {
	switch _, known := s[secret]; {
	case known:
		return partner.Key{ID: secret, Role: partner.Publishable, Partner: secret}, nil
	case secret == "rk_secret":
		return partner.Key{ID: secret, Role: partner.Editor}, nil
	case secret == "pk_down":
		return partner.Key{}, &fault.Error{Kind: fault.Unavailable, Detail: "the log is away", RetryAfter: 1500 * time.Millisecond}
	case secret == "pk_broken":
		return partner.Key{}, context.DeadlineExceeded
	}
	return partner.Key{}, fault.New(fault.Unauthorized, "unknown key")
}

func (s sites) Partner(_ context.Context, id string) (partner.Partner, error) { return s[id], nil }

func gazette() partner.Partner {
	return partner.Partner{
		ID: "gazette", Name: "La Gazette", Origins: []string{"https://gazette.example", "https://*.gazette.example"},
		Languages: []string{"en", "fr", "pt-BR"}, Sections: []string{"Événements", "Juridique"}, DefaultLanguage: "fr",
		ArticleURL: "https://gazette.example/{lang}/{id}", RateLimit: 2.5,
	}
}

// hostile says in every field what a page must not take for markup.
func hostile() partner.Partner {
	const attack = `</script><img src=x onerror="alert(1)">{{.}}'` + "`${1}"
	return partner.Partner{ID: "hostile", Name: attack, Sections: []string{attack}, ArticleURL: "https://x.example/{id}?" + attack}
}

func everyone() sites {
	return sites{
		"pk_gazette": gazette(), "pk_hostile": hostile(), "pk_new": {ID: "new", Name: "Nouveau"},
		"pk_half": {ID: "half", Name: "Half", Origins: []string{"https://half.example"}, Languages: []string{"de"}},
		"pk_few":  {ID: "few", Name: "Few", RateLimit: 1e-9},
	}
}

// serve returns the page behind the routes that search gives it.
func serve(t *testing.T, address string) *web.Router {
	t.Helper()
	script, err := widget.New()
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(Parts{PublicURL: address, Release: script.Release(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	rt, err := web.NewRouter("test", slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	rt.Handle("kit", http.MethodGet, "/partners/kit", h.Page, h.Readable, web.NewPartners(everyone()).Require)
	rt.Handle("kit.asset", http.MethodGet, "/partners/{asset}", h.Asset)
	rt.Handle("widget", http.MethodGet, "/widget/{asset}", func(w http.ResponseWriter, r *http.Request) error {
		script.ServeHTTP(w, r)
		return nil
	})
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

func TestThePageLetsNothingElseIn(t *testing.T) {
	if strings.Contains(policy, "https:") || strings.Contains(policy, "*") {
		t.Errorf("the policy lets other hosts in: %s", policy)
	}
	h := serve(t, public)
	for path, status := range map[string]int{"/partners/kit?key=pk_gazette": 200, "/partners/kit?key=pk_hostile": 200, "/partners/kit": 401} {
		resp, body := get(t, h, path, "Accept-Language", "fr")
		if resp.StatusCode != status {
			t.Errorf("%s: status %d, want %d", path, resp.StatusCode, status)
		}
		for name, want := range map[string]string{
			"Content-Type":            "text/html; charset=utf-8",
			"Content-Language":        "fr",
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
		if vary := strings.Join(resp.Header.Values("Vary"), ", "); !strings.Contains(vary, "Accept-Language") {
			t.Errorf("%s: Vary %q", path, vary)
		}
		for _, inline := range []string{" style=", "<style", " onclick", " onsubmit", "javascript:", "<script>", "unsafe", "<img"} {
			if strings.Contains(body, inline) {
				t.Errorf("%s holds %q, which its policy refuses", path, inline)
			}
		}
		if n := strings.Count(body, "<h1"); n != 1 {
			t.Errorf("%s: %d first headings", path, n)
		}
	}
}

func TestThePageShowsThePartnerItsOwn(t *testing.T) {
	_, body := get(t, serve(t, public), "/partners/kit?key=pk_gazette&lang=fr")
	for _, want := range []string{
		"La Gazette", "<code>https://*.gazette.example</code>", "<code>https://gazette.example/{lang}/{id}</code>", "2,5 requêtes par seconde",
		`<span class="tag">Juridique</span>`, `portugais (BR) <code>pt-BR</code>`, "<option>Événements</option>",
		`&lt;script async src=&#34;https://relais.example/widget/v1.js&#34; data-key=&#34;pk_gazette&#34; data-lang=&#34;fr&#34;&gt;&lt;/script&gt;`,
		"&lt;relais-share article=&#34;{id}&#34;&gt;",
		`href="https://relais.example/v1/feeds/pt-BR.ninjs?key=pk_gazette"`,
		"curl &#39;https://relais.example/v1/search?q=num%C3%A9rique&amp;lang=fr&amp;limit=10&amp;key=pk_gazette&#39;",
		`href="https://relais.example/v1/changes?key=pk_gazette"`,
		"script-src &#39;self&#39; https://relais.example; connect-src &#39;self&#39; https://relais.example; form-action &#39;self&#39; https://relais.example",
		"&lt;form action=&#34;https://relais.example/search&#34;&gt;",
		`href="/docs"`, "services/search/widget/README.md",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	if strings.Contains(body, "<strong>Aucune") || strings.Contains(body, `class="warning"`) {
		t.Error("a partner that lacks nothing is warned")
	}
	feeds := regexp.MustCompile(`href="https://relais\.example/v1/feeds/([^.]+)\.([a-z]+)\?key=pk_gazette"`).FindAllStringSubmatch(body, -1)
	if len(feeds) != 15 || feeds[0][1] != "fr" {
		t.Errorf("%d feeds, the first in %q; want five for each of three languages, its own first", len(feeds), feeds[0][1])
	}
}

func TestWhatAPartnerLacksIsSaid(t *testing.T) {
	for _, c := range []struct {
		address, key string
		want         []string
	}{
		{public, "pk_gazette", nil},
		{public, "pk_new", []string{"No origin is allowed", "There is no article address"}},
		{public, "pk_half", []string{"There is no article address"}},
		{"http://relais.example", "pk_half", []string{"There is no article address", "This address is http"}},
		{"http://127.0.0.1:8080", "pk_half", []string{"There is no article address"}},
	} {
		_, body := get(t, serve(t, c.address), "/partners/kit?lang=en&key="+c.key)
		var got []string
		for _, m := range regexp.MustCompile(`<div class="warning" role="note">\n<p><strong>([^<]+)`).FindAllStringSubmatch(body, -1) {
			got = append(got, m[1])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s at %s is warned of %q, want %q", c.key, c.address, got, c.want)
		}
	}
}

func TestAHostilePartnerIsText(t *testing.T) {
	_, body := get(t, serve(t, public), "/partners/kit?key=pk_hostile")
	if n := strings.Count(body, "</script>"); n != 3 {
		t.Errorf("%d ends of scripts, want 3", n)
	}
	if !strings.Contains(body, "&lt;/script&gt;&lt;img src=x") {
		t.Error("the name is not there, escaped")
	}
}

func TestARefusalIsReadable(t *testing.T) {
	h := serve(t, public)
	get(t, h, "/partners/kit?key=pk_few") // takes the only place
	for _, c := range []struct {
		query         string
		status        int
		says          string
		header, value string
		asks          bool
	}{
		{"", 401, "Clé absente ou inconnue", "WWW-Authenticate", `Bearer realm="relais"`, true},
		{"?key=pk_other", 401, "elle a pu être révoquée", "", "", true},
		{"?key=rk_secret", 403, "Clé non admise ici", "", "", true},
		{"?key=pk_few", 429, "Trop de demandes", "Retry-After", "", false},
		{"?key=pk_down", 503, "Momentanément indisponible", "Retry-After", "2", false},
		{"?key=pk_broken", 500, "Une erreur est survenue", "", "", false},
	} {
		resp, body := get(t, h, "/partners/kit"+c.query, "Accept-Language", "fr-CA")
		if resp.StatusCode != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: status %d without %q", c.query, resp.StatusCode, c.says)
		}
		if got := resp.Header.Get(c.header); c.header != "" && (got == "" || (c.value != "" && got != c.value)) {
			t.Errorf("%s: %s: %q, want %q", c.query, c.header, got, c.value)
		}
		if asks := strings.Contains(body, `<input id="key" name="key"`); asks != c.asks {
			t.Errorf("%s: asks for a key: %t", c.query, asks)
		}
		if strings.Contains(body, "rk_secret") || strings.Contains(body, "deadline") {
			t.Errorf("%s: the page says what it should not", c.query)
		}
	}
}

func TestTheLanguageOfThePage(t *testing.T) {
	h := serve(t, public)
	for _, c := range []struct{ query, accept, want string }{
		{"", "", "en"},
		{"", "fr-CA, en;q=.5", "fr"},
		{"", "de", "en"},
		{"&lang=fr", "en", "fr"},
		{"&lang=pt", "fr", "fr"},
		{"&lang=%3Cb%3E", "", "en"},
	} {
		resp, body := get(t, h, "/partners/kit?key=pk_gazette"+c.query, "Accept-Language", c.accept)
		if got := resp.Header.Get("Content-Language"); got != c.want || !strings.Contains(body, `<html lang="`+c.want+`">`) {
			t.Errorf("%q, Accept-Language %q: %s, want %s", c.query, c.accept, got, c.want)
		}
	}
	if _, body := get(t, h, "/partners/kit?key=pk_gazette&lang=fr"); !strings.Contains(body, `href="/partners/kit?key=pk_gazette&amp;lang=en"`) {
		t.Error("the way to the other language loses the key")
	}
	if _, body := get(t, h, "/partners/kit?key=pk_half&lang=fr"); !strings.Contains(body, "data-lang=&#34;de&#34;") {
		t.Error("a partner of German articles is given another language")
	}
}

func TestFilesAreKeptForGood(t *testing.T) {
	h := serve(t, public)
	_, page := get(t, h, "/partners/kit?key=pk_gazette")
	files := regexp.MustCompile(`(?:src|href)="(/partners/kit\.[0-9a-f]{12}\.(?:js|css))"`).FindAllStringSubmatch(page, -1)
	if len(files) != 2 {
		t.Fatalf("%d files, want a script and a style", len(files))
	}
	for _, m := range files {
		resp, body := get(t, h, m[1])
		tag := resp.Header.Get("ETag")
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || !strings.HasPrefix(tag, `"`) {
			t.Errorf("%s: status %d, %v", m[1], resp.StatusCode, resp.Header)
		}
		if again, _ := get(t, h, m[1], "If-None-Match", tag); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: status %d for what is known", m[1], again.StatusCode)
		}
		for _, sink := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("} {
			if strings.Contains(body, sink) {
				t.Errorf("%s makes markup or code of text: %s", m[1], sink)
			}
		}
	}
	for _, name := range []string{"kit.js", "page.html", "..%2fkit.go"} {
		if resp, _ := get(t, h, "/partners/"+name); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
}

func TestEveryPhraseIsThereInBothLanguages(t *testing.T) {
	all, err := readPhrases()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  "([^"]+)": `).FindAllStringSubmatch(string(words), -1) {
		key := m[1]
		fr, en := all["fr"][key], all["en"][key]
		if seen[key] || fr == "" || en == "" || strings.Contains(fr, "{}") != strings.Contains(en, "{}") {
			t.Errorf("%q is doubled, or says not the same in both", key)
		}
		seen[key] = true
		if strings.ContainsAny(fr+en, "'\"") || strings.Contains(fr+en, "...") {
			t.Errorf("%q has typewriter marks", key)
		}
	}
	if len(seen) != len(all["fr"]) || len(seen) < 100 {
		t.Errorf("%d phrases were looked at, there are %d", len(seen), len(all["fr"]))
	}
	script, page := file(t, "static/kit.js"), file(t, "page.html")
	for _, key := range said() {
		if !seen[key] {
			t.Errorf("the script may say %q, which is nowhere", key)
		}
	}
	for _, m := range regexp.MustCompile(`say\([^()]*\)`).FindAllString(script, -1) {
		for _, key := range regexp.MustCompile(`"([a-z.]+)"`).FindAllStringSubmatch(m, -1) {
			if !slices.Contains(said(), key[1]) {
				t.Errorf("the script says %q, which it is not given", key[1])
			}
		}
	}
	spoken := page + script + file(t, "view.go") + file(t, "kit.go")
	for key := range seen {
		key = strings.TrimSuffix(key, ".text")
		parent, _, _ := strings.Cut(key, ".")
		if !strings.Contains(spoken, `"`+key+`"`) && !strings.Contains(spoken, parent+`."`) && !strings.Contains(spoken, parent+".$") {
			t.Errorf("nobody says %q", key)
		}
	}
}

// The script judges contrast against the colors that the widget has by itself.
func TestTheScriptKnowsTheWidgetsColors(t *testing.T) {
	style, script := file(t, "../../widget/src/style.css"), file(t, "static/kit.js")
	property := regexp.MustCompile(`--relais-(accent|surface|text|border), (?:light-dark\()?(#[0-9a-f]{3,6})(?:, (#[0-9a-f]{3,6}))?`)
	found := property.FindAllStringSubmatch(style, -1)
	if len(found) != 4 {
		t.Fatalf("%d colors in the widget's style, want 4", len(found))
	}
	for i, scheme := range []string{"light", "dark"} {
		line := regexp.MustCompile(scheme + `: \{ accent[^}]+\}`).FindString(script)
		for _, m := range found {
			color := cmp.Or(m[2+i], m[2])
			if len(color) == 4 {
				color = "#" + strings.Repeat(color[1:2], 2) + strings.Repeat(color[2:3], 2) + strings.Repeat(color[3:], 2)
			}
			if !strings.Contains(line, m[1]+`: "`+color+`"`) {
				t.Errorf("%s: the widget's %s is %s, the script has %s", scheme, m[1], color, line)
			}
		}
	}
}

func file(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
