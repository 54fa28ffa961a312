// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long something may take to appear in the browser.
const patience = 30 * time.Second

// tab is one page of a headless Chromium.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// chrome is what a reader's browser calls itself; without a window it would say
// that it is none, and count as a bot.
const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

// newTab starts a browser; there being none is a failure, not a reason to skip.
func newTab(t *testing.T) *tab {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("the demo is tested in a browser: install chromium (apt-get install chromium): %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, chromedp.UserAgent(chrome), chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(900, 1000))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil { // without a deadline: the browser lives as long as this context
		t.Fatalf("start %s: %v", chromium, err)
	}
	p := &tab{t, ctx}
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *tab) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// widget makes an expression see w, the shadow root of the page's search box.
func widget(expression string) string {
	return "(() => { const w = document.querySelector('relais-search')?.shadowRoot; return " + expression + " })()"
}

// is waits until an expression is true.
func (p *tab) is(expression string) {
	p.t.Helper()
	await(p.t, expression, func() bool {
		ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](widget("!!("+expression+")")))
		return err == nil && ok
	})
}

func (p *tab) text(expression string) string {
	p.t.Helper()
	s, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](widget(expression)))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return s
}

// screenshot keeps a picture of the page for people to look at, where
// RELAIS_ARTIFACTS names a folder.
func (p *tab) screenshot(name string) {
	p.t.Helper()
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatalf("screenshot: %v", err)
	}
	dir := os.Getenv("RELAIS_ARTIFACTS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "artifacts")
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), png, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// demo starts the one binary with its demo and returns the relay's and the
// partner site's addresses.
func demo(t *testing.T) (r *relay, site string) {
	t.Helper()
	r = &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}}
	p := start(t, "relais", "serve", "--demo", "--listen", "127.0.0.1:0", "--demo-listen", "127.0.0.1:0", "--data", r.dir)
	r.parts["relais"] = p
	r.base = "http://" + p.address()
	_, site, _ = strings.Cut(p.line("partner's site"), "http://")
	p.line("partner key")
	return r, "http://" + strings.TrimSpace(site)
}

func TestAReaderFindsAndSharesTheRecap(t *testing.T) {
	r, site := demo(t)
	p := newTab(t)
	p.do("open the partner's page", chromedp.Navigate(site))
	p.is("w && w.querySelector('input')")
	p.is("document.querySelector('relais-latest').shadowRoot.querySelectorAll('a').length >= 6")
	p.is("document.querySelector('relais-search').focus() ?? true")
	for _, letter := range "collectivite" {
		p.do("type", chromedp.KeyEvent(string(letter)))
	}
	p.is("w.querySelector('[data-state=done]') && w.querySelector('[part~=hit]')")
	p.is("[...w.querySelectorAll('[part~=hit] mark')].some(m => m.textContent === 'collectivités')")
	p.screenshot("demo-search.png")
	if first := p.text("w.querySelector('[part~=hit]').textContent"); !strings.Contains(first, "Blockchain et collectivités") {
		t.Errorf("the first hit is %q", first)
	}
	share := p.text("w.querySelector('[part~=share]').href")
	if !strings.HasPrefix(share, r.base+"/s/") {
		t.Errorf("share link %q", share)
	}
	p.do("go to the first hit and its share link", chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.Enter))
	p.is("location.href.includes('/fr/blockchain-et-collectivites')")
	p.is("document.querySelector('article h1')?.textContent.startsWith('Blockchain et collectivités')")
	p.is("document.querySelectorAll('article li').length === 4")
	if body := p.text("document.querySelector('article').textContent"); strings.Contains(body, "Partager l’article") || !strings.Contains(body, "Claire BALVA") {
		t.Errorf("the article reads %q", body)
	}
	p.is("document.querySelector('relais-share').shadowRoot.querySelector('[part~=linkedin]').href.includes(encodeURIComponent('" + r.base + "/s/'))")
	p.is("document.querySelector('relais-related').shadowRoot.querySelectorAll('[part~=hit]').length === 3")
	p.is("document.querySelector('relais-latest').shadowRoot.querySelectorAll('[part~=hit]').length === 4")
	p.shoot("demo-article")
	code, _, _ := strings.Cut(strings.TrimPrefix(share, r.base+"/s/"), ".")
	await(t, "the reader's click to be counted", func() bool { return r.humans(code) >= 1 })
	p.do("open the landing page", chromedp.Navigate(r.base+"/"))
	p.is("document.querySelector('h1').textContent === 'Relais'")
	p.screenshot("landing.png")
}

// TestTheDemoHasAResultsPage searches in both languages of the site.
func TestTheDemoHasAResultsPage(t *testing.T) {
	_, site := demo(t)
	p := newTab(t)
	for lang, heading := range map[string]string{"fr": "Recherche", "en": "Search"} {
		p.do("open the home page", chromedp.Navigate(site+"/?lang="+lang))
		p.is("w && w.querySelector('input[name=q]')")
		p.is("document.querySelector('relais-search').focus() ?? true")
		p.do("ask for all results", chromedp.KeyEvent("open data"+kb.Enter))
		p.is("location.pathname === '/recherche' && document.querySelector('h1').textContent === '" + heading + "'")
		p.is("w && w.querySelector('input[name=q]').value === 'open data' && w.querySelector('[part~=facets] button')")
		p.is("w.querySelectorAll('[part~=hit]').length > 1")
		p.shoot("demo-results-" + lang)
	}
}

func TestTheDemoSurvivesARestart(t *testing.T) {
	r, _ := demo(t)
	r.edit(http.StatusOK, "POST", "/v1/articles/communs-numeriques-brest/cancel", `{"reason": "Essai."}`)
	p := start(t, "relais", "serve", "--print-config", "--data", r.dir)
	if out := p.line("RELAIS_ADMIN_KEY"); strings.Contains(out, adminKey) {
		t.Errorf("the secret is printed: %s", out)
	}
	r.parts["relais"].stop()
	p = start(t, "relais", "serve", "--demo", "--listen", "127.0.0.1:0", "--demo-listen", "127.0.0.1:0", "--data", r.dir)
	r.base = "http://" + p.address()
	p.line("partner key")
	var e struct {
		Version   int
		PubStatus string
	}
	r.edit(http.StatusOK, "GET", "/v1/articles/communs-numeriques-brest/fr", "").into(t, &e)
	if e.Version != 2 || e.PubStatus != "canceled" {
		t.Errorf("what an editor did was undone: %+v", e)
	}
}
