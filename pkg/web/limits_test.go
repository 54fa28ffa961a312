// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/door"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/limit"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
)

// limited is limits with what they count and say.
type limited struct {
	*web.Limits
	metrics *prometheus.Registry
	log     *strings.Builder
}

func newLimits(t testing.TB, rates web.Rates) limited {
	t.Helper()
	l := limited{metrics: prometheus.NewRegistry(), log: &strings.Builder{}}
	proxies := door.Proxies{netip.MustParsePrefix("10.0.0.0/8")}
	var err error
	if l.Limits, err = web.NewLimits(rates, proxies, limit.New(), slog.New(slog.NewTextHandler(l.log, nil)), l.metrics); err != nil {
		t.Fatal(err)
	}
	return l
}

// count is how often somebody was limited by something.
func (l limited) count(t *testing.T, by string) int {
	t.Helper()
	families, err := l.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "relais_limited_total" && m.GetLabel()[0].GetValue() == by {
				return int(m.GetCounter().GetValue())
			}
		}
	}
	return 0
}

func ask(h http.Handler, peer, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.RemoteAddr = peer + ":4711"
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// passed asks until it is refused, a hundred times at most.
func passed(h http.Handler, peer, target string, header ...string) int {
	for n := range 100 {
		if ask(h, peer, target, header...).Code == http.StatusTooManyRequests {
			return n
		}
	}
	return 100
}

func TestAddressesAreLimited(t *testing.T) {
	for _, tc := range []struct {
		name, peer, path string
		header           []string
		want             int // of a hundred at once are let through, at 2 a second
	}{
		{"a public address", "203.0.113.7", "/things/7", nil, 8},
		{"what is not there", "203.0.113.7", "/nothing", nil, 8},
		{"an IPv6 network", "[2001:db8::1]", "/things/7", nil, 8},
		{"this machine", "127.0.0.1", "/things/7", nil, 100},
		{"a private network", "192.168.1.1", "/things/7", nil, 100},
		{"a trusted proxy's visitor", "10.0.0.1", "/things/7", []string{"X-Forwarded-For", "203.0.113.7"}, 8},
		{"a trusted proxy itself", "10.0.0.1", "/things/7", nil, 100},
		{"what anybody wrote", "203.0.113.7", "/things/7", []string{"X-Forwarded-For", "10.0.0.1"}, 8},
		{"a probe", "203.0.113.7", "/livez", nil, 100},
		{"readiness", "203.0.113.7", "/readyz", nil, 100},
		{"metrics", "203.0.113.7", "/metrics", nil, 100},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLimits(t, web.Rates{Address: 2})
				h := l.Guard(testRoutes(t))
				if got := passed(h, tc.peer, tc.path, tc.header...); got != tc.want {
					t.Fatalf("%d of 100 are let through, want %d", got, tc.want)
				}
				if tc.want == 100 {
					return
				}
				w := ask(h, tc.peer, tc.path, tc.header...)
				if p := problem(t, w); p.Status != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
					t.Errorf("%+v, Retry-After %q", p, w.Header().Get("Retry-After"))
				}
				if l.count(t, "address") != 2 {
					t.Errorf("counted %d", l.count(t, "address"))
				}
				if got := ask(h, "198.51.100.1", "/things/7").Code; got != http.StatusOK {
					t.Errorf("another address: %d", got)
				}
				<-time.After(time.Second)
				if got := passed(h, tc.peer, tc.path, tc.header...); got != 2 {
					t.Errorf("%d are let through a second later, want 2", got)
				}
			})
		})
	}
}

func TestAProxyThatNobodyNamedIsToldOfOnce(t *testing.T) {
	l := newLimits(t, web.Rates{Address: 2})
	h := l.Guard(testRoutes(t))
	for range 20 {
		ask(h, "192.168.1.1", "/things/7", "X-Forwarded-For", "203.0.113.7")
	}
	if got := strings.Count(l.log.String(), "trusted-proxies"); got != 1 {
		t.Errorf("told %d times: %s", got, l.log)
	}
}

func TestFormOfARequest(t *testing.T) {
	h := newLimits(t, web.Rates{}).Guard(testRoutes(t))
	many := make([]string, 0, 2*web.MaxHeaders+2)
	for n := range web.MaxHeaders + 1 {
		many = append(many, fmt.Sprintf("X-Number-%d", n), "1")
	}
	for name, tc := range map[string]struct {
		target string
		header []string
		status int
	}{
		"as usual":       {"/things/7", nil, 200},
		"a long URL":     {"/things/7?q=" + strings.Repeat("x", web.MaxURL), nil, 414},
		"just fits":      {"/things/7?" + strings.Repeat("x", web.MaxURL-len("/things/7?")), nil, 200},
		"headers":        {"/things/7", many, 431},
		"probes as well": {"/livez?" + strings.Repeat("x", web.MaxURL), nil, 414},
	} {
		w := ask(h, "203.0.113.7", tc.target, tc.header...)
		if w.Code != tc.status {
			t.Errorf("%s: %d, want %d", name, w.Code, tc.status)
		}
		if w.Code != http.StatusOK {
			problem(t, w)
		}
	}
}

// keys is a directory that says how often it was asked for what it does not know.
type keys struct {
	directory
	asked *int
}

func (k keys) Knows(secret string) bool {
	_, err := k.directory.Authenticate(context.Background(), secret)
	return err == nil
}

func (k keys) Authenticate(ctx context.Context, secret string) (partner.Key, error) {
	key, err := k.directory.Authenticate(ctx, secret)
	if err != nil {
		*k.asked++
	}
	return key, err
}

func TestKeysAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, asked := newLimits(t, web.Rates{Key: 3}), 0
		d := l.Over(keys{asked: &asked})
		rt := newRouter(t, "test")
		partners := web.NewPartners(d)
		hello := func(w http.ResponseWriter, _ *http.Request) error { _, err := io.WriteString(w, "hello"); return err }
		rt.Handle("editor", "GET", "/editor", hello, web.RequireRole(d, partner.Editor))
		rt.Handle("site", "GET,OPTIONS", "/site", hello, partners.Require)
		rt.Handle("either", "GET,OPTIONS", "/either", hello, partners.RequireEither(partner.Editor))
		bearer := []string{"Authorization", "Bearer " + editorSecret}
		for _, tc := range []struct {
			name, target string
			header       []string
			want         int
			by           string
		}{
			{"an editor's key", "/editor", bearer, 6, "key"},
			{"the same at another route", "/either", bearer, 0, "key"},
			{"another key", "/editor", []string{"Authorization", "Bearer " + adminSecret}, 6, "key"},
			{"a partner's key", "/site?key=" + siteSecret, nil, 6, "key"},
			{"a partner's own rate is its rate", "/site?key=" + slowSecret, nil, 1, "partner"},
		} {
			before := l.count(t, tc.by)
			if got := passed(rt, "127.0.0.1", tc.target, tc.header...); got != tc.want {
				t.Errorf("%s: %d at once, want %d", tc.name, got, tc.want)
			}
			if got := l.count(t, tc.by); got != before+1 {
				t.Errorf("%s: counted %d by %s, want one more than %d", tc.name, got, tc.by, before)
			}
		}
		w := ask(rt, "127.0.0.1", "/site?key="+siteSecret, "Origin", "https://site.example")
		if w.Code != 429 || w.Header().Get("Retry-After") != "1" || w.Header().Get("Access-Control-Allow-Origin") == "" {
			t.Errorf("a page is told %d, %v", w.Code, w.Header())
		}
	})
}

// Who tries keys is stopped by address, before the log is asked, and those with a
// good key behind the same address are not.
func TestUnknownKeysAreLimitedByAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, asked := newLimits(t, web.Rates{}), 0
		rt := newRouter(t, "test")
		rt.Handle("editor", "GET", "/editor", func(w http.ResponseWriter, _ *http.Request) error {
			_, err := io.WriteString(w, "hello")
			return err
		}, web.RequireRole(l.Over(keys{asked: &asked}), partner.Editor))
		guess := func(peer string) int {
			return ask(rt, peer, "/editor", "Authorization", "Bearer "+partner.NewSecret("rk_")).Code
		}
		codes := map[int]int{}
		for range 500 {
			codes[guess("203.0.113.7")]++
		}
		if codes[401] != 20 || codes[429] != 480 || asked != 20 || l.count(t, "unknown_key") != 480 {
			t.Errorf("%v, %d look-ups, %d counted", codes, asked, l.count(t, "unknown_key"))
		}
		if w := ask(rt, "203.0.113.7", "/editor", "Authorization", "Bearer "+editorSecret); w.Code != http.StatusOK {
			t.Errorf("a good key from there: %d", w.Code)
		}
		if got := guess("203.0.113.8"); got != http.StatusUnauthorized {
			t.Errorf("a first mistake elsewhere: %d", got)
		}
		if got := ask(rt, "203.0.113.7", "/editor").Code; got != http.StatusUnauthorized {
			t.Errorf("no key at all, which costs nothing: %d", got)
		}
	})
}

func TestRetryAfterIsInWholeSeconds(t *testing.T) {
	for wait, want := range map[time.Duration]string{time.Nanosecond: "1", time.Second: "1", 1100 * time.Millisecond: "2", 40 * time.Second: "40"} {
		h := http.Header{}
		web.ErrorHeaders(h, &fault.Error{Kind: fault.TooManyRequests, RetryAfter: wait})
		if got := h.Get("Retry-After"); got != want {
			t.Errorf("%v: %s, want %s", wait, got, want)
		}
	}
}

func BenchmarkGuard(b *testing.B) {
	l := newLimits(b, web.Rates{Address: 1e6})
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for name, h := range map[string]http.Handler{"without": nothing, "with": l.Guard(nothing)} {
		b.Run(name, func(b *testing.B) {
			requests := make([]*http.Request, 1000)
			for i := range requests {
				requests[i] = httptest.NewRequest(http.MethodGet, "/s/ABCD2345", nil)
				requests[i].RemoteAddr = "10.0.0.1:4711"
				requests[i].Header.Set("X-Forwarded-For", "203.0."+strconv.Itoa(i/250)+"."+strconv.Itoa(i%250))
			}
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				h.ServeHTTP(w, requests[i%len(requests)])
			}
		})
	}
}
