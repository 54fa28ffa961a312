// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes one line of a text from outside: valid UTF-8, white space
// collapsed, without control characters and without the marks that turn the
// direction of what follows them (UAX #9: embeddings, overrides, isolates).
// Marks that belong to the text, such as U+200F, stay.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u00a0' || r == '\u202f' || r == '\u2007':
			return r // French lines break at none of these
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\ufeff':
			return -1
		case r >= '\ufdd0' && r <= '\ufdef', r&0xfffe == 0xfffe:
			return -1 // noncharacters, which XML does not allow
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
}

// cut shortens a text to at most n characters, at the end of a word where
// there is one in its second half, and marks the cut with "…".
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	if n <= 0 {
		return ""
	}
	runes := []rune(s)[:n]
	end := n - 1
	for i := end; i > n/2; i-- {
		if unicode.IsSpace(runes[i]) {
			end = i
			break
		}
	}
	for end > 0 && unicode.IsMark(runes[end]) && !unicode.IsSpace(runes[end]) {
		end-- // an accent stays with its letter
	}
	return strings.TrimRightFunc(string(runes[:end]), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;:.–—-«“(", r)
	}) + "…"
}

// address is an http or https address with a host and without user info, all
// of it in printable ASCII (RFC 3986 §2.1); "" for anything else.
func address(s string) string {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || strings.ContainsAny(s, "\\\"<>") {
		return ""
	}
	var out strings.Builder
	for _, b := range []byte(u.String()) {
		if b <= ' ' || b >= 0x7f {
			fmt.Fprintf(&out, "%%%02X", b) // a query is parsed as it stands
		} else {
			out.WriteByte(b)
		}
	}
	return out.String()
}

// withLanguage is an address with its query replaced by ?lang=, or without a
// query for "".
func withLanguage(base, tag string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	u.RawQuery, u.Fragment = "", ""
	if tag != "" {
		u.RawQuery = url.Values{"lang": {tag}}.Encode()
	}
	return u.String()
}
