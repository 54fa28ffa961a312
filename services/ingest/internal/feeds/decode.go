// SPDX-License-Identifier: Apache-2.0

package feeds

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decoded reads a feed as clean UTF-8, without a byte order mark.
func decoded(r io.Reader) io.Reader {
	br := bufio.NewReaderSize(r, 32<<10)
	head, _ := br.Peek(1024)
	if e := encodingOf(head); e != nil {
		r = transform.NewReader(br, e.NewDecoder())
	} else {
		r = br
	}
	return transform.NewReader(r, &cleaner{})
}

var declaration = regexp.MustCompile(`<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)

// encodingOf is what a stream says about itself; nil for UTF-8 and for nothing.
// A declaration of UTF-16 that can be read as ASCII is not true.
func encodingOf(head []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.HasPrefix(head, []byte("\x00<\x00")):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("<\x00")):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	}
	m := declaration.FindSubmatch(head)
	if m == nil {
		return nil
	}
	e, name := charset.Lookup(string(m[1]))
	if e == nil || name == "utf-8" || name == "replacement" || strings.HasPrefix(name, "utf-16") {
		return nil
	}
	return e
}

// cleaner reads bytes that are not UTF-8 as windows-1252 and leaves out what
// XML 1.0 §2.2 does not allow, and the byte order mark.
type cleaner struct{ transform.NopResetter }

// Transform implements [transform.Transformer].
func (*cleaner) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		n := 0
		for rest := src[nSrc:]; n < len(rest) && printable(rest[n]); {
			n++
		}
		n = copy(dst[nDst:], src[nSrc:nSrc+n])
		nDst, nSrc = nDst+n, nSrc+n
		if nSrc == len(src) {
			break
		}
		if len(dst)-nDst < utf8.UTFMax {
			return nDst, nSrc, transform.ErrShortDst
		}
		r, size := utf8.DecodeRune(src[nSrc:])
		if r == utf8.RuneError && size <= 1 {
			if !atEOF && !utf8.FullRune(src[nSrc:]) {
				return nDst, nSrc, transform.ErrShortSrc
			}
			r = charmap.Windows1252.DecodeByte(src[nSrc])
		}
		nSrc += size
		if allowed(r) {
			nDst += utf8.EncodeRune(dst[nDst:], r)
		}
	}
	return nDst, nSrc, nil
}

func printable(c byte) bool { return (c >= ' ' && c < 0x7f) || c == '\n' || c == '\t' || c == '\r' }

func allowed(r rune) bool {
	switch {
	case r == '\n' || r == '\t' || r == '\r':
		return true
	case r < ' ' || r == 0xfeff || r == 0xfffe || r == 0xffff:
		return false
	}
	return true
}

// source reads a stream, counts its lines and keeps a bounded part of it.
type source struct {
	br   *bufio.Reader
	line int // of the next byte

	keeping bool
	over    bool   // more was read than may be kept
	kept    []byte // since keep; at most MaxItem bytes
}

func newSource(r io.Reader) *source { return &source{br: bufio.NewReaderSize(r, 64<<10), line: 1} }

// keep starts to keep what is read, after a first text.
func (s *source) keep(first string) {
	s.keeping, s.over = true, false
	s.kept = append(s.kept[:0], first...)
}

// drop stops keeping.
func (s *source) drop() { s.keeping = false }

func (s *source) took(p []byte) {
	s.line += bytes.Count(p, []byte{'\n'})
	switch {
	case !s.keeping || s.over:
	case len(s.kept)+len(p) > MaxItem:
		s.over = true
	default:
		s.kept = append(s.kept, p...)
	}
}

// through reads up to and with a sequence of at most 8 bytes.
func (s *source) through(seq string) error {
	var window [16]byte
	tail := window[:0]
	for {
		chunk, err := s.br.ReadSlice(seq[len(seq)-1])
		s.took(chunk)
		tail = append(tail, chunk[max(0, len(chunk)-len(seq)):]...)
		tail = append(tail[:0], tail[max(0, len(tail)-len(seq)):]...)
		switch {
		case err == nil && string(tail) == seq:
			return nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

// one reads a byte.
func (s *source) one() (byte, error) {
	c, err := s.br.ReadByte()
	if err == nil {
		s.took([]byte{c})
	}
	return c, err
}

// peek returns the next n bytes, or as many as there are.
func (s *source) peek(n int) []byte {
	p, _ := s.br.Peek(n)
	return p
}
