// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/engine"
)

//go:embed page.html
var pageFS embed.FS

// resultsPage is the page's template and the CSP source of its style element.
type resultsPage struct {
	template *template.Template
	style    string
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
	return resultsPage{tmpl, "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"}, nil
}

// words are the page's own texts in one language.
type words struct {
	Title, Label, Submit, None, Share, Minutes, Previous, Next string
	Count                                                      func(n int) string
}

func wordsIn(tag string) (string, words) {
	base, _, _ := strings.Cut(tag, "-")
	if base == "fr" || base == "" {
		return "fr", words{
			Title: "Recherche", Label: "Rechercher un article", Submit: "Rechercher", None: "Aucun résultat", Share: "Partager",
			Minutes: "min de lecture", Previous: "Page précédente", Next: "Page suivante",
			Count: func(n int) string {
				if n < 2 {
					return strconv.Itoa(n) + "\u00a0résultat"
				}
				return strconv.Itoa(n) + "\u00a0résultats"
			},
		}
	}
	return "en", words{
		Title: "Search", Label: "Search articles", Submit: "Search", None: "No results", Share: "Share",
		Minutes: "min read", Previous: "Previous page", Next: "Next page",
		Count: func(n int) string {
			if n == 1 {
				return "1 result"
			}
			return strconv.Itoa(n) + " results"
		},
	}
}

// pageLimit is how many hits a page shows.
const pageLimit = 20

// page is the results page for readers without JavaScript.
func (a *API) page(w http.ResponseWriter, r *http.Request) error {
	q, err := a.question(r)
	if err != nil {
		return err
	}
	q.Limit, q.Facets = pageLimit, nil
	out, _, err := a.ask(r, q)
	if err != nil {
		return err
	}
	lang, texts := wordsIn(q.Language)
	var body bytes.Buffer
	err = a.results.template.Execute(&body, map[string]any{
		"Lang": lang, "Words": texts, "Answer": out, "Key": r.URL.Query().Get("key"), "Site": web.CallerOf(r).Partner.Name,
		"Previous": turn(r, q, -pageLimit, out.Total), "Next": turn(r, q, pageLimit, out.Total),
	})
	if err != nil {
		return fmt.Errorf("results page: %w", err)
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=30")
	h.Set("Content-Language", lang)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src "+a.results.style+"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("X-Robots-Tag", "noindex")
	return web.WriteBytes(w, r, http.StatusOK, "text/html; charset=utf-8", body.Bytes())
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
