// SPDX-License-Identifier: Apache-2.0

package ingest_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/ingest"
)

type extracted struct {
	Edition  article.Edition
	Warnings []struct{ Pointer, Detail string }

	Suggestions []struct {
		Pointer    string
		Value      any
		Confidence float64
		Applied    bool
	}
}

func sample(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "recap-blockchain-collectivites.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// speakers are the six people of the sample recap.
func speakers() []article.Person {
	person := func(name, role, affiliation string) article.Person {
		return article.Person{Name: name, Role: role, Affiliation: affiliation, Rel: "speaker"}
	}
	return []article.Person{
		person("Thomas Saint-Aubin", "", "Seraphin.legal"), person("Stéphane Vincent", "", "La 27ème région"),
		person("Claire Balva", "CEO", "Blockchain Partner"), person("Simon Marsol", "Directeur secteur public", "Sopra Steria"),
		person("Nina Fabrizi-Racine", "", ""), person("Christophe Lemee", "Président", "Deep Block"),
	}
}

func TestWhatTheRecapSaysOfItself(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	var x extracted
	n.must(http.StatusOK, "POST", "/v1/extract", sample(t), "Content-Type", "text/plain").into(t, &x)
	if diff := cmp.Diff(speakers(), x.Edition.People); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	for _, want := range []string{"Seraphin.legal", "Blockchain Partner", "Sopra Steria", "Deep Block"} {
		if !slices.Contains(x.Edition.Organisations, want) {
			t.Errorf("organisations %q lack %s", x.Edition.Organisations, want)
		}
	}
	// “les 6 et 7 décembre prochains”, from today on.
	now := time.Now().UTC()
	start := time.Date(now.Year(), 12, 6, 0, 0, 0, 0, time.UTC)
	if now.After(start) {
		start = start.AddDate(1, 0, 0)
	}
	e := x.Edition.Event
	if e == nil || e.Name != "2ème Village de la Legal Tech" || e.Location != "Paris" || e.StartDate == nil || !e.StartDate.Equal(start) ||
		e.EndDate == nil || !e.EndDate.Equal(start.AddDate(0, 0, 1)) {
		t.Errorf("event %+v", e)
	}
	applied := 0
	for _, s := range x.Suggestions {
		if s.Confidence <= 0 || s.Confidence > 1 || strings.HasSuffix(s.Pointer, "/-") == s.Applied {
			t.Errorf("suggestion %+v", s)
		}
		if s.Applied && strings.HasPrefix(s.Pointer, "/people/") {
			applied++
		}
	}
	if applied != 6 || len(x.Edition.Keywords) == 0 || x.Edition.Section == "" {
		t.Errorf("%d people applied, keywords %q, section %q", applied, x.Edition.Keywords, x.Edition.Section)
	}
	if n.logged() != 0 {
		t.Error("extract wrote to the log")
	}
	published := n.must(http.StatusCreated, "POST", "/v1/articles", sample(t), "Content-Type", "text/plain").edition(t)
	if diff := cmp.Diff(x.Edition.People, published.People); diff != "" || published.Event == nil {
		t.Errorf("published with other people (-extracted +published):\n%s", diff)
	}
}

// TestTheEditorHasTheLastWord: what is sent is not guessed, what was taken out
// does not come back.
func TestTheEditorHasTheLastWord(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	at := "/v1/articles/r/fr"
	n.must(http.StatusCreated, "PUT", at, sample(t), "Content-Type", "text/plain")
	logged := n.logged()
	n.must(http.StatusOK, "PUT", at, sample(t), "Content-Type", "text/plain")
	if n.logged() != logged {
		t.Error("the same text again is no event")
	}
	if e := n.must(http.StatusOK, "PATCH", at, `{"people": null, "section": "Justice"}`).edition(t); len(e.People) != 0 || e.Section != "Justice" {
		t.Errorf("patched: %+v", e.People)
	}
	if e := n.must(http.StatusOK, "PATCH", at, `{"headline": "Autre titre"}`).edition(t); len(e.People) != 0 {
		t.Errorf("people came back with a patch: %+v", e.People)
	}
	n.must(http.StatusOK, "PATCH", at, `{"headline": "Blockchain et collectivités : quelles potentialités ?"}`)
	logged = n.logged()
	e := n.must(http.StatusOK, "PUT", at, sample(t), "Content-Type", "text/plain").edition(t)
	if len(e.People) != 0 || e.Section != "Justice" {
		t.Errorf("people came back with the text: %+v, section %s (log %d → %d)", e.People, e.Section, logged, n.logged())
	}
	body := `{"headline": "Une rencontre", "language": "fr", "people": [], "keywords": null, "organisations": ["La Gazette"],
		"bodyText": "Claire Balva (CEO de Blockchain Partner) a ouvert la rencontre à Paris."}`
	e = n.must(http.StatusCreated, "PUT", "/v1/articles/s/fr", body).edition(t)
	if len(e.People) != 0 || len(e.Keywords) != 0 || !slices.Equal(e.Organisations, []string{"La Gazette"}) {
		t.Errorf("guessed against the editor: %+v", e)
	}
	e = n.must(http.StatusCreated, "PUT", "/v1/articles/t/fr", strings.Replace(body, `"people": [],`, "", 1)).edition(t)
	if len(e.People) != 1 || e.People[0].Name != "Claire Balva" {
		t.Errorf("not guessed: %+v", e.People)
	}
}

func TestLanguages(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey, Languages: []string{"fr", "en"}})
	const german = "Die Gemeinden haben gemeinsam beschlossen, ihre Register künftig digital zu führen. Das sagte die Bürgermeisterin am Montag."
	warned := func(query, contentType, body string) (language string, warned bool) {
		t.Helper()
		var x extracted
		n.must(http.StatusOK, "POST", "/v1/extract"+query, body, "Content-Type", contentType).into(t, &x)
		for _, w := range x.Warnings {
			warned = warned || w.Pointer == "/language"
		}
		return x.Edition.Language, warned
	}
	if got, w := warned("", "text/plain", sample(t)); got != "fr" || w {
		t.Errorf("the recap: %s, warned %v", got, w)
	}
	if got, w := warned("?language=en", "text/plain", sample(t)); got != "en" || !w {
		t.Errorf("the recap, said to be English: %s, warned %v", got, w)
	}
	if got, w := warned("?language=fr-CA", "text/plain", sample(t)); got != "fr-CA" || w {
		t.Errorf("the recap, said to be Canadian: %s, warned %v", got, w)
	}
	if got, _ := warned("", "text/plain", "Register\n\n"+german); got == "de" {
		t.Error("a language that is not among those to choose from was detected")
	}
	if got, w := warned("?language=de", "text/plain", "Register\n\n"+german); got != "de" || w {
		t.Errorf("German, said to be: %s, warned %v", got, w)
	}
}
