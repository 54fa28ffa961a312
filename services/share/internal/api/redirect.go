// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/shortlink"
	"github.com/relais-press/relais/services/share/internal/click"
	"github.com/relais-press/relais/services/share/internal/link"
	"github.com/relais-press/relais/services/share/internal/page"
	"github.com/relais-press/relais/services/share/internal/target"
)

// maxSegment is the longest last segment of a short link, in bytes: a code, a
// version mark, a partner, a channel and a check.
const maxSegment = 300

// maxPassed is the longest value of a reader's parameter that is passed on.
const maxPassed = 200

// short answers everything that a short link may be asked for: the way to the
// article, or with an ending the page about the link (+) or its QR code.
func (a *API) short(w http.ResponseWriter, r *http.Request) error {
	if a.Visits.HeldBack(r) {
		return a.pages.Notice(w, r, page.Notice{Kind: page.TooMany, RetryAfter: time.Second})
	}
	segment := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	if base, ok := strings.CutSuffix(segment, "+"); ok {
		return a.inspect(w, r, base)
	}
	if dot := len(segment) - len(".svg"); dot > 0 && segment[dot] == '.' {
		switch ending := strings.ToLower(segment[dot:]); ending {
		case ".svg", ".png":
			return a.qr(w, r, segment[:dot], ending)
		}
	}
	return a.redirect(w, r, segment)
}

// Values of headers that every redirect has. Nobody adds to them.
var (
	noStore    = []string{"private, no-store"}
	byLanguage = []string{"Accept-Language"}
	noIndex    = []string{"noindex"}
	refer      = []string{"strict-origin-when-cross-origin"}
)

// redirect sends a reader to the article at the partner, in the reader's
// language; or says, on a page, why there is nothing to be sent to.
func (a *API) redirect(w http.ResponseWriter, r *http.Request, segment string) error {
	h := w.Header()
	h["Cache-Control"], h["Vary"], h["X-Robots-Tag"], h["Referrer-Policy"] = noStore, byLanguage, noIndex, refer
	l, placement, err := a.resolve(r, segment)
	if err != nil {
		return a.unresolved(w, r, segment, err)
	}
	who := a.Visits.Look(r, l.Code)
	if who.Class == click.PrefetchRefused {
		// The visit that follows is the one that counts: a refused prefetch is made again.
		a.record(r, who.Class, "", l, placement, nil)
		return fault.New(fault.Unavailable, "short links are not fetched ahead")
	}
	now := a.now()
	if notice := over(&l, now); notice != "" {
		return a.pages.Notice(w, r, page.Notice{Kind: notice})
	}
	view := a.Targets.View(r.Context(), l.Article, placement.Partner, now)
	if len(view.Destinations) == 0 {
		return a.nothing(w, r, l.Article, view.Site)
	}
	to, query := a.choose(r, &l, view)
	a.record(r, who.Class, who.Token, l, placement, to)
	h["Link"] = view.Alternates
	if who.Class == click.Preview {
		return a.pages.Card(w, r, a.card(segment, view, to, query.Get("lang")))
	}
	h["Location"] = []string{to.With(a.tags(view, &l, placement, query)...)}
	w.WriteHeader(http.StatusFound)
	return nil
}

func (a *API) resolve(r *http.Request, segment string) (link.Link, shortlink.Placement, error) {
	if len(segment) > maxSegment {
		return link.Link{}, shortlink.Placement{}, fault.New(fault.NotFound, "there is no such link")
	}
	return a.Links.Resolve(r.Context(), segment)
}

// unresolved answers for a segment that leads to no link. Who asks for many of
// them is looking for links that were not given to him.
func (a *API) unresolved(w http.ResponseWriter, r *http.Request, segment string, err error) error {
	code, _, _ := strings.Cut(segment, ".")
	switch {
	case fault.Is(err, fault.Unavailable):
		return a.pages.Notice(w, r, page.Notice{Kind: page.Unavailable, RetryAfter: 2 * time.Second})
	case !fault.Is(err, fault.NotFound):
		return err
	case !a.Visits.Allow(r):
		return a.pages.Notice(w, r, page.Notice{Kind: page.TooMany, RetryAfter: time.Second})
	case errors.Is(err, link.ErrMistyped):
		return a.pages.Notice(w, r, page.Notice{Kind: page.Mistyped, Code: code})
	}
	return a.pages.Notice(w, r, page.Notice{Kind: page.Unknown})
}

// over is the notice for a link that is out of service; empty: it is in service.
func over(l *link.Link, now time.Time) page.Kind {
	switch {
	case l.Deleted, l.Expires != nil && !now.Before(*l.Expires):
		return page.Ended
	case l.Disabled:
		return page.Unknown
	}
	return ""
}

// choose picks the destination, and reads the query.
func (a *API) choose(r *http.Request, l *link.Link, view *target.View) (*target.Destination, url.Values) {
	var query url.Values
	asked := ""
	if r.URL.RawQuery != "" {
		query = r.URL.Query()
		asked, _ = language.Canonical(query.Get("lang"))
	}
	return view.Choose(asked, l.Language, r.Header.Get("Accept-Language")), query
}

// tags are what is added to a destination: the partner's campaign, and those
// parameters of the reader's that may pass.
func (a *API) tags(view *target.View, l *link.Link, placement shortlink.Placement, query url.Values) []target.Tag {
	tags := view.Campaign(l.Campaign, placement.Channel)
	for _, name := range a.Passed {
		if v := query.Get(name); v != "" && len(v) <= maxPassed {
			tags = append(tags, target.Tag{Name: name, Value: v})
		}
	}
	return tags
}

// record keeps a visit; HEAD is none.
func (a *API) record(r *http.Request, class click.Class, token string, l link.Link, placement shortlink.Placement, to *target.Destination) {
	if r.Method != http.MethodGet {
		return
	}
	c := click.Click{
		Code: l.Code, Article: l.Article, Partner: placement.Partner, Channel: placement.Channel, Class: class, Visitor: token,
		Wanted: a.Visits.Wanted(r.Header.Get("Accept-Language")), Hour: a.now().UTC().Truncate(time.Hour),
	}
	if to != nil {
		c.Language = to.Edition.Language
	}
	a.Clicks.Record(c)
}

// nothing answers for an article that no reader may be sent to at a partner, or
// anywhere when it is nil.
func (a *API) nothing(w http.ResponseWriter, r *http.Request, id string, site *partner.Partner) error {
	if a.Targets.Check(r.Context()) != nil {
		return a.pages.Notice(w, r, page.Notice{Kind: page.Unavailable, RetryAfter: 2 * time.Second})
	}
	for _, e := range a.Targets.Editions(id) {
		c := e.Cancellation
		if !a.toldCanceled(&e, site) {
			continue
		}
		said := page.Withdrawal{Reason: c.Reason, Language: e.Language, At: c.At}
		if c.ReplacedBy != "" {
			there := len(a.Targets.View(r.Context(), c.ReplacedBy, partnerID(site), a.now()).Destinations) > 0
			if code, err := a.Links.Default(r.Context(), c.ReplacedBy); there && err == nil && code != "" {
				said.Replacement = a.PublicURL + "/s/" + code
			}
		}
		kind := page.Canceled
		if c.Legal {
			kind = page.Legal
		}
		return a.pages.Notice(w, r, page.Notice{Kind: kind, Withdrawal: &said})
	}
	return a.pages.Notice(w, r, page.Notice{Kind: page.Unknown})
}

// toldCanceled reports whether readers who come for a partner, or for none, are
// told that an edition was canceled: those who could have read it before.
func (a *API) toldCanceled(e *article.Edition, site *partner.Partner) bool {
	c := e.Cancellation
	if e.PubStatus != article.Canceled || c == nil || (e.EmbargoedUntil != nil && c.At.Before(*e.EmbargoedUntil)) {
		return false
	}
	shown := a.Targets.Shown(e.ID, e.Language)
	told := func(p *partner.Partner) bool {
		return p.Carries(e) && slices.ContainsFunc(shown, func(s article.Edition) bool { return p.Carries(&s) })
	}
	if site != nil {
		return told(site)
	}
	public := e.For("") && slices.ContainsFunc(shown, func(s article.Edition) bool { return s.For("") })
	return public || slices.ContainsFunc(a.Partners.Partners(), func(p partner.Partner) bool { return told(&p) })
}

func partnerID(site *partner.Partner) string {
	if site == nil {
		return ""
	}
	return site.ID
}
