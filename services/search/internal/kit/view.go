// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"html"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
)

// frame is what every page has: its language, and the way to the other.
type frame struct {
	Lang, Other        string
	OtherHref          string
	Problem, Reference string // Problem begins the keys of what is said of a failure
	own                map[string]string
}

func (h *Handler) frame(lang string, query url.Values) frame {
	f := frame{Lang: lang, Other: "fr", own: h.phrases[lang]}
	if lang == "fr" {
		f.Other = "en"
	}
	other := url.Values{"lang": {f.Other}}
	if key := query.Get("key"); strings.HasPrefix(key, "pk_") { // a secret one is not to be written down again
		other.Set("key", key)
	}
	f.OtherHref = "/partners/kit?" + other.Encode()
	return f
}

// problem is where the phrases for a kind begin.
func (f *frame) problem(kind fault.Kind) string {
	key := "problem." + strconv.Itoa(kind.Status())
	if _, ok := f.own[key]; !ok {
		return "problem.500"
	}
	return key
}

// NeedsKey reports whether a key is what was missing.
func (f *frame) NeedsKey() bool {
	return f.Problem == "problem.401" || f.Problem == "problem.403"
}

// view is a partner's kit.
type view struct {
	frame
	Partner     *partner.Partner
	Key, Public string
	Content     string   // the language that examples ask for
	Limit       string   // requests a second; empty: the partner has no limit of its own
	Warnings    []string // where the phrases of each begin
	Choices     []choice // of languages
	Snippets    []snippet
	Form        string
	Policy      string
	Feeds       []feeds
	Calls       []call
	Config      config
}

// config is what the script is given.
type config struct {
	Key      string            `json:"key"`
	Public   string            `json:"public"`
	Lang     string            `json:"lang"`    // of the page
	Content  string            `json:"content"` // of the articles
	Moving   string            `json:"moving"`
	Frozen   string            `json:"frozen"`
	SRI      string            `json:"sri"`
	Form     string            `json:"form"`
	Sections []string          `json:"sections"`
	Phrases  map[string]string `json:"phrases"`
}

type (
	// choice is a language to choose: its tag and its name.
	choice struct{ Tag, Name string }
	// snippet is the tag of an element, to paste after the script.
	snippet struct{ ID, Code string }
	// feeds are the addresses of one language.
	feeds struct {
		choice
		Rows []feed
	}
	feed struct{ Name, Note, URL string }
	// call is a question to the API. URL holds {id} where NeedsArticle.
	call struct {
		ID, Path, URL, Curl, Script string
		NeedsArticle                bool
	}
)

func (h *Handler) view(r *http.Request, lang string) *view {
	site := web.CallerOf(r).Partner
	v := &view{
		frame: h.frame(lang, r.URL.Query()), Partner: site,
		Key: r.URL.Query().Get("key"), Public: h.PublicURL, Content: contentLanguage(site, lang),
	}
	if site.RateLimit > 0 {
		v.Limit = strconv.FormatFloat(site.RateLimit, 'f', -1, 64)
		if lang == "fr" {
			v.Limit = strings.Replace(v.Limit, ".", ",", 1)
		}
	}
	v.warn()
	for _, tag := range offered(site, v.Content) {
		v.Choices = append(v.Choices, choice{tag, v.languageName(tag)})
	}
	v.Form = v.form()
	v.Policy = "script-src 'self' " + v.Public + "; connect-src 'self' " + v.Public + "; form-action 'self' " + v.Public
	v.Snippets = v.snippets()
	v.feeds()
	v.calls()
	v.Config = config{
		Key: v.Key, Public: v.Public, Lang: lang, Content: v.Content, Moving: "/widget/v1.js",
		Frozen: h.Release.Path, SRI: h.Release.Integrity, Form: v.Form, Sections: site.Sections, Phrases: map[string]string{},
	}
	for _, key := range said() {
		v.Config.Phrases[key] = v.own[key]
	}
	return v
}

// contentLanguage is the partner's own language, else the page's where the
// partner may see it.
func contentLanguage(p *partner.Partner, lang string) string {
	switch {
	case p.DefaultLanguage != "":
		return p.DefaultLanguage
	case len(p.Languages) == 0 || slices.Contains(p.Languages, lang):
		return lang
	default:
		return p.Languages[0]
	}
}

// offered are the languages to choose from: the partner's, or the common ones
// when it may see all; the content's first.
func offered(p *partner.Partner, content string) []string {
	tags := p.Languages
	if len(tags) == 0 {
		tags = language.Common()
	}
	rest := slices.DeleteFunc(slices.Clone(tags), func(tag string) bool { return tag == content })
	return append([]string{content}, rest...)
}

// warn notes what will keep the widget from working at the partner.
func (v *view) warn() {
	if len(v.Partner.Origins) == 0 {
		v.Warnings = append(v.Warnings, "warn.origins")
	}
	if v.Partner.ArticleURL == "" {
		v.Warnings = append(v.Warnings, "warn.article")
	}
	secure := slices.ContainsFunc(v.Partner.Origins, func(o string) bool { return strings.HasPrefix(o, "https:") })
	if secure && plain(v.Public) {
		v.Warnings = append(v.Warnings, "warn.mixed")
	}
}

// plain reports whether browsers refuse an address on a page that came by https.
func plain(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err != nil || !ip.IsLoopback()
}

// languageName names a tag: itself, its base with the rest in brackets, or the tag.
func (v *view) languageName(tag string) string {
	if s, ok := v.own["language."+tag]; ok {
		return s
	}
	base, rest, _ := strings.Cut(tag, "-")
	if s, ok := v.own["language."+base]; ok {
		return s + " (" + rest + ")"
	}
	return tag
}

// address is one of the service with a query, the key last.
func (v *view) address(path string, params ...string) string {
	var b strings.Builder
	b.WriteString(v.Public + path + "?")
	for i := 0; i+1 < len(params); i += 2 {
		b.WriteString(params[i] + "=" + url.QueryEscape(params[i+1]) + "&")
	}
	return b.String() + "key=" + url.QueryEscape(v.Key)
}

// script is the line that loads the widget, the moving one.
func (v *view) script() string {
	attribute := html.EscapeString
	return `<script async src="` + attribute(v.Public) + `/widget/v1.js" data-key="` + attribute(v.Key) +
		`" data-lang="` + attribute(v.Content) + `"></script>`
}

func (v *view) snippets() []snippet {
	var out []snippet
	for _, s := range [][2]string{
		{"search", "<relais-search></relais-search>"},
		{"page", `<relais-search mode="page"></relais-search>`},
		{"latest", `<relais-latest limit="5"></relais-latest>`},
		{"related", `<relais-related article="{id}"></relais-related>`},
		{"share", `<relais-share article="{id}"></relais-share>`},
	} {
		out = append(out, snippet{s[0], v.script() + "\n" + s[1]})
	}
	return out
}

// form is a search for readers without JavaScript.
func (v *view) form() string {
	attribute := html.EscapeString
	return `<form action="` + attribute(v.Public) + `/search">
  <input type="hidden" name="key" value="` + attribute(v.Key) + `">
  <input type="hidden" name="lang" value="` + attribute(v.Content) + `">
  <input type="search" name="q" aria-label="` + attribute(v.own["form.label"]) + `">
  <button>` + attribute(v.own["form.submit"]) + `</button>
</form>`
}

func (v *view) feeds() {
	for _, c := range v.Choices {
		set := feeds{choice: c}
		for _, f := range [][2]string{{"rss", "RSS 2.0"}, {"atom", "Atom"}, {"json", "JSON Feed"}, {"ninjs", "ninjs 3"}, {"sitemap", "Sitemap"}} {
			set.Rows = append(set.Rows, feed{f[1], "feed." + f[0], v.address("/v1/feeds/" + url.PathEscape(c.Tag) + "." + f[0])})
		}
		v.Feeds = append(v.Feeds, set)
	}
}

func (v *view) calls() {
	for _, c := range []struct {
		id, path string
		article  bool
		params   []string
		takes    string // from the answer
	}{
		{"search", "/v1/search", false, []string{"q", v.own["call.query"], "lang", v.Content, "limit", "10"}, "{ total, hits }"},
		{"latest", "/v1/latest", false, []string{"lang", v.Content, "limit", "5"}, "{ hits }"},
		{"related", "/v1/related/{id}", true, []string{"lang", v.Content, "limit", "3"}, "{ hits }"},
		{"share", "/v1/share/{id}", true, []string{"lang", v.Content}, "{ url, targets }"},
		{"content", "/v1/content/{id}", true, nil, "article"},
		{"changes", "/v1/changes", false, nil, "answer"},
	} {
		address := v.address(c.path, c.params...)
		v.Calls = append(v.Calls, call{
			ID: c.id, Path: c.path, URL: address, NeedsArticle: c.article,
			Curl:   "curl '" + address + "'",
			Script: "const response = await fetch('" + address + "');\nif (!response.ok) throw new Error((await response.json()).detail);\nconst " + c.takes + " = await response.json();",
		})
	}
}
