// SPDX-License-Identifier: Apache-2.0

// Package hyphen finds where a word may be divided, by the patterns of
// F. M. Liang ("Word Hy-phen-a-tion by Com-put-er", Stanford 1983) that TeX
// uses. patterns/README.md names their authors and licenses.
package hyphen

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"strings"
	"sync"
	"unicode"
)

//go:embed patterns/*.gz
var files embed.FS

// Dictionaries holds the patterns of each language, read when first asked for.
// It is safe for concurrent use.
type Dictionaries struct {
	read map[string]func() (*Dictionary, error)
}

// New returns the dictionaries of German, English (American), Spanish, French,
// Italian, Dutch, Polish and Portuguese.
func New() *Dictionaries {
	d := &Dictionaries{read: map[string]func() (*Dictionary, error){}}
	for language, right := range map[string]int{"de": 2, "en": 3, "es": 2, "fr": 2, "it": 2, "nl": 2, "pl": 2, "pt": 3} {
		d.read[language] = sync.OnceValues(func() (*Dictionary, error) { return load(language, right) })
	}
	return d
}

// For returns the dictionary of a language, given as a BCP 47 tag of which the
// first part counts; nil when there is none.
func (d *Dictionaries) For(language string) (*Dictionary, error) {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	read := d.read[base]
	if read == nil {
		return nil, nil
	}
	return read()
}

// Dictionary divides the words of one language.
type Dictionary struct {
	levels     map[string][]byte // by the letters of a pattern: one level before each letter, one after the last
	exceptions map[string][]int
	right      int // fewest letters after a hyphen
}

// left is the fewest letters before a hyphen, in all the languages here.
const left = 2

func load(language string, right int) (*Dictionary, error) {
	data, err := files.ReadFile("patterns/" + language + ".gz")
	if err != nil {
		return nil, fmt.Errorf("hyphenation of %s: %w", language, err)
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("hyphenation of %s: unpack: %w", language, err)
	}
	d := &Dictionary{levels: map[string][]byte{}, exceptions: map[string][]int{}, right: right}
	lines := bufio.NewScanner(unpacked)
	for lines.Scan() {
		if line := lines.Text(); strings.Contains(line, "-") || !strings.ContainsAny(line, "0123456789") {
			d.except(line)
		} else {
			d.add(line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("hyphenation of %s: read: %w", language, err)
	}
	return d, nil
}

// except notes a word divided by hand: "ta-ble".
func (d *Dictionary) except(line string) {
	var (
		points []int
		n      int
	)
	for _, r := range line {
		if r == '-' {
			points = append(points, n)
		} else {
			n++
		}
	}
	d.exceptions[strings.ReplaceAll(line, "-", "")] = points
}

// add notes a pattern: letters with levels between them, "." for the edge of a
// word, as in ".ab3s".
func (d *Dictionary) add(pattern string) {
	var (
		letters strings.Builder
		levels  []byte
		level   byte
	)
	for _, r := range pattern {
		if r >= '0' && r <= '9' {
			level = byte(r - '0')
			continue
		}
		letters.WriteRune(r)
		levels = append(levels, level)
		level = 0
	}
	d.levels[letters.String()] = append(levels, level)
}

// longest is the most letters that a pattern is looked up by: more than any
// pattern has.
const longest = 24

// Points returns, in ascending order, before which runes of a word it may be
// divided. A nil dictionary divides nothing.
func (d *Dictionary) Points(word []rune) []int {
	if d == nil || len(word) < left+d.right {
		return nil
	}
	lower := make([]rune, 0, len(word)+2)
	lower = append(lower, '.')
	for _, r := range word {
		lower = append(lower, unicode.ToLower(r))
	}
	lower = append(lower, '.')
	if points, ok := d.exceptions[string(lower[1:len(lower)-1])]; ok {
		return points
	}
	levels := d.weigh(lower)
	var points []int
	for i := left; i <= len(word)-d.right; i++ {
		if levels[i+1]%2 == 1 {
			points = append(points, i)
		}
	}
	return points
}

// weigh returns the highest level that any pattern gives to each place of a
// word; an odd one allows a hyphen there.
func (d *Dictionary) weigh(word []rune) []byte {
	levels := make([]byte, len(word)+1)
	for start := range word {
		for end := start + 1; end <= min(len(word), start+longest); end++ {
			for i, level := range d.levels[string(word[start:end])] {
				levels[start+i] = max(levels[start+i], level)
			}
		}
	}
	return levels
}
