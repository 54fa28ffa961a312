// SPDX-License-Identifier: Apache-2.0

package content_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/relais-press/relais/services/search/internal/browsertest"
)

// look is what a browser makes of a page.
type look struct {
	Scroll    int    `json:"scroll"` // width of all there is, in pixels
	Accent    string `json:"accent"` // color of a link
	Direction string `json:"direction"`
}

const looks = `(() => ({
	scroll: document.documentElement.scrollWidth,
	accent: getComputedStyle(document.querySelector('.relais-read a')).color,
	direction: getComputedStyle(document.querySelector('.relais-body')).direction,
}))()`

func TestInABrowser(t *testing.T) {
	s := library()
	for i := range s.editions {
		s.editions[i].Image.URL = "https://img.invalid/salle.jpg"
		s.editions[i].BodyHTML += `<table><tr><td>` + strings.Repeat("x", 200) + "</td></tr></table><pre>" + strings.Repeat("y", 200) + "</pre>"
	}
	server := httptest.NewServer(serve(t, s, gazette()))
	t.Cleanup(server.Close)
	p := browsertest.Start(t)
	for lang, direction := range map[string]string{"fr": "ltr", "ar": "rtl"} {
		for scheme, accent := range map[string]string{"light": "rgb(11, 93, 107)", "dark": "rgb(111, 211, 227)"} {
			address := server.URL + "/v1/content/recap/" + lang + "?format=html&key=pk_good"
			p.Do("open "+address, browsertest.Prefers(scheme), chromedp.EmulateViewport(320, 800), chromedp.Navigate(address))
			got, err := browsertest.JS[look](p, looks)
			if err != nil {
				t.Fatalf("look at %s: %v", address, err)
			}
			if want := (look{320, accent, direction}); got != want {
				t.Errorf("%s, %s: %+v, want %+v", lang, scheme, got, want)
			}
		}
	}
}
