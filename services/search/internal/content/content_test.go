// SPDX-License-Identifier: Apache-2.0

package content_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/catalog"
	"github.com/relais-press/relais/services/search/internal/content"
)

const public = "https://relais.example"

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func now() time.Time { return at("2026-11-27T12:00:00Z") }

func gazette() partner.Partner {
	return partner.Partner{
		ID: "gazette", Name: "La Gazette", HomeURL: "https://gazette.example/", ArticleURL: "https://gazette.example/{lang}/{id}",
		DefaultLanguage: "en", Origins: []string{"https://gazette.example"},
	}
}

// recap is the article of an event as it was written, in French.
func recap() article.Edition {
	return article.Edition{
		ID: "recap", Language: "fr", SourceLanguage: "fr", Version: 2, PubStatus: article.Usable,
		Headline: "Blockchain et collectivités : quelles potentialités ?", Description: "Retour sur une soirée au ministère.",
		BodyHTML: "<h2>Une salle comble</h2><p>« Tout reste à faire », dit l’oratrice.</p>",
		BodyText: "Une salle comble\n\n« Tout reste à faire », dit l’oratrice.", WordCount: 9, ReadingMinutes: 3,
		Authors: []article.Author{{Name: "Ada Martin", URL: "https://gazette.example/ada"}, {Name: "Bo Li"}},
		People: []article.Person{
			{Name: "Jeanne Roy", Role: "avocate", Affiliation: "Barreau de Lyon", Rel: "speaker"},
			{Name: "Marc Petit", Rel: "mentions"},
		},
		Organisations: []string{"Open Law"}, Places: []string{"Lyon"}, Section: "Numérique", Keywords: []string{"blockchain"},
		Event: &article.Event{
			Name: "Soirée blockchain", StartDate: new(at("2018-03-01T17:00:00Z")), EndDate: new(at("2018-03-02T20:00:00Z")),
			Location: "Lyon", URL: "https://events.example/soiree",
		},
		Image:        &article.Image{URL: "https://img.example/salle.jpg", Alt: "La salle", Width: 1200, Height: 800},
		CanonicalURL: "https://newsroom.example/recap", Correction: "Le nom de l’oratrice était faux.",
		Copyright: "© La Rédaction", UsageTerms: "Reprise intégrale, avec lien.", EdNote: "note secrète",
		Audience:      &article.Audience{Partners: []string{"gazette"}},
		DatePublished: at("2018-03-12T08:00:00Z"), FirstCreated: at("2026-11-26T08:00:00Z"), VersionCreated: at("2026-11-27T08:00:00Z"),
	}
}

func translated(language, headline string) article.Edition {
	e := recap()
	e.Language, e.Headline, e.SourceVersion, e.Version, e.Correction = language, headline, 1, 1, ""
	e.Stale = true
	return e
}

// shelf is a catalog of editions; shown are those that partners saw once.
type shelf struct {
	editions []article.Edition
	shown    bool
	fail     error
}

func (s *shelf) Article(p *partner.Partner, id string, now time.Time) ([]catalog.Entry, []catalog.Tombstone) {
	var entries []catalog.Entry
	var gone []catalog.Tombstone
	var all []catalog.Translation
	for _, e := range s.editions {
		switch {
		case e.ID != id:
		case p.Sees(&e, now):
			all = append(all, catalog.Translation{Language: e.Language, URL: p.URL(&e), Version: e.Version, Original: e.IsOriginal(), Stale: e.Stale})
			e.BodyHTML, e.BodyText = "", ""
			entries = append(entries, catalog.Entry{Edition: e, URL: p.URL(&e)})
		case s.shown && p.Carries(&e):
			gone = append(gone, catalog.Tombstone{
				ID: e.ID, Language: e.Language, Version: e.Version, PubStatus: e.StatusAt(now), At: e.VersionCreated, Cancellation: e.Cancellation,
			})
		}
	}
	for i := range entries {
		entries[i].Translations = all
	}
	return entries, gone
}

func (s *shelf) Whole(_ context.Context, p *partner.Partner, entry catalog.Entry, now time.Time) (catalog.Entry, error) {
	if s.fail != nil {
		return catalog.Entry{}, s.fail
	}
	for _, e := range s.editions {
		if e.ID == entry.Edition.ID && e.Language == entry.Edition.Language && p.Sees(&e, now) {
			e.EdNote, e.Audience = "", nil
			entry.Edition = e
			return entry, nil
		}
	}
	return catalog.Entry{}, fault.New(fault.NotFound, "gone")
}

func (*shelf) Check(context.Context) error { return nil }

type links struct{}

func (links) URL(publicURL, id, partner, channel string) (string, bool) {
	return publicURL + "/s/" + id + "-" + partner + "-" + channel, true
}

type directory struct{ site partner.Partner }

func (d directory) Authenticate(_ context.Context, secret string) (partner.Key, error) {
	if secret != "pk_good" {
		return partner.Key{}, fault.New(fault.Unauthorized, "no such key")
	}
	return partner.Key{Role: partner.Publishable, Partner: d.site.ID}, nil
}

func (d directory) Partner(context.Context, string) (partner.Partner, error) { return d.site, nil }

// serve is the service with a catalog, for a partner.
func serve(t testing.TB, c content.Catalog, site partner.Partner) http.Handler {
	t.Helper()
	h, err := content.New(content.Parts{Catalog: c, Links: links{}, PublicURL: public, Logger: slog.New(slog.DiscardHandler), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	rt, err := web.NewRouter("test", slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	partners := web.NewPartners(directory{site})
	rt.Handle("content", "GET,OPTIONS", "/v1/content/{id}", h.Content, h.Readable, partners.Require)
	rt.Handle("content.edition", "GET,OPTIONS", "/v1/content/{id}/{lang}", h.Content, h.Readable, partners.Require)
	return rt
}

// ask calls the service with the partner's key and header pairs.
func ask(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	sep := "?"
	if strings.Contains(target, "?") {
		sep = "&"
	}
	r := httptest.NewRequest(method, "/v1/content/"+target+sep+"key=pk_good", http.NoBody)
	r.Header.Set("X-Request-Id", "req-1")
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	return ask(h, http.MethodGet, target, header...)
}

func decode(t testing.TB, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return out
}

// states are the lives of an article, and the status of each.
func states() map[string]struct {
	shelf  shelf
	status int
} {
	life := func(spoil func(*article.Edition)) []article.Edition {
		e := recap()
		spoil(&e)
		return []article.Edition{e}
	}
	killed := func(e *article.Edition) {
		e.PubStatus = article.Canceled
		e.Cancellation = &article.Cancellation{Reason: "La source s’est rétractée.", ReplacedBy: "suite", At: at("2026-11-27T09:00:00Z")}
	}
	next := recap()
	next.ID = "suite"
	return map[string]struct {
		shelf  shelf
		status int
	}{
		"public":              {shelf{editions: life(func(*article.Edition) {})}, 200},
		"unknown":             {shelf{}, 404},
		"under embargo":       {shelf{editions: life(func(e *article.Edition) { e.EmbargoedUntil = new(now().Add(time.Second)) })}, 404},
		"out of embargo":      {shelf{editions: life(func(e *article.Edition) { e.EmbargoedUntil = new(now()) })}, 200},
		"withheld from start": {shelf{editions: life(func(e *article.Edition) { e.PubStatus = article.Withheld })}, 404},
		"withheld later":      {shelf{editions: life(func(e *article.Edition) { e.PubStatus = article.Withheld }), shown: true}, 404},
		"expired":             {shelf{editions: life(func(e *article.Edition) { e.Expires = new(now()) }), shown: true}, 404},
		"for another partner": {shelf{editions: life(func(e *article.Edition) { e.Audience.Partners[0] = "other" }), shown: true}, 404},
		"canceled":            {shelf{editions: append(life(killed), next), shown: true}, 410},
		"canceled unseen":     {shelf{editions: life(killed)}, 404},
		"canceled for the law": {shelf{editions: life(func(e *article.Edition) {
			killed(e)
			e.Cancellation.Legal = true
		}), shown: true}, 451},
		"canceled without a word": {shelf{editions: life(func(e *article.Edition) { e.PubStatus = article.Canceled }), shown: true}, 410},
		"lost while it was read":  {shelf{editions: life(func(*article.Edition) {}), fail: fault.New(fault.NotFound, "gone")}, 404},
		"the log is away":         {shelf{editions: life(func(*article.Edition) {}), fail: fault.New(fault.Unavailable, "away")}, 503},
	}
}

func TestStates(t *testing.T) {
	for name, state := range states() {
		for _, target := range []string{"recap", "recap/fr"} {
			for query, want := range map[string]string{
				"": "application/json", "?format=json": "application/json", "?format=ninjs": "application/json",
				"?format=html": "text/html; charset=utf-8", "?part=article": "text/html; charset=utf-8",
			} {
				t.Run(name+" "+target+query, func(t *testing.T) {
					w := get(serve(t, &state.shelf, gazette()), target+query)
					h := w.Header()
					if state.status != 200 && want == "application/json" {
						want = "application/problem+json"
					}
					if w.Code != state.status || h.Get("Content-Type") != want {
						t.Fatalf("%d %s, want %d %s: %s", w.Code, h.Get("Content-Type"), state.status, want, w.Body)
					}
					cached := "no-store"
					if state.status == 200 {
						cached = "public, no-cache"
					}
					if h.Get("Cache-Control") != cached || (h.Get("ETag") != "") != (state.status == 200) {
						t.Errorf("headers %v", h)
					}
					if strings.Contains(w.Body.String(), "secr") || (state.status != 200 && strings.Contains(w.Body.String(), "Blockchain")) {
						t.Errorf("tells too much: %s", w.Body)
					}
					if (h.Get("Link") == "<"+public+`>; rel="blocked-by"`) != (state.status == 451) {
						t.Errorf("Link %q", h.Get("Link"))
					}
				})
			}
		}
	}
}

func TestWithdrawal(t *testing.T) {
	state := states()["canceled"]
	got := decode(t, get(serve(t, &state.shelf, gazette()), "recap"))
	for name, want := range map[string]any{
		"type": "/problems/gone", "title": "Gone", "status": 410.0, "requestId": "req-1", "article": "recap", "language": "fr",
		"detail": "the newsroom has withdrawn this article: La source s’est rétractée.", "reason": "La source s’est rétractée.",
		"at": "2026-11-27T09:00:00Z", "replacedBy": "suite", "replacement": "https://gazette.example/fr/suite",
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	hidden := state.shelf
	hidden.editions[1].EmbargoedUntil = new(now().Add(time.Hour))
	got = decode(t, get(serve(t, &hidden, gazette()), "recap"))
	if got["replacedBy"] != nil || got["replacement"] != nil || got["reason"] == nil {
		t.Errorf("a replacement that is not public: %v", got)
	}
}

func TestOneLanguageWithdrawn(t *testing.T) {
	killed := translated("en", "Blockchain")
	killed.PubStatus = article.Canceled
	h := serve(t, &shelf{editions: []article.Edition{recap(), killed}, shown: true}, gazette())
	if w := get(h, "recap/en"); w.Code != http.StatusGone {
		t.Errorf("the edition: %d", w.Code)
	}
	if w := get(h, "recap", "Accept-Language", "en"); w.Code != http.StatusOK || w.Header().Get("Content-Language") != "fr" {
		t.Errorf("the article: %d %v", w.Code, w.Header())
	}
}

func TestLanguage(t *testing.T) {
	h := serve(t, &shelf{editions: []article.Edition{recap(), translated("en", "Blockchain"), translated("ar", "سلسلة"), translated("fr-CA", "Québec")}}, gazette())
	for _, tc := range []struct{ target, accept, want, vary string }{
		{"recap/fr", "en", "fr", "Origin,Accept"},
		{"recap/FR-ca", "", "fr-CA", "Origin,Accept"},
		{"recap?lang=ar", "fr", "ar", "Origin,Accept"},
		{"recap?lang=ar-EG", "fr", "ar", "Origin,Accept"},
		{"recap?lang=de", "fr", "en", "Origin,Accept"},
		{"recap?lang=ar&format=json", "fr", "ar", "Origin"},
		{"recap", "ar;q=0.5, fr;q=0.9, de", "fr", "Origin,Accept,Accept-Language"},
		{"recap", "de", "en", "Origin,Accept,Accept-Language"},
		{"recap", "", "en", "Origin,Accept,Accept-Language"},
	} {
		t.Run(tc.target+" "+tc.accept, func(t *testing.T) {
			w := get(h, tc.target, "Accept-Language", tc.accept)
			header := w.Header()
			if w.Code != 200 || header.Get("Content-Language") != tc.want || decode(t, w)["language"] != tc.want ||
				header.Get("Content-Location") != "/v1/content/recap/"+tc.want+"?format=json" {
				t.Errorf("%d %v", w.Code, header)
			}
			if got := strings.Join(header.Values("Vary"), ","); got != tc.vary {
				t.Errorf("Vary %q, want %q", got, tc.vary)
			}
		})
	}
	site := gazette()
	site.DefaultLanguage = ""
	if w := get(serve(t, &shelf{editions: []article.Edition{recap(), translated("en", "B")}}, site), "recap"); w.Header().Get("Content-Language") != "fr" {
		t.Errorf("without a default: %v", w.Header())
	}
}

func TestRefusals(t *testing.T) {
	h := serve(t, &shelf{editions: []article.Edition{recap()}}, gazette())
	for target, want := range map[string]int{
		"recap/en": 404, "recap/xx": 404, "recap/fr-CA": 404, "recap/french": 404, "Recap": 404, "recap/fr/x": 404, "recap?lang=french": 400, "recap?format=xml": 400,
		"recap?part=head": 400, "recap?part=article&format=json": 400, "recap?mood=1": 400,
		"recap/fr?lang=en": 400, "recap/fr?lang=fr": 400, "recap/fr?lang=": 400, "recap?lang=fr": 200,
	} {
		if w := get(h, target); w.Code != want {
			t.Errorf("%s: %d, want %d: %s", target, w.Code, want, w.Body)
		}
	}
	if w := get(h, "recap/fr?lang=en"); !strings.Contains(w.Body.String(), `"/lang"`) {
		t.Errorf("the parameter is not named: %s", w.Body)
	}
	r := httptest.NewRequest(http.MethodGet, "/v1/content/recap?key=pk_bad&format=html", http.NoBody)
	r.Header.Set("Accept-Language", "de")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 401 || !strings.Contains(w.Body.String(), "Schlüssel fehlt") || w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("a bad key: %d %s", w.Code, w.Body)
	}
	if w := get(h, "recap", "Origin", "https://elsewhere.example"); w.Code != 403 {
		t.Errorf("another origin: %d", w.Code)
	}
	if w := ask(h, http.MethodOptions, "recap", "Origin", "https://gazette.example"); w.Code != 204 {
		t.Errorf("preflight: %d", w.Code)
	}
}

func TestFormat(t *testing.T) {
	h := serve(t, &shelf{editions: []article.Edition{recap()}}, gazette())
	for accept, want := range map[string]string{
		"": "json", "*/*": "json", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": "html", "text/html, */*": "html",
		"application/json": "json", "text/html;q=0.5, application/json": "json", "text/html, application/json": "html", "text/*": "html",
		"application/json, text/html": "json", "application/*, text/html;q=0.9": "json", "text/html;q=0, */*": "json", "image/png": "json",
		"text/html;q=NaN": "html", "text/html;q=x": "html", ";;;": "json", "application/json;q=0.1, text/html;q=0.2": "html",
	} {
		got := "json"
		if w := get(h, "recap", "Accept", accept); strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			got = "html"
		}
		if got != want {
			t.Errorf("Accept %q gives %s, want %s", accept, got, want)
		}
	}
}

func TestTags(t *testing.T) {
	s := &shelf{editions: []article.Edition{recap(), translated("en", "Blockchain")}}
	h := serve(t, s, gazette())
	seen := map[string]string{}
	for _, target := range []string{"recap/fr", "recap/en", "recap/fr?format=ninjs", "recap/fr?format=html", "recap/fr?part=article"} {
		w := get(h, target)
		tag := w.Header().Get("ETag")
		if other, ok := seen[tag]; ok || !strings.HasPrefix(tag, `"`) {
			t.Errorf("%s and %s have the tag %s", target, other, tag)
		}
		seen[tag] = target
		if again := get(h, target, "If-None-Match", tag); again.Code != 304 || again.Body.Len() > 0 || again.Header().Get("Vary") == "" {
			t.Errorf("%s again: %d", target, again.Code)
		}
		if head := ask(h, http.MethodHead, target); head.Code != 200 || head.Body.Len() > 0 || head.Header().Get("ETag") != tag {
			t.Errorf("HEAD %s: %d %v", target, head.Code, head.Header())
		}
	}
	tag := get(h, "recap/fr").Header().Get("ETag")
	s.editions[1].Version++
	if w := get(h, "recap/fr", "If-None-Match", tag); w.Code != 200 {
		t.Errorf("a new version of a translation: %d", w.Code)
	}
	s.editions[0].EmbargoedUntil = new(at("2026-11-27T11:59:59Z"))
	if got := get(h, "recap/fr").Header().Get("Last-Modified"); got != "Fri, 27 Nov 2026 11:59:59 GMT" {
		t.Errorf("modified %s, and the embargo lifted a second ago", got)
	}
}
