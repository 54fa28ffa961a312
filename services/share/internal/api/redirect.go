// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/shortlink"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/click"
	"github.com/relais-press/relais/services/share/internal/link"
)

// destination is an edition that a reader may be sent to.
type destination struct {
	language string
	url      *url.URL
}

// redirect sends a reader to the article at the partner, in the reader's
// language; or says, on a page, why there is nothing to be sent to.
func (a *API) redirect(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Cache-Control", "private, no-store")
	h.Add("Vary", "Accept-Language")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	if prefetch(r) {
		// The visit that follows is the one that counts: a refused prefetch is made again.
		return fault.New(fault.Unavailable, "short links are not fetched ahead")
	}
	l, placement, err := a.links.Resolve(web.Var(r, "code"))
	switch {
	case errors.Is(err, link.ErrMistyped):
		return a.pages.show(w, r, http.StatusNotFound, pageMistyped, nil)
	case fault.Is(err, fault.NotFound):
		return a.pages.show(w, r, http.StatusNotFound, pageUnknown, nil)
	case err != nil:
		return err
	}
	now := a.now()
	switch {
	case l.Disabled && !l.Deleted:
		return a.pages.show(w, r, http.StatusNotFound, pageUnknown, nil)
	case l.Deleted, l.Expires != nil && !now.Before(*l.Expires):
		return a.pages.show(w, r, http.StatusGone, pageEnded, nil)
	}
	editions := a.targets.Editions(l.Article)
	site := a.site(r, placement, editions, now)
	there := a.destinations(editions, site, now)
	if len(there) == 0 {
		return a.nothing(w, r, editions)
	}
	to := choose(r, l, site, there)
	for _, d := range there {
		h.Add("Link", "<"+d.url.String()+`>; rel="alternate"; hreflang="`+d.language+`"`)
	}
	if r.Method == http.MethodGet {
		a.clicks.Record(click.Click{
			Code: l.Code, Article: l.Article, Language: to.language, Partner: placement.Partner, Channel: placement.Channel,
			Class: click.Classify(r.UserAgent()), Hour: now.UTC().Truncate(time.Hour),
		})
	}
	h.Set("Location", tagged(to.url, l, site, placement))
	w.WriteHeader(http.StatusFound)
	return nil
}

// prefetch reports whether a browser asks ahead of a reader's click
// (Sec-Purpose, and its forerunners).
func prefetch(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		v := strings.ToLower(r.Header.Get(name))
		if strings.Contains(v, "prefetch") || strings.Contains(v, "preview") {
			return true
		}
	}
	return false
}

// site is the partner whose copy of the article a reader is sent to: the one
// the link is placed at; for a link placed nowhere none, when an edition names
// a canonical page, else the first partner that shows the article.
func (a *API) site(r *http.Request, placement shortlink.Placement, editions []article.Edition, now time.Time) *partner.Partner {
	if placement.Partner != "" {
		if p, err := a.partners.Partner(r.Context(), placement.Partner); err == nil {
			return &p
		}
	}
	for i := range editions {
		if editions[i].CanonicalURL != "" {
			return nil
		}
	}
	for _, p := range a.partners.Partners() {
		if p.ArticleURL != "" && len(visible(editions, &p, now)) > 0 {
			return &p
		}
	}
	return nil
}

// visible are the editions that a partner may show at a moment; without a
// partner, those that everybody may.
func visible(editions []article.Edition, site *partner.Partner, now time.Time) []article.Edition {
	var out []article.Edition
	for i := range editions {
		e := &editions[i]
		if (site != nil && site.Sees(e, now)) || (site == nil && e.PublicAt(now) && e.For("")) {
			out = append(out, *e)
		}
	}
	return out
}

func (a *API) destinations(editions []article.Edition, site *partner.Partner, now time.Time) []destination {
	var out []destination
	for _, e := range visible(editions, site, now) {
		address := e.CanonicalURL
		if site != nil {
			address = site.URL(&e)
		}
		if u := a.safe(address); u != nil {
			out = append(out, destination{e.Language, u})
		}
	}
	return out
}

// safe parses an address that a reader may be sent to: http or https, a host,
// no user info, and not another short link, which might lead back here.
func (a *API) safe(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || strings.Contains(u.Host, `\`) {
		return nil
	}
	if strings.HasPrefix(u.String(), a.publicURL+"/s/") {
		return nil
	}
	return u
}

// choose picks the edition: the language asked for, else the link's, else the
// reader's in the order of preference, else the partner's, else the original.
func choose(r *http.Request, l link.Link, site *partner.Partner, there []destination) destination {
	wanted := []string{l.Language}
	if asked, err := language.Canonical(r.URL.Query().Get("lang")); err == nil {
		wanted = []string{asked, l.Language}
	}
	available := make([]string, len(there))
	for i, d := range there {
		available[i] = d.language
	}
	if best, ok := language.Negotiate(r.Header.Get("Accept-Language"), available); ok {
		wanted = append(wanted, best)
	}
	if site != nil {
		wanted = append(wanted, site.DefaultLanguage)
	}
	for _, tag := range wanted {
		for _, d := range there {
			if tag != "" && d.language == tag {
				return d
			}
		}
	}
	return there[0]
}

// tagged is the destination with the partner's campaign (UTM parameters).
func tagged(to *url.URL, l link.Link, site *partner.Partner, placement shortlink.Placement) string {
	if site == nil || site.Campaign == nil {
		return to.String()
	}
	query := to.Query()
	for _, p := range []struct{ name, value string }{
		{"utm_source", site.Campaign.Source},
		{"utm_medium", firstOf(site.Campaign.Medium, placement.Channel)},
		{"utm_campaign", firstOf(l.Campaign, site.Campaign.Name)},
	} {
		if p.value != "" && !query.Has(p.name) {
			query.Set(p.name, p.value)
		}
	}
	out := *to
	out.RawQuery = query.Encode()
	return out.String()
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// nothing answers for an article that no reader may be sent to.
func (a *API) nothing(w http.ResponseWriter, r *http.Request, editions []article.Edition) error {
	for i := range editions {
		c := editions[i].Cancellation
		if editions[i].PubStatus != article.Canceled || c == nil {
			continue
		}
		facts := &withdrawal{Reason: c.Reason, Language: editions[i].Language}
		if code := a.links.Default(c.ReplacedBy); c.ReplacedBy != "" && code != "" {
			facts.Replacement = a.publicURL + "/s/" + code
		}
		if c.Legal {
			return a.pages.show(w, r, http.StatusUnavailableForLegalReasons, pageLegal, facts)
		}
		return a.pages.show(w, r, http.StatusGone, pageCanceled, facts)
	}
	return a.pages.show(w, r, http.StatusNotFound, pageUnknown, nil)
}
