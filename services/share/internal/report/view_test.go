// SPDX-License-Identifier: Apache-2.0

package report

import (
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// shown returns the page for some data.
func shown(t *testing.T, d *Data) string {
	t.Helper()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := p.Show(w, httptest.NewRequest(http.MethodGet, "/stats", http.NoBody), d); err != nil {
		t.Fatal(err)
	}
	return html.UnescapeString(w.Body.String())
}

// contains checks that a page has all of some texts, plain spaces for those that do not break.
func contains(t *testing.T, page string, texts ...string) {
	t.Helper()
	page = strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(page)
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
}

func TestWhatAnEditorSees(t *testing.T) {
	page := shown(t, sample("fr", 30))
	contains(t, page,
		"Ce que les liens ont apporté", "du 1er au 30 novembre 2026",
		"<strong>12 345</strong>", "<strong>9 871</strong>", "<strong>LinkedIn</strong>", "34 % des visites", "<strong>87 %</strong>",
		"4 200 · 34 %", "IRD le Mag’", "86 % de l’étape précédente", "portugais (BR)", "chinois (Hant)",
		`<option value="petit">Petit journal</option>`, `<th scope="row"><a href="/stats?article=eau-sahel&days=30&lang=fr" lang="fr" dir="ltr">`,
		`lang="ar" dir="rtl">المياه`, "Aperçus", "2 310", "somme de ceux de chaque jour", "n’est pas montré",
	)
	for _, table := range []string{"day", "class", "channel", "partner", "language", "funnel", "article"} {
		contains(t, page, `<a class="csv" href="/v1/stats?format=csv&groupBy=`+table+`"`)
	}
	if regexp.MustCompile(`class="quiet[^>]*>.*Lecteurs`).MatchString(page) {
		t.Error("readers are listed with those who are none")
	}
}

func TestWhatAPartnerSees(t *testing.T) {
	page := shown(t, own("en"))
	contains(t, page,
		"What your links brought", "Partner site: Petit journal", "<strong>61</strong>", "< 5", "Fewer than 5",
		`<input type="hidden" name="key" value="pk_0123456789abcdef">`, `href="/stats?days=7&key=pk_0123456789abcdef&lang=en"`,
	)
	for _, foreign := range []string{`id="by-partner"`, `id="partner"`, `id="by-funnel"`, "IRD"} {
		if strings.Contains(page, foreign) {
			t.Errorf("a partner sees %q", foreign)
		}
	}
}

func TestThePeriods(t *testing.T) {
	d := sample("en", 90)
	d.Partner, d.Article = "cirad", "climat-villes"
	contains(t, shown(t, d),
		`<a href="/stats?article=climat-villes&days=7&lang=en&partner=cirad">7 days</a>`,
		`<a href="/stats?article=climat-villes&days=90&lang=en&partner=cirad" aria-current="true">90 days</a>`,
		`<option value="cirad" selected>Cirad</option>`, `name="article" value="climat-villes"`, "Article: climat-villes", "Partner: Cirad",
	)
	d.Days = 0
	contains(t, shown(t, d),
		`<input type="hidden" name="from" value="2026-09-02">`, `<input type="hidden" name="to" value="2026-11-30">`,
		`<a href="/stats?article=climat-villes&days=365&lang=en&partner=cirad">365 days</a>`,
	)
	d.Partner = "unheard-of"
	contains(t, shown(t, d), `<option value="unheard-of" selected>unheard-of</option>`)
}

func TestNothingHappened(t *testing.T) {
	for lang, text := range map[string]string{"fr": "Aucune visite pour cette période", "en": "No visits in this period"} {
		page := shown(t, bare(lang))
		contains(t, page, text)
		if strings.Contains(page, "<figure") {
			t.Error("an empty figure is drawn")
		}
	}
	contains(t, shown(t, &Data{Language: "fr"}), "Aucune visite")
	robots := &Data{Language: "fr", Classes: map[string]*int64{"human": n(0), "bot": n(7)}, Steps: []Step{{"searches", n(0)}}}
	contains(t, shown(t, robots), "Aucune visite", "Robots")
}

func TestAllIsKeptBack(t *testing.T) {
	d := own("fr")
	d.Classes, d.Channels, d.Uniques = map[string]*int64{"human": nil}, map[string]*int64{"mail": nil}, nil
	d.Pairs = []Pair{{"fr", "fr", nil}}
	for i := range d.ByDay {
		d.ByDay[i].Visits, d.ByDay[i].Uniques = nil, nil
	}
	page := shown(t, d)
	contains(t, page, "<strong>< 5</strong>")
	if strings.Contains(page, "Premier canal") {
		t.Error("a channel is first, of which the count is kept back")
	}
}

func TestServedInTheirLanguage(t *testing.T) {
	for _, c := range []struct {
		wanted, served string
		want           bool
	}{
		{"fr", "fr", true},
		{"fr-CA", "fr", true},
		{"pt-BR", "pt-PT", true},
		{"zh-Hant", "zh-Hans", false},
		{"ar", "fr", false},
		{"fr", "", false},
		{"", "fr", false},
		{"", "", false},
	} {
		if got := (Pair{Wanted: c.wanted, Served: c.served}).fits(); got != c.want {
			t.Errorf("%s served %s: %t", c.wanted, c.served, got)
		}
	}
}

func TestNoNameBreaksOut(t *testing.T) {
	for _, hostile := range []string{
		`</title><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onfocus='alert(1)`, "javascript:alert(1)", "{{.Key}}",
	} {
		d := sample("fr", 7)
		d.Key, d.Article, d.Partner = hostile, hostile, hostile
		d.Names = map[string]string{hostile: hostile}
		d.Partners = map[string]*int64{hostile: n(7)}
		d.Channels = map[string]*int64{hostile: n(7)}
		d.Classes[hostile] = n(7)
		d.Pairs = []Pair{{hostile, hostile, n(7)}, {"fr", hostile, n(8)}}
		d.Steps = []Step{{hostile, n(7)}}
		d.Articles = []Article{{hostile, hostile, hostile, n(7), n(7)}}
		d.CSV = map[string]string{"day": hostile, "article": hostile}
		for _, site := range []*Site{nil, {hostile, hostile}} {
			d.Site = site
			p, err := New()
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			if err := p.Show(w, httptest.NewRequest(http.MethodGet, "/stats", http.NoBody), d); err != nil {
				t.Fatal(err)
			}
			for _, bad := range []string{"<script", "<img", ` onfocus='`, `href="javascript:`} {
				if strings.Contains(w.Body.String(), bad) {
					t.Errorf("%q lets %s in", hostile, bad)
				}
			}
		}
	}
}
