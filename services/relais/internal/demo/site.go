// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/services/relais/internal/client"
)

//go:embed site/*
var siteFS embed.FS

// site is the partner's website: pages of its own, with the widget in them.
type site struct {
	relais string
	keys   state
	pages  *template.Template
}

func newSite(relais string, keys state) (http.Handler, error) {
	pages, err := template.New("").Funcs(template.FuncMap{"dir": language.Direction, "day": day}).ParseFS(siteFS, "site/*.html")
	if err != nil {
		return nil, fmt.Errorf("demo site: %w", err)
	}
	static, err := fs.Sub(siteFS, "site")
	if err != nil {
		return nil, fmt.Errorf("demo site: %w", err)
	}
	s := &site{relais, keys, pages}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page("home.html"))
	mux.HandleFunc("GET /recherche", s.page("results.html"))
	mux.Handle("GET /style.css", http.FileServerFS(static))
	mux.HandleFunc("GET /{lang}/{id}", s.article)
	return mux, nil
}

// view is what every page is given.
type view struct {
	Relais, Key, Lang string
	Edition           *article.Edition
	Body              template.HTML
}

// page shows one that is the same for everybody, in the reader's language.
func (s *site) page(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		lang, ok := language.Negotiate(r.Header.Get("Accept-Language"), []string{"fr", "en"})
		if asked := r.URL.Query().Get("lang"); asked == "fr" || asked == "en" {
			lang, ok = asked, true
		}
		if !ok {
			lang = "fr"
		}
		s.render(w, http.StatusOK, name, view{Lang: lang})
	}
}

func (s *site) article(w http.ResponseWriter, r *http.Request) {
	id, lang := r.PathValue("id"), r.PathValue("lang")
	if !article.ValidID(id) || !article.ValidLanguage(lang) {
		s.render(w, http.StatusNotFound, "gone.html", view{Lang: "fr"})
		return
	}
	var e article.Edition
	editor := client.Client{Base: s.relais, Key: s.keys.EditorKey}
	err := editor.Do(r.Context(), http.MethodGet, "/v1/articles/"+id+"/"+lang, "", nil, &e)
	status, refused := errors.AsType[*client.StatusError](err)
	switch {
	case refused && status.Status == http.StatusNotFound, err == nil && e.PubStatus == article.Withheld:
		s.render(w, http.StatusNotFound, "gone.html", view{Lang: "fr"})
	case err != nil:
		http.Error(w, "La rédaction ne répond pas. The newsroom does not answer.", http.StatusBadGateway)
	case e.PubStatus == article.Canceled:
		s.render(w, http.StatusGone, "gone.html", view{Lang: lang, Edition: &e})
	default:
		// The body was sanitized when it was accepted.
		s.render(w, http.StatusOK, "article.html", view{Lang: lang, Edition: &e, Body: template.HTML(e.BodyHTML)}) //nolint:gosec // sanitized at the door
	}
}

func (s *site) render(w http.ResponseWriter, status int, page string, v view) {
	v.Relais, v.Key = s.relais, s.keys.PartnerKey
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, page, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src "+s.relais+"; connect-src "+s.relais+
		"; img-src https: http: data:; form-action 'self' "+s.relais+"; base-uri 'none'; require-trusted-types-for 'script'")
	h.Set("Content-Language", v.Lang)
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the client is gone: nobody to tell
}

// day writes a date as people do in a language.
func day(t time.Time, lang string) string {
	if !strings.HasPrefix(lang, "fr") {
		return t.Format("2 January 2006")
	}
	months := []string{
		"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
	}
	number := fmt.Sprint(t.Day())
	if t.Day() == 1 {
		number = "1er"
	}
	return number + "\u00a0" + months[t.Month()-1] + " " + fmt.Sprint(t.Year())
}
