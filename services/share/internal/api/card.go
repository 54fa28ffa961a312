// SPDX-License-Identifier: Apache-2.0

package api

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/shortlink"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/card"
	"github.com/relais-press/relais/services/share/internal/count"
	"github.com/relais-press/relais/services/share/internal/page"
	"github.com/relais-press/relais/services/share/internal/qr"
	"github.com/relais-press/relais/services/share/internal/target"
)

// card is what a preview tells of a destination: the link as it was asked for,
// and our data, nothing fetched.
func (a *API) card(segment string, view *target.View, to *target.Destination, lang string) page.Card {
	e := to.Edition
	c := page.Card{
		URL: a.PublicURL + "/s/" + url.PathEscape(segment), Target: to.URL, Language: e.Language, Headline: e.Headline, Description: e.Description,
		Section: e.Section, Published: e.DatePublished, Modified: e.Modified(), Image: a.pictureURL(e, view.Site),
	}
	if lang != "" {
		c.URL += "?lang=" + url.QueryEscape(lang)
	}
	for _, d := range view.Destinations {
		c.Languages = append(c.Languages, d.Edition.Language)
	}
	for _, author := range e.Authors {
		c.Authors = append(c.Authors, page.Author(author))
	}
	if view.Site != nil {
		c.Site, c.SiteURL = view.Site.Name, view.Site.HomeURL
	}
	return c
}

// pictureURL is where the picture of an edition is: another address for another
// version, since platforms keep what they have fetched.
func (a *API) pictureURL(e *article.Edition, site *partner.Partner) string {
	out := a.PublicURL + "/cards/" + e.ID + "/" + e.Language + ".png?v=" + strconv.Itoa(e.Version)
	if site != nil {
		out += "&partner=" + site.ID
	}
	return out
}

// picture answers with the social card of an edition that is public, with the
// name of the partner it is shown at.
func (a *API) picture(w http.ResponseWriter, r *http.Request) error {
	if err := web.KnownParams(r, "v", "partner"); err != nil {
		return err
	}
	tag, err := language.Canonical(web.Var(r, "lang"))
	if err != nil {
		return fault.New(fault.NotFound, "there is no such edition")
	}
	var site *partner.Partner
	if id := r.URL.Query().Get("partner"); id != "" {
		if !article.ValidID(id) {
			return fault.New(fault.NotFound, "there is no such partner")
		}
		p, err := a.Partners.Partner(r.Context(), id)
		if fault.Is(err, fault.Forbidden) {
			return fault.New(fault.NotFound, "there is no such partner")
		} else if err != nil {
			return err
		}
		site = &p
	}
	id := web.Var(r, "id")
	for _, e := range target.Visible(a.Targets.Editions(id), site, a.now()) {
		if e.Language == tag {
			return a.draw(w, r, e, site)
		}
	}
	if err := a.Targets.Check(r.Context()); err != nil {
		return err
	}
	for _, e := range a.Targets.Editions(id) {
		if e.Language == tag && a.toldCanceled(&e, site) {
			if e.Cancellation.Legal {
				return fault.New(fault.Legal, "the article was withdrawn for legal reasons")
			}
			return fault.New(fault.Gone, "the article was withdrawn")
		}
	}
	return fault.New(fault.NotFound, "there is no such edition")
}

func (a *API) draw(w http.ResponseWriter, r *http.Request, e *article.Edition, site *partner.Partner) error {
	c := card.Card{Headline: e.Headline, Language: e.Language, Section: e.Section, Date: e.DatePublished, Corrected: e.Correction != ""}
	if site != nil {
		c.Partner = site.Name
	}
	key := strings.Join([]string{e.ID, e.Language, strconv.Itoa(e.Version), c.Partner}, "\x00")
	picture, err := a.Cards.Get(r.Context(), key, c)
	if err != nil {
		return err
	}
	h := w.Header()
	// It may be kept, but is asked for again each time: a withdrawn article leaves at once.
	h.Set("Cache-Control", "public, no-cache")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return web.WriteBytes(w, r, http.StatusOK, "image/png", picture)
}

// qr answers with the QR code of a link, whose scans count in the channel "qr".
// In upper case an address makes a smaller code (ISO/IEC 18004, alphanumeric mode).
func (a *API) qr(w http.ResponseWriter, r *http.Request, segment, format string) error {
	if err := web.KnownParams(r, "size"); err != nil {
		return err
	}
	size, err := web.IntParam(r, "size", 512, 128, 2048)
	if err != nil {
		return err
	}
	l, placement, err := a.resolve(r, segment)
	if err != nil {
		return a.unresolved(w, r, segment, err)
	}
	if notice := over(&l, a.now()); notice != "" {
		return a.pages.Notice(w, r, page.Notice{Kind: notice})
	}
	if view := a.Targets.View(r.Context(), l.Article, placement.Partner, a.now()); len(view.Destinations) == 0 {
		return a.nothing(w, r, l.Article, view.Site)
	}
	path := "/s/" + l.Code + a.Links.Signer().Suffix(l.Code, shortlink.Placement{Partner: placement.Partner, Channel: "qr"})
	address := a.PublicURL + path
	if u, err := url.Parse(a.PublicURL); err == nil && u.Path == "" {
		address = strings.ToUpper(address)
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if format == ".png" {
		picture, err := qr.PNG(address, size)
		if err != nil {
			return err
		}
		return web.WriteBytes(w, r, http.StatusOK, "image/png", picture)
	}
	h.Add("Vary", "Accept-Language")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	lang, ok := language.Negotiate(r.Header.Get("Accept-Language"), []string{"fr", "en"})
	if !ok {
		lang = "fr"
	}
	picture, err := qr.SVG(address, lang)
	if err != nil {
		return err
	}
	return web.WriteBytes(w, r, http.StatusOK, "image/svg+xml", picture)
}

// inspect says where a link leads without going there, and counts nothing.
func (a *API) inspect(w http.ResponseWriter, r *http.Request, segment string) error {
	l, placement, err := a.resolve(r, segment)
	if err != nil {
		return a.unresolved(w, r, segment, err)
	}
	now := a.now()
	in := page.Inspect{Code: l.Code, URL: a.PublicURL + "/s/" + l.Code, Channel: placement.Channel, Created: l.Created, About: a.PublicURL + "/privacy"}
	if l.Expires != nil {
		in.Ends = *l.Expires
	}
	notice := over(&l, now)
	switch notice {
	case page.Unknown:
		return a.pages.Notice(w, r, page.Notice{Kind: notice})
	case page.Ended:
		in.State = page.Over
		return a.pages.Inspect(w, r, in)
	}
	view := a.Targets.View(r.Context(), l.Article, placement.Partner, now)
	if len(view.Destinations) == 0 {
		return a.nothing(w, r, l.Article, view.Site)
	}
	to, _ := a.choose(r, &l, view)
	in.Headline, in.Language = to.Edition.Headline, to.Edition.Language
	in.Destinations = append(in.Destinations, page.Destination{Language: to.Edition.Language, URL: to.URL})
	for i := range view.Destinations {
		if d := &view.Destinations[i]; d != to {
			in.Destinations = append(in.Destinations, page.Destination{Language: d.Edition.Language, URL: d.URL})
		}
	}
	if view.Site != nil {
		in.Partner = view.Site.Name
	}
	return a.pages.Inspect(w, r, in)
}

// embed answers oEmbed 1.0 for a short link (oembed.com).
func (a *API) embed(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	if err := web.KnownParams(r, "url", "format", "maxwidth", "maxheight"); err != nil {
		return err
	}
	width, err := web.IntParam(r, "maxwidth", 0, 1, 100_000)
	if err != nil {
		return err
	}
	height, err := web.IntParam(r, "maxheight", 0, 1, 100_000)
	if err != nil {
		return err
	}
	format := cmp.Or(r.URL.Query().Get("format"), "json")
	if format != "json" && format != "xml" {
		return fault.New(fault.NotImplemented, "the formats are json and xml")
	}
	c, err := a.embedded(r)
	if err != nil {
		return err
	}
	contentType, body, err := a.pages.OEmbed(c, width, height).Encode(format)
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept-Language")
	w.Header().Set("Cache-Control", "public, no-cache")
	return web.WriteBytes(w, r, http.StatusOK, contentType, body)
}

// embedded is the card of the short link that the query names.
func (a *API) embedded(r *http.Request) (page.Card, error) {
	given := r.URL.Query().Get("url")
	if a.Visits.HeldBack(r) {
		return page.Card{}, tooMany()
	}
	if given == "" {
		return page.Card{}, web.BadParam("url", "is required: a short link")
	}
	u, err := url.Parse(given)
	if err != nil || len(given) > article.MaxURL {
		return page.Card{}, web.BadParam("url", "must be a short link")
	}
	own, _ := url.Parse(a.PublicURL)
	segment, ok := strings.CutPrefix(strings.ToLower(u.Path), strings.ToLower(own.Path)+"/s/")
	if !ok || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || !strings.EqualFold(u.Host, own.Host) || strings.Contains(segment, "/") {
		return page.Card{}, fault.New(fault.NotFound, "this is not a short link of this place")
	}
	segment = u.Path[len(u.Path)-len(segment):]
	l, placement, err := a.resolve(r, segment)
	if fault.Is(err, fault.NotFound) && !a.Visits.Allow(r) {
		return page.Card{}, tooMany()
	}
	if err != nil {
		return page.Card{}, err
	}
	if over(&l, a.now()) != "" {
		return page.Card{}, fault.New(fault.NotFound, "the link is no longer in service")
	}
	view := a.Targets.View(r.Context(), l.Article, placement.Partner, a.now())
	if len(view.Destinations) == 0 {
		if err := a.Targets.Check(r.Context()); err != nil {
			return page.Card{}, err
		}
		return page.Card{}, fault.New(fault.NotFound, "nothing public is behind the link")
	}
	asked, _ := language.Canonical(u.Query().Get("lang"))
	return a.card(segment, view, view.Choose(asked, l.Language, r.Header.Get("Accept-Language")), u.Query().Get("lang")), nil
}

func tooMany() error {
	return &fault.Error{Kind: fault.TooManyRequests, Detail: "too many links that do not exist were asked for", RetryAfter: time.Second}
}

// privacy says what is counted of a visit.
func (a *API) privacy(w http.ResponseWriter, r *http.Request) error {
	return a.pages.Privacy(w, r, page.Privacy{SaltAge: a.Visits.SaltAge(), SaltLife: bus.SaltLife, Threshold: count.SmallestShown, RetentionMonths: a.RetentionMonths})
}
