// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"

	readability "codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/extract/furniture"
	"github.com/relais-press/relais/services/ingest/internal/extract/markup"
	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// maxElements is the largest page that is looked at, in elements: more than any
// article has, and few enough that a hostile page is read in a moment.
const maxElements = 30_000

// Page extracts an edition from HTML: a whole page, of which the main content is
// taken and the head is read, or a fragment, which is taken as it is.
//
// Of a page it sets Headline, Description, Authors, Section, Keywords, Image,
// CanonicalURL, DatePublished and Language from JSON-LD (schema.org Article and
// its kinds), else from Open Graph and meta elements (Dublin Core and Parse.ly
// too), else from time elements and the text; Copyright only from a
// copyrightHolder. Paragraphs, headings and list items of the main content that
// are wholly furniture are left out and read as [Text] does. Of a fragment the
// headline is its first h1 or h2, which is taken out of the body. What was not
// found or was guessed has a warning. A page of more than 30,000 elements, or
// one nested deeper than 512, is a fault of kind Malformed.
func Page(raw []byte) (Result, error) {
	if err := plain.CheckUTF8(raw); err != nil {
		return Result{}, err
	}
	doc, err := html.Parse(bytes.NewReader(raw))
	if err != nil {
		return Result{}, fault.Wrap(fault.Malformed, "the HTML cannot be read", err)
	}
	if n := count(doc); n > maxElements {
		return Result{}, fault.Newf(fault.Malformed, "the HTML has %d elements; the most is %d", n, maxElements)
	}
	r := Result{Warnings: []Warning{}}
	if whole(raw) {
		r.page(doc)
	} else {
		r.fragment(doc)
	}
	if r.Edition.Headline == "" {
		r.warn("/headline", "no headline was found in the page")
	}
	r.measure(r.minutes)
	return r, nil
}

// whole reports whether HTML is a page rather than a fragment of one.
func whole(raw []byte) bool {
	head := strings.ToLower(string(raw[:min(len(raw), 4096)]))
	return strings.Contains(head, "<html") || strings.Contains(head, "<!doctype") || strings.Contains(head, "<head") || strings.Contains(head, "<body")
}

func (r *Result) page(doc *html.Node) {
	head := readHead(doc)
	e := &r.Edition
	e.Headline, e.Description, e.Language = head.headline, head.description, head.language
	e.Authors, e.Section, e.Keywords = head.authors, head.section, head.keywords
	e.Image, e.CanonicalURL, e.DatePublished, e.Copyright = head.image, head.canonical, head.published, head.rights
	var base *url.URL
	if u, err := url.Parse(head.canonical); err == nil && u.IsAbs() {
		base = u
	}
	withoutBanners(doc)
	withoutHeadings(doc, e.Headline)
	parser := readability.NewParser()
	parser.MaxElemsToParse, parser.CharThresholds, parser.DisableJSONLD = maxElements, 200, true
	found, err := parser.ParseDocument(doc, base)
	var content bytes.Buffer
	if err != nil || found.Node == nil || found.RenderHTML(&content) != nil {
		r.warn("/bodyHtml", "no main content was found: the whole page was taken")
		content.Reset()
		if body := find(doc, atom.Body); body != nil {
			_ = html.Render(&content, body) // writing to memory does not fail
		}
	}
	e.BodyHTML, e.BodyText = HTML(content.String())
	r.withoutPageLines()
	e.BodyHTML, e.BodyText = withoutHeadline(e.BodyHTML, e.BodyText, e.Headline)
}

// withoutPageLines takes out of a page's content the paragraphs, headings and
// list items that are wholly furniture, as of a copied text. Captions, tables
// and preformatted text stay.
func (r *Result) withoutPageLines() {
	e := &r.Edition
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	top, err := html.ParseFragment(strings.NewReader(e.BodyHTML), body)
	if err != nil {
		return
	}
	for _, n := range top {
		body.AppendChild(n)
	}
	places := []*html.Node{nil}
	lines := []string{e.Headline}
	for _, n := range leaves(body, nil) {
		if n.DataAtom != atom.Li || n.PrevSibling == nil {
			places, lines = append(places, nil), append(lines, "")
		}
		places, lines = append(places, n), append(lines, plain.NormalizeLine(textOf(n)))
	}
	kept, found := furniture.Strip(lines, true)
	r.say(found)
	r.minutes = found.Minutes
	if len(found.Lines) == 0 {
		return
	}
	for i, n := range places {
		if n != nil && !kept[i] && lines[i] != "" {
			n.Parent.RemoveChild(n)
		}
	}
	var content bytes.Buffer
	for n := body.FirstChild; n != nil; n = n.NextSibling {
		_ = html.Render(&content, n) // writing to memory does not fail
	}
	e.BodyHTML, e.BodyText = markup.HTML(content.String())
	r.warn("/bodyText", "lines left out as page furniture: %s", quote(found.Lines))
}

// leaves lists the elements that hold one line of text each.
func leaves(n *html.Node, list []*html.Node) []*html.Node {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.DataAtom {
		case atom.P, atom.H2, atom.H3, atom.H4:
			if find(c, atom.Img) == nil {
				list = append(list, c)
			}
		case atom.Li:
			if find(c, atom.Ul, atom.Ol, atom.Img) == nil {
				list = append(list, c)
			} else {
				list = leaves(c, list)
			}
		case atom.Ul, atom.Ol, atom.Blockquote:
			list = leaves(c, list)
		}
	}
	return list
}

func (r *Result) fragment(doc *html.Node) {
	if h := find(doc, atom.H1, atom.H2); h != nil {
		r.Edition.Headline = plain.NormalizeLine(textOf(h))
		h.Parent.RemoveChild(h)
	}
	var content bytes.Buffer
	if body := find(doc, atom.Body); body != nil {
		for c := body.FirstChild; c != nil; c = c.NextSibling {
			_ = html.Render(&content, c) // writing to memory does not fail
		}
	}
	r.Edition.BodyHTML, r.Edition.BodyText = HTML(content.String())
}

// withoutHeadline takes the headline out of a body that repeats it first.
func withoutHeadline(bodyHTML, bodyText, headline string) (string, string) {
	rest, ok := strings.CutPrefix(bodyText, headline)
	if headline == "" || !ok || !strings.HasPrefix(rest, "\n") {
		return bodyHTML, bodyText
	}
	for _, tag := range []string{"h2", "h3", "p"} {
		if inner, ok := strings.CutPrefix(bodyHTML, fmt.Sprintf("<%s>%s</%s>", tag, html.EscapeString(headline), tag)); ok {
			return strings.TrimLeft(inner, "\n"), strings.TrimLeft(rest, "\n")
		}
	}
	return bodyHTML, bodyText
}

// withoutHeadings takes out headings that repeat the headline.
func withoutHeadings(doc *html.Node, headline string) {
	var repeated []*html.Node
	for n := range doc.Descendants() {
		if n.DataAtom == atom.H1 && headline != "" && plain.Fold(plain.NormalizeLine(textOf(n))) == plain.Fold(headline) {
			repeated = append(repeated, n)
		}
	}
	for _, n := range repeated {
		if n.Parent != nil {
			n.Parent.RemoveChild(n)
		}
	}
}

// withoutBanners takes out what asks a reader for something, by the names that
// pages give it.
func withoutBanners(doc *html.Node) {
	var banners []*html.Node
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.DataAtom == atom.Html || n.DataAtom == atom.Body || n.DataAtom == atom.Article || n.DataAtom == atom.Main {
			continue
		}
		names := strings.ToLower(attribute(n, "class") + " " + attribute(n, "id"))
		for _, word := range []string{"cookie", "consent", "gdpr", "newsletter", "paywall"} {
			if strings.Contains(names, word) {
				banners = append(banners, n)
				break
			}
		}
	}
	for _, n := range banners {
		if n.Parent != nil {
			n.Parent.RemoveChild(n)
		}
	}
}

func count(n *html.Node) int {
	total := 0
	for d := range n.Descendants() {
		if d.Type == html.ElementNode {
			total++
		}
	}
	return total
}

// find returns the first element of one of the kinds, in document order.
func find(n *html.Node, kinds ...atom.Atom) *html.Node {
	for d := range n.Descendants() {
		if d.Type != html.ElementNode {
			continue
		}
		if slices.Contains(kinds, d.DataAtom) {
			return d
		}
	}
	return nil
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// webURL returns an absolute http or https URL, or nothing.
func webURL(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || len(s) > article.MaxURL {
		return ""
	}
	return u.String()
}
