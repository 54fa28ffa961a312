// SPDX-License-Identifier: Apache-2.0

package content

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/schemaorg"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/catalog"
	"github.com/relais-press/relais/services/search/internal/french"
)

//go:embed page.html words.json
var files embed.FS

// pages draws the pages. No page runs a script.
type pages struct {
	templates *template.Template
	words     map[string]words
	policy    string
}

func readPages() (*pages, error) {
	var p pages
	var err error
	if p.words, err = readWords(); err != nil {
		return nil, fmt.Errorf("content pages: %w", err)
	}
	funcs := template.FuncMap{"dir": language.Direction}
	if p.templates, err = template.New("content").Funcs(funcs).ParseFS(files, "page.html"); err != nil {
		return nil, fmt.Errorf("content pages: %w", err)
	}
	var style bytes.Buffer
	if err := p.templates.ExecuteTemplate(&style, "style", nil); err != nil {
		return nil, fmt.Errorf("content pages: %w", err)
	}
	_, rest, _ := strings.Cut(style.String(), "<style>")
	css, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(css))
	p.policy = "default-src 'none'; img-src https: data:; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return &p, nil
}

// view is an edition as the template shows it.
type view struct {
	article.Edition
	URL, Site string
	Body      template.HTML
	Words     words
	Labels    string // language of the words where it is not the edition's
	Published *dated
	Updated   *dated
	Days      []*dated // of the event
	Speakers  []article.Person
	Others    []article.Person
	Elsewhere []elsewhere
	Original  string // address of the original
	Read      string
	Linked    schemaorg.NewsArticle
}

// elsewhere is the article in a language, at the partner.
type elsewhere struct {
	Language, Name, URL string
	Here                bool
}

func (h *Handler) view(entry *catalog.Entry, site *partner.Partner) *view {
	e := &entry.Edition
	tongue := spoken("en", e.Language)
	t := h.pages.words[tongue]
	v := view{
		Edition: *e, URL: entry.URL, Site: site.Name, Words: t, Published: t.dated("%s", e.DatePublished),
		Body:   template.HTML(e.BodyHTML), //nolint:gosec // ingest lets nothing but a list of harmless elements in
		Linked: schemaorg.Of(e, h.setting(entry, site)), Read: strings.ReplaceAll(t.Read, "%s", site.Name),
	}
	v.Copyright = e.Holder()
	if base, _, _ := strings.Cut(e.Language, "-"); base != tongue {
		v.Labels = tongue
	} else if base == "fr" {
		v.Headline, v.Description = french.Typeset(e.Headline), french.Typeset(e.Description)
	}
	if day := 24 * time.Hour; e.Version > 1 && e.Modified().Truncate(day).After(e.DatePublished.Truncate(day)) {
		v.Updated = t.dated(t.Updated, e.Modified())
	}
	if e.Event != nil {
		v.Days = t.days(e.Event.StartDate, e.Event.EndDate)
	}
	for _, p := range e.People {
		if p.Rel == "speaker" {
			v.Speakers = append(v.Speakers, p)
		} else {
			v.Others = append(v.Others, p)
		}
	}
	v.translate(entry, h.pages.words)
	return &v
}

// translate adds the addresses of the other languages.
func (v *view) translate(entry *catalog.Entry, all map[string]words) {
	for _, t := range entry.Translations {
		here := t.Language == v.Language
		if t.URL == "" {
			continue
		}
		name := t.Language
		if w, ok := all[t.Language]; ok {
			name = w.Name
		}
		if t.Original {
			v.Original = t.URL
		}
		v.Elsewhere = append(v.Elsewhere, elsewhere{t.Language, name, t.URL, here})
	}
}

// setting is what the JSON-LD says beyond the edition.
func (h *Handler) setting(entry *catalog.Entry, site *partner.Partner) schemaorg.Setting {
	e := &entry.Edition
	s := schemaorg.Setting{
		ID: catalog.URI(h.PublicURL, e.ID, e.Language), URL: entry.URL,
		Publisher: &schemaorg.Organization{Name: site.Name, URL: site.HomeURL},
	}
	for _, t := range entry.Translations {
		work := schemaorg.Translation{ID: catalog.URI(h.PublicURL, e.ID, t.Language), InLanguage: t.Language, URL: t.URL, Version: t.Version}
		switch {
		case t.Language == e.Language:
		case t.Original:
			s.Original = &work
		case e.IsOriginal():
			s.Others = append(s.Others, work)
		}
	}
	return s
}

// article answers with a page, or with the part of it that is named.
func (p *pages) article(w http.ResponseWriter, r *http.Request, part string, v *view) error {
	name := "page"
	if part != "" {
		name = part
	}
	return p.show(w, r, http.StatusOK, name, v)
}

func (p *pages) show(w http.ResponseWriter, r *http.Request, status int, name string, data any) error {
	var body bytes.Buffer
	if err := p.templates.ExecuteTemplate(&body, name, data); err != nil {
		return fmt.Errorf("content page: %w", err)
	}
	h := w.Header()
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	return web.WriteBytes(w, r, status, "text/html; charset=utf-8", body.Bytes())
}
