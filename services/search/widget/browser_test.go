// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// patience is how long a condition may take to hold, on the slowest machine.
const patience = 20 * time.Second

// policy is the strictest policy a partner's page may have.
const policy = "script-src 'self' %s; style-src 'self'; require-trusted-types-for 'script'"

// newBrowser starts one headless Chromium for the test. It fails, and never
// skips, where there is none.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("the widget is tested in a browser: install chromium (apt-get install chromium): %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	browser, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("start %s: %v", chromium, err)
	}
	return browser
}

// site is a partner's page on one origin and the service on another.
type site struct {
	api, page *httptest.Server

	mu       sync.Mutex
	html     string
	queries  []string // of /v1/search, in order
	stopped  []string // whose request the browser gave up
	broken   bool
	problems []string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{}
	mux := http.NewServeMux()
	mux.Handle("/widget/", newAssets(t))
	mux.HandleFunc("/v1/", s.serveAPI)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<!doctype html><title>%s</title>", r.URL.Path)
	})
	s.api = httptest.NewServer(mux)
	t.Cleanup(s.api.Close)
	s.page = httptest.NewServer(http.HandlerFunc(s.servePage))
	t.Cleanup(s.page.Close)
	return s
}

// pageScript notes what the page hears, and prevents it when told so.
const pageScript = `
window.heard = [];
for (const type of ['relais:search', 'relais:open', 'relais:share'])
  document.addEventListener(type, e => {
    heard.push(type + ' ' + JSON.stringify(e.detail));
    if (window.prevent) e.preventDefault();
  });`

func (s *site) servePage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", fmt.Sprintf(policy, s.api.URL))
	if r.URL.Path == "/page.js" {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, pageScript)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="fr"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>Partenaire</title><script src="/page.js"></script>%s`,
		strings.ReplaceAll(s.html, "{api}", s.api.URL))
}

func (s *site) serveAPI(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query().Get("q")
	s.mu.Lock()
	if r.Method != http.MethodGet || r.Header.Get("Cookie") != "" || r.URL.Query().Get("key") != "pk_test" || r.URL.Query().Get("lang") != "fr" {
		s.problems = append(s.problems, fmt.Sprintf("%s %s, cookie %q", r.Method, r.URL, r.Header.Get("Cookie")))
	}
	if r.URL.Path == "/v1/search" {
		s.queries = append(s.queries, q)
	}
	broken := s.broken
	s.mu.Unlock()

	w.Header().Set("Access-Control-Allow-Origin", s.page.URL)
	http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1", Path: "/"})
	switch {
	case broken:
		w.WriteHeader(http.StatusServiceUnavailable)
	case q == "attente":
		<-r.Context().Done()
		s.mu.Lock()
		s.stopped = append(s.stopped, q)
		s.mu.Unlock()
	case q == "rien":
		s.write(w, map[string]any{"query": q, "total": 0, "hits": []any{}, "correction": "blockchain"})
	default:
		hits := s.hits()
		s.write(w, map[string]any{"query": q, "language": "fr", "total": 1234, "hits": hits})
	}
}

func (s *site) write(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		s.mu.Lock()
		s.problems = append(s.problems, err.Error())
		s.mu.Unlock()
	}
}

// hits are a French article, an English one whose French words matched, one
// that has no share link and an emoji before its mark, and one that attacks.
func (s *site) hits() []map[string]any {
	return []map[string]any{
		{
			"id": "blockchain-collectivites", "language": "fr", "matchedLanguage": "fr", "section": "Événements",
			"headline":      rich("Blockchain et collectivités : quelles potentialités ?", "Blockchain"),
			"excerpt":       rich("Claire Balva a rappelé les bases de la Blockchain, pour planter le décor, face à un public divers et un sujet complexe.", "Blockchain"),
			"url":           s.api.URL + "/articles/blockchain-collectivites",
			"shareUrl":      s.api.URL + "/s/b1",
			"datePublished": "2017-10-12T09:00:00Z", "readingMinutes": 3,
		},
		{
			"id": "public-ledgers", "language": "en", "matchedLanguage": "fr", "section": "Legal tech",
			"headline":      rich("Public ledgers: what blockchain changes for local government", "blockchain"),
			"excerpt":       rich("Trust remains the central question for every town that writes its records to a blockchain.", "blockchain"),
			"url":           s.api.URL + "/articles/public-ledgers",
			"shareUrl":      s.api.URL + "/s/b2",
			"datePublished": "2018-03-01T09:00:00Z", "readingMinutes": 6,
		},
		{
			"id": "vote", "language": "fr", "headline": rich("🗳️ Vote et blockchain : l’essai d’Issy", "blockchain"),
			"url": s.api.URL + "/articles/vote", "datePublished": "2018-05-02T09:00:00Z",
		},
		{
			"id": "attack", "language": "fr", "headline": map[string]any{
				"text": "<img src=x onerror=alert(1)> & co", "marks": [][2]int{{30, 99}, {-5, 3}, {4, 0}},
			},
			"url": "javascript:alert(1)", "shareUrl": s.api.URL + "/s/b4",
		},
	}
}

// rich marks a word of a text, in UTF-16 code units.
func rich(text, word string) map[string]any {
	before, _, _ := strings.Cut(text, word)
	return map[string]any{"text": text, "marks": [][2]int{{len(utf16.Encode([]rune(before))), len(utf16.Encode([]rune(word)))}}}
}

// asked returns the queries the API has had.
func (s *site) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.queries...)
}

// tab is a page in the browser.
type tab struct {
	*testing.T
	ctx  context.Context
	site *site
}

const scriptTag = `<script async src="{api}/widget/v1.js" data-key="pk_test" data-lang="fr"></script>`

// open shows a page of the partner in a new tab, and fails the test on an
// uncaught exception, a refused policy or a request the API should not get.
func open(browser context.Context, t *testing.T, html string) *tab {
	t.Helper()
	s := newSite(t)
	s.html = html
	ctx, stop := chromedp.NewContext(browser)
	messages := chromedp.Console(ctx)
	complaints := make(chan []string, 1)
	go func() {
		var all []string
		for m, err := range messages {
			if err != nil {
				break
			}
			if m.IsException() || m.Source == "security" {
				all = append(all, m.String())
			}
		}
		complaints <- all
	}()
	t.Cleanup(func() {
		stop()
		for _, complaint := range <-complaints {
			t.Error(complaint)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, problem := range s.problems {
			t.Error(problem)
		}
	})
	p := &tab{t, ctx, s}
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	p.do("open the page", chromedp.Navigate(s.page.URL))
	return p
}

func (p *tab) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.Fatalf("%s: %v", what, err)
	}
}

// press sends keys to what has the focus.
func (p *tab) press(keys ...string) {
	p.Helper()
	for _, key := range keys {
		p.do("press a key", chromedp.KeyEvent(key))
	}
}

// click presses the left button over the middle of an element.
func (p *tab) click(selector string) {
	p.Helper()
	at, err := js[[]float64](p, "(r => [r.left + r.width / 2, r.top + r.height / 2])($("+quote(selector)+").getBoundingClientRect())")
	if err != nil {
		p.Fatalf("find %s: %v", selector, err)
	}
	p.do("click "+selector, chromedp.MouseClickXY(at[0], at[1]))
}

// js evaluates an expression in which w is the shadow root of the first
// widget and $ finds in it.
func js[T any](p *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](`(() => {
		const w = document.querySelector('relais-search, relais-latest')?.shadowRoot;
		const $ = s => w.querySelector(s);
		return `+expression+`;
	})()`))
}

// is waits until an expression is true, or fails saying what it waited for.
func (p *tab) is(expression string) {
	p.Helper()
	deadline, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := js[bool](p, "!!("+expression+")")
		if err == nil && ok {
			return
		}
		select {
		case <-deadline.Done():
			p.Fatalf("never came true: %s\nlast error: %v\npage: %s", expression, err, p.dump())
		case <-tick.C:
		}
	}
}

// once evaluates an expression a single time; it must be true.
func (p *tab) once(expression string) {
	p.Helper()
	if ok, err := js[bool](p, "!!("+expression+")"); err != nil || !ok {
		p.Fatalf("not true: %s (%v)\npage: %s", expression, err, p.dump())
	}
}

// at waits until the tab has gone to an address.
func (p *tab) at(address string) {
	p.Helper()
	p.is("location.href === " + quote(address))
}

func (p *tab) dump() string {
	out, err := js[string](p, "location + ' ' + w?.innerHTML + ' ' + window.heard")
	if err != nil {
		return err.Error()
	}
	return out
}

// search types a query into the widget and waits for its answer.
func (p *tab) search(q string) {
	p.Helper()
	p.is("w && $('input[role=combobox]')")
	p.once("document.querySelector('relais-search').focus() ?? true")
	p.press(q)
	p.is("$('[data-state=done]') && !$('[part=panel]').hidden && window.heard.some(h => h.startsWith('relais:search'))")
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}
