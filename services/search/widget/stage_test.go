// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/relais-press/relais/services/search/internal/browsertest"
)

// stage is a page of a partner on one origin and the service on another, for
// any mix of elements in any language.
type stage struct {
	api, page *httptest.Server

	mu    sync.Mutex
	html  string           // the whole page; {api} is the address of the service
	lax   bool             // no Content-Security-Policy
	reply http.HandlerFunc // answers the API instead of the usual articles
	asked []string         // paths and queries of the API, in order
}

// hall is a page in a language, with the landmarks that a real page has; %s is
// its main part. The script is there once.
func hall(lang, main string) string {
	dir := "ltr"
	if lang == "ar" {
		dir = "rtl"
	}
	return fmt.Sprintf(`<!doctype html><html lang="%[1]s" dir="%[2]s"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Gazette</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css"><script src="/page.js"></script>
<script async src="{api}/widget/v1.js" data-key="pk_test" data-lang="%[1]s"></script></head>
<body><header><h1>Gazette</h1></header><main>%[3]s</main><footer><p>©</p></footer></body></html>`, lang, dir, main)
}

// stageStyle is how a plain site looks in both themes.
const stageStyle = `:root { color-scheme: light dark; } body { background: Canvas; color: CanvasText; margin: 0; font: 16px/1.5 sans-serif; } header, main, footer { padding: .5rem 1rem; }
h1 { font-size: 1.25rem; margin: 0; } h2 { font-size: 1rem; margin: 1.25rem 0 .25rem; } .tall { min-height: 36rem; }`

// stageScript notes what the page hears and suffers. deep and deepAll find
// elements in the page and in every open shadow root below it, in tree order.
const stageScript = `
window.heard = []; window.refused = []; window.shift = 0;
for (const type of ['relais:search', 'relais:open', 'relais:share'])
  document.addEventListener(type, e => { heard.push(type + ' ' + JSON.stringify(e.detail)); if (window.prevent) e.preventDefault(); });
document.addEventListener('securitypolicyviolation', e => refused.push(e.violatedDirective + ' ' + e.sourceFile + ':' + e.lineNumber + ' ' + e.sample));
new PerformanceObserver(l => { for (const e of l.getEntries()) shift += e.value; }).observe({ type: 'layout-shift', buffered: true });
window.deepAll = (selector, root = document) => [...root.querySelectorAll('*')].flatMap(e => [
  ...(e.matches(selector) ? [e] : []), ...(e.shadowRoot ? deepAll(selector, e.shadowRoot) : [])]);
window.deep = (selector, root) => deepAll(selector, root)[0];
window.focused = (root = document) => root.activeElement?.shadowRoot?.activeElement ? focused(root.activeElement.shadowRoot) : root.activeElement;`

func newStage(t *testing.T, html string) *stage {
	t.Helper()
	s := &stage{html: html}
	mux := http.NewServeMux()
	mux.Handle("/widget/", newAssets(t))
	mux.HandleFunc("/v1/", s.serveAPI)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><html lang="fr"><title>There</title>`)
	})
	s.api = httptest.NewServer(mux)
	t.Cleanup(s.api.Close)
	s.page = httptest.NewServer(http.HandlerFunc(s.servePage))
	t.Cleanup(s.page.Close)
	return s
}

func (s *stage) servePage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.lax {
		w.Header().Set("Content-Security-Policy", fmt.Sprintf(policy, s.api.URL)+"; default-src 'none'; img-src data:; "+
			fmt.Sprintf("connect-src %[1]s; form-action %[1]s; trusted-types 'none'", s.api.URL))
	}
	switch r.URL.Path {
	case "/page.js":
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, stageScript)
	case "/old.js": // a browser that cannot make style sheets
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, "window.CSSStyleSheet = function () { throw new TypeError('Illegal constructor'); };")
	case "/page.css":
		w.Header().Set("Content-Type", "text/css")
		fmt.Fprint(w, stageStyle)
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, strings.ReplaceAll(s.html, "{api}", s.api.URL))
	}
}

func (s *stage) serveAPI(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.RequestURI())
	reply := s.reply
	s.mu.Unlock()
	w.Header().Set("Access-Control-Allow-Origin", s.page.URL)
	if reply != nil {
		reply(w, r)
		return
	}
	s.articles(w, r)
}

// articles answers with as many articles as are asked for, at most eight.
func (s *stage) articles(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	lang := q.Get("lang")
	if id, ok := strings.CutPrefix(r.URL.Path, "/v1/share/"); ok {
		s.writeJSON(w, s.bar(id, lang))
		return
	}
	hits, limit := s.hits(lang), 8
	if n, err := strconv.Atoi(q.Get("limit")); err == nil {
		limit = min(n, limit)
	}
	for len(hits) < limit {
		again := s.hits(lang)[len(hits)%3]
		again["id"] = fmt.Sprintf("article-%d", len(hits))
		hits = append(hits, again)
	}
	hits = hits[:min(limit, len(hits))]
	answer := map[string]any{"query": q.Get("q"), "language": lang, "total": 1234, "hits": hits}
	if q.Has("facets") {
		answer["facets"] = map[string]any{
			"section":      []map[string]any{{"value": "Événements", "count": 812}, {"value": "Collectivités", "count": 401}, {"value": "Legal tech", "count": 21}},
			"language":     []map[string]any{{"value": "fr", "count": 1100}, {"value": "en", "count": 134}},
			"year":         []map[string]any{{"value": "2026", "count": 600}, {"value": "2017", "count": 634}},
			"person":       []map[string]any{{"value": "Claire Balva", "count": 12}},
			"organisation": []map[string]any{{"value": "La 27ème Région", "count": 3}},
		}
	}
	s.writeJSON(w, answer)
}

// nothing answers that there is no article.
func (s *stage) nothing(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/v1/share/") {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.writeJSON(w, map[string]any{"query": r.URL.Query().Get("q"), "total": 0, "hits": []any{}, "correction": "blockchain"})
}

func (s *stage) writeJSON(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // a reader who has gone needs no answer
}

// bar is the answer of a share bar.
func (s *stage) bar(id, lang string) map[string]any {
	link := s.api.URL + "/s/" + id
	names := []string{"LinkedIn", "X", "Facebook", "WhatsApp", "Telegram", "Mastodon", "Bluesky", "Threads", "Reddit", "Mail", "SMS", "Copy", "Native"}
	targets := make([]map[string]string, 0, len(names))
	for _, name := range names {
		href := "https://" + strings.ToLower(name) + ".example/?u=" + link
		switch name {
		case "Mail":
			href = "mailto:?body=" + link
		case "SMS":
			href = "sms:?&body=" + link
		case "Copy", "Native":
			href = link
		}
		label := map[string]string{"fr": "Partager sur ", "ar": "شارك على "}[lang]
		if label == "" {
			label = "Share on "
		}
		targets = append(targets, map[string]string{"network": strings.ToLower(name), "label": label + name, "href": href})
	}
	return map[string]any{"url": link, "language": lang, "headline": s.hits(lang)[0]["headline"].(map[string]any)["text"], "targets": targets}
}

// hits are an article in the reader's language, one in English that matched in
// French, and a bare one.
func (s *stage) hits(lang string) []map[string]any {
	text := map[string][2]string{
		"fr": {"Blockchain et collectivités : quelles potentialités ?", "Claire Balva a rappelé les bases de la Blockchain, pour planter le décor, face à un public divers."},
		"ar": {"تقنية Blockchain والجماعات المحلية: ما الإمكانات؟", "شرحت كلير بالفا أسس تقنية Blockchain أمام جمهور متنوع وموضوع معقد."},
	}[lang]
	if text[0] == "" {
		lang, text = "en", [2]string{"Blockchain and local government: what is it good for?", "Claire Balva explained what a Blockchain is to a varied audience."}
	}
	return []map[string]any{
		{
			"id": "collectivites", "language": lang, "matchedLanguage": lang, "section": "Événements", "headline": rich(text[0], "Blockchain"), "excerpt": rich(text[1], "Blockchain"),
			"url": s.page.URL + "/collectivites", "shareUrl": s.api.URL + "/s/b1", "datePublished": "2017-10-12T09:00:00Z", "readingMinutes": 3,
		},
		{
			"id": "public-ledgers", "language": "en", "matchedLanguage": "fr", "section": "Legal tech",
			"headline": rich("Public ledgers: what blockchain changes for local government", "blockchain"),
			"excerpt":  rich("Trust remains the central question for every town that writes its records to a blockchain.", "blockchain"),
			"url":      s.page.URL + "/public-ledgers", "shareUrl": s.api.URL + "/s/b2", "datePublished": "2018-03-01T09:00:00Z", "readingMinutes": 6,
		},
		{"id": "vote", "language": "fr", "headline": rich("🗳️ Vote et blockchain : l’essai d’Issy", "blockchain"), "url": s.page.URL + "/vote", "datePublished": "2018-05-02T09:00:00Z"},
	}
}

// answers makes the API answer differently from now on; nil is as usual.
func (s *stage) answers(reply http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply = reply
}

// requests returns what the API was asked below a path, in order.
func (s *stage) requests(path string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.asked), func(uri string) bool { return !strings.HasPrefix(uri, path) })
}

// view is the stage in a tab.
type view struct {
	*tab
	stage *stage
}

// see opens the stage in a tab. The test fails on what the tab suffers, and on a
// policy's refusal that only the page is told of.
func see(t *testing.T, first *browsertest.Tab, s *stage, before ...chromedp.Action[chromedp.Void]) view {
	t.Helper()
	v := view{&tab{Tab: first.For(t)}, s}
	v.Words, v.Dump = words, "[location, w?.innerHTML, window.heard].join(' ')"
	t.Cleanup(func() {
		if refused, err := browsertest.JS[[]string](v.Tab, "window.refused ?? []"); err != nil || len(refused) > 0 {
			t.Errorf("refused by the policy: %q, %v", refused, err)
		}
	})
	v.Do("open the page", append(before, chromedp.Navigate(s.page.URL))...)
	return v
}

// settled waits until every element that asks by itself has its answer.
func (v view) settled() {
	v.Helper()
	v.Is("deepAll('relais-search, relais-latest, relais-related, relais-share').every(e => e.shadowRoot?.querySelector('[part=root]')) && !deep('[data-state=loading]')")
}

// types enters a text at the end of the first box, at once, and waits for its
// answer.
func (v view) types(text string) {
	v.Helper()
	v.enters(text)
	v.Is(`deep('relais-search').shadowRoot.querySelector('[data-state=done]') && heard.some(h => h.startsWith('relais:search {"query":' + JSON.stringify(deep('#q').value)))`)
}

// enters enters a text at the end of the first box, at once.
func (v view) enters(text string) {
	v.Helper()
	v.Is("deep('#q')")
	v.Once("document.execCommand('insertText', false, " + browsertest.Quote(text) + ", deep('#q').focus())")
}
