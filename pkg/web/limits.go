// SPDX-License-Identifier: Apache-2.0

package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/door"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/limit"
	"github.com/relais-press/relais/pkg/partner"
)

// The limits of the form of a request.
const (
	MaxURL     = 8 << 10 // bytes of what it asks for
	MaxHeaders = 100     // names in its header
)

// What one network may ask for with keys that this process has not heard of:
// each is looked up in the log.
const (
	unknownRate  = 5
	unknownBurst = 20
)

// Rates are how often callers may call, in requests a second; 0: as often as they like.
type Rates struct {
	Address float64 // a network, whatever it asks for; four seconds' worth at once
	Key     float64 // a key, unless its partner has a rate of its own; two seconds' worth at once
}

// Limits hold callers back who call too often: 429 with Retry-After. They are
// counted in relais_limited_total. It is safe for concurrent use; a nil *Limits
// limits nobody.
type Limits struct {
	proxies      door.Proxies
	buckets      *limit.Limiter
	address, key limit.Rate
	unknown      limit.Rate
	log          *slog.Logger
	unnamed      sync.Once // a proxy that nobody named has been told of
	limited      *prometheus.CounterVec
}

// NewLimits returns limits over buckets that may be shared with other processes.
// metrics may be nil.
func NewLimits(rates Rates, proxies door.Proxies, buckets *limit.Limiter, log *slog.Logger, metrics prometheus.Registerer) (*Limits, error) {
	l := &Limits{
		proxies: proxies, buckets: buckets, log: log,
		address: limit.Per(rates.Address, int(4*rates.Address)), key: limit.Per(rates.Key, int(2*rates.Key)),
		unknown: limit.Per(unknownRate, unknownBurst),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relais_limited_total", Help: "Requests answered 429 because their network, key or partner asks too often.",
		}, []string{"by"}),
	}
	for _, by := range []string{"address", "key", "partner", "unknown_key"} {
		l.limited.WithLabelValues(by) // told as 0, so that the first is seen to come
	}
	if metrics != nil {
		if err := metrics.Register(l.limited); err != nil {
			return nil, fmt.Errorf("limits: %w", err)
		}
	}
	return l, nil
}

// Guard stands before every route. It refuses a request from a network that asks
// too often, and one whose URL or header is out of all measure: 414, 431. What
// Unlimited names is let through. Private addresses are not limited unless a
// trusted proxy names them: they are most likely a proxy.
func (l *Limits) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := l.admit(r); err != nil {
			w.Header()[requestIDHeader] = []string{requestID(r)}
			w.Header()["X-Content-Type-Options"] = noSniff
			WriteProblem(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Unlimited reports whether a path is one by which a process is watched.
func Unlimited(path string) bool { return path == "/livez" || path == "/readyz" || path == "/metrics" }

func (l *Limits) admit(r *http.Request) error {
	if len(r.RequestURI) > MaxURL {
		return fault.Newf(fault.LongURL, "the URL is longer than %d bytes", MaxURL)
	}
	if len(r.Header) > MaxHeaders {
		return fault.Newf(fault.LongHeader, "the header has more than %d names", MaxHeaders)
	}
	if Unlimited(r.URL.Path) {
		return nil
	}
	from, alone := l.from(r)
	if !alone {
		return nil
	}
	return l.refuse("address", l.buckets.Network(from, l.address), "your network asks too often")
}

// from is where a request comes from, and whether it may be judged by that.
func (l *Limits) from(r *http.Request) (a netip.Addr, alone bool) {
	a = l.proxies.Address(r)
	alone = l.proxies.Alone(r, a)
	if !alone && len(r.Header["X-Forwarded-For"]) > 0 && !l.proxies.Trust(a) {
		l.unnamed.Do(func() {
			l.log.WarnContext(r.Context(), "a proxy in front is not among --trusted-proxies: addresses are not limited", "peer", a.String())
		})
	}
	return a, alone
}

// refuse is nil when there is nothing to wait for.
func (l *Limits) refuse(by string, wait time.Duration, detail string) error {
	if wait <= 0 {
		return nil
	}
	l.limited.WithLabelValues(by).Inc()
	return &fault.Error{Kind: fault.TooManyRequests, Detail: detail, RetryAfter: wait}
}

// Over returns a directory whose keys are held to these limits by RequireRole and
// Partners. A nil *Limits returns it as it is.
func (l *Limits) Over(d Keys) Directory {
	if l == nil {
		return d
	}
	return guarded{d, l}
}

// Keys is a Directory that can tell without the log whether it knows a secret
// (partner.Directory).
type Keys interface {
	Directory
	// Knows reports whether the directory has heard of a secret.
	Knows(secret string) bool
}

type guarded struct {
	Keys
	limits *Limits
}

// authenticate is Authenticate for the caller of a request, unless its network
// asks too often with keys that nobody has heard of.
func authenticate(d Directory, r *http.Request, secret string) (partner.Key, error) {
	if g, ok := d.(guarded); ok && partner.WellFormed(secret) && !g.Knows(secret) {
		if from, alone := g.limits.from(r); alone {
			wait := g.limits.buckets.Name("unknown "+door.Network(from).String(), g.limits.unknown)
			if err := g.limits.refuse("unknown_key", wait, "too many calls with unknown keys"); err != nil {
				return partner.Key{}, err
			}
		}
	}
	key, err := d.Authenticate(r.Context(), secret)
	if fault.Is(err, fault.TooManyRequests) {
		if g, ok := d.(guarded); ok {
			g.limits.limited.WithLabelValues("unknown_key").Inc()
		}
	}
	return key, err
}

// take takes one of what a key may, or of what its partner may over all its keys
// when that has a rate of its own; of that, a second's worth passes at once.
func (l *Limits) take(key partner.Key, site *partner.Partner) error {
	if site != nil && site.RateLimit > 0 {
		wait := l.buckets.Name("partner "+site.ID, limit.Per(site.RateLimit, int(site.RateLimit)))
		if wait <= 0 {
			return nil
		}
		return l.refuse("partner", wait, fmt.Sprintf("more than %g requests a second", site.RateLimit))
	}
	wait := l.buckets.Name("key "+key.ID, l.key)
	return l.refuse("key", wait, "this key is used too often")
}

// limitsOf are the limits that a directory was given by Over, else limits of its
// own, which hold partners to their rates.
func limitsOf(d Directory) *Limits {
	if g, ok := d.(guarded); ok {
		return g.limits
	}
	l, _ := NewLimits(Rates{}, nil, limit.New(), slog.New(slog.DiscardHandler), nil) // fails to register alone
	return l
}
