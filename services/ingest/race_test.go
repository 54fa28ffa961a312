// SPDX-License-Identifier: Apache-2.0

package ingest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/ingest"
)

// together sends calls at the same time and returns their statuses.
func (n *newsroom) together(calls ...func() answer) []int {
	statuses := make([]int, len(calls))
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i, c := range calls {
		wg.Go(func() {
			<-gate
			statuses[i] = c().status
		})
	}
	close(gate)
	wg.Wait()
	return statuses
}

func TestAnArticleHasOneOriginalWhateverHappensAtOnce(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	body := func(lang string) string {
		return `{"headline": "Titre ` + lang + `", "language": "` + lang + `", "bodyText": "Un texte."}`
	}
	for i := range 20 {
		id := fmt.Sprintf("posted-%d", i)
		post := func(lang string) func() answer {
			return func() answer { return n.call("POST", "/v1/articles?id="+id, body(lang)) }
		}
		created := 0
		for _, status := range n.together(post("fr"), post("en"), post("de")) {
			switch status {
			case http.StatusCreated:
				created++
			case http.StatusConflict:
			default:
				t.Errorf("status %d", status)
			}
		}
		if created != 1 {
			t.Fatalf("%d of three posts made the article %s", created, id)
		}
		id = fmt.Sprintf("put-%d", i)
		put := func(lang string) func() answer {
			return func() answer { return n.call("PUT", "/v1/articles/"+id+"/"+lang, body(lang)) }
		}
		n.together(put("fr"), put("en"), put("de"))
		sources := map[string]bool{}
		for _, lang := range []string{"fr", "en", "de"} {
			sources[n.must(http.StatusOK, "GET", "/v1/articles/"+id+"/"+lang, "").edition(t).SourceLanguage] = true
		}
		if len(sources) != 1 {
			t.Fatalf("article %s has the originals %v", id, sources)
		}
	}
}

func TestNoTranslationSlipsPastItsOriginal(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	for i := range 30 {
		at := fmt.Sprintf("/v1/articles/slip-%d/", i)
		n.must(http.StatusCreated, "PUT", at+"fr", minimal)
		hold := func() answer { return n.call("PATCH", at+"fr", `{"pubStatus": "withheld"}`) }
		switch i % 3 {
		case 1:
			hold = func() answer { return n.call("POST", at+"cancel", `{"reason": "Erreur."}`) }
		case 2:
			hold = func() answer { return n.call("PATCH", at+"fr", `{"embargoedUntil": `+far+`}`) }
		}
		statuses := n.together(hold, func() answer { return n.call("PUT", at+"en", translation("")) })
		a := n.call("GET", at+"en", "")
		if a.status == http.StatusOK && a.edition(t).PubStatus == article.Usable {
			t.Errorf("%s: the translation is usable, the original %s (%v)", at, n.must(http.StatusOK, "GET", at+"fr", "").edition(t).PubStatus, statuses)
		}
	}
}

func TestManyWritersOfOneEdition(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	n.must(http.StatusCreated, "PUT", french, minimal)
	var calls []func() answer
	for i := range 12 {
		calls = append(calls,
			func() answer { return n.call("PATCH", french, fmt.Sprintf(`{"usageTerms": "Termes %d"}`, i)) },
			func() answer { return n.call("PATCH", french, fmt.Sprintf(`{"copyrightHolder": "Titulaire %d"}`, i)) })
	}
	for i, status := range n.together(calls...) {
		if status != http.StatusOK {
			t.Errorf("patch %d without a condition: status %d", i, status)
		}
	}
	if e := n.must(http.StatusOK, "GET", french, "").edition(t); e.Version != 25 || e.UsageTerms == "" || e.Copyright == "" {
		t.Errorf("after 24 patches: version %d, %q, %q", e.Version, e.UsageTerms, e.Copyright)
	}
}

const gazette = `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>La Gazette</title><language>fr</language>
<item><title>Les communes ouvrent leurs registres</title><link>https://gazette.example/registres</link><guid>g-1</guid>
<description>Le texte %s des registres partagés, que chacun peut lire.</description></item></channel></rss>`

// TestAFeedSentAgainUndoesNothing imports the same feed after its article was
// withdrawn, restricted or corrected.
func TestAFeedSentAgainUndoesNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		method, path, body string
		holds              func(article.Edition) bool
	}{
		"canceled":  {"POST", "/cancel", `{"reason": "Diffamation.", "legal": true}`, func(e article.Edition) bool { return e.PubStatus == article.Canceled && e.Cancellation.Legal }},
		"withheld":  {"PATCH", "", `{"pubStatus": "withheld"}`, func(e article.Edition) bool { return e.PubStatus == article.Withheld }},
		"embargo":   {"PATCH", "", `{"embargoedUntil": ` + far + `}`, func(e article.Edition) bool { return e.EmbargoedUntil != nil }},
		"audience":  {"PATCH", "", `{"audience": {"partners": ["p"]}, "edNote": "À nous."}`, func(e article.Edition) bool { return !e.For("q") && e.EdNote == "À nous." }},
		"corrected": {"PATCH", "", `{"headline": "Le bon titre", "correction": "Le titre."}`, func(e article.Edition) bool { return e.Headline == "Le bon titre" }},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, ingest.Config{AdminKey: adminKey})
			feed := fmt.Sprintf(gazette, "premier")
			n.imports(feed, "application/rss+xml", "")
			var list struct{ Articles []struct{ ID string } }
			n.must(http.StatusOK, "GET", "/v1/articles", "").into(t, &list)
			at := "/v1/articles/" + list.Articles[0].ID + "/fr"
			n.must(http.StatusOK, tc.method, at+tc.path, tc.body)
			logged := n.logged()
			if p := n.imports(feed, "application/rss+xml", ""); p.Unchanged != 1 || n.logged() != logged {
				t.Errorf("sent again: %s", p.counts())
			}
			if e := n.must(http.StatusOK, "GET", at, "").edition(t); !tc.holds(e) {
				t.Errorf("sent again, it is %+v", e)
			}
			// A text that is new is taken; what governs it stays.
			n.imports(fmt.Sprintf(gazette, "nouveau"), "application/rss+xml", "")
			e := n.must(http.StatusOK, "GET", at, "").edition(t)
			if !strings.Contains(e.BodyText, "nouveau") || (name != "corrected" && !tc.holds(e)) {
				t.Errorf("with a new text, it is %+v", e)
			}
		})
	}
}

func TestWhatAPutLeavesOutIsKept(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	n.must(http.StatusCreated, "PUT", french, with(`"audience": {"partners": ["p"]}, "expires": `+far))
	e := n.must(http.StatusOK, "PUT", french, with(`"section": "a"`)).edition(t)
	if e.For("q") || e.Expires == nil {
		t.Errorf("left out: %+v", e)
	}
	e = n.must(http.StatusOK, "PUT", french, with(`"section": "a", "audience": null, "expires": null`)).edition(t)
	if !e.For("q") || e.Expires != nil {
		t.Errorf("taken away: %+v", e)
	}
}

// TestAnIdempotencyKeyWhereNoneIsHeeded makes no two writes one.
func TestAnIdempotencyKeyWhereNoneIsHeeded(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	for i := range 3 {
		body := strings.Replace(minimal, "Un titre", fmt.Sprintf("Titre %d", i), 1)
		a := n.call("PUT", french, body, "Idempotency-Key", "k")
		if got := a.edition(t).Headline; got != fmt.Sprintf("Titre %d", i) {
			t.Errorf("write %d answers %q", i, got)
		}
		a = n.must(http.StatusOK, "PATCH", french, fmt.Sprintf(`{"section": "S%d"}`, i), "Idempotency-Key", "k")
		if got := a.edition(t).Section; got != fmt.Sprintf("S%d", i) {
			t.Errorf("patch %d answers %q", i, got)
		}
	}
}

func TestPathsAndConditions(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	n.must(http.StatusCreated, "PUT", "/v1/articles/recap/FR", minimal, "If-None-Match", "*")
	n.must(http.StatusPreconditionFailed, "PUT", french, minimal, "If-None-Match", "*")
	n.must(http.StatusOK, "GET", "/v1/articles/recap/FR", "")
	n.must(http.StatusNotFound, "GET", "/v1/articles/recap%2Ffr", "")
	for _, call := range [][2]string{{"PUT", strings.Replace(minimal, `"fr"`, `"en"`, 1)}, {"PATCH", `{"language": "de"}`}, {"PATCH", `{"id": "other"}`}} {
		if p := n.must(http.StatusUnprocessableEntity, call[0], french, call[1]).problem(t); len(p.Errors) != 1 {
			t.Errorf("%s %s: %+v", call[0], call[1], p)
		}
	}
	a := n.must(http.StatusOK, "PATCH", french, `{"headline": "Corrigé", "correction": "Le titre."}`)
	var e map[string]any
	if err := json.Unmarshal(a.body, &e); err != nil {
		t.Fatal(err)
	}
	delete(e, "bodyHtml")
	delete(e, "correction")
	again, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if e := n.must(http.StatusOK, "PUT", french, string(again)).edition(t); e.Version != 2 || e.Correction != "Le titre." {
		t.Errorf("put back without its note: version %d, %q", e.Version, e.Correction)
	}
	n.must(http.StatusUnsupportedMediaType, "PUT", french, minimal, "Content-Encoding", "gzip")
	n.must(http.StatusUnsupportedMediaType, "POST", "/v1/imports", "x", "Content-Type", ndjson, "Content-Encoding", "gzip")
	n.must(http.StatusBadRequest, "GET", "/v1/articles?q=%zz", "")
	n.must(http.StatusUnprocessableEntity, "PATCH", french, `{"embargoedUntil": "0001-01-01T00:00:00Z"}`)
}
