// SPDX-License-Identifier: Apache-2.0

// Package landing is the first page of the one binary: it says what runs here
// and leads to the rest.
package landing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/web"
)

//go:embed landing.html
var files embed.FS

// Config says what the page leads to.
type Config struct {
	Demo       bool
	DemoListen string // host:port of the demo partner's site
}

// Page is the landing page.
type Page struct {
	routes *web.Router
	cfg    Config
	page   *template.Template
	csp    string
	public string
}

// New returns the page.
func New(cfg Config, deps lifecycle.Deps) (*Page, error) {
	source, err := files.ReadFile("landing.html")
	if err != nil {
		return nil, fmt.Errorf("landing page: %w", err)
	}
	_, rest, _ := strings.Cut(string(source), "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	p := &Page{cfg: cfg, public: deps.PublicURL, csp: "default-src 'none'; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
	if p.page, err = template.New("landing").Parse(string(source)); err != nil {
		return nil, fmt.Errorf("landing page: %w", err)
	}
	if p.routes, err = web.NewRouter("landing", deps.Logger, deps.Metrics); err != nil {
		return nil, err
	}
	p.routes.Handle("landing", http.MethodGet, "/", p.show)
	return p, nil
}

// Handler answers the page's route.
func (p *Page) Handler() http.Handler { return p.routes }

// Run waits for ctx: a page has nothing to do.
func (p *Page) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (p *Page) show(w http.ResponseWriter, r *http.Request) error {
	lang, ok := language.Negotiate(r.Header.Get("Accept-Language"), []string{"fr", "en"})
	if asked := r.URL.Query().Get("lang"); asked == "fr" || asked == "en" {
		lang, ok = asked, true
	}
	if !ok {
		lang = "en"
	}
	var b bytes.Buffer
	demo := ""
	if p.cfg.Demo {
		demo = "http://" + p.cfg.DemoListen + "/"
	}
	if err := p.page.Execute(&b, map[string]any{"French": lang == "fr", "Lang": lang, "Demo": demo, "Public": p.public}); err != nil {
		return fmt.Errorf("landing page: %w", err)
	}
	h := w.Header()
	h.Set("Content-Security-Policy", p.csp)
	h.Set("Content-Language", lang)
	h.Add("Vary", "Accept-Language")
	h.Set("Referrer-Policy", "same-origin")
	return web.WriteBytes(w, r, http.StatusOK, "text/html; charset=utf-8", b.Bytes())
}
