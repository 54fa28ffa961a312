// SPDX-License-Identifier: Apache-2.0

// Package kit is the page that a partner's developer meets first: what the
// partner may do, the lines to paste, the real widget to try and to theme, and
// every address a site or a program may ask, all with the partner's own key.
//
// The texts and addresses stand in the page itself and need no script. The
// script rewrites the lines as choices are made and draws the elements of
// /widget/v1.js beside them, from the origin of the page.
package kit

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/widget"
)

//go:embed page.html
var pageSource string

//go:embed static
var static embed.FS

// policy lets the page use its own script, style and API, and nothing else.
// Neither the page nor the widget shows a picture of an article.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

// Parts are what the page stands on.
type Parts struct {
	PublicURL string         // of the service, without a trailing slash
	Release   widget.Release // of the script, for pages that pin it
	Logger    *slog.Logger
}

// Handler is the page in every language it speaks, and its files.
type Handler struct {
	Parts
	phrases map[string]map[string]string  // by language and key
	pages   map[string]*template.Template // by language
	files   map[string][]byte             // by name, which changes with what is in the file
}

// New prepares the page. An error is one of the program: a template that does
// not parse.
func New(p Parts) (*Handler, error) {
	h := &Handler{Parts: p, pages: map[string]*template.Template{}, files: map[string][]byte{}}
	names := map[string]string{}
	for _, extension := range []string{".js", ".css"} {
		body, err := static.ReadFile("static/kit" + extension)
		if err != nil {
			return nil, fmt.Errorf("kit: %w", err)
		}
		sum := sha256.Sum256(body)
		names[extension] = "kit." + hex.EncodeToString(sum[:6]) + extension
		h.files[names[extension]] = body
	}
	var err error
	if h.phrases, err = readPhrases(); err != nil {
		return nil, fmt.Errorf("kit: %w", err)
	}
	for _, tag := range languages() {
		if h.pages[tag], err = parse(h.phrases[tag], names); err != nil {
			return nil, fmt.Errorf("kit in %s: %w", tag, err)
		}
	}
	return h, nil
}

// Page answers with the kit of the partner whose key was presented: 200, not to
// be stored. It stands behind web.Partners.Require.
func (h *Handler) Page(w http.ResponseWriter, r *http.Request) error {
	lang := pageLanguage(r)
	return h.answer(w, r, http.StatusOK, lang, "kit", h.view(r, lang))
}

// Asset answers with the script or style sheet that the path's {asset} names,
// for good, or NotFound.
func (h *Handler) Asset(w http.ResponseWriter, r *http.Request) error {
	name := web.Var(r, "asset")
	body, ok := h.files[name]
	if !ok {
		return fault.New(fault.NotFound, "the kit has no such file")
	}
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	return web.WriteBytes(w, r, http.StatusOK, types[path.Ext(name)], body)
}

// Readable turns an error of the page into a page that says what is wrong, with
// the status of the problem it stands for, and asks for the key where that is
// what was missing. It stands before web.Partners.Require.
func (h *Handler) Readable(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := next(w, r)
		if err == nil {
			return nil
		}
		kind := web.ExplainError(w, r, h.Logger, err)
		lang := pageLanguage(r)
		f := h.frame(lang, r.URL.Query())
		f.Problem, f.Reference = f.problem(kind), web.RequestID(r.Context())
		return h.answer(w, r, kind.Status(), lang, "problem", &f)
	}
}

// pageLanguage is ?lang= or else what the reader's browser prefers, "fr" or "en".
func pageLanguage(r *http.Request) string {
	if asked := r.URL.Query().Get("lang"); slices.Contains(languages(), asked) {
		return asked
	}
	if tag, ok := language.Negotiate(r.Header.Get("Accept-Language"), languages()); ok {
		return tag
	}
	return "en"
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request, status int, lang, name string, data any) error {
	var b bytes.Buffer
	if err := h.pages[lang].ExecuteTemplate(&b, name, data); err != nil {
		return fmt.Errorf("render the %s page: %w", name, err)
	}
	header := w.Header()
	header.Set("Content-Language", lang)
	header.Add("Vary", "Accept-Language")
	header.Set("Content-Security-Policy", policy)
	header.Set("Referrer-Policy", "no-referrer") // the address holds the key
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Robots-Tag", "noindex")
	header.Set("Cache-Control", "private, no-store")
	return web.WriteBytes(w, r, status, "text/html; charset=utf-8", b.Bytes())
}

// parse prepares the templates with the phrases of one language.
func parse(own, files map[string]string) (*template.Template, error) {
	phrase := func(key string) (string, error) {
		s, ok := own[key]
		if !ok {
			return "", fmt.Errorf("there is no phrase %q", key)
		}
		return s, nil
	}
	t, err := template.New("kit").Funcs(template.FuncMap{
		"t": phrase,
		"fill": func(key string, value any) (string, error) {
			s, err := phrase(key)
			return strings.Replace(s, "{}", fmt.Sprint(value), 1), err
		},
		"file": func(extension string) string { return "/partners/" + files[extension] },
		"dir":  language.Direction,
	}).Parse(pageSource)
	if err != nil {
		return nil, fmt.Errorf("parse page.html: %w", err)
	}
	return t, nil
}
