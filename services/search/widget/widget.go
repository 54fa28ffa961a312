// SPDX-License-Identifier: Apache-2.0

// Package widget serves the script that partners put on their pages: custom
// elements that search, list and share articles.
//
// The script has two addresses. /widget/v1.js moves: it always is the newest
// script of version 1. /widget/v1.<hash>.js is frozen: the same bytes for
// ever, fit for Subresource Integrity. The sources are in src, the contract
// for partners in README.md and relais.d.ts.
package widget

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:generate go run ./bundle

// Name is the file name of the moving script.
const Name = "v1.js"

const (
	movingCache = "public, max-age=300, stale-while-revalidate=86400"
	frozenCache = "public, max-age=31536000, immutable"
)

// dist holds v1.js and the released scripts under their frozen names.
//
//go:embed dist/*.js
var dist embed.FS

// Assets serves the scripts. It is safe for concurrent use.
type Assets struct {
	current Release
	scripts map[string]script // by file name
}

// script is one text in the two encodings it is served in.
type script struct {
	plain, gzipped []byte
	hash           string
	cache          string
}

// Release says where the current script is frozen and how a page pins it.
type Release struct {
	// Path is the frozen path, /widget/v1.<hash>.js.
	Path string
	// Integrity is the value of a script element's integrity attribute, sha384-….
	Integrity string
}

// New reads the embedded scripts. It fails only when a kept script is not what
// its name says.
func New() (*Assets, error) {
	current, err := dist.ReadFile("dist/" + Name)
	if err != nil {
		return nil, fmt.Errorf("read the widget: %w", err)
	}
	sum := sha512.Sum384(current)
	a := &Assets{scripts: map[string]script{}, current: Release{
		Path:      "/widget/" + FrozenName(current),
		Integrity: "sha384-" + base64.StdEncoding.EncodeToString(sum[:]),
	}}
	kept, err := fs.Glob(dist, "dist/v1.*.js")
	if err != nil {
		return nil, fmt.Errorf("list the kept widgets: %w", err)
	}
	for _, name := range kept {
		text, err := dist.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read a kept widget: %w", err)
		}
		if path.Base(name) != FrozenName(text) {
			return nil, fmt.Errorf("kept widget %s has been changed: its bytes belong to %s", path.Base(name), FrozenName(text))
		}
		a.scripts[path.Base(name)] = newScript(text, frozenCache)
	}
	a.scripts[Name] = newScript(current, movingCache)
	a.scripts[FrozenName(current)] = newScript(current, frozenCache)
	return a, nil
}

// FrozenName returns the file name under which a script never changes:
// v1.<hash>.js, the hash being the first 12 hexadecimal digits of its SHA-256.
func FrozenName(script []byte) string {
	sum := sha256.Sum256(script)
	return "v1." + hex.EncodeToString(sum[:])[:12] + ".js"
}

// Release returns where the current script is frozen.
func (a *Assets) Release() Release { return a.current }

// ServeHTTP answers GET and HEAD with the script the last element of the path
// names: v1.js, the current frozen name or a kept one. Any other name is 404,
// any other method 405. Every origin may load the answer. It has a strong
// ETag per encoding, and is gzipped for whoever accepts that.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	s, ok := a.scripts[path.Base(r.URL.Path)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", s.cache)
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept-Encoding")
	text, tag := s.plain, s.hash
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		text, tag = s.gzipped, s.hash+"-gzip"
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, Name, time.Time{}, bytes.NewReader(text))
}

func newScript(text []byte, cache string) script {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
	_, _ = z.Write(text)                                  // a Buffer takes everything
	_ = z.Close()
	sum := sha256.Sum256(text)
	return script{plain: text, gzipped: b.Bytes(), hash: hex.EncodeToString(sum[:16]), cache: cache}
}

// acceptsGzip reports whether Accept-Encoding names gzip without refusing it.
func acceptsGzip(values []string) bool {
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q = strings.ReplaceAll(q, " ", "")
			return strings.TrimRight(q, "0.") != "q="
		}
	}
	return false
}
