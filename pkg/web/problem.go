// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"regexp"
	"strconv"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/secret"
)

// Problem is a problem details object (RFC 9457).
type Problem struct {
	Type      string        `json:"type"` // documented at that path
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Detail    string        `json:"detail,omitempty"`
	RequestID string        `json:"requestId"`
	Errors    []fault.Field `json:"errors,omitempty"`
}

// WriteProblem answers with the problem an error stands for. The text of an
// error that is not of package fault is not shown, and no key that a caller put
// where it does not belong.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	kind := fault.KindOf(err)
	p := Problem{
		Type: "/problems/" + kind.Slug(), Title: kind.Title(), Status: kind.Status(), RequestID: w.Header().Get(requestIDHeader),
	}
	if e, ok := errors.AsType[*fault.Error](err); ok {
		p.Detail = secret.Redact(e.Detail)
		for _, f := range e.Fields {
			p.Errors = append(p.Errors, fault.Field{Pointer: secret.Redact(f.Pointer), Detail: secret.Redact(f.Detail)})
		}
	}
	h := w.Header()
	ErrorHeaders(h, err)
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(w).Encode(p) // the client is gone: nobody to tell
	}
}

// ErrorHeaders sets the headers of an answer that tells an error, whatever its
// form: it is not to be stored and has no ETag; a caller without a good key is told
// which kind to present, and one that is to come back, after how many seconds.
func ErrorHeaders(h http.Header, err error) {
	h.Del("ETag")
	h.Set("Cache-Control", "no-store")
	kind := fault.KindOf(err)
	if kind == fault.Unauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="relais"`)
	}
	if e, ok := errors.AsType[*fault.Error](err); ok && (kind == fault.Unavailable || kind == fault.TooManyRequests) {
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(e.RetryAfter.Seconds())))))
	}
}

// ExplainError begins an answer that tells an error as a page: it sets the headers
// of the error, logs one that is Internal, since the page does not show what it
// says, and returns its kind.
func ExplainError(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) fault.Kind {
	ErrorHeaders(w.Header(), err)
	kind := fault.KindOf(err)
	if kind == fault.Internal {
		log.ErrorContext(r.Context(), "page failed", "path", printable(r.URL.Path), "request_id", RequestID(r.Context()), "error", err)
	}
	return kind
}

// describeProblem is what a problem's type URI leads to.
func describeProblem(w http.ResponseWriter, r *http.Request) error {
	for _, k := range fault.Kinds() {
		if k.Slug() == Var(r, "kind") {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, err := fmt.Fprintf(w, "%s\nHTTP status %d %s\n", k.Title(), k.Status(), http.StatusText(k.Status()))
			return err
		}
	}
	return fault.New(fault.NotFound, "no such kind of problem")
}

const requestIDHeader = "X-Request-Id"

type requestIDKey struct{}

// RequestID is the id of the request a context belongs to.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

func contextWithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

var requestIDPattern = regexp.MustCompile(`^[A-Za-z0-9._:/+=-]{1,128}$`)

// requestID takes the caller's X-Request-Id when it is harmless, else makes one.
func requestID(r *http.Request) string {
	if id := r.Header.Get(requestIDHeader); id != "" && requestIDPattern.MatchString(id) && secret.Redact(id) == id {
		return id
	}
	return rand.Text()
}
