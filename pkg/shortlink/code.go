// SPDX-License-Identifier: Apache-2.0

// Package shortlink is the vocabulary of short links that the service which
// makes them shares with the one that shows them: codes, the signed suffixes
// that say where a link was put, and the names of the records.
package shortlink

import (
	"crypto/rand"
	"strings"
)

// alphabet is Crockford's base 32: no I, L, O, U.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// CodeLength is the length of a made code: seven random symbols and a check symbol.
const CodeLength = 8

// value is the number a symbol stands for, case-blind, with O read as 0 and I
// and L as 1; -1 for anything else.
func value(c byte) int {
	if c >= 'a' && c <= 'z' {
		c -= 'a' - 'A'
	}
	switch c {
	case 'O':
		c = '0'
	case 'I', 'L':
		c = '1'
	}
	return strings.IndexByte(alphabet, c)
}

// double multiplies by x in GF(32) with the polynomial x⁵+x²+1.
func double(n int) int {
	if n <<= 1; n >= 32 {
		n ^= 0b100101
	}
	return n
}

// check is the check symbol's value: the sum in GF(32) of each symbol times a
// power of a generator. It differs for any single wrong symbol and for any two
// of the random symbols that changed places.
func check(values []int) int {
	sum := 0
	for _, v := range values {
		sum = double(sum ^ v)
	}
	return sum
}

// NewCode makes a code that nobody can guess.
func NewCode() string {
	var random [CodeLength - 1]byte
	rand.Read(random[:]) // never fails, since Go 1.24
	values := make([]int, 0, CodeLength)
	for _, b := range random {
		values = append(values, int(b&31))
	}
	return spell(append(values, check(values)))
}

func spell(values []int) string {
	out := make([]byte, len(values))
	for i, v := range values {
		out[i] = alphabet[v]
	}
	return string(out)
}

// Fold gives a made code its one spelling, whatever case and look-alikes it was
// typed with. mistyped says that it has the length and the symbols of a code
// but a wrong check symbol; ok that it is a code.
func Fold(s string) (code string, ok, mistyped bool) {
	if len(s) != CodeLength {
		return "", false, false
	}
	values := make([]int, 0, CodeLength)
	for i := range len(s) {
		v := value(s[i])
		if v < 0 {
			return "", false, false
		}
		values = append(values, v)
	}
	last := CodeLength - 1
	if check(values[:last]) != values[last] {
		return "", false, true
	}
	return spell(values), true, false
}
