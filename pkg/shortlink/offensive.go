// SPDX-License-Identifier: Apache-2.0

package shortlink

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed words.txt
var wordList string

// shortestWord is the length from which a word counts; below, there is a word
// in nearly every code.
const shortestWord = 3

// looksLike is the one letter that every symbol of a group is read as: 0 is O, 1
// and L are I, V is U, and so on. Symbols of no group stand for themselves.
func looksLike(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	switch c {
	case '0':
		return 'o'
	case '1', 'l':
		return 'i'
	case '2':
		return 'z'
	case '3':
		return 'e'
	case '4':
		return 'a'
	case '5':
		return 's'
	case '6', '9':
		return 'g'
	case '7':
		return 't'
	case '8':
		return 'b'
	case 'v':
		return 'u'
	}
	return c
}

func skeleton(s string) string {
	out := make([]byte, len(s))
	for i := range len(s) {
		out[i] = looksLike(s[i])
	}
	return string(out)
}

// words are the skeletons of the listed words.
var words = sync.OnceValue(func() map[string]struct{} {
	out := map[string]struct{}{}
	for line := range strings.Lines(wordList) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			if len(word) >= shortestWord {
				out[skeleton(word)] = struct{}{}
			}
		}
	}
	return out
})

// Offensive reports whether a made code holds a word that some reader would
// rather not see, in any of the languages listed in words.txt, also where it is
// spelt with symbols that look like its letters: 5H1T, FVCK.
func Offensive(code string) bool {
	read, listed := skeleton(code), words()
	for from := range len(read) {
		for to := from + shortestWord; to <= len(read); to++ {
			if _, ok := listed[read[from:to]]; ok {
				return true
			}
		}
	}
	return false
}
