// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
)

// sites are the partners of a test.
type sites struct {
	list     []partner.Partner
	revision uint64
	away     bool // the log, when a partner is not in the list
}

func (s *sites) PartnersRevision() uint64    { return s.revision }
func (s *sites) Partners() []partner.Partner { return s.list }
func (s *sites) Partner(_ context.Context, id string) (partner.Partner, error) {
	for _, p := range s.list {
		if p.ID == id {
			return p, nil
		}
	}
	if s.away {
		return partner.Partner{}, fault.New(fault.Unavailable, "away")
	}
	return partner.Partner{}, fault.New(fault.Forbidden, "gone")
}

func table(s *sites, hosts Hosts, editions ...article.Edition) *Table {
	t := New(nil, s, hosts, nil, nil)
	for _, e := range editions {
		t.put(e)
	}
	return t
}

func edition(language string, change func(*article.Edition)) article.Edition {
	e := article.Edition{ID: "recap", Language: language, SourceLanguage: "fr", Version: 1, PubStatus: article.Usable}
	if change != nil {
		change(&e)
	}
	return e
}

func addresses(v *View) string {
	var out []string
	for _, d := range v.Destinations {
		out = append(out, d.URL)
	}
	return strings.Join(out, " ")
}

func TestDestinations(t *testing.T) {
	canonical := func(u string) func(*article.Edition) { return func(e *article.Edition) { e.CanonicalURL = u } }
	gazette := partner.Partner{ID: "gazette", ArticleURL: "https://gazette.example/{lang}/{id}"}
	plain := partner.Partner{ID: "plain"}
	for _, tc := range []struct {
		name, partner string
		hosts         Hosts
		edition       article.Edition
		want          string
	}{
		{"the partner's template", "gazette", Hosts{}, edition("fr", canonical("https://a.example/")), "https://gazette.example/fr/recap"},
		{"the canonical page", "plain", Hosts{}, edition("fr", canonical("https://a.example/x")), "https://a.example/x"},
		{"placed nowhere", "", Hosts{}, edition("fr", canonical("https://a.example/x")), "https://a.example/x"},
		{"placed nowhere, no canonical page", "", Hosts{}, edition("fr", nil), "https://gazette.example/fr/recap"},
		{"a partner that is gone", "gone", Hosts{}, edition("fr", canonical("https://a.example/x")), "https://a.example/x"},
		{"an allowed host", "", Hosts{Allowed: []string{"a.example"}}, edition("fr", canonical("https://www.A.example/x")), "https://www.A.example/x"},
		{"another host", "", Hosts{Allowed: []string{"a.example"}}, edition("fr", canonical("https://nota.example/x")), ""},
		{"a template is the partner's word", "gazette", Hosts{Allowed: []string{"a.example"}}, edition("fr", nil), "https://gazette.example/fr/recap"},
		{"a short link", "", Hosts{Relais: "r.example"}, edition("fr", canonical("https://R.example/s/ABCDEFGH")), ""},
		{"plain http", "", Hosts{}, edition("fr", canonical("http://a.example/x")), ""},
		{"plain http on this machine", "", Hosts{}, edition("fr", canonical("http://127.0.0.1:8081/x")), "http://127.0.0.1:8081/x"},
		{"no scheme", "", Hosts{}, edition("fr", canonical("//evil.example")), ""},
		{"a backslash", "", Hosts{}, edition("fr", canonical(`https://good.example\@evil.example`)), ""},
		{"user info", "", Hosts{}, edition("fr", canonical("https://good.example@evil.example/")), ""},
		{"a line break", "", Hosts{}, edition("fr", canonical("https://a.example/\r\nX: y")), ""},
		{"a script", "", Hosts{}, edition("fr", canonical("javascript:alert(1)")), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table := table(&sites{list: []partner.Partner{gazette, plain}}, tc.hosts, tc.edition)
			if got := addresses(table.View(t.Context(), "recap", tc.partner, time.Now())); got != tc.want {
				t.Errorf("leads to %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAViewFollowsTheArticleThePartnersAndTheClock(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	lifts := now.Add(time.Hour)
	s := &sites{list: []partner.Partner{{ID: "gazette", ArticleURL: "https://gazette.example/{lang}/{id}"}}}
	table := table(s, Hosts{}, edition("fr", nil), edition("en", func(e *article.Edition) { e.EmbargoedUntil = &lifts }))
	look := func(at time.Time) *View { return table.View(t.Context(), "recap", "gazette", at) }

	first := look(now)
	if addresses(first) != "https://gazette.example/fr/recap" || look(lifts.Add(-1)) != first {
		t.Errorf("before the embargo lifts: %q, kept %v", addresses(first), look(lifts.Add(-1)) == first)
	}
	if got := addresses(look(lifts)); got != "https://gazette.example/fr/recap https://gazette.example/en/recap" {
		t.Errorf("when it lifts: %q", got)
	}
	s.list[0].Languages, s.revision = []string{"en"}, 2
	if got := addresses(look(lifts)); got != "https://gazette.example/en/recap" {
		t.Errorf("for a partner that takes English alone: %q", got)
	}
	table.put(edition("en", func(e *article.Edition) { e.Version, e.PubStatus = 2, article.Canceled }))
	if got := addresses(look(lifts)); got != "" {
		t.Errorf("canceled: %q", got)
	}
	table.put(edition("en", nil)) // an older version
	if got := addresses(look(lifts)); got != "" {
		t.Errorf("an older version brought back %q", got)
	}
	if got := addresses(table.View(t.Context(), "none", "gazette", now)); got != "" {
		t.Errorf("an unknown article leads to %q", got)
	}
}

func TestAViewMadeWithoutTheLogIsNotKept(t *testing.T) {
	s := &sites{away: true}
	table := table(s, Hosts{}, edition("fr", func(e *article.Edition) { e.CanonicalURL = "https://a.example/" }))
	table.View(t.Context(), "recap", "gazette", time.Now())
	s.list = []partner.Partner{{ID: "gazette", ArticleURL: "https://gazette.example/{id}"}}
	if got := addresses(table.View(t.Context(), "recap", "gazette", time.Now())); got != "https://gazette.example/recap" {
		t.Errorf("leads to %q", got)
	}
}

func TestChoose(t *testing.T) {
	s := &sites{list: []partner.Partner{{ID: "p", ArticleURL: "https://p.example/{lang}/{id}", DefaultLanguage: "en"}}}
	table := table(s, Hosts{}, edition("fr", nil), edition("en", nil), edition("de", nil), edition("ar", nil), edition("zh-Hant", nil))
	v := table.View(t.Context(), "recap", "p", time.Now())
	for _, tc := range []struct{ asked, pinned, accept, want string }{
		{"de", "fr", "en", "de"},
		{"xx", "fr", "en", "fr"},
		{"", "", "de;q=0.8, it", "de"},
		{"", "", "zh-HK,zh;q=.9,en;q=.6", "zh-Hant"},
		{"", "", "sr-Cyrl", "en"},
		{"", "", "", "en"},
		{"", "", strings.Repeat("xx,", 5000) + "de", "en"},
	} {
		for range 2 { // the second from memory
			if got := v.Choose(tc.asked, tc.pinned, tc.accept).Edition.Language; got != tc.want {
				t.Errorf("%q, %q, %.30q: %s, want %s", tc.asked, tc.pinned, tc.accept, got, tc.want)
			}
		}
	}
	for i := range 10 * maxChosen {
		v.Choose("", "", "de;q=0."+strings.Repeat("1", 1+i%3)+", x-"+strings.Repeat("a", i%200))
	}
	if n := len(*v.chosen.Load()); n > maxChosen || n == 0 {
		t.Errorf("%d headers are remembered", n)
	}
}

func TestTagsAreAddedToTheQuery(t *testing.T) {
	for _, tc := range []struct{ canonical, want string }{
		{"https://a.example/x", "https://a.example/x?utm_source=s%26t&ref=1"},
		{"https://a.example/x?a=1#top", "https://a.example/x?a=1&utm_source=s%26t&ref=1#top"},
		{"https://a.example/?ref=2", "https://a.example/?ref=2&utm_source=s%26t"},
	} {
		table := table(&sites{}, Hosts{}, edition("fr", func(e *article.Edition) { e.CanonicalURL = tc.canonical }))
		d := table.View(t.Context(), "recap", "", time.Now()).Destinations[0]
		got := d.With(Tag{"utm_source", "s&t"}, Tag{"utm_medium", ""}, Tag{"ref", "1"}, Tag{"ref", "3"})
		if got != tc.want {
			t.Errorf("%s becomes %s, want %s", tc.canonical, got, tc.want)
		}
	}
}

// FuzzDestination hands canonical URLs and reader's parameters to what makes
// Location headers.
func FuzzDestination(f *testing.F) {
	f.Add("https://a.example/?a=b#c", "ref", "x\r\ny")
	f.Add(`https://good.example\@evil.example`, "", "")
	f.Add("//evil", "a=b", "&c")
	f.Fuzz(func(t *testing.T, canonical, name, value string) {
		table := table(&sites{}, Hosts{Relais: "r.example", Allowed: []string{"a.example"}}, edition("fr", func(e *article.Edition) { e.CanonicalURL = canonical }))
		for _, d := range table.View(t.Context(), "recap", "", time.Now()).Destinations {
			location := d.With(Tag{name, value})
			u, err := url.Parse(location)
			if err != nil || u.User != nil || strings.ContainsAny(location, "\r\n") ||
				(u.Scheme != "https" && !loopback(u.Hostname())) || !within(u.Hostname(), "a.example") {
				t.Errorf("%q with %q=%q leads to %q (%v)", canonical, name, value, location, err)
			}
		}
	})
}
