// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// doorRelay is the one binary behind a trusted proxy, with a low limit of addresses.
func doorRelay(t *testing.T) *relay {
	t.Helper()
	r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}}
	p := start(t, "relais", "serve", "--listen", "127.0.0.1:0", "--data", r.dir,
		"--trusted-proxies", "127.0.0.0/8", "--address-rate", "2")
	r.parts["relais"] = p
	r.base = "http://" + p.address()
	r.ready()
	return r
}

// doorSends holds a number of connections open on which next to nothing comes,
// until the other side hangs up, and returns how many it hung up on.
func doorSends(t *testing.T, address string, connections int, head string) (hungUp func() int) {
	t.Helper()
	var slow sync.WaitGroup
	var mu sync.Mutex
	n := 0
	for range connections {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatalf("connect: %v", err)
		}
		slow.Go(func() {
			defer c.Close()
			_ = c.SetReadDeadline(time.Now().Add(2 * time.Minute))
			_, _ = io.WriteString(c, head)
			ended := make(chan error, 1)
			go func() { _, err := io.Copy(io.Discard, c); ended <- err }()
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					_, _ = io.WriteString(c, "x") // what it says is told by ended
				case err := <-ended:
					if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() { //nolint:errorlint // as net returns it
						mu.Lock()
						n++
						mu.Unlock()
					}
					return
				}
			}
		})
	}
	return func() int { slow.Wait(); mu.Lock(); defer mu.Unlock(); return n }
}

// TestTheDoor asks the real binary too often, too slowly and in too many words.
func TestTheDoor(t *testing.T) {
	r := doorRelay(t)
	key, id := r.partner(), r.recap()
	from := func(visitor string) []string { return []string{"X-Forwarded-For", visitor} }
	hungUp := doorSends(t, strings.TrimPrefix(r.base, "http://"), 300, "GET /v1/articles HTTP/1.1\r\nHost: relais\r\nX-Slow: ")

	loud := "203.0.113.7"
	var refused answer
	await(t, "an address that asks too often to be refused", func() bool {
		refused = r.call("GET", "/v1/latest?key="+key, "", from(loud)...)
		return refused.status == http.StatusTooManyRequests
	})
	if refused.header.Get("Retry-After") == "" || refused.header.Get("Content-Type") != "application/problem+json" || refused.header.Get("X-Request-Id") == "" {
		t.Errorf("429 with %v", refused.header)
	}
	r.must(http.StatusOK, "GET", "/livez", "", from(loud)...)
	r.must(http.StatusOK, "GET", "/v1/latest?key="+key, "", from("203.0.113.8")...)
	if !r.finds(key, "collectivite", id) {
		t.Error("a caller that no proxy names is limited by address")
	}
	r.edit(http.StatusCreated, "PUT", "/v1/partners/slow", `{"name": "Lent", "rateLimit": 0.1}`)
	var slow struct{ Key string }
	r.edit(http.StatusCreated, "POST", "/v1/partners/slow/keys", `{"name": "e2e"}`).into(t, &slow)
	await(t, "a partner who asks too often to be refused", func() bool {
		return r.call("GET", "/v1/latest?key="+slow.Key, "").status == http.StatusTooManyRequests
	})
	await(t, "who guesses keys to be refused", func() bool {
		guess := r.call("GET", "/v1/articles", "", append(from("203.0.113.9"), "Authorization", "Bearer rk_"+strings.Repeat("x", 40))...)
		return guess.status == http.StatusTooManyRequests
	})
	r.must(http.StatusRequestURITooLong, "GET", "/v1/latest?key="+key+"&x="+strings.Repeat("x", 9000), "")
	r.must(http.StatusBadRequest, "GET", "/v1/latest?key="+key+"&key="+key, "")
	metrics := string(r.must(http.StatusOK, "GET", "/metrics", "").body)
	for _, by := range []string{"address", "partner"} {
		if !strings.Contains(metrics, fmt.Sprintf("relais_limited_total{by=%q}", by)) {
			t.Errorf("nothing is counted as limited by %s", by)
		}
	}
	if got := hungUp(); got != 300 {
		t.Errorf("the server hung up on %d of 300 that send a byte a second", got)
	}
	r.must(http.StatusOK, "GET", "/livez", "")
}
