// SPDX-License-Identifier: Apache-2.0

package search_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/article"
)

// rebuild asks for a generation and waits for its end.
func (d *desk) rebuild(order string) (state, serving, problem string) {
	d.t.Helper()
	const path = "/v1/index/generations"
	w := d.send(http.MethodPost, path, order, "Authorization", "Bearer "+adminKey, "Content-Type", "application/json")
	if w.Code != http.StatusAccepted || w.Header().Get("Location") != path {
		d.t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	var g struct{ State, Serving, Error string }
	d.await("the generation to be built", func() bool {
		d.into(&g, path, "Authorization", "Bearer "+adminKey)
		return g.State != "filling" && g.State != "verifying"
	})
	return g.State, g.Serving, g.Error
}

func TestAGenerationIsBuiltFromTheLog(t *testing.T) {
	d := open(t)
	d.publish(recap(1, "La blockchain"))
	d.publish(article.Edition{ID: "gone", Language: "fr", Version: 1, Headline: "La blockchain retirée", BodyText: "Corps."})
	d.publish(article.Edition{ID: "gone", Language: "fr", Version: 2, PubStatus: article.Withheld, Headline: "La blockchain retirée", BodyText: "Corps."})
	for _, c := range []struct{ order, serving string }{{"", "b"}, {"{}", "a"}, {`{"rollback": true}`, "b"}} {
		if state, serving, problem := d.rebuild(c.order); state != "serves" || serving != c.serving {
			t.Errorf("%s left %s, serving %s: %s", c.order, state, serving, problem)
		}
		if n := d.total(siteKey, "blockchain"); n != 1 {
			t.Errorf("after %s, %d articles are found", c.order, n)
		}
		d.publish(recap(2, "La blockchain"))
	}
	d.stop()
	d.start()
	var g struct{ State, Serving string }
	d.into(&g, "/v1/index/generations", "Authorization", "Bearer "+adminKey)
	if g.State != "idle" || g.Serving != "b" || d.total(siteKey, "blockchain") != 1 {
		t.Errorf("after a new start it is %+v", g)
	}
}

func TestGenerationsAreForAdmins(t *testing.T) {
	d := open(t)
	for _, c := range []struct {
		method, key, body string
		status            int
	}{
		{http.MethodGet, "", "", http.StatusUnauthorized},
		{http.MethodPost, siteKey, "", http.StatusForbidden},
		{http.MethodPost, editKey, "", http.StatusForbidden},
		{http.MethodPost, adminKey, `{"rollback": "yes"}`, http.StatusBadRequest},
		{http.MethodPost, adminKey, `{"rolback": true}`, http.StatusBadRequest},
		{http.MethodPost, adminKey, `{`, http.StatusBadRequest},
	} {
		w := d.send(c.method, "/v1/index/generations", c.body, "Authorization", "Bearer "+c.key, "Content-Type", "application/json")
		var problem struct{ Status int }
		if err := json.Unmarshal(w.Body.Bytes(), &problem); w.Code != c.status || err != nil || strings.Contains(w.Body.String(), "serving") {
			t.Errorf("%s %q %s: status %d, want %d: %s", c.method, c.key, c.body, w.Code, c.status, w.Body)
		}
	}
}
