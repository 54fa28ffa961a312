// SPDX-License-Identifier: Apache-2.0

package feeds

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// xmlFeed maps the units of RSS, Atom and WXR. What a feed says about itself
// counts for the items that follow it.
type xmlFeed struct {
	split  splitter
	format Format
	tags   int // how many of the start tags around the units have been looked at
	head   channel
}

// channel is what a feed says about itself.
type channel struct {
	language string
	rights   string
	base     string
	authors  []article.Author
	logins   map[string]string // WXR: display names by login, both shortened
}

const (
	maxLogins = 10_000
	maxHead   = 4 * article.MaxText // bytes of what is kept of one text of a channel
)

func (x *xmlFeed) next() (Item, error) {
	for {
		u, err := x.split.next()
		if err != nil {
			return Item{}, err
		}
		x.look()
		if !u.isItem() {
			if u.err == nil && x.wanted(u.name) {
				if e, err := parse(x.split.tags, u); err == nil {
					x.absorb(&e)
				}
			}
			continue
		}
		item := Item{Line: u.line, Err: u.err}
		if u.err != nil {
			return item, nil
		}
		e, err := parse(x.split.tags, u)
		if err != nil {
			item.Err = err
			return item, nil
		}
		if x.format == WXR && !post(&e) {
			continue
		}
		item.Edition, item.Err = x.edition(&e)
		return item, nil
	}
}

// look takes the language and the base URL of the root and the channel.
func (x *xmlFeed) look() {
	for ; x.tags < len(x.split.tags); x.tags++ {
		tags := x.split.tags[:x.tags+1]
		e, err := parse(tags[:x.tags], unit{raw: []byte(tags[x.tags] + "</" + tagName(tags[x.tags]) + ">")})
		if err != nil {
			continue
		}
		for _, a := range e.attrs {
			switch a.Name.Local {
			case "lang":
				x.head.language = firstBytes(a.Value, maxHead)
			case "base":
				x.head.base = webURL("", a.Value)
			}
		}
	}
}

func tagName(tag string) string {
	return tag[1:max(1, strings.IndexAny(tag, " \t\r\n/>"))]
}

func (x *xmlFeed) wanted(name string) bool {
	switch local(name) {
	case "language", "copyright", "rights", "link", "author", "creator", "license":
		return true
	}
	return false
}

func (x *xmlFeed) absorb(e *element) {
	text := firstBytes(strings.TrimSpace(e.text()), maxHead)
	switch e.name {
	case "rss:language", "dc:language":
		x.head.language = cmp.Or(text, x.head.language)
	case "rss:copyright", "dc:rights", "atom:rights", "atom:copyright", "creativecommons:license":
		x.head.rights = cmp.Or(x.head.rights, firstBytes(plain(e.markup()), maxHead))
	case "rss:link":
		x.head.base = cmp.Or(x.head.base, webURL("", text))
	case "atom:author", "rss:author":
		x.absorbAuthor(e.get("atom:name", "rss:name"), e.get("atom:uri", "atom:url"))
	case "dc:creator":
		x.absorbAuthor(text, "")
	case "wp:author":
		x.absorbLogin(e)
	}
}

func (x *xmlFeed) absorbAuthor(name, link string) {
	if name != "" && len(x.head.authors) < article.MaxList {
		x.head.authors = append(x.head.authors, article.Author{Name: firstBytes(name, maxHead), URL: webURL("", link)})
	}
}

// edition maps an item of RSS or Atom. The first category is the section, the
// others are keywords. An item says nothing of its PubStatus: what was withdrawn
// is not brought back by a feed.
func (x *xmlFeed) edition(item *element) (article.Edition, error) {
	var e article.Edition
	e.Headline = richPlain(item, "rss:title", "atom:title", "dc:title", "media:title")
	base := webURL(x.head.base, cmp.Or(item.attr("base"), x.head.base))
	guid := item.get("rss:guid", "atom:id", "dc:identifier")
	e.CanonicalURL = permalink(item, base)
	e.Language = tagOf(item.attr("lang"), item.get("dc:language", "rss:language"), x.contentLang(item), x.head.language)
	x.setAuthors(&e, item)
	setCategories(&e, item)
	setRights(&e, cmp.Or(item.get("dc:rights", "atom:rights", "media:copyright", "creativecommons:license"), x.head.rights))
	e.Image = image(item, base)
	published := item.get("rss:pubDate", "atom:published", "atom:issued", "dc:date", "dcterms:issued", "dcterms:created")
	if x.format == WXR {
		err := x.wordpress(&e, item)
		identify(&e, guid, published)
		return e, err
	}
	setBody(&e, item)
	err := setDate(&e, published, item.get("atom:updated", "atom:modified", "dcterms:modified"))
	identify(&e, guid, published)
	return e, err
}

// contentLang is the language an Atom entry gives its content alone.
func (x *xmlFeed) contentLang(item *element) string {
	for _, c := range item.all("atom:content", "atom:title") {
		if l := c.attr("lang"); l != "" {
			return l
		}
	}
	return ""
}

// setBody takes the fullest text for the body and a shorter one for the
// description. Text without any markup is made into paragraphs.
func setBody(e *article.Edition, item *element) {
	var bodies []string
	for _, c := range item.all("content:encoded", "atom:content", "xhtml:body", "xhtml:div", "rss:description", "atom:summary", "dc:description", "itunes:summary", "media:description") {
		if s := fragment(c); strings.TrimSpace(s) != "" {
			bodies = append(bodies, s)
		}
	}
	if len(bodies) == 0 {
		return
	}
	e.BodyHTML = withoutTrailer(bodies[0])
	if len(bodies) > 1 {
		setDescription(e, plain(withoutTrailer(bodies[1])))
	}
}

// paragraphs is HTML of plain text.
func paragraphs(text string) string {
	bodyHTML, _ := extract.Paragraphs(text)
	return bodyHTML
}

// fragment is HTML from a text construct: atom:content of type "text" is not
// markup, and content elsewhere (src) is none.
func fragment(c *element) string {
	kind := strings.ToLower(c.attr("type"))
	if strings.HasPrefix(c.name, "atom:") && (kind == "" || kind == "text" || kind == "text/plain") {
		return paragraphs(c.text())
	}
	s := c.markup()
	if !strings.ContainsRune(s, '<') && strings.Contains(strings.TrimSpace(s), "\n") {
		return paragraphs(html.UnescapeString(s))
	}
	return s
}

// trailer is what WordPress adds to every text of its feeds.
var trailer = regexp.MustCompile(`(?s)\s*<p>(?:L[’']article|Cet article|The post|Der Beitrag|La entrada|L[’']articolo) <a[^>]*>[^<]*</a> (?:est apparu en premier sur|first appeared on|appeared first on|erschien zuerst auf|se publicó primero en|proviene da|è apparso per primo su) <a[^>]*>[^<]*</a>\s*\.?</p>\s*$`)

func withoutTrailer(s string) string {
	if i := strings.LastIndex(s, "<p>"); i >= 0 {
		return s[:i] + trailer.ReplaceAllString(s[i:], "")
	}
	return s
}

// setDescription takes a standfirst unless the body begins with it. It is cut
// to the length an edition may have.
func setDescription(e *article.Edition, s string) {
	s = strings.TrimSpace(s)
	short := strings.TrimRight(s, " .…[]\u00a0\u202f")
	if short == "" || strings.HasPrefix(squeezed(plain(firstBytes(e.BodyHTML, 3*len(s)+1024))), squeezed(short)) {
		return
	}
	if utf8.RuneCountInString(s) > article.MaxText {
		s = string([]rune(s)[:article.MaxText-1])
		if i := strings.LastIndexFunc(s, unicode.IsSpace); i > 0 {
			s = s[:i]
		}
		s += "…"
	}
	e.Description = s
}

func firstBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// squeezed leaves of a text its letters and digits, for comparing.
func squeezed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// richPlain is the plain text of the first of the named children that has any;
// only Atom's type "text", its default, is not looked into for markup.
func richPlain(item *element, names ...string) string {
	for _, c := range item.all(names...) {
		s := ""
		if kind := c.attr("type"); c.name == "atom:title" && (kind == "" || kind == "text") {
			s = extract.NormalizeLine(html.UnescapeString(c.text()))
		} else {
			s = plain(c.markup())
		}
		if s != "" {
			return s
		}
	}
	return ""
}

// plain is one line of text from HTML.
func plain(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return extract.NormalizeLine(s)
	}
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	hidden := ""
	for {
		switch z.Next() {
		case html.ErrorToken:
			return extract.NormalizeLine(b.String())
		case html.TextToken:
			if hidden == "" {
				b.Write(z.Text())
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			t := z.Token()
			switch {
			case t.Data == "script" || t.Data == "style":
				hidden = ""
				if t.Type == html.StartTagToken {
					hidden = t.Data
				}
			case block(t.Data):
				b.WriteByte(' ')
			}
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

func block(tag string) bool {
	switch tag {
	case "p", "div", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "table", "tr", "td", "th", "blockquote", "pre",
		"figure", "figcaption", "section", "article", "aside", "header", "footer", "form", "address", "details", "iframe", "video", "audio", "script", "style":
		return true
	}
	return false
}

// tagOf is the first of several tags that names a language, in canonical form.
func tagOf(tags ...string) string {
	for _, t := range tags {
		if c, err := language.Canonical(strings.ReplaceAll(strings.TrimSpace(t), "_", "-")); err == nil {
			return c
		}
	}
	return ""
}

// webURL is an absolute http or https URL from a reference; empty when it is none.
func webURL(base, ref string) string {
	u, err := url.Parse(strings.TrimSpace(ref))
	if err != nil || ref == "" {
		return ""
	}
	if b, err := url.Parse(base); err == nil && base != "" {
		u = b.ResolveReference(u)
	}
	if s := u.String(); (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && len(s) <= article.MaxURL {
		return s
	}
	return ""
}

// permalink is where an item is published.
func permalink(item *element, base string) string {
	found := []string{item.get("feedburner:origLink"), item.get("rss:link")}
	for _, l := range item.all("atom:link", "rss:link") {
		if rel := l.attr("rel"); rel == "" || rel == "alternate" {
			found = append(found, l.attr("href"))
		}
	}
	for _, g := range item.all("rss:guid") {
		if !strings.EqualFold(g.attr("isPermaLink"), "false") && strings.Contains(g.text(), "://") {
			found = append(found, g.text())
		}
	}
	found = append(found, item.attr("about"))
	for _, ref := range found {
		if u := webURL(base, ref); u != "" {
			return u
		}
	}
	return ""
}

func (x *xmlFeed) setAuthors(e *article.Edition, item *element) {
	for _, a := range item.all("dc:creator", "atom:author", "rss:author") {
		if name := a.get("atom:name", "rss:name"); name != "" {
			addAuthor(e, name, a.get("atom:uri", "atom:url"))
			continue
		}
		name := byline(a.text())
		if display := x.head.logins[strings.TrimSpace(name)]; display != "" {
			name = display
		}
		addAuthor(e, name, "")
	}
	if len(e.Authors) == 0 {
		addAuthor(e, byline(item.get("itunes:author")), "")
	}
	if len(e.Authors) == 0 {
		for _, a := range x.head.authors {
			addAuthor(e, a.Name, a.URL)
		}
	}
}

var mailbox = regexp.MustCompile(`^\s*\S+@\S+\s*(?:\((.+)\))?\s*$`)

// byline is the name in "mail@example.org (Name)"; a mail address alone has none.
func byline(s string) string {
	if m := mailbox.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	if name, rest, ok := strings.Cut(s, "<"); ok && strings.Contains(rest, "@") {
		return name
	}
	return s
}

func addAuthor(e *article.Edition, name, link string) {
	name = plain(name)
	same := func(a article.Author) bool { return strings.EqualFold(a.Name, name) }
	if name != "" && utf8.RuneCountInString(name) <= article.MaxName && len(e.Authors) < article.MaxList && !slices.ContainsFunc(e.Authors, same) {
		e.Authors = append(e.Authors, article.Author{Name: name, URL: webURL("", link)})
	}
}

func addKeyword(e *article.Edition, s string) {
	s = plain(s)
	same := func(k string) bool { return strings.EqualFold(k, s) }
	if s != "" && !unsorted(s) && utf8.RuneCountInString(s) <= article.MaxName && len(e.Keywords) < article.MaxList && !slices.ContainsFunc(e.Keywords, same) {
		e.Keywords = append(e.Keywords, s)
	}
}

// unsorted reports whether a category is the one WordPress gives to what has none.
func unsorted(s string) bool {
	switch strings.ToLower(s) {
	case "uncategorized", "uncategorised", "non classé", "non-classé", "unkategorisiert", "allgemein", "sin categoría", "senza categoria":
		return true
	}
	return false
}

func setCategories(e *article.Edition, item *element) {
	for _, c := range item.all("rss:category", "atom:category") {
		name := plain(cmp.Or(c.attr("label"), strings.TrimSpace(c.text()), c.attr("term")))
		domain := c.attr("domain")
		switch {
		case domain == "post_format":
		case e.Section == "" && domain != "post_tag" && !unsorted(name) && utf8.RuneCountInString(name) <= article.MaxName:
			e.Section = name
		case name != e.Section:
			addKeyword(e, name)
		}
	}
	for _, c := range item.all("dc:subject") {
		addKeyword(e, c.text())
	}
	for _, list := range item.all("media:keywords", "itunes:keywords") {
		for k := range strings.SplitSeq(list.text(), ",") {
			addKeyword(e, k)
		}
	}
}

var holder = regexp.MustCompile(`(?i)^\s*(?:(?:copyright|droits d[’']auteur)\b|©|\(c\))[\s:,©]*(?:\(c\)\s*)?(?:\d{4}(?:\s*[-–,/]\s*\d{4})*)?[\s,:-]*(.*?)[\s.,–-]*(?:(?:tous droits réservés|all rights reserved|alle rechte vorbehalten)[\s.]*)?$`)

// setRights parts a statement such as "© 2026 La Gazette. Tous droits réservés"
// into holder and terms; one that names no holder so is terms.
func setRights(e *article.Edition, statement string) {
	statement = firstBytes(plain(statement), article.MaxText)
	m := holder.FindStringSubmatch(statement)
	if m == nil || m[1] == "" {
		e.UsageTerms = statement
		return
	}
	e.Copyright = m[1]
	if !strings.HasSuffix(strings.TrimRight(statement, " ."), strings.TrimRight(m[1], " .")) {
		e.UsageTerms = statement
	}
}

// image is the first picture that belongs to an item.
func image(item *element, base string) *article.Image {
	candidates := item.all("rss:enclosure", "media:content", "media:group", "atom:link", "media:thumbnail", "itunes:image", "rss:image")
	for i := 0; i < len(candidates); i++ {
		c := candidates[i]
		kind, ref := c.attr("type"), cmp.Or(c.attr("url"), c.attr("href"))
		switch c.name {
		case "media:group":
			candidates = slices.Insert(candidates, i+1, c.all("media:content", "media:thumbnail")...)
			continue
		case "media:content":
			if nested := c.all("media:thumbnail"); len(nested) > 0 {
				candidates = append(candidates, nested...)
			}
			if kind == "" && (c.attr("medium") == "image" || picture(ref)) {
				kind = "image/"
			}
		case "rss:enclosure":
			if kind == "" && picture(ref) {
				kind = "image/"
			}
		case "atom:link":
			if c.attr("rel") != "enclosure" {
				continue
			}
		default:
			kind, ref = "image/", cmp.Or(ref, c.get("rss:url"), strings.TrimSpace(c.text()))
		}
		if u := webURL(base, ref); u != "" && strings.HasPrefix(kind, "image/") {
			alt := firstBytes(plain(c.get("media:description", "media:text", "media:title")), article.MaxText)
			return &article.Image{URL: u, Alt: alt, Width: max(0, atoi(c.attr("width"))), Height: max(0, atoi(c.attr("height")))}
		}
	}
	return nil
}

func picture(ref string) bool {
	ref, _, _ = strings.Cut(ref, "?")
	switch strings.ToLower(path.Ext(ref)) {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif":
		return true
	}
	return false
}

// setDate sets DatePublished to the first date that is given; one that cannot
// be read is a fault of kind Invalid at /datePublished.
func setDate(e *article.Edition, dates ...string) error {
	given := cmp.Or(dates...)
	if strings.TrimSpace(given) == "" {
		return nil
	}
	t, ok := parseDate(given)
	if !ok {
		quoted := extract.NormalizeLine(given)
		if utf8.RuneCountInString(quoted) > 60 {
			quoted = string([]rune(quoted)[:60]) + "…"
		}
		return fault.WithFields(fault.Invalid, "the date of the item cannot be read",
			fault.Field{Pointer: "/datePublished", Detail: "is no date: “" + quoted + "”"})
	}
	e.DatePublished = t.UTC().Truncate(time.Second)
	return nil
}

// identify sets the ID: words for people, of the permalink or the headline, and
// eight digits that are the same whenever the item is sent again.
func identify(e *article.Edition, guid, date string) {
	key := cmp.Or(strings.TrimSpace(guid), e.CanonicalURL, strings.TrimSpace(e.Headline+" "+date), e.BodyHTML)
	sum := sha256.Sum256([]byte(key))
	words := e.Headline
	if u, err := url.Parse(e.CanonicalURL); err == nil {
		segment := path.Base(u.Path)
		switch ext := path.Ext(segment); ext {
		case ".html", ".htm", ".php", ".aspx", ".asp", ".shtml":
			segment = strings.TrimSuffix(segment, ext)
		}
		if latin(segment) && segment != "index" {
			words = segment
		}
	}
	if !latin(words) {
		words = "article"
	}
	e.ID = extract.Slug(words) + "-" + hex.EncodeToString(sum[:4])
}

func latin(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Latin, r) })
}
