// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/relais-press/relais/pkg/fault"
)

const (
	noBreakSpace       = '\u00a0'
	narrowNoBreakSpace = '\u202f'
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// Normalize brings text to the form in which it is stored: valid UTF-8 (what is
// not becomes U+FFFD) in NFC, lines ended by \n alone, and no byte order mark,
// zero-width, soft hyphen, bidirectional override, noncharacter or control
// character but newline and tab. No-break spaces, quotation marks, apostrophes,
// ligatures and dashes stay as they are; so do joiners where they shape the
// writing: in emoji sequences and in scripts other than Latin, Greek and
// Cyrillic.
func Normalize(s string) string {
	if plain(s) {
		return s
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, string(utf8.RuneError))
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	b.Grow(len(s))
	last := rune(0) // but for combining marks
	for _, r := range s {
		switch {
		case lineBreak(r):
			r = '\n'
		case r == zeroWidthJoiner || r == zeroWidthNonJoiner:
			if !shapes(last) {
				continue
			}
		case invisible(r):
			continue
		}
		b.WriteRune(r)
		if !unicode.IsMark(r) {
			last = r
		}
	}
	return norm.NFC.String(b.String())
}

// NormalizeLine is [Normalize] for text of one line, such as a headline: it also
// trims white space and makes every run of it one space.
func NormalizeLine(s string) string { return collapse(Normalize(s)) }

// plain reports whether s is printable ASCII, newlines and tabs.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' && c != '\n' && c != '\t') || c > '~' {
			return false
		}
	}
	return true
}

func lineBreak(r rune) bool {
	switch r {
	case '\r', '\v', '\f', '\u0085', '\u2028', '\u2029':
		return true
	}
	return false
}

func invisible(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case unicode.IsControl(r):
		return true
	case r == '\u00ad', r == '\u034f', r == '\u061c', r == '\u180e', r == '\ufeff':
		return true
	case r >= '\u200b' && r <= '\u200f', r >= '\u202a' && r <= '\u202e', r >= '\u2060' && r <= '\u206f':
		return true
	case r >= '\ufff9' && r <= '\ufffb', r >= '\ufdd0' && r <= '\ufdef', r&0xfffe == 0xfffe:
		return true
	}
	return false
}

// shapes reports whether a joiner after r, and its marks, changes how it is
// written.
func shapes(r rune) bool {
	if r < 0x0530 {
		return false
	}
	if unicode.In(r, unicode.So, unicode.Sk) {
		return true
	}
	return unicode.IsLetter(r) && !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic)
}

// checkUTF8 names the first byte that is not UTF-8.
func checkUTF8(raw []byte) error {
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && n <= 1 {
			return fault.Newf(fault.Malformed, "the text is not UTF-8: invalid byte 0x%02X at offset %d", raw[i], i)
		}
		i += n
	}
	return nil
}

// collapse trims white space and makes every run of it one character: a space,
// or the run's own no-break space where French typography wants one or where
// there is nothing else.
func collapse(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		i := strings.IndexFunc(s, unicode.IsSpace)
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		j := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsSpace(r) })
		if j < 0 {
			break
		}
		if b.Len() > 0 {
			b.WriteString(gap(b.String(), s[:j], s[j:]))
		}
		s = s[j:]
	}
	return b.String()
}

// gap is what a run of white space between two texts comes down to.
func gap(before, run, after string) string {
	if _, n := utf8.DecodeRuneInString(run); n == len(run) && run != "\n" && run != "\t" {
		return run
	}
	i := strings.IndexAny(run, string(noBreakSpace)+string(narrowNoBreakSpace))
	if i < 0 {
		return " "
	}
	last, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(after)
	if !strings.ContainsRune("«‹", last) && !strings.ContainsRune("»›:;!?%€", next) &&
		strings.ContainsFunc(run, func(r rune) bool { return r != noBreakSpace && r != narrowNoBreakSpace }) {
		return " "
	}
	_, n := utf8.DecodeRuneInString(run[i:])
	return run[i : i+n]
}

// trimStart cuts leading white space, and with it combining marks that have lost
// the character they belong to and would join whatever comes before.
func trimStart(s string) string {
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		if !unicode.IsSpace(r) && norm.NFC.PropertiesString(s).CCC() == 0 {
			break
		}
		s = s[n:]
	}
	return s
}
