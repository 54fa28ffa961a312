// SPDX-License-Identifier: Apache-2.0

package changes

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/services/search/internal/catalog"
)

// one is a world of one instance and one partner.
func one(t *testing.T) (*world, *instance) {
	t.Helper()
	w := newWorld(t, 1)
	w.partners["lyon"] = &partner.Partner{ID: "lyon", ArticleURL: "https://lyon.example/{lang}/{id}"}
	return w, w.instances[0]
}

func (i *instance) write(list ...article.Edition) {
	i.t.Helper()
	for _, e := range list {
		i.append(e)
	}
	i.follow(len(i.messages))
}

func wantNames(t *testing.T, page told, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), page.names()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestAnEditionIsToldWhole(t *testing.T) {
	w, i := one(t)
	only := &article.Audience{Partners: []string{"lyon"}}
	i.write(article.Edition{ID: "a", Language: "fr", EdNote: "secret", Audience: only},
		article.Edition{ID: "a", Language: "en", SourceVersion: 1})
	w.clock = w.clock.Add(time.Minute)
	i.write(article.Edition{ID: "a", Language: "fr", EdNote: "secret", Audience: only, Correction: "The <name> was wrong."})
	w.clock = w.clock.Add(time.Minute)
	i.write(article.Edition{ID: "a", Language: "fr", EdNote: "secret", Audience: only})

	r, err := i.response("/v1/changes?key=lyon&limit=1", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{"secret", "audience", "edNote"} {
		if strings.Contains(r.Body.String(), hidden) {
			t.Errorf("the answer has %q: %s", hidden, r.Body)
		}
	}
	if got := r.Header().Get("Cache-Control"); got != "public, no-cache" {
		t.Errorf("Cache-Control: %q", got)
	}
	page := i.mustTell("", 1)
	wantNames(t, page, "a en 1 usable")
	if !page.More {
		t.Error("there is more")
	}
	page = i.mustTell(page.Next, 1)
	wantNames(t, page, "a fr 3 usable")
	c := page.Changes[0]
	if c.Edition.BodyText != "Text" || c.Edition.URL != "https://lyon.example/fr/a" || !c.At.Equal(w.clock) {
		t.Errorf("change: %+v", c)
	}
	wantCorrections := []map[string]any{{"version": 2.0, "at": "2026-03-06T12:01:00Z", "note": "The <name> was wrong."}}
	if diff := cmp.Diff(wantCorrections, c.Corrections); diff != "" {
		t.Errorf("corrections (-want +got):\n%s", diff)
	}
	if c.Edition.Translations != nil {
		t.Errorf("an edition is told with others, which change without it: %v", c.Edition.Translations)
	}
	if page.More {
		t.Error("there is no more")
	}
	wantNames(t, i.mustTell(page.Next, 1))
}

func TestWhatGoesIsToldToThoseWhoHadIt(t *testing.T) {
	w, i := one(t)
	later := noon.Add(time.Hour)
	i.write(article.Edition{ID: "kept", Language: "fr"}, article.Edition{ID: "killed", Language: "fr"},
		article.Edition{ID: "moved", Language: "fr"}, article.Edition{ID: "withdrawn", Language: "fr"},
		article.Edition{ID: "expiring", Language: "fr", Expires: &later},
		article.Edition{ID: "hidden", Language: "fr", EmbargoedUntil: &later},
		article.Edition{ID: "other", Language: "fr", Audience: &article.Audience{Partners: []string{"paris"}}})
	page := i.mustTell("", 500)
	wantNames(t, page, "kept fr 1 usable", "killed fr 1 usable", "moved fr 1 usable", "withdrawn fr 1 usable", "expiring fr 1 usable")

	w.clock = w.clock.Add(time.Minute)
	killed := &article.Cancellation{Reason: "Wrong.", Legal: true, ReplacedBy: "hidden"}
	i.write(article.Edition{ID: "killed", Language: "fr", PubStatus: article.Canceled, Cancellation: killed},
		article.Edition{ID: "moved", Language: "fr", Audience: &article.Audience{Partners: []string{"paris"}}},
		article.Edition{ID: "withdrawn", Language: "fr", PubStatus: article.Withheld},
		article.Edition{ID: "hidden", Language: "fr", PubStatus: article.Canceled, Cancellation: killed},
		article.Edition{ID: "other", Language: "fr", PubStatus: article.Canceled, Cancellation: killed})
	w.clock = w.clock.Add(2 * time.Hour)
	page = i.mustTell(page.Next, 500)
	wantNames(t, page, "killed fr 2 canceled", "moved fr 2 withheld", "withdrawn fr 2 withheld", "expiring fr 1 withheld")
	if c := page.Changes[0].Cancellation; c == nil || c.Reason != "Wrong." || !c.Legal || c.ReplacedBy != "" {
		t.Errorf("cancellation: %+v; what replaces it was never public", c)
	}
	if at := page.Changes[3].At; !at.Equal(later) {
		t.Errorf("it expired at %v, not %v", later, at)
	}
	wantNames(t, i.mustTell("", 500), "kept fr 1 usable")
}

func TestManyThatComeAndGoTogetherAreToldOnce(t *testing.T) {
	w, i := one(t)
	lift, expiry := noon.Add(time.Hour), noon.Add(3*time.Hour)
	var lifted, expired []string
	for n := range 200 {
		id := fmt.Sprintf("a%03d", n)
		i.write(article.Edition{ID: id, Language: "fr", EmbargoedUntil: &lift, Expires: &expiry})
		lifted, expired = append(lifted, id+" fr 1 usable"), append(expired, id+" fr 1 withheld")
	}
	page := i.mustTell("", 7)
	wantNames(t, page)
	for _, step := range []struct {
		at   time.Time
		want []string
	}{{lift, lifted}, {expiry, expired}} {
		w.clock = step.at.Add(-time.Nanosecond)
		wantNames(t, i.mustTell(page.Next, 7))
		w.clock = step.at
		var got []string
		for more := true; more; more = page.More {
			page = i.mustTell(page.Next, 7)
			got = append(got, page.names()...)
			w.clock = w.clock.Add(time.Second)
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	}
}

// One instance tells at its clock, the next one has a clock that is behind.
func TestAClockThatIsBehindMissesNoEmbargo(t *testing.T) {
	w, i := one(t)
	i.write(article.Edition{ID: "first", Language: "fr"})
	page := i.mustTell("", 1)
	at := noon.Add(-time.Second)
	i.write(article.Edition{ID: "lifts", Language: "fr", EmbargoedUntil: &at},
		article.Edition{ID: "second", Language: "fr"}, article.Edition{ID: "third", Language: "fr"})
	i.skew = -10 * time.Second
	page = i.mustTell(page.Next, 1)
	wantNames(t, page, "second fr 1 usable")
	page = i.mustTell(page.Next, 1)
	wantNames(t, page, "third fr 1 usable")
	i.skew = 0
	page = i.mustTell(page.Next, 1)
	wantNames(t, page, "lifts fr 1 usable")
	w.clock = noon.Add(time.Minute)
	wantNames(t, i.mustTell(page.Next, 1))
}

func TestACursorFromTheFutureShowsNothingEarly(t *testing.T) {
	w, i := one(t)
	at := noon.Add(time.Hour)
	i.write(article.Edition{ID: "hidden", Language: "fr", EmbargoedUntil: &at}, article.Edition{ID: "a", Language: "fr"})
	forged := catalog.Position{Moment: noon.Add(1000 * time.Hour), Start: 1}
	wantNames(t, i.mustTell(encode(forged, rights(w.partners["lyon"])), 500), "a fr 1 usable")
}

func TestTheLogMayBeAheadOfTheCatalog(t *testing.T) {
	w, i := one(t)
	i.write(article.Edition{ID: "a", Language: "fr"}, article.Edition{ID: "b", Language: "fr"})
	w.append(article.Edition{ID: "a", Language: "fr", Correction: "It was otherwise."})
	w.append(article.Edition{ID: "b", Language: "fr", PubStatus: article.Withheld})
	page := i.mustTell("", 500)
	wantNames(t, page, "a fr 2 usable")
	if len(page.Changes[0].Corrections) != 1 {
		t.Errorf("corrections: %v", page.Changes[0].Corrections)
	}
	i.follow(2)
	wantNames(t, i.mustTell(page.Next, 500), "a fr 2 usable", "b fr 2 withheld")
}

func TestAVersionThatTheCatalogHasNotReadIsDatedByItsEmbargo(t *testing.T) {
	w, i := one(t)
	i.write(article.Edition{ID: "a", Language: "fr"})
	lift := noon.Add(time.Hour)
	w.append(article.Edition{ID: "a", Language: "fr", Correction: "It was otherwise.", EmbargoedUntil: &lift})
	w.clock = noon.Add(2 * time.Hour)
	c := i.mustTell("", 500).Changes[0]
	if !c.At.Equal(lift) || len(c.Corrections) != 1 || c.Corrections[0]["at"] != lift.Format(time.RFC3339) {
		t.Errorf("told as of %v, corrections %v; want %v", c.At, c.Corrections, lift)
	}
}

func TestACatalogThatIsBehindTheCursorSaysSo(t *testing.T) {
	w := newWorld(t, 2)
	w.partners["lyon"] = &partner.Partner{ID: "lyon"}
	w.instances[0].write(article.Edition{ID: "a", Language: "fr"})
	page := w.instances[0].mustTell("", 1)
	_, err := w.instances[1].ask("lyon", page.Next, 1)
	wantKind(t, err, fault.Unavailable)
	w.instances[1].follow(1)
	wantNames(t, w.instances[1].mustTell(page.Next, 1))
}

func TestAPollWithoutNewsCostsNothing(t *testing.T) {
	w, i := one(t)
	i.write(article.Edition{ID: "a", Language: "fr"})
	next := i.mustTell("", 500).Next
	address := "/v1/changes?key=lyon&after=" + next
	first, err := i.response(address, "")
	if err != nil || first.Code != http.StatusOK {
		t.Fatalf("%d, %v", first.Code, err)
	}
	w.clock = w.clock.Add(time.Hour)
	i.write(article.Edition{ID: "b", Language: "fr", Audience: &article.Audience{Partners: []string{"paris"}}})
	again, err := i.response(address, first.Header().Get("ETag"))
	if err != nil || again.Code != http.StatusNotModified {
		t.Errorf("%d, %v", again.Code, err)
	}
	i.write(article.Edition{ID: "c", Language: "fr"})
	news, err := i.response(address, first.Header().Get("ETag"))
	if err != nil || news.Code != http.StatusOK {
		t.Errorf("%d, %v", news.Code, err)
	}
}

func TestManyChangesOfNoConcernAreNotPassedOverForEver(t *testing.T) {
	_, i := one(t)
	page := i.mustTell("", 1)
	for n := range 1000 {
		i.write(article.Edition{ID: fmt.Sprint("a", n), Language: "fr", Audience: &article.Audience{Partners: []string{"paris"}}})
	}
	if next := i.mustTell(page.Next, 1).Next; next == page.Next {
		t.Error("the cursor does not move on")
	}
}

func TestTheNextAddressIsALink(t *testing.T) {
	_, i := one(t)
	i.write(article.Edition{ID: "a", Language: "fr"}, article.Edition{ID: "b", Language: "fr"})
	r, err := i.response("/v1/changes?limit=1&key=lyon", "")
	if err != nil {
		t.Fatal(err)
	}
	link, ok := strings.CutSuffix(r.Header().Get("Link"), `>; rel="next"`)
	if !ok || !strings.HasPrefix(link, "</v1/changes?") {
		t.Fatalf("Link: %q", r.Header().Get("Link"))
	}
	page, err := i.get(link[1:])
	if err != nil {
		t.Fatal(err)
	}
	wantNames(t, page, "b fr 1 usable")
}

func TestOtherRightsBeginAgain(t *testing.T) {
	w, i := one(t)
	i.write(article.Edition{ID: "a", Language: "fr"}, article.Edition{ID: "b", Language: "en"})
	p := w.partners["lyon"]
	p.Languages = []string{"fr", "en"}
	pages := p.ArticleURL
	next := i.mustTell("", 500).Next
	p.Languages, p.Name = []string{"en", "fr", "en"}, "Lyon" // the same
	wantNames(t, i.mustTell(next, 500))
	for _, change := range []func(){
		func() { p.ArticleURL = "https://lyon.example/articles/{id}" },
		func() { p.ArticleURL, p.Languages = pages, []string{"fr"} },
		func() { p.Languages, p.Sections = nil, []string{"fr", "en"} },
		func() { p.Languages, p.Sections, p.ID = []string{"fr", "en"}, nil, "leon" },
	} {
		change()
		_, err := i.ask("lyon", next, 500)
		wantKind(t, err, fault.Gone)
		if !strings.Contains(err.Error(), "start again without after") {
			t.Errorf("it says: %v", err)
		}
	}
}

// The log keeps 64 versions of an edition: what a mirror has of one may be older
// than anything that can still be read.
func TestWhatTheLogHasForgottenBeginsAgain(t *testing.T) {
	w, i := one(t)
	i.write(article.Edition{ID: "a", Language: "fr"})
	next := i.mustTell("", 500).Next
	elsewhere := article.Edition{ID: "a", Language: "fr", Version: 5, Audience: &article.Audience{Partners: []string{"paris"}}}
	i.write(elsewhere)
	wantNames(t, i.mustTell(next, 500), "a fr 2 withheld")

	restarted := w.start()
	restarted.read = 1
	restarted.follow(1)
	_, err := restarted.ask("lyon", next, 500)
	wantKind(t, err, fault.Gone)
	page := restarted.mustTell("", 500)
	wantNames(t, page)
	elsewhere.Version = 6
	w.append(elsewhere)
	restarted.follow(1)
	wantNames(t, restarted.mustTell(page.Next, 500))
}

func TestNothingIsHalfTold(t *testing.T) {
	w, i := one(t)
	for n := range 20 {
		i.write(article.Edition{ID: fmt.Sprint("a", n), Language: "fr"})
	}
	w.away[article.Subject("a17", "fr")] = true
	_, err := i.ask("lyon", "", 500)
	wantKind(t, err, fault.Unavailable)
	delete(w.away, article.Subject("a17", "fr"))
	if page := i.mustTell("", 500); len(page.Changes) != 20 {
		t.Errorf("told %v", page.names())
	}
}

func TestAPageStaysSmall(t *testing.T) {
	_, i := one(t)
	const count = 12
	for n := range count {
		i.write(article.Edition{ID: fmt.Sprint("a", n), Language: "fr", BodyHTML: strings.Repeat("é", 600_000)})
	}
	seen, next := map[string]bool{}, ""
	for pages := 1; ; pages++ {
		r, err := i.response("/v1/changes?key=lyon&limit=500&after="+next, "")
		if err != nil {
			t.Fatal(err)
		}
		if n := r.Body.Len(); n > maxBytes+2<<20 {
			t.Errorf("a page of %d bytes", n)
		}
		var page told
		if err := json.Unmarshal(r.Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		for _, name := range page.names() {
			seen[name] = true
		}
		if next = page.Next; !page.More {
			if pages != 2 || len(seen) != count {
				t.Errorf("%d editions on %d pages", len(seen), pages)
			}
			return
		}
	}
}

func TestWrongQuestions(t *testing.T) {
	w, i := one(t)
	i.write(article.Edition{ID: "a", Language: "fr"})
	ahead := encode(catalog.Position{Sequence: 2, Moment: noon}, rights(w.partners["lyon"]))
	for query, pointer := range map[string]string{
		"limit=0":                              "/limit",
		"limit=501":                            "/limit",
		"limit=x":                              "/limit",
		"since=2026":                           "/since",
		"after=x":                              "/after",
		"after=" + ahead:                       "/after",
		"after=" + strings.Repeat("A", 55):     "/after",
		"after=" + strings.Repeat("A", 10_000): "/after",
	} {
		_, err := i.get("/v1/changes?key=lyon&" + query)
		wantKind(t, err, fault.Malformed)
		e, ok := errors.AsType[*fault.Error](err)
		if !ok || !slices.ContainsFunc(e.Fields, func(f fault.Field) bool { return f.Pointer == pointer }) {
			t.Errorf("%.40s: %v, want %s", query, err, pointer)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(encode(catalog.Position{Sequence: 7, Moment: noon, Mark: 3, Start: 5}, 9))
	f.Add("")
	f.Add(strings.Repeat("A", 55))
	f.Fuzz(func(t *testing.T, cursor string) {
		p, digest, ok := decode(cursor)
		if again := encode(p, digest); ok && again != cursor {
			t.Errorf("%q was read, and written as %q", cursor, again)
		}
		if ok && p == (catalog.Position{}) {
			t.Error("a cursor that stands for none")
		}
	})
}
