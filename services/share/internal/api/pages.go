// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/web"
)

//go:embed page.html
var pageFS embed.FS

// The pages a reader may meet instead of the article.
type pageKind int

const (
	pageUnknown  pageKind = iota // no such link, or nothing public behind it
	pageMistyped                 // the check symbol does not fit
	pageEnded                    // the link expired or was deleted
	pageCanceled                 // the article was withdrawn
	pageLegal                    // … for legal reasons
)

// withdrawal is what the publisher says of a canceled article.
type withdrawal struct {
	Reason, Language string
	Replacement      string // URL
}

// words are the texts of the pages in one language.
type words struct {
	Titles      [5]string // by pageKind
	Texts       [5]string
	Reason      string
	Replacement string
}

// texts returns the words of a language, which pageLanguages lists.
func texts(tag string) words {
	switch tag {
	case "fr":
		return words{
			Titles: [5]string{"Page introuvable", "Adresse mal saisie", "Ce lien n’est plus en service", "Article retiré", "Article indisponible"},
			Texts: [5]string{
				"Ce lien ne mène à aucun article public.",
				"Le code de ce lien semble contenir une faute de frappe\u00a0: vérifiez-le caractère par caractère.",
				"Ce lien a expiré ou a été supprimé.",
				"La rédaction a retiré cet article.",
				"Cet article n’est plus accessible pour des raisons juridiques.",
			},
			Reason: "Motif donné par la rédaction\u00a0:", Replacement: "Lire l’article qui le remplace",
		}
	case "de":
		return words{
			Titles: [5]string{"Seite nicht gefunden", "Adresse falsch geschrieben", "Dieser Link ist nicht mehr gültig", "Artikel zurückgezogen", "Artikel nicht verfügbar"},
			Texts: [5]string{
				"Dieser Link führt zu keinem öffentlichen Artikel.",
				"Der Code dieses Links scheint einen Tippfehler zu enthalten: Bitte prüfen Sie ihn Zeichen für Zeichen.",
				"Dieser Link ist abgelaufen oder wurde gelöscht.",
				"Die Redaktion hat diesen Artikel zurückgezogen.",
				"Dieser Artikel ist aus rechtlichen Gründen nicht mehr verfügbar.",
			},
			Reason: "Begründung der Redaktion:", Replacement: "Zum Artikel, der ihn ersetzt",
		}
	case "es":
		return words{
			Titles: [5]string{"Página no encontrada", "Dirección mal escrita", "Este enlace ya no está en servicio", "Artículo retirado", "Artículo no disponible"},
			Texts: [5]string{
				"Este enlace no lleva a ningún artículo público.",
				"El código de este enlace parece contener una errata: compruébelo carácter por carácter.",
				"Este enlace ha caducado o ha sido eliminado.",
				"La redacción ha retirado este artículo.",
				"Este artículo ya no está disponible por motivos legales.",
			},
			Reason: "Motivo indicado por la redacción:", Replacement: "Leer el artículo que lo sustituye",
		}
	}
	return words{
		Titles: [5]string{"Page not found", "Mistyped address", "This link is no longer in service", "Article withdrawn", "Article unavailable"},
		Texts: [5]string{
			"This link leads to no public article.",
			"The code of this link seems to contain a typing mistake: check it character by character.",
			"This link has expired or was deleted.",
			"The newsroom has withdrawn this article.",
			"This article is no longer available for legal reasons.",
		},
		Reason: "Reason given by the newsroom:", Replacement: "Read the article that replaces it",
	}
}

func pageLanguages() []string { return []string{"fr", "en", "de", "es"} }

// pages draws the pages.
type pages struct {
	template *template.Template
	csp      string
}

func newPages() (pages, error) {
	source, err := pageFS.ReadFile("page.html")
	if err != nil {
		return pages{}, fmt.Errorf("pages: %w", err)
	}
	_, rest, _ := strings.Cut(string(source), "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	tmpl, err := template.New("page").Funcs(template.FuncMap{"dir": language.Direction}).Parse(string(source))
	if err != nil {
		return pages{}, fmt.Errorf("pages: %w", err)
	}
	return pages{tmpl, "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}, nil
}

// show answers with a page in the reader's language, French by default.
func (p pages) show(w http.ResponseWriter, r *http.Request, status int, kind pageKind, facts *withdrawal) error {
	lang, ok := language.Negotiate(r.Header.Get("Accept-Language"), pageLanguages())
	if asked, err := language.Canonical(r.URL.Query().Get("lang")); err == nil {
		lang, ok = language.Negotiate(asked, pageLanguages())
	}
	if !ok {
		lang = "fr"
	}
	t := texts(lang)
	var b bytes.Buffer
	err := p.template.Execute(&b, map[string]any{
		"Lang": lang, "Title": t.Titles[kind], "Text": t.Texts[kind], "Words": t, "Facts": facts,
	})
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", lang)
	h.Set("Content-Security-Policy", p.csp)
	return web.WriteBytes(w, r, status, "text/html; charset=utf-8", b.Bytes())
}
