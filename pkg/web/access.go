// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

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
// a good key, 403 with one of another role, 429 with one that is used too often
// (see Limits.Over).
func RequireRole(d Directory, role partner.Role) Middleware {
	limits := limitsOf(d)
	return func(next HandlerFunc) HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) error {
			caller, err := bearer(d, r)
			if err != nil {
				return err
			}
			if !caller.Key.Role.Covers(role) {
				return fault.Newf(fault.Forbidden, "this call takes the role %s", role)
			}
			if err := limits.take(caller.Key, nil); err != nil {
				return err
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
	key, err := authenticate(d, r, strings.TrimSpace(secret))
	return Caller{Key: key, secret: secret}, err
}

// Partners guards the calls that partner sites make from a reader's browser.
type Partners struct {
	directory Directory
	limits    *Limits
}

// NewPartners returns the guard over a directory; see Limits.Over.
func NewPartners(d Directory) *Partners { return &Partners{directory: d, limits: limitsOf(d)} }

// Require lets through callers with a publishable key (?key=, once) whose origin
// its partner lists, and opens the answer to that origin (CORS). A preflight is
// answered here, with the methods of the route.
func (p *Partners) Require(next HandlerFunc) HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := p.caller(w, r)
		if err != nil {
			return err
		}
		if r.Method == http.MethodOptions {
			h := w.Header()
			h.Set("Access-Control-Allow-Methods", strings.Join(methodsOf(r), ", "))
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
	secret, err := publishable(r)
	if err != nil {
		return Caller{}, err
	}
	key, err := authenticate(p.directory, r, secret)
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
	if err := openTo(w.Header(), r.Header["Origin"], &site); err != nil {
		return Caller{}, err
	}
	if err := p.limits.take(key, &site); err != nil {
		return Caller{}, err
	}
	return Caller{Key: key, Partner: &site, secret: secret}, nil
}

// publishable is the key of the query. Two keys could be one to us and another to
// a proxy's log or cache: they are refused.
func publishable(r *http.Request) (string, error) {
	switch keys := r.URL.Query()["key"]; len(keys) {
	case 0:
		return "", nil
	case 1:
		return keys[0], nil
	}
	return "", BadParam("key", "must be given once")
}

// openTo lets the scripts of a partner's origin read the answer. origins are the
// Origin headers of the request: a browser sends one at most, and "null" is nobody's.
func openTo(h http.Header, origins []string, site *partner.Partner) error {
	if len(origins) == 0 || len(origins) == 1 && origins[0] == "" {
		return nil
	}
	if len(origins) > 1 || !site.AllowsOrigin(origins[0]) {
		return fault.WithFields(fault.Forbidden, "this key does not work from "+printable(strings.Join(origins, ", ")),
			fault.Field{Pointer: "/Origin", Detail: "is not an origin of the partner"})
	}
	h.Set("Access-Control-Allow-Origin", origins[0])
	h.Set("Access-Control-Expose-Headers", "Content-Location, ETag, Link, Retry-After, Server-Timing, X-Request-Id")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	return nil
}

// methodsOf lists the methods of the route that answers a request.
func methodsOf(r *http.Request) []string {
	route := mux.CurrentRoute(r)
	if route == nil {
		return nil
	}
	methods, err := route.GetMethods()
	if err != nil {
		return nil
	}
	methods = slices.DeleteFunc(slices.Clone(methods), func(m string) bool { return m == http.MethodOptions })
	slices.Sort(methods)
	return methods
}
