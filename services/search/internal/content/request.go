// SPDX-License-Identifier: Apache-2.0

package content

import (
	"net/http"
	"strings"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/web"
)

type format string

// The formats, as ?format= names them.
const (
	formatJSON  format = "json"
	formatNinjs format = "ninjs"
	formatHTML  format = "html"
)

// articlePart names the <article> alone, without the page around it.
const articlePart = "article"

// request is what is asked for.
type request struct {
	id       string
	lang     string // canonical: of the path when exact, else of ?lang=
	exact    bool
	accepted string // Accept-Language, where no language is named
	format   format
	chosen   bool   // the format is named in the query
	part     string // "" or articlePart
}

// read reads a request. The format is good whatever the error, so that the
// error is told in it.
func read(r *http.Request) (request, error) {
	query := r.URL.Query()
	q := request{id: web.Var(r, "id"), part: query.Get("part"), format: format(query.Get("format"))}
	switch {
	case q.format != "":
		q.chosen = true
	case q.part != "":
		q.format, q.chosen = formatHTML, true
	default:
		q.format = preferred(strings.Join(r.Header.Values("Accept"), ","))
	}
	switch q.format {
	case formatJSON, formatNinjs, formatHTML:
	default:
		q.format = formatJSON
		return q, web.BadParam("format", "must be json, ninjs or html")
	}
	if q.part != "" && (q.part != articlePart || q.format != formatHTML) {
		return q, web.BadParam("part", "must be article, and is of the format html")
	}
	known := []string{"key", "format", "part"}
	if web.Var(r, "lang") == "" { // the path's language stands alone
		known = append(known, "lang")
	}
	if err := web.KnownParams(r, known...); err != nil {
		return q, err
	}
	return q, q.readLanguage(r)
}

func (q *request) readLanguage(r *http.Request) error {
	if !article.ValidID(q.id) {
		return fault.New(fault.NotFound, "no article has this id")
	}
	var err error
	if path := web.Var(r, "lang"); path != "" {
		q.exact = true
		if q.lang, err = language.Canonical(path); err != nil {
			return fault.Wrap(fault.NotFound, "the path does not end with a language", err)
		}
		return nil
	}
	if asked := r.URL.Query().Get("lang"); asked != "" {
		if q.lang, err = language.Canonical(asked); err != nil {
			return web.BadParam("lang", "must be a BCP 47 language tag such as fr or zh-Hant")
		}
		return nil
	}
	q.accepted = strings.Join(r.Header.Values("Accept-Language"), ",")
	return nil
}

// vary names the headers that the answer depends on.
func (q *request) vary(h http.Header) {
	if !q.chosen {
		h.Add("Vary", "Accept")
	}
	if q.lang == "" && !q.exact {
		h.Add("Vary", "Accept-Language")
	}
}

// preferred is the format that an Accept header asks for: JSON where it does not
// say, or asks for neither.
func preferred(accept string) format {
	if web.CompareAccept(accept, []string{"text/html", "application/xhtml+xml"}, []string{"application/json"}) > 0 {
		return formatHTML
	}
	return formatJSON
}
