// SPDX-License-Identifier: Apache-2.0

package share_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/services/share/internal/click"
)

// click writes a batch of n human clicks, each by a visitor of its own.
func (d *desk) click(writer string, n int, k click.Click) {
	d.t.Helper()
	b := click.Batch{Writer: writer, Number: 1}
	for i := range n {
		k.Class, k.Visitor = click.Human, fmt.Sprint(writer, i)
		b.Clicks = append(b.Clicks, k)
	}
	data, err := json.Marshal(b)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.bus.Publish(d.t.Context(), bus.Message{Subject: bus.ClickSubject + "0", Data: data}); err != nil {
		d.t.Fatal(err)
	}
}

func TestStats(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	l := d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette", "channel": "mail"}`)
	today := time.Now().UTC().Truncate(time.Hour)
	old := today.AddDate(0, 0, -40)
	at := click.Click{Code: l.Code, Article: "recap", Partner: "gazette", Channel: "mail", Language: "fr", Hour: today}
	d.click("a", 12, at)
	at.Channel = "qr"
	d.click("b", 2, at)
	at.Channel, at.Hour = "mail", old // too late for visitors
	d.click("c", 7, at)
	at.Partner, at.Hour, at.Channel = "revue", today, "x"
	d.click("d", 9, at)
	await(t, "the clicks", func() bool { return d.total(l.Code)["human"] == 30 })

	day, first := today.Format(time.DateOnly), old.Format(time.DateOnly)
	const rest = `"preview":0,"scanner":0,"bot":0,"prefetch-refused":0,"monitor":0,"unknown":0`
	for _, tc := range []struct{ name, target, want string }{
		{"the last 30 days", "/v1/stats", `"human":23`},
		{"without grouping there are no rows", "/v1/stats", `"rows":[]`},
		{"longer", "/v1/stats?from=" + first, `"human":30`},
		{"an article, by partner", "/v1/stats?article=recap&groupBy=partner", `{"partner":"gazette","human":14,` + rest + `,"uniques":14},{"partner":"revue","human":9,` + rest + `,"uniques":9}]`},
		{"another article", "/v1/stats?article=other", `"human":0`},
		{"a partner, by class", "/v1/stats?partner=revue&groupBy=class", `"rows":[{"class":"human","clicks":9,"uniques":9}]`},
		{"a link, from its first click on, by day and channel", "/v1/links/" + l.Code + "/stats", `"rows":[{"day":"` + first + `","channel":"mail","human":7,` + rest + `,"uniques":0},{"day":"` + day + `","channel":"mail","human":12,`},
		{"a link, in one sum", "/v1/links/" + l.Code + "/stats?groupBy=&from=" + day, `"code":"` + l.Code + `","from":"` + day + `","to":"` + day + `","total":{"bot":0,"human":23,`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := d.edit(http.StatusOK, "GET", tc.target, "")
			if !strings.Contains(w.Body.String(), tc.want) || w.Header().Get("ETag") == "" {
				t.Errorf("%s, want %s in it", w.Body, tc.want)
			}
			if again := d.call("GET", tc.target, "", "Authorization", "Bearer "+editorKey, "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified {
				t.Errorf("nothing has changed: %d", again.Code)
			}
		})
	}
	t.Run("as CSV", func(t *testing.T) {
		want := "channel,human,preview,scanner,bot,prefetch-refused,monitor,unknown,uniques\r\nmail,12,0,0,0,0,0,0,12\r\n"
		target := "/v1/stats?groupBy=channel"
		for _, w := range []interface{ Result() *http.Response }{
			d.edit(http.StatusOK, "GET", target+"&format=csv", ""),
			d.call("GET", target, "", "Authorization", "Bearer "+editorKey, "Accept", "text/csv"),
		} {
			r := w.Result()
			body := make([]byte, len(want))
			if _, err := r.Body.Read(body); err != nil || string(body) != want || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/csv") {
				t.Errorf("%s %q (%v)", r.Header.Get("Content-Type"), body, err)
			}
		}
	})
	t.Run("a partner sees its own numbers, and no small ones", func(t *testing.T) {
		w := d.call("GET", "/v1/stats?groupBy=channel&key="+partnerKey, "", "Origin", "https://gazette.example")
		want := `"rows":[{"channel":"mail","human":null,` + rest + `,"uniques":null,"suppressed":true},{"channel":"qr","human":null,` + rest + `,"uniques":null,"suppressed":true}]}`
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) || !strings.Contains(w.Body.String(), `"human":14`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		w = d.call("GET", "/v1/links/"+l.Code+"/stats?groupBy=&key="+partnerKey, "", "Origin", "https://gazette.example")
		if !strings.Contains(w.Body.String(), `"human":21`) {
			t.Errorf("clicks that are credited to another: %s", w.Body)
		}
	})
	for _, tc := range []struct {
		name, target string
		status       int
		mentions     string
	}{
		{"another partner", "/v1/stats?partner=revue&key=" + partnerKey, 403, `"/partner"`},
		{"no key", "/v1/stats", 401, ""},
		{"unknown parameter", "/v1/stats?group=day", 400, `"/group"`},
		{"unknown dimension", "/v1/stats?groupBy=hour", 400, `"/groupBy"`},
		{"no date", "/v1/stats?from=soon", 400, `"/from"`},
		{"an end before the beginning", "/v1/stats?from=2026-11-27&to=2026-11-26", 400, `"/to"`},
		{"too long", "/v1/stats?from=2020-01-01", 400, `"/from"`},
		{"no id", "/v1/stats?article=A%20B", 400, `"/article"`},
		{"no partner's id", "/v1/stats?partner=A%20B", 400, `"/partner"`},
		{"no format", "/v1/stats?format=xml", 400, `"/format"`},
		{"a link, of an article", "/v1/links/" + l.Code + "/stats?article=recap", 400, `"/article"`},
		{"no such link", "/v1/links/nothing-here/stats", 404, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			header := []string{"Authorization", "Bearer " + editorKey}
			if tc.status == 401 {
				header = nil
			}
			if w := d.call("GET", tc.target, "", header...); w.Code != tc.status || !strings.Contains(w.Body.String(), tc.mentions) {
				t.Errorf("%d, want %d with %s: %s", w.Code, tc.status, tc.mentions, w.Body)
			}
		})
	}
}

func TestARecountAgrees(t *testing.T) {
	d := open(t)
	d.click("a", 12, click.Click{Code: "AB", Article: "recap", Hour: time.Now().UTC().Truncate(time.Hour)})
	w := d.edit(http.StatusAccepted, "POST", "/v1/recounts", "")
	at := w.Header().Get("Location")
	var r struct {
		ID, State          string
		Difference, Clicks int
	}
	await(t, "its end", func() bool {
		if err := json.Unmarshal(d.edit(http.StatusOK, "GET", at, "").Body.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		return r.State != "running"
	})
	if r.State != "done" || r.Difference != 0 || at != "/v1/recounts/"+r.ID {
		t.Errorf("%+v at %s", r, at)
	}
	d.edit(http.StatusNotFound, "GET", "/v1/recounts/other", "")
	if w := d.call("POST", "/v1/recounts?key="+partnerKey, ""); w.Code != http.StatusUnauthorized {
		t.Errorf("a partner: %d", w.Code)
	}
}
