// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/http"
	"net/url"
	"time"
)

// State says whether a link leads anywhere.
type State string

// The states of a link.
const (
	InService State = "in-service"
	Over      State = "over" // expired, or deleted
)

// Destination is where a link leads in one language.
type Destination struct {
	Language string // BCP 47
	URL      string // at the partner, http or https
}

// Inspect is what is said of a link to a reader who would know before going.
type Inspect struct {
	Code         string
	URL          string        // the short URL
	Headline     string        // of the first destination's edition; empty: the code stands for it
	Language     string        // of the headline
	Destinations []Destination // the one that the reader would be sent to first; none: nothing to go on to
	Partner      string        // name; may be empty
	Channel      string        // may be empty
	State        State         // "": InService
	Ends         time.Time     // when it ends or ended; zero: it does not, or nobody knows
	Created      time.Time
	About        string // address of the privacy page; may be empty
}

// Inspect answers with the page that says where a link leads, in the reader's
// language. It shows the link's QR code from /s/{code}.svg.
func (p *Pages) Inspect(w http.ResponseWriter, r *http.Request, in Inspect) error {
	lang := languageOf(r, Languages())
	t := p.words[lang]
	data := inspect{
		Lang: lang, Words: t, Link: in, Short: address(in.URL), Title: cut(clean(in.Headline), 200),
		Picture: "/s/" + url.PathEscape(in.Code) + ".svg", Created: t.dated("%s", in.Created),
	}
	if data.Title == "" {
		data.Title, data.Link.Language = in.Code, ""
	}
	for _, d := range in.Destinations {
		if u, err := url.Parse(address(d.URL)); err == nil && u.Host != "" {
			data.Leads = append(data.Leads, lead{d.Language, u.Host, u.String()})
		}
	}
	data.State, data.StateDay = t.state(in)
	data.Goes = data.Short != "" && len(data.Leads) > 0 && (in.State == InService || in.State == "")
	body, err := p.draw("inspect.html", data)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Robots-Tag", "noindex")
	return p.write(w, r, http.StatusOK, lang, "; img-src 'self'", body)
}

// inspect is what the template shows.
type inspect struct {
	Lang, Title, Short, Picture, State string
	Words                              words
	Link                               Inspect
	Leads                              []lead
	Created, StateDay                  *dated
	Goes                               bool
}

type lead struct{ Language, Host, URL string }

// state is a link's state in words, as a text or as one about a day.
func (t words) state(in Inspect) (string, *dated) {
	switch in.State {
	case Over:
		return t.Over, t.dated(t.OverSince, in.Ends)
	case InService:
	}
	return t.InService, t.dated(t.Until, in.Ends)
}
