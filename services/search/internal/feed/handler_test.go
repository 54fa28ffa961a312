// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/catalog"
	"github.com/relais-press/relais/services/search/internal/feed"
)

const key = "pk_gazette-gazette-gazette"

// directory knows one partner, by its one key.
type directory struct{ site *partner.Partner }

func (d directory) Authenticate(_ context.Context, secret string) (partner.Key, error) {
	if secret != key {
		return partner.Key{}, fault.New(fault.Unauthorized, "unknown key")
	}
	return partner.Key{ID: "k", Role: partner.Publishable, Partner: d.site.ID}, nil
}

func (d directory) Partner(context.Context, string) (partner.Partner, error) { return *d.site, nil }

// shelf is a catalog of entries as they are read whole; it asks [partner.Sees]
// as the real one does. What before holds is what the listing still believes of
// an edition whose newest version is another.
type shelf struct {
	mu     sync.Mutex
	whole  []catalog.Entry
	before map[string]article.Edition // by id
	gone   []catalog.Tombstone
	err    error // of every reading
	check  error
	reads  int

	since, goneSince time.Time
	limit            int
}

func (s *shelf) Newest(p *partner.Partner, language string, since, now time.Time, limit int) []catalog.Entry {
	s.since, s.limit = since, limit
	var out []catalog.Entry
	for _, e := range s.whole {
		if old, ok := s.before[e.Edition.ID]; ok {
			e.Edition = old
		}
		e.Edition.BodyHTML, e.Edition.BodyText = "", ""
		if len(p.Sections) > 0 {
			e.Translations = nil // those have other sections
		}
		in := e.Edition.Language == language || strings.HasPrefix(e.Edition.Language, language+"-")
		if in && p.Sees(&e.Edition, now) && !e.Edition.DatePublished.Before(since) && len(out) < limit {
			out = append(out, e)
		}
	}
	return out
}

func (s *shelf) Check(context.Context) error { return s.check }

func (s *shelf) Article(p *partner.Partner, id string, now time.Time) ([]catalog.Entry, []catalog.Tombstone) {
	var out []catalog.Entry
	for _, e := range s.whole {
		if old, ok := s.before[e.Edition.ID]; ok {
			e.Edition = old
		}
		if e.Edition.ID == id && p.Sees(&e.Edition, now) {
			e.Edition.BodyHTML, e.Edition.BodyText = "", ""
			out = append(out, e)
		}
	}
	return out, nil
}

func (s *shelf) Gone(_ *partner.Partner, _ string, since, _ time.Time, _ int) []catalog.Tombstone {
	s.goneSince = since
	return slices.Clone(s.gone)
}

func (s *shelf) Whole(ctx context.Context, p *partner.Partner, e catalog.Entry, now time.Time) (catalog.Entry, error) {
	s.mu.Lock()
	s.reads++
	s.mu.Unlock()
	if err := cmp.Or(s.err, ctx.Err()); err != nil {
		return catalog.Entry{}, err
	}
	for _, w := range s.whole {
		if w.Edition.ID == e.Edition.ID && w.Edition.Language == e.Edition.Language && p.Sees(&w.Edition, now) {
			return w, nil
		}
	}
	return catalog.Entry{}, fault.New(fault.NotFound, "no such article")
}

// service is the handler on its route, over a shelf and a clock of the test.
type service struct {
	t     *testing.T
	shelf *shelf
	site  *partner.Partner
	now   time.Time
	http.Handler
}

func serve(t *testing.T, entries ...catalog.Entry) *service {
	t.Helper()
	s := &service{t: t, shelf: &shelf{whole: entries}, site: gazette(), now: at("2026-03-05T12:00:00Z")}
	rt, err := web.NewRouter("search", slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	ninjs := func(f feed.Feed) ([]byte, error) {
		var ids []string
		for _, e := range f.Entries {
			ids = append(ids, e.Edition.ID+" "+e.Edition.BodyText)
		}
		return json.Marshal(map[string]any{"language": f.Language, "items": ids, "gone": len(f.Gone)})
	}
	h := feed.New(s.shelf, public, ninjs, func() time.Time { return s.now })
	rt.Handle("feed", "GET,HEAD,OPTIONS", "/v1/feeds/{feed}", h.Feed, web.NewPartners(directory{s.site}).Require)
	s.Handler = rt
	return s
}

func (s *service) ask(method, name, query string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, "/v1/feeds/"+name+"?key="+key+query, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s *service) body(name, query string) string {
	s.t.Helper()
	w := s.ask("GET", name, query)
	if w.Code != http.StatusOK {
		s.t.Fatalf("%s%s: %d %s", name, query, w.Code, w.Body)
	}
	return w.Body.String()
}

var everyForm = []string{"rss", "atom", "json", "ninjs", "sitemap"}

func TestFeed(t *testing.T) {
	s := serve(t, recap(), embargoed(), bare())
	s.now = at("2026-03-02T12:00:00Z")
	for name, contentType := range map[string]string{
		"rss": "application/rss+xml; charset=utf-8", "atom": "application/atom+xml; charset=utf-8", "json": "application/feed+json",
		"ninjs": "application/json", "sitemap": "application/xml; charset=utf-8",
	} {
		t.Run(name, func(t *testing.T) {
			w := s.ask("GET", "fr."+name, "")
			for header, want := range map[string]string{
				"Content-Type": contentType, "Content-Language": "fr", "Cache-Control": "public, no-cache", "Vary": "Origin",
				"Link": "<" + public + "/v1/feeds/fr." + name + "?key=" + key + `>; rel="self"`, "X-Robots-Tag": "noindex", "Last-Modified": "",
			} {
				if got := w.Header().Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			body := w.Body.String()
			if w.Code != http.StatusOK || !strings.Contains(body, "recap") {
				t.Fatalf("%d %s", w.Code, body)
			}
			if rules, ok := rulesOf[name]; ok {
				for _, wrong := range errorsIn(mustParse(t, w.Body.Bytes()), rules) {
					t.Error(wrong)
				}
			}
			tag := w.Header().Get("ETag")
			if strings.HasPrefix(tag, "W/") || tag == "" {
				t.Errorf("ETag %q is not strong", tag)
			}
			s.now = s.now.Add(time.Second)
			if w := s.ask("GET", "fr."+name, "", "If-None-Match", tag); w.Code != http.StatusNotModified || w.Body.Len() != 0 || w.Header().Get("ETag") != tag {
				t.Errorf("a second later: %d, ETag %s, want 304 and %s", w.Code, w.Header().Get("ETag"), tag)
			}
			if w := s.ask("HEAD", "fr."+name, ""); w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("ETag") != tag {
				t.Errorf("HEAD: %d, %d bytes, ETag %s", w.Code, w.Body.Len(), w.Header().Get("ETag"))
			}
			if w := s.ask("GET", "fr."+name, "", "If-Modified-Since", s.now.Format(http.TimeFormat)); w.Code != http.StatusOK {
				t.Errorf("If-Modified-Since: %d, want 200", w.Code)
			}
		})
	}
}

func TestFeedRefuses(t *testing.T) {
	s := serve(t, recap(), embargoed(), bare())
	s.site.Languages, s.site.Sections = []string{"fr-CA", "en"}, []string{"Secteur public"}
	for _, tc := range []struct {
		name, query string
		status      int
		says        string
	}{
		{"fr.rss", "", 200, ""},
		{"fr-CA.rss", "", 200, ""},
		{"FR-ca.rss", "", 200, "https://relais.example/v1/feeds/fr-CA.rss"},
		{"en.rss", "&section=Secteur+public&limit=100", 200, "limit=100&amp;section=Secteur+public"},
		{"en.rss", "&limit=50", 200, `key=` + key + `"`},
		{"fr-FR.rss", "", 404, "carries nothing"},
		{"de.rss", "", 404, "carries nothing"},
		{"en.rss", "&section=Sport", 404, "carries nothing"},
		{"fr.xml", "", 404, "no such feed"},
		{"fr", "", 404, "no such feed"},
		{"fr.", "", 404, "no such feed"},
		{"fr.rss.gz", "", 404, "no such feed"},
		{"fr.RSS", "", 404, "no such feed"},
		{"french.rss", "", 400, "/feed"},
		{"fr_FR.rss", "", 400, "/feed"},
		{".rss", "", 400, "/feed"},
		{"fr.rss", "&limit=0", 400, "/limit"},
		{"fr.rss", "&limit=101", 400, "/limit"},
		{"fr.rss", "&limit=x", 400, "/limit"},
		{"fr.rss", "&section=", 400, "/section"},
		{"fr.rss", "&cursor=1", 400, "/cursor"},
		{"fr.sitemap", "&limit=10", 400, "/limit"},
	} {
		w := s.ask("GET", tc.name, tc.query)
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.says) {
			t.Errorf("%s%s: %d, want %d saying %q: %s", tc.name, tc.query, w.Code, tc.status, tc.says, w.Body)
		}
	}
	if w := s.ask("POST", "fr.rss", ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

func TestFeedHolds(t *testing.T) {
	var entries []catalog.Entry
	for i := range 1200 {
		e := recap()
		e.Edition.ID = fmt.Sprintf("a-%04d", i)
		e.Edition.DatePublished = at("2026-03-05T11:00:00Z").Add(-time.Duration(i) * time.Minute)
		if i%2 == 1 {
			e.Edition.Section = "Sport"
		}
		entries = append(entries, e)
	}
	s := serve(t, entries...)
	items := func(query string) []string { return mustParse(t, []byte(s.body("fr.rss", query))).all("guid", "") }
	uri := func(i int) string { return fmt.Sprintf("%s/v1/content/a-%04d/fr", public, i) }
	if got := items(""); len(got) != 50 || got[0] != uri(0) || got[49] != uri(49) || !s.shelf.since.IsZero() {
		t.Errorf("%d items of ever, since %v: %v", len(got), s.shelf.since, got)
	}
	if got := items("&limit=3"); !slices.Equal(got, []string{uri(0), uri(1), uri(2)}) {
		t.Errorf("limit=3: %v", got)
	}
	if got := items("&limit=2&section=Sport"); !slices.Equal(got, []string{uri(1), uri(3)}) {
		t.Errorf("section=Sport: %v", got)
	}
	if len(s.site.Sections) != 0 {
		t.Error("asking for a section changed the partner")
	}
	if want := s.now.Add(-30 * 24 * time.Hour); !s.shelf.goneSince.Equal(want) {
		t.Errorf("tombstones since %v, want %v", s.shelf.goneSince, want)
	}
	s.shelf.reads = 0
	got := mustParse(t, []byte(s.body("fr.sitemap", ""))).all("map:loc", "")
	if len(got) != 1000 || s.shelf.reads != 0 || s.shelf.limit != 1000 || !s.shelf.since.Equal(s.now.Add(-48*time.Hour)) {
		t.Errorf("sitemap: %d URLs since %v after %d readings", len(got), s.shelf.since, s.shelf.reads)
	}
}

// A section's entries name their translations into languages where the section
// has another name.
func TestSectionTranslations(t *testing.T) {
	s := serve(t, recap(), bare())
	s.now = at("2026-03-02T12:00:00Z")
	want := mustParse(t, []byte(s.body("fr.sitemap", ""))).all("xhtml:link", "href")
	got := mustParse(t, []byte(s.body("fr.sitemap", "&section=Secteur+public"))).all("xhtml:link", "href")
	if len(got) != 3 || !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// What has moved to another section by the time its text is read is in the feed
// of that one.
func TestSectionMoved(t *testing.T) {
	s := serve(t, recap(), bare())
	old := recap().Edition
	s.shelf.whole[0].Edition.Section = "Sport"
	s.shelf.before = map[string]article.Edition{"recap": old}
	if body := s.body("fr.rss", "&section=Secteur+public"); strings.Contains(body, "recap") {
		t.Errorf("still where it was: %s", body)
	}
	s.shelf.before = nil // the listing has caught up
	if body := s.body("fr.rss", "&section=Sport"); !strings.Contains(body, "recap") {
		t.Errorf("not where it is: %s", body)
	}
}

// What is embargoed, withdrawn or canceled by the time its text is read is in
// no form, whatever the listing still believes.
func TestEmbargo(t *testing.T) {
	for name, change := range map[string]func(e *article.Edition, now time.Time){
		"embargoed again": func(e *article.Edition, now time.Time) { e.EmbargoedUntil = new(now.Add(time.Nanosecond)) },
		"withheld":        func(e *article.Edition, _ time.Time) { e.PubStatus = article.Withheld },
		"canceled":        func(e *article.Edition, _ time.Time) { e.PubStatus = article.Canceled },
		"expired":         func(e *article.Edition, now time.Time) { e.Expires = new(now) },
		"for another":     func(e *article.Edition, _ time.Time) { e.Audience = &article.Audience{Partners: []string{"other"}} },
	} {
		s := serve(t, recap(), bare())
		old := recap().Edition
		change(&s.shelf.whole[0].Edition, s.now)
		s.shelf.before = map[string]article.Edition{"recap": old}
		for _, form := range []string{"rss", "atom", "json", "ninjs"} {
			if body := s.body("fr."+form, ""); strings.Contains(body, "recap") || strings.Contains(body, "paragraphe") || !strings.Contains(body, "Rien.") {
				t.Errorf("%s: %s shows it: %s", name, form, body)
			}
		}
	}
}

// An embargo lifts by itself, to the nanosecond, in every form.
func TestEmbargoLifts(t *testing.T) {
	s := serve(t, recap())
	until := s.now.Add(time.Nanosecond)
	s.shelf.whole[0].Edition.EmbargoedUntil, s.shelf.whole[0].Edition.DatePublished = &until, until
	var tags []string
	for _, form := range everyForm {
		w := s.ask("GET", "fr."+form, "")
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "recap") {
			t.Errorf("%s breaks the embargo: %s", form, w.Body)
		}
		tags = append(tags, w.Header().Get("ETag"))
	}
	s.now = until
	for i, form := range everyForm {
		w := s.ask("GET", "fr."+form, "", "If-None-Match", tags[i])
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "recap") {
			t.Errorf("%s holds what is public: %d %s", form, w.Code, w.Body)
		}
	}
}

// An article that is canceled while the feed is put together is a tombstone
// and no item.
func TestTombstoneWins(t *testing.T) {
	s := serve(t, recap(), bare())
	s.shelf.gone = []catalog.Tombstone{{
		ID: "recap", Language: "fr", Version: 5, PubStatus: article.Canceled, At: s.now,
		Cancellation: &article.Cancellation{Reason: "Inexact", At: s.now},
	}}
	root := mustParse(t, []byte(s.body("fr.atom", "")))
	if ids := root.all("atom:id", ""); slices.Contains(ids, public+"/v1/content/recap/fr") || len(ids) != 2 {
		t.Errorf("entries %v", ids)
	}
	if got := root.all("at:deleted-entry", "ref"); !slices.Equal(got, []string{public + "/v1/content/recap/fr"}) {
		t.Errorf("tombstones %v", got)
	}
	if got := root.all("at:comment", ""); !slices.Equal(got, []string{"Inexact"}) {
		t.Errorf("reasons %v", got)
	}
}

func TestLogAway(t *testing.T) {
	s := serve(t, recap(), bare())
	for _, tc := range []struct {
		err    error
		status int
	}{
		{fault.New(fault.Unavailable, "the log does not answer"), http.StatusServiceUnavailable},
		{errors.New("secret text"), http.StatusInternalServerError},
	} {
		s.shelf.err = tc.err
		w := s.ask("GET", "fr.rss", "")
		head := w.Header()
		if w.Code != tc.status || strings.Contains(w.Body.String(), "secret") || head.Get("ETag")+head.Get("Content-Language")+head.Get("Link") != "" {
			t.Errorf("%v: %d %s", tc.err, w.Code, w.Body)
		}
	}
	if w := s.ask("GET", "fr.sitemap", ""); w.Code != http.StatusOK {
		t.Errorf("the sitemap needs no texts: %d %s", w.Code, w.Body)
	}
	s.shelf.err, s.shelf.check = nil, fault.New(fault.Unavailable, "the catalog is still being read")
	for _, form := range everyForm {
		if w := s.ask("GET", "fr."+form, ""); w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s of half a catalog: %d %s", form, w.Code, w.Body)
		}
	}
}

func TestAPollWithoutNewsReadsNoText(t *testing.T) {
	s := serve(t, recap(), embargoed(), bare())
	for _, form := range []string{"rss", "atom", "json", "ninjs"} {
		first := s.ask("GET", "fr."+form, "")
		tag := first.Header().Get("ETag")
		s.shelf.reads = 0
		if w := s.ask("GET", "fr."+form, "", "If-None-Match", tag); w.Code != http.StatusNotModified || s.shelf.reads != 0 || w.Header().Get("ETag") != tag {
			t.Errorf("%s: %d, %d texts read, ETag %s", form, w.Code, s.shelf.reads, w.Header().Get("ETag"))
		}
		s.shelf.err = fault.New(fault.Unavailable, "the log does not answer")
		if w := s.ask("GET", "fr."+form, "", "If-None-Match", tag); w.Code != http.StatusNotModified {
			t.Errorf("%s without the log: %d, want 304", form, w.Code)
		}
		if w := s.ask("GET", "fr."+form, "", "If-None-Match", `"other"`); w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s without the log, for a reader without it: %d, want 503", form, w.Code)
		}
		s.shelf.err = nil
		if w := s.ask("GET", "fr."+form, ""); w.Code != http.StatusOK || w.Body.String() != first.Body.String() {
			t.Errorf("%s without a tag: %d", form, w.Code)
		}
	}
}

// Whatever a feed's bytes follow from gives it another tag, known before the texts
// or not.
func TestNewsIsNeverTakenForNone(t *testing.T) {
	for name, change := range map[string]func(*service){
		"a newer version": func(s *service) {
			e := &s.shelf.whole[0].Edition
			e.Version, e.Headline, e.VersionCreated = e.Version+1, "Autre titre", e.VersionCreated.Add(time.Hour)
		},
		"the same version of another log": func(s *service) {
			e := &s.shelf.whole[0].Edition
			e.Headline, e.VersionCreated = "Autre titre", e.VersionCreated.Add(time.Hour)
		},
		"a translation":     func(s *service) { s.shelf.whole[0].Translations[0].Stale = true },
		"another address":   func(s *service) { s.shelf.whole[0].URL = "https://gazette.example/neuf" },
		"one is withdrawn":  func(s *service) { s.shelf.gone = []catalog.Tombstone{{ID: "recap", Language: "fr", At: s.now}} },
		"one is unlisted":   func(s *service) { s.shelf.whole = s.shelf.whole[1:] },
		"the partner moved": func(s *service) { s.site.HomeURL = "https://neuf.example/" },
	} {
		s := serve(t, recap(), bare())
		s.shelf.whole[0].Translations = slices.Clone(s.shelf.whole[0].Translations)
		before := s.ask("GET", "fr.json", "")
		change(s)
		after := s.ask("GET", "fr.json", "", "If-None-Match", before.Header().Get("ETag"))
		if after.Code != http.StatusOK || after.Header().Get("ETag") == before.Header().Get("ETag") {
			t.Errorf("%s: %d, ETag %s", name, after.Code, after.Header().Get("ETag"))
		}
	}
}

// What was read may be newer than what was listed: the tag is of what was sent.
func TestATagIsOfWhatWasSent(t *testing.T) {
	s := serve(t, recap(), bare())
	old := s.ask("GET", "fr.json", "").Header().Get("ETag")
	s.shelf.before = map[string]article.Edition{"recap": s.shelf.whole[0].Edition}
	e := &s.shelf.whole[0].Edition
	e.Version, e.BodyHTML, e.VersionCreated = e.Version+1, "<p>Autre texte.</p>", e.VersionCreated.Add(time.Hour)
	ahead := s.ask("GET", "fr.json", "").Header().Get("ETag")
	if ahead == old {
		t.Fatalf("a newer version has the tag %s of the older", ahead)
	}
	s.shelf.before = nil // the newer one is listed
	if w := s.ask("GET", "fr.json", "", "If-None-Match", old); w.Code != http.StatusOK || w.Header().Get("ETag") != ahead {
		t.Errorf("with the older version: %d, ETag %s, want 200 and %s", w.Code, w.Header().Get("ETag"), ahead)
	}
	s.shelf.reads = 0
	if w := s.ask("GET", "fr.json", "", "If-None-Match", ahead); w.Code != http.StatusNotModified || s.shelf.reads != 0 {
		t.Errorf("with the newer one: %d, %d texts read", w.Code, s.shelf.reads)
	}
}

func TestAFeedStaysSmall(t *testing.T) {
	var entries []catalog.Entry
	for n := range 20 {
		e := bare()
		e.Edition.ID = fmt.Sprint("long", n)
		e.Edition.BodyHTML = "<p>" + strings.Repeat("x", 1<<20) + "</p>"
		entries = append(entries, e)
	}
	s := serve(t, entries...)
	w := s.ask("GET", "fr.rss", "")
	items := strings.Count(w.Body.String(), "<item>")
	if w.Code != http.StatusOK || items != 8 || s.shelf.reads > 16 || !strings.HasSuffix(w.Body.String(), "</rss>\n") {
		t.Errorf("%d: %d items, %d bytes, %d texts read", w.Code, items, w.Body.Len(), s.shelf.reads)
	}
	s.shelf.reads = 0
	if again := s.ask("GET", "fr.rss", "", "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified || s.shelf.reads != 0 {
		t.Errorf("asked again: %d, %d texts read", again.Code, s.shelf.reads)
	}
}

// A reader who goes away is nobody's fault.
func TestReaderGone(t *testing.T) {
	s := serve(t, recap(), bare())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/v1/feeds/fr.rss?key="+key, nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
