// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// head is what a page says of itself outside its text.
type head struct {
	headline, description, language, section, canonical string
	authors                                             []article.Author
	keywords                                            []string
	image                                               *article.Image
	published                                           time.Time
}

// readHead reads a page's head: JSON-LD first, then Open Graph and meta
// elements, then the title and the first heading.
func readHead(doc *html.Node) head {
	var h head
	meta := map[string][]string{}
	var title, heading string
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.DataAtom {
		case atom.Html:
			h.language = tagOf(attribute(n, "lang"))
		case atom.Title:
			title = firstText(title, textOf(n))
		case atom.H1:
			heading = firstText(heading, textOf(n))
		case atom.Link:
			if strings.EqualFold(attribute(n, "rel"), "canonical") {
				h.canonical = firstText(h.canonical, webURL(attribute(n, "href")))
			}
		case atom.Meta:
			name := strings.ToLower(firstText(attribute(n, "property"), attribute(n, "name")))
			if content := plain.NormalizeLine(attribute(n, "content")); name != "" && content != "" {
				meta[name] = append(meta[name], content)
			}
		case atom.Script:
			if strings.EqualFold(attribute(n, "type"), "application/ld+json") {
				h.linkedData(textOf(n))
			}
		}
	}
	h.metadata(meta)
	h.headline = plain.NormalizeLine(firstText(h.headline, first(meta["og:title"]), heading, withoutSite(title, first(meta["og:site_name"]))))
	h.headline = withoutSite(h.headline, first(meta["og:site_name"]))
	h.description = plain.NormalizeLine(h.description)
	return h
}

// metadata fills what JSON-LD left open.
func (h *head) metadata(meta map[string][]string) {
	h.description = firstText(h.description, first(meta["og:description"]), first(meta["description"]))
	h.section = firstText(h.section, first(meta["article:section"]))
	h.canonical = firstText(h.canonical, webURL(first(meta["og:url"])))
	h.language = firstText(h.language, tagOf(first(meta["og:locale"])))
	if h.published.IsZero() {
		h.published = moment(firstText(first(meta["article:published_time"]), first(meta["date"])))
	}
	if len(h.authors) == 0 {
		for _, name := range slices.Concat(meta["author"], meta["article:author"]) {
			if webURL(name) == "" {
				h.author(name, "")
			}
		}
	}
	if len(h.keywords) == 0 {
		for _, list := range slices.Concat(meta["article:tag"], meta["keywords"]) {
			h.tags(strings.Split(list, ","))
		}
	}
	if h.image == nil {
		if u := webURL(first(meta["og:image"])); u != "" {
			h.image = &article.Image{URL: u, Alt: first(meta["og:image:alt"])}
		}
	}
}

// linkedData reads one JSON-LD block: an article, or a graph that holds one.
func (h *head) linkedData(source string) {
	var value any
	if json.Unmarshal([]byte(source), &value) != nil {
		return
	}
	for _, node := range nodes(value, 0) {
		if !slices.ContainsFunc(texts(node["@type"]), func(t string) bool { return strings.HasSuffix(t, "Article") || t == "BlogPosting" || t == "Report" }) {
			continue
		}
		h.headline = firstText(h.headline, first(texts(node["headline"])))
		h.description = firstText(h.description, first(texts(node["description"])))
		h.section = firstText(h.section, plain.NormalizeLine(first(texts(node["articleSection"]))))
		h.language = firstText(tagOf(first(texts(node["inLanguage"]))), h.language)
		if h.published.IsZero() {
			h.published = moment(first(texts(node["datePublished"])))
		}
		for _, author := range nodes(node["author"], 0) {
			h.author(first(texts(author["name"])), first(texts(author["url"])))
		}
		if len(h.authors) == 0 {
			for _, name := range texts(node["author"]) {
				h.author(name, "")
			}
		}
		for _, list := range texts(node["keywords"]) {
			h.tags(strings.Split(list, ","))
		}
		h.picture(node["image"])
	}
}

func (h *head) picture(value any) {
	u := webURL(first(texts(value)))
	if list := nodes(value, 0); u == "" && len(list) > 0 {
		u = webURL(first(texts(list[0]["url"])))
	}
	if u != "" && h.image == nil {
		h.image = &article.Image{URL: u}
	}
}

func (h *head) author(name, address string) {
	name = plain.NormalizeLine(name)
	known := slices.ContainsFunc(h.authors, func(a article.Author) bool { return a.Name == name })
	if name != "" && !known && len(h.authors) < 20 {
		h.authors = append(h.authors, article.Author{Name: name, URL: webURL(address)})
	}
}

func (h *head) tags(list []string) {
	for _, k := range list {
		if k = plain.NormalizeLine(k); k != "" && !slices.Contains(h.keywords, k) && len(h.keywords) < 20 {
			h.keywords = append(h.keywords, k)
		}
	}
}

// nodes lists the objects of a JSON-LD value: itself, an array's, a graph's.
func nodes(value any, depth int) []map[string]any {
	if depth > 4 {
		return nil
	}
	switch v := value.(type) {
	case map[string]any:
		return append([]map[string]any{v}, nodes(v["@graph"], depth+1)...)
	case []any:
		var out []map[string]any
		for _, item := range v {
			out = append(out, nodes(item, depth+1)...)
		}
		return out
	}
	return nil
}

// texts lists the strings of a JSON-LD value: itself, or an array's.
func texts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// firstText is the first text that is not blank.
func firstText(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// withoutSite takes the site's name off a title: "Title – Site".
func withoutSite(title, site string) string {
	title = plain.NormalizeLine(title)
	if site == "" {
		return title
	}
	for _, sign := range []string{" – ", " - ", " | ", " — ", " · "} {
		if rest, ok := strings.CutSuffix(title, sign+site); ok {
			return rest
		}
	}
	return title
}

// tagOf is a language tag in canonical form, also of Open Graph's fr_FR; a
// region that only repeats the language's own is dropped.
func tagOf(s string) string {
	tag, err := language.Canonical(strings.ReplaceAll(strings.TrimSpace(s), "_", "-"))
	if err != nil {
		return ""
	}
	if b, region, ok := strings.Cut(tag, "-"); ok && strings.EqualFold(b, region) {
		return b
	}
	return tag
}

// moment reads a date, or a date and time, in UTC; zero when it is neither.
func moment(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
