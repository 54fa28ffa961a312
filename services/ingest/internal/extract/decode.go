// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"bytes"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"

	"github.com/relais-press/relais/pkg/fault"
)

// The encodings that are told without a declaration, by their WHATWG names.
const (
	utf8Name        = "utf-8"
	windows1252Name = "windows-1252"
)

// Decode turns a text or a page into UTF-8 and names the encoding it was in, by
// its WHATWG name in lower case; UTF-8 comes back as it is but for a byte order
// mark. The encoding is, in this order:
//
//   - that of a byte order mark (UTF-8, UTF-16);
//   - UTF-8 if the bytes are UTF-8 and hold anything beyond ASCII, whatever is
//     declared, unless that is UTF-16 or ISO-2022-JP;
//   - the charset of contentType, a Content-Type header value; ISO-8859-1 and
//     ASCII are read as Windows-1252, as browsers do;
//   - that of a <meta charset>, its http-equiv form or an XML declaration in the
//     first 2 kB, where UTF-16 means UTF-8; contentType need not be HTML;
//   - UTF-8 for what is ASCII alone, else Windows-1252.
//
// Bytes that are declared as UTF-8 and are not are read as Windows-1252. A
// caller may warn where the charset is neither utf-8 nor the one declared.
//
// A charset that nobody knows in contentType is a fault of kind Malformed that
// names it; one in the page itself is passed over. So is it a fault when bytes
// without a declaration, or those whose declaration was wrong, cannot be text
// because they hold NUL or other control characters.
func Decode(raw []byte, contentType string) (text []byte, charsetName string, err error) {
	if enc, name, mark := byteOrderMark(raw); enc != nil {
		return decodeWith(enc, raw[mark:], name)
	}
	declared, err := headerCharset(contentType)
	if err != nil {
		return nil, "", err
	}
	if declared == "" {
		declared = pageCharset(raw)
	}
	enc, name := charset.Lookup(declared)
	utf16 := strings.HasPrefix(name, "utf-16")
	if utf16 && utf8.Valid(raw) && bytes.IndexByte(raw, 0) < 0 {
		return raw, utf8Name, nil
	}
	if utf8.Valid(raw) && !utf16 && name != "iso-2022-jp" && (name == "" || name == utf8Name || !ascii(raw)) {
		return raw, utf8Name, nil
	}
	if enc == nil || name == utf8Name || name == "replacement" || (utf16 && len(raw)%2 != 0) {
		if err := plausible(raw); err != nil {
			return nil, "", err
		}
		enc, name = charset.Lookup(windows1252Name)
	}
	return decodeWith(enc, raw, name)
}

func byteOrderMark(raw []byte) (enc encoding.Encoding, name string, length int) {
	switch {
	case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		return encoding.Nop, utf8Name, 3
	case bytes.HasPrefix(raw, []byte("\xff\xfe")):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "utf-16le", 2
	case bytes.HasPrefix(raw, []byte("\xfe\xff")):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "utf-16be", 2
	}
	return nil, "", 0
}

// decodeWith decodes; bytes that an encoding does not know become U+FFFD.
func decodeWith(enc encoding.Encoding, raw []byte, name string) ([]byte, string, error) {
	if name == utf8Name {
		if utf8.Valid(raw) {
			return raw, name, nil
		}
		if err := plausible(raw); err != nil {
			return nil, "", err
		}
		enc, name = charset.Lookup(windows1252Name)
	}
	text, err := enc.NewDecoder().Bytes(raw)
	if err != nil {
		return nil, "", fault.Newf(fault.Malformed, "the text is not in the encoding %s", name)
	}
	return text, name, nil
}

// headerCharset reads the charset of a Content-Type.
func headerCharset(contentType string) (string, error) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", nil //nolint:nilerr // a header that cannot be read declares nothing
	}
	label := strings.Trim(params["charset"], " '\"")
	if label == "" {
		return "", nil
	}
	if enc, _ := charset.Lookup(label); enc == nil {
		if r := []rune(label); len(r) > 40 {
			label = string(r[:40])
		}
		return "", fault.Newf(fault.Malformed, "the charset %q is not known", label)
	}
	return label, nil
}

// prescan is how much of a page is searched for its charset, in bytes.
const prescan = 2048

var (
	xmlCharset  = regexp.MustCompile(`(?i)^\s*<\?xml\s[^>]*encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']`)
	metaCharset = regexp.MustCompile(`(?i)<meta\s[^>]*charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})`)
	comment     = regexp.MustCompile(`(?s)<!--.*?(?:-->|$)`)
)

// pageCharset finds the charset that a page declares, if it is a known one.
func pageCharset(raw []byte) string {
	start := raw[:min(len(raw), prescan)]
	for _, pattern := range []*regexp.Regexp{xmlCharset, metaCharset} {
		m := pattern.FindSubmatch(comment.ReplaceAll(start, nil))
		if m == nil {
			continue
		}
		enc, name := charset.Lookup(string(m[1]))
		switch {
		case enc == nil:
			continue
		case strings.HasPrefix(name, "utf-16"):
			return utf8Name
		}
		return name
	}
	return ""
}

func ascii(raw []byte) bool {
	for _, c := range raw {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// plausible reports, as a fault, bytes that no text in one byte per character has.
func plausible(raw []byte) error {
	odd := 0
	for i, c := range raw {
		switch {
		case c == 0:
			return fault.Newf(fault.Malformed, "the text is in no known encoding: byte 0x00 at offset %d; name its charset in the Content-Type", i)
		case c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f', c == 0x7f, c == 0x81, c == 0x8d, c == 0x8f, c == 0x90, c == 0x9d:
			odd++
		}
	}
	if odd > 0 && odd*50 > len(raw) {
		return fault.New(fault.Malformed, "the text is in no known encoding: it holds control characters; name its charset in the Content-Type")
	}
	return nil
}
