// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"html"
	"strconv"
	"time"

	"github.com/relais-press/relais/services/search/internal/catalog"
)

// ttl is how many minutes a reader may keep an RSS channel before it asks again.
const ttl = 15

// RSS renders RSS 2.0 with the whole texts (content:encoded), Dublin Core and
// Media RSS 1.5.1.
//
// Titles are plain text, and so is the channel's description; those of items are
// plain text escaped as HTML, for that is what readers take them for. Translations are not linked: readers that look
// for Atom links in RSS would send their readers to the translation.
func RSS(f *Feed) []byte {
	d := newDocument()
	d.open("rss", "version", "2.0",
		"xmlns:atom", "http://www.w3.org/2005/Atom", "xmlns:content", "http://purl.org/rss/1.0/modules/content/",
		"xmlns:dc", "http://purl.org/dc/elements/1.1/", "xmlns:media", "http://search.yahoo.com/mrss/")
	d.open("channel")
	about, _ := description(f.Language, f.Partner.Name)
	home := f.Home()
	if home == "" {
		home = f.PublicURL + "/" // RSS asks for one
	}
	d.text("title", f.Title())
	d.text("link", home)
	d.text("description", about)
	d.text("language", f.Language)
	if holder := f.holder(); holder != "" {
		d.text("copyright", "© "+holder)
	}
	if t := f.Updated(); !t.IsZero() {
		d.text("lastBuildDate", rfc822(t))
	}
	d.text("generator", "Relais")
	d.text("docs", "https://www.rssboard.org/rss-specification")
	d.text("ttl", strconv.Itoa(ttl))
	d.empty("atom:link", "rel", "self", "type", "application/rss+xml", "href", f.URL)
	for i := range f.Entries {
		rssItem(d, f, &f.Entries[i])
	}
	d.close("channel")
	d.close("rss")
	return d.out.Bytes()
}

func rssItem(d *document, f *Feed, entry *catalog.Entry) {
	e := &entry.Edition
	d.open("item")
	d.text("title", e.Headline)
	d.text("link", entry.URL)
	d.text("guid", catalog.URI(f.PublicURL, e.ID, e.Language), "isPermaLink", "false")
	if !e.DatePublished.IsZero() {
		d.text("pubDate", rfc822(e.DatePublished))
	}
	for _, a := range e.Authors {
		d.text("dc:creator", a.Name)
	}
	for _, t := range tags(e) {
		d.text("category", t)
	}
	d.text("dc:language", e.Language)
	d.text("dc:rights", rights(e))
	d.text("description", html.EscapeString(e.Description))
	d.markup("content:encoded", content(e))
	if im := e.Image; im != nil {
		d.open("media:content", "url", im.URL, "medium", "image", "type", mediaType(im.URL),
			"width", pixels(im.Width), "height", pixels(im.Height))
		d.text("media:description", im.Alt, "type", "plain")
		d.close("media:content")
	}
	d.close("item")
}

// rfc822 is a time as RSS writes it: RFC 822 with four digits of the year.
func rfc822(t time.Time) string { return t.UTC().Format(time.RFC1123Z) }

// pixels is a length; empty when it is unknown.
func pixels(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}
