// SPDX-License-Identifier: Apache-2.0

package changes

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/services/search/internal/catalog"
)

// A cursor is, in base64url without padding: its form (one byte), then five numbers
// of eight bytes, the most significant first: the sequence, the moment in
// nanoseconds since 1970, its mark, the start and the digest of the rights. It is
// not signed: whatever it says, an answer holds what the partner may see.
const (
	form       = 1
	cursorSize = 1 + 5*8
)

func encode(p catalog.Position, digest uint64) string {
	b := append(make([]byte, 0, cursorSize), form)
	for _, n := range []uint64{p.Sequence, uint64(p.Moment.UnixNano()), p.Mark, p.Start, digest} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// decode reads what encode wrote; false for anything else.
func decode(cursor string) (p catalog.Position, digest uint64, ok bool) {
	if len(cursor) != base64.RawURLEncoding.EncodedLen(cursorSize) {
		return p, 0, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) != cursorSize || b[0] != form {
		return p, 0, false
	}
	n := func(i int) uint64 { return binary.BigEndian.Uint64(b[1+8*i:]) }
	p = catalog.Position{Sequence: n(0), Moment: time.Unix(0, int64(n(1))).UTC(), Mark: n(2), Start: n(3)} //nolint:gosec // G115: as encode
	return p, n(4), true
}

// rights is a digest of what decides which editions a partner may see, and where
// its readers find them.
func rights(p *partner.Partner) uint64 {
	h := sha256.New()
	write := func(s string) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write([]byte(s))
	}
	write(p.ID)
	write(p.ArticleURL)
	for _, list := range [][]string{p.Languages, p.Sections} {
		write("")
		for _, s := range slices.Compact(slices.Sorted(slices.Values(list))) {
			write(s)
		}
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}
