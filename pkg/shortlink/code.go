// SPDX-License-Identifier: Apache-2.0

// Package shortlink is the vocabulary of short links that the service which
// makes them shares with the one that shows them: codes, the signed suffixes
// that say where a link was put, and the names of the records.
package shortlink

import (
	"crypto/hmac"
	"crypto/sha256"
	"strconv"
	"strings"
)

// alphabet is Crockford's base 32: no I, L, O, U.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// CodeLength is the length of a made code: seven derived symbols and a check symbol.
const CodeLength = 8

// values are the numbers that symbols stand for, in either case, with O read as 0
// and I and L as 1; -1 for anything else.
var values = func() (out [256]int8) {
	for c := range out {
		symbol := strings.NewReplacer("O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(string(rune(c))))
		out[c] = -1
		if c < 0x80 {
			out[c] = int8(strings.Index(alphabet, symbol))
		}
	}
	return out
}()

// double multiplies by x in GF(32) with the polynomial x⁵+x²+1.
func double(n int) int {
	if n <<= 1; n >= 32 {
		n ^= 0b100101
	}
	return n
}

// check is the check symbol's value: the sum in GF(32) of each symbol times a
// power of a generator. It differs for any single wrong symbol and for any two
// of the others that changed places.
func check(values []int) int {
	sum := 0
	for _, v := range values {
		sum = double(sum ^ v)
	}
	return sum
}

// Derive is the code of what purpose says, at an attempt: seven symbols of
// HMAC-SHA-256 and their check symbol. Equal arguments give the same code, and
// nobody without the secret can guess one. The key is kept apart from the
// [Signer]'s, whose sums visitors may probe.
func Derive(secret []byte, purpose string, attempt int) string {
	key := hmac.New(sha256.New, secret)
	key.Write([]byte("short link codes"))
	mac := hmac.New(sha256.New, key.Sum(nil))
	mac.Write([]byte(strconv.Itoa(attempt) + ":" + purpose))
	drawn := make([]int, 0, CodeLength)
	for _, b := range mac.Sum(nil)[:CodeLength-1] {
		drawn = append(drawn, int(b&31))
	}
	return spell(append(drawn, check(drawn)))
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
	read, canonical := make([]int, 0, CodeLength), true
	for i := range len(s) {
		v := int(values[s[i]])
		if v < 0 {
			return "", false, false
		}
		canonical = canonical && alphabet[v] == s[i]
		read = append(read, v)
	}
	last := CodeLength - 1
	if check(read[:last]) != read[last] {
		return "", false, true
	}
	if canonical {
		return s, true, false
	}
	return spell(read), true, false
}
