// SPDX-License-Identifier: Apache-2.0

// Package web is the HTTP manners every service shares: a router whose routes
// are named and may fail, problem answers (RFC 9457), strict JSON, entity tags,
// keys and origins, and idempotent POSTs.
package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/telemetry"
)

// HandlerFunc answers a request, or returns an error that becomes a problem
// answer. It returns an error only when it has written nothing.
type HandlerFunc func(http.ResponseWriter, *http.Request) error

// Middleware wraps a handler with something that holds for several routes.
type Middleware func(HandlerFunc) HandlerFunc

// Router holds the routes of one service.
type Router struct {
	mux     *mux.Router
	log     *slog.Logger
	latency *prometheus.HistogramVec
	waiting prometheus.Gauge
	first   map[string]bool         // segments that paths of the router begin with
	direct  map[string]http.Handler // by the segment before the last one of the path
}

// NewRouter returns a router without routes but for /problems/{kind}, which
// documents the problem types. service labels its metrics.
func NewRouter(service string, log *slog.Logger, metrics prometheus.Registerer) (*Router, error) {
	rt := &Router{mux: mux.NewRouter().SkipClean(true), log: log, first: map[string]bool{}, direct: map[string]http.Handler{}}
	rt.latency = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "relais_http_request_duration_seconds", Help: "Time to answer, by route and status.",
		ConstLabels: prometheus.Labels{"service": service},
		Buckets:     []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"route", "method", "status"})
	rt.waiting = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "relais_http_requests_in_flight", Help: "Requests that are being answered.",
		ConstLabels: prometheus.Labels{"service": service},
	})
	if metrics != nil {
		for _, c := range []prometheus.Collector{rt.latency, rt.waiting} {
			if err := metrics.Register(c); err != nil {
				return nil, fmt.Errorf("router of %s: %w", service, err)
			}
		}
	}
	rt.mux.NotFoundHandler = rt.wrap("none", "", func(_ http.ResponseWriter, r *http.Request) error {
		return fault.Newf(fault.NotFound, "no such path: %s", printable(r.URL.Path))
	})
	rt.mux.MethodNotAllowedHandler = rt.wrap("none", "", rt.methodNotAllowed)
	rt.Handle("problem", http.MethodGet, "/problems/{kind}", describeProblem)
	return rt, nil
}

// Handle adds a route: name labels its metrics, methods is one method or
// several separated by commas (GET brings HEAD), path is a mux template.
// Middleware is applied in the order given, the first outermost.
func (rt *Router) Handle(name, methods, path string, h HandlerFunc, middleware ...Middleware) {
	list := strings.Split(methods, ",")
	if slices.Contains(list, http.MethodGet) {
		list = append(list, http.MethodHead)
	}
	for _, m := range slices.Backward(middleware) {
		h = m(h)
	}
	rt.first[firstSegment(path)] = true
	rt.mux.Handle(path, rt.wrap(name, path, h)).Methods(list...).Name(name)
}

// Direct adds a route for GET and HEAD of /prefix/{name} that is found without
// the mux and gives its handler no variables and no request id in the context:
// for an address that is asked for tens of thousands of times a second.
func (rt *Router) Direct(name, prefix, variable string, h HandlerFunc) {
	path := "/" + prefix + "/{" + variable + "}"
	rt.Handle(name, http.MethodGet, path, h)
	rt.direct[prefix] = rt.measured(name, path, h)
}

// ServeHTTP answers a request. No path of ours has an encoded slash: one would
// be taken for another path.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h := rt.direct[firstSegment(r.URL.Path)]; h != nil && (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		strings.Count(r.URL.Path, "/") == 2 && r.URL.RawPath == "" && !strings.HasSuffix(r.URL.Path, "/") {
		h.ServeHTTP(w, r)
		return
	}
	if strings.Contains(strings.ToLower(r.URL.RawPath), "%2f") {
		rt.mux.NotFoundHandler.ServeHTTP(w, r)
		return
	}
	rt.mux.ServeHTTP(w, r)
}

// Knows reports whether the path of the request is one of the router's,
// whatever the method.
func (rt *Router) Knows(r *http.Request) bool {
	if !rt.first[firstSegment(r.URL.Path)] {
		return false
	}
	var match mux.RouteMatch
	return rt.mux.Match(r, &match) && match.MatchErr == nil || match.MatchErr == mux.ErrMethodMismatch //nolint:errorlint // a sentinel, by mux's documentation
}

// Route is one line of the table of contents.
type Route struct{ Name, Method, Path string }

// Routes lists the routes, HEAD left out.
func (rt *Router) Routes() []Route {
	var out []Route
	_ = rt.mux.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, _ := route.GetPathTemplate()
		methods, _ := route.GetMethods()
		for _, m := range methods {
			if m != http.MethodHead && m != http.MethodOptions {
				out = append(out, Route{route.GetName(), m, path})
			}
		}
		return nil
	})
	return out
}

// firstSegment is what stands between the first slash and the second.
func firstSegment(path string) string {
	segment, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return segment
}

// Compose joins the routers of several services under one port: the first that
// knows a path answers it; what none knows is answered by the last. A handler
// that is not a Router knows every path. A path whose first segment only one
// router uses goes there without a question.
func Compose(handlers ...http.Handler) http.Handler {
	owners := map[string]int{}
	own := map[string]*Router{}
	for _, h := range handlers {
		rt, ok := h.(*Router)
		if !ok {
			own = nil
			break
		}
		for segment := range rt.first {
			owners[segment]++
			own[segment] = rt
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if segment := firstSegment(r.URL.Path); owners[segment] == 1 && own != nil {
			own[segment].ServeHTTP(w, r)
			return
		}
		for _, h := range handlers[:len(handlers)-1] {
			if rt, ok := h.(*Router); !ok || rt.Knows(r) {
				h.ServeHTTP(w, r)
				return
			}
		}
		handlers[len(handlers)-1].ServeHTTP(w, r)
	})
}

// Var returns a variable of the route's path template.
func Var(r *http.Request, name string) string { return mux.Vars(r)[name] }

func (rt *Router) methodNotAllowed(w http.ResponseWriter, r *http.Request) error {
	var allow []string
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	} {
		probe := r.Clone(r.Context())
		probe.Method = method
		var match mux.RouteMatch
		if rt.mux.Match(probe, &match) && match.MatchErr == nil {
			allow = append(allow, method)
		}
	}
	w.Header().Set("Allow", strings.Join(append(allow, http.MethodOptions), ", "))
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return fault.Newf(fault.MethodNotAllowed, "this path takes %s", strings.Join(allow, ", "))
}

// wrap is the outermost layer of every route: request id, recovery, problem
// answers, one log line, one measurement and, when the request is traced, what its
// span says. The traceparent of a caller goes on even when nothing is traced here.
// path is the route's template, empty for what is no route.
func (rt *Router) wrap(name, path string, h HandlerFunc) http.Handler {
	return rt.measured(name, path, func(w http.ResponseWriter, r *http.Request) error {
		ctx := contextWithRequestID(r.Context(), w.Header().Get(requestIDHeader))
		return h(w, r.WithContext(telemetry.WithRemote(ctx, r.Header)))
	})
}

// measured is wrap without the request id and the traceparent in the context.
func (rt *Router) measured(name, path string, h HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rt.waiting.Inc()
		defer rt.waiting.Dec()
		rec := &recorder{ResponseWriter: w}
		header := w.Header()
		header[requestIDHeader] = []string{requestID(r)}
		header["X-Content-Type-Options"] = noSniff
		err := guard(h, rec, r)
		if err != nil && rec.status == 0 {
			WriteProblem(rec, r, err)
		}
		if rec.status == 0 {
			rec.status = http.StatusOK
		}
		took := time.Since(start)
		rt.latency.WithLabelValues(name, telemetry.Method(r.Method), strconv.Itoa(rec.status)).Observe(took.Seconds())
		span, id := telemetry.SpanOf(r.Context()), header.Get(requestIDHeader)
		span.Answered(r.Method, name, path, id, rec.status, kindOf(rec.status, err))
		rt.report(r, name, id, span.TraceID(), rec.status, took, err)
	})
}

// kindOf is the kind of the error behind an answer, empty when there was none.
func kindOf(status int, err error) string {
	if err == nil && status < http.StatusBadRequest {
		return ""
	}
	if err == nil {
		return strconv.Itoa(status)
	}
	return fault.KindOf(err).Slug()
}

var noSniff = []string{"nosniff"}

func (rt *Router) report(r *http.Request, name, id, trace string, status int, took time.Duration, err error) {
	level := slog.LevelDebug
	switch {
	case status == http.StatusServiceUnavailable:
		level = slog.LevelWarn
	case status >= http.StatusInternalServerError && status != http.StatusNotImplemented:
		level = slog.LevelError
	}
	if !rt.log.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", id), slog.String("route", name), slog.String("method", r.Method),
		slog.Int("status", status), slog.Duration("took", took),
	}
	if trace != "" {
		attrs = append(attrs, slog.String("trace_id", trace))
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	rt.log.LogAttrs(r.Context(), level, "request", attrs...)
}

// guard turns a panic of h into an Internal error.
func guard(h HandlerFunc, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // the documented sentinel, compared as documented
				panic(p)
			}
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return h(w, r)
}

// recorder remembers the status that was written.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		guardPage(w.Header(), status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
		guardPage(w.Header(), w.status)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// guardPage adds what holds for every page of HTML: it uses no device of its
// reader, shares no window with pages of other sites and is no part of theirs. A
// page that says nothing of its content may load nothing, tell nobody where its
// reader came from, and stand in no frame.
func guardPage(h http.Header, status int) {
	if !strings.HasPrefix(h.Get("Content-Type"), "text/html") || status >= 300 && status < 400 {
		return
	}
	h["Permissions-Policy"] = noDevices
	h["Cross-Origin-Opener-Policy"] = sameOrigin
	h["Cross-Origin-Resource-Policy"] = sameOrigin
	if h.Get("Content-Security-Policy") == "" {
		h["Content-Security-Policy"] = loadsNothing
	}
	if h.Get("Referrer-Policy") == "" {
		h["Referrer-Policy"] = noReferrer
	}
}

var (
	noDevices    = []string{"camera=(), geolocation=(), microphone=(), payment=(), usb=()"}
	sameOrigin   = []string{"same-origin"}
	noReferrer   = []string{"no-referrer"}
	loadsNothing = []string{"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
)

// printable quotes what is not printable ASCII, and shortens.
func printable(s string) string {
	if len(s) > 100 {
		s = s[:100] + "…"
	}
	return strings.Trim(strconv.QuoteToASCII(s), `"`)
}
