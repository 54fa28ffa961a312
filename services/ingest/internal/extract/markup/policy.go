// SPDX-License-Identifier: Apache-2.0

package markup

import (
	"net/url"
	"regexp"

	"github.com/microcosm-cc/bluemonday"
)

// policy is the list of [HTML] in the words of bluemonday.
var policy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(
		"p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "pre", "hr", "br", "figure", "figcaption",
		"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
		"strong", "b", "em", "i", "code", "sub", "sup", "abbr", "cite", "q", "time",
	)
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
