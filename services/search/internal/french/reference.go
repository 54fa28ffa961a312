// SPDX-License-Identifier: Apache-2.0

package french

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// readReference reads what lawyers cite as one word however it is spaced and
// shortened: L. 123-4, L.123-4 and L 123-4 start with L123, art. 47 with article.
func (w *word) readReference() {
	written := w.text[w.start:w.end]
	next := afterGap(w.text, w.end)
	switch strings.ToLower(written) {
	case "l", "r", "d":
	case "a":
		if written == "a" || !strings.HasPrefix(w.text[w.end:], ".") {
			return // il a 18 ans, A 18 ans
		}
	case "art", "arts":
		if cited(w.text, next) {
			w.form = strings.Replace(strings.ToLower(written), "art", "article", 1)
		}
		return
	default:
		return
	}
	if end := numberEnd(w.text, next); end > next && next > w.end {
		w.form, w.end = written+w.text[next:end], end
	}
}

// cited reports whether a reference starts at i: 47, L. 123 or L123.
func cited(s string, i int) bool {
	if numberEnd(s, i) > i {
		return true
	}
	end := runEnd(s, i)
	if end == i || !strings.ContainsRune("LRDAlrda", rune(s[i])) {
		return false
	}
	if end == i+1 {
		end = afterGap(s, end)
		return numberEnd(s, end) > end
	}
	return numberEnd(s, i+1) == end
}

// afterGap is where what follows a full stop and spaces at i starts.
func afterGap(s string, i int) int {
	if strings.HasPrefix(s[i:], ".") {
		i++
	}
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !unicode.IsSpace(r) {
			break
		}
		i += size
	}
	return i
}

// numberEnd is where the number at i ends; i when no word of digits stands there.
func numberEnd(s string, i int) int {
	end := runEnd(s, i)
	if strings.Trim(s[i:end], "0123456789") != "" {
		return i
	}
	return end
}
