// SPDX-License-Identifier: Apache-2.0

package share_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/door"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/services/share"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	editorKey  = "rk_editor-editor-editor-editor"
	partnerKey = "pk_gazette-gazette-gazette-gazette"
	public     = "https://relais.example"
	firefox    = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
)

// desk is a share service on a log of its own, with a partner and two keys.
type desk struct {
	t       *testing.T
	bus     *bus.Bus
	dir     string
	handler http.Handler
	health  *telemetry.Health
	stop    func()
	printed *output // what the logger was told
}

// output is a buffer for several writers.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func open(t *testing.T) *desk {
	t.Helper()
	b := bustest.Start(t)
	put := func(bucket, key string, v any) {
		value, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		kv, err := b.Bucket(t.Context(), bucket)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kv.Put(t.Context(), key, value); err != nil {
			t.Fatal(err)
		}
	}
	put(bus.Keys, partner.Hash(editorKey), partner.Key{ID: "e", Role: partner.Editor, LastUsedAt: "2999-01-01"})
	put(bus.Keys, partner.Hash(partnerKey), partner.Key{ID: "g", Role: partner.Publishable, Partner: "gazette", LastUsedAt: "2999-01-01"})
	put(bus.Partners, "gazette", partner.Partner{
		ID: "gazette", Name: "La Gazette", Origins: []string{"https://gazette.example"}, DefaultLanguage: "fr",
		ArticleURL: "https://gazette.example/{lang}/{id}", Campaign: &partner.Campaign{Source: "relais"},
	})
	put(bus.Partners, "revue", partner.Partner{
		ID: "revue", Name: "La Revue", Languages: []string{"en"}, ArticleURL: "https://revue.example/a/{id}?l={lang}",
	})
	return start(t, b, t.TempDir())
}

// start runs a service on a log, with a folder of its own; stop ends it, as the
// test's end does.
func start(t *testing.T, b *bus.Bus, dir string) *desk {
	t.Helper()
	printed := &output{}
	log := slog.New(slog.NewTextHandler(printed, &slog.HandlerOptions{Level: slog.LevelDebug}))
	directory, err := partner.NewDirectory(t.Context(), b, log)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, bus: b, dir: dir, health: telemetry.NewHealth(), printed: printed}
	s, err := share.New(t.Context(), share.Config{Instance: "main", Links: 1000, Retention: 25, Query: []string{"utm_content", "ref"}}, dir, lifecycle.Deps{
		Proxies: door.Proxies{netip.MustParsePrefix("192.0.2.0/24")},
		Bus:     b, Directory: directory, Logger: log, Metrics: prometheus.NewRegistry(), Health: d.health, PublicURL: public,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.handler = s.Handler()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = directory.Run(ctx) })
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("share ended with %v", err)
		}
	})
	d.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(d.stop)
	await(t, "share to be ready", func() bool { return d.health.Ready(t.Context()) == nil && directory.Check(t.Context()) == nil })
	return d
}

func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited 20 s for %s", what)
		}
		<-tick.C
	}
}

// publish appends a version and waits until share has seen it.
func (d *desk) publish(e article.Edition) {
	d.t.Helper()
	if e.SourceLanguage == "" {
		e.SourceLanguage = "fr"
	}
	if e.PubStatus == "" {
		e.PubStatus = article.Usable
	}
	if e.VersionCreated.IsZero() {
		e.VersionCreated = time.Now()
	}
	subject, expected := article.Subject(e.ID, e.Language), uint64(0)
	if last, err := d.bus.Last(d.t.Context(), bus.Articles, subject); err == nil {
		expected = last.Sequence
	}
	c := article.Change{EventID: fmt.Sprintf("%s-%s-%d", e.ID, e.Language, e.Version), Edition: e}
	header, data, err := c.Encode()
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.bus.Append(d.t.Context(), bus.Articles, bus.Message{Subject: subject, ID: c.MessageID(), Header: header, Data: data}, expected); err != nil {
		d.t.Fatal(err)
	}
	board, err := d.bus.Stages(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(d.t.Context(), 20*time.Second)
	defer cancel()
	if err := board.Await(ctx, bus.StageLinked, e.ID, e.Language, e.Version, nil); err != nil {
		d.t.Fatalf("version %d of %s/%s was not linked: %v", e.Version, e.ID, e.Language, err)
	}
}

func (d *desk) call(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, strings.TrimPrefix(target, public), strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w
}

func (d *desk) edit(status int, method, target, body string) *httptest.ResponseRecorder {
	d.t.Helper()
	w := d.call(method, target, body, "Authorization", "Bearer "+editorKey)
	if w.Code != status {
		d.t.Fatalf("%s %s %s: status %d, want %d: %s", method, target, body, w.Code, status, w.Body)
	}
	return w
}

type made struct{ Code, URL, Article, Partner string }

func (d *desk) link(status int, body string) made {
	d.t.Helper()
	var l made
	if err := json.Unmarshal(d.edit(status, "POST", "/v1/links", body).Body.Bytes(), &l); err != nil {
		d.t.Fatal(err)
	}
	return l
}

func (d *desk) follow(status int, url string, header ...string) *httptest.ResponseRecorder {
	d.t.Helper()
	w := d.call("GET", url, "", append([]string{"User-Agent", firefox}, header...)...)
	if w.Code != status {
		d.t.Fatalf("GET %s: status %d, want %d: %s", url, w.Code, status, w.Body)
	}
	if w.Header().Get("Set-Cookie") != "" || w.Header().Get("X-Robots-Tag") != "noindex" || !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
		d.t.Errorf("GET %s: header %v", url, w.Header())
	}
	return w
}

func (d *desk) total(code string) map[string]int {
	d.t.Helper()
	var stats struct{ Total map[string]int }
	w := d.call("GET", "/v1/links/"+code+"/stats", "", "Authorization", "Bearer "+editorKey)
	if w.Code == http.StatusServiceUnavailable {
		return nil // the counts are still being filled
	}
	if err := json.Unmarshal(w.Body.Bytes(), &stats); err != nil || w.Code != http.StatusOK {
		d.t.Fatalf("stats of %s: %d %s (%v)", code, w.Code, w.Body, err)
	}
	return stats.Total
}

func TestFindOrCreate(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	body := `{"article": "recap", "partner": "gazette", "channel": "mail"}`
	var wg sync.WaitGroup
	codes := make([]string, 20)
	for i := range codes {
		wg.Go(func() {
			var l made
			w := d.call("POST", "/v1/links", body, "Authorization", "Bearer "+editorKey)
			if err := json.Unmarshal(w.Body.Bytes(), &l); err != nil || w.Code > 201 {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
			codes[i] = l.Code
		})
	}
	wg.Wait()
	for _, code := range codes {
		if code != codes[0] || len(code) != 8 {
			t.Errorf("codes %v", codes)
			break
		}
	}
	if other := d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette", "channel": "qr"}`); other.Code == codes[0] {
		t.Error("another channel has the same code")
	}
	if l := d.link(http.StatusCreated, `{"article": "recap", "code": "la-blockchain"}`); l.URL != public+"/s/la-blockchain" {
		t.Errorf("custom code: %+v", l)
	}
	d.link(http.StatusOK, `{"article": "recap", "code": "la-blockchain"}`)
	d.link(http.StatusConflict, `{"article": "recap", "channel": "mail", "code": "la-blockchain"}`)
	d.edit(http.StatusNoContent, "DELETE", "/v1/links/"+codes[0], "")
	d.follow(http.StatusGone, "/s/"+codes[0])
	if again := d.link(http.StatusCreated, body); again.Code == codes[0] {
		t.Error("the code of a deleted link was used again")
	}
}

func TestRedirectsFollowTheArticlesLife(t *testing.T) {
	d := open(t)
	recap := article.Edition{ID: "recap", Language: "fr", Version: 1, Headline: "Un titre"}
	d.publish(recap)
	d.publish(article.Edition{ID: "autre", Language: "fr", Version: 1})
	l := d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette"}`)
	w := d.follow(http.StatusFound, l.URL)
	if got := w.Header().Get("Location"); got != "https://gazette.example/fr/recap?utm_source=relais" {
		t.Errorf("Location %q", got)
	}
	for typed, status := range map[string]int{strings.ToLower(l.URL): 302, l.URL + "?redir_url=https://evil.example": 302, l.URL + "?lang=de": 302} {
		if w := d.follow(status, typed); !strings.HasPrefix(w.Header().Get("Location"), "https://gazette.example/fr/recap") {
			t.Errorf("%s leads to %q", typed, w.Header().Get("Location"))
		}
	}
	step := func(what string, status int, change func(*article.Edition)) *httptest.ResponseRecorder {
		t.Helper()
		recap.Version++
		change(&recap)
		d.publish(recap)
		t.Log(what)
		return d.follow(status, l.URL, "Accept-Language", "fr")
	}
	step("withheld by hand", http.StatusNotFound, func(e *article.Edition) { e.PubStatus = article.Withheld })
	later, soon := time.Now().Add(time.Hour), time.Now().Add(300*time.Millisecond)
	step("under embargo", http.StatusNotFound, func(e *article.Edition) { e.PubStatus, e.EmbargoedUntil = article.Usable, &later })
	step("about to be released", http.StatusNotFound, func(e *article.Edition) { e.EmbargoedUntil = &soon })
	await(t, "the embargo to lift by itself", func() bool { return d.call("GET", l.URL, "").Code == http.StatusFound })
	if time.Now().Before(soon) {
		t.Error("the embargo lifted early")
	}
	past := time.Now().Add(-time.Second)
	step("expired", http.StatusNotFound, func(e *article.Edition) { e.EmbargoedUntil, e.Expires = nil, &past })
	page := step("canceled", http.StatusGone, func(e *article.Edition) {
		e.PubStatus, e.Cancellation = article.Canceled, &article.Cancellation{Reason: "Une erreur <b>grave</b>.", ReplacedBy: "autre"}
	}).Body.String()
	if !strings.Contains(page, "Une erreur &lt;b&gt;grave&lt;/b&gt;.") || !strings.Contains(page, `lang="fr"`) || !strings.Contains(page, public+"/s/") {
		t.Errorf("page: %s", page)
	}
	step("withdrawn for legal reasons", http.StatusUnavailableForLegalReasons, func(e *article.Edition) { e.Cancellation = &article.Cancellation{Legal: true} })
	step("restored", http.StatusFound, func(e *article.Edition) { e.PubStatus, e.Cancellation, e.Expires = article.Usable, nil, nil })

	d.edit(http.StatusOK, "PATCH", "/v1/links/"+l.Code, `{"disabled": true}`)
	d.follow(http.StatusNotFound, l.URL)
	d.edit(http.StatusOK, "PATCH", "/v1/links/"+l.Code, `{"disabled": false, "expires": "2020-01-01T00:00:00Z"}`)
	d.follow(http.StatusGone, l.URL)
	d.edit(http.StatusOK, "PATCH", "/v1/links/"+l.Code, `{"expires": null}`)
	d.follow(http.StatusFound, l.URL)
}

func TestLanguages(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	d.publish(article.Edition{ID: "recap", Language: "en", Version: 1})
	d.publish(article.Edition{ID: "recap", Language: "zh-Hant", Version: 1})
	free := d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette"}`)
	pinned := d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette", "language": "EN"}`)
	revue := d.link(http.StatusCreated, `{"article": "recap", "partner": "revue"}`)
	for _, tc := range []struct{ url, accept, want string }{
		{free.URL, "", "gazette.example/fr/"},
		{free.URL, "de", "gazette.example/fr/"},
		{free.URL, "en-GB,en;q=.9", "gazette.example/en/"},
		{free.URL, "zh-HK,zh;q=.9,en;q=.6", "gazette.example/zh-Hant/"},
		{free.URL + "?lang=en", "fr", "gazette.example/en/"},
		{free.URL + "?lang=%0d%0aevil", "en", "gazette.example/en/"},
		{pinned.URL, "fr", "gazette.example/en/"},
		{pinned.URL + "?lang=fr", "en", "gazette.example/fr/"},
		{revue.URL, "fr", "revue.example/a/recap?l=en"},
	} {
		w := d.follow(http.StatusFound, tc.url, "Accept-Language", tc.accept)
		if got := w.Header().Get("Location"); !strings.HasPrefix(got, "https://"+tc.want) {
			t.Errorf("%s for %q leads to %q, want %s", tc.url, tc.accept, got, tc.want)
		}
		if w.Header().Get("Vary") != "Accept-Language" || !strings.Contains(w.Header().Get("Link"), `rel="alternate"; hreflang="`) {
			t.Errorf("header %v", w.Header())
		}
	}
}

func TestDestinationsComeFromTheArticleOnly(t *testing.T) {
	d := open(t)
	for i, hostile := range []string{
		"//evil.example", `https://good.example\@evil.example`, "https://user:pass@evil.example/", "javascript:alert(1)", "https://a.example/\r\nX: y",
		public + "/s/ABCDEFGH", "/relative", "",
	} {
		id := fmt.Sprintf("hostile-%d", i)
		d.publish(article.Edition{ID: id, Language: "de", SourceLanguage: "de", Version: 1, CanonicalURL: hostile, Audience: &article.Audience{Partners: []string{"nobody"}}})
		l := d.link(http.StatusCreated, `{"article": "`+id+`"}`)
		if w := d.follow(http.StatusNotFound, l.URL); w.Header().Get("Location") != "" {
			t.Errorf("%q: Location %q", hostile, w.Header().Get("Location"))
		}
	}
	d.publish(article.Edition{ID: "good", Language: "fr", Version: 1, CanonicalURL: "https://journal.example/good"})
	l := d.link(http.StatusCreated, `{"article": "good"}`)
	if got := d.follow(http.StatusFound, l.URL).Header().Get("Location"); got != "https://journal.example/good" {
		t.Errorf("Location %q", got)
	}
}

func TestClicksCountOnce(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	l := d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette", "channel": "mail"}`)
	for range 5 {
		d.follow(http.StatusFound, l.URL)
	}
	d.follow(http.StatusOK, l.URL, "User-Agent", "Slackbot-LinkExpanding 1.0")
	d.follow(http.StatusFound, l.URL, "User-Agent", "Googlebot/2.1")
	for _, h := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if w := d.follow(http.StatusServiceUnavailable, l.URL, h, "prefetch;prerender"); w.Header().Get("Retry-After") == "" {
			t.Errorf("a prefetch by %s is answered without Retry-After", h)
		}
	}
	if w := d.call("HEAD", l.URL, ""); w.Code != http.StatusFound {
		t.Errorf("HEAD: %d", w.Code)
	}
	await(t, "the clicks", func() bool { n := d.total(l.Code); return n["human"] == 5 && n["preview"] == 1 && n["bot"] == 1 })

	// The same batches delivered to a counter that starts from nothing count the
	// same; delivered to the one that has them, nothing more.
	d.stop()
	d = start(t, d.bus, d.dir)
	d.follow(http.StatusFound, l.URL)
	await(t, "the click after the restart", func() bool { return d.total(l.Code)["human"] == 6 })
	var stats struct {
		Rows []struct {
			Channel string
			Human   int
		}
	}
	if err := json.Unmarshal(d.edit(http.StatusOK, "GET", "/v1/links/"+l.Code+"/stats", "").Body.Bytes(), &stats); err != nil || len(stats.Rows) != 1 || stats.Rows[0].Channel != "mail" {
		t.Errorf("rows %+v (%v)", stats.Rows, err)
	}
}

func TestABatchDeliveredTwiceCountsOnce(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	l := d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette"}`)
	click := `[{"id": "1", "article": "recap", "code": "` + l.Code + `", "class": "human", "hour": "2026-11-24T08:00:00Z"}]`
	for range 3 {
		if err := d.bus.Publish(t.Context(), bus.Message{Subject: bus.ClickSubject + "0", ID: "one-batch", Data: []byte(click)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.bus.Publish(t.Context(), bus.Message{Subject: bus.ClickSubject + "0", ID: "poison", Data: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	d.follow(http.StatusFound, l.URL)
	await(t, "both clicks", func() bool { return d.total(l.Code)["human"] == 2 })
}

func TestSuffixes(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	d.publish(article.Edition{ID: "recap", Language: "en", Version: 1})
	l := d.link(http.StatusCreated, `{"article": "recap"}`)
	for _, forged := range []string{".revue.mail.0000", ".mail", ".a.b.c.d", ".revue.mail."} {
		if got := d.follow(http.StatusFound, l.URL+forged).Header().Get("Location"); !strings.HasPrefix(got, "https://gazette.example/fr/recap") {
			t.Errorf("%s leads to %q", forged, got)
		}
	}
	await(t, "the clicks", func() bool { return d.total(l.Code)["human"] == 4 })
	if body := d.edit(http.StatusOK, "GET", "/v1/links/"+l.Code+"/stats", "").Body.String(); strings.Contains(body, "mail") {
		t.Errorf("a forged suffix is credited: %s", body)
	}
}

func TestBadInput(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	d.publish(article.Edition{ID: "reserved", Language: "fr", Version: 1, Audience: &article.Audience{Partners: []string{"revue"}}})
	code := d.link(http.StatusCreated, `{"article": "recap"}`).Code
	last := map[string]string{"0": "1"}[code[7:]]
	if last == "" {
		last = "0"
	}
	mistyped := code[:7] + last
	own := "/v1/links?key=" + partnerKey
	for _, tc := range []struct {
		name, method, target, body string
		header                     []string
		status                     int
		mentions                   string
	}{
		{"unknown article", "POST", "/v1/links", `{"article": "none"}`, nil, 422, `"/article"`},
		{"no article", "POST", "/v1/links", `{}`, nil, 422, `"/article"`},
		{"unknown field", "POST", "/v1/links", `{"artikel": "recap"}`, nil, 400, `"/artikel"`},
		{"bad language", "POST", "/v1/links", `{"article": "recap", "language": "x y"}`, nil, 422, `"/language"`},
		{"unknown partner", "POST", "/v1/links", `{"article": "recap", "partner": "none"}`, nil, 422, `"/partner"`},
		{"bad channel", "POST", "/v1/links", `{"article": "recap", "channel": "A.B"}`, nil, 422, `"/channel"`},
		{"bad code", "POST", "/v1/links", `{"article": "recap", "code": "a/b"}`, nil, 422, `"/code"`},
		{"expired already", "POST", "/v1/links", `{"article": "recap", "expires": "2020-01-01T00:00:00Z"}`, nil, 422, `"/expires"`},
		{"no key", "POST", "/v1/links", `{"article": "recap"}`, []string{"Authorization", ""}, 401, ""},
		{"partner for another", "POST", own, `{"article": "recap", "partner": "revue"}`, []string{"Origin", "https://gazette.example"}, 403, `"/partner"`},
		{"partner from elsewhere", "POST", own, `{"article": "recap"}`, []string{"Origin", "https://evil.example"}, 403, `"/Origin"`},
		{"partner for what it may not see", "POST", own, `{"article": "reserved"}`, []string{"Origin", "https://gazette.example"}, 422, `"/article"`},
		{"partner reads another's link", "GET", "/v1/links/" + code + "?key=" + partnerKey, "", nil, 404, ""},
		{"unknown link", "GET", "/v1/links/nothing-here", "", nil, 404, ""},
		{"unknown link followed", "GET", "/s/nothing-here", "", []string{"Accept-Language", "de"}, 404, `lang="de"`},
		{"mistyped code", "GET", "/s/" + mistyped, "", []string{"Accept-Language", "fr"}, 404, "faute de frappe"},
		{"hostile path", "GET", "/s/" + strings.Repeat("A", 64<<10), "", nil, 404, ""},
		{"hostile language", "GET", "/s/nothing-here", "", []string{"Accept-Language", strings.Repeat("xx;q=0.1,", 1200)}, 404, `lang="fr"`},
		{"patch of an unknown field", "PATCH", "/v1/links/" + code, `{"article": "other"}`, nil, 400, `"/article"`},
		{"wrong method", "POST", "/s/" + code, "", nil, 405, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := d.call(tc.method, tc.target, tc.body, append([]string{"Authorization", "Bearer " + editorKey}, tc.header...)...)
			if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.mentions) {
				t.Errorf("status %d, want %d with %s: %s", w.Code, tc.status, tc.mentions, w.Body)
			}
		})
	}
}

func TestAPartnerMakesItsOwnLinks(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	w := d.call("POST", "/v1/links?key="+partnerKey, `{"article": "recap", "channel": "mail"}`, "Origin", "https://gazette.example")
	var l made
	if err := json.Unmarshal(w.Body.Bytes(), &l); err != nil || w.Code != http.StatusCreated || l.Partner != "gazette" {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	if w.Header().Get("Access-Control-Allow-Origin") != "https://gazette.example" {
		t.Errorf("header %v", w.Header())
	}
	if w := d.call("GET", "/v1/links/"+l.Code+"/stats?key="+partnerKey, ""); w.Code != http.StatusOK {
		t.Errorf("its own stats: %d", w.Code)
	}
}
