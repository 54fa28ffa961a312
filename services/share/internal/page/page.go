// SPDX-License-Identifier: Apache-2.0

// Package page draws what readers and programs meet at a short link instead of
// the article: the notice that says why there is nothing to be sent to, the
// page that says where a link leads, the card from which other sites draw a
// preview, the oEmbed answer, and the page that says what is counted.
//
// No page holds a script, sets a cookie or asks another host for anything. All
// text from outside is escaped where it leaves.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/web"
)

//go:embed templates/*.html words.json
var files embed.FS

// Pages draws the pages. It is safe for concurrent use.
type Pages struct {
	templates *template.Template
	words     map[string]words
	csp       string
	publicURL string
}

// New reads the templates and the words. publicURL is the origin that short
// links begin with, without a slash at its end.
func New(publicURL string) (*Pages, error) {
	p := &Pages{publicURL: publicURL}
	var err error
	if p.words, err = readWords(); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	funcs := template.FuncMap{"dir": language.Direction, "clean": clean, "named": languageName}
	if p.templates, err = template.New("pages").Funcs(funcs).ParseFS(files, "templates/*.html"); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	var style bytes.Buffer
	if err := p.templates.ExecuteTemplate(&style, "style", nil); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	_, rest, _ := strings.Cut(style.String(), "<style>")
	css, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(css))
	p.csp = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return p, nil
}

// Languages lists the languages that notices and inspect pages are written in,
// the default first.
func Languages() []string { return []string{"fr", "en", "de", "es", "it", "nl", "pt", "ar"} }

// languageOf is the language a page is shown in: ?lang=, else the reader's,
// else the first of those available.
func languageOf(r *http.Request, available []string) string {
	if asked, err := language.Canonical(r.URL.Query().Get("lang")); err == nil {
		if tag, ok := language.Negotiate(asked, available); ok {
			return tag
		}
	}
	if tag, ok := language.Negotiate(r.Header.Get("Accept-Language"), available); ok {
		return tag
	}
	return available[0]
}

// draw executes a template.
func (p *Pages) draw(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := p.templates.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// write answers with a page in a language; more is added to its policy.
func (p *Pages) write(w http.ResponseWriter, r *http.Request, status int, lang, more string, body []byte) error {
	h := w.Header()
	if lang != "" {
		h.Set("Content-Language", lang)
	}
	h.Set("Content-Security-Policy", p.csp+more)
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	vary(h, "Accept-Language")
	return web.WriteBytes(w, r, status, "text/html; charset=utf-8", body)
}

func vary(h http.Header, name string) {
	if !slices.Contains(h.Values("Vary"), name) {
		h.Add("Vary", name)
	}
}
