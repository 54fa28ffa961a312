// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const maxSlug = 80

// Slug makes an article id, [a-z0-9][a-z0-9-]{0,79}, from a headline: letters
// lower-cased without their accents, œ as oe, every run of anything else as one
// hyphen, cut between two words. A headline without Latin letters gives
// "article-" and eight hexadecimal digits of its SHA-256. The same headline
// always gives the same id.
func Slug(headline string) string {
	var b strings.Builder
	letters := false
	for _, r := range fold(headline) {
		if b.Len() > maxSlug {
			break
		}
		switch {
		case r >= 'a' && r <= 'z':
			letters = true
			b.WriteRune(r)
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if !letters {
		sum := sha256.Sum256([]byte(headline))
		return "article-" + hex.EncodeToString(sum[:4])
	}
	s := b.String()
	if len(s) > maxSlug {
		if i := strings.LastIndexByte(s, '-'); i > 0 {
			s = s[:i]
		} else {
			s = s[:maxSlug]
		}
	}
	return strings.Trim(s, "-")
}

// fold lower-cases a string, takes its accents and ligatures apart and leaves
// the accents out.
func fold(s string) string {
	if plain(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch r {
		case 'œ':
			b.WriteString("oe")
		case 'æ':
			b.WriteString("ae")
		case 'ß':
			b.WriteString("ss")
		case 'þ':
			b.WriteString("th")
		case 'ø':
			b.WriteByte('o')
		case 'ł':
			b.WriteByte('l')
		case 'đ', 'ð':
			b.WriteByte('d')
		case 'ı':
			b.WriteByte('i')
		default:
			if !unicode.Is(unicode.Mn, r) {
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}

// Fold brings text into the form in which words are compared: lower case,
// without accents and ligatures.
func Fold(s string) string { return fold(s) }
