// SPDX-License-Identifier: Apache-2.0

package search_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/partner"
)

// into reads the JSON of a good answer.
func (d *desk) into(v any, target string, header ...string) {
	d.t.Helper()
	w := d.get(target, header...)
	if w.Code != http.StatusOK {
		d.t.Fatalf("%s: status %d: %s", target, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
		d.t.Fatalf("%s: %v", target, err)
	}
}

// newsroom publishes articles that share people, organisations and sections.
func newsroom(d *desk) {
	for i, a := range []struct {
		id, headline, section string
		people, organisations []string
	}{
		{"a", "Claire Balva défend la preuve numérique", "Justice", []string{"Claire Balva", "Simon Marsol"}, []string{"Blockchain Partner"}},
		{"b", "Le budget de la région", "Collectivités", []string{"Claire Balva"}, []string{"La 27e Région"}},
		{"c", "Clairement, le vote électronique avance", "Vote", []string{"Jean-Claire Dupont"}, nil},
		{"d", "La preuve numérique au tribunal", "Justice", []string{"Simon Marsol"}, []string{"Barreau de Paris"}},
		{"e", "Recette de la ratatouille", "Cuisine", nil, nil},
	} {
		e := recap(1, a.headline)
		e.ID, e.Section, e.Organisations = a.id, a.section, a.organisations
		e.BodyText = "Corps sans rapport."
		e.DatePublished = time.Date(2026, 3, 1+i, 8, 0, 0, 0, time.UTC)
		for _, name := range a.people {
			e.People = append(e.People, article.Person{Name: name})
		}
		d.append(e)
	}
	translated := recap(1, "Claire Balva defends digital evidence")
	translated.ID, translated.Language, translated.Section = "a", "en", "Justice"
	translated.People = []article.Person{{Name: "Claire Balva"}}
	d.append(translated)
	d.publish(article.Edition{ID: "z", Language: "fr", Version: 1, Headline: "Rien", BodyText: "Rien."})
}

type suggested struct {
	Query, Language string
	Suggestions     []struct {
		Type string
		Text struct {
			Text  string
			Marks [][2]int
		}
		Count             int
		ID, Language, URL string
	}
}

func (s suggested) lines() []string {
	var out []string
	for _, x := range s.Suggestions {
		line := x.Type + " " + x.Text.Text
		if x.Count > 0 {
			line += fmt.Sprint(" ", x.Count)
		}
		out = append(out, line)
	}
	return out
}

func TestSuggest(t *testing.T) {
	d := open(t)
	newsroom(d)
	ask := func(q, more string) suggested {
		var s suggested
		d.into(&s, "/v1/suggest?lang=fr&key="+siteKey+"&q="+url.QueryEscape(q)+more)
		return s
	}
	s := ask("clair", "")
	got := s.lines()
	if s.Query != "clair" || s.Language != "fr" || len(got) < 3 || got[0] != "person Claire Balva 2" || got[len(got)-2] != "person Jean-Claire Dupont 1" ||
		got[len(got)-1] != "headline Le budget de la région" { // by a name alone, so last
		t.Errorf("clair gives %q", got)
	}
	if !slices.Contains(got, "headline Claire Balva défend la preuve numérique") || !slices.Contains(got, "headline Clairement, le vote électronique avance") {
		t.Errorf("clair gives no headlines: %q", got)
	}
	for _, x := range s.Suggestions {
		if len(x.Text.Marks) == 0 && x.Type != "headline" {
			t.Errorf("%s %q has no marks", x.Type, x.Text.Text)
		}
		if (x.Type == "headline") != (x.ID != "" && x.URL != "" && x.Language == "fr") {
			t.Errorf("%s %q has the address %q %q", x.Type, x.Text.Text, x.ID, x.URL)
		}
	}
	for q, want := range map[string]string{
		"BALVA CLAI": "person Claire Balva 2", // every word, in any order
		"marsol":     "person Simon Marsol 2",
		"27":         "organisation La 27e Région 1",
		"justi":      "section Justice 2",
		"barreau":    "organisation Barreau de Paris 1",
	} {
		if got := ask(q, "").lines(); !slices.Contains(got, want) {
			t.Errorf("%q gives %q, want %q", q, got, want)
		}
	}
	for _, q := range []string{"", "  ", "-claire", `""`, "xylophone"} {
		if got := ask(q, ""); got.Suggestions == nil || len(got.Suggestions) != 0 {
			t.Errorf("%q gives %q", q, got.lines())
		}
	}
	if got := ask("clair", "&limit=2").lines(); len(got) != 2 || got[0] != "person Claire Balva 2" {
		t.Errorf("two suggestions are %q", got)
	}
	for _, limit := range []string{"0", "21"} {
		if w := d.get("/v1/suggest?q=a&key=" + siteKey + "&limit=" + limit); w.Code != http.StatusBadRequest {
			t.Errorf("limit=%s: status %d", limit, w.Code)
		}
	}
}

// TestSuggestLooksAtTitlesAlone holds once the engine knows Query.Titles.
func TestSuggestLooksAtTitlesAlone(t *testing.T) {
	d := open(t)
	newsroom(d)
	var s suggested
	d.into(&s, "/v1/suggest?lang=fr&q=rapport&key="+siteKey)
	if len(s.Suggestions) != 0 {
		t.Errorf("a word of the body alone gives %q", s.lines())
	}
}

func TestAPartnerIsSuggestedOnlyWhatItMaySee(t *testing.T) {
	d := open(t)
	newsroom(d)
	var s suggested
	d.into(&s, "/v1/suggest?q=claire&key="+otherKey)
	if got := s.lines(); !slices.Equal(got, []string{"person Claire Balva 1", "headline Claire Balva defends digital evidence"}) {
		t.Errorf("a partner of English justice is suggested %q", got)
	}
}

type results struct {
	Query string
	Total int
	Hits  []struct {
		ID, Language string
		Explanation  any
	}
	Facets     map[string][]struct{ Value string }
	Correction string
}

func (r *results) ids() []string {
	var out []string
	for _, h := range r.Hits {
		out = append(out, h.ID)
	}
	return out
}

func TestRelatedLeavesTheArticleOut(t *testing.T) {
	d := open(t)
	newsroom(d)
	for _, id := range []string{"a", "d", "e"} {
		var r results
		d.into(&r, "/v1/related/"+id+"?lang=fr&key="+siteKey)
		if slices.Contains(r.ids(), id) || r.Query != "" || r.Correction != "" {
			t.Errorf("related to %s: %+v", id, r)
		}
	}
}

// TestRelatedIsNearestFirst holds once the engine knows Query.AnyWord.
func TestRelatedIsNearestFirst(t *testing.T) {
	d := open(t)
	newsroom(d)
	var r results
	d.into(&r, "/v1/related/a?lang=fr&limit=3&key="+siteKey)
	if got := r.ids(); len(got) < 2 || got[0] != "d" || got[1] != "b" {
		t.Errorf("related to a: %q, want d (headline, person, section) before b (person)", got)
	}
}

func TestRelatedToWhatOneMayNotSee(t *testing.T) {
	d := open(t)
	newsroom(d)
	reserved := recap(1, "Réservé")
	reserved.ID, reserved.Audience = "reserved", &article.Audience{Partners: []string{"revue"}}
	d.publish(reserved)
	embargoed := recap(1, "Sous embargo")
	later := time.Now().Add(time.Hour)
	embargoed.ID, embargoed.EmbargoedUntil = "embargoed", &later
	d.publish(embargoed)
	for _, tc := range []struct {
		id, key string
		status  int
	}{
		{"a", siteKey, 200},
		{"a", otherKey, 200}, // its English edition
		{"b", otherKey, 404},
		{"reserved", siteKey, 404},
		{"embargoed", siteKey, 404},
		{"nothing", siteKey, 404},
		{"NOT-AN-ID", siteKey, 404},
		{"%00", siteKey, 404},
	} {
		w := d.get("/v1/related/" + tc.id + "?key=" + tc.key)
		if w.Code != tc.status || (w.Code == 404 && w.Header().Get("Content-Type") != "application/problem+json") {
			t.Errorf("%s with %s: status %d, want %d", tc.id, tc.key, w.Code, tc.status)
		}
	}
}

func TestRelatedIsMadeOfWordsNotOperators(t *testing.T) {
	d := open(t)
	quoting := recap(1, `« La preuve » -numérique "au tribunal" -et`)
	quoting.ID = "quoting"
	d.append(quoting)
	newsroom(d)
	var r results
	d.into(&r, "/v1/related/quoting?lang=fr&key="+siteKey)
	if slices.Contains(r.ids(), "quoting") {
		t.Errorf("related: %q", r.ids())
	}
	// Read as operators, the headline would rule the digital out.
	d.into(&r, "/v1/related/d?lang=fr&key="+siteKey)
}

func TestExplanationsAreForEditors(t *testing.T) {
	d := open(t)
	newsroom(d)
	reserved := recap(1, "Preuve réservée")
	reserved.ID, reserved.Audience = "reserved", &article.Audience{Partners: []string{"gazette"}}
	d.publish(reserved)
	for _, tc := range []struct {
		name, target, bearer string
		status               int
	}{
		{"an editor", "/v1/search?q=preuve&explain=1", editKey, 200},
		{"an admin", "/v1/search?q=preuve&explain=1", adminKey, 200},
		{"an editor without explanations", "/v1/search?q=preuve", editKey, 200},
		{"a partner", "/v1/search?q=preuve&explain=1&key=" + siteKey, "", 403},
		{"a partner's key and an editor's", "/v1/search?q=preuve&explain=1&key=" + siteKey, editKey, 403},
		{"a partner without explanations", "/v1/search?q=preuve&explain=0&key=" + siteKey, "", 200},
		{"another value", "/v1/search?q=preuve&explain=yes", editKey, 400},
		{"nobody", "/v1/search?q=preuve&explain=1", "", 401},
		{"a publishable key as bearer", "/v1/search?q=preuve&explain=1", siteKey, 403},
		{"an editor elsewhere", "/v1/latest", editKey, 401},
	} {
		w := d.get(tc.target, "Authorization", "Bearer "+tc.bearer)
		if w.Code != tc.status {
			t.Errorf("%s: status %d, want %d: %s", tc.name, w.Code, tc.status, w.Body)
		}
		if tc.status == 403 && tc.bearer != siteKey && !strings.Contains(w.Body.String(), `"/explain"`) {
			t.Errorf("%s: the parameter is not named: %s", tc.name, w.Body)
		}
		if tc.status == 200 && tc.bearer != "" && (strings.Contains(w.Header().Get("Cache-Control"), "public") || !strings.Contains(w.Header().Get("Vary"), "Authorization")) {
			t.Errorf("%s: an answer for a secret may be kept by anybody: %v", tc.name, w.Header())
		}
	}
	var r results
	d.into(&r, "/v1/search?q=preuve", "Authorization", "Bearer "+editKey)
	if len(r.Hits) < 2 || r.Hits[0].Explanation != nil {
		t.Errorf("an editor finds %+v", r)
	}
}

// TestHitsAreExplained holds once the engine knows Query.Explain.
func TestHitsAreExplained(t *testing.T) {
	d := open(t)
	newsroom(d)
	var r results
	d.into(&r, "/v1/search?q=preuve&explain=1", "Authorization", "Bearer "+editKey)
	if len(r.Hits) == 0 {
		t.Fatal("no hits")
	}
	for _, h := range r.Hits {
		if h.Explanation == nil {
			t.Errorf("%s is not explained", h.ID)
		}
	}
}

func TestFiltersTakeSeveralValues(t *testing.T) {
	d := open(t)
	newsroom(d)
	for params, want := range map[string]string{
		"section=Justice":                                "a,d",
		"section=Justice&section=Vote":                   "a,c,d",
		"person=Claire+Balva":                            "a,b",
		"person=Claire+Balva&person=Simon+Marsol":        "a,b,d",
		"organisation=Blockchain+Partner":                "a",
		"section=Justice&person=Claire+Balva&year=":      "a",
		"year=2026&year=2025&section=Cuisine":            "e",
		"year=2025":                                      "",
		"section=justice":                                "", // letter by letter
		"person=Claire+Balva&organisation=La+27e+Région": "b",
	} {
		var r results
		d.into(&r, "/v1/search?lang=fr&limit=50&key="+siteKey+"&"+strings.ReplaceAll(params, "é", "%C3%A9"))
		ids := r.ids()
		slices.Sort(ids)
		if got := strings.Join(ids, ","); got != want {
			t.Errorf("%s finds %s, want %s", params, got, want)
		}
	}
}

func TestTheGlossaryIsReadAndWritten(t *testing.T) {
	d := open(t)
	editor := []string{"Authorization", "Bearer " + editKey, "Content-Type", "application/json"}
	for _, tc := range []struct {
		name, method, bearer string
		status               int
	}{
		{"nobody reads", "GET", "", 401},
		{"a partner reads", "GET", siteKey, 403},
		{"an editor reads", "GET", editKey, 200},
		{"an admin reads", "GET", adminKey, 200},
		{"nobody writes", "PUT", "", 401},
		{"a partner writes", "PUT", siteKey, 403},
		{"an editor writes nothing", "PUT", editKey, 415},
		{"another method", "DELETE", editKey, 405},
	} {
		if w := d.send(tc.method, "/v1/glossary", "", "Authorization", "Bearer "+tc.bearer); w.Code != tc.status {
			t.Errorf("%s: status %d, want %d", tc.name, w.Code, tc.status)
		}
	}
	starter := d.get("/v1/glossary", editor...)
	tag := starter.Header().Get("ETag")
	if w := d.get("/v1/glossary", append(slices.Clone(editor), "If-None-Match", tag)...); tag == "" || w.Code != http.StatusNotModified {
		t.Errorf("ETag %q, then status %d", tag, w.Code)
	}
	const good = `{"concepts": [{"id": "baker", "terms": {"fr": ["boulanger"], "en": ["baker"]}}]}`
	for _, tc := range []struct {
		name, body string
		header     []string
		status     int
		pointer    string
	}{
		{"no JSON", `{`, nil, 400, ""},
		{"no glossary", `{}`, nil, 422, "/concepts"},
		{"an unknown field", `{"concepts": [{"id": "a", "terms": {"fr": ["a"]}, "note": ""}]}`, nil, 400, "/concepts/0/note"},
		{"a wrong type", `{"concepts": [{"id": "a", "terms": {"fr": "a"}}]}`, nil, 400, "/concepts/0/terms/fr"},
		{"a bad language", `{"concepts": [{"id": "a", "terms": {"french": ["a"]}}]}`, nil, 422, "/concepts/0/terms/french"},
		{"too large", `{"concepts": [` + strings.Repeat(" ", 1<<20) + `]}`, nil, 413, ""},
		{"over one not read", good, []string{"If-Match", `"another"`}, 412, ""},
		{"as a new one", good, []string{"If-None-Match", "*"}, 412, ""},
		{"over the one read", good, []string{"If-Match", tag}, 200, ""},
		{"over the one before", `{"concepts": []}`, []string{"If-Match", tag}, 412, ""},
		{"over any", good, []string{"If-Match", "*"}, 200, ""},
	} {
		w := d.send("PUT", "/v1/glossary", tc.body, append(slices.Clone(editor), tc.header...)...)
		if w.Code != tc.status || (tc.pointer != "" && !strings.Contains(w.Body.String(), `"`+tc.pointer+`"`)) {
			t.Errorf("%s: status %d, want %d: %.300s", tc.name, w.Code, tc.status, w.Body)
		}
	}
	var back struct{ Concepts []struct{ ID string } }
	d.into(&back, "/v1/glossary", editor...)
	if len(back.Concepts) != 1 || back.Concepts[0].ID != "baker" {
		t.Errorf("the glossary is %+v", back)
	}
}

// TestAQuestionIsPutInOtherLanguagesToo holds once the engine knows Query.Also.
func TestAQuestionIsPutInOtherLanguagesToo(t *testing.T) {
	d := open(t)
	d.publish(recap(1, "Un avocat plaide"))
	find := func(q string) int {
		var r results
		d.into(&r, "/v1/search?lang=en&key="+siteKey+"&q="+q)
		return r.Total
	}
	if find("lawyers") != 1 {
		t.Error("lawyers does not find avocat")
	}
	if w := d.send("PUT", "/v1/glossary", `{"concepts": [{"id": "pleads", "terms": {"fr": ["plaide"], "en": ["pleads"]}}]}`,
		"Authorization", "Bearer "+editKey, "Content-Type", "application/json"); w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	if find("lawyers") != 0 || find("pleads") != 1 {
		t.Error("the new glossary is not asked at once")
	}
}

func TestRightsTakeEffectAtOnce(t *testing.T) {
	d := open(t)
	newsroom(d)
	const target = "/v1/search?lang=fr&limit=50&q=preuve&key=" + siteKey
	var before results
	d.into(&before, target)
	d.put(bus.Partners, "gazette", partner.Partner{ID: "gazette", Name: "La Gazette", Origins: []string{origin}, Sections: []string{"Cuisine"}})
	d.await("narrower rights", func() bool {
		var r results
		d.into(&r, target)
		return len(before.Hits) > 0 && r.Total == 0
	})
	revoked := time.Now()
	d.put(bus.Keys, partner.Hash(siteKey), partner.Key{ID: "g", Role: partner.Publishable, Partner: "gazette", Revoked: &revoked})
	d.await("a revoked key", func() bool { return d.get(target).Code == http.StatusUnauthorized })
}
