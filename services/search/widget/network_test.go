// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/services/search/internal/browsertest"
)

// traffic is every request of a tab's page: the method and the address.
type traffic struct {
	mu   sync.Mutex
	sent []string
}

// listen starts to note the requests of a tab.
func (v view) listen() *traffic {
	v.Helper()
	var out traffic
	if err := chromedp.Listen(v.Context, func(ev any) {
		if e, ok := ev.(*network.EventRequestWillBeSent); ok && !strings.HasPrefix(e.Request.URL, "data:") {
			out.mu.Lock()
			defer out.mu.Unlock()
			out.sent = append(out.sent, e.Request.Method+" "+e.Request.URL)
		}
	}); err != nil {
		v.Fatal(err)
	}
	return &out
}

func (t *traffic) all() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.sent...)
}

func TestTheFirstResultCostsOneScriptAndOneRequest(t *testing.T) {
	s := newStage(t, hall("fr", "<relais-search></relais-search>"))
	v := see(t, browsertest.Start(t), s)
	sent := v.listen()
	v.Do("open the page again", chromedp.Navigate(s.page.URL+"/fresh"))
	v.types("blockchain")
	var got []string
	for _, request := range sent.all() {
		if strings.Contains(request, s.api.URL) {
			got = append(got, strings.ReplaceAll(request, s.api.URL, ""))
		}
	}
	want := []string{"GET /widget/v1.js", "GET /v1/search?q=blockchain&limit=8&lang=fr&key=pk_test"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests to the service, preflights included (-want +got):\n%s", diff)
	}
	if others := len(sent.all()) - len(got); others != 3 { // the page, its script and its style sheet
		t.Errorf("%d requests elsewhere: %q", others, sent.all())
	}
}

func TestANetworkThatIsSlow(t *testing.T) {
	s := newStage(t, hall("fr", "<relais-search></relais-search>"))
	held, let := make(chan string, 8), make(chan struct{})
	s.answers(func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query().Get("q"); q != "blockchain" {
			held <- q
			select { // answered late, if the browser still waits
			case <-let:
			case <-r.Context().Done():
				<-let
			}
		}
		s.articles(w, r)
	})
	v := see(t, browsertest.Start(t), s)
	v.enters("bl")
	if q := <-held; q != "bl" {
		t.Fatalf("asked %q", q)
	}
	v.Is("deep('relais-search').shadowRoot.querySelector('[data-state=loading]')")
	v.Once("deep('#q').getAttribute('aria-expanded') === 'false'")
	v.enters("ockchain")
	v.Is("heard.length === 1 && deep('[role=option]')")
	close(let)
	v.Press(kb.ArrowDown)
	v.Is("deep('[aria-selected=true]')")
	v.Once("heard.length === 1 && heard[0].includes('\"query\":\"blockchain\"') && deep('[part=count]').textContent.includes('blockchain')")
}

func TestANetworkWithALongLatency(t *testing.T) {
	s := newStage(t, hall("fr", "<relais-search></relais-search>"))
	v := see(t, browsertest.Start(t), s)
	v.Is("deep('#q')")
	if _, err := chromedp.Call(v.Context, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Latency: 400, DownloadThroughput: 50_000, UploadThroughput: 50_000}},
	}); err != nil {
		t.Fatal(err)
	}
	v.Once(`new MutationObserver(() => heard.push('shown ' + deep('[part=count]').textContent)).observe(deep('[part=count]'), { childList: true }) ?? true`)
	v.Once("deep('#q').focus() ?? true")
	for _, letter := range "collectivites" {
		v.Press(string(letter))
	}
	v.Is("deep('[data-state=done]') && heard.some(h => h.includes('\"query\":\"collectivites\"'))")
	v.Press("x")
	v.Is("heard.some(h => h.includes('\"query\":\"collectivitesx\"'))")
	v.Once(`heard.filter(h => h.startsWith('shown')).every((h, i, all) => i === 0 || h.length >= all[i - 1].length)`) // never an older one
}

// TestFiftyQuickKeystrokes types fifty letters, in one burst and 20 ms apart. Two
// requests are the most, as README says. A busy machine makes pauses of some
// gaps: after one of more than 29 ms, what stood then may have settled, and was
// asked; and a key that comes after 100 ms is asked at once.
func TestFiftyQuickKeystrokes(t *testing.T) {
	first := browsertest.Start(t)
	for name, gap := range map[string]int{"a burst": 0, "20 ms apart": 20} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, hall("fr", "<relais-search></relais-search>"))
			v := see(t, first, s)
			v.Is("deep('#q')")
			words := strings.Repeat("la blockchain ", 4)[:50]
			gaps := v.keys(words, gap)
			v.Is("deep('[data-state=done]') && heard.at(-1).includes(" + browsertest.Quote(strings.TrimSpace(words)) + ")")
			asked, most := s.requests("/v1/search"), 2
			for _, ms := range gaps {
				if ms > 29 {
					most++
				}
				if ms >= 100 {
					most++
				}
			}
			if len(asked) > most {
				t.Errorf("%d requests, at most %d after gaps of %.0f ms: %q", len(asked), most, gaps, asked)
			}
			slices.Sort(asked)
			if len(slices.Compact(slices.Clone(asked))) != len(asked) {
				t.Errorf("asked twice: %q", asked)
			}
		})
	}
}

// keys enters a text into the box letter by letter, as many milliseconds apart as
// the page manages, and returns the gaps that came of it. At 0 the letters come
// within one task.
func (v view) keys(text string, gap int) []float64 {
	v.Helper()
	v.Once(fmt.Sprintf(`(deep('#q').focus(), window.times = [], (function type(left) {
		times.push(performance.now());
		document.execCommand('insertText', false, left[0]);
		if (left.length === 1) window.typed = true;
		else if (%[2]d) setTimeout(type, %[2]d, left.slice(1));
		else type(left.slice(1));
	})([...%[1]s]), true)`, browsertest.Quote(text), gap))
	v.Is("window.typed")
	gaps, err := browsertest.JS[[]float64](v.Tab, "times.slice(1).map((at, i) => at - times[i])")
	if err != nil {
		v.Fatal(err)
	}
	return gaps
}

func TestAnAPIThatFails(t *testing.T) {
	first := browsertest.Start(t)
	for name, reply := range map[string]http.HandlerFunc{
		"500": fails(http.StatusInternalServerError),
		"429": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		},
		"a page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!doctype html><p>Sign in")
		},
		"null":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "null") },
		"half":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"hits":[{`) },
		"empty": func(http.ResponseWriter, *http.Request) {},
		"hangs up": func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, hall("fr", "<relais-search></relais-search>"))
			v := see(t, first, s)
			v.types("blockchain")
			s.answers(reply)
			v.enters("s")
			v.keepsWhatItHas()
			s.answers(nil)
			v.types("x")
			v.Is("!deep('[role=alert]').textContent")
			s.answers(reply)
			v.enters("y")
			v.keepsWhatItHas()
			v.Press(kb.Enter)
			v.At(s.api.URL + "/search?lang=fr&key=pk_test&q=blockchainsxy")
		})
	}
}

// keepsWhatItHas waits for the message of a failure over the last results.
func (v view) keepsWhatItHas() {
	v.Helper()
	v.Is("deep('[data-state=error]') && deepAll('[role=option]').length === 8 && !deep('[part=panel]').hidden")
	v.Is("deep('[role=alert]').innerText === 'La recherche n’a pas abouti.'")
}

func TestAnAPIThatIsDown(t *testing.T) {
	s := newStage(t, hall("fr", "<relais-search></relais-search>"))
	v := see(t, browsertest.Start(t), s)
	v.Is("deep('#q')")
	s.api.CloseClientConnections()
	s.api.Close() // from now on connections are refused
	v.enters("blockchain")
	v.Is("deep('[data-state=error]') && deep('[role=alert]').innerText === 'La recherche n’a pas abouti.' && deep('#q').getAttribute('aria-expanded') === 'false'")
	sent := v.listen()
	v.Press(kb.Enter)
	v.Is("location.protocol === 'chrome-error:'")
	want := "GET " + s.api.URL + "/search?lang=fr&key=pk_test&q=blockchain"
	if got := sent.all(); len(got) == 0 || got[0] != want {
		t.Errorf("sent %q, want %s", got, want)
	}
}
