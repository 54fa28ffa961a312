// SPDX-License-Identifier: Apache-2.0

// Package fault classifies errors into a closed set of kinds and maps each
// kind, in one table, to an HTTP status and to what a log consumer does with
// the message that caused it.
//
// Only the text given to a constructor of this package ever reaches a user.
// An error from elsewhere is Internal and its text stays in the server's log.
package fault

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Kind is one class of error. The zero Kind is Internal.
type Kind int

// The kinds, with the HTTP status each one answers.
const (
	Internal             Kind = iota // 500: our fault; the text is hidden
	Malformed                        // 400: not the shape the call takes
	Unauthorized                     // 401: no key, or a key nobody issued
	Forbidden                        // 403: a good key that may not do this here
	NotFound                         // 404
	MethodNotAllowed                 // 405
	Conflict                         // 409: contradicts the present state
	Gone                             // 410: canceled or deleted for good
	PreconditionFailed               // 412: If-Match names another version
	TooLarge                         // 413
	UnsupportedMediaType             // 415
	Invalid                          // 422: understood, and wrong
	TooManyRequests                  // 429
	LongURL                          // 414
	LongHeader                       // 431
	Legal                            // 451: withdrawn for legal reasons (RFC 7725)
	Unavailable                      // 503: the log or the index is away
	NotImplemented                   // 501: a format of a standard that is not spoken here
)

// Disposition is what a log consumer does with a message whose handling failed.
type Disposition int

// The dispositions.
const (
	Retry   Disposition = iota // deliver again a few times, then put it aside
	Drop                       // put it aside at once: it will never succeed
	Ack                        // nothing to do: it has been overtaken
	Suspend                    // deliver again for as long as it takes: a dependency is away
)

type row struct {
	slug        string
	title       string
	status      int
	disposition Disposition
}

func table(k Kind) row {
	switch k {
	case Malformed:
		return row{"malformed", "Malformed request", http.StatusBadRequest, Drop}
	case Unauthorized:
		return row{"unauthorized", "Missing or unknown key", http.StatusUnauthorized, Drop}
	case Forbidden:
		return row{"forbidden", "Not allowed with this key", http.StatusForbidden, Drop}
	case NotFound:
		return row{"not-found", "Not found", http.StatusNotFound, Drop}
	case MethodNotAllowed:
		return row{"method-not-allowed", "Method not allowed", http.StatusMethodNotAllowed, Drop}
	case Conflict:
		return row{"conflict", "Conflict with the present state", http.StatusConflict, Ack}
	case Gone:
		return row{"gone", "Gone", http.StatusGone, Ack}
	case PreconditionFailed:
		return row{"precondition-failed", "The version has moved on", http.StatusPreconditionFailed, Ack}
	case TooLarge:
		return row{"too-large", "Too large", http.StatusRequestEntityTooLarge, Drop}
	case UnsupportedMediaType:
		return row{"unsupported-media-type", "Unsupported media type", http.StatusUnsupportedMediaType, Drop}
	case Invalid:
		return row{"invalid", "Understood but invalid", http.StatusUnprocessableEntity, Drop}
	case LongURL:
		return row{"long-url", "The URL is too long", http.StatusRequestURITooLong, Drop}
	case LongHeader:
		return row{"long-header", "The header is too long", http.StatusRequestHeaderFieldsTooLarge, Drop}
	case TooManyRequests:
		return row{"too-many-requests", "Too many requests", http.StatusTooManyRequests, Retry}
	case Legal:
		return row{"legal", "Unavailable for legal reasons", http.StatusUnavailableForLegalReasons, Ack}
	case Unavailable:
		return row{"unavailable", "Temporarily unavailable", http.StatusServiceUnavailable, Suspend}
	case NotImplemented:
		return row{"not-implemented", "Not implemented", http.StatusNotImplemented, Drop}
	case Internal:
	}
	return row{"internal", "Internal error", http.StatusInternalServerError, Retry}
}

// Kinds lists every kind, in the order of their HTTP status.
func Kinds() []Kind {
	return []Kind{
		Malformed, Unauthorized, Forbidden, NotFound, MethodNotAllowed, Conflict, Gone, PreconditionFailed,
		TooLarge, LongURL, UnsupportedMediaType, Invalid, TooManyRequests, LongHeader, Legal, Internal, NotImplemented, Unavailable,
	}
}

// Slug is the kind's stable name, as it ends the problem type URI: "not-found".
func (k Kind) Slug() string { return table(k).slug }

// Title is the kind's short English summary (RFC 9457 "title").
func (k Kind) Title() string { return table(k).title }

// Status is the kind's HTTP status code.
func (k Kind) Status() int { return table(k).status }

// Disposition is what a log consumer does with a message that failed so.
func (k Kind) Disposition() Disposition { return table(k).disposition }

// String returns the slug.
func (k Kind) String() string { return k.Slug() }

// Field names one wrong part of an input.
type Field struct {
	Pointer string `json:"pointer"` // JSON Pointer (RFC 6901) into the body, or "/name" of a parameter
	Detail  string `json:"detail"`  // one sentence for the caller
}

// Error is an error of a known kind whose Detail may be shown to the caller.
type Error struct {
	Kind       Kind
	Detail     string        // one sentence for the caller
	Fields     []Field       // what is wrong, part by part
	RetryAfter time.Duration // for TooManyRequests and Unavailable; 0 means "say one second"
	Err        error         // the cause, for the log only
}

// Error joins the kind, the detail, the first wrong field and the cause.
func (e *Error) Error() string {
	s := e.Kind.Slug()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if len(e.Fields) > 0 {
		s += fmt.Sprintf(" (%s: %s)", e.Fields[0].Pointer, e.Fields[0].Detail)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of kind k with a detail for the caller.
func New(k Kind, detail string) *Error { return &Error{Kind: k, Detail: detail} }

// Newf is New with a formatted detail; the arguments reach the caller.
func Newf(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Detail: fmt.Sprintf(format, args...)}
}

// Wrap returns an error of kind k whose cause is err and whose detail is shown.
func Wrap(k Kind, detail string, err error) *Error {
	return &Error{Kind: k, Detail: detail, Err: err}
}

// WithFields returns an error of kind k that names the wrong parts of an input.
func WithFields(k Kind, detail string, fields ...Field) *Error {
	return &Error{Kind: k, Detail: detail, Fields: fields}
}

// KindOf returns the kind of the outermost *Error in err's chain; Internal when
// there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of kind k.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }
