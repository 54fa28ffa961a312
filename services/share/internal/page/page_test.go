// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/relais-press/relais/services/share/internal/page"
)

var update = flag.Bool("update", false, "write the golden files anew")

const public = "https://relais.example"

func open(t testing.TB) *page.Pages {
	t.Helper()
	p, err := page.New(public)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// show calls a page for a request of a target with header pairs.
func show(t testing.TB, target string, draw func(http.ResponseWriter, *http.Request) error, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	if err := draw(w, r); err != nil {
		t.Fatal(err)
	}
	return w
}

var styles = regexp.MustCompile(`(?s)<style>(.*?)</style>`)

// golden compares a page, but for its style, with the file of a name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	got = styles.ReplaceAll(got, []byte("<style>…</style>"))
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; got:\n%s", name, got)
	}
}

// node is a parsed element with its attributes and the text within.
type node struct {
	name, text string
	attr       map[string]string
}

// parse lists the elements of a page in order.
func parse(t testing.TB, body string) []node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var out []node
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		e := node{name: n.Data, attr: map[string]string{}}
		for _, a := range n.Attr {
			e.attr[a.Key] = a.Val
		}
		for c := range n.Descendants() {
			if c.Type == html.TextNode {
				e.text += c.Data
			}
		}
		out = append(out, e)
	}
	return out
}

func find(nodes []node, name string) []node {
	var out []node
	for _, n := range nodes {
		if n.name == name {
			out = append(out, n)
		}
	}
	return out
}

func someInspect() page.Inspect {
	return page.Inspect{
		Code: "7KQ2M9XA", URL: public + "/s/7KQ2M9XA", Headline: "La blockchain au service des collectivités", Language: "fr",
		Destinations: []page.Destination{
			{Language: "fr", URL: "https://gazette.example/fr/recap-blockchain"},
			{Language: "en", URL: "https://gazette.example/en/recap-blockchain"},
			{Language: "ar", URL: "https://gazette.example/ar/recap-blockchain"},
		},
		Partner: "La Gazette", Channel: "linkedin", Ends: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC),
		Created: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC), About: "/s/about",
	}
}

// everyPage draws each page that a reader may meet, in a language.
func everyPage(t testing.TB, p *page.Pages, lang string) map[string]*httptest.ResponseRecorder {
	t.Helper()
	target := "/s/7KQ2M9XA?lang=" + lang
	out := map[string]*httptest.ResponseRecorder{}
	for _, k := range page.Kinds() {
		n := page.Notice{Kind: k, Code: "7KQ2M9XB", RetryAfter: 1500 * time.Millisecond}
		if k == page.Canceled || k == page.Legal {
			n.Withdrawal = &page.Withdrawal{
				Reason: "Une citation était attribuée à tort.", Language: "fr", At: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC),
				Replacement: public + "/s/AAAA0000",
			}
		}
		out["notice-"+string(k)] = show(t, target, func(w http.ResponseWriter, r *http.Request) error { return p.Notice(w, r, n) })
	}
	out["inspect"] = show(t, target, func(w http.ResponseWriter, r *http.Request) error { return p.Inspect(w, r, someInspect()) })
	out["privacy"] = show(t, target, func(w http.ResponseWriter, r *http.Request) error {
		return p.Privacy(w, r, page.Privacy{SaltAge: 7*time.Hour + 12*time.Minute, Threshold: 5, RetentionMonths: 25})
	})
	c := someCard()
	c.Language = lang
	out["card"] = show(t, target, func(w http.ResponseWriter, r *http.Request) error { return p.Card(w, r, c) })
	return out
}

func TestGoldens(t *testing.T) {
	p := open(t)
	for _, lang := range []string{"fr", "en", "ar"} {
		for name, w := range everyPage(t, p, lang) {
			if name != "privacy" || lang != "ar" {
				golden(t, name+"."+lang+".html", w.Body.Bytes())
			}
		}
	}
}

// Every page in every language: of one language and direction, without script,
// and with a policy that allows its one style and nothing else.
func TestEveryPage(t *testing.T) {
	p := open(t)
	for _, lang := range page.Languages() {
		for name, w := range everyPage(t, p, lang) {
			t.Run(lang+"/"+name, func(t *testing.T) { checkPage(t, w, name, lang) })
		}
	}
}

func checkPage(t *testing.T, w *httptest.ResponseRecorder, name, lang string) {
	t.Helper()
	body := w.Body.String()
	style := styles.FindStringSubmatch(body)
	if style == nil {
		t.Fatal("no style")
	}
	sum := sha256.Sum256([]byte(style[1]))
	csp := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") || !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	if name == "privacy" && lang != "en" {
		lang = "fr"
	}
	nodes := parse(t, body)
	dir := map[bool]string{true: "rtl", false: "ltr"}[lang == "ar"]
	if root := nodes[0]; root.attr["lang"] != lang || root.attr["dir"] != dir || w.Header().Get("Content-Language") != lang {
		t.Errorf("lang %q, dir %q, header %v", root.attr["lang"], root.attr["dir"], w.Header())
	}
	for _, s := range find(nodes, "script") {
		if s.attr["type"] != "application/ld+json" {
			t.Errorf("script %v", s)
		}
	}
	if len(find(nodes, "h1")) != 1 || find(nodes, "h1")[0].text == "" || len(find(nodes, "title")) != 1 || find(nodes, "title")[0].text == "" {
		t.Errorf("no headline or title: %s", body)
	}
	if robots := w.Header().Get("X-Robots-Tag"); (robots == "noindex") == (name == "privacy") {
		t.Errorf("X-Robots-Tag %q", robots)
	}
	if w.Header().Get("Set-Cookie") != "" || strings.Contains(body, "%!") || strings.Contains(body, "%s") || strings.Contains(body, "ZgotmplZ") {
		t.Errorf("header %v, body %s", w.Header(), body)
	}
}

func TestLanguage(t *testing.T) {
	p := open(t)
	for _, c := range []struct{ query, accept, want string }{
		{"", "", "fr"},
		{"", "ja", "fr"},
		{"", "pt-BR,pt;q=.9", "pt"},
		{"?lang=AR", "de", "ar"},
		{"?lang=fr-CA", "de", "fr"},
		{"?lang=ja", "de", "de"},
		{"?lang=%0d%0a", "nl", "nl"},
		{"", strings.Repeat("xx;q=0.1,", 1200), "fr"},
	} {
		w := show(t, "/s/x"+c.query, func(w http.ResponseWriter, r *http.Request) error {
			return p.Notice(w, r, page.Notice{Kind: page.Unknown})
		}, "Accept-Language", c.accept)
		if got := w.Header().Get("Content-Language"); got != c.want {
			t.Errorf("%q for %.20q: %q, want %q", c.query, c.accept, got, c.want)
		}
		if got := strings.Join(w.Header().Values("Vary"), ", "); got != "Accept, Accept-Language" {
			t.Errorf("Vary %q", got)
		}
	}
}

// French lines break at no « », : ; ? !, and English words carry no apostrophe
// of a typewriter.
func TestTypography(t *testing.T) {
	source, err := os.ReadFile("words.json")
	if err != nil {
		t.Fatal(err)
	}
	french, err := os.ReadFile("templates/privacy.fr.html")
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(source), `"en":`)
	_, prose, _ := strings.Cut(string(french), "<main>")
	for _, text := range []string{head, prose} {
		if m := regexp.MustCompile(`\pL [:;?!»]|« `).FindString(text); m != "" {
			t.Errorf("a breaking space in %q", m)
		}
	}
	if m := regexp.MustCompile(`\pL'\pL`).FindString(string(source) + prose); m != "" {
		t.Errorf("a typewriter's apostrophe in %q", m)
	}
}
