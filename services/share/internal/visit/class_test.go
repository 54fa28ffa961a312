// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"hash/maphash"
	"net/http"
	"strconv"
	"testing"

	"github.com/relais-press/relais/services/share/internal/visit/agent"
)

const firefox = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"

// from returns a GET with headers given as name, value, name, value…
func from(headers ...string) *http.Request {
	r := &http.Request{Method: http.MethodGet, RemoteAddr: "203.0.113.7:4711", Header: http.Header{}}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestKindByHeaders(t *testing.T) {
	k, err := newKinds(maphash.MakeSeed())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		headers []string
		want    agent.Kind
	}{
		{"nothing", nil, agent.Unknown},
		{"a browser that sends little", []string{"User-Agent", firefox}, agent.Browser},
		{"a browser that sends all", []string{
			"User-Agent", firefox, "Accept", "text/html,application/xhtml+xml,*/*;q=0.8",
			"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "cross-site",
		}, agent.Browser},
		{"a frame", []string{"User-Agent", firefox, "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, agent.Browser},
		{"everything accepted", []string{"User-Agent", firefox, "Accept", "*/*"}, agent.Browser},
		{"any text accepted", []string{"User-Agent", firefox, "Accept", "image/png", "Accept", "text/*"}, agent.Browser},
		{"an empty Accept", []string{"User-Agent", firefox, "Accept", ""}, agent.Browser},
		{"only JSON accepted", []string{"User-Agent", firefox, "Accept", "application/json"}, agent.Unknown},
		{"only pictures accepted", []string{"User-Agent", firefox, "Accept", "image/avif,image/webp"}, agent.Unknown},
		{"a script", []string{"User-Agent", firefox, "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}, agent.Unknown},
		{"a picture", []string{"User-Agent", firefox, "Sec-Fetch-Dest", "image"}, agent.Unknown},
		{"somebody to write to", []string{"User-Agent", firefox, "From", "bot@crawler.example"}, agent.Bot},
		{"a listed program whatever it sends", []string{"User-Agent", "Slackbot 1.0", "From", "a@b.example", "Accept", "image/png"}, agent.Preview},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // the second time from memory
				if got := k.of(from(c.headers...)); got != c.want {
					t.Errorf("kind = %d, want %d", got, c.want)
				}
			}
		})
	}
}

func TestKindsRememberAFew(t *testing.T) {
	k, err := newKinds(maphash.MakeSeed())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 * kindsLimit {
		k.named(firefox + strconv.Itoa(i))
	}
	if n := len(k.known.young) + len(k.known.old); n > 2*kindsLimit {
		t.Errorf("%d user agents remembered", n)
	}
}

func TestPrefetch(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"Sec-Purpose", "prefetch", true},
		{"Sec-Purpose", "prefetch;anonymous-client-ip", true},
		{"Sec-Purpose", "prefetch;prerender", true},
		{"Purpose", "Prefetch", true},
		{"Purpose", "preview", true},
		{"X-Purpose", "preview", true},
		{"X-Moz", "prefetch", true},
		{"X-Purpose", "prerender", true},
		{"Sec-Purpose", "", false},
		{"Purpose", "reading", false},
		{"X-Other", "prefetch", false},
	} {
		if got := Prefetch(from(c.name, c.value)); got != c.want {
			t.Errorf("%s: %s: %v, want %v", c.name, c.value, got, c.want)
		}
	}
}
