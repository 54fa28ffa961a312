// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"net/url"
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
	rights                                              string
}

// readHead reads a page's head: JSON-LD first, then Open Graph and meta
// elements, then the title and the first heading.
func readHead(doc *html.Node) head {
	var h head
	meta := map[string][]string{}
	var title, heading, base, canonical string
	var when stamp
	var blocks []string
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
		case atom.Base:
			base = firstText(base, attribute(n, "href"))
		case atom.Time:
			when.read(n)
		case atom.Link:
			if strings.EqualFold(attribute(n, "rel"), "canonical") {
				canonical = firstText(canonical, attribute(n, "href"))
			}
		case atom.Meta:
			name := strings.ToLower(firstText(attribute(n, "property"), attribute(n, "name")))
			if content := plain.NormalizeLine(attribute(n, "content")); name != "" && content != "" {
				meta[name] = append(meta[name], content)
			}
		case atom.Script:
			if strings.EqualFold(attribute(n, "type"), "application/ld+json") {
				blocks = append(blocks, textOf(n))
			}
		}
	}
	h.linkedData(blocks)
	h.canonical = absolute(canonical, base, first(meta["og:url"]))
	h.metadata(meta)
	if h.published.IsZero() {
		h.published = when.moment
	}
	h.headline = plain.NormalizeLine(firstText(h.headline, first(meta["og:title"]), heading, withoutSite(title, first(meta["og:site_name"]))))
	h.headline = withoutSite(h.headline, first(meta["og:site_name"]))
	h.description = plain.NormalizeLine(h.description)
	return h
}

// metadata fills what JSON-LD left open.
func (h *head) metadata(meta map[string][]string) {
	pick := func(names ...string) string {
		for _, name := range names {
			if s := firstText(meta[name]...); s != "" {
				return s
			}
		}
		return ""
	}
	h.description = firstText(h.description, pick("og:description", "description", "dc.description", "dcterms.description"))
	h.section = firstText(h.section, pick("article:section", "parsely-section", "dc.subject.category"))
	h.canonical = firstText(h.canonical, webURL(pick("og:url")))
	h.language = firstText(h.language, tagOf(pick("og:locale")), tagOf(pick("dc.language", "dcterms.language")))
	if h.published.IsZero() {
		h.published = moment(pick("article:published_time", "parsely-pub-date", "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date", "dcterms.date", "date", "datepublished", "pubdate"))
	}
	if len(h.authors) == 0 {
		for _, name := range slices.Concat(meta["author"], meta["article:author"], meta["parsely-author"], meta["dc.creator"], meta["dcterms.creator"]) {
			if webURL(name) == "" {
				h.author(name, "")
			}
		}
	}
	if len(h.keywords) == 0 {
		for _, list := range slices.Concat(meta["article:tag"], meta["parsely-tags"], meta["keywords"], meta["dc.subject"]) {
			h.tags(strings.Split(list, ","))
		}
	}
	if h.image == nil {
		if u := webURL(pick("og:image", "og:image:url", "og:image:secure_url")); u != "" {
			h.image = &article.Image{URL: u, Alt: pick("og:image:alt"), Width: pixels(pick("og:image:width")), Height: pixels(pick("og:image:height"))}
		}
	}
}

// absolute resolves a canonical address: by the page's base, or by the address
// that Open Graph gives.
func absolute(address, base, page string) string {
	if u := webURL(address); u != "" || strings.TrimSpace(address) == "" {
		return u
	}
	for _, from := range []string{base, page} {
		at, err := url.Parse(webURL(from))
		if err != nil || at.Host == "" {
			continue
		}
		if u, err := at.Parse(strings.TrimSpace(address)); err == nil {
			return webURL(u.String())
		}
	}
	return ""
}

// stamp is the time that a page's <time> elements give for its publication.
type stamp struct {
	moment time.Time
	weight int
}

// read looks at one <time>: one that says it is of publication counts most,
// then the first; one of a change never.
func (s *stamp) read(n *html.Node) {
	names := strings.ToLower(attribute(n, "class") + " " + attribute(n, "itemprop"))
	weight := 1
	switch {
	case strings.Contains(names, "modif") || strings.Contains(names, "updated") && !strings.Contains(names, "published"):
		return
	case strings.Contains(names, "publi") || strings.Contains(names, "entry-date") || hasAttribute(n, "pubdate"):
		weight = 2
	}
	if t := moment(attribute(n, "datetime")); !t.IsZero() && weight > s.weight {
		s.moment, s.weight = t, weight
	}
}

func hasAttribute(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
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
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05Z07:00", time.RFC1123Z, time.RFC1123, time.DateOnly, "2006/01/02", "20060102"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil && t.Year() > 0 && t.Year() < 10_000 {
			return t.UTC()
		}
	}
	return time.Time{}
}
