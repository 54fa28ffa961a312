// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// examples is the folder of what partners' developers copy.
const examples = "../../../deploy/examples"

// demoRecap is the article of the demo that the examples show.
const demoRecap = "blockchain-et-collectivites-quelles-potentialites"

// example is a partner's site made of one example.
type example struct {
	r           *relay
	address     string // of the site, which is its origin
	key         string
	home        string // paths
	article     string
	results     string
	whole       bool   // the article page holds the whole article, from the relay
	screenshots string // begins the names of its pictures
}

// TestExamples puts each example on an origin of its own, and reads it as a reader does.
func TestExamples(t *testing.T) {
	r, _ := demo(t)
	p := newTab(t)
	for name, serve := range map[string]func(t *testing.T, e *example) http.Handler{"html": plainSite, "wordpress": wordPressSite, "hugo": hugoSite} {
		t.Run(name, func(t *testing.T) {
			e := &example{r: r, screenshots: "example-" + name}
			newExample(t, e, name, serve)
			reads(&tab{t, p.ctx}, e)
		})
	}
}

// newExample starts the site and makes the partner whose it is.
func newExample(t *testing.T, e *example, name string, serve func(*testing.T, *example) http.Handler) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	e.address = "http://" + server.Listener.Addr().String()
	e.r.edit(http.StatusCreated, "PUT", "/v1/partners/"+name, `{"name": "La Gazette", "origins": ["`+e.address+`"], "defaultLanguage": "fr",
		"articleUrl": "`+e.address+`/{lang}/{id}", "campaign": {"source": "relais"}}`)
	var key struct{ Key string }
	e.r.edit(http.StatusCreated, "POST", "/v1/partners/"+name+"/keys", `{"name": "site"}`).into(t, &key)
	e.key = key.Key
	server.Config.Handler = serve(t, e)
	server.Start()
	t.Cleanup(server.Close)
}

// reads goes through the pages: what is typed is found, the results page of the
// site answers Enter, and an article page has its share bar and its lists.
func reads(p *tab, e *example) {
	p.t.Helper()
	p.do("open the home page", chromedp.Navigate(e.address+e.home))
	p.is("w && w.querySelector('input[name=q]')")
	p.is("document.querySelector('relais-latest').shadowRoot.querySelectorAll('[part~=hit]').length === 6")
	p.is("document.querySelector('relais-search').focus() ?? true")
	p.do("type", chromedp.KeyEvent("collectivite"))
	p.is("[...w.querySelectorAll('[part~=hit] mark')].some(m => m.textContent === 'collectivités')")
	p.do("ask for all results", chromedp.KeyEvent(kb.Enter))
	p.is("location.href.startsWith('" + e.address + e.results + "') && new URLSearchParams(location.search).get('q') === 'collectivite'")
	p.is("w && w.querySelector('[part~=facets]') && [...w.querySelectorAll('[part~=hit] mark')].some(m => m.textContent === 'collectivités')")
	p.do("open the article", chromedp.Navigate(e.address+e.article))
	p.is("document.querySelector('relais-share').shadowRoot.querySelector('[part~=linkedin]').href.includes(encodeURIComponent('" + e.r.base + "/s/'))")
	p.is("document.querySelector('relais-related').shadowRoot.querySelectorAll('[part~=hit]').length === 3")
	p.is("![...document.querySelector('relais-related').shadowRoot.querySelectorAll('a')].some(a => a.pathname.endsWith('/" + demoRecap + "'))")
	if e.whole {
		p.is(`document.querySelector('article')?.innerText.includes('La 27ème Région')`)
	}
	p.shoot(e.screenshots)
}

// shoot keeps pictures of a page: light, dark, and as narrow as a phone.
func (p *tab) shoot(name string) {
	p.t.Helper()
	p.screenshot(name + ".png")
	p.emulate("dark", 900)
	p.screenshot(name + "-dark.png")
	p.emulate("light", 320)
	p.is("document.documentElement.scrollWidth <= 320")
	p.screenshot(name + "-320.png")
	p.emulate("light", 900)
}

// emulate sets the reader's color scheme and the width of the window.
func (p *tab) emulate(scheme string, width int64) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		p.t.Fatalf("set the color scheme: %v", err)
	}
	p.do("set the width", chromedp.EmulateViewport(width, 1000))
}

// copyOf writes an example to a new folder with the address of the relay and
// the key in it, as its reader would.
func copyOf(t *testing.T, e *example, name string) string {
	t.Helper()
	to := t.TempDir()
	from := os.DirFS(filepath.Join(examples, name))
	own := strings.NewReplacer("https://relais.example", e.r.base, "pk_…", e.key)
	err := fs.WalkDir(from, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, path)
		if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
			return err
		}
		return os.WriteFile(target, []byte(own.Replace(string(text))), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func plainSite(t *testing.T, e *example) http.Handler {
	t.Helper()
	e.home, e.article, e.results = "/", "/article.html", "/recherche.html"
	return http.FileServer(http.Dir(copyOf(t, e, "html")))
}
