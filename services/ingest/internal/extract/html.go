// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// HTML sanitizes a fragment of HTML and makes plain text of it. Both results
// are normalized as by [Normalize], and sanitizing the result again gives the
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
func HTML(fragment string) (bodyHTML, bodyText string) {
	var w writer
	z := html.NewTokenizer(strings.NewReader(policy.Sanitize(withoutOpaque(Normalize(fragment)))))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return w.finish()
		case html.TextToken:
			w.text(Normalize(z.Token().Data))
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			w.start(t.Data, t.Attr)
		case html.EndTagToken:
			w.end(z.Token().Data)
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

// policy decides on attributes and URLs. It lets through elements that the
// writer then renames or turns into breaks.
var policy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(
		"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "hr", "br", "figure", "figcaption",
		"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
		"strong", "b", "em", "i", "code", "sub", "sup", "abbr", "cite", "q", "time",
	)
	p.AllowElements(breaking...)
	p.RequireParseableURLs(true)
	host := func(u *url.URL) bool { return u.Host != "" && u.User == nil }
	p.AllowURLSchemeWithCustomPolicy("http", host)
	p.AllowURLSchemeWithCustomPolicy("https", host)
	p.AllowURLSchemes("mailto")

	small := regexp.MustCompile(`^[0-9]{1,5}$`)
	p.AllowAttrs("href", "rel").OnElements("a")
	p.AllowAttrs("src", "alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(small).OnElements("img")
	p.AllowAttrs("start").Matching(small).OnElements("ol")
	p.AllowAttrs("colspan", "rowspan").Matching(regexp.MustCompile(`^[0-9]{1,2}$`)).OnElements("th", "td")
	p.AllowAttrs("scope").Matching(regexp.MustCompile(`^(?:row|col|rowgroup|colgroup)$`)).OnElements("th")
	p.AllowAttrs("title").OnElements("abbr")
	p.AllowAttrs("datetime").Matching(regexp.MustCompile(`^[0-9TZPWDHMS:.+ -]{1,40}$`)).OnElements("time")
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$`)).OnElements("span")
	p.AllowAttrs("dir").Matching(regexp.MustCompile(`^(?:ltr|rtl|auto)$`)).OnElements("span")
	return p
}

// breaking lists elements that part the text before them from the text in and
// after them, and are otherwise left out.
var breaking = []string{
	"address", "article", "aside", "body", "button", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt",
	"fieldset", "footer", "form", "header", "hgroup", "legend", "main", "menu", "nav", "option", "section", "select", "summary",
}

// opaque reports whether the content of an element is not text of the article.
func opaque(name string) bool {
	switch name {
	case "script", "style", "iframe", "noembed", "noframes", "noscript", "template", "svg", "math", "textarea", "title", "xmp", "plaintext":
		return true
	}
	return false
}

// dropped reports whether only the tags of an element go before the policy sees
// it, which would hide what follows an unmatched one.
func dropped(name string) bool {
	return name == "object" || name == "frame" || name == "frameset" || name == "nostyle"
}

// withoutOpaque leaves opaque elements, comments and doctypes out of a fragment.
func withoutOpaque(fragment string) string {
	var b strings.Builder
	b.Grow(len(fragment))
	z := html.NewTokenizer(strings.NewReader(fragment))
	inside, depth := "", 0
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return b.String()
		}
		t := z.Token()
		switch {
		case depth > 0:
			if t.Data == inside && kind == html.StartTagToken {
				depth++
			} else if t.Data == inside && kind == html.EndTagToken {
				depth--
			}
		case kind == html.TextToken:
			b.WriteString(escapeText(t.Data))
		case kind == html.CommentToken || kind == html.DoctypeToken || dropped(t.Data):
		case !opaque(t.Data):
			b.WriteString(t.String())
		case kind == html.StartTagToken || (kind == html.SelfClosingTagToken && t.Data != "svg" && t.Data != "math"):
			inside, depth = t.Data, 1
		}
	}
}

// cleanAttributes returns the attributes of an element as they are written, or
// false where the element makes no sense without one that is missing.
func cleanAttributes(name string, attrs []html.Attribute) (string, bool) {
	values := map[string]string{}
	for _, a := range attrs {
		if _, ok := values[a.Key]; !ok {
			values[a.Key] = NormalizeLine(a.Val)
		}
	}
	order := []string{"title", "datetime", "lang", "dir", "start", "scope", "colspan", "rowspan"}
	switch name {
	case "a":
		if values["href"] == "" {
			return "", false
		}
		values["rel"] = rel(values["rel"])
		order = []string{"href", "rel"}
	case "img":
		if !strings.HasPrefix(values["src"], "http") {
			return "", false
		}
		if _, ok := values["alt"]; !ok {
			values["alt"] = ""
		}
		order = []string{"src", "alt", "width", "height"}
	case "span":
		if values["lang"] == "" && values["dir"] == "" {
			return "", false
		}
	}
	var b strings.Builder
	for _, k := range order {
		if v, ok := values[k]; ok && (v != "" || k == "alt") {
			b.WriteString(" " + k + `="` + strings.ReplaceAll(escapeText(v), `"`, "&#34;") + `"`)
		}
	}
	return b.String(), true
}

func rel(values string) string {
	given := strings.Fields(strings.ToLower(values))
	kept := []string{}
	for _, v := range []string{"nofollow", "sponsored", "ugc", "license", "author", "external"} {
		if slices.Contains(given, v) {
			kept = append(kept, v)
		}
	}
	return strings.Join(append(kept, "noopener"), " ")
}

func escapeText(s string) string { return textEscaper.Replace(s) }

var textEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
