// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/chromedp/chromedp"

	"github.com/relais-press/relais/services/search/internal/browsertest"
)

// policy is the strictest policy a partner's page may have.
const policy = "script-src 'self' %s; style-src 'self'; require-trusted-types-for 'script'"

// site is a partner's page on one origin and the service on another.
type site struct {
	api, page *httptest.Server

	lang string // that the API is to be asked for; fr when empty

	mu       sync.Mutex
	html     string
	queries  []string // of /v1/search, in order
	calls    []string // paths and queries of every call, in order, without lang and key
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

// deviceScript gives the browser a share sheet, which notes what it is handed.
const deviceScript = `
navigator.canShare = () => true;
navigator.share = async data => { window.handed = JSON.stringify(data); };`

func (s *site) servePage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", fmt.Sprintf(policy, s.api.URL))
	if script, ok := map[string]string{"/page.js": pageScript, "/device.js": deviceScript}[r.URL.Path]; ok {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, script)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="fr"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>Partenaire</title><script src="/page.js"></script>%s`,
		strings.ReplaceAll(s.html, "{api}", s.api.URL))
}

func (s *site) serveAPI(w http.ResponseWriter, r *http.Request) {
	broken := s.note(r)
	w.Header().Set("Access-Control-Allow-Origin", s.page.URL)
	http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1", Path: "/"})
	params := r.URL.Query()
	switch q := params.Get("q"); {
	case broken:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.URL.Path == "/v1/related/lonely":
		s.write(w, map[string]any{"query": "", "total": 0, "hits": []any{}})
	case strings.HasPrefix(r.URL.Path, "/v1/share/"):
		s.write(w, s.bar())
	case q == "attente":
		<-r.Context().Done()
		s.mu.Lock()
		s.stopped = append(s.stopped, q)
		s.mu.Unlock()
	case q == "rien":
		s.write(w, map[string]any{"query": q, "total": 0, "hits": []any{}, "correction": "blockchain"})
	case params.Has("facets"):
		s.write(w, s.listing(q, params.Get("offset"), params["section"]))
	default:
		hits := s.hits()
		s.write(w, map[string]any{"query": q, "language": "fr", "total": 1234, "hits": hits})
	}
}

// note keeps what was asked, and what should not have been; it reports whether
// the API is broken.
func (s *site) note(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	params := r.URL.Query()
	if r.Method != http.MethodGet || r.Header.Get("Cookie") != "" || params.Get("key") != "pk_test" || params.Get("lang") != cmp.Or(s.lang, "fr") {
		s.problems = append(s.problems, fmt.Sprintf("%s %s, cookie %q", r.Method, r.URL, r.Header.Get("Cookie")))
	}
	if r.URL.Path == "/v1/search" {
		s.queries = append(s.queries, params.Get("q"))
	}
	params.Del("key")
	params.Del("lang")
	s.calls = append(s.calls, r.URL.EscapedPath()+"?"+params.Encode())
	return s.broken
}

// listing is an answer for a results page: six articles, four at a time, or the
// one of a section.
func (s *site) listing(q, offset string, sections []string) map[string]any {
	facets := map[string]any{
		"section":  []any{counted("Événements", 4), counted("Legal tech", 2)},
		"language": []any{counted("fr", 5), counted("en", 1)},
		"year":     []any{counted("2018", 4), counted("2017", 2)},
		"person":   []any{},
	}
	hits, total := s.hits(), 6
	if offset != "" {
		hits = hits[:2]
	}
	if len(sections) > 0 {
		hits, total = hits[:1], 1
	}
	return map[string]any{"query": q, "language": "fr", "total": total, "hits": hits, "facets": facets}
}

func counted(value string, n int) map[string]any { return map[string]any{"value": value, "count": n} }

// bar is an answer of the share service, with two targets that attack.
func (s *site) bar() map[string]any {
	target := func(network, label, href string) map[string]any {
		return map[string]any{"network": network, "label": label, "href": href}
	}
	return map[string]any{
		"url": s.api.URL + "/s/b1", "headline": "Blockchain & <b>collectivités</b>",
		"targets": []any{
			target("linkedin", "Partager sur LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?url=x"),
			target("x", "Partager sur X", "https://x.com/intent/tweet?text=x"),
			target("mail", "Envoyer par e-mail", "mailto:?subject=x&body=y"),
			target("evil", "Partager", "javascript:alert(1)"),
			target("page", "Partager", "data:text/html,x"),
			target("copy", "Copier le lien", s.api.URL+"/s/b1.copy"),
			target("native", "Partager…", s.api.URL+"/s/b1.native"),
		},
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

// had returns the calls the API has had, without lang and key.
func (s *site) had() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// asked returns the queries the API has had.
func (s *site) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.queries)
}

// tab is the site in a browser. In expressions, w is the shadow root of the first
// widget and $ finds in it.
type tab struct {
	*browsertest.Tab
	site *site
}

const words = `const w = document.querySelector('relais-search, relais-latest, relais-related, relais-share')?.shadowRoot;
const $ = s => w.querySelector(s);`

const scriptTag = `<script async src="{api}/widget/v1.js" data-key="pk_test" data-lang="fr"></script>`

// open shows a page of the partner, and fails the test on what the tab suffers
// or a request the API should not get.
func open(t *testing.T, first *browsertest.Tab, html string) *tab {
	t.Helper()
	return openIn(t, first, "", html)
}

// openIn does so where the API is to be asked for a language.
func openIn(t *testing.T, first *browsertest.Tab, lang, html string) *tab {
	t.Helper()
	s := newSite(t)
	s.lang, s.html = lang, html
	p := &tab{first.For(t), s}
	p.Words, p.Dump = words, "[location, w?.innerHTML, window.heard].join(' ')"
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, problem := range s.problems {
			t.Error(problem)
		}
	})
	p.Do("open the page", chromedp.Navigate(s.page.URL))
	return p
}

// click presses the left button over the middle of an element.
func (p *tab) click(selector string) {
	p.Helper()
	at, err := browsertest.JS[[]float64](p.Tab, "(r => [r.left + r.width / 2, r.top + r.height / 2])($("+browsertest.Quote(selector)+").getBoundingClientRect())")
	if err != nil {
		p.Fatalf("find %s: %v", selector, err)
	}
	p.Do("click "+selector, chromedp.MouseClickXY(at[0], at[1]))
}

// stops waits until the API has seen the browser give up a query.
func (p *tab) stops(q string) {
	p.Helper()
	deadline, cancel := context.WithTimeout(p.Context, browsertest.Patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		p.site.mu.Lock()
		stopped := slices.Contains(p.site.stopped, q)
		p.site.mu.Unlock()
		if stopped {
			return
		}
		select {
		case <-deadline.Done():
			p.Fatalf("the request for %q was left running", q)
		case <-tick.C:
		}
	}
}

// called fails the test unless the API has had these calls and no other.
func (p *tab) called(want ...string) {
	p.Helper()
	if got := p.site.had(); !slices.Equal(got, want) {
		p.Errorf("calls\n%q, want\n%q", got, want)
	}
}

// search types a query into the widget and waits for its answer.
func (p *tab) search(q string) {
	p.Helper()
	p.Is("w && $('input[role=combobox]')")
	p.Once("document.querySelector('relais-search').focus() ?? true")
	p.Press(q)
	p.Is("$('[data-state=done]') && !$('[part=panel]').hidden && window.heard.some(h => h.startsWith('relais:search {\"query\":' + JSON.stringify(" + browsertest.Quote(q) + ")))")
}
