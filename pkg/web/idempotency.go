// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
)

// Answers keeps the first answer to each Idempotency-Key for 24 hours
// (draft-ietf-httpapi-idempotency-key-header). It is kept sealed: an answer may
// hold a new secret, so only who presents the same caller's key can open it.
type Answers interface {
	// Create stores a value under a key that must not exist, or returns Conflict.
	Create(ctx context.Context, key string, value []byte) (revision uint64, err error)
	// Get returns a value, or NotFound.
	Get(ctx context.Context, key string) (bus.Entry, error)
	// Update replaces the value of a revision, or returns Conflict.
	Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error)
	// Delete forgets a key.
	Delete(ctx context.Context, key string) error
}

// lease is how long a request may hold an Idempotency-Key without an answer;
// after that its process is taken for dead and a retry runs the call again.
const lease = 30 * time.Second

type answer struct {
	Digest string      `json:"digest"` // SHA-256 of method, URL, type and body
	Until  time.Time   `json:"until"`  // end of the lease while there is no answer
	Status int         `json:"status,omitempty"`
	Header http.Header `json:"header,omitempty"`
	Sealed []byte      `json:"sealed,omitempty"` // the body, AES-256-GCM
}

type attemptKey struct{}

// Attempt names the attempt to do what a request asks for. It is the same for
// every retry under one Idempotency-Key, on routes that are [Idempotent], and
// unique otherwise: a key where none is heeded must not make two requests one.
func Attempt(r *http.Request) string {
	if name, ok := r.Context().Value(attemptKey{}).(string); ok {
		return name
	}
	return RequestID(r.Context()) + "." + hex.EncodeToString(sha256Of(time.Now().String())[:8])
}

// Idempotent honors the Idempotency-Key header of a POST: the same key and
// request give the first answer again, the same key and another request 422.
// It stands inside the authentication. Answers other than 2xx are not kept.
func Idempotent(store Answers) Middleware {
	return func(next HandlerFunc) HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) error {
			key := r.Header.Get("Idempotency-Key")
			if key == "" {
				return next(w, r)
			}
			if len(key) > 255 {
				return fault.WithFields(fault.Malformed, "Idempotency-Key is too long",
					fault.Field{Pointer: "/Idempotency-Key", Detail: "must have at most 255 bytes"})
			}
			body, err := ReadBody(w, r)
			if err != nil {
				return err
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			digest := hex.EncodeToString(sha256Of(r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), string(body)))
			return once(store, next, w, r, digest)
		}
	}
}

func once(store Answers, next HandlerFunc, w http.ResponseWriter, r *http.Request, digest string) error {
	name := hex.EncodeToString(sha256Of(CallerOf(r).Key.ID, r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"))[:16])
	r = r.WithContext(context.WithValue(r.Context(), attemptKey{}, name))
	revision, first, err := claim(r.Context(), store, name, digest)
	if err != nil {
		return err
	}
	if first != nil {
		return replay(w, r, first)
	}
	capture := &captured{header: w.Header(), status: http.StatusOK}
	if err := next(capture, r); err != nil || capture.status >= 300 {
		if forget := store.Delete(context.WithoutCancel(r.Context()), name); err == nil {
			err = forget
		}
		if err != nil {
			return err
		}
		return capture.flush(w)
	}
	a := answer{Digest: digest, Status: capture.status, Header: kept(capture.header)}
	if a.Sealed, err = seal(r, capture.body.Bytes()); err != nil {
		return err
	}
	value, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	// The work is done and must be told, whether or not the answer could be kept:
	// writers recognize a repeated attempt by its name.
	_, _ = store.Update(context.WithoutCancel(r.Context()), name, value, revision)
	return capture.flush(w)
}

// claim takes the lease of a key, or returns the first answer.
func claim(ctx context.Context, store Answers, name, digest string) (uint64, *answer, error) {
	mine, err := json.Marshal(answer{Digest: digest, Until: time.Now().Add(lease)})
	if err != nil {
		return 0, nil, fmt.Errorf("claim Idempotency-Key: %w", err)
	}
	revision, err := store.Create(ctx, name, mine)
	if !fault.Is(err, fault.Conflict) {
		return revision, nil, err
	}
	entry, err := store.Get(ctx, name)
	if err != nil {
		return 0, nil, err
	}
	var a answer
	if err := json.Unmarshal(entry.Value, &a); err != nil {
		return 0, nil, fmt.Errorf("read kept answer: %w", err)
	}
	switch {
	case a.Digest != digest:
		return 0, nil, fault.WithFields(fault.Invalid, "this Idempotency-Key was used for another request",
			fault.Field{Pointer: "/Idempotency-Key", Detail: "belongs to a request with another body"})
	case a.Status != 0:
		return 0, &a, nil
	case time.Now().Before(a.Until):
		return 0, nil, fault.New(fault.Conflict, "a request with this Idempotency-Key is under way")
	}
	revision, err = store.Update(ctx, name, mine, entry.Revision)
	return revision, nil, err
}

func replay(w http.ResponseWriter, r *http.Request, a *answer) error {
	body, err := open(r, a.Sealed)
	if err != nil {
		return fault.WithFields(fault.Invalid, "this Idempotency-Key was used by another caller",
			fault.Field{Pointer: "/Idempotency-Key", Detail: "belongs to another caller"})
	}
	maps.Copy(w.Header(), a.Header)
	w.Header().Set("Idempotency-Replayed", "true")
	w.WriteHeader(a.Status)
	_, _ = w.Write(body) // the client is gone: nobody to tell
	return nil
}

// kept are the headers that belong to an answer, not to one exchange.
func kept(h http.Header) http.Header {
	out := http.Header{}
	for _, name := range []string{"Content-Type", "ETag", "Location", "Link", "Cache-Control"} {
		if v := h.Values(name); len(v) > 0 {
			out[http.CanonicalHeaderKey(name)] = v
		}
	}
	return out
}

// sealer encrypts with a key only the caller can make again: from its secret
// and the Idempotency-Key.
func sealer(r *http.Request) (cipher.AEAD, error) {
	mac := hmac.New(sha256.New, []byte(CallerOf(r).secret))
	mac.Write([]byte(r.Header.Get("Idempotency-Key")))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("seal answer: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func seal(r *http.Request, body []byte) ([]byte, error) {
	aead, err := sealer(r)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, body, nil), nil
}

func open(r *http.Request, sealed []byte) ([]byte, error) {
	aead, err := sealer(r)
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.Overhead() {
		return nil, errors.New("sealed answer is too short")
	}
	return aead.Open(nil, nil, sealed, nil)
}

func sha256Of(parts ...string) []byte {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return h.Sum(nil)
}

// captured holds an answer back until it has been kept.
type captured struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *captured) Header() http.Header         { return c.header }
func (c *captured) WriteHeader(status int)      { c.status = status }
func (c *captured) Write(b []byte) (int, error) { return c.body.Write(b) }

func (c *captured) flush(w http.ResponseWriter) error {
	w.WriteHeader(c.status)
	_, _ = w.Write(c.body.Bytes()) // the client is gone: nobody to tell
	return nil
}
