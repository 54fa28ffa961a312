// SPDX-License-Identifier: Apache-2.0

// Package visit says who a visitor of a short link is, as far as may be known:
// a reader or what kind of program, told from others of the day by a token that
// dies with the day's salt. Addresses and user agents are looked at while a
// request is answered, and stay in memory as seeded hashes for seconds
// (addresses) or until others take their place (user agents, languages). None
// of it is written to a disk, the log of articles, or a line of the logger.
package visit

import (
	"context"
	"hash/maphash"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/door"
	"github.com/relais-press/relais/services/share/internal/click"
	"github.com/relais-press/relais/services/share/internal/visit/agent"
)

// Config is what a Watch can be told.
type Config struct {
	Proxies door.Proxies // whose X-Forwarded-For is believed; none: nobody's
}

// Visit is what is known of a visitor.
type Visit struct {
	Class click.Class
	// Token tells a visitor of one link on one UTC day from another: 11
	// characters of base64url. It is empty for all but readers, and for readers
	// who ask not to be followed (Sec-GPC, DNT).
	Token string
}

// Watch looks at visitors. It is safe for concurrent use.
type Watch struct {
	proxies   door.Proxies
	kinds     *kinds
	languages *languages
	burst     *burst
	limiter   *limiter
	salt      *salt
	seed      maphash.Seed // of networks and links
	start     time.Time
}

// New returns a Watch, and registers relais_salt_age_seconds. It works at once;
// once Run has begun, its tokens are those of the other instances.
func New(cfg Config, salts Salts, log *slog.Logger, metrics prometheus.Registerer) (*Watch, error) {
	seed := maphash.MakeSeed()
	k, err := newKinds(seed)
	if err != nil {
		return nil, err
	}
	w := &Watch{
		proxies: cfg.Proxies, kinds: k, languages: newLanguages(seed), burst: newBurst(), limiter: newLimiter(), salt: newSalt(salts, log),
		seed: seed, start: time.Now(),
	}
	return w, metrics.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "relais_salt_age_seconds", Help: "Age of what visitors of the day are known again by; at most a day.",
	}, func() float64 { return w.SaltAge().Seconds() }))
}

// Run shares the salt of the day with the other instances and changes it at
// 00:00 UTC, until ctx ends. While the log is away it tries again.
func (w *Watch) Run(ctx context.Context) error { return w.salt.run(ctx) }

// Look says who asks for a link. It must see HEAD requests, too, which are not
// counted but tell programs from readers. A browser that asks ahead is
// prefetch-refused, and the visit of its reader is still to come.
func (w *Watch) Look(r *http.Request, code string) Visit {
	if Prefetch(r) {
		return Visit{Class: click.PrefetchRefused}
	}
	kind := w.kinds.of(r)
	address := w.proxies.Address(r)
	from := door.Network(address)
	link := maphash.String(w.seed, code)
	if !door.Manifold(address) && w.burst.seen(time.Since(w.start), hashNetwork(w.seed, from), link, kind, r.Method == http.MethodHead) {
		kind = agent.Scanner
	}
	v := Visit{Class: kind.Class()}
	if v.Class == click.Human && header(r, "Sec-Gpc") != "1" && header(r, "Dnt") != "1" {
		v.Token = w.salt.token(code, from, userAgent(r))
	}
	return v
}

// Allow notes that a request asked for a code that does not exist, and reports
// whether its network may still be answered: 20 times a second, 100 at once.
// Else the answer is 429 with Retry-After.
func (w *Watch) Allow(r *http.Request) bool {
	return w.limiter.allow(time.Since(w.start), w.network(r))
}

// HeldBack reports whether a request comes from a network that has guessed too
// often: whatever it asks for, the answer is 429 with Retry-After.
func (w *Watch) HeldBack(r *http.Request) bool {
	return w.limiter.heldBack(time.Since(w.start), func() (uint64, bool) {
		return w.network(r), !door.Manifold(w.proxies.Address(r))
	})
}

func (w *Watch) network(r *http.Request) uint64 {
	return hashNetwork(w.seed, door.Network(w.proxies.Address(r)))
}

// Wanted is the language that an Accept-Language header asks for first, in
// canonical form, with its script where that is not the usual one: "fr", "pt",
// "zh-Hant". It is "" when the header names none.
func (w *Watch) Wanted(acceptLanguage string) string { return w.languages.wanted(acceptLanguage) }

// SaltAge is how long ago what visitors of the day are known again by was made.
func (w *Watch) SaltAge() time.Duration { return w.salt.age() }
