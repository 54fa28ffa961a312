// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"hash/maphash"
	"net/http"
	"strings"
	"sync"

	"github.com/relais-press/relais/services/share/internal/visit/agent"
)

const kindsLimit = 4096

// Prefetch reports whether a browser asks ahead of its reader: Sec-Purpose, and
// its forerunners Purpose, X-Purpose and X-Moz.
func Prefetch(r *http.Request) bool {
	for _, name := range [...]string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		v := header(r, name)
		if v == "" {
			continue
		}
		v = strings.ToLower(v)
		if strings.Contains(v, "prefetch") || strings.Contains(v, "preview") || strings.Contains(v, "prerender") {
			return true
		}
	}
	return false
}

// header is the first value of a header in canonical spelling.
func header(r *http.Request, canonical string) string {
	if v := r.Header[canonical]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// kinds knows programs by their user agents and remembers, by seeded hashes,
// those it met last.
type kinds struct {
	table *agent.Table
	seed  maphash.Seed

	mu    sync.Mutex
	known recent[agent.Kind]
}

func newKinds(seed maphash.Seed) (*kinds, error) {
	table, err := agent.New()
	return &kinds{table: table, seed: seed, known: recent[agent.Kind]{limit: kindsLimit}}, err
}

// of says what kind of program sent a request. Headers that no browser sends
// with a page it goes to take away that it is one.
func (k *kinds) of(r *http.Request) agent.Kind {
	kind := k.named(userAgent(r))
	switch {
	case kind != agent.Browser:
		return kind
	case header(r, "From") != "":
		return agent.Bot // RFC 9110 §10.1.2: robots say who runs them
	case !navigates(r) || !reads(r):
		return agent.Unknown
	}
	return agent.Browser
}

func (k *kinds) named(userAgent string) agent.Kind {
	key := maphash.String(k.seed, userAgent)
	k.mu.Lock()
	kind, ok := k.known.get(key)
	k.mu.Unlock()
	if ok {
		return kind
	}
	kind = k.table.Kind(userAgent)
	k.mu.Lock()
	k.known.put(0, key, kind)
	k.mu.Unlock()
	return kind
}

// userAgent is as much of a user agent as is looked at.
func userAgent(r *http.Request) string {
	ua := header(r, "User-Agent")
	return ua[:min(len(ua), agent.MaxLength)]
}

// navigates reports whether Sec-Fetch-Mode and Sec-Fetch-Dest, where they are
// sent, are those of a page that is gone to.
func navigates(r *http.Request) bool {
	if mode := header(r, "Sec-Fetch-Mode"); mode != "" && mode != "navigate" {
		return false
	}
	switch header(r, "Sec-Fetch-Dest") {
	case "", "document", "iframe", "empty":
		return true
	}
	return false
}

// reads reports whether Accept, where it is sent, allows HTML.
func reads(r *http.Request) bool {
	lines := r.Header["Accept"]
	for _, v := range lines {
		if v == "" || strings.Contains(v, "text/html") || strings.Contains(v, "*/*") || strings.Contains(v, "text/*") {
			return true
		}
	}
	return len(lines) == 0
}
