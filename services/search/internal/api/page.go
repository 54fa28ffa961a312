// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/engine"
)

//go:embed page.html
var pageFS embed.FS

// resultsPage is the page's template and its content security policy.
type resultsPage struct {
	template *template.Template
	policy   string
}

func newResultsPage() (resultsPage, error) {
	source, err := pageFS.ReadFile("page.html")
	if err != nil {
		return resultsPage{}, fmt.Errorf("results page: %w", err)
	}
	_, rest, _ := strings.Cut(string(source), "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	tmpl, err := template.New("page.html").Funcs(template.FuncMap{
		"marked": segments, "dir": language.Direction,
	}).Parse(string(source))
	if err != nil {
		return resultsPage{}, fmt.Errorf("results page: %w", err)
	}
	return resultsPage{tmpl, "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}, nil
}

// What a page shows.
const (
	pageLimit  = 20 // hits
	pageFacets = 8  // values of a facet
)

// view is what the template is given: an answer or a failure.
type view struct {
	Lang           string
	Words          words
	Site, Key      string
	Answer         *answer
	Facets         []facet
	Previous, Next string
	Failure        *failure
}

// failure is what a reader is told when there is no answer.
type failure struct{ Title, Text, Reference string }

// page is the results page for readers without JavaScript.
func (a *API) page(w http.ResponseWriter, r *http.Request) error {
	q, err := a.question(r)
	if err != nil {
		return err
	}
	q.Limit, q.Facets = pageLimit, []string{engine.FacetSection, engine.FacetYear, engine.FacetPerson}
	site := web.CallerOf(r).Partner
	out, err := a.find(r.Context(), a.widened(r.Context(), q), site)
	if err != nil {
		return err
	}
	a.count(r, &q, out.Total > 0)
	lang := pageLanguage(q.Language, "")
	v := view{
		Lang: lang, Words: wordsIn(lang), Site: site.Name, Key: r.URL.Query().Get("key"), Answer: &out,
		Previous: turn(r, q, -pageLimit, out.Total), Next: turn(r, q, pageLimit, out.Total),
	}
	v.Facets = facetLinks(r, &out, v.Words)
	w.Header().Set("Cache-Control", "public, max-age=30")
	return a.results.show(w, r, http.StatusOK, &v)
}

// pageLanguage is the language of the page for a reader of a language, else for
// an Accept-Language header.
func pageLanguage(tag, header string) string {
	for _, wanted := range []string{tag, header} {
		if lang, ok := language.Negotiate(wanted, pageLanguages()); ok {
			return lang
		}
	}
	if tag != "" {
		return "en" // a reader of a third language
	}
	return pageLanguages()[0]
}

func (p *resultsPage) show(w http.ResponseWriter, r *http.Request, status int, v *view) error {
	var body bytes.Buffer
	if err := p.template.Execute(&body, v); err != nil {
		return fmt.Errorf("results page: %w", err)
	}
	h := w.Header()
	h.Set("Content-Language", v.Lang)
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("X-Robots-Tag", "noindex")
	return web.WriteBytes(w, r, status, "text/html; charset=utf-8", body.Bytes())
}

// readable turns an error of the page into a page that says what is wrong, with
// the status of the problem it stands for.
func (a *API) readable(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := next(w, r)
		if err == nil {
			return nil
		}
		kind := web.ExplainError(w, r, a.Logger, err)
		canonical, _ := language.Canonical(r.URL.Query().Get("lang")) // empty for a bad one
		lang := pageLanguage(canonical, r.Header.Get("Accept-Language"))
		v := view{Lang: lang, Words: wordsIn(lang), Failure: explained(err, kind, wordsIn(lang))}
		v.Failure.Reference = web.RequestID(r.Context())
		w.Header().Add("Vary", "Accept-Language")
		return a.results.show(w, r, kind.Status(), &v)
	}
}

func explained(err error, kind fault.Kind, texts words) *failure {
	var f failure
	f.Title, f.Text = texts.failure(kind)
	if e, ok := errors.AsType[*fault.Error](err); ok && kind == fault.Malformed && len(e.Fields) > 0 {
		if name := strings.TrimPrefix(e.Fields[0].Pointer, "/"); name != "" {
			f.Text = texts.parameter(name)
		}
	}
	return &f
}

// facet is one way to narrow the results, as links.
type facet struct {
	Title  string
	Values []facetLink
}

// facetLink sets a filter, or takes it away when it is Set.
type facetLink struct {
	Value, URL string
	Count      int
	Set        bool
}

func facetLinks(r *http.Request, out *answer, texts words) []facet {
	var facets []facet
	for _, name := range []string{engine.FacetSection, engine.FacetYear, engine.FacetPerson} {
		set, links := r.URL.Query()[name], []facetLink(nil)
		for _, v := range out.Facets[name] {
			isSet := slices.Contains(set, v.Value)
			if len(links) < pageFacets || isSet {
				links = append(links, facetLink{v.Value, toggled(r, name, v.Value, isSet), v.Count, isSet})
			}
		}
		if len(links) > 1 || slices.ContainsFunc(links, func(l facetLink) bool { return l.Set }) {
			facets = append(facets, facet{texts.Facets[name], links})
		}
	}
	return facets
}

// toggled is the address of the first page with a value of a filter added or
// taken away.
func toggled(r *http.Request, name, value string, isSet bool) string {
	params := url.Values{}
	maps.Copy(params, r.URL.Query())
	params.Del("offset")
	if isSet {
		params[name] = slices.DeleteFunc(slices.Clone(params[name]), func(v string) bool { return v == value })
	} else {
		params[name] = append(slices.Clone(params[name]), value)
	}
	return "/search?" + params.Encode()
}

// turn is the address of the page before or after; empty when there is none.
func turn(r *http.Request, q engine.Query, by, total int) string {
	offset := q.Offset + by
	if (by < 0 && q.Offset == 0) || offset >= min(total, maxOffset) {
		return ""
	}
	params := url.Values{}
	maps.Copy(params, r.URL.Query())
	params.Set("offset", strconv.Itoa(max(0, offset)))
	return "/search?" + params.Encode()
}

// segment is a piece of a text, highlighted or not.
type segment struct {
	Text string
	Mark bool
}

// segments cuts a text along its marks, for the template to escape.
func segments(m marked) []segment {
	units := utf16.Encode([]rune(m.Text))
	var out []segment
	at := 0
	add := func(end int, mark bool) {
		if end > at {
			out = append(out, segment{string(utf16.Decode(units[at:end])), mark})
			at = end
		}
	}
	for _, mark := range m.Marks {
		if mark[0] < at || mark[0]+mark[1] > len(units) {
			continue
		}
		add(mark[0], false)
		add(mark[0]+mark[1], true)
	}
	add(len(units), false)
	return out
}
