// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/services/share/internal/click"
)

const (
	iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"
	chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)

func watch(t testing.TB, proxies ...netip.Prefix) *Watch {
	t.Helper()
	w, err := New(Config{Proxies: proxies}, &shelf{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func method(m string, r *http.Request) *http.Request {
	r.Method = m
	return r
}

func at(address string, r *http.Request) *http.Request {
	r.RemoteAddr = address + ":4711"
	return r
}

func TestReadersHaveATokenUnlessTheyObject(t *testing.T) {
	w := watch(t)
	for _, c := range []struct {
		name    string
		headers []string
		class   click.Class
		token   bool
	}{
		{"a reader", []string{"User-Agent", firefox}, click.Human, true},
		{"Sec-GPC", []string{"User-Agent", firefox, "Sec-GPC", "1"}, click.Human, false},
		{"DNT", []string{"User-Agent", firefox, "DNT", "1"}, click.Human, false},
		{"DNT withdrawn", []string{"User-Agent", firefox, "DNT", "0", "Sec-GPC", "0"}, click.Human, true},
		{"a preview", []string{"User-Agent", "WhatsApp/2.23"}, click.Preview, false},
		{"a search engine", []string{"User-Agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, click.Bot, false},
		{"a monitor", []string{"User-Agent", "kube-probe/1.31"}, click.Monitor, false},
		{"nobody", nil, click.Unknown, false},
		{"ahead of a reader", []string{"User-Agent", chrome, "Sec-Purpose", "prefetch;prerender"}, click.PrefetchRefused, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := w.Look(from(c.headers...), "link of "+c.name)
			if v.Class != c.class || (v.Token != "") != c.token || (c.token && len(v.Token) != 11) {
				t.Errorf("%+v, want %s, token %v", v, c.class, c.token)
			}
		})
	}
}

func TestTokenTellsVisitorsOfOneLinkApart(t *testing.T) {
	w := watch(t)
	look := func(address, ua, code string) string { return w.Look(at(address, from("User-Agent", ua)), code).Token }
	again := look("203.0.113.7", firefox, "ABCD2345")
	if again == "" || again != look("203.0.113.7", firefox, "ABCD2345") {
		t.Error("a visitor is not known again")
	}
	if look("[2001:db8::1]", firefox, "ABCD2345") != look("[2001:db8::2]", firefox, "ABCD2345") {
		t.Error("an IPv6 network is one visitor")
	}
	for name, other := range map[string]string{
		"another address": look("203.0.113.8", firefox, "ABCD2345"),
		"another browser": look("203.0.113.7", chrome, "ABCD2345"),
		"another link":    look("203.0.113.7", firefox, "WXYZ6789"),
	} {
		if other == again {
			t.Errorf("%s: the same token", name)
		}
	}
}

func TestTrustedProxies(t *testing.T) {
	behind := func(w *Watch, forwarded string) string {
		return w.Look(at("10.1.2.3", from("User-Agent", firefox, "X-Forwarded-For", forwarded)), "ABCD2345").Token
	}
	if w := watch(t); behind(w, "198.51.100.1") != behind(w, "198.51.100.2") {
		t.Error("a header of anybody's was believed")
	}
	if w := watch(t, netip.MustParsePrefix("10.0.0.0/8")); behind(w, "198.51.100.1") == behind(w, "198.51.100.2") {
		t.Error("a proxy was not believed")
	}
}

// X sends one declared GET, then HEADs dressed as browsers, from one network.
func TestSequenceOfX(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		if v := w.Look(from("User-Agent", "Twitterbot/1.0"), "ABCD2345"); v.Class != click.Preview {
			t.Errorf("the declared GET is %s", v.Class)
		}
		for _, ua := range []string{iphone, chrome, ""} {
			after(time.Second)
			if v := w.Look(method(http.MethodHead, from("User-Agent", ua)), "ABCD2345"); v.Class == click.Human {
				t.Errorf("HEAD of %q is a reader's", ua)
			}
		}
		if v := w.Look(from("User-Agent", chrome), "ABCD2345"); v.Class != click.Scanner || v.Token != "" {
			t.Errorf("a GET after that is %+v", v)
		}
		if v := w.Look(at("198.51.100.1", from("User-Agent", chrome)), "ABCD2345"); v.Class != click.Human {
			t.Errorf("a reader elsewhere is %s", v.Class)
		}
		after(burstWindow + time.Second)
		if v := w.Look(from("User-Agent", chrome), "ABCD2345"); v.Class != click.Human {
			t.Errorf("a reader later is %s", v.Class)
		}
	})
}

func TestFediverseStaysPreview(t *testing.T) {
	w := watch(t)
	for n := range 1000 {
		ua := fmt.Sprintf("Mastodon/4.4.1 (http.rb/5.3.1; +https://social%d.example/)", n)
		r := at(fmt.Sprintf("203.0.%d.%d", n/250, n%250), from("User-Agent", ua))
		if v := w.Look(r, "ABCD2345"); v.Class != click.Preview {
			t.Fatalf("fetch %d is %s", n, v.Class)
		}
	}
}

func TestOfficeBehindOneAddressStaysHuman(t *testing.T) {
	w := watch(t)
	for n := range 500 {
		ua := fmt.Sprintf("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:%d.0) Gecko/20100101 Firefox/%d.0", n, n)
		if v := w.Look(from("User-Agent", ua), "ABCD2345"); v.Class != click.Human {
			t.Fatalf("reader %d is %s", n, v.Class)
		}
	}
}

func TestMailGatewayIsAScanner(t *testing.T) {
	w := watch(t)
	classes := map[click.Class]int{}
	for n := range 60 {
		classes[w.Look(from("User-Agent", chrome), fmt.Sprintf("CODE%04d", n)).Class]++
	}
	if classes[click.Human] != 20 || classes[click.Scanner] != 40 {
		t.Errorf("%v, want the first 20 human and 40 scanner", classes)
	}
}

// What stands behind a proxy that nobody named is not judged by its neighbors.
func TestAPrivateAddressStandsForMany(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "10.1.2.3", "[::1]", "[fd00::1]"} {
		w := watch(t)
		w.Look(at(address, from("User-Agent", "Twitterbot/1.0")), "CODE0000")
		for n := range 60 {
			if class := w.Look(at(address, from("User-Agent", chrome)), fmt.Sprintf("CODE%04d", n)).Class; class != click.Human {
				t.Fatalf("link %d followed from %s by a %s", n, address, class)
			}
		}
		for range 2 * missBurst {
			w.Allow(at(address, from()))
		}
		if w.Allow(at(address, from())) || w.HeldBack(at(address, from())) {
			t.Errorf("%s: misses are not limited, or hits are", address)
		}
	}
}

func TestMissesAreLimitedByNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		n := 0
		for i := range 2 * missBurst {
			if held := w.HeldBack(at("[2001:db8::ffff]", from())); held != (n == missBurst) {
				t.Fatalf("after %d misses held back: %v", n, held)
			}
			if w.Allow(at(fmt.Sprintf("[2001:db8::%x]", i), from())) {
				n++
			}
		}
		if n != missBurst || !w.Allow(at("203.0.113.9", from())) || w.HeldBack(at("203.0.113.9", from())) {
			t.Errorf("%d misses of one network allowed, want %d, and others", n, missBurst)
		}
		after(time.Second)
		if w.HeldBack(at("[2001:db8::1]", from())) {
			t.Error("a second later still held back")
		}
	})
}

func TestSaltIsToldByAgeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		var log bytes.Buffer
		w, err := New(Config{}, &shelf{away: true}, slog.New(slog.NewTextHandler(&log, nil)), registry)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() { _ = w.Run(ctx) })
		after(2 * time.Hour)
		w.Look(from("User-Agent", "Mozilla/5.0 secretive", "Referer", "https://secret.example/"), "ABCD2345")
		families, err := registry.Gather()
		if err != nil || len(families) != 1 || families[0].GetName() != "relais_salt_age_seconds" ||
			families[0].GetMetric()[0].GetGauge().GetValue() != 7200 {
			t.Errorf("metrics %v, %v", families, err)
		}
		if w.SaltAge() != 2*time.Hour || w.salt.dayNow() != "2000-01-01" {
			t.Errorf("salt of %s, %s old", w.salt.dayNow(), w.SaltAge())
		}
		cancel()
		group.Wait()
		for _, s := range []string{"203.0.113", "secret", "ABCD2345", string(w.salt.key[:])} {
			if strings.Contains(log.String(), s) {
				t.Errorf("the log says %q", s)
			}
		}
	})
}

func TestWatchIsRegisteredOnce(t *testing.T) {
	registry := prometheus.NewRegistry()
	for i, want := range []bool{true, false} {
		if _, err := New(Config{}, &shelf{}, slog.New(slog.DiscardHandler), registry); (err == nil) != want {
			t.Errorf("New no. %d: %v", i+1, err)
		}
	}
}

func TestConcurrentVisitors(t *testing.T) {
	w := watch(t)
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			for i := range 500 {
				r := at(fmt.Sprintf("203.0.113.%d", i%50), from("User-Agent", firefox+fmt.Sprint(n, i%100)))
				w.Look(r, fmt.Sprintf("CODE%04d", i%10))
				w.Allow(r)
				w.Wanted("fr-CA,fr;q=0." + fmt.Sprint(i%9+1))
				if i%100 == 0 {
					w.salt.begin(time.Now())
					_ = w.salt.share(t.Context())
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkLook(b *testing.B) {
	full := []string{
		"User-Agent", chrome, "Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
		"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Accept-Language", "fr-CA,fr;q=0.9",
	}
	for name, r := range map[string]*http.Request{
		"reader": from(full...), "reader behind a proxy": at("10.0.0.1", from(append(full, "X-Forwarded-For", "1.1.1.1, 203.0.113.7")...)),
		"objects": from(append(full, "Sec-GPC", "1")...), "preview": from("User-Agent", "WhatsApp/2.23.20.0 A"),
	} {
		b.Run(name, func(b *testing.B) {
			w := watch(b, netip.MustParsePrefix("10.0.0.0/8"))
			b.ReportAllocs()
			for b.Loop() {
				w.Look(r, "ABCD2345")
			}
		})
	}
}
