// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/relais-press/relais/pkg/fault"
)

// WriteJSON answers with v as JSON. An ETag of its bytes is set on a 200 that
// has none yet, and a matching If-None-Match is answered 304.
func WriteJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return WriteBytes(w, r, status, "application/json", body.Bytes())
}

// WriteBytes answers with a body of the given type; ETag as WriteJSON.
func WriteBytes(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) error {
	h := w.Header()
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	if status == http.StatusOK && read {
		if h.Get("ETag") == "" {
			h.Set("ETag", Tag(body))
		}
		if h.Get("Cache-Control") == "" {
			h.Set("Cache-Control", "private, no-cache")
		}
		if matches(r.Header.Get("If-None-Match"), h.Get("ETag")) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client is gone: nobody to tell
	}
	return nil
}

// Has reports whether the caller of a GET or HEAD has the representation of an
// ETag (If-None-Match). WriteBytes answers it 304, the header being set, whatever
// the body: one whose tag is known need not be made.
func Has(r *http.Request, etag string) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && matches(r.Header.Get("If-None-Match"), etag)
}

// Tag is the strong entity tag of a representation: 96 bits of its SHA-256.
func Tag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// matches is the weak comparison of If-None-Match (RFC 9110 §13.1.2).
func matches(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}

// VersionTag is the ETag of a version of an edition; suffix tells apart the
// representations that time gives to one version (an embargo that lifts, a
// translation that goes stale), and may be empty.
func VersionTag(version int, suffix string) string { return `"` + strconv.Itoa(version) + suffix + `"` }

// IfMatch returns the version an If-Match header names: 0 without the header,
// -1 for "*" (any that exists). Malformed names the header.
func IfMatch(r *http.Request) (int, error) {
	header := strings.TrimSpace(r.Header.Get("If-Match"))
	switch header {
	case "":
		return 0, nil
	case "*":
		return -1, nil
	}
	inner, ok := strings.CutPrefix(header, `"`)
	inner, ok2 := strings.CutSuffix(inner, `"`)
	inner = strings.TrimRight(inner, "abcdefghijklmnopqrstuvwxyz")
	version, err := strconv.Atoi(inner)
	if !ok || !ok2 || err != nil || version < 1 {
		return 0, fault.WithFields(fault.Malformed, `If-Match takes one version in quotes, such as "3"`,
			fault.Field{Pointer: "/If-Match", Detail: `must be a version in quotes, such as "3"`})
	}
	return version, nil
}

// MustBeNew reports whether a write may only create: If-None-Match is "*"
// (RFC 9110 §13.1.2).
func MustBeNew(r *http.Request) bool { return strings.TrimSpace(r.Header.Get("If-None-Match")) == "*" }

// IntParam reads a whole number from the query; def when it is absent, and
// Malformed naming it when it is not between low and high.
func IntParam(r *http.Request, name string, def, low, high int) (int, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return def, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		return 0, BadParam(name, fmt.Sprintf("must be a whole number from %d to %d", low, high))
	}
	return n, nil
}

// BadParam is the Malformed error of a query parameter.
func BadParam(name, detail string) error {
	return fault.WithFields(fault.Malformed, "query parameter "+name+" "+detail, fault.Field{Pointer: "/" + name, Detail: detail})
}

// KnownParams is Malformed when the query holds a parameter that is not named.
func KnownParams(r *http.Request, known ...string) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fault.WithFields(fault.Malformed, "the query cannot be read", fault.Field{Pointer: "", Detail: printable(err.Error())})
	}
	var fields []fault.Field
next:
	for name := range query {
		for _, k := range known {
			if name == k {
				continue next
			}
		}
		fields = append(fields, fault.Field{Pointer: "/" + printable(name), Detail: "is not a parameter of this call"})
	}
	if len(fields) > 0 {
		return fault.WithFields(fault.Malformed, "unknown query parameter", fields...)
	}
	return nil
}
