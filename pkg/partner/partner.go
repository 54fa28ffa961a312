// SPDX-License-Identifier: Apache-2.0

// Package partner describes the sites that carry articles and the keys that
// callers present, and is the one place that answers "may this partner see
// this edition now?".
package partner

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
)

// Partner is a site that carries articles.
type Partner struct {
	ID              string    `json:"id"`
	Name            string    `json:"name"`
	Origins         []string  `json:"origins"`   // scheme://host[:port], https://*.example.org allowed; none: server to server only
	Languages       []string  `json:"languages"` // BCP 47; none: all
	Sections        []string  `json:"sections"`  // none: all
	DefaultLanguage string    `json:"defaultLanguage,omitempty"`
	HomeURL         string    `json:"homeUrl,omitempty"`
	ArticleURL      string    `json:"articleUrl,omitempty"` // RFC 6570 level 1 template of {lang} and {id}; none: the canonical URL
	Campaign        *Campaign `json:"campaign,omitempty"`
	RateLimit       float64   `json:"rateLimit,omitempty"` // requests a second; 0: the service's default
	Disabled        bool      `json:"disabled,omitempty"`
}

// Campaign is what a partner wants its links tagged with (UTM parameters).
type Campaign struct {
	Source string `json:"source,omitempty"`
	Medium string `json:"medium,omitempty"`
	Name   string `json:"name,omitempty"`
}

// Sees reports whether the partner may see the edition at a moment: it is
// public, addressed to the partner, and in a language and section of its own.
func (p *Partner) Sees(e *article.Edition, now time.Time) bool {
	return !p.Disabled && e.PublicAt(now) && p.Carries(e)
}

// Carries reports whether the edition is addressed to the partner, whatever
// its publication state.
func (p *Partner) Carries(e *article.Edition) bool {
	return e.For(p.ID) &&
		(len(p.Languages) == 0 || slices.Contains(p.Languages, e.Language)) &&
		(len(p.Sections) == 0 || slices.Contains(p.Sections, e.Section))
}

// AllowsOrigin reports whether a call that carries the Origin header's value
// origin may be made for the partner. An empty origin (server to server) is
// always allowed; "https://*.example.org" matches one or more labels. Letter case
// does not matter, and a scheme's own port may be written or not.
func (p *Partner) AllowsOrigin(origin string) bool {
	if origin == "" {
		return true
	}
	origin = canonicalOrigin(origin)
	for _, o := range p.Origins {
		o = canonicalOrigin(o)
		scheme, domain, wildcard := strings.Cut(o, "://*.")
		if !wildcard && o == origin {
			return true
		}
		if wildcard {
			host, fits := strings.CutPrefix(origin, scheme+"://")
			labels, below := strings.CutSuffix(host, "."+domain)
			if fits && below && labelsPattern.MatchString(labels) {
				return true
			}
		}
	}
	return false
}

// canonicalOrigin is an origin as browsers write it (RFC 6454 §6.2).
func canonicalOrigin(s string) string {
	s = strings.ToLower(s)
	if host, ok := strings.CutSuffix(s, ":443"); ok && strings.HasPrefix(s, "https://") {
		return host
	}
	if host, ok := strings.CutSuffix(s, ":80"); ok && strings.HasPrefix(s, "http://") {
		return host
	}
	return s
}

// URL is where a reader finds the edition at the partner: its articleUrl
// template filled in, else the edition's canonical URL, else empty.
func (p *Partner) URL(e *article.Edition) string {
	if p.ArticleURL == "" {
		return e.CanonicalURL
	}
	return strings.NewReplacer("{lang}", url.PathEscape(e.Language), "{id}", url.PathEscape(e.ID)).Replace(p.ArticleURL)
}

var (
	originPattern   = regexp.MustCompile(`^https?://(\*\.)?[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?$`)
	ipv6Pattern     = regexp.MustCompile(`^https?://\[[0-9a-fA-F:]+\](:[0-9]{1,5})?$`)
	labelsPattern   = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*$`)
	templatePattern = regexp.MustCompile(`\{([^{}]*)\}`)
)

// Validate returns every rule the partner breaks.
func (p *Partner) Validate() []article.Violation {
	var v []article.Violation
	add := func(pointer, format string, args ...any) {
		v = append(v, article.Violation{Pointer: pointer, Detail: fmt.Sprintf(format, args...)})
	}
	if !article.ValidID(p.ID) {
		add("/id", "must match [a-z0-9][a-z0-9-]{0,127}")
	}
	if strings.TrimSpace(p.Name) == "" || len(p.Name) > article.MaxName {
		add("/name", "is required, of at most %d bytes", article.MaxName)
	}
	for i, o := range p.Origins {
		if !originPattern.MatchString(o) && !ipv6Pattern.MatchString(o) {
			add(fmt.Sprintf("/origins/%d", i), "must be scheme://host[:port] without a path, such as https://www.example.org; a name that is not ASCII as xn--…")
		}
		if strings.HasPrefix(o, "http://*.") {
			add(fmt.Sprintf("/origins/%d", i), "a wildcard needs https")
		}
	}
	for i, l := range p.Languages {
		if !article.ValidLanguage(l) {
			add(fmt.Sprintf("/languages/%d", i), "must be a BCP 47 language tag")
		}
	}
	if p.DefaultLanguage != "" && !article.ValidLanguage(p.DefaultLanguage) {
		add("/defaultLanguage", "must be a BCP 47 language tag")
	}
	if len(p.Languages) > 0 && p.DefaultLanguage != "" && !slices.Contains(p.Languages, p.DefaultLanguage) {
		add("/defaultLanguage", "must be one of languages")
	}
	if p.HomeURL != "" && !webURL(p.HomeURL) {
		add("/homeUrl", "must be an absolute http or https URL")
	}
	if p.ArticleURL != "" {
		p.validateTemplate(add)
	}
	if p.RateLimit < 0 {
		add("/rateLimit", "must not be negative")
	}
	return v
}

func (p *Partner) validateTemplate(add func(pointer, format string, args ...any)) {
	for _, m := range templatePattern.FindAllStringSubmatch(p.ArticleURL, -1) {
		if m[1] != "lang" && m[1] != "id" {
			add("/articleUrl", "knows {lang} and {id}, not {%s}", m[1])
		}
	}
	filled := strings.NewReplacer("{lang}", "fr", "{id}", "a").Replace(p.ArticleURL)
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(p.ArticleURL, "https://"), "http://"), "/")
	if !webURL(filled) || strings.ContainsAny(filled, "{}") || strings.ContainsAny(host, "{}") {
		add("/articleUrl", "must be an absolute http or https URL template with {lang} and {id} in its path or query")
	}
	if !strings.Contains(p.ArticleURL, "{id}") {
		add("/articleUrl", "must contain {id}")
	}
}

func webURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && len(s) <= article.MaxURL
}
