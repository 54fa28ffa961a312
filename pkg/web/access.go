// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/time/rate"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
)

// Directory knows keys and partners (partner.Directory).
type Directory interface {
	// Authenticate returns the key a secret stands for, or Unauthorized.
	Authenticate(ctx context.Context, secret string) (partner.Key, error)
	// Partner returns a partner in service, or Forbidden.
	Partner(ctx context.Context, id string) (partner.Partner, error)
}

// Caller is who makes a request: its key, and the partner of a publishable key.
type Caller struct {
	Key     partner.Key
	Partner *partner.Partner
	secret  string
}

type callerKey struct{}

// CallerOf returns the caller of a request that went through RequireRole or
// RequirePartner.
func CallerOf(r *http.Request) Caller {
	c, _ := r.Context().Value(callerKey{}).(Caller)
	return c
}

func withCaller(r *http.Request, c Caller) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), callerKey{}, c))
}

// RequireRole lets through callers whose bearer key covers a role: 401 without
// a good key, 403 with one of another role.
func RequireRole(d Directory, role partner.Role) Middleware {
	return func(next HandlerFunc) HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) error {
			caller, err := bearer(d, r)
			if err != nil {
				return err
			}
			if !caller.Key.Role.Covers(role) {
				return fault.Newf(fault.Forbidden, "this call takes the role %s", role)
			}
			return next(w, withCaller(r, caller))
		}
	}
}

func bearer(d Directory, r *http.Request) (Caller, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		secret = ""
	}
	key, err := d.Authenticate(r.Context(), strings.TrimSpace(secret))
	return Caller{Key: key, secret: secret}, err
}

// Partners guards the calls that partner sites make from a reader's browser.
type Partners struct {
	directory Directory
	mu        sync.Mutex
	limits    map[string]*rate.Limiter // by partner, of those that have a rateLimit
}

// NewPartners returns the guard over a directory.
func NewPartners(d Directory) *Partners {
	return &Partners{directory: d, limits: map[string]*rate.Limiter{}}
}

// Require lets through callers with a publishable key (?key=) whose origin its
// partner lists, and opens the answer to that origin (CORS). A preflight is
// answered here.
func (p *Partners) Require(next HandlerFunc) HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := p.caller(w, r)
		if err != nil {
			return err
		}
		if r.Method == http.MethodOptions {
			h := w.Header()
			h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST")
			h.Set("Access-Control-Allow-Headers", "Content-Type, Idempotency-Key, X-Request-Id")
			h.Set("Access-Control-Max-Age", "7200")
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return next(w, withCaller(r, caller))
	}
}

// RequireEither lets through a publishable key as Require does, or a bearer key
// that covers a role.
func (p *Partners) RequireEither(role partner.Role) Middleware {
	return func(next HandlerFunc) HandlerFunc {
		asPartner, asRole := p.Require(next), RequireRole(p.directory, role)(next)
		return func(w http.ResponseWriter, r *http.Request) error {
			if r.URL.Query().Has("key") {
				return asPartner(w, r)
			}
			return asRole(w, r)
		}
	}
}

func (p *Partners) caller(w http.ResponseWriter, r *http.Request) (Caller, error) {
	w.Header().Add("Vary", "Origin")
	secret := r.URL.Query().Get("key")
	key, err := p.directory.Authenticate(r.Context(), secret)
	if err != nil {
		return Caller{}, err
	}
	if key.Role != partner.Publishable {
		return Caller{}, fault.New(fault.Forbidden, "a secret key does not belong into a URL: use a publishable key (pk_…) here")
	}
	site, err := p.directory.Partner(r.Context(), key.Partner)
	if err != nil {
		return Caller{}, err
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		if !site.AllowsOrigin(origin) {
			return Caller{}, fault.WithFields(fault.Forbidden, "this key does not work from "+printable(origin),
				fault.Field{Pointer: "/Origin", Detail: "is not an origin of the partner"})
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "Content-Location, ETag, Link, Retry-After, Server-Timing, X-Request-Id")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	if !p.allow(&site) {
		return Caller{}, fault.Newf(fault.TooManyRequests, "more than %g requests a second", site.RateLimit)
	}
	return Caller{Key: key, Partner: &site, secret: secret}, nil
}

// allow takes one token of the partner's rate; bursts of a second's worth pass.
func (p *Partners) allow(site *partner.Partner) bool {
	if site.RateLimit <= 0 {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.limits[site.ID]
	if l == nil || l.Limit() != rate.Limit(site.RateLimit) {
		l = rate.NewLimiter(rate.Limit(site.RateLimit), max(1, int(site.RateLimit)))
		p.limits[site.ID] = l
	}
	return l.Allow()
}
