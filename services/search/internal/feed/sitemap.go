// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"strings"

	"github.com/relais-press/relais/services/search/internal/catalog"
)

// Sitemap renders a news sitemap (sitemaps.org 0.9, Google News 0.9) of the
// entries that have an address; it takes no texts. Each names all its
// translations, itself among them, and the original as x-default
// (xhtml:link); the sitemaps of the other languages name the same set, so the
// links are reciprocal. Without entries it is empty: no error to Google, if a
// warning in its console.
//
// The addresses are the partner's own: for it to publish under its own host, or
// to name in its robots.txt.
func Sitemap(f *Feed) []byte {
	d := newDocument()
	d.open("urlset", "xmlns", "http://www.sitemaps.org/schemas/sitemap/0.9",
		"xmlns:news", "http://www.google.com/schemas/sitemap-news/0.9", "xmlns:xhtml", "http://www.w3.org/1999/xhtml")
	for i := range f.Entries {
		if f.Entries[i].URL != "" {
			sitemapURL(d, f, &f.Entries[i])
		}
	}
	d.close("urlset")
	return d.out.Bytes()
}

func sitemapURL(d *document, f *Feed, entry *catalog.Entry) {
	e := &entry.Edition
	d.open("url")
	d.text("loc", entry.URL)
	d.instant("lastmod", e.Modified())
	d.open("news:news")
	d.open("news:publication")
	d.text("news:name", f.Partner.Name)
	d.text("news:language", newsLanguage(e.Language))
	d.close("news:publication")
	d.instant("news:publication_date", e.DatePublished)
	d.text("news:title", e.Headline)
	d.close("news:news")
	original := ""
	for _, t := range alternates(entry) {
		d.empty("xhtml:link", "rel", "alternate", "hreflang", t.Language, "href", t.URL)
		if t.Original {
			original = t.URL
		}
	}
	if original != "" {
		d.empty("xhtml:link", "rel", "alternate", "hreflang", "x-default", "href", original)
	}
	d.close("url")
}

// newsLanguage is a language as Google News has it: the ISO 639 code alone,
// but for Chinese, where the script is told by zh-cn and zh-tw.
func newsLanguage(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	switch {
	case base != "zh":
		return base
	case strings.HasPrefix(tag, "zh-Hant"), tag == "zh-TW", tag == "zh-HK", tag == "zh-MO":
		return "zh-tw"
	}
	return "zh-cn"
}
