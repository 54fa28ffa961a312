// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/relais-press/relais/services/share/internal/page"
)

func someCard() page.Card {
	return page.Card{
		URL: public + "/s/7KQ2M9XA?lang=fr", Target: "https://gazette.example/fr/recap-blockchain", Language: "fr", Languages: []string{"fr", "en", "ar", "zh-Hant"},
		Headline:    "La blockchain au service des collectivités : ce qu’il faut retenir de la soirée du ministère",
		Description: "Une soixantaine de personnes avaient répondu à l’invitation. " + strings.Repeat("Retour sur les échanges. ", 10),
		Site:        "La Gazette", SiteURL: "https://gazette.example/", Section: "Numérique", Authors: []page.Author{{Name: "Ada Martin", URL: "https://gazette.example/ada"}},
		Published: time.Date(2026, 11, 24, 9, 0, 0, 0, time.FixedZone("CET", 3600)), Modified: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC),
		Image: public + "/cards/recap/fr.png",
	}
}

func drawCard(t testing.TB, p *page.Pages, c page.Card) string {
	t.Helper()
	w := show(t, "/s/7KQ2M9XA", func(w http.ResponseWriter, r *http.Request) error { return p.Card(w, r, c) })
	if w.Code != http.StatusOK || w.Body.Len() >= page.MaxCard {
		t.Fatalf("status %d, %d bytes", w.Code, w.Body.Len())
	}
	return w.Body.String()
}

// tags are the contents of a page's meta elements by property or name.
func tags(nodes []node) map[string][]string {
	out := map[string][]string{}
	for _, n := range find(nodes, "meta") {
		name := n.attr["property"] + n.attr["name"]
		out[name] = append(out[name], n.attr["content"])
	}
	return out
}

func TestCardTags(t *testing.T) {
	nodes := parse(t, drawCard(t, open(t), someCard()))
	meta := tags(nodes)
	headline := someCard().Headline
	for name, want := range map[string]string{
		"og:type": "article", "og:title": headline, "og:url": public + "/s/7KQ2M9XA?lang=fr",
		"og:image": public + "/cards/recap/fr.png", "og:image:width": "1200", "og:image:height": "630", "og:image:alt": headline,
		"og:site_name": "La Gazette", "og:locale": "fr_FR", "article:published_time": "2026-11-24T08:00:00Z", "article:modified_time": "2026-11-25T08:00:00Z",
		"article:section": "Numérique", "twitter:card": "summary_large_image", "twitter:image": public + "/cards/recap/fr.png", "twitter:image:alt": headline,
		"twitter:title": "La blockchain au service des collectivités : ce qu’il faut retenir de…", "robots": "noindex",
		"og:description":      "Une soixantaine de personnes avaient répondu à l’invitation. " + strings.Repeat("Retour sur les échanges. ", 5) + "Retour sur…",
		"twitter:description": meta["og:description"][0],
	} {
		if got := meta[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := meta["og:locale:alternate"]; !slices.Equal(got, []string{"en_US", "ar_AR", "zh_TW"}) {
		t.Errorf("other locales %q", got)
	}
	if find(nodes, "title")[0].text != headline || find(nodes, "h1")[0].text != headline || find(nodes, "a")[0].attr["href"] != someCard().Target {
		t.Errorf("nodes %v", nodes)
	}
	if _, ok := nodes[0].attr["refresh"]; ok || strings.Contains(strings.ToLower(fmt.Sprint(nodes)), "canonical") {
		t.Error("a canonical address, or a refresh")
	}
}

func TestCardLinks(t *testing.T) {
	links := map[string]string{}
	for _, n := range find(parse(t, drawCard(t, open(t), someCard())), "link") {
		links[n.attr["rel"]+" "+n.attr["hreflang"]+n.attr["type"]] = n.attr["href"]
	}
	endpoint := public + "/oembed?url=https%3A%2F%2Frelais.example%2Fs%2F7KQ2M9XA%3Flang%3Dfr&format="
	for name, want := range map[string]string{
		"alternate fr": public + "/s/7KQ2M9XA?lang=fr", "alternate en": public + "/s/7KQ2M9XA?lang=en", "alternate ar": public + "/s/7KQ2M9XA?lang=ar",
		"alternate zh-Hant": public + "/s/7KQ2M9XA?lang=zh-Hant", "alternate x-default": public + "/s/7KQ2M9XA",
		"alternate application/json+oembed": endpoint + "json", "alternate text/xml+oembed": endpoint + "xml",
	} {
		if links[name] != want {
			t.Errorf("%s is %q, want %q", name, links[name], want)
		}
	}
	if len(links) != 7 {
		t.Errorf("links %v", links)
	}
}

// linked decodes the JSON-LD of a page, which has one.
func linked(t testing.TB, nodes []node) map[string]any {
	t.Helper()
	scripts := find(nodes, "script")
	if len(scripts) != 1 || scripts[0].attr["type"] != "application/ld+json" {
		t.Fatalf("scripts %v", scripts)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(scripts[0].text), &out); err != nil {
		t.Fatalf("%v: %s", err, scripts[0].text)
	}
	return out
}

func TestCardLinkedData(t *testing.T) {
	got := linked(t, parse(t, drawCard(t, open(t), someCard())))
	for name, want := range map[string]any{
		"@context": "https://schema.org", "@type": "NewsArticle", "headline": someCard().Headline, "inLanguage": "fr", "url": someCard().Target,
		"datePublished": "2026-11-24T08:00:00Z", "dateModified": "2026-11-25T08:00:00Z", "articleSection": "Numérique",
		"image":     []any{public + "/cards/recap/fr.png"},
		"publisher": map[string]any{"@type": "Organization", "name": "La Gazette", "url": "https://gazette.example/"},
		"author":    []any{map[string]any{"@type": "Person", "name": "Ada Martin", "url": "https://gazette.example/ada"}},
	} {
		if fmt.Sprint(got[name]) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
}

func TestLocales(t *testing.T) {
	p := open(t)
	for tag, want := range map[string]string{
		"fr": "fr_FR", "fr-CA": "fr_CA", "en-GB": "en_GB", "pt-BR": "pt_BR", "zh-Hant-HK": "zh_HK", "zh-Hant": "zh_TW", "ar": "ar_AR",
		"es-419": "es_ES", "ca-valencia": "ca_ES", "tlh": "", "nonsense!": "", "": "",
	} {
		c := someCard()
		c.Language, c.Languages = tag, nil
		if got := strings.Join(tags(parse(t, drawCard(t, p, c)))["og:locale"], " "); got != want {
			t.Errorf("%q gives %q, want %q", tag, got, want)
		}
	}
}

func hostile() []string {
	return []string{
		"", "</script><script>alert(1)</script>", "<!--<script>", "]]><![CDATA[", `"><meta http-equiv="refresh" content="0;url=https://evil.example">`,
		"'\"`onload=alert(1) x='", "\u202eevil\u202c \u2066x", "\xff\xfe\x80", "\x00\x01\x1b[31m", "a\u2028b\u2029c", strings.Repeat("<", 10_000),
		strings.Repeat("&", 10_000), strings.Repeat("é ", 5_000), strings.Repeat("🧑‍🚒", 3_000), strings.Repeat("e\u0301", 5_000), "{{.Target}}", "${x}", "</title></h1>",
	}
}

func TestCardOfHostileInput(t *testing.T) {
	p := open(t)
	for _, text := range hostile() {
		t.Run(fmt.Sprintf("%.12q", text), func(t *testing.T) { checkHostile(t, p, text) })
	}
}

func FuzzCard(f *testing.F) {
	p := open(f)
	for _, text := range hostile() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkHostile(t, p, text) })
}

// checkHostile puts a text everywhere and asks that a card keeps its shape: as
// many elements of each kind as it is due, attributes of its own only.
func checkHostile(t *testing.T, p *page.Pages, text string) {
	t.Helper()
	c := page.Card{
		URL: public + "/s/7KQ2M9XA", Target: "https://gazette.example/" + text, Language: text, Languages: []string{"fr", text},
		Headline: text, Description: text, Site: text, SiteURL: text, Section: text, Image: "https://relais.example/" + text, ImageAlt: text,
		Authors: slices.Repeat([]page.Author{{Name: text, URL: text}}, 50),
	}
	body := drawCard(t, p, c)
	if !utf8.ValidString(body) || strings.ContainsAny(body, "\x00\u202a\u202b\u202d\u202e\u2066\u2067\u2068") {
		t.Errorf("body %q", body)
	}
	nodes := parse(t, body)
	for name, most := range map[string]int{
		"html": 1, "head": 1, "title": 1, "meta": 24, "link": 5, "script": 1, "style": 1, "body": 1, "main": 1, "p": 2, "h1": 1, "a": 1,
	} {
		if n := len(find(nodes, name)); n > most {
			t.Errorf("%d elements %s: %s", n, name, body)
		}
	}
	allowed := strings.Fields("html head title meta link script style body main p h1 a")
	attributes := strings.Fields("lang dir prefix charset property name content rel type href hreflang title class")
	for _, n := range nodes {
		if !slices.Contains(allowed, n.name) {
			t.Errorf("element %s in %s", n.name, body)
		}
		for a := range n.attr {
			if !slices.Contains(attributes, a) {
				t.Errorf("attribute %s of %s in %s", a, n.name, body)
			}
		}
	}
	if h := linked(t, nodes)["headline"]; h == "" {
		t.Errorf("headline %v", h)
	}
	for _, title := range tags(nodes)["twitter:title"] {
		if utf8.RuneCountInString(title) > 70 {
			t.Errorf("title of %d characters", utf8.RuneCountInString(title))
		}
	}
	for _, a := range find(nodes, "a") {
		if !strings.HasPrefix(a.attr["href"], "https://gazette.example/") {
			t.Errorf("href %q", a.attr["href"])
		}
	}
}

// The largest addresses that an article and a partner may have.
func TestCardOfLongAddresses(t *testing.T) {
	p := open(t)
	long := func(s string) string { return "https://gazette.example/?" + strings.Repeat(s, 2000) }
	for _, s := range []string{"&", "é", "a", "'", "+"} {
		c := someCard()
		c.Target, c.SiteURL, c.Image, c.Languages = long(s), long(s), long(s), slices.Repeat([]string{"fr"}, 500)
		c.Headline, c.Description = strings.Repeat("& ", 500), strings.Repeat("< ", 500)
		c.Authors = slices.Repeat([]page.Author{{Name: strings.Repeat("'", 100), URL: long(s)}}, 500)
		linked(t, parse(t, drawCard(t, p, c)))
	}
}
