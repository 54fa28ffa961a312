// SPDX-License-Identifier: Apache-2.0

package ingest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/ingest"
)

// progress is an import as its API shows it.
type progress struct {
	ID, State, Format                   string
	Read, Accepted, Unchanged, Rejected int
	Errors                              []struct {
		Line   int
		Detail string
	}
	Bytes, Position int64
}

func (p progress) counts() string {
	return fmt.Sprintf("%s: %d read, %d accepted, %d unchanged, %d rejected", p.State, p.Read, p.Accepted, p.Unchanged, p.Rejected)
}

// imports sends a stream and waits until it is worked off.
func (n *newsroom) imports(stream, contentType, query string) progress {
	n.t.Helper()
	a := n.must(http.StatusAccepted, "POST", "/v1/imports"+query, stream, "Content-Type", contentType)
	var p progress
	a.into(n.t, &p)
	if a.header.Get("Location") != "/v1/imports/"+p.ID {
		n.t.Errorf("Location %q of import %s", a.header.Get("Location"), p.ID)
	}
	return n.settled(p.ID)
}

func (n *newsroom) settled(id string) (p progress) {
	n.t.Helper()
	eventually(n.t, "the import ends", func() bool {
		p = progress{}
		n.must(http.StatusOK, "GET", "/v1/imports/"+id, "").into(n.t, &p)
		return p.State == "done" || p.State == "failed"
	})
	return p
}

const ndjson = "application/x-ndjson"

func lines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"id": "ligne-%d", "headline": "Compte rendu n° %d", "language": "fr", "bodyText": "Un texte de quelques mots."}`+"\n", i, i)
	}
	return b.String()
}

func TestImportEditions(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	stream := lines(3) + "\n" + // blank lines are nothing
		`{"id": "ligne-1", "language": "en", "headline": "A report", "bodyText": "A body."}` + "\n" + // a translation, after its original
		`{"id": "ligne-0", "language": "fr", "headline": "Corrigé", "bodyText": "Un texte.", "correction": "Le titre."}` + "\n" +
		`{"id": "sans-corps", "headline": "Rien"}` + "\n" +
		`{"id": "faux", "headlin": "x", "bodyText": "y"}` + "\n" +
		`{"id": "coupé` + "\n" +
		`{"headline": "Sans id", "language": "fr", "bodyText": "Un texte.", "canonicalUrl": "https://example.org/a"}` + "\n" +
		`{"headline": "Sans id", "language": "fr", "bodyText": "Un autre texte.", "canonicalUrl": "https://example.org/b"}`
	p := n.imports(stream, ndjson, "")
	if got, want := p.counts(), "done: 10 read, 7 accepted, 0 unchanged, 3 rejected"; got != want {
		t.Errorf("%s, want %s: %+v", got, want, p.Errors)
	}
	for i, want := range []struct {
		line int
		says string
	}{{7, "/bodyHtml"}, {8, "/headlin"}, {9, "JSON"}} {
		if i >= len(p.Errors) || p.Errors[i].Line != want.line || !strings.Contains(p.Errors[i].Detail, want.says) {
			t.Errorf("errors %+v, want line %d to say %s", p.Errors, want.line, want.says)
		}
	}
	if p.Position != p.Bytes || p.Bytes != int64(len(stream)) || p.Format != "ndjson" {
		t.Errorf("import %+v", p)
	}
	if e := n.must(http.StatusOK, "GET", "/v1/articles/ligne-0/fr", "").edition(t); e.Version != 2 || e.Correction != "Le titre." {
		t.Errorf("corrected: %+v", e)
	}
	if e := n.must(http.StatusOK, "GET", "/v1/articles/ligne-1/en", "").edition(t); e.SourceLanguage != "fr" || e.SourceVersion != 1 {
		t.Errorf("translation: %+v", e)
	}
	logged := n.logged()
	again := lines(3)[strings.Index(lines(3), "\n")+1:] // ligne-0 was corrected since
	if got, want := n.imports(again, ndjson, "").counts(), "done: 2 read, 0 accepted, 2 unchanged, 0 rejected"; got != want || n.logged() != logged {
		t.Errorf("sent again: %s, want %s; log %d → %d", got, want, logged, n.logged())
	}
	if list := n.must(http.StatusOK, "GET", "/v1/imports", ""); strings.Count(string(list.body), `"id"`) != 2 {
		t.Errorf("list %s", list.body)
	}
	if left, err := os.ReadDir(filepath.Join(n.dir, "imports")); err != nil || len(left) != 0 {
		t.Errorf("streams left: %v (%v)", left, err)
	}
}

func TestImportFeeds(t *testing.T) {
	const rss = `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>La Gazette</title><link>https://gazette.example</link><description>x</description><language>fr</language>
<item><title>L’œuvre &amp; la preuve : « l’essentiel »</title><link>https://gazette.example/oeuvre</link><guid>g-1</guid>
<dc:creator>Anaïs Lefèvre</dc:creator><pubDate>Tue, 05 Mar 2024 08:00:00 +0100</pubDate><category>Justice</category>
<content:encoded><![CDATA[<p>Le <script>alert(1)</script>texte, <a href="javascript:x">ici</a>.</p>]]></content:encoded></item>
<item><title>Une date fausse</title><link>https://gazette.example/date</link><pubDate>le 32 mars</pubDate><description>Un texte.</description></item>
</channel></rss>`
	n := open(t, ingest.Config{AdminKey: adminKey})
	p := n.imports(rss, "application/rss+xml", "")
	if got, want := p.counts(), "done: 2 read, 1 accepted, 0 unchanged, 1 rejected"; got != want || !strings.Contains(p.Errors[0].Detail, "/datePublished") || p.Errors[0].Line != 7 {
		t.Fatalf("%s, want %s: %+v", got, want, p.Errors)
	}
	var list struct{ Articles []struct{ ID string } }
	n.must(http.StatusOK, "GET", "/v1/articles", "").into(t, &list)
	if len(list.Articles) != 1 {
		t.Fatalf("list %+v", list)
	}
	e := n.must(http.StatusOK, "GET", "/v1/articles/"+list.Articles[0].ID+"/fr", "").edition(t)
	if e.Headline != "L’œuvre & la preuve : « l’essentiel »" || e.BodyHTML != "<p>Le texte, ici.</p>" || e.CanonicalURL != "https://gazette.example/oeuvre" ||
		len(e.Authors) != 1 || e.Authors[0].Name != "Anaïs Lefèvre" || e.Section != "Justice" || !e.DatePublished.Equal(time.Date(2024, 3, 5, 7, 0, 0, 0, time.UTC)) {
		t.Errorf("edition %+v", e)
	}
	if got, want := n.imports(rss, "text/xml", "?format=rss").counts(), "done: 2 read, 0 accepted, 1 unchanged, 1 rejected"; got != want {
		t.Errorf("sent again: %s, want %s", got, want)
	}
	n.must(http.StatusUnsupportedMediaType, "POST", "/v1/imports", "x", "Content-Type", "application/pdf")
	n.must(http.StatusBadRequest, "POST", "/v1/imports?format=csv", "x", "Content-Type", "text/csv")
	n.must(http.StatusNotFound, "GET", "/v1/imports/nobody", "")
}

// cut is a body that breaks off.
type cut struct{ io.Reader }

func (c cut) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestAnImportThatBreaksOff(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	stream := lines(40)
	r := httptest.NewRequest("POST", "/v1/imports", cut{strings.NewReader(stream[:len(stream)-30])})
	r.Header.Set("Authorization", "Bearer "+adminKey)
	r.Header.Set("Content-Type", ndjson)
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	var list struct{ Imports []progress }
	n.must(http.StatusOK, "GET", "/v1/imports", "").into(t, &list)
	if p := list.Imports[0]; p.State != "failed" || p.Accepted != 39 || len(p.Errors) != 1 {
		t.Errorf("import %+v", p)
	}
	if got, want := n.imports(stream, ndjson, "").counts(), "done: 40 read, 1 accepted, 39 unchanged, 0 rejected"; got != want {
		t.Errorf("sent again: %s, want %s", got, want)
	}
}

// TestAnImportSurvivesARestart stops the service again and again while it works
// off a stream: each edition is in the log once, and the counts are exact.
func TestAnImportSurvivesARestart(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	const total = 3000
	var p progress
	n.must(http.StatusAccepted, "POST", "/v1/imports", lines(total), "Content-Type", ndjson).into(t, &p)
	for range 3 {
		var now progress
		eventually(t, "the import goes on", func() bool {
			n.must(http.StatusOK, "GET", "/v1/imports/"+p.ID, "").into(t, &now)
			return now.Read > p.Read || now.State == "done"
		})
		p = now
		n.restart()
	}
	p = n.settled(p.ID)
	if got, want := p.counts(), fmt.Sprintf("done: %d read, %d accepted, 0 unchanged, 0 rejected", total, total); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := n.logged(); got != total {
		t.Errorf("the log holds %d, want %d", got, total)
	}
}

// TestManyImportsAtOnce sends the same editions several times at once: none is
// written twice.
func TestManyImportsAtOnce(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if p := n.imports(lines(50), ndjson, ""); p.State != "done" || p.Rejected != 0 {
				t.Errorf("import %+v", p)
			}
		})
	}
	wg.Wait()
	if got := n.logged(); got != 50 {
		t.Errorf("the log holds %d, want 50", got)
	}
}

func TestImportedEditionsAreGoverned(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	n.must(http.StatusCreated, "PUT", french, with(`"embargoedUntil": `+far))
	n.must(http.StatusCreated, "PUT", "/v1/articles/dead/fr", minimal)
	n.must(http.StatusOK, "POST", "/v1/articles/dead/cancel", `{"reason": "Erreur."}`)
	stream := `{"id": "recap", "language": "fr", "headline": "Un titre", "bodyText": "Un texte de quelques mots."}
{"id": "dead", "language": "fr", "headline": "Un autre titre", "bodyText": "Un texte."}
{"id": "dead", "language": "en", "headline": "A headline", "bodyText": "A body."}`
	p := n.imports(stream, ndjson, "")
	if got, want := p.counts(), "done: 3 read, 1 accepted, 1 unchanged, 1 rejected"; got != want {
		t.Errorf("%s, want %s: %+v", got, want, p.Errors)
	}
	if e := n.must(http.StatusOK, "GET", french, "").edition(t); e.PubStatus != article.Withheld {
		t.Errorf("an import lifted an embargo: %+v", e)
	}
	if e := n.must(http.StatusOK, "GET", "/v1/articles/dead/fr", "").edition(t); e.PubStatus != article.Canceled {
		t.Errorf("an import brought back what was canceled: %+v", e)
	}
}

func TestAnImportSentAgainUnderItsKey(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	send := func(status int, stream string) (answer, progress) {
		t.Helper()
		a := n.must(status, "POST", "/v1/imports", stream, "Content-Type", ndjson, "Idempotency-Key", "k")
		var p progress
		a.into(t, &p)
		return a, p
	}
	_, first := send(http.StatusAccepted, lines(3))
	n.settled(first.ID)
	a, again := send(http.StatusAccepted, lines(3))
	if again.ID != first.ID || a.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("import %s after %s, header %v", again.ID, first.ID, a.header)
	}
	a, _ = send(http.StatusUnprocessableEntity, lines(4))
	if p := a.problem(t); len(p.Errors) != 1 || p.Errors[0].Pointer != "/Idempotency-Key" {
		t.Errorf("another stream under the same key: %+v", p)
	}
}
