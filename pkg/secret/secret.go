// SPDX-License-Identifier: Apache-2.0

// Package secret keeps keys out of what is written down or told: a caller may
// put one where none belongs, such as a path, a Referer or the name of a field,
// and from there it would reach a log line or an answer.
package secret

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

// prefixes are those of every secret that Relais makes: keys of editors and
// partners, and seeds of NATS users (NKeys: S, then the kind).
const (
	editors  = "rk_"
	partners = "pk_"
	seed     = "SU"
)

// shape is a key from its prefix to the first character that ends a value in a
// URL, a header or a JSON text; shorter ones open nothing and stay readable.
var shape = regexp.MustCompile(`\b(rk_|pk_)[^\s"'<>&/?#,;]{8,}|\bSU[A-Z2-7]{56}\b`)

// Redact returns s with the secrets in it cut to their prefix.
func Redact(s string) string {
	if !strings.Contains(s, editors) && !strings.Contains(s, partners) && !strings.Contains(s, seed) {
		return s
	}
	return shape.ReplaceAllStringFunc(s, func(found string) string {
		if strings.HasPrefix(found, seed) {
			return seed + "…"
		}
		return found[:len(editors)] + "…"
	})
}

// Attr is a ReplaceAttr of [slog.HandlerOptions] that redacts texts, errors and
// whatever writes itself as a text.
func Attr(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case string:
		a.Value = slog.StringValue(Redact(v))
	case error:
		a.Value = slog.StringValue(Redact(v.Error()))
	case slog.Level: // as the handler writes it
	case fmt.Stringer:
		if text := v.String(); Redact(text) != text {
			a.Value = slog.StringValue(Redact(text))
		}
	}
	return a
}
