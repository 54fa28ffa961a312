// SPDX-License-Identifier: Apache-2.0

package page

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/relais-press/relais/pkg/language"
)

// ErrFormat says that an oEmbed answer was asked for in another format than
// json and xml. The specification wants the status 501 then.
var ErrFormat = errors.New("oembed: no such format")

// The size of an oEmbed answer that nobody bounds, and how long it may be kept.
const (
	embedWidth  = 600 // pixels
	embedHeight = 400 // pixels
	embedAge    = 3600
)

// OEmbed is an answer of oEmbed 1.0 (oembed.com §2.3) of the type "rich".
// Sizes are in pixels, CacheAge in seconds. A thumbnail comes with its sizes or
// not at all.
type OEmbed struct {
	XMLName         xml.Name `json:"-" xml:"oembed"`
	Version         string   `json:"version" xml:"version"`
	Type            string   `json:"type" xml:"type"`
	Title           string   `json:"title" xml:"title"`
	AuthorName      string   `json:"author_name,omitempty" xml:"author_name,omitempty"`
	AuthorURL       string   `json:"author_url,omitempty" xml:"author_url,omitempty"`
	ProviderName    string   `json:"provider_name" xml:"provider_name"`
	ProviderURL     string   `json:"provider_url,omitempty" xml:"provider_url,omitempty"`
	CacheAge        int      `json:"cache_age" xml:"cache_age"`
	ThumbnailURL    string   `json:"thumbnail_url,omitempty" xml:"thumbnail_url,omitempty"`
	ThumbnailWidth  int      `json:"thumbnail_width,omitempty" xml:"thumbnail_width,omitempty"`
	ThumbnailHeight int      `json:"thumbnail_height,omitempty" xml:"thumbnail_height,omitempty"`
	HTML            string   `json:"html" xml:"html"`
	Width           int      `json:"width" xml:"width"`
	Height          int      `json:"height" xml:"height"`
}

// OEmbed is the answer that embeds a card's article as a quotation: headline,
// description, byline and the short link. No side is longer than maxWidth and
// maxHeight; 0 bounds nothing. What does not fit is left out, the headline last
// of all, and so is a picture larger than the bounds.
func (p *Pages) OEmbed(c Card, maxWidth, maxHeight int) OEmbed {
	c = c.within(measure{title: 300, text: 300, address: 2048})
	o := OEmbed{
		Version: "1.0", Type: "rich", Title: c.Headline, ProviderName: c.Site, ProviderURL: c.SiteURL, CacheAge: embedAge,
		Width: bound(embedWidth, maxWidth),
	}
	if o.ProviderName == publisher && o.ProviderURL == "" {
		o.ProviderURL = p.publicURL
	}
	var names []string
	for _, a := range c.Authors {
		names = append(names, a.Name)
	}
	if o.AuthorName = strings.Join(names, ", "); len(c.Authors) == 1 {
		o.AuthorURL = c.Authors[0].URL
	}
	most := bound(embedHeight, maxHeight)
	for _, text := range []string{c.Description, cut(c.Description, 100), ""} {
		c.Description = text
		if o.Height = min(most, tall(c, o.Width)); tall(c, o.Width) <= most {
			break
		}
	}
	o.HTML = c.quotation(o.AuthorName)
	if c.Image != "" && bound(ImageWidth, maxWidth) == ImageWidth && bound(ImageHeight, maxHeight) == ImageHeight {
		o.ThumbnailURL, o.ThumbnailWidth, o.ThumbnailHeight = c.Image, ImageWidth, ImageHeight
	}
	return o
}

func bound(n, most int) int {
	if most > 0 {
		return min(n, most)
	}
	return n
}

// tall is how high a quotation is about to be at a width, in pixels: lines of
// 24 pixels, characters of 8.
func tall(c Card, width int) int {
	lines := 1 // the byline
	for _, text := range []string{c.Headline, c.Description} {
		lines += (utf8.RuneCountInString(text)*8 + width - 1) / width
	}
	return lines*24 + 40
}

// quotation is the markup, as XHTML 1.0 Basic would have it: no margin of its
// own, no script.
func (c Card) quotation(byline string) string {
	title := html.EscapeString(c.Headline)
	cite, lang := "", ` dir="auto"`
	if c.Language != "" {
		lang = ` lang="` + c.Language + `" dir="` + language.Direction(c.Language) + `"`
	}
	if c.URL != "" {
		u := html.EscapeString(c.URL)
		title, cite = `<a href="`+u+`">`+title+`</a>`, ` cite="`+u+`"`
	}
	out := "<blockquote" + cite + lang + ` style="margin:0"><p><strong>` + title + "</strong></p>"
	if c.Description != "" {
		out += "<p>" + html.EscapeString(c.Description) + "</p>"
	}
	if byline != "" {
		byline += ", "
	}
	return out + "<p>— " + html.EscapeString(byline) + "<cite>" + html.EscapeString(c.Site) + "</cite></p></blockquote>"
}

// Encode writes the answer in a format, "json" (also for "") or "xml", and
// names its media type. Any other format gives ErrFormat.
func (o OEmbed) Encode(format string) (contentType string, body []byte, err error) {
	switch format {
	case "", "json":
		body, err = json.Marshal(o)
		return "application/json", body, err
	case "xml":
		body, err = xml.Marshal(o)
		return "text/xml; charset=utf-8", append([]byte(`<?xml version="1.0" encoding="utf-8" standalone="yes"?>`+"\n"), body...), err
	}
	return "", nil, ErrFormat
}
