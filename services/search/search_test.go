// SPDX-License-Identifier: Apache-2.0

package search_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/services/search"
)

const (
	siteKey  = "pk_gazette-gazette-gazette-gazette"
	otherKey = "pk_revue-revue-revue-revue-revue"
	editKey  = "rk_editor-editor-editor-editor"
	adminKey = "rk_admin-admin-admin-admin-admin"
	origin   = "https://gazette.example"
)

// desk is a search service on a log and an index of its own.
type desk struct {
	t       testing.TB
	bus     *bus.Bus
	dir     string
	handler http.Handler
	stop    func()
	config  search.Config
}

func open(t testing.TB) *desk {
	t.Helper()
	return openWith(t, search.Config{})
}

func openWith(t testing.TB, config search.Config) *desk {
	t.Helper()
	config.Instance = "main"
	d := &desk{t: t, bus: bustest.Start(t), dir: filepath.Join(t.TempDir(), "index"), config: config}
	d.put(bus.Keys, partner.Hash(siteKey), partner.Key{ID: "g", Role: partner.Publishable, Partner: "gazette", LastUsedAt: "2999-01-01"})
	d.put(bus.Keys, partner.Hash(otherKey), partner.Key{ID: "r", Role: partner.Publishable, Partner: "revue", LastUsedAt: "2999-01-01"})
	d.put(bus.Keys, partner.Hash(editKey), partner.Key{ID: "e", Role: partner.Editor, LastUsedAt: "2999-01-01"})
	d.put(bus.Keys, partner.Hash(adminKey), partner.Key{ID: "a", Role: partner.Admin, LastUsedAt: "2999-01-01"})
	d.put(bus.Partners, "gazette", partner.Partner{
		ID: "gazette", Name: "La Gazette", Origins: []string{origin}, DefaultLanguage: "fr", ArticleURL: "https://gazette.example/{lang}/{id}",
	})
	d.put(bus.Partners, "revue", partner.Partner{ID: "revue", Name: "La Revue", Languages: []string{"en"}, Sections: []string{"Justice"}})
	d.start()
	return d
}

func (d *desk) put(bucket, key string, v any) {
	d.t.Helper()
	value, err := json.Marshal(v)
	if err != nil {
		d.t.Fatal(err)
	}
	kv, err := d.bus.Bucket(d.t.Context(), bucket)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := kv.Put(d.t.Context(), key, value); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) start() {
	d.t.Helper()
	log := slog.New(slog.DiscardHandler)
	directory, err := partner.NewDirectory(d.t.Context(), d.bus, log)
	if err != nil {
		d.t.Fatal(err)
	}
	health := telemetry.NewHealth()
	s, err := search.New(d.t.Context(), d.config, d.dir, lifecycle.Deps{
		Bus: d.bus, Directory: directory, Logger: log, Metrics: prometheus.NewRegistry(), Health: health, PublicURL: "https://relais.example",
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.handler = s.Handler()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = directory.Run(ctx) })
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			d.t.Errorf("search ended with %v", err)
		}
	})
	d.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	d.t.Cleanup(d.stop)
	d.await("search to be ready", func() bool { return health.Ready(d.t.Context()) == nil })
}

func (d *desk) await(what string, condition func() bool) {
	d.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Now().After(deadline) {
			d.t.Fatalf("waited 20 s for %s", what)
		}
		<-tick.C
	}
}

// append writes a version to the log.
func (d *desk) append(e article.Edition) {
	d.t.Helper()
	if e.SourceLanguage == "" {
		e.SourceLanguage = "fr"
	}
	if e.PubStatus == "" {
		e.PubStatus = article.Usable
	}
	subject, expected := article.Subject(e.ID, e.Language), uint64(0)
	if last, err := d.bus.Last(d.t.Context(), bus.Articles, subject); err == nil {
		expected = last.Sequence
	}
	c := article.Change{EventID: fmt.Sprintf("%s-%s-%d-%d", e.ID, e.Language, e.Version, expected), Edition: e}
	header, data, err := c.Encode()
	if err != nil {
		d.t.Fatal(err)
	}
	m := bus.Message{Subject: subject, ID: fmt.Sprintf("%s.%d", c.MessageID(), expected), Header: header, Data: data}
	if _, err := d.bus.Append(d.t.Context(), bus.Articles, m, expected); err != nil {
		d.t.Fatal(err)
	}
}

// publish is append, and waits until the version is searchable.
func (d *desk) publish(e article.Edition) {
	d.t.Helper()
	d.append(e)
	board, err := d.bus.Stages(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(d.t.Context(), 20*time.Second)
	defer cancel()
	if err := board.Await(ctx, bus.StageSearchable, e.ID, e.Language, e.Version, nil); err != nil {
		d.t.Fatalf("version %d of %s/%s is not searchable: %v", e.Version, e.ID, e.Language, err)
	}
}

func (d *desk) get(target string, header ...string) *httptest.ResponseRecorder {
	return d.send(http.MethodGet, target, "", header...)
}

func (d *desk) send(method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w
}

// total is how many articles a key's partner finds.
func (d *desk) total(key, q string) int {
	d.t.Helper()
	w := d.get("/v1/search?key=" + key + "&q=" + url.QueryEscape(q))
	var answer struct{ Total int }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		d.t.Fatalf("%q: status %d: %s", q, w.Code, w.Body)
	}
	return answer.Total
}

func recap(version int, headline string) article.Edition {
	return article.Edition{
		ID: "recap", Language: "fr", Version: version, Headline: headline, BodyText: "Le texte d’un compte rendu.",
		EdNote: "ne pas montrer", DatePublished: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), ReadingMinutes: 1,
	}
}

func TestAnOlderVersionReplacesNothing(t *testing.T) {
	d := open(t)
	d.publish(recap(2, "La blockchain corrigée"))
	d.append(recap(1, "La blockchain fautive"))
	d.publish(article.Edition{ID: "after", Language: "fr", Version: 1, Headline: "Après", BodyText: "Après."})
	if d.total(siteKey, "fautive") != 0 || d.total(siteKey, "corrigée") != 1 {
		t.Error("the older version came back")
	}
	canceled := recap(3, "La blockchain corrigée")
	canceled.PubStatus, canceled.Cancellation = article.Canceled, &article.Cancellation{Reason: "x"}
	d.publish(canceled)
	d.append(recap(2, "La blockchain corrigée"))
	d.publish(article.Edition{ID: "later", Language: "fr", Version: 1, Headline: "Plus tard", BodyText: "Plus tard."})
	if d.total(siteKey, "blockchain") != 0 {
		t.Error("a canceled edition came back")
	}
}

func TestPoisonBlocksNothing(t *testing.T) {
	d := open(t)
	if _, err := d.bus.Append(t.Context(), bus.Articles, bustest.Message("relais.article.poison.fr", "p", "p", "{"), 0); err != nil {
		t.Fatal(err)
	}
	d.publish(recap(1, "La blockchain"))
	if d.total(siteKey, "blockchain") != 1 {
		t.Error("what follows the poison is not found")
	}
	if n, err := d.bus.LastSequence(t.Context(), bus.DeadLetters); err != nil || n != 1 {
		t.Errorf("%d dead letters (%v)", n, err)
	}
}

func TestARestartGoesOnAndAnotherLogStartsOver(t *testing.T) {
	d := open(t)
	for n := range 5 {
		d.publish(article.Edition{ID: fmt.Sprintf("a-%d", n), Language: "fr", Version: 1, Headline: "Avant", BodyText: "Avant."})
	}
	d.stop()
	d.append(recap(1, "Pendant"))
	d.start()
	if d.total(siteKey, "pendant") != 1 || d.total(siteKey, "avant") != 5 {
		t.Error("a restart lost something")
	}
	d.stop()
	other := open(t)
	other.stop()
	other.dir = d.dir // an index that is ahead of this log
	other.append(recap(1, "Ailleurs"))
	other.start()
	if other.total(siteKey, "ailleurs") != 1 || other.total(siteKey, "avant") != 0 {
		t.Error("the index of another log was taken for this one's")
	}
}

func TestAPartnerSeesOnlyWhatItMay(t *testing.T) {
	d := open(t)
	d.publish(recap(1, "Blockchain ouverte"))
	reserved := recap(1, "Blockchain réservée")
	reserved.ID, reserved.Audience = "reserved", &article.Audience{Partners: []string{"gazette"}}
	d.publish(reserved)
	english := recap(1, "Blockchain in court")
	english.ID, english.Language, english.SourceLanguage, english.Section = "english", "en", "en", "Justice"
	d.publish(english)
	if gazette, revue := d.total(siteKey, "blockchain"), d.total(otherKey, "blockchain"); gazette != 3 || revue != 1 {
		t.Errorf("gazette finds %d, revue %d", gazette, revue)
	}
	w := d.get("/v1/search?q=&facets=section,language,year,person,organisation&key=" + otherKey)
	if strings.Contains(w.Body.String(), "réservée") || strings.Contains(w.Body.String(), `"fr"`) || strings.Contains(w.Body.String(), "ne pas montrer") {
		t.Errorf("leaks: %s", w.Body)
	}
}

func TestLatestIsNewestFirst(t *testing.T) {
	d := open(t)
	for n := 1; n <= 3; n++ {
		e := recap(1, fmt.Sprint("Numéro ", n))
		e.ID, e.DatePublished = fmt.Sprint("n-", n), time.Date(2026, time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		d.publish(e)
	}
	var answer struct {
		Total int
		Hits  []struct{ ID, URL string }
	}
	if err := json.Unmarshal(d.get("/v1/latest?limit=2&key="+siteKey).Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Total != 3 || len(answer.Hits) != 2 || answer.Hits[0].ID != "n-3" || answer.Hits[0].URL != "https://gazette.example/fr/n-3" {
		t.Errorf("latest %+v", answer)
	}
}
