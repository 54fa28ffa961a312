// SPDX-License-Identifier: Apache-2.0

package partner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/partner"
)

func TestAllowsOrigin(t *testing.T) {
	for _, tc := range []struct {
		name    string
		origins string // separated by spaces
		origin  string
		want    bool
	}{
		{"server_to_server", "https://www.example.org", "", true},
		{"server_to_server_without_origins", "", "", true},
		{"no_origins_no_browser", "", "https://www.example.org", false},
		{"exact", "https://www.example.org", "https://www.example.org", true},
		{"second", "https://a.example.org https://b.example.org", "https://b.example.org", true},
		{"case", "https://WWW.example.org", "HTTPS://www.Example.org", true},
		{"other_scheme", "https://www.example.org", "http://www.example.org", false},
		{"other_port", "https://www.example.org", "https://www.example.org:8443", false},
		{"port", "http://localhost:8081", "http://localhost:8081", true},
		{"parent", "https://www.example.org", "https://example.org", false},
		{"longer_host", "https://example.org", "https://example.org.evil.test", false},
		{"prefix_of_host", "https://example.org", "https://evilexample.org", false},
		{"opaque", "https://example.org", "null", false},
		{"wildcard", "https://*.example.org", "https://www.example.org", true},
		{"wildcard_deep", "https://*.example.org", "https://a.b.example.org", true},
		{"wildcard_is_not_the_apex", "https://*.example.org", "https://example.org", false},
		{"wildcard_empty_label", "https://*.example.org", "https://.example.org", false},
		{"wildcard_needs_a_dot", "https://*.example.org", "https://evilexample.org", false},
		{"wildcard_longer_host", "https://*.example.org", "https://www.example.org.evil.test", false},
		{"wildcard_keeps_scheme", "https://*.example.org", "http://www.example.org", false},
		{"wildcard_keeps_port", "https://*.example.org", "https://www.example.org:8443", false},
		{"wildcard_with_port", "https://*.example.org:8443", "https://www.example.org:8443", true},
		{"wildcard_in_the_call", "https://www.example.org", "https://*.example.org", false},
		{"wildcard_in_both", "https://*.example.org", "https://*.example.org", false},
		{"own_port_listed", "https://www.example.org:443", "https://www.example.org", true},
		{"own_port_called", "https://www.example.org", "https://www.example.org:443", true},
		{"own_port_of_http", "http://localhost", "http://localhost:80", true},
		{"port_of_the_other_scheme", "https://www.example.org", "https://www.example.org:80", false},
		{"own_port_of_a_wildcard", "https://*.example.org:443", "https://www.example.org", true},
		{"idn", "https://xn--caf-dma.example", "https://xn--caf-dma.example", true},
		{"idn_not_in_punycode", "https://xn--caf-dma.example", "https://café.example", false},
		{"root_dot", "https://example.org", "https://example.org.", false},
		{"ipv6", "http://[::1]:8081", "http://[::1]:8081", true},
		{"path_smuggled", "https://*.example.org", "https://evil.test/.example.org", false},
		{"user_smuggled", "https://*.example.org", "https://evil.test@www.example.org", false},
		{"port_smuggled", "https://*.example.org", "https://evil.test:80.example.org", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := partner.Partner{Origins: strings.Fields(tc.origins)}
			if got := p.AllowsOrigin(tc.origin); got != tc.want {
				t.Errorf("AllowsOrigin(%q) with %q = %v, want %v", tc.origin, p.Origins, got, tc.want)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(*partner.Partner)
		want  []string // pointers
	}{
		{"ok", func(*partner.Partner) {}, nil},
		{"ok_least", func(p *partner.Partner) { *p = partner.Partner{ID: "a", Name: "A"} }, nil},
		{"ok_origins", func(p *partner.Partner) {
			p.Origins = []string{"http://localhost:8081", "https://*.example.org", "https://example.org:8443", "http://[::1]:8081", "http://127.0.0.1"}
		}, nil},
		{"err_origin_not_in_punycode", func(p *partner.Partner) { p.Origins = []string{"https://café.example"} }, []string{"/origins/0"}},
		{"ok_template_in_query", func(p *partner.Partner) { p.ArticleURL = "https://example.org/?a={id}&l={lang}" }, nil},
		{"err_all_missing", func(p *partner.Partner) { *p = partner.Partner{} }, []string{"/id", "/name"}},
		{"err_id", func(p *partner.Partner) { p.ID = "A B" }, []string{"/id"}},
		{"err_name_long", func(p *partner.Partner) { p.Name = strings.Repeat("a", 301) }, []string{"/name"}},
		{"err_origins", func(p *partner.Partner) {
			p.Origins = []string{
				"https://ok.example.org", "https://example.org/", "example.org", "ftp://example.org", "https://a b", "null", "*",
				"https://www.*.org", "https://example.org:port", "https://u@example.org", "",
			}
		}, []string{
			"/origins/1", "/origins/2", "/origins/3", "/origins/4", "/origins/5", "/origins/6", "/origins/7", "/origins/8", "/origins/9", "/origins/10",
		}},
		{"err_wildcard_without_tls", func(p *partner.Partner) { p.Origins = []string{"http://*.example.org"} }, []string{"/origins/0"}},
		{"err_languages", func(p *partner.Partner) { p.Languages = []string{"fr", "FR"} }, []string{"/languages/1"}},
		{"err_default_language", func(p *partner.Partner) { p.Languages, p.DefaultLanguage = nil, "french" }, []string{"/defaultLanguage"}},
		{"err_default_language_not_carried", func(p *partner.Partner) { p.DefaultLanguage = "de" }, []string{"/defaultLanguage"}},
		{"err_home", func(p *partner.Partner) { p.HomeURL = "javascript:alert(1)" }, []string{"/homeUrl"}},
		{"err_template_unknown_variable", func(p *partner.Partner) { p.ArticleURL = "https://example.org/{slug}/{id}" }, []string{"/articleUrl", "/articleUrl"}},
		{"err_template_without_id", func(p *partner.Partner) { p.ArticleURL = "https://example.org/{lang}" }, []string{"/articleUrl"}},
		{"err_template_in_host", func(p *partner.Partner) { p.ArticleURL = "https://{id}.example.org/" }, []string{"/articleUrl"}},
		{"err_template_in_scheme", func(p *partner.Partner) { p.ArticleURL = "{id}://example.org/" }, []string{"/articleUrl"}},
		{"err_template_in_host_before_query", func(p *partner.Partner) { p.ArticleURL = "https://example.org{id}?a=b" }, []string{"/articleUrl"}},
		{"err_rate", func(p *partner.Partner) { p.RateLimit = -1 }, []string{"/rateLimit"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := lyon()
			tc.spoil(&p)
			var got []string
			for _, v := range p.Validate() {
				got = append(got, v.Pointer)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func lyon() partner.Partner {
	return partner.Partner{
		ID: "lyon", Name: "Lyon", Origins: []string{"https://www.example.org"}, Languages: []string{"fr", "en"},
		Sections: []string{"numérique"}, DefaultLanguage: "fr", HomeURL: "https://www.example.org",
		ArticleURL: "https://www.example.org/{lang}/{id}", Campaign: &partner.Campaign{Source: "relais"}, RateLimit: 5,
	}
}

func TestSees(t *testing.T) {
	now := time.Date(2024, 3, 6, 9, 0, 0, 0, time.UTC)
	later := now.Add(time.Hour)
	for _, tc := range []struct {
		name          string
		partner       func(*partner.Partner)
		edition       func(*article.Edition)
		sees, carries bool
	}{
		{"its_own", nil, nil, true, true},
		{"disabled", func(p *partner.Partner) { p.Disabled = true }, nil, false, true},
		{"other_language", nil, func(e *article.Edition) { e.Language = "de" }, false, false},
		{"regional_language_is_another", nil, func(e *article.Edition) { e.Language = "fr-CA" }, false, false},
		{"other_section", nil, func(e *article.Edition) { e.Section = "sport" }, false, false},
		{"no_section", nil, func(e *article.Edition) { e.Section = "" }, false, false},
		{"all_languages", func(p *partner.Partner) { p.Languages = nil }, func(e *article.Edition) { e.Language = "de" }, true, true},
		{"all_sections", func(p *partner.Partner) { p.Sections = nil }, func(e *article.Edition) { e.Section = "" }, true, true},
		{"addressed", nil, func(e *article.Edition) { e.Audience = &article.Audience{Partners: []string{"lyon"}} }, true, true},
		{"addressed_to_others", nil, func(e *article.Edition) { e.Audience = &article.Audience{Partners: []string{"paris"}} }, false, false},
		{"embargoed", nil, func(e *article.Edition) { e.EmbargoedUntil = &later }, false, true},
		{"expired", nil, func(e *article.Edition) { e.Expires = &now }, false, true},
		{"withheld", nil, func(e *article.Edition) { e.PubStatus = article.Withheld }, false, true},
		{"canceled", nil, func(e *article.Edition) { e.PubStatus = article.Canceled }, false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, e := lyon(), article.Edition{ID: "a", Language: "fr", Section: "numérique", PubStatus: article.Usable}
			if tc.partner != nil {
				tc.partner(&p)
			}
			if tc.edition != nil {
				tc.edition(&e)
			}
			if sees, carries := p.Sees(&e, now), p.Carries(&e); sees != tc.sees || carries != tc.carries {
				t.Errorf("sees %v, carries %v; want %v, %v", sees, carries, tc.sees, tc.carries)
			}
		})
	}
}

func TestURL(t *testing.T) {
	for _, tc := range []struct{ name, template, canonical, want string }{
		{"template", "https://example.org/{lang}/{id}", "https://press.test/a", "https://example.org/zh-Hant/a-1"},
		{"template_twice", "https://example.org/{id}?see={id}", "", "https://example.org/a-1?see=a-1"},
		{"canonical", "", "https://press.test/a", "https://press.test/a"},
		{"none", "", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := partner.Partner{ArticleURL: tc.template}
			e := article.Edition{ID: "a-1", Language: "zh-Hant", CanonicalURL: tc.canonical}
			if got := p.URL(&e); got != tc.want {
				t.Errorf("URL = %q, want %q", got, tc.want)
			}
		})
	}
}
