// SPDX-License-Identifier: Apache-2.0

package plain

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

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
	for _, r := range Fold(headline) {
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

// Fold lower-cases a string, takes its accents and ligatures apart and leaves
// the accents out.
func Fold(s string) string {
	if ascii(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r + 'a' - 'A')
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case int(r) < len(latin):
			b.WriteString(latin[r])
		default:
			b.WriteString(foldRune(r))
		}
	}
	return b.String()
}

// latin holds the folded form of the letters that French and its neighbors use.
var latin = foldLatin()

func foldLatin() (table [0x180]string) {
	for r := range table {
		table[r] = foldRune(rune(r))
	}
	return table
}

func foldRune(r rune) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(string(unicode.ToLower(r))) {
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

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
