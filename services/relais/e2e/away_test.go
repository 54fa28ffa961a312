// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhileTheLogIsAway takes the nats-server from under the three services:
// what they know they go on answering, what needs the log they refuse, and
// when it is back they go on by themselves.
func TestWhileTheLogIsAway(t *testing.T) {
	r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}, boot: bootApart}
	r.boot(r)
	r.ready()
	key, id := r.partner(), r.recap()
	var link struct{ Code, URL string }
	r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "`+id+`", "partner": "p"}`).into(t, &link)
	r.must(http.StatusFound, "GET", link.URL, "", "User-Agent", firefox)
	await(t, "the click before", func() bool { return r.humans(link.Code) == 1 })
	r.parts["nats-server"].kill()

	if !r.finds(key, "collectivite", id) {
		t.Error("search forgot what it knew")
	}
	r.must(http.StatusFound, "GET", link.URL, "", "User-Agent", firefox)
	auth := []string{"Authorization", "Bearer " + adminKey, "Content-Type", "application/json"}
	refused := r.must(http.StatusServiceUnavailable, "PUT", "/v1/articles/other/fr", `{"headline": "Autre", "bodyText": "Un autre texte."}`, auth...)
	if refused.header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	if ready := r.call("GET", "/readyz", ""); ready.status != http.StatusServiceUnavailable || !strings.Contains(string(ready.body), "log") {
		t.Errorf("readyz: %d %s", ready.status, ready.body)
	}

	address, err := url.Parse(r.nats)
	if err != nil {
		t.Fatal(err)
	}
	back := start(t, "nats-server", "-js", "-sd", filepath.Join(r.dir, "nats"), "-a", "127.0.0.1", "-p", address.Port())
	back.line("Server is ready")
	await(t, "writes to be accepted again", func() bool {
		return r.call("PUT", "/v1/articles/other/fr", `{"headline": "Autre", "bodyText": "Un autre texte."}`, auth...).status < 300
	})
	await(t, "what was written since to be found", func() bool { return r.finds(key, "autre texte", "other") })
	await(t, "share to have the log again", func() bool {
		return r.call("GET", "/v1/links/"+link.Code+"/stats", "", auth...).status == http.StatusOK
	})
	await(t, "the click made meanwhile to be counted", func() bool { return r.humans(link.Code) == 2 })
	r.ready()
}
