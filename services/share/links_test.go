// SPDX-License-Identifier: Apache-2.0

package share_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/article"
)

type bulkResult struct {
	Status int
	Link   made
	Error  struct {
		Type, Title, Detail, RequestID string
		Status                         int
		Errors                         []struct{ Pointer, Detail string }
	}
}

func results(t *testing.T, w *httptest.ResponseRecorder) []bulkResult {
	t.Helper()
	var answer struct{ Results []bulkResult }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return answer.Results
}

func TestManyLinksAtOnce(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	there := d.link(http.StatusCreated, `{"article": "recap", "channel": "mail"}`)
	d.link(http.StatusCreated, `{"article": "recap", "code": "taken"}`)
	body := `{"links": [
		{"article": "recap", "channel": "qr"}, {"article": "recap", "channel": "mail"}, {"article": "none", "channel": "A B"},
		{"article": "recap", "channel": "x", "code": "taken"}, {"article": "recap", "expires": "2020-01-01T00:00:00Z"}]}`
	got := results(t, d.edit(http.StatusOK, "POST", "/v1/links/bulk", body))
	for i, want := range []int{201, 200, 422, 409, 422} {
		r := got[i]
		if r.Status != want || (want < 300) != (r.Link.Code != "") || (want >= 300) != (r.Error.Status == want && r.Error.Type != "" && r.Error.RequestID != "") {
			t.Errorf("link %d: %+v, want status %d", i, r, want)
		}
	}
	if got[1].Link.Code != there.Code || len(got[2].Error.Errors) != 2 || got[3].Error.Errors[0].Pointer != "/code" {
		t.Errorf("results %+v", got)
	}
	d.follow(http.StatusFound, got[0].Link.URL)

	many := func(n int) string {
		return `{"links": [` + strings.TrimSuffix(strings.Repeat(`{"article": "recap"},`, n), ",") + `]}`
	}
	if all := results(t, d.edit(http.StatusOK, "POST", "/v1/links/bulk", many(1000))); len(all) != 1000 || all[999].Link.Code != all[0].Link.Code {
		t.Errorf("%d results", len(all))
	}
	for _, tc := range []struct {
		body, mentions string
		status         int
	}{
		{`{"links": []}`, `"/links"`, 422},
		{`{}`, `"/links"`, 422},
		{many(1001), `"/links"`, 422},
		{`{"links": [{"article": "recap"}, {"artikel": "recap"}]}`, `"/links/1/artikel"`, 400},
		{`[]`, "", 400},
	} {
		if w := d.edit(tc.status, "POST", "/v1/links/bulk", tc.body); !strings.Contains(w.Body.String(), tc.mentions) {
			t.Errorf("%.60s: %s", tc.body, w.Body)
		}
	}
	// A code may be called as a route is.
	d.link(http.StatusCreated, `{"article": "recap", "code": "bulk"}`)
	d.edit(http.StatusOK, "GET", "/v1/links/bulk", "")
}

func TestABulkIsAnsweredOnce(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	send := func() *httptest.ResponseRecorder {
		return d.call("POST", "/v1/links/bulk", `{"links": [{"article": "recap"}]}`, "Authorization", "Bearer "+editorKey, "Idempotency-Key", "k")
	}
	first, again := send(), send()
	if results(t, first)[0].Status != 201 || again.Body.String() != first.Body.String() || again.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("first %s, then %s", first.Body, again.Body)
	}
}

func TestAPartnersBulkIsItsOwn(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	w := d.call("POST", "/v1/links/bulk?key="+partnerKey, `{"links": [{"article": "recap"}, {"article": "recap", "partner": "revue"}]}`, "Origin", "https://gazette.example")
	got := results(t, w)
	if got[0].Status != 201 || got[0].Link.Partner != "gazette" || got[1].Status != 403 {
		t.Errorf("results %+v", got)
	}
	if w := d.call("POST", "/v1/links/import?key="+partnerKey, "article\nrecap\n", "Content-Type", "text/csv"); w.Code != http.StatusUnauthorized {
		t.Errorf("a partner imports: %d", w.Code)
	}
}

type imported struct {
	Read, Created, Existing, Rejected int
	Errors                            []struct {
		Line   int
		Detail string
	}
}

func (d *desk) take(target, contentType, body string) imported {
	d.t.Helper()
	w := d.call("POST", target, body, "Authorization", "Bearer "+editorKey, "Content-Type", contentType)
	var i imported
	if err := json.Unmarshal(w.Body.Bytes(), &i); err != nil || w.Code != http.StatusOK {
		d.t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return i
}

func TestLinksMadeElsewhere(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1, CanonicalURL: "https://journal.example/recap"})
	d.publish(article.Edition{ID: "recap", Language: "en", Version: 1})
	const shlink = `"createdAt","domain","shortCode","shortUrl","longUrl","title","tags","visits"
"2021-05-05T10:00:00+02:00","s.example","AbC","https://s.example/AbC","https://journal.example/recap?utm_source=x","Un","",1
"2021-05-05T10:00:00+02:00","s.example","aBc","https://s.example/aBc","https://gazette.example/en/recap","Deux","",1
"2021-05-05T10:00:00+02:00","s.example","gaz","https://s.example/gaz","https://gazette.example/en/recap","Trois","",1
"2021-05-05T10:00:00+02:00","s.example","away","https://s.example/away","https://elsewhere.example/","Quatre","",1
"2021-05-05T10:00:00+02:00","s.example","a/b","https://s.example/a/b","https://journal.example/recap","Cinq","",1
`
	for round := range 2 { // sending it again is harmless
		got := d.take("/v1/links/import", "text/csv", shlink)
		if got.Read != 5 || got.Created != 2-2*round || got.Existing != 2*round || got.Rejected != 3 || len(got.Errors) != 3 {
			t.Fatalf("round %d: %+v", round, got)
		}
		told := fmt.Sprint(got.Errors)
		for _, want := range []string{`3 "abc": the code is taken`, `5 "away": no article is known`, `6 "a/b": code: must match`} {
			if !strings.Contains(told, want) {
				t.Errorf("errors %s, want %s", told, want)
			}
		}
	}
	if got := d.follow(http.StatusFound, "/s/AbC", "Accept-Language", "en").Header().Get("Location"); got != "https://journal.example/recap" {
		t.Errorf("the first leads to %q", got)
	}
	if got := d.follow(http.StatusFound, "/s/gaz", "Accept-Language", "fr").Header().Get("Location"); !strings.HasPrefix(got, "https://gazette.example/en/recap") {
		t.Errorf("the third leads to %q", got)
	}
	if body := d.edit(http.StatusOK, "GET", "/v1/links/abc", "").Body.String(); !strings.Contains(body, `"created":"2021-05-05T08:00:00Z"`) {
		t.Errorf("link %s", body)
	}
	const yourls = `{"links": {"link_1": {"shorturl": "https://y.example/ozh", "url": "https://journal.example/recap", "timestamp": "2021-05-05 10:00:00"}}}`
	if got := d.take("/v1/links/import?format=yourls", "application/json", yourls); got.Created != 1 || got.Rejected != 0 {
		t.Errorf("of YOURLS: %+v", got)
	}
	own := "article,channel,expires\n" + strings.Repeat("recap,mail,\n", 600) + "recap,A B,\nnone,,\nrecap,old,2020-01-01\n"
	if got := d.take("/v1/links/import?format=csv", "text/csv; charset=utf-8", own); got.Read != 603 || got.Created+got.Existing != 601 || got.Rejected != 2 || got.Errors[0].Line != 602 {
		t.Errorf("our own: %+v", got)
	}
}

func TestBadImports(t *testing.T) {
	d := open(t)
	for _, tc := range []struct {
		target, contentType string
		status              int
		mentions            string
	}{
		{"/v1/links/import?format=bitly", "text/csv", 400, "/format"},
		{"/v1/links/import?from=csv", "text/csv", 400, "/from"},
		{"/v1/links/import", "application/pdf", 415, "/Content-Type"},
		{"/v1/links/import", "text/csv; charset=latin1", 415, "utf-8"},
	} {
		w := d.call("POST", tc.target, "article\n", "Authorization", "Bearer "+editorKey, "Content-Type", tc.contentType)
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.mentions) {
			t.Errorf("%s as %s: status %d, want %d: %s", tc.target, tc.contentType, w.Code, tc.status, w.Body)
		}
	}
	if w := d.call("POST", "/v1/links/import", "", "Content-Type", "text/csv"); w.Code != http.StatusUnauthorized {
		t.Errorf("without a key: %d", w.Code)
	}
	var lines strings.Builder
	lines.WriteString("article\n")
	for range 1500 {
		lines.WriteString("none\n")
	}
	if got := d.take("/v1/links/import", "text/csv", lines.String()); got.Rejected != 1500 || len(got.Errors) != 1000 {
		t.Errorf("%d rejected, %d told", got.Rejected, len(got.Errors))
	}
	if got := d.take("/v1/links/import", "text/csv", ""); got.Read != 1 || got.Rejected != 1 || !strings.Contains(got.Errors[0].Detail, "empty") {
		t.Errorf("an empty list: %+v", got)
	}
}
