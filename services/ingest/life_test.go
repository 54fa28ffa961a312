// SPDX-License-Identifier: Apache-2.0

package ingest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/services/ingest"
)

const patience = 20 * time.Second

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited %v in vain until %s", patience, what)
		}
	}
}

// into decodes an answer.
func (a answer) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("status %d: %v: %s", a.status, err, a.body)
	}
}

// with is the minimal edition with more members.
func with(members string) string { return strings.Replace(minimal, "{", "{"+members+", ", 1) }

const (
	french  = "/v1/articles/recap/fr"
	english = "/v1/articles/recap/en"
	far     = `"2999-01-01T06:00:00Z"`
)

// translation is an edition in English with more members.
func translation(members string) string {
	return `{"headline": "A headline", "bodyText": "A body."` + members + `}`
}

// TestWhatIsReadBackChangesNothing puts back what a GET gave, in every state.
func TestWhatIsReadBackChangesNothing(t *testing.T) {
	for name, members := range map[string]string{
		"usable":              `"section": "Justice", "people": [{"name": "Anaïs Lefèvre"}]`,
		"under embargo":       `"embargoedUntil": ` + far,
		"expired":             `"expires": "2001-01-01T00:00:00Z"`,
		"withheld by hand":    `"pubStatus": "withheld"`,
		"canceled":            `"pubStatus": "canceled", "cancellation": {"reason": "Erreur."}`,
		"embargo that lifted": `"embargoedUntil": "2001-01-01T00:00:00Z"`,
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, ingest.Config{AdminKey: adminKey})
			n.must(http.StatusCreated, "PUT", french, with(members))
			logged := n.logged()
			read := n.must(http.StatusOK, "GET", french, "")
			var edition map[string]any
			read.into(t, &edition)
			delete(edition, "bodyHtml") // exactly one body
			body, err := json.Marshal(edition)
			if err != nil {
				t.Fatal(err)
			}
			again := n.must(http.StatusOK, "PUT", french, string(body), "If-Match", read.header.Get("ETag"))
			if n.logged() != logged || string(again.body) != string(read.body) {
				t.Errorf("read %s\nput back %s", read.body, again.body)
			}
		})
	}
}

// TestAnEmbargoIsNotLiftedByOmission: only who says so ends an embargo.
func TestAnEmbargoIsNotLiftedByOmission(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	n.must(http.StatusCreated, "PUT", french, with(`"embargoedUntil": `+far))
	for _, tc := range []struct {
		method, body string
		want         article.PubStatus
	}{
		{"PUT", with(`"section": "a"`), article.Withheld},
		{"PUT", with(`"section": "b", "pubStatus": "usable"`), article.Withheld},
		{"PUT", with(`"section": "b", "pubStatus": "withheld"`), article.Withheld},
		{"PATCH", `{"section": "c"}`, article.Withheld},
		{"PATCH", `{"embargoedUntil": null}`, article.Usable},
		{"PATCH", `{"embargoedUntil": ` + far + `}`, article.Withheld},
		{"PATCH", `{"pubStatus": "withheld", "embargoedUntil": null}`, article.Withheld}, // by hand: for good
		{"PATCH", `{"section": "d"}`, article.Withheld},
		{"PATCH", `{"pubStatus": "usable"}`, article.Usable},
		{"PUT", with(`"embargoedUntil": ` + far), article.Withheld},
		{"PUT", with(`"embargoedUntil": null`), article.Usable},
	} {
		if got := n.must(http.StatusOK, tc.method, french, tc.body).edition(t).PubStatus; got != tc.want {
			t.Fatalf("%s %s: %s, want %s", tc.method, tc.body, got, tc.want)
		}
	}
}

func TestNoTranslationIsPublicBeforeItsOriginal(t *testing.T) {
	status := func(n *newsroom, at string) article.PubStatus {
		return n.must(http.StatusOK, "GET", at, "").edition(n.t).PubStatus
	}
	t.Run("the original is under embargo", func(t *testing.T) {
		n := open(t, ingest.Config{AdminKey: adminKey})
		n.must(http.StatusCreated, "PUT", french, with(`"embargoedUntil": `+far))
		p := n.must(http.StatusUnprocessableEntity, "PUT", english, translation(`, "embargoedUntil": "2998-01-01T00:00:00Z"`)).problem(t)
		if len(p.Errors) != 1 || p.Errors[0].Pointer != "/embargoedUntil" {
			t.Errorf("problem %+v", p)
		}
		e := n.must(http.StatusCreated, "PUT", english, translation("")).edition(t)
		if e.PubStatus != article.Withheld || e.EmbargoedUntil == nil {
			t.Errorf("the translation is %s until %v", e.PubStatus, e.EmbargoedUntil)
		}
		// Moved later, the original takes its translation with it.
		n.must(http.StatusOK, "PATCH", french, `{"embargoedUntil": "2999-06-01T00:00:00Z"}`)
		if e := n.must(http.StatusOK, "GET", english, "").edition(t); e.EmbargoedUntil.Month() != time.June || e.Version != 2 {
			t.Errorf("the translation is under embargo until %v", e.EmbargoedUntil)
		}
	})
	t.Run("the original is withheld", func(t *testing.T) {
		n := open(t, ingest.Config{AdminKey: adminKey})
		n.must(http.StatusCreated, "PUT", french, with(`"pubStatus": "withheld"`))
		n.must(http.StatusConflict, "PUT", english, translation(`, "pubStatus": "usable"`))
		n.must(http.StatusCreated, "PUT", english, translation(""))
		if got := status(n, english); got != article.Withheld {
			t.Errorf("the translation is %s", got)
		}
		n.must(http.StatusOK, "PATCH", french, `{"pubStatus": "usable"}`)
		n.must(http.StatusOK, "PATCH", english, `{"pubStatus": "usable"}`)
		n.must(http.StatusOK, "PATCH", french, `{"pubStatus": "withheld"}`)
		if got := status(n, english); got != article.Withheld {
			t.Errorf("the translation of a withdrawn original is %s", got)
		}
	})
	t.Run("the original is canceled", func(t *testing.T) {
		n := open(t, ingest.Config{AdminKey: adminKey})
		n.must(http.StatusCreated, "PUT", french, minimal)
		n.must(http.StatusCreated, "PUT", english, translation(""))
		n.must(http.StatusOK, "PATCH", french, `{"pubStatus": "canceled", "cancellation": {"reason": "Erreur.", "legal": true}}`)
		e := n.must(http.StatusOK, "GET", english, "").edition(t)
		if e.PubStatus != article.Canceled || e.Cancellation == nil || !e.Cancellation.Legal {
			t.Errorf("the translation is %s: %+v", e.PubStatus, e.Cancellation)
		}
		n.must(http.StatusConflict, "PUT", english, translation(`, "pubStatus": "usable"`))
		n.must(http.StatusConflict, "PUT", "/v1/articles/recap/de", `{"headline": "Titel", "bodyText": "Ein Text."}`)
		n.must(http.StatusOK, "PUT", french, with(`"pubStatus": "usable"`))
		n.must(http.StatusOK, "PUT", english, translation(`, "pubStatus": "usable"`))
	})
	t.Run("a translation is canceled alone", func(t *testing.T) {
		n := open(t, ingest.Config{AdminKey: adminKey})
		n.must(http.StatusCreated, "PUT", french, minimal)
		n.must(http.StatusCreated, "PUT", english, translation(""))
		n.must(http.StatusPreconditionFailed, "POST", english+"/cancel", "{}", "If-Match", `"7"`)
		n.must(http.StatusOK, "POST", english+"/cancel", "")
		if status(n, french) != article.Usable || status(n, english) != article.Canceled {
			t.Error("the original was canceled with its translation")
		}
	})
}

// TestAKilledProcessLeavesNoTranslationBehind writes an original alone, as a
// process does that is killed before it comes to the translations.
func TestAKilledProcessLeavesNoTranslationBehind(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	n.must(http.StatusCreated, "PUT", french, minimal)
	n.must(http.StatusCreated, "PUT", english, translation(""))
	last, err := n.bus.Last(t.Context(), bus.Articles, article.Subject("recap", "fr"))
	if err != nil {
		t.Fatal(err)
	}
	change, err := article.Decode(last.Header, last.Data)
	if err != nil {
		t.Fatal(err)
	}
	change.Edition.Version++
	change.Edition.PubStatus, change.Edition.Cancellation = article.Canceled, &article.Cancellation{Reason: "Erreur."}
	change.EventID = "interrupted"
	header, data, err := change.Encode()
	if err != nil {
		t.Fatal(err)
	}
	m := bus.Message{Subject: last.Subject, ID: change.MessageID(), Header: header, Data: data}
	if _, err := n.bus.Append(t.Context(), bus.Articles, m, last.Sequence); err != nil {
		t.Fatal(err)
	}
	n.restart()
	eventually(t, "the translation is canceled too", func() bool {
		e := n.must(http.StatusOK, "GET", english, "").edition(t)
		return e.PubStatus == article.Canceled && e.Cancellation.Reason == "Erreur."
	})
}

func TestAnEmbargoLiftsByItselfAndIsTold(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	until := time.Now().Add(1200 * time.Millisecond).UTC()
	n.must(http.StatusCreated, "PUT", french, with(fmt.Sprintf(`"embargoedUntil": %q`, until.Format(time.RFC3339Nano))))
	eventually(t, "the embargo lifts", func() bool {
		before := time.Now()
		a := n.must(http.StatusOK, "GET", french, "")
		public := a.edition(t).PubStatus == article.Usable
		if public && time.Now().Before(until) {
			t.Fatalf("public %v early", time.Until(until))
		}
		if !public && before.After(until) {
			t.Fatalf("withheld %v after its embargo", before.Sub(until))
		}
		return public
	})
	var status struct{ Stages []bus.Stage }
	eventually(t, "the release is told", func() bool {
		n.must(http.StatusOK, "GET", french+"/status", "").into(t, &status)
		return slices.ContainsFunc(status.Stages, func(s bus.Stage) bool { return s.Stage == bus.StageReleased && !s.At.Before(until) })
	})
}

// TestAnEmbargoThatLiftedWhileNobodyRanIsTold leaves it to the sweep: the call
// was lost with its stream.
func TestAnEmbargoThatLiftedWhileNobodyRanIsTold(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	n.stop()
	until := time.Now().Add(300 * time.Millisecond).UTC()
	n.must(http.StatusCreated, "PUT", french, with(fmt.Sprintf(`"embargoedUntil": %q`, until.Format(time.RFC3339Nano))))
	eventually(t, "the embargo is over", func() bool { return time.Now().After(until) })
	n.restart()
	eventually(t, "the release is told", func() bool {
		return strings.Contains(string(n.must(http.StatusOK, "GET", french+"/status", "").body), bus.StageReleased)
	})
}

func TestListArticles(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	var first time.Time
	for i, e := range []string{
		`"section": "Justice"`, `"section": "Numérique"`, `"pubStatus": "withheld"`, `"embargoedUntil": ` + far, `"section": "justice"`,
	} {
		body := strings.Replace(with(e), "Un titre", fmt.Sprintf("Compte rendu nº %d : l’été à Orléans", i), 1)
		got := n.must(http.StatusCreated, "PUT", fmt.Sprintf("/v1/articles/a-%d/fr", i), body).edition(t)
		if i == 2 {
			first = got.VersionCreated
		}
	}
	n.must(http.StatusCreated, "PUT", "/v1/articles/a-0/en", `{"headline": "A report", "bodyText": "A body."}`)
	n.must(http.StatusOK, "PATCH", "/v1/articles/a-1/fr", `{"keywords": ["x"]}`)
	type page struct {
		Articles []struct {
			ID, Language string
			PubStatus    article.PubStatus
			Stale        bool
		}
	}
	list := func(query string) (ids []string) {
		t.Helper()
		var p page
		n.must(http.StatusOK, "GET", "/v1/articles?"+query, "").into(t, &p)
		for _, a := range p.Articles {
			ids = append(ids, a.ID+"."+a.Language)
		}
		return ids
	}
	for query, want := range map[string]string{
		"":                             "a-1.fr a-0.en a-4.fr a-3.fr a-2.fr a-0.fr",
		"language=EN":                  "a-0.en",
		"pubStatus=withheld":           "a-3.fr a-2.fr",
		"section=JUSTICE":              "a-4.fr a-0.fr",
		"q=ete+orleans+3":              "a-3.fr",
		"q=report":                     "a-0.en",
		"q=nothing":                    "",
		"updatedSince=2999-01-01":      "",
		"section=justice&language=fr":  "a-4.fr a-0.fr",
		"limit=2":                      "a-1.fr a-0.en",
		"pubStatus=canceled&limit=500": "",
		"updatedSince=" + strings.ReplaceAll(first.Format(time.RFC3339Nano), "+", "%2B"): "a-1.fr a-0.en a-4.fr a-3.fr a-2.fr",
	} {
		if got := strings.Join(list(query), " "); got != want {
			t.Errorf("%q lists %q, want %q", query, got, want)
		}
	}
	var walked []string
	for at := "/v1/articles?limit=1"; at != ""; {
		a := n.must(http.StatusOK, "GET", at, "")
		var p page
		a.into(t, &p)
		for _, e := range p.Articles {
			walked = append(walked, e.ID+"."+e.Language)
		}
		at = ""
		if link, ok := strings.CutSuffix(a.header.Get("Link"), `>; rel="next"`); ok {
			at = strings.TrimPrefix(link, "<")
		}
	}
	if !slices.Equal(walked, list("")) {
		t.Errorf("page by page: %v", walked)
	}
	n.must(http.StatusOK, "PATCH", "/v1/articles/a-0/fr", `{"keywords": ["y"]}`)
	if a := n.must(http.StatusOK, "GET", "/v1/articles?language=en", ""); !strings.Contains(string(a.body), `"stale":true`) {
		t.Errorf("not stale: %s", a.body)
	}
	for _, bad := range []string{"limit=0", "limit=x", "cursor=!", "pubStatus=live", "language=f_r", "updatedSince=hier", "lang=fr"} {
		n.must(http.StatusBadRequest, "GET", "/v1/articles?"+bad, "")
	}
}

func TestTheAuditTrail(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	var key struct{ ID, Key string }
	n.must(http.StatusCreated, "POST", "/v1/keys", `{"role": "editor", "name": "desk"}`).into(t, &key)
	as := []string{"Authorization", "Bearer " + key.Key}
	n.must(http.StatusCreated, "PUT", french, minimal)
	n.must(http.StatusCreated, "PUT", "/v1/articles/other/fr", minimal)
	n.must(http.StatusOK, "PATCH", french, `{"headline": "Un meilleur titre", "correction": "Le titre."}`, as...)
	n.must(http.StatusOK, "PATCH", french, `{"pubStatus": "withheld"}`, as...)
	n.must(http.StatusOK, "POST", french+"/cancel", `{"reason": "Erreur."}`)
	trail := func(query string) string {
		t.Helper()
		var list struct {
			Records []struct {
				Who, Action, ID string
				Version         int
				At              time.Time
			}
		}
		n.must(http.StatusOK, "GET", "/v1/audit?"+query, "").into(t, &list)
		var out []string
		for _, r := range list.Records {
			who := "admin"
			if r.Who == key.ID {
				who = "desk"
			}
			if time.Since(r.At) > time.Minute {
				t.Errorf("at %v", r.At)
			}
			out = append(out, fmt.Sprintf("%s %s %s/%d", who, r.Action, r.ID, r.Version))
		}
		return strings.Join(out, ", ")
	}
	for query, want := range map[string]string{
		"":                            "admin canceled recap/4, desk withheld recap/3, desk corrected recap/2, admin published other/1, admin published recap/1",
		"article=other":               "admin published other/1",
		"key=" + key.ID:               "desk withheld recap/3, desk corrected recap/2",
		"key=" + key.ID + "&limit=1":  "desk withheld recap/3",
		"article=recap&limit=2":       "admin canceled recap/4, desk withheld recap/3",
		"article=none":                "",
		"article=recap&key=nobody":    "",
		"article=recap&limit=1&key=x": "",
	} {
		if got := trail(query); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
	n.must(http.StatusForbidden, "GET", "/v1/audit", "", as...)
	n.must(http.StatusBadRequest, "GET", "/v1/audit?article=A.b", "")
	history := string(n.must(http.StatusOK, "GET", french+"/versions", "").body)
	if !strings.Contains(history, `"action":"corrected"`) || !strings.Contains(history, key.ID) {
		t.Errorf("history %s", history)
	}
}

func TestAlternates(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	n.must(http.StatusCreated, "PUT", french, minimal)
	want := `</v1/articles/recap/fr>; rel="alternate"; hreflang="fr", </v1/articles/recap/en>; rel="alternate"; hreflang="en"`
	if got := n.must(http.StatusCreated, "PUT", english, translation("")).header.Get("Link"); got != want {
		t.Errorf("a write: Link %s", got)
	}
	for _, at := range []string{french, english, "/v1/articles/recap"} {
		if got := n.must(http.StatusOK, "GET", at, "").header.Get("Link"); got != want {
			t.Errorf("%s: Link %s", at, got)
		}
	}
}

// TestATranslationSentAgain stays as it is, and stays stale.
func TestATranslationSentAgain(t *testing.T) {
	n := open(t, ingest.Config{AdminKey: adminKey})
	n.must(http.StatusCreated, "PUT", french, minimal)
	n.must(http.StatusCreated, "PUT", english, translation(""))
	n.must(http.StatusOK, "PATCH", french, `{"headline": "Un autre titre"}`)
	logged := n.logged()
	if e := n.must(http.StatusOK, "PUT", english, translation("")).edition(t); e.Version != 1 || e.SourceVersion != 1 || n.logged() != logged {
		t.Errorf("sent again: %+v", e)
	}
	if e := n.must(http.StatusOK, "PUT", english, translation(`, "sourceVersion": 2`)).edition(t); e.Version != 2 || e.SourceVersion != 2 || e.Stale {
		t.Errorf("confirmed: %+v", e)
	}
}
