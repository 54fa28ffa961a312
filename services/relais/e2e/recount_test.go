// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestCountsAreRight kills everything after readers have come, and has the
// clicks counted again: at the terminal, and as the API shows it.
func TestCountsAreRight(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		r.partner()
		r.edit(http.StatusCreated, "PUT", "/v1/articles/recap/fr?wait=searchable", `{"headline": "Registres partagés", "bodyText": "Le texte."}`)
		var link struct{ Code, URL string }
		r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "recap", "partner": "p", "channel": "mail"}`).into(t, &link)
		path := strings.TrimPrefix(link.URL, r.base)
		for range 20 {
			r.must(http.StatusFound, "GET", path, "", "User-Agent", firefox)
		}
		await(t, "the clicks", func() bool { return r.humans(link.Code) == 20 })
		for _, part := range r.parts {
			part.kill()
		}
		r.boot(r)
		r.ready()
		await(t, "the counts to be there", func() bool {
			a := r.call("GET", "/v1/links/"+link.Code+"/stats", "", "Authorization", "Bearer "+adminKey)
			return a.status == http.StatusOK && strings.Contains(string(a.body), `"human":20`)
		})
		if out, errs, code := r.run("", "recount"); code != 0 || !strings.HasPrefix(out, "20 clics recomptés, aucun écart.") {
			t.Errorf("recount: %d\n%s%s", code, out, errs)
		}
		r.edit(http.StatusOK, "GET", "/v1/stats?groupBy=article,code,class", "")
		table := r.edit(http.StatusOK, "GET", "/v1/stats?groupBy=channel&format=csv", "")
		if !strings.Contains(string(table.body), "\r\nmail,20,0,") {
			t.Errorf("as CSV: %s", table.body)
		}
	})
}
