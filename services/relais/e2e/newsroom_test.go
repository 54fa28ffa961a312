// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

// answer is what came back from a call.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// into decodes the answer.
func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("status %d: %v: %s", a.status, err, a.body)
	}
}

// browser follows no redirect: they are looked at.
var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// call sends a request; header is names and values in turn.
func (r *relay) call(method, path, body string, header ...string) answer {
	r.t.Helper()
	target := path
	if !strings.HasPrefix(path, "http") {
		target = r.base + path
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := browser.Do(req)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	out := answer{resp.StatusCode, resp.Header, b}
	keepsContract(r.t, req, body, out)
	return out
}

// must is call with a status that has to come back.
func (r *relay) must(status int, method, path, body string, header ...string) answer {
	r.t.Helper()
	a := r.call(method, path, body, header...)
	if a.status != status {
		r.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.body)
	}
	return a
}

// edit is must with the admin key and JSON.
func (r *relay) edit(status int, method, path, body string, header ...string) answer {
	r.t.Helper()
	return r.must(status, method, path, body, append([]string{"Authorization", "Bearer " + adminKey, "Content-Type", "application/json"}, header...)...)
}

const origin = "https://partenaire.example"

// partner makes the partner p and returns a key of it.
func (r *relay) partner() string {
	r.t.Helper()
	r.edit(http.StatusCreated, "PUT", "/v1/partners/p", `{"name": "Le Partenaire", "origins": ["`+origin+`"], "defaultLanguage": "fr",
		"articleUrl": "https://partenaire.example/{lang}/{id}", "campaign": {"source": "relais"}}`)
	var key struct{ ID, Key string }
	r.edit(http.StatusCreated, "POST", "/v1/partners/p/keys", `{"name": "site"}`).into(r.t, &key)
	return key.Key
}

// recap posts the sample recap as it was copied from a page.
func (r *relay) recap() (id string) {
	r.t.Helper()
	text, err := os.ReadFile("../internal/demo/recap/blockchain-et-collectivites-quelles-potentialites.fr.txt")
	if err != nil {
		r.t.Fatal(err)
	}
	var e struct{ ID string }
	r.edit(http.StatusCreated, "POST", "/v1/articles?wait=searchable", string(text), "Content-Type", "text/plain").into(r.t, &e)
	return e.ID
}

type result struct {
	Total    int
	Language string
	Hits     []struct {
		ID, Language, MatchedLanguage, URL, ShareURL string
		Headline, Excerpt                            struct {
			Text  string
			Marks [][2]int
		}
		ReadingMinutes int
		Translations   []struct{ Language, URL string }
	}
}

// search asks as the partner's site does, from its origin.
func (r *relay) search(key, q string, params ...string) result {
	r.t.Helper()
	v := url.Values{"key": {key}, "q": {q}}
	for i := 0; i < len(params); i += 2 {
		v.Set(params[i], params[i+1])
	}
	var out result
	r.must(http.StatusOK, "GET", "/v1/search?"+v.Encode(), "", "Origin", origin).into(r.t, &out)
	return out
}

func (r *relay) finds(key, q, id string) bool {
	r.t.Helper()
	for _, h := range r.search(key, q).Hits {
		if h.ID == id {
			return true
		}
	}
	return false
}

// humans is how many people clicked on a link.
func (r *relay) humans(code string) int {
	r.t.Helper()
	var stats struct{ Total map[string]int }
	r.edit(http.StatusOK, "GET", "/v1/links/"+code+"/stats", "").into(r.t, &stats)
	return stats.Total["human"]
}
