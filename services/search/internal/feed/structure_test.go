// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
)

// node is an element of a parsed document, named with the prefix that its
// namespace has here.
type node struct {
	name  string
	attrs map[string]string
	kids  []*node
	text  string
}

var prefixes = map[string]string{
	"":                            "",
	"http://www.w3.org/2005/Atom": "atom:", "http://purl.org/atompub/tombstones/1.0": "at:",
	"http://purl.org/rss/1.0/modules/content/": "content:", "http://purl.org/dc/elements/1.1/": "dc:",
	"http://search.yahoo.com/mrss/": "media:", "http://www.w3.org/1999/xhtml": "xhtml:",
	"http://www.sitemaps.org/schemas/sitemap/0.9": "map:", "http://www.google.com/schemas/sitemap-news/0.9": "news:",
	"http://www.w3.org/XML/1998/namespace": "xml:",
}

func prefixed(n xml.Name) (string, error) {
	p, ok := prefixes[n.Space]
	if !ok {
		return "", fmt.Errorf("namespace %q of %s is unknown", n.Space, n.Local)
	}
	return p + n.Local, nil
}

// parseXML parses a whole document strictly.
func parseXML(body []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	root := &node{}
	open := []*node{root}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if len(root.kids) != 1 {
				return nil, fmt.Errorf("%d root elements", len(root.kids))
			}
			return root.kids[0], nil
		}
		if err != nil {
			return nil, fmt.Errorf("not well-formed: %w", err)
		}
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			name, err := prefixed(token.Name)
			if err != nil {
				return nil, err
			}
			n := &node{name: name, attrs: map[string]string{}}
			for _, a := range token.Attr {
				if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
					continue
				}
				name, err := prefixed(a.Name)
				if err != nil {
					return nil, err
				}
				n.attrs[name] = a.Value
			}
			top.kids = append(top.kids, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(token)
		}
	}
}

// check says what is wrong with a value; nothing when it is right.
type check func(string) string

func fits(pattern string) check {
	re := regexp.MustCompile("^(?:" + pattern + ")$")
	return func(s string) string {
		if re.MatchString(s) {
			return ""
		}
		return strconv.Quote(s) + " does not match " + pattern
	}
}

func dated(layout string) check {
	return func(s string) string {
		if _, err := time.Parse(layout, s); err != nil {
			return err.Error()
		}
		return ""
	}
}

func isURL(s string) string {
	if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" || len(s) > 2048 {
		return strconv.Quote(s) + " is not an absolute URL"
	}
	return ""
}

func isTag(s string) string {
	if s != "x-default" && !article.ValidLanguage(s) {
		return strconv.Quote(s) + " is not a language"
	}
	return ""
}

var (
	some    = fits(`(?s).+`)
	w3c     = dated(time.RFC3339)
	media   = fits(`[a-z]+/[a-z+]+`)
	number  = fits(`[1-9][0-9]*`)
	texts   = fits(`text|html`)
	newsTag = fits(`[a-z]{2,3}|zh-cn|zh-tw`)
)

// rule is what a schema says of an element. Attributes and children are named
// with how often they may stand: none (once), ?, * or +, as in RELAX NG.
type rule struct {
	attrs   map[string]check
	kids    string
	ordered bool  // the children stand in the order of the rule
	text    check // nil: it holds children only
}

// atomRules are RFC 4287 appendix B and RFC 6721 §3, as far as we write them.
var atomRules = map[string]rule{
	"atom:feed": {
		attrs: map[string]check{"xml:lang": isTag},
		kids:  "atom:id atom:title atom:updated atom:author+ atom:subtitle? atom:rights? atom:generator? atom:link* atom:entry* at:deleted-entry*",
	},
	"atom:entry": {
		attrs: map[string]check{"xml:lang?": isTag},
		kids:  "atom:id atom:title atom:updated atom:published? atom:author* atom:category* atom:rights? atom:summary? atom:content? atom:link*",
	},
	"atom:id": {text: isURL}, "atom:title": {text: some}, "atom:rights": {text: some}, "atom:summary": {text: some}, "atom:generator": {text: some},
	"atom:subtitle": {attrs: map[string]check{"xml:lang?": isTag}, text: some},
	"atom:updated":  {text: w3c}, "atom:published": {text: w3c},
	"atom:author": {kids: "atom:name atom:uri?"}, "atom:name": {text: some}, "atom:uri": {text: isURL},
	"atom:category": {attrs: map[string]check{"term": some}},
	"atom:content":  {attrs: map[string]check{"type": texts}, text: some},
	"atom:link": {attrs: map[string]check{
		"href": isURL, "rel?": fits("self|alternate|enclosure"), "type?": media, "hreflang?": isTag, "title?": some,
	}},
	"at:deleted-entry": {attrs: map[string]check{"ref": isURL, "when": w3c}, kids: "at:comment?"},
	"at:comment":       {attrs: map[string]check{"xml:lang?": isTag}, text: some},
}

// rssRules are RSS 2.0.11, RSS content, Dublin Core and Media RSS 1.5.1, as far
// as we write them.
var rssRules = map[string]rule{
	"rss":         {attrs: map[string]check{"version": fits(`2\.0`)}, kids: "channel"},
	"channel":     {kids: "title link description language? copyright? lastBuildDate? generator? docs? ttl? atom:link item*"},
	"item":        {kids: "title link? guid pubDate? dc:creator* category* dc:language? dc:rights? description? content:encoded media:content?"},
	"title":       {text: some},
	"description": {text: some}, "copyright": {text: some}, "generator": {text: some}, "category": {text: some},
	"link": {text: isURL}, "docs": {text: isURL}, "language": {text: isTag}, "ttl": {text: number},
	"lastBuildDate": {text: dated("Mon, 02 Jan 2006 15:04:05 -0700")}, "pubDate": {text: dated("Mon, 02 Jan 2006 15:04:05 -0700")},
	"guid":      {attrs: map[string]check{"isPermaLink": fits("false")}, text: isURL},
	"atom:link": {attrs: map[string]check{"rel": fits("self"), "href": isURL, "type": media}},
	"media:content": {
		attrs: map[string]check{"url": isURL, "medium": fits("image"), "type?": media, "width?": number, "height?": number},
		kids:  "media:description?",
	},
	"media:description": {attrs: map[string]check{"type": fits("plain")}, text: some},
	"dc:creator":        {text: some}, "dc:language": {text: isTag}, "dc:rights": {text: some}, "content:encoded": {text: some},
}

// mapRules are sitemap.xsd 0.9 and sitemap-news.xsd 0.9, as far as we write them.
var mapRules = map[string]rule{
	"map:urlset":            {kids: "map:url*"},
	"map:url":               {kids: "map:loc map:lastmod? news:news xhtml:link*", ordered: true},
	"map:loc":               {text: isURL},
	"map:lastmod":           {text: w3c},
	"news:news":             {kids: "news:publication news:publication_date news:title", ordered: true},
	"news:publication":      {kids: "news:name news:language", ordered: true},
	"news:name":             {text: some},
	"news:language":         {text: newsTag},
	"news:publication_date": {text: w3c},
	"news:title":            {text: some},
	"xhtml:link":            {attrs: map[string]check{"rel": fits("alternate"), "hreflang": isTag, "href": isURL}},
}

// errorsIn lists how a node and what it holds break the rules.
func errorsIn(n *node, rules map[string]rule) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, n.name+": "+fmt.Sprintf(format, args...)) }
	r, ok := rules[n.name]
	if !ok {
		return []string{n.name + " is not in the schema"}
	}
	left := map[string]bool{}
	for name := range n.attrs {
		left[name] = true
	}
	for key, check := range r.attrs {
		name, optional := strings.CutSuffix(key, "?")
		value, ok := n.attrs[name]
		delete(left, name)
		if !ok && !optional {
			add("has no attribute %s", name)
		}
		if wrong := check(value); ok && wrong != "" {
			add("%s %s", name, wrong)
		}
	}
	for name := range left {
		add("must not have an attribute %s", name)
	}
	if r.text == nil && strings.TrimSpace(n.text) != "" {
		add("must not hold text")
	}
	if r.text != nil {
		if wrong := r.text(n.text); wrong != "" {
			add("%s", wrong)
		}
	}
	out = append(out, childErrors(n, r)...)
	for _, kid := range n.kids {
		out = append(out, errorsIn(kid, rules)...)
	}
	return out
}

func childErrors(n *node, r rule) []string {
	var out []string
	count := map[string]int{}
	order := []string{}
	for _, kid := range n.kids {
		count[kid.name]++
		order = append(order, kid.name)
	}
	var allowed []string
	for name := range strings.FieldsSeq(r.kids) {
		bare := strings.TrimRight(name, "?*+")
		allowed = append(allowed, bare)
		most, least := 1, 1
		switch name[len(bare):] {
		case "?":
			least = 0
		case "*":
			most, least = 1<<20, 0
		case "+":
			most = 1 << 20
		}
		if c := count[bare]; c < least || c > most {
			out = append(out, fmt.Sprintf("%s: %d × %s", n.name, c, bare))
		}
		delete(count, bare)
	}
	for name := range count {
		out = append(out, n.name+": must not hold "+name)
	}
	if r.ordered && !slices.IsSortedFunc(order, func(a, b string) int { return slices.Index(allowed, a) - slices.Index(allowed, b) }) {
		out = append(out, fmt.Sprintf("%s: holds %v in the wrong order", n.name, order))
	}
	return out
}

var rulesOf = map[string]map[string]rule{"rss": rssRules, "atom": atomRules, "sitemap": mapRules}

func mustParse(t testing.TB, body []byte) *node {
	t.Helper()
	n, err := parseXML(body)
	if err != nil {
		t.Fatalf("%v:\n%s", err, body)
	}
	return n
}

func TestStructure(t *testing.T) {
	for name, rules := range rulesOf {
		for _, f := range []int{0, 1} {
			source := sample()
			if f == 1 {
				source = empty()
			}
			for _, wrong := range errorsIn(mustParse(t, forms()[name](source)), rules) {
				t.Errorf("%s: %s", name, wrong)
			}
		}
	}
}

// The checker itself must see what it is there to see.
func TestStructureSees(t *testing.T) {
	for body, want := range map[string]string{
		`<url xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><lastmod>2026-01-01T00:00:00Z</lastmod><loc>https://a.example/</loc></url>`:      "0 × news:news",
		`<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><priority>1</priority></urlset>`:                                              "must not hold map:priority",
		`<loc xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">/a</loc>`:                                                                        "is not an absolute URL",
		`<link xmlns="http://www.w3.org/1999/xhtml" rel="alternate" href="https://a.example/"/>`:                                                   "has no attribute hreflang",
		`<news xmlns="http://www.google.com/schemas/sitemap-news/0.9"><title>a</title><publication/><publication_date>x</publication_date></news>`: "wrong order",
	} {
		if got := strings.Join(errorsIn(mustParse(t, []byte(body)), mapRules), "; "); !strings.Contains(got, want) {
			t.Errorf("%s: %q does not say %q", body, got, want)
		}
	}
}

// RFC 4287 §4.1.1: no two alternates of one type and language, and ids once.
func TestAtomIsUnambiguous(t *testing.T) {
	f := sample()
	f.Entries[0].Translations = append(f.Entries[0].Translations, f.Entries[0].Translations[2]) // twice
	ids := map[string]bool{}
	for _, entry := range mustParse(t, forms()["atom"](f)).kids {
		if entry.name != "atom:entry" {
			continue
		}
		alternates := map[string]bool{}
		for _, kid := range entry.kids {
			switch key := kid.attrs["type"] + kid.attrs["hreflang"]; {
			case kid.name == "atom:id" && ids[kid.text]:
				t.Errorf("the id %s stands twice", kid.text)
			case kid.name == "atom:id":
				ids[kid.text] = true
			case kid.name == "atom:link" && kid.attrs["rel"] == "alternate" && alternates[key]:
				t.Errorf("two alternates for %s", key)
			case kid.name == "atom:link" && kid.attrs["rel"] == "alternate":
				alternates[key] = true
			}
		}
	}
	if len(ids) != 3 {
		t.Errorf("%d entries, want 3", len(ids))
	}
}
