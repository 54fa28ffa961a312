// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/schemaorg"
)

// MaxCard is what a card stays under, whatever it is made of, in bytes: some
// crawlers read no further.
const MaxCard = 10_000

// The size of a card's picture in pixels.
const (
	ImageWidth  = 1200
	ImageHeight = 630
)

// Card is what is told of an article to a program that draws a preview of a
// link. Texts are plain and may come from anywhere; addresses that are not http
// or https are left out.
type Card struct {
	URL         string   // the short URL as it was asked for
	Target      string   // the article at the partner
	Language    string   // BCP 47, of the edition told of
	Languages   []string // those the link is available in
	Headline    string
	Description string
	Site        string // the partner's name; empty: Relais
	SiteURL     string // the partner's home; may be empty
	Section     string
	Authors     []Author
	Published   time.Time
	Modified    time.Time
	Image       string // 1200×630; may be empty
	ImageAlt    string // empty: the headline
}

// Author is a byline.
type Author struct{ Name, URL string }

// Card answers with a page of Open Graph (ogp.me), Twitter and JSON-LD
// (schema.org NewsArticle) data, hreflang alternates and oEmbed discovery. A
// human who lands there goes on by the headline. How long it may be kept is the
// caller's to say.
func (p *Pages) Card(w http.ResponseWriter, r *http.Request, c Card) error {
	body, err := p.card(c)
	if err != nil {
		return err
	}
	if !article.ValidLanguage(c.Language) {
		c.Language = ""
	}
	w.Header().Set("X-Robots-Tag", "noindex")
	return p.write(w, r, http.StatusOK, c.Language, "", body)
}

// measure is how much of a card's input is told, in characters and items.
type measure struct{ title, text, languages, address int }

// card draws a card, telling less until it is small enough. The last measure
// is small enough for every input.
func (p *Pages) card(c Card) ([]byte, error) {
	var body []byte
	for _, m := range []measure{
		{140, 200, 40, 2048}, {140, 200, 8, 1024}, {70, 100, 0, 512}, {40, 0, 0, 256}, {title: 40},
	} {
		var err error
		if body, err = p.draw("card.html", p.told(c, m)); err != nil || len(body) < MaxCard {
			return body, err
		}
	}
	return body, nil
}

// card is what the template shows.
type card struct {
	Card
	Lang                string
	ShortTitle, Locale  string
	Locales             []string
	Alternates          []Destination
	JSON, XML           string // oEmbed discovery
	Published, Modified string // RFC 3339
	ImageWidth          int
	ImageHeight         int
	Linked              schemaorg.NewsArticle
	ImageText           string
}

// told is a card within a measure.
func (p *Pages) told(c Card, m measure) card {
	c = c.within(m)
	out := card{
		Card: c, ShortTitle: cut(c.Headline, 70), ImageText: cut(c.ImageAlt, m.title),
		Locale: openGraphLocale(c.Language), Published: schemaorg.Stamp(c.Published), Modified: schemaorg.Stamp(c.Modified),
		ImageWidth: ImageWidth, ImageHeight: ImageHeight, Linked: c.linked(),
	}
	if c.URL != "" {
		endpoint := p.publicURL + "/oembed?url=" + url.QueryEscape(c.URL)
		out.JSON, out.XML = endpoint+"&format=json", endpoint+"&format=xml"
	}
	for _, tag := range c.Languages {
		if l := openGraphLocale(tag); l != "" && l != out.Locale && !slices.Contains(out.Locales, l) {
			out.Locales = append(out.Locales, l)
		}
		if u := withLanguage(c.URL, tag); c.URL != "" {
			out.Alternates = append(out.Alternates, Destination{tag, u})
		}
	}
	if len(out.Alternates) > 0 {
		out.Alternates = append(out.Alternates, Destination{"x-default", withLanguage(c.URL, "")})
	}
	return out
}

// within is a card's input, cleaned and cut to a measure.
func (c Card) within(m measure) Card {
	bounded := func(s string) string {
		if s = address(s); len(s) > m.address {
			return ""
		}
		return s
	}
	c.URL, c.Target, c.SiteURL, c.Image = bounded(c.URL), bounded(c.Target), bounded(c.SiteURL), bounded(c.Image)
	c.Headline, c.Description = cut(clean(c.Headline), m.title), cut(clean(c.Description), m.text)
	c.Site, c.Section, c.ImageAlt = cut(clean(c.Site), 60), cut(clean(c.Section), 60), clean(c.ImageAlt)
	if c.Site == "" {
		c.Site = publisher
	}
	if c.Headline == "" {
		c.Headline = c.Site
	}
	if c.ImageAlt == "" {
		c.ImageAlt = c.Headline
	}
	unknown := func(tag string) bool { return !article.ValidLanguage(tag) }
	if unknown(c.Language) {
		c.Language = ""
	}
	c.Languages = slices.DeleteFunc(slices.Clone(c.Languages), unknown)
	c.Languages = c.Languages[:min(len(c.Languages), m.languages)]
	authors := c.Authors[:min(len(c.Authors), m.text/50)]
	c.Authors = make([]Author, 0, len(authors))
	for _, a := range authors {
		c.Authors = append(c.Authors, Author{cut(clean(a.Name), 60), bounded(a.URL)})
	}
	return c
}

// publisher is who answers for a card that no partner does.
const publisher = "Relais"

// linked is the JSON-LD of a card.
func (c Card) linked() schemaorg.NewsArticle {
	n := schemaorg.NewsArticle{
		Headline: cut(c.Headline, 110), Description: c.Description, InLanguage: c.Language, URL: c.Target,
		DatePublished: schemaorg.Stamp(c.Published), DateModified: schemaorg.Stamp(c.Modified),
		Section: c.Section, Publisher: &schemaorg.Organization{Name: c.Site, URL: c.SiteURL},
	}
	if c.Image != "" {
		n.Image = []schemaorg.Image{{URL: c.Image}}
	}
	for _, a := range c.Authors {
		if a.Name != "" {
			n.Author = append(n.Author, schemaorg.Person{Name: a.Name, URL: a.URL})
		}
	}
	return n
}
