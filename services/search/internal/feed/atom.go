// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/catalog"
)

// Atom renders an Atom feed (RFC 4287) with the whole texts, links to the
// translations (rel=alternate with hreflang, after the entry's own address, since
// readers take the first; none without one) and tombstones of what has gone (RFC 6721), which say why it was canceled.
//
// An entry's updated is the creation of its newest version, or the end of its
// embargo where that is later. A feed that never held anything was updated at
// the Unix epoch: Atom asks for a date, and that of the request would make
// another feed of it every second.
func Atom(f *Feed) []byte {
	d := newDocument()
	d.open("feed", "xmlns", "http://www.w3.org/2005/Atom", "xmlns:at", "http://purl.org/atompub/tombstones/1.0", "xml:lang", f.Language)
	d.text("id", f.ID())
	d.text("title", f.Title())
	subtitle, lang := description(f.Language, f.Partner.Name)
	d.text("subtitle", subtitle, "xml:lang", lang)
	newest := f.Updated()
	if newest.IsZero() {
		newest = time.Unix(0, 0)
	}
	d.instant("updated", newest)
	d.empty("link", "rel", "self", "type", "application/atom+xml", "href", f.URL)
	if home := f.Home(); home != "" {
		d.empty("link", "rel", "alternate", "type", "text/html", "href", home)
	}
	person(d, article.Author{Name: f.Partner.Name, URL: f.Partner.HomeURL})
	if holder := f.holder(); holder != "" {
		d.text("rights", "© "+holder)
	}
	d.text("generator", "Relais")
	for i := range f.Entries {
		atomEntry(d, f, &f.Entries[i])
	}
	for i := range f.Gone {
		tombstone(d, f, &f.Gone[i])
	}
	d.close("feed")
	return d.out.Bytes()
}

func atomEntry(d *document, f *Feed, entry *catalog.Entry) {
	e := &entry.Edition
	d.open("entry", "xml:lang", e.Language)
	d.text("id", catalog.URI(f.PublicURL, e.ID, e.Language))
	d.text("title", e.Headline)
	d.instant("published", e.DatePublished)
	d.instant("updated", e.Modified())
	if entry.URL != "" {
		d.empty("link", "rel", "alternate", "type", "text/html", "hreflang", e.Language, "href", entry.URL)
		for _, t := range alternates(entry) {
			if t.Language != e.Language {
				d.empty("link", "rel", "alternate", "type", "text/html", "hreflang", t.Language, "href", t.URL)
			}
		}
	}
	if im := e.Image; im != nil {
		d.empty("link", "rel", "enclosure", "type", mediaType(im.URL), "title", im.Alt, "href", im.URL)
	}
	for _, a := range authors(e) {
		person(d, a)
	}
	for _, t := range tags(e) {
		d.empty("category", "term", t)
	}
	d.text("rights", rights(e))
	d.text("summary", e.Description)
	d.markup("content", content(e), "type", "html")
	d.close("entry")
}

// authors are who wrote an edition, else who holds its copyright; none: the
// feed's author, the partner, stands for it.
func authors(e *article.Edition) []article.Author {
	if holder := e.Holder(); len(e.Authors) == 0 && holder != "" {
		return []article.Author{{Name: holder}}
	}
	return e.Authors
}

func person(d *document, a article.Author) {
	d.open("author")
	d.text("name", a.Name)
	d.text("uri", a.URL)
	d.close("author")
}

func tombstone(d *document, f *Feed, t *catalog.Tombstone) {
	d.open("at:deleted-entry", "ref", catalog.URI(f.PublicURL, t.ID, t.Language), "when", instant(t.At))
	if c := t.Cancellation; c != nil {
		d.text("at:comment", c.Reason, "xml:lang", t.Language)
	}
	d.close("at:deleted-entry")
}
