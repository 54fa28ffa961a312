// SPDX-License-Identifier: Apache-2.0

// Package plain holds what every text of an edition goes through: the form in
// which it is stored, the folded form in which it is compared, and its measure.
package plain

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
// Cyrillic. Of more than 20 combining marks in a row the rest go.
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
	marks := 0
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
		if r < 0x0300 || !unicode.IsMark(r) {
			last, marks = r, 0
		} else if marks++; marks > maxMarks {
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

// maxMarks is how many combining marks follow one character at most: more than
// any writing has.
const maxMarks = 20

// NormalizeLine is [Normalize] for text of one line, such as a headline: it also
// trims white space and makes every run of it one space.
func NormalizeLine(s string) string { return Collapse(Normalize(s)) }

// plain reports whether s is already in the stored form, as far as that is
// quickly told: printable ASCII, newlines, tabs, Latin letters and signs that
// compose with nothing before them, French spaces, quotation marks and dashes.
func plain(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if (c < ' ' && c != '\n' && c != '\t') || c > '~' {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !settled(r) {
			return false
		}
		i += n
	}
	return true
}

// settled reports whether r, which is not ASCII, is stored as it is whatever
// stands beside it.
func settled(r rune) bool {
	return r >= 0xa0 && r < 0x0300 && r != 0xad || r >= 0x2010 && r <= 0x2027 || r == narrowNoBreakSpace ||
		r >= 0x2030 && r <= 0x203a || r == '€'
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

// CheckUTF8 names the first byte that is not UTF-8.
func CheckUTF8(raw []byte) error {
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && n <= 1 {
			return fault.Newf(fault.Malformed, "the text is not UTF-8: invalid byte 0x%02X at offset %d", raw[i], i)
		}
		i += n
	}
	return nil
}

// Collapse trims white space and makes every run of it one character: a space,
// or the run's own no-break space where French typography wants one or where
// there is nothing else.
func Collapse(s string) string {
	if collapsed(s) {
		return s
	}
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
			b.WriteString(Gap(b.String(), s[:j], s[j:]))
		}
		s = s[j:]
	}
	return b.String()
}

// collapsed reports whether white space in s, which neither starts nor ends
// with it, is single spaces or no-break spaces; it may be wrong on the careful
// side.
func collapsed(s string) bool {
	space := true
	for _, r := range s {
		if r > '~' {
			if r != noBreakSpace && r != narrowNoBreakSpace {
				if r >= 0x2000 && r < 0x2010 || r == 0x3000 || r == 0x1680 || r == 0x85 || r >= 0x2028 && r <= 0x205f && r != '…' && r != '‰' {
					return false
				}
				space = false
				continue
			}
		} else if r != ' ' {
			if r < ' ' {
				return false
			}
			space = false
			continue
		}
		if space {
			return false
		}
		space = true
	}
	return !space
}

// Gap is what a run of white space between two texts comes down to.
func Gap(before, run, after string) string {
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

// TrimStart cuts leading white space, and with it combining marks that have lost
// the character they belong to and would join whatever comes before.
func TrimStart(s string) string {
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		if !unicode.IsSpace(r) && norm.NFC.PropertiesString(s).CCC() == 0 {
			break
		}
		s = s[n:]
	}
	return s
}
