// SPDX-License-Identifier: Apache-2.0

package target

import (
	"cmp"
	"context"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/partner"
)

// Partners knows the partners in service.
type Partners interface {
	// Partner returns a partner, or Forbidden when it is gone or disabled.
	Partner(ctx context.Context, id string) (partner.Partner, error)
	// Partners lists the partners in service by id.
	Partners() []partner.Partner
	// PartnersRevision changes whenever a partner does.
	PartnersRevision() uint64
}

// Hosts says which addresses a reader may be sent to.
type Hosts struct {
	Relais  string   // host[:port] of the short links: never a destination
	Allowed []string // hosts that a canonical URL may name, their subdomains included; none: any
}

// View is where readers of an article go at one partner, or at none, at a
// moment. It does not change.
type View struct {
	Site         *partner.Partner // nil: the canonical pages
	Destinations []Destination    // the original first; none: there is nothing to be sent to
	Alternates   []string         // values of Link headers (RFC 8288): the destinations by hreflang

	revision uint64                         // of the partners
	until    time.Time                      // when an edition comes or goes by the clock; zero: never
	chosen   atomic.Pointer[map[string]int] // Accept-Language → index of a destination, or -1; replaced, never changed
}

// Destination is an edition that a reader may be sent to.
type Destination struct {
	Edition  *article.Edition // without its texts; not to be changed
	URL      string
	address  string // URL without its fragment
	fragment string // with its #
	query    url.Values
}

// Bounds on what a view remembers of the readers' languages.
const (
	maxChosen   = 32  // headers: then it begins anew
	maxRemember = 128 // bytes of an Accept-Language header
	maxViews    = 256 // of an article: more partners than that are looked at anew
)

// View returns where readers of an article go who come through a link placed at
// a partner. A link placed nowhere leads to the canonical pages, when an
// edition names one, else to the first partner that shows the article.
func (t *Table) View(ctx context.Context, id, partnerID string, now time.Time) *View {
	t.mu.RLock()
	e := t.articles[id]
	t.mu.RUnlock()
	if e == nil {
		return &View{}
	}
	revision := t.partners.PartnersRevision()
	if v := e.view(partnerID); v != nil && v.revision == revision && (v.until.IsZero() || now.Before(v.until)) {
		return v
	}
	v := &View{revision: revision, until: changes(e.editions, now)}
	var certain bool
	v.Site, certain = t.site(ctx, e.editions, partnerID, now)
	for _, edition := range Visible(e.editions, v.Site, now) {
		address, free := edition.CanonicalURL, true
		if v.Site != nil && v.Site.ArticleURL != "" {
			address, free = v.Site.URL(edition), false
		}
		if u := t.hosts.safe(address, free); u != nil {
			v.Destinations = append(v.Destinations, destination(edition, u))
		}
	}
	for i := range v.Destinations {
		d := &v.Destinations[i]
		v.Alternates = append(v.Alternates, "<"+d.URL+`>; rel="alternate"; hreflang="`+d.Edition.Language+`"`)
	}
	v.Alternates = slices.Clip(v.Alternates)
	if certain {
		e.keep(partnerID, v)
	}
	return v
}

// placed is the view of one partner.
type placed struct {
	partner string
	view    *View
}

func (h *held) view(partnerID string) *View {
	if all := h.views.Load(); all != nil {
		for _, p := range *all {
			if p.partner == partnerID {
				return p.view
			}
		}
	}
	return nil
}

func (h *held) keep(partnerID string, v *View) {
	for {
		old := h.views.Load()
		next := []placed{{partnerID, v}}
		if old != nil {
			for _, p := range *old {
				if p.partner != partnerID && len(next) < maxViews {
					next = append(next, p)
				}
			}
		}
		if h.views.CompareAndSwap(old, &next) {
			return
		}
	}
}

// site is the partner whose copy of the article a reader is sent to; nil: none.
// It is not certain when the log could not be asked for the partner.
func (t *Table) site(ctx context.Context, editions []article.Edition, partnerID string, now time.Time) (_ *partner.Partner, certain bool) {
	certain = true
	if partnerID != "" {
		p, err := t.partners.Partner(ctx, partnerID)
		if err == nil {
			return &p, true
		}
		certain = fault.Is(err, fault.Forbidden)
	}
	if slices.ContainsFunc(editions, func(e article.Edition) bool { return e.CanonicalURL != "" }) {
		return nil, certain
	}
	for _, p := range t.partners.Partners() {
		if p.ArticleURL != "" && len(Visible(editions, &p, now)) > 0 {
			return &p, certain
		}
	}
	return nil, certain
}

// Visible are the editions that a partner may show at a moment; without a
// partner, those that everybody may.
func Visible(editions []article.Edition, site *partner.Partner, now time.Time) []*article.Edition {
	var out []*article.Edition
	for i := range editions {
		e := &editions[i]
		if (site != nil && site.Sees(e, now)) || (site == nil && e.PublicAt(now) && e.For("")) {
			out = append(out, e)
		}
	}
	return out
}

// changes is the next moment at which an edition comes or goes by the clock.
func changes(editions []article.Edition, now time.Time) time.Time {
	var next time.Time
	for i := range editions {
		for _, at := range []*time.Time{editions[i].EmbargoedUntil, editions[i].Expires} {
			if at != nil && at.After(now) && (next.IsZero() || at.Before(next)) {
				next = *at
			}
		}
	}
	return next
}

func destination(e *article.Edition, u *url.URL) Destination {
	d := Destination{Edition: e, URL: u.String(), query: u.Query()}
	d.address, d.fragment, _ = strings.Cut(d.URL, "#")
	if d.fragment != "" {
		d.fragment = "#" + d.fragment
	}
	return d
}

// safe parses an address that a reader may be sent to: https (http on this
// machine only), a host that is not that of the short links, and no user info.
// free says that the host was named by an article, not by a partner.
func (h *Hosts) safe(address string, free bool) *url.URL {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(u.Host, `\ `) || strings.EqualFold(u.Host, h.Relais) {
		return nil
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil
	}
	if free && len(h.Allowed) > 0 && !slices.ContainsFunc(h.Allowed, func(allowed string) bool { return within(u.Hostname(), allowed) }) {
		return nil
	}
	return u
}

func within(host, domain string) bool {
	host, domain = strings.ToLower(host), strings.ToLower(domain)
	return host == domain || strings.HasSuffix(host, "."+domain)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// Choose picks the destination for a reader: in the language asked for, else
// the link's, else the reader's by Accept-Language, else the partner's, else
// the original. There must be one.
func (v *View) Choose(asked, pinned, acceptLanguage string) *Destination {
	for _, tag := range []string{asked, pinned} {
		if i := v.index(tag); i >= 0 {
			return &v.Destinations[i]
		}
		if i := v.negotiate(tag); i >= 0 { // fr-CA finds fr
			return &v.Destinations[i]
		}
	}
	if i := v.negotiate(acceptLanguage); i >= 0 {
		return &v.Destinations[i]
	}
	if v.Site != nil {
		if i := v.index(v.Site.DefaultLanguage); i >= 0 {
			return &v.Destinations[i]
		}
	}
	return &v.Destinations[0]
}

func (v *View) index(tag string) int {
	if tag == "" {
		return -1
	}
	return slices.IndexFunc(v.Destinations, func(d Destination) bool { return d.Edition.Language == tag })
}

// negotiate remembers what a header led to: a few of them cover most readers.
func (v *View) negotiate(header string) int {
	if header == "" {
		return -1
	}
	chosen := v.chosen.Load()
	if chosen != nil {
		if i, ok := (*chosen)[header]; ok {
			return i
		}
	}
	available := make([]string, len(v.Destinations))
	for i := range v.Destinations {
		available[i] = v.Destinations[i].Edition.Language
	}
	found := -1
	if tag, ok := language.Negotiate(header, available); ok {
		found = v.index(tag)
	}
	if len(header) <= maxRemember {
		next := map[string]int{header: found}
		if chosen != nil && len(*chosen) < maxChosen {
			maps.Copy(next, *chosen)
		}
		v.chosen.CompareAndSwap(chosen, &next) // who comes second remembers next time
	}
	return found
}

// Tag is a parameter to be added to a destination.
type Tag struct{ Name, Value string }

// With is the destination's address with tags added to its query, in their
// order. A parameter that is there, or has no value, is left as it is.
func (d *Destination) With(tags ...Tag) string {
	var b strings.Builder
	b.WriteString(d.address)
	sep := byte('?')
	if strings.Contains(d.address, "?") {
		sep = '&'
	}
	for i, tag := range tags {
		if tag.Value == "" || d.query.Has(tag.Name) || slices.ContainsFunc(tags[:i], func(t Tag) bool { return t.Name == tag.Name && t.Value != "" }) {
			continue
		}
		b.WriteByte(sep)
		b.WriteString(url.QueryEscape(tag.Name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(tag.Value))
		sep = '&'
	}
	b.WriteString(d.fragment)
	return b.String()
}

// Campaign is the tags of a partner's campaign (UTM parameters); campaign and
// channel are those of the link.
func (v *View) Campaign(campaign, channel string) []Tag {
	if v.Site == nil || v.Site.Campaign == nil {
		return nil
	}
	c := v.Site.Campaign
	return []Tag{{"utm_source", c.Source}, {"utm_medium", cmp.Or(c.Medium, channel)}, {"utm_campaign", cmp.Or(campaign, c.Name)}}
}
