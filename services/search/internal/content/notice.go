// SPDX-License-Identifier: Apache-2.0

package content

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/catalog"
)

// withdrawal is the error of an edition that the newsroom has withdrawn: Gone,
// or Legal, with what the newsroom says of it. A replacement that is not public
// is not told of.
type withdrawal struct {
	fault       *fault.Error
	id          string
	language    string
	reason      string
	at          time.Time
	replacedBy  string // id
	replacement string // address at the partner; may be empty
}

func (e *withdrawal) Error() string { return e.fault.Error() }
func (e *withdrawal) Unwrap() error { return e.fault }

func (h *Handler) withdrawal(t catalog.Tombstone, site *partner.Partner, now time.Time) error {
	out := &withdrawal{fault: fault.New(fault.Gone, "the newsroom has withdrawn this article"), id: t.ID, language: t.Language, at: t.At}
	c := t.Cancellation
	if c == nil {
		return out
	}
	if c.Legal {
		out.fault = fault.New(fault.Legal, "this article is no longer available for legal reasons")
	}
	if out.reason = c.Reason; c.Reason != "" {
		out.fault.Detail += ": " + c.Reason
	}
	if !c.At.IsZero() {
		out.at = c.At
	}
	if c.ReplacedBy == "" {
		return out
	}
	entries, _ := h.Catalog.Article(site, c.ReplacedBy, now)
	tags := make([]string, len(entries))
	for i := range entries {
		tags[i] = entries[i].Edition.Language
	}
	near := request{lang: t.Language}
	if i := near.choose(tags, site); i >= 0 {
		out.replacedBy, out.replacement = c.ReplacedBy, entries[i].URL
	}
	return out
}

// problem is a problem with what the newsroom says of a withdrawal (RFC 9457
// §3.2).
type problem struct {
	web.Problem
	Article     string    `json:"article"`
	Language    string    `json:"language"`
	At          time.Time `json:"at,omitzero"`
	Reason      string    `json:"reason,omitempty"`
	ReplacedBy  string    `json:"replacedBy,omitempty"`
	Replacement string    `json:"replacement,omitempty"` // address at the partner
}

// Readable is the middleware that tells an error of Content, and of what stands
// between, in the format that is asked for: a page in the reader's language, or
// a problem with what the newsroom says. It goes before [web.Partners.Require].
func (h *Handler) Readable(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := next(w, r)
		if err == nil {
			return nil
		}
		kind := fault.KindOf(err)
		if kind == fault.Legal {
			w.Header().Add("Link", "<"+h.PublicURL+`>; rel="blocked-by"`) // RFC 7725 §4
		}
		q, _ := read(r)
		gone, withdrawn := errors.AsType[*withdrawal](err)
		switch {
		case q.format == formatHTML:
			return h.explain(w, r, q, err)
		case withdrawn:
			return gone.tell(w, r)
		}
		return err
	}
}

// tell answers with the problem of a withdrawal.
func (e *withdrawal) tell(w http.ResponseWriter, r *http.Request) error {
	kind := e.fault.Kind
	body, err := json.Marshal(problem{
		Problem: web.Problem{
			Type: "/problems/" + kind.Slug(), Title: kind.Title(), Status: kind.Status(), Detail: e.fault.Detail, RequestID: web.RequestID(r.Context()),
		},
		Article: e.id, Language: e.language, At: e.at, Reason: e.reason, ReplacedBy: e.replacedBy, Replacement: e.replacement,
	})
	if err != nil {
		return fmt.Errorf("encode problem: %w", err)
	}
	web.ErrorHeaders(w.Header(), e)
	return web.WriteBytes(w, r, kind.Status(), "application/problem+json", body)
}

// refusal is what the template shows of an error.
type refusal struct {
	Lang, Reference string
	Said            said
	Words           words
	On              *dated
	Reason          string
	ReasonLanguage  string
	Replacement     string
}

// explain answers with a page that says what is wrong.
func (h *Handler) explain(w http.ResponseWriter, r *http.Request, q request, err error) error {
	kind, header := web.ExplainError(w, r, h.Logger, err), w.Header()
	lang := spoken(languages()[0], q.lang, q.accepted)
	t := h.pages.words[lang]
	v := refusal{Lang: lang, Said: t.notice(kind), Words: t, Reference: web.RequestID(r.Context())}
	if e, ok := errors.AsType[*withdrawal](err); ok {
		v.On, v.Reason, v.ReasonLanguage, v.Replacement = t.dated(t.Withdrawn, e.at), e.reason, e.language, e.replacement
	}
	header.Set("Content-Language", lang)
	header.Set("X-Robots-Tag", "noindex")
	return h.pages.show(w, r, kind.Status(), "refusal", &v)
}
