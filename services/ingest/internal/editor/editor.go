// SPDX-License-Identifier: Apache-2.0

// Package editor is the page where editors work: bring a text, look it over,
// publish it, watch it arrive, correct it, take it back. The page is a client
// of the public API like any other; it is served without a key and holds none.
package editor

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/web"
)

//go:embed editor.html
var pageSource string

//go:embed static
var static embed.FS

// policy lets the page run its own scripts and styles, call its own origin and
// show an article's pictures, and nothing else. The preview is a sandboxed
// frame that inherits it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' https: data:; " +
	"frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// types are the files of the page that are served.
var types = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}

// Page is the editor's page in every language it speaks, and its files.
type Page struct {
	pages map[string][]byte // by language
	files map[string][]byte // by name
}

// New renders the page once in each language. An error is one of the program:
// a phrase that is missing, a template that does not parse.
func New() (*Page, error) {
	p := &Page{pages: map[string][]byte{}, files: map[string][]byte{}}
	entries, err := static.ReadDir("static")
	if err != nil {
		return nil, fmt.Errorf("editor: %w", err)
	}
	var modules []string
	for _, e := range entries {
		if p.files[e.Name()], err = static.ReadFile("static/" + e.Name()); err != nil {
			return nil, fmt.Errorf("editor: %w", err)
		}
		if path.Ext(e.Name()) == ".js" {
			modules = append(modules, e.Name())
		}
	}
	for _, tag := range languages() {
		if p.pages[tag], err = render(tag, modules); err != nil {
			return nil, fmt.Errorf("editor in %s: %w", tag, err)
		}
	}
	return p, nil
}

// Show answers with the page, in the language of ?lang= or else the one the
// reader's browser prefers.
func (p *Page) Show(w http.ResponseWriter, r *http.Request) error {
	tag, ok := language.Negotiate(r.Header.Get("Accept-Language"), languages())
	if asked := r.URL.Query().Get("lang"); slices.Contains(languages(), asked) {
		tag, ok = asked, true
	}
	if !ok {
		tag = "en"
	}
	h := w.Header()
	h.Set("Content-Language", tag)
	h.Add("Vary", "Accept-Language")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	return web.WriteBytes(w, r, http.StatusOK, "text/html; charset=utf-8", p.pages[tag])
}

// File answers with the script or style sheet that the path names, or NotFound.
func (p *Page) File(w http.ResponseWriter, r *http.Request) error {
	name := web.Var(r, "file")
	body, ok := p.files[name]
	if !ok {
		return fault.New(fault.NotFound, "the editor has no such file")
	}
	h := w.Header()
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	return web.WriteBytes(w, r, http.StatusOK, types[path.Ext(name)], body)
}

// field is a labeled control of the form.
type field struct {
	ID, Kind, Label, Hint, List string
	Rows                        int
}

// Described is the value of the control's aria-describedby.
func (f field) Described() string {
	if f.Hint == "" {
		return f.ID + "-notes"
	}
	return f.ID + "-hint " + f.ID + "-notes"
}

func render(tag string, modules []string) ([]byte, error) {
	own := phrasesIn(tag)
	phrase := func(key string) (string, error) {
		s, ok := own[key]
		if !ok {
			return "", fmt.Errorf("there is no phrase %q", key)
		}
		return s, nil
	}
	control := func(name, kind string, rows int) (field, error) {
		label, err := phrase("field." + name)
		id := "f-" + strings.ReplaceAll(name, ".", "-")
		return field{ID: id, Kind: kind, Label: label, Hint: own["hint."+name], Rows: rows}, err
	}
	listed := func(name, list string) (field, error) {
		f, err := control(name, "text", 0)
		f.List = list
		return f, err
	}
	page, err := template.New("editor").Funcs(template.FuncMap{"t": phrase, "control": control, "listed": listed}).Parse(pageSource)
	if err != nil {
		return nil, fmt.Errorf("parse editor.html: %w", err)
	}
	other := "fr"
	if tag == "fr" {
		other = "en"
	}
	var b bytes.Buffer
	err = page.Execute(&b, map[string]any{
		"Lang": tag, "Other": other, "Modules": modules,
		"Phrases": map[string]any{"phrases": own, "details": detailsIn(tag)},
	})
	return b.Bytes(), err
}
