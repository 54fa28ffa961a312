// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/http"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/web"
)

// Kind says why a reader meets a notice instead of the article.
type Kind string

// The kinds, with the status each one answers.
const (
	Unknown     Kind = "unknown"     // 404: no such link, or nothing public behind it
	Mistyped    Kind = "mistyped"    // 404: the check symbol does not fit
	Ended       Kind = "ended"       // 410: the link expired or was deleted
	Canceled    Kind = "canceled"    // 410: the publisher withdrew the article
	Legal       Kind = "legal"       // 451: withdrawn for legal reasons (RFC 7725)
	TooMany     Kind = "too-many"    // 429
	Unavailable Kind = "unavailable" // 503: the log is away, and the link is not in memory
)

// Kinds lists the kinds in the order of their status.
func Kinds() []Kind {
	return []Kind{Unknown, Mistyped, Ended, Canceled, Legal, TooMany, Unavailable}
}

func (k Kind) fault() fault.Kind {
	switch k {
	case Ended, Canceled:
		return fault.Gone
	case Legal:
		return fault.Legal
	case TooMany:
		return fault.TooManyRequests
	case Unavailable:
		return fault.Unavailable
	case Unknown, Mistyped:
	}
	return fault.NotFound
}

// Notice is what is said instead of the article.
type Notice struct {
	Kind       Kind
	Code       string        // Mistyped: the code as it was typed, shown for comparison; may be empty
	Withdrawal *Withdrawal   // Canceled and Legal: what the publisher says; may be nil
	RetryAfter time.Duration // TooMany and Unavailable; 0: one second
}

// Withdrawal is what the publisher says of an article it has withdrawn; every
// part may be empty.
type Withdrawal struct {
	Reason      string    // in the publisher's own words
	Language    string    // BCP 47, of the reason
	At          time.Time // the day is shown, in the Time's own location
	Replacement string    // address of the article that takes its place, http or https
}

// Notice answers with a notice in the reader's language, or with problem
// details (RFC 9457, in English) when the reader is a program that prefers
// JSON. It is not to be stored. A Legal notice names the blocking party
// (RFC 7725 §4).
func (p *Pages) Notice(w http.ResponseWriter, r *http.Request, n Notice) error {
	kind, h := n.Kind.fault(), w.Header()
	vary(h, "Accept")
	if n.Kind == Legal {
		h.Add("Link", "<"+p.publicURL+`>; rel="blocked-by"`)
	}
	told := &fault.Error{Kind: kind, Detail: p.detail(n), RetryAfter: n.RetryAfter}
	if PrefersJSON(r) {
		web.WriteProblem(w, r, told)
		return nil
	}
	lang := languageOf(r, Languages())
	t := p.words[lang]
	said := t.Notices[n.Kind]
	data := notice{Lang: lang, Title: said.Title, Text: said.Text, Words: t}
	data.Retry = kind == fault.TooManyRequests || kind == fault.Unavailable
	if n.Kind == Mistyped {
		data.Code = cut(clean(n.Code), 64)
	}
	if n.Withdrawal != nil {
		data.Reason, data.Language = clean(n.Withdrawal.Reason), n.Withdrawal.Language
		data.On = t.dated(t.Withdrawn, n.Withdrawal.At)
		data.Replacement = address(n.Withdrawal.Replacement)
	}
	body, err := p.draw("notice.html", data)
	if err != nil {
		return err
	}
	web.ErrorHeaders(h, told)
	h.Set("X-Robots-Tag", "noindex")
	return p.write(w, r, kind.Status(), lang, "", body)
}

// notice is what the template shows.
type notice struct {
	Lang, Title, Text string
	Words             words
	Code              string
	Retry             bool
	Reason, Language  string
	On                *dated
	Replacement       string
}

// detail is what a program is told: the English text, and the reason.
func (p *Pages) detail(n Notice) string {
	text := p.words["en"].Notices[n.Kind].Text
	if n.Withdrawal != nil && n.Withdrawal.Reason != "" {
		return text + " " + clean(n.Withdrawal.Reason)
	}
	return text
}

// PrefersJSON reports whether a request would rather have JSON than HTML by its
// Accept header (RFC 9110 §12.5.1). Equal weights go to the one that is named
// before the other, and to HTML when neither is named, so that a browser and a
// program that takes anything get a page.
func PrefersJSON(r *http.Request) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	return web.CompareAccept(accept, []string{"text/html", "application/xhtml+xml"}, []string{"application/json", "application/problem+json"}) < 0
}
