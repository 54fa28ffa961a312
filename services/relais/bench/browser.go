// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/services/relais/bench/internal/corpus"
	"github.com/relais-press/relais/services/relais/bench/internal/report"
)

const (
	keysPressed = 300 // each measured
	screenLimit = 20 * time.Second
)

// pageScript measures in the page. A keystroke begins with the event's own time
// and ends when a task runs after the frame that has the answer was made.
const pageScript = `
window.took = []; window.long = []; window.shift = 0; window.begun = Infinity;
const pressed = new Map(), channel = new MessageChannel();
addEventListener('keydown', e => { window.last = e.timeStamp; }, true);
addEventListener('input', e => pressed.set(e.composedPath()[0].value, last), true);
window.shown = query => { const from = pressed.get(query); requestAnimationFrame(() => channel.port2.postMessage([query, from])); };
channel.port1.onmessage = ({ data: [query, from] }) => {
  const r = performance.getEntriesByType('resource').filter(e => e.name.includes('/v1/search')).at(-1);
  took.push({ query, all: performance.now() - from, wait: r ? r.startTime - from : 0, request: r ? r.duration : 0 });
  performance.clearResourceTimings();
};
document.addEventListener('relais:search', e => shown(e.detail.query));
new PerformanceObserver(l => { for (const e of l.getEntries()) long.push(e.duration); }).observe({ type: 'longtask', buffered: true });
new PerformanceObserver(l => { for (const e of l.getEntries()) if (e.startTime > begun) shift += e.value; }).observe({ type: 'layout-shift' });
window.box = () => document.querySelector('relais-search')?.shadowRoot?.querySelector('#q') || document.querySelector('#q');`

// bareScript does the least that shows an answer: no setting apart, no roles, no
// keyboard, no memory.
const bareScript = `
const list = document.querySelector('ul');
box().addEventListener('input', async e => {
  const query = e.target.value;
  const { hits } = await (await fetch('{bare}/v1/search?q=' + encodeURIComponent(query))).json();
  list.replaceChildren(...hits.map(hit => Object.assign(document.createElement('li'), { textContent: hit.headline.text })));
  shown(query);
});`

// site is where the partner's pages are: "/" has the widget, "/bare" its raw limit.
type site struct {
	api    string // where search is
	answer []byte // of one search, which the raw limit always has
	bare   *httptest.Server
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const page = `<!doctype html><html lang="fr"><meta charset="utf-8"><title>Bench</title><link rel="icon" href="data:,"><script>%s</script>%s<p>Texte`
	body := `<script async src="` + s.api + `/widget/v1.js" data-key="` + siteKey + `" data-lang="fr"></script><relais-search></relais-search>`
	if r.URL.Path == "/bare" {
		body = `<input id="q"><ul></ul><script>` + strings.ReplaceAll(bareScript, "{bare}", s.bare.URL) + `</script>`
	}
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprintf(w, page, pageScript, body)
}

// browserAlone measures the widget on a partner's page, in Chromium, over search
// as it runs apart, with so many articles.
func browserAlone(ctx context.Context, out *report.Report, program, dir string, size int) error {
	partner := &site{}
	pages := httptest.NewServer(partner)
	defer pages.Close()
	partner.bare = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Access-Control-Allow-Origin", pages.URL)
		_, _ = w.Write(partner.answer)
	}))
	defer partner.bare.Close()
	server, err := embedded.Start(embedded.Config{Dir: filepath.Join(dir, "log"), Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	defer server.Stop()
	conn, err := server.Connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fillLog(ctx, conn, size, pages.URL); err != nil {
		return err
	}
	r, err := startPatiently(ctx, time.Hour, program, "--listen", "127.0.0.1:0", "--nats-url", server.URL(), "--data", filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer r.stop()
	partner.api = r.base
	if partner.answer, err = call(ctx, http.MethodGet, r.base+"/v1/search?q=budget&limit=8&lang=fr&key="+siteKey, "", nil); err != nil {
		return err
	}
	return measurePages(ctx, out, pages.URL, r.base, size)
}

// measurePages opens both pages in one Chromium, one after the other.
func measurePages(ctx context.Context, out *report.Report, pages, api string, size int) error {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		return fmt.Errorf("the widget is measured in a browser: install chromium: %w", err)
	}
	allocator, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1000, 900))...)
	defer stop()
	tab, closeTab := chromedp.NewContext(allocator)
	defer closeTab()
	if err := chromedp.Do(tab); err != nil { // the browser lives as long as this context
		return fmt.Errorf("start %s: %w", chromium, err)
	}
	if _, err := chromedp.Call(tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		return err
	}
	raw, err := typeWords(tab, pages+"/bare")
	if err != nil {
		return fmt.Errorf("the raw limit: %w", err)
	}
	sent := &transfers{names: map[network.RequestID]string{}}
	if err := chromedp.Listen(tab, sent.hear); err != nil {
		return err
	}
	ours, err := typeWords(tab, pages)
	if err != nil {
		return fmt.Errorf("the widget: %w", err)
	}
	out.Part(fmt.Sprintf("The widget in Chromium, over %d articles", size))
	sent.tell(out, api)
	all, bare := ours.sorted("all"), raw.sorted("all")
	out.Add(report.Figure{
		Name: "key → results painted, p50", Value: all.at(0.5), Unit: "ms", Raw: &report.Raw{Name: "a bare page with a fixed answer", Value: bare.at(0.5)},
		Note: fmt.Sprintf("p95 %.1f ms, p99 %.1f; %.1f until the request, %.1f the request; %d keys", all.at(0.95), all.at(0.99), ours.sorted("wait").at(0.5), ours.sorted("request").at(0.5), len(ours.Took)),
	})
	out.Add(report.Figure{
		Name: "long tasks over 50 ms", Value: float64(len(ours.Long)), Goal: "0", Note: fmt.Sprintf("the longest %.0f ms; the bare page has %d", slices.Max(append(ours.Long, 0)), len(raw.Long)),
	})
	out.Add(report.Figure{Name: "cumulative layout shift", Value: ours.Shift, Goal: "0", Note: "while typing"})
	return nil
}

// painted is what a page has measured, in milliseconds.
type painted struct {
	Took  []map[string]any `json:"took"`
	Long  []float64        `json:"long"`
	Shift float64          `json:"shift"`
}

// times are measurements in milliseconds, sorted.
type times []float64

func (t times) at(q float64) float64 { return t[min(len(t)-1, int(q*float64(len(t))))] }

func (p painted) sorted(of string) times {
	out := make(times, 0, len(p.Took))
	for _, t := range p.Took {
		ms, _ := t[of].(float64)
		out = append(out, ms)
	}
	slices.Sort(out)
	return out
}

// typeWords types words of the corpus key by key at the pace of a reader, each
// key after the results of the one before are on the screen. A text typed before is not typed again: the
// widget would answer from memory.
func typeWords(tab context.Context, address string) (painted, error) {
	if err := chromedp.Do(tab, chromedp.Navigate(address)); err != nil {
		return painted{}, err
	}
	if err := await(tab, "window.box?.() && (box().focus(), begun = performance.now())"); err != nil {
		return painted{}, err
	}
	before := map[string]bool{}
	for _, word := range questions(corpus.New(), "one word") {
		if len(before) >= keysPressed {
			break
		}
		if err := typeWord(tab, word, before); err != nil {
			return painted{}, fmt.Errorf("%q: %w", word, err)
		}
	}
	return chromedp.Run(tab, chromedp.Evaluate[painted]("({ took: took.filter(t => t.query.length > 1), long, shift })"))
}

// typeWord types a word, and waits after each key for a text that is new.
func typeWord(tab context.Context, word string, before map[string]bool) error {
	if !plain(word) || before[word] {
		return nil
	}
	if err := await(tab, "(box().value = '', true)"); err != nil {
		return err
	}
	for n := range word {
		pause(tab, keystroke)
		if err := chromedp.Do(tab, chromedp.KeyEvent(word[n:n+1])); err != nil {
			return err
		}
		if text := word[:n+1]; n > 0 && !before[text] {
			before[text] = true
			if err := await(tab, fmt.Sprintf("took.some(t => t.query === %q)", text)); err != nil {
				return err
			}
		}
	}
	return nil
}

// plain reports whether a word has only letters that one key types, and some.
func plain(word string) bool {
	return len(word) > 3 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == ""
}

// await waits until an expression is true in the page.
func await(tab context.Context, expression string) error {
	deadline, cancel := context.WithTimeout(tab, screenLimit)
	defer cancel()
	for {
		ok, err := chromedp.Run(deadline, chromedp.Evaluate[bool]("!!("+expression+")"))
		if err == nil && ok {
			return nil
		}
		if deadline.Err() != nil {
			return errors.Join(fmt.Errorf("never came true: %s", expression), err)
		}
		pause(deadline, 5*time.Millisecond)
	}
}

// transfers are the requests of a page until its first result, and their bytes.
type transfers struct {
	mu    sync.Mutex
	names map[network.RequestID]string
	lines []string
	bytes int
	done  bool
}

func (t *transfers) hear(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		t.names[e.RequestID] = e.Request.URL
	case *network.EventLoadingFinished:
		name := t.names[e.RequestID]
		if t.done || !strings.Contains(name, "/widget/") && !strings.Contains(name, "/v1/search") {
			return
		}
		t.done = strings.Contains(name, "/v1/search")
		t.bytes += int(e.EncodedDataLength)
		t.lines = append(t.lines, fmt.Sprintf("%.0f B %s", e.EncodedDataLength, name))
	}
}

// tell says what the first result has cost beyond the partner's own page.
func (t *transfers) tell(out *report.Report, api string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.ReplaceAll(strings.Join(t.lines, ", "), api, "")
	out.Add(report.Figure{
		Name: "to the first result", Value: float64(t.bytes), Unit: "B", Note: fmt.Sprintf("%d requests, with headers: %s", len(t.lines), strings.ReplaceAll(text, siteKey, "…")),
	})
}
