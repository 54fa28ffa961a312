// SPDX-License-Identifier: Apache-2.0

package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/ingest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.(*ipQueue[...]).unregister"))
}

const adminKey = "rk_test-admin-key-of-the-newsroom"

// newsroom is an ingest service on a log of its own.
type newsroom struct {
	t       testing.TB
	bus     *bus.Bus
	cfg     ingest.Config
	handler http.Handler
	stop    func() // ends what the service does by itself; its handler still answers
	stdout  bytes.Buffer
	dir     string
}

func open(t testing.TB, cfg ingest.Config) *newsroom {
	t.Helper()
	n := &newsroom{t: t, bus: bustest.Start(t), cfg: cfg, dir: t.TempDir()}
	n.start()
	t.Cleanup(func() { n.stop() })
	return n
}

// restart starts the service anew on the same log and folder.
func (n *newsroom) restart() {
	n.stop()
	n.start()
}

func (n *newsroom) start() {
	n.t.Helper()
	log := slog.New(slog.DiscardHandler)
	directory, err := partner.NewDirectory(n.t.Context(), n.bus, log)
	if err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(n.t.Context()))
	followed := make(chan struct{})
	go func() { defer close(followed); _ = directory.Run(ctx) }()
	s, err := ingest.New(ctx, n.cfg, n.dir, &n.stdout, lifecycle.Deps{
		Bus: n.bus, Directory: directory, Logger: log, Metrics: prometheus.NewRegistry(), Health: telemetry.NewHealth(),
	})
	if err != nil {
		cancel()
		n.t.Fatal(err)
	}
	n.handler = s.Handler()
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(ctx) }()
	n.stop = func() { cancel(); <-ended; <-followed }
}

// answer is what came back from a call.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) edition(t testing.TB) article.Edition {
	t.Helper()
	var e article.Edition
	if err := json.Unmarshal(a.body, &e); err != nil {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	return e
}

func (a answer) problem(t testing.TB) web.Problem {
	t.Helper()
	var p web.Problem
	if err := json.Unmarshal(a.body, &p); err != nil || a.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("status %d, not a problem: %s", a.status, a.body)
	}
	return p
}

// call sends a request with the admin key unless a header says otherwise.
func (n *newsroom) call(method, path, body string, header ...string) answer {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+adminKey)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, r)
	b, err := io.ReadAll(w.Result().Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return answer{w.Code, w.Header(), b}
}

// must is call, and the status has to be the one given.
func (n *newsroom) must(status int, method, path, body string, header ...string) answer {
	n.t.Helper()
	a := n.call(method, path, body, header...)
	if a.status != status {
		n.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.body)
	}
	return a
}

func (n *newsroom) logged() uint64 {
	n.t.Helper()
	last, err := n.bus.LastSequence(n.t.Context(), bus.Articles)
	if err != nil {
		n.t.Fatal(err)
	}
	return last
}

func TestTheRecapAsCopied(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	recap, err := os.ReadFile(filepath.Join("testdata", "recap-blockchain-collectivites.txt"))
	if err != nil {
		t.Fatal(err)
	}
	a := n.must(http.StatusCreated, "POST", "/v1/articles", string(recap), "Content-Type", "text/plain")
	e := a.edition(t)
	if e.Language != "fr" || e.SourceLanguage != "fr" || e.Version != 1 || e.PubStatus != article.Usable || e.ReadingMinutes < 1 {
		t.Errorf("edition %+v", e)
	}
	if got, want := strings.Map(plainSpace, e.Headline), "Blockchain et collectivités : quelles potentialités ?"; got != want {
		t.Errorf("headline %q, want %q", got, want)
	}
	for _, furniture := range []string{"3 min", "Plus d’articles", "ARTICLES CONNEXES", "Partager l"} {
		if strings.Contains(e.BodyText, furniture) || strings.Contains(e.BodyHTML, furniture) {
			t.Errorf("the body holds the furniture %q", furniture)
		}
	}
	if got := strings.Count(e.BodyHTML, "<li>"); got != 4 || strings.Count(e.BodyHTML, "<ul>") != 1 {
		t.Errorf("%d list items: %s", got, e.BodyHTML)
	}
	if a.header.Get("Location") != "/v1/articles/"+e.ID+"/fr" || a.header.Get("ETag") != `"1"` {
		t.Errorf("Location %q, ETag %q", a.header.Get("Location"), a.header.Get("ETag"))
	}
	read := n.must(http.StatusOK, "GET", a.header.Get("Location"), "").edition(t)
	if read.BodyHTML != e.BodyHTML || read.ID != "blockchain-et-collectivites-quelles-potentialites" {
		t.Errorf("read back %s", read.ID)
	}
}

func TestPagesAndMarkdown(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	page, err := os.ReadFile(filepath.Join("internal", "extract", "testdata", "page.html"))
	if err != nil {
		t.Fatal(err)
	}
	e := n.must(http.StatusCreated, "POST", "/v1/articles", string(page), "Content-Type", "text/html; charset=utf-8").edition(t)
	if e.ID != "registres-partages-les-communes-testent" || e.Language != "fr" || e.Section != "Secteur public" || len(e.Authors) != 1 {
		t.Errorf("page: %+v", e)
	}
	e = n.must(http.StatusCreated, "POST", "/v1/articles?id=md", "---\nsection: Justice\n---\n# Un titre\n\nUn *texte* en français, de quelques mots.",
		"Content-Type", "text/markdown").edition(t)
	if e.Headline != "Un titre" || e.Section != "Justice" || e.BodyHTML != "<p>Un <em>texte</em> en français, de quelques mots.</p>" {
		t.Errorf("Markdown: %+v", e)
	}
	for _, bad := range []string{"---\nheadlin: x\n---\ny", "---\na: [\n---\ny", "---\na: &x 1\nb: *x\n---\ny"} {
		n.must(http.StatusBadRequest, "POST", "/v1/articles", bad, "Content-Type", "text/markdown")
	}
	n.must(http.StatusUnprocessableEntity, "POST", "/v1/articles", "<p>Sans titre.</p>", "Content-Type", "text/html")
}

func plainSpace(r rune) rune {
	if r == '\u00a0' || r == '\u202f' {
		return ' '
	}
	return r
}

const minimal = `{"headline": "Un titre", "language": "fr", "bodyText": "Un texte de quelques mots."}`

func TestVersions(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	at := "/v1/articles/recap/fr"
	n.must(http.StatusCreated, "PUT", at, minimal)
	logged := n.logged()
	if a := n.must(http.StatusOK, "PUT", at, minimal); a.header.Get("ETag") != `"1"` || n.logged() != logged {
		t.Errorf("an identical PUT made %s, log %d → %d", a.header.Get("ETag"), logged, n.logged())
	}
	changed := strings.Replace(minimal, "Un titre", "Un autre titre", 1)
	n.must(http.StatusPreconditionFailed, "PUT", at, changed, "If-Match", `"7"`)
	a := n.must(http.StatusOK, "PUT", at, strings.Replace(changed, "{", `{"correction": "Le titre était faux.", `, 1), "If-Match", `"1"`)
	if e := a.edition(t); e.Version != 2 || e.Correction == "" {
		t.Errorf("corrected: %+v", e)
	}
	n.must(http.StatusPreconditionFailed, "PUT", at, minimal, "If-Match", `"1"`)
	if e := n.must(http.StatusOK, "GET", at+"?version=1", "").edition(t); e.Headline != "Un titre" {
		t.Errorf("version 1: %q", e.Headline)
	}
	n.must(http.StatusNotFound, "GET", at+"?version=3", "")
	n.must(http.StatusNotModified, "GET", at, "", "If-None-Match", `"2"`)
	history := string(n.must(http.StatusOK, "GET", at+"/versions", "").body)
	if strings.Count(history, `"version"`) != 2 || !strings.Contains(history, "Le titre était faux.") || !strings.Contains(history, "configured-") {
		t.Errorf("history %s", history)
	}
	patched := n.must(http.StatusOK, "PATCH", at, `{"section": "Justice", "keywords": ["a"]}`, "Content-Type", "application/merge-patch+json").edition(t)
	if patched.Version != 3 || patched.Section != "Justice" || patched.Headline != "Un autre titre" || patched.Correction != "" {
		t.Errorf("patched %+v", patched)
	}
	patched = n.must(http.StatusOK, "PATCH", at, `{"section": null, "bodyText": "Neuf."}`).edition(t)
	if patched.Section != "" || patched.BodyText != "Neuf." || patched.WordCount != 1 {
		t.Errorf("patched %+v", patched)
	}
	status := string(n.must(http.StatusOK, "GET", at+"/status", "").body)
	if !strings.Contains(status, `"accepted"`) || !strings.Contains(status, `"version":4`) {
		t.Errorf("status %s", status)
	}
}

func TestTranslationsAndCancellation(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	n.must(http.StatusUnprocessableEntity, "PUT", "/v1/articles/recap/en", `{"headline": "A", "bodyText": "B", "sourceLanguage": "fr"}`)
	n.must(http.StatusCreated, "PUT", "/v1/articles/recap/fr", minimal)
	n.must(http.StatusUnprocessableEntity, "PUT", "/v1/articles/recap/en", `{"headline": "A", "bodyText": "B", "sourceVersion": 2}`)
	e := n.must(http.StatusCreated, "PUT", "/v1/articles/recap/en", `{"headline": "A headline", "bodyText": "A body."}`).edition(t)
	if e.SourceLanguage != "fr" || e.SourceVersion != 1 || e.Stale {
		t.Errorf("translation %+v", e)
	}
	n.must(http.StatusOK, "PATCH", "/v1/articles/recap/fr", `{"headline": "Un titre de plus"}`)
	a := n.must(http.StatusOK, "GET", "/v1/articles/recap/en", "")
	if !a.edition(t).Stale || a.header.Get("ETag") != `"1s"` {
		t.Errorf("not stale: %s %s", a.header.Get("ETag"), a.body)
	}
	var all struct {
		SourceLanguage string
		Editions       []struct {
			Language  string
			PubStatus article.PubStatus
			Stale     bool
		}
	}
	n.must(http.StatusNotFound, "POST", "/v1/articles/none/cancel", `{"reason": "x"}`)
	n.must(http.StatusOK, "POST", "/v1/articles/recap/fr/cancel", `{"reason": "Erreur sur les personnes.", "replacedBy": "autre"}`)
	if err := json.Unmarshal(n.must(http.StatusOK, "GET", "/v1/articles/recap", "").body, &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Editions) != 2 || all.SourceLanguage != "fr" || all.Editions[0].PubStatus != article.Canceled || all.Editions[1].PubStatus != article.Canceled {
		t.Errorf("after canceling the original: %+v", all)
	}
	logged := n.logged()
	n.must(http.StatusOK, "POST", "/v1/articles/recap/cancel", `{"reason": "Erreur sur les personnes.", "replacedBy": "autre"}`)
	if n.logged() != logged {
		t.Error("canceling again is no event")
	}
	if e := n.must(http.StatusOK, "PUT", "/v1/articles/recap/fr", minimal).edition(t); e.PubStatus != article.Canceled {
		t.Errorf("a PUT without pubStatus brought a canceled edition back: %s", e.PubStatus)
	}
	restored := strings.Replace(minimal, "{", `{"pubStatus": "usable", `, 1)
	if e := n.must(http.StatusOK, "PUT", "/v1/articles/recap/fr", restored).edition(t); e.PubStatus != article.Usable || e.Cancellation != nil {
		t.Errorf("restored: %+v", e)
	}
}

func TestEmbargoIsWithheldWhileItLasts(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	embargoed := strings.Replace(minimal, "{", `{"embargoedUntil": "2999-01-01T00:00:00+01:00", `, 1)
	a := n.must(http.StatusCreated, "PUT", "/v1/articles/recap/fr", embargoed)
	if e := a.edition(t); e.PubStatus != article.Withheld || e.EmbargoedUntil.Location().String() != "UTC" {
		t.Errorf("embargoed: %s until %s", e.PubStatus, e.EmbargoedUntil)
	}
	logged := n.logged()
	n.must(http.StatusOK, "PUT", "/v1/articles/recap/fr", embargoed)
	if n.logged() != logged {
		t.Error("the same embargo again is no event")
	}
}

func TestOneHeadlineTwice(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	one := n.must(http.StatusCreated, "POST", "/v1/articles", minimal).edition(t)
	two := n.must(http.StatusCreated, "POST", "/v1/articles", minimal).edition(t)
	if one.ID != "un-titre" || two.ID != "un-titre-2" {
		t.Errorf("ids %s, %s", one.ID, two.ID)
	}
	n.must(http.StatusConflict, "POST", "/v1/articles?id=un-titre", minimal)
}

func TestIdempotentCreation(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	one := n.must(http.StatusCreated, "POST", "/v1/articles", minimal, "Idempotency-Key", "k")
	logged := n.logged()
	two := n.must(http.StatusCreated, "POST", "/v1/articles", minimal, "Idempotency-Key", "k")
	if !bytes.Equal(one.body, two.body) || two.header.Get("Idempotency-Replayed") != "true" || n.logged() != logged {
		t.Errorf("replayed %s as %s (log %d → %d)", one.body, two.body, logged, n.logged())
	}
}

func TestKeys(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	var key struct{ ID, Role, Name, Key string }
	if err := json.Unmarshal(n.must(http.StatusCreated, "POST", "/v1/keys", `{"role": "editor", "name": "desk"}`).body, &key); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(key.Key, "rk_") || key.Role != "editor" || key.Name != "desk" {
		t.Errorf("key %+v", key)
	}
	as := []string{"Authorization", "Bearer " + key.Key}
	n.must(http.StatusCreated, "POST", "/v1/articles", minimal, as...)
	n.must(http.StatusForbidden, "POST", "/v1/keys", `{"role": "admin", "name": "mine"}`, as...)
	n.must(http.StatusForbidden, "PUT", "/v1/partners/p", `{"name": "P"}`, as...)
	if list := string(n.must(http.StatusOK, "GET", "/v1/keys", "").body); strings.Contains(list, key.Key) || !strings.Contains(list, key.ID) {
		t.Errorf("list %s", list)
	}
	n.must(http.StatusNoContent, "DELETE", "/v1/keys/"+key.ID, "")
	n.must(http.StatusUnauthorized, "GET", "/v1/articles/un-titre", "", as...)
	n.must(http.StatusNotFound, "DELETE", "/v1/keys/"+key.ID, "")
	n.must(http.StatusUnprocessableEntity, "POST", "/v1/keys", `{"role": "king", "name": "x"}`)

	n.must(http.StatusCreated, "PUT", "/v1/partners/p", `{"name": "P", "origins": ["https://p.example"]}`)
	n.must(http.StatusOK, "PUT", "/v1/partners/p", `{"name": "P", "origins": ["https://p.example"], "defaultLanguage": "FR"}`)
	if err := json.Unmarshal(n.must(http.StatusCreated, "POST", "/v1/partners/p/keys", `{"name": "site"}`).body, &key); err != nil || !strings.HasPrefix(key.Key, "pk_") {
		t.Errorf("partner key %+v (%v)", key, err)
	}
	n.must(http.StatusForbidden, "GET", "/v1/articles/un-titre", "", "Authorization", "Bearer "+key.Key)
	n.must(http.StatusNotFound, "POST", "/v1/partners/none/keys", `{"name": "site"}`)
	n.must(http.StatusUnprocessableEntity, "PUT", "/v1/partners/q", `{"name": "Q", "origins": ["https://q.example/path"]}`)
	n.must(http.StatusNoContent, "DELETE", "/v1/partners/p", "")
	n.must(http.StatusNotFound, "GET", "/v1/partners/p", "")
	n.must(http.StatusUnauthorized, "GET", "/v1/articles/un-titre", "", "Authorization", "Bearer "+key.Key)
}

func TestTheFirstAdminKey(t *testing.T) {
	n := open(t, ingest.Config{})
	file := filepath.Join(n.dir, "admin.key")
	secret, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
	key := strings.TrimSpace(string(secret))
	if strings.Count(n.stdout.String(), key) != 1 {
		t.Errorf("printed %q", n.stdout.String())
	}
	n.must(http.StatusOK, "GET", "/v1/keys", "", "Authorization", "Bearer "+key)
	n.must(http.StatusConflict, "DELETE", "/v1/keys/first", "", "Authorization", "Bearer "+key)
	entries, err := n.bus.Bucket(t.Context(), bus.Keys)
	if err != nil {
		t.Fatal(err)
	}
	list, err := entries.List(t.Context(), ">")
	if err != nil || len(list) != 1 || strings.Contains(list[0].Key+string(list[0].Value), key) {
		t.Errorf("the log holds %v (%v)", list, err)
	}
}
