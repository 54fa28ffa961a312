// SPDX-License-Identifier: Apache-2.0

// Package markup writes the two forms of a body, sanitized HTML and plain text,
// of HTML, of Markdown or of lines of text. One writer makes them all, so that
// what it cannot write never reaches an edition.
package markup

import (
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// HTML sanitizes a fragment of HTML and makes plain text of it. Both results
// are normalized as by [plain.Normalize], and sanitizing the result again gives the
// same.
//
// What is kept, always nested soundly:
//
//	p, h2 to h4 (h1 becomes h2; h5 and h6 become h4), blockquote, pre, hr, br
//	ul, ol[start], li
//	figure, figcaption, img[src alt width height]
//	table, caption, thead, tbody, tfoot, tr, th and td[colspan rowspan], th[scope]
//	a[href], strong, b, em, i, code, sub, sup, abbr[title], cite, q,
//	time[datetime], span[lang dir]
//
// A link is absolute http, https or mailto and gets rel="noopener", beside the
// values nofollow, sponsored, ugc, license, author and external that it had; an
// image is absolute http or https; neither carries user info. The content of
// scripts, styles, frames, drawings, templates and titles goes; of any other
// element the tags go and the content stays. Text outside any block becomes a
// paragraph, other blocks such as div part paragraphs, and so do two line
// breaks; inside list items, cells and captions they are line breaks. Empty
// elements go. Nesting is cut at 40 levels.
//
// In the text, blocks are parted by a blank line, list items stand on lines
// that begin with "• " or their number and ". ", the cells of a table row are
// parted by tabs.
//
// The writer decides first, then bluemonday over its result: what either takes
// out is out.
func HTML(fragment string) (bodyHTML, bodyText string) {
	bodyHTML, bodyText = rewrite(plain.Normalize(fragment))
	if bodyHTML == "" {
		return bodyHTML, bodyText
	}
	return rewrite(policy.Sanitize(bodyHTML))
}

// rewrite writes normalized HTML anew.
func rewrite(fragment string) (bodyHTML, bodyText string) {
	var w writer
	w.html.Grow(len(fragment))
	w.words.Grow(len(fragment))
	z := html.NewTokenizer(strings.NewReader(fragment))
	skip := skipper{}
	for {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			return w.finish()
		case html.TextToken:
			if skip.depth == 0 {
				w.text(plain.Normalize(string(z.Text())))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			if n := known(name); !skip.start(n, kind == html.SelfClosingTagToken) {
				w.start(n, attributes(z, n, more))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if n := known(name); !skip.end(n) {
				w.end(n)
			}
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

// skipper keeps count of where the tokenizer stands in an opaque element.
type skipper struct {
	inside string
	depth  int
}

// start reports whether a start tag is to be skipped.
func (s *skipper) start(name string, closed bool) bool {
	switch {
	case s.depth > 0:
		if name == s.inside && !closed {
			s.depth++
		}
		return true
	case !opaque(name):
		return name == ""
	case !closed || (name != "svg" && name != "math"):
		s.inside, s.depth = name, 1
	}
	return true
}

// end reports whether an end tag is to be skipped.
func (s *skipper) end(name string) bool {
	if s.depth > 0 {
		if name == s.inside {
			s.depth--
		}
		return true
	}
	return name == "" || opaque(name)
}

// known returns the name of an element that means something here; "" of others.
func known(name []byte) string { return elements[string(name)] }

// elements holds every name that is not simply left out.
var elements = elementNames()

func elementNames() map[string]string {
	names := map[string]string{}
	for _, list := range [][]string{kept, breaking, opaques} {
		for _, name := range list {
			names[name] = name
		}
	}
	return names
}

// kept lists the elements that the writer writes, under this name or another.
var kept = []string{
	"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "hr", "br", "figure", "figcaption", "img",
	"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
	"a", "strong", "b", "em", "i", "code", "sub", "sup", "abbr", "cite", "q", "time", "span",
}

// breaking lists elements that part the text before them from the text in and
// after them, and are otherwise left out.
var breaking = []string{
	"address", "article", "aside", "body", "button", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt",
	"fieldset", "footer", "form", "header", "hgroup", "legend", "main", "menu", "nav", "option", "section", "select", "summary",
}

// opaques lists elements whose content is not text of the article.
var opaques = []string{
	"script", "style", "iframe", "noembed", "noframes", "noscript", "template", "svg", "math", "textarea", "title", "xmp", "plaintext",
}

func opaque(name string) bool { return slices.Contains(opaques, name) }
