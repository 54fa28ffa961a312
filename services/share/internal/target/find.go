// SPDX-License-Identifier: Apache-2.0

package target

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/partner"
)

// shown is the edition that an address shows.
type shown struct{ id, language string }

// spelling is the one form of an address by which it is found: without scheme,
// fragment, campaign (UTM parameters) and closing slash, the host in lower case,
// the parameters in order. It takes templates as well; empty: no web address.
func spelling(address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return ""
	}
	var query []string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if pair != "" && !strings.HasPrefix(pair, "utm_") {
			query = append(query, pair)
		}
	}
	slices.Sort(query)
	path, err := url.PathUnescape(strings.TrimRight(u.EscapedPath(), "/"))
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host) + path + "?" + strings.Join(query, "&")
}

// noted moves the address of an edition to that of its new version. The lock is held.
func (t *Table) noted(old, next *article.Edition) {
	p := shown{next.ID, next.Language}
	if was := spelling(old.CanonicalURL); was != "" && t.pages[was] == p {
		delete(t.pages, was)
	}
	if is := spelling(next.CanonicalURL); is != "" {
		t.pages[is] = p
	}
}

// Finder tells which article an address shows.
type Finder struct {
	table     *Table
	templates []template
}

// template is a partner's articleUrl, read backwards.
type template struct {
	partner      string
	pattern      *regexp.Regexp
	id, language int // submatches; 0: none
}

// Finder returns a finder that knows the pages of the given partners.
func (t *Table) Finder(partners []partner.Partner) *Finder {
	f := &Finder{table: t}
	for i := range partners {
		shape := regexp.QuoteMeta(spelling(partners[i].ArticleURL))
		// A placeholder that comes again is not compared with its first.
		shape = strings.Replace(shape, `\{id\}`, `(?P<id>[a-z0-9][a-z0-9-]*)`, 1)
		shape = strings.Replace(shape, `\{lang\}`, `(?P<lang>[A-Za-z0-9-]+)`, 1)
		shape = strings.NewReplacer(`\{id\}`, `[a-z0-9-]+`, `\{lang\}`, `[A-Za-z0-9-]+`).Replace(shape)
		pattern, err := regexp.Compile(`^` + shape + `$`)
		if err != nil || pattern.SubexpIndex("id") < 0 {
			continue // it has no page for each article
		}
		f.templates = append(f.templates, template{partners[i].ID, pattern, pattern.SubexpIndex("id"), max(0, pattern.SubexpIndex("lang"))})
	}
	return f
}

// Article is the article that an address shows: the canonical page of an edition,
// or its page at a partner, which is named then. The language is empty where the
// address says nothing about it.
func (f *Finder) Article(address string) (id, language, partner string, ok bool) {
	spelt := spelling(address)
	if spelt == "" {
		return "", "", "", false
	}
	f.table.mu.RLock()
	p, ok := f.table.pages[spelt]
	f.table.mu.RUnlock()
	if ok {
		return p.id, p.language, "", true
	}
	for _, t := range f.templates {
		m := t.pattern.FindStringSubmatch(spelt)
		if m == nil {
			continue
		}
		id = m[t.id]
		if t.language > 0 {
			language = m[t.language]
		}
		if slices.ContainsFunc(f.table.Editions(id), func(e article.Edition) bool { return language == "" || e.Language == language }) {
			return id, language, t.partner, true
		}
	}
	return "", "", "", false
}
