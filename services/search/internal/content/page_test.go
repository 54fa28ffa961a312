// SPDX-License-Identifier: Apache-2.0

package content_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/content"
)

var update = flag.Bool("update", false, "write the golden files anew")

var styles = regexp.MustCompile(`(?s)<style>(.*?)</style>`)

// golden compares an answer, but for its style, with the file of a name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	got = styles.ReplaceAll(got, []byte("<style>…</style>"))
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// library is the recap in four languages, one of which the pages do not speak.
func library() *shelf {
	arabic := translated("ar", "سلسلة الكتل والجماعات المحلية")
	arabic.BodyHTML = "<p>قاعة ممتلئة.</p>"
	return &shelf{editions: []article.Edition{recap(), translated("en", "Blockchain and local government"), arabic, translated("sv", "Blockkedjan")}}
}

func TestGoldens(t *testing.T) {
	h := serve(t, library(), gazette())
	for name, target := range map[string]string{
		"page.fr.html": "recap/fr?format=html", "page.en.html": "recap/en?format=html", "page.ar.html": "recap/ar?format=html",
		"page.sv.html": "recap/sv?format=html", "article.fr.html": "recap/fr?part=article", "edition.fr.json": "recap/fr", "ninjs.fr.json": "recap/fr?format=ninjs",
	} {
		w := get(h, target)
		if w.Code != 200 {
			t.Fatalf("%s: %d %s", target, w.Code, w.Body)
		}
		body := w.Body.Bytes()
		if strings.HasSuffix(name, ".json") {
			var indented bytes.Buffer
			if err := json.Indent(&indented, body, "", "  "); err != nil {
				t.Fatal(err)
			}
			body = indented.Bytes()
		}
		golden(t, name, body)
	}
	gone := states()["canceled"].shelf
	for _, lang := range []string{"fr", "en", "ar"} {
		golden(t, "gone."+lang+".html", get(serve(t, &gone, gazette()), "recap?format=html", "Accept-Language", lang).Body.Bytes())
	}
}

func TestRefusalsAreSaidInEveryLanguage(t *testing.T) {
	seen := map[string]string{}
	for _, lang := range []string{"fr", "en", "de", "es", "it", "nl", "pt", "ar"} {
		w := get(serve(t, &shelf{}, gazette()), "recap?format=html", "Accept-Language", lang)
		title := first(t, w.Body.String(), "h1")
		if other, ok := seen[title]; ok || w.Header().Get("Content-Language") != lang {
			t.Errorf("%s and %s say %q: %v", lang, other, title, w.Header())
		}
		seen[title] = lang
	}
}

func TestHeadersOfThePage(t *testing.T) {
	w := get(serve(t, library(), gazette()), "recap/fr?format=html")
	style := styles.FindSubmatch(w.Body.Bytes())
	sum := sha256.Sum256(style[1])
	want := "default-src 'none'; img-src https: data:; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	if h := w.Header(); h.Get("Content-Security-Policy") != want || h.Get("X-Robots-Tag") != "noindex" {
		t.Errorf("headers %v", h)
	}
}

func TestEditionTellsAllThatIsPublic(t *testing.T) {
	names := func(t reflect.Type) []string {
		var out []string
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",") // of what is embedded: empty
			out = append(out, name)
		}
		return out
	}
	told := append(names(reflect.TypeFor[content.Edition]()), names(reflect.TypeFor[content.Among]())...)
	var kept []string
	for _, name := range names(reflect.TypeFor[article.Edition]()) {
		if !slices.Contains(told, name) {
			kept = append(kept, name)
		}
	}
	if diff := cmp.Diff([]string{"audience", "cancellation", "edNote", "embargoedUntil"}, kept); diff != "" {
		t.Errorf("a field is neither public nor kept back (-kept +missing):\n%s", diff)
	}
}

// walk calls fn for each element of a page.
func walk(t testing.TB, page string, fn func(*html.Node)) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			fn(n)
		}
	}
}

// first is the text of the first element of a name.
func first(t testing.TB, page, name string) string {
	t.Helper()
	var found *html.Node
	walk(t, page, func(n *html.Node) {
		if n.Data == name && found == nil {
			found = n
		}
	})
	if found == nil {
		t.Fatalf("no %s in %s", name, page)
	}
	var text strings.Builder
	for n := range found.Descendants() {
		if n.Type == html.TextNode {
			text.WriteString(n.Data)
		}
	}
	return text.String()
}

// linked is the JSON-LD of a page.
func linked(t testing.TB, page string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(first(t, page, "script")), &out); err != nil {
		t.Fatalf("JSON-LD: %v in %s", err, page)
	}
	return out
}

func TestFrenchPunctuationStaysWithItsWord(t *testing.T) {
	e := recap()
	e.Headline = "Villes : « demain » ? Oui !"
	body := get(serve(t, &shelf{editions: []article.Edition{e}}, gazette()), "recap/fr?format=html").Body.String()
	if got, want := first(t, body, "h1"), "Villes\u00a0: «\u00a0demain\u00a0»\u202f? Oui\u202f!"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := linked(t, body)["headline"]; got != e.Headline {
		t.Errorf("the headline was told as %q", got)
	}
}

func TestWhatIsMissingLeavesNoTrace(t *testing.T) {
	e := article.Edition{
		ID: "recap", Language: "fr", SourceLanguage: "fr", Version: 1, PubStatus: article.Usable, Headline: "H", BodyHTML: "<p>B</p>", BodyText: "B", ReadingMinutes: 1,
	}
	site := gazette()
	site.ArticleURL = ""
	golden(t, "least.fr.html", get(serve(t, &shelf{editions: []article.Edition{e}}, site), "recap/fr?part=article").Body.Bytes())
}

func TestLinkedData(t *testing.T) {
	h := serve(t, library(), gazette())
	got := linked(t, get(h, "recap/fr?format=html").Body.String())
	if got["@type"] != "NewsArticle" || got["@id"] != public+"/v1/content/recap/fr" || got["url"] != "https://gazette.example/fr/recap" || got["headline"] != recap().Headline {
		t.Errorf("%v", got)
	}
	event, _ := got["about"].([]any)[0].(map[string]any)
	if event["@type"] != "Event" || event["startDate"] != "2018-03-01T17:00:00Z" {
		t.Errorf("event %v", event)
	}
	if translations, _ := got["workTranslation"].([]any); len(translations) != 3 || got["translationOfWork"] != nil {
		t.Errorf("translations %v", got)
	}
	got = linked(t, get(h, "recap/en?part=article").Body.String())
	original, _ := got["translationOfWork"].(map[string]any)
	if original["@id"] != public+"/v1/content/recap/fr" || got["workTranslation"] != nil {
		t.Errorf("original %v", got)
	}
}

// listed holds what a page of ours has, but for the body's elements.
var listed = map[string]string{
	"html": "lang dir", "head": "", "meta": "charset name content", "title": "", "link": "rel href hreflang", "style": "", "body": "", "main": "",
	"article": "class lang dir", "header": "", "footer": "", "p": "class lang dir", "h1": "", "h2": "lang dir", "bdi": "", "a": "rel href hreflang lang",
	"time": "datetime", "aside": "class", "strong": "lang dir", "figure": "class", "img": "src alt width height", "div": "class", "ul": "class", "li": "",
	"br": "", "span": "lang dir", "nav": "", "script": "type",
}

// judge holds a page of hostile text to its promises.
func judge(t testing.TB, page, headline string) {
	t.Helper()
	scripts := 0
	walk(t, page, func(n *html.Node) {
		attrs, ok := listed[n.Data]
		if !ok {
			t.Errorf("the element %s in %s", n.Data, page)
		}
		if n.Data == "script" {
			scripts++
		}
		for _, a := range n.Attr {
			if !slices.Contains(strings.Fields(attrs), a.Key) {
				t.Errorf("the attribute %s of %s in %s", a.Key, n.Data, page)
			}
			if u, err := url.Parse(a.Val); (a.Key == "href" || a.Key == "src") && err == nil && u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" {
				t.Errorf("the address %s in %s", a.Val, page)
			}
		}
	})
	if scripts != 1 {
		t.Errorf("%d scripts in %s", scripts, page)
	}
	if got := linked(t, page)["headline"]; utf8.ValidString(headline) && got != headline {
		t.Errorf("the headline %q became %q", headline, got)
	}
}

func FuzzHTML(f *testing.F) {
	for _, hostile := range []string{
		"", "Une soirée", "</script><script>alert(1)</script>", "<!--<script>", "--><b>", "\u2028\u2029</", `" onload="alert(1)`, "' onload='", "]]>", "javascript:alert(1)",
		"\x00\xff", "`${x}", "</title><h1>", "{{.}}", "\\u003c/script\\u003e", "https://a.example/\"><script>", "&lt;script&gt;", "\u202e",
	} {
		f.Add(hostile, hostile, "https://img.example/a.jpg")
		f.Add("H", "N", hostile)
	}
	f.Fuzz(func(t *testing.T, text, name, address string) {
		e := recap()
		e.Headline, e.Description, e.Section, e.Correction, e.Copyright, e.UsageTerms = text, text, name, text, name, text
		e.Authors = []article.Author{{Name: name, URL: address}}
		e.People = []article.Person{{Name: name, Role: text, Affiliation: name, Rel: "speaker"}, {Name: text}}
		e.Event.Name, e.Event.Location, e.Event.URL = text, name, address
		e.Image = &article.Image{URL: address, Alt: text}
		e.BodyHTML = "<p>B</p>"
		site := gazette()
		site.Name, site.ArticleURL, e.CanonicalURL = name, "", address
		h := serve(t, &shelf{editions: []article.Edition{e}}, site)
		for _, query := range []string{"?format=html", "?part=article"} {
			w := get(h, "recap/fr"+query)
			if w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			judge(t, w.Body.String(), text)
		}
	})
}
