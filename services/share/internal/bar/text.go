// SPDX-License-Identifier: Apache-2.0

package bar

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// What a network lets a post hold, each in its own unit: X in weighted
// characters, Threads in characters, the others in graphemes.
const (
	xLimit        = 280
	blueskyLimit  = 300
	threadsLimit  = 500
	mastodonLimit = 500
	otherLimit    = 300 // Reddit's for a title; enough everywhere else

	linkWeight = 23 // of any link, on X and Mastodon
)

// textFor returns the text that a network is opened with: the headline, and the
// link where the network has no parameter of its own for it.
func textFor(network, headline, link string) string {
	switch network {
	case X:
		return shorten(headline, xLimit-linkWeight-1, weighted)
	case Threads:
		return shorten(headline, threadsLimit-threadsLength("\n"+link), threadsLength)
	case Bluesky:
		return shorten(headline, blueskyLimit-graphemes("\n"+link), graphemes) + "\n" + link
	case Mastodon:
		return shorten(headline, mastodonLimit-linkWeight-1, graphemes) + "\n" + link
	case WhatsApp:
		return shorten(headline, otherLimit, graphemes) + "\n" + link
	case SMS:
		return shorten(headline, otherLimit, graphemes) + " " + link
	default:
		return shorten(headline, otherLimit, graphemes)
	}
}

// clean makes one line of s, of valid UTF-8.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\u2028', r == '\u2029', unicode.IsControl(r) && unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s))
}

// shorten returns s, or the longest beginning of it that, with an ellipsis, does
// not measure more than limit. It ends with a whole word unless that would take
// more than half of it, and always with a whole grapheme.
func shorten(s string, limit int, measure func(string) int) string {
	if measure(s) <= limit {
		return s
	}
	ends := []int{0}
	for g := uniseg.NewGraphemes(s); len(ends) <= limit && g.Next(); { // none measures less than 1
		_, to := g.Positions()
		ends = append(ends, to)
	}
	// The number of graphemes, none included, of which one more is too many.
	kept := sort.Search(len(ends)-1, func(i int) bool { return measure(s[:ends[i+1]]+"…") > limit })
	end := ends[kept]
	head := s[:end]
	if next, _ := utf8.DecodeRuneInString(s[end:]); !parts(next) {
		if at := strings.LastIndexFunc(head, parts); at > len(head)/2 {
			head = head[:at]
		}
	}
	head = strings.TrimRightFunc(head, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:–—-(«“‘„", r) })
	return head + "…"
}

// parts reports whether a line may be broken at a space: not at those that hold
// French punctuation to its word.
func parts(r rune) bool { return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f' }

// graphemes returns the number of characters that a reader sees, or a tenth of
// the number of bytes where that is more: Bluesky takes 300 and 3,000, and a
// character with a thousand accents is none.
func graphemes(s string) int {
	return max(uniseg.GraphemeClusterCount(s), (len(s)+9)/10)
}

// threadsLength counts as Threads does: code points, but the bytes of an emoji.
func threadsLength(s string) int {
	n := 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if cluster := g.Str(); isEmoji(cluster) {
			n += len(cluster)
		} else {
			n += utf8.RuneCountInString(cluster)
		}
	}
	return n
}

// weighted counts as X does (twitter-text, configuration 3): in NFC, most of the
// Latin, Greek, Cyrillic, Hebrew and Arabic scripts 1 a code point, others 2, an
// emoji sequence 2. A word that may be taken for a host name counts as a link
// besides, which is more than X counts, never less.
func weighted(s string) int {
	s = norm.NFC.String(s)
	n := 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		cluster := g.Str()
		if isEmoji(cluster) {
			n += 2
			continue
		}
		for _, r := range cluster {
			n += weight(r)
		}
	}
	return n + linkWeight*hosts(s)
}

func weight(r rune) int {
	switch {
	case r <= 4351, r >= 8192 && r <= 8205, r >= 8208 && r <= 8223, r >= 8242 && r <= 8247:
		return 1
	}
	return 2
}

// hosts counts the places in s that look like the last dot of a host name.
func hosts(s string) int {
	n := 0
	for i := strings.IndexByte(s, '.'); i >= 0; {
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+1:])
		if (unicode.IsLetter(before) || unicode.IsDigit(before)) && unicode.IsLetter(after) {
			n++
		}
		next := strings.IndexByte(s[i+1:], '.')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return n
}

// longestEmoji is the number of code points in the longest emoji sequence of Unicode.
const longestEmoji = 10

// isEmoji reports whether a grapheme is an emoji sequence (UTS #51): it begins
// with a pictograph or a regional indicator, or is a character, a digit with a
// keycap say, that asks to be drawn as one.
func isEmoji(cluster string) bool {
	if utf8.RuneCountInString(cluster) > longestEmoji {
		return false
	}
	first, _ := utf8.DecodeRuneInString(cluster)
	return first >= 0x1f000 && first <= 0x1faff || first >= 0x2600 && first <= 0x27bf || strings.ContainsRune(cluster, '\ufe0f')
}
