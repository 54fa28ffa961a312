// SPDX-License-Identifier: Apache-2.0

package limit

import (
	"encoding/binary"
	"math/bits"
)

// sip is SipHash-2-4 (Aumasson and Bernstein, 2012) of a message with the key k0,
// k1: without the key nobody can find messages whose ids meet. hash/maphash would
// be as good, but its keys cannot be told to another process.
func sip(k0, k1 uint64, message []byte) uint64 {
	a, b, c, d := k0^0x736f6d6570736575, k1^0x646f72616e646f6d, k0^0x6c7967656e657261, k1^0x7465646279746573
	last := uint64(len(message)) << 56
	for ; len(message) >= 8; message = message[8:] {
		m := binary.LittleEndian.Uint64(message)
		a, b, c, d = round(a, b, c, d^m)
		a, b, c, d = round(a, b, c, d)
		a ^= m
	}
	for i, m := range message {
		last |= uint64(m) << (8 * i)
	}
	a, b, c, d = round(a, b, c, d^last)
	a, b, c, d = round(a, b, c, d)
	a, c = a^last, c^0xff
	for range 4 {
		a, b, c, d = round(a, b, c, d)
	}
	return a ^ b ^ c ^ d
}

func round(a, b, c, d uint64) (uint64, uint64, uint64, uint64) {
	a += b
	b = bits.RotateLeft64(b, 13) ^ a
	a = bits.RotateLeft64(a, 32)
	c += d
	d = bits.RotateLeft64(d, 16) ^ c
	a += d
	d = bits.RotateLeft64(d, 21) ^ a
	c += b
	b = bits.RotateLeft64(b, 17) ^ c
	c = bits.RotateLeft64(c, 32)
	return a, b, c, d
}
