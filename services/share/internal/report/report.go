// SPDX-License-Identifier: Apache-2.0

// Package report is the page that shows how an article's links were followed:
// totals, days, channels, partners, languages, and what searches led to. A
// partner opens it with its own key and needs no script. For an editor, whose
// key is not to stand in an address, the page asks for the key, and a script
// fetches the same page with it.
package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/chart"
)

//go:embed page.html
var pageSource string

//go:embed static
var static embed.FS

// policy lets the page use its own script and style, ask its own origin and
// send its form there, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// types are the files of the page that are served.
var types = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}

// Page is the page in every language it speaks, and its files.
type Page struct {
	pages map[string]*template.Template // by language
	files map[string][]byte             // by name, which changes with what is in the file
}

// New prepares the page. An error is one of the program: a template that does
// not parse.
func New() (*Page, error) {
	p := &Page{pages: map[string]*template.Template{}, files: map[string][]byte{}}
	script, err := static.ReadFile("static/stats.js")
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	style, err := static.ReadFile("static/stats.css")
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	names := map[string]string{
		"script": p.keep("stats", ".js", script),
		"style":  p.keep("stats", ".css", slices.Concat(chart.Style(), style)),
	}
	for _, tag := range languages() {
		if p.pages[tag], err = parse(tag, names); err != nil {
			return nil, fmt.Errorf("report in %s: %w", tag, err)
		}
	}
	return p, nil
}

// keep adds a file under a name of its own content, and returns the name.
func (p *Page) keep(name, extension string, body []byte) string {
	sum := sha256.Sum256(body)
	name += "." + hex.EncodeToString(sum[:6]) + extension
	p.files[name] = body
	return name
}

// Language returns the language for a request: ?lang= or else what the reader's
// browser prefers, "fr" or "en".
func Language(r *http.Request) string {
	if asked := r.URL.Query().Get("lang"); slices.Contains(languages(), asked) {
		return asked
	}
	if tag, ok := language.Negotiate(r.Header.Get("Accept-Language"), languages()); ok {
		return tag
	}
	return "en"
}

// Show answers with the numbers: 200, not to be stored.
func (p *Page) Show(w http.ResponseWriter, r *http.Request, d *Data) error {
	return p.answer(w, r, http.StatusOK, d.Language, "report", newView(d))
}

// Ask answers with the form that takes an editor's key and then fetches the
// address that was asked for, with the key in the Authorization header. lang is
// the one of Language.
func (p *Page) Ask(w http.ResponseWriter, r *http.Request, lang string) error {
	return p.answer(w, r, http.StatusOK, lang, "ask", newFrame(lang, r.URL.Query()))
}

// Refuse answers with a status and says in words why there are no numbers: 401,
// 403, 422, 429 and 503 have words of their own.
func (p *Page) Refuse(w http.ResponseWriter, r *http.Request, lang string, status int) error {
	f := newFrame(lang, r.URL.Query())
	f.Status = status
	return p.answer(w, r, status, lang, "refused", f)
}

func (p *Page) answer(w http.ResponseWriter, r *http.Request, status int, lang, name string, data any) error {
	t, ok := p.pages[lang]
	if !ok {
		t = p.pages["en"]
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		return fmt.Errorf("render the %s page: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Language", lang)
	h.Add("Vary", "Accept-Language, Authorization")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer") // a partner's address holds its key
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Cache-Control", "private, no-store")
	return web.WriteBytes(w, r, status, "text/html; charset=utf-8", b.Bytes())
}

// File answers with the script or style sheet that the path's {file} names, for
// good, or NotFound.
func (p *Page) File(w http.ResponseWriter, r *http.Request) error {
	name := web.Var(r, "file")
	body, ok := p.files[name]
	if !ok {
		return fault.New(fault.NotFound, "the statistics have no such file")
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	return web.WriteBytes(w, r, http.StatusOK, types[path.Ext(name)], body)
}

// parse prepares the templates in one language.
func parse(tag string, files map[string]string) (*template.Template, error) {
	own := phrasesIn(tag)
	phrase := func(key string) (string, error) {
		s, ok := own[key]
		if !ok {
			return "", fmt.Errorf("there is no phrase %q", key)
		}
		return s, nil
	}
	fill := func(key string, value any) (string, error) {
		s, err := phrase(key)
		return strings.Replace(s, "{}", fmt.Sprint(value), 1), err
	}
	t := template.New("report").Funcs(template.FuncMap{
		"t":    phrase,
		"fill": fill,
		"file": func(kind string) string { return "/stats/" + files[kind] },
	})
	t, err := chart.Define(t)
	if err != nil {
		return nil, err
	}
	if t, err = t.Parse(pageSource); err != nil {
		return nil, fmt.Errorf("parse page.html: %w", err)
	}
	return t, nil
}
