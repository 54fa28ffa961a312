// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/services/share/internal/page"
)

func inspect(t *testing.T, in page.Inspect, lang string) (body string, nodes []node) {
	t.Helper()
	p := open(t)
	w := show(t, "/s/7KQ2M9XA+?lang="+lang, func(w http.ResponseWriter, r *http.Request) error { return p.Inspect(w, r, in) })
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "; img-src 'self'") {
		t.Errorf("status %d, header %v", w.Code, w.Header())
	}
	return w.Body.String(), parse(t, w.Body.String())
}

func TestInspectTellsWhereALinkLeads(t *testing.T) {
	body, nodes := inspect(t, someInspect(), "fr")
	for _, want := range []string{
		"La blockchain au service des collectivités", "gazette.example", "https://gazette.example/ar/recap-blockchain", "Français", "English", "العربية",
		"La Gazette", "linkedin", "En service jusqu’au ", "1er\u00a0mars\u00a02027", "24\u00a0novembre\u00a02026", "Ce lien ne compte pas votre passage ici.",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if img := find(nodes, "img"); len(img) != 1 || img[0].attr["src"] != "/s/7KQ2M9XA.svg" || img[0].attr["alt"] == "" {
		t.Errorf("picture %v", img)
	}
	if a := find(nodes, "a"); len(a) != 2 || a[0].attr["href"] != public+"/s/7KQ2M9XA" || a[1].attr["href"] != "/s/about" {
		t.Errorf("links %v", a)
	}
}

func TestInspectStates(t *testing.T) {
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		change func(*page.Inspect)
		want   string
		goes   bool
	}{
		{"in service", func(in *page.Inspect) { in.State, in.Ends = page.InService, time.Time{} }, "In service", true},
		{"in service for a time", func(in *page.Inspect) { in.Ends = day }, "In service until 2\u00a0January\u00a02026", true},
		{"ended", func(in *page.Inspect) { in.State, in.Ends = page.Over, day }, "No longer in service since 2\u00a0January\u00a02026", false},
		{"deleted", func(in *page.Inspect) { in.State, in.Ends = page.Over, time.Time{} }, "No longer in service", false},
		{"nothing public", func(in *page.Inspect) { in.Destinations, in.Headline, in.Ends = nil, "", time.Time{} }, "In service", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := someInspect()
			c.change(&in)
			_, nodes := inspect(t, in, "en")
			var said []string
			for _, dd := range find(nodes, "dd") {
				said = append(said, dd.text)
			}
			if !strings.Contains("\n"+strings.Join(said, "\n")+"\n", "\n"+c.want+"\n") {
				t.Errorf("said %q, want %q", said, c.want)
			}
			if goes := len(find(nodes, "a")) == 2; goes != c.goes {
				t.Errorf("the page leads on: %v", goes)
			}
		})
	}
}

func TestInspectOfHostileInput(t *testing.T) {
	in := someInspect()
	in.Code, in.Partner, in.Channel = `a"/><script>`, "\u202e<b>", `"onload="x`
	in.Headline, in.Language = "</h1><script>alert(1)</script>\u2066", `"><script>`
	in.Destinations = []page.Destination{{Language: "fr", URL: "javascript:alert(1)"}, {Language: `"><i>`, URL: "https://user@evil.example/"}, {Language: "x", URL: "https://good.example/"}}
	body, nodes := inspect(t, in, "fr")
	if len(find(nodes, "script"))+len(find(nodes, "i"))+len(find(nodes, "b")) > 0 || len(find(nodes, "li")) != 1 || strings.ContainsAny(body, "\u202e\u2066") {
		t.Errorf("page %s", body)
	}
	for _, n := range nodes {
		if n.attr["onload"] != "" {
			t.Errorf("element %v", n)
		}
	}
}
