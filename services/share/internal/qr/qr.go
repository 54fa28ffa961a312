// SPDX-License-Identifier: Apache-2.0

// Package qr draws QR codes (ISO/IEC 18004) of links: for print as SVG, for
// screens as PNG. Codes have recovery level M, or a higher one where that takes
// no more room, and the quiet zone of four modules that readers need.
package qr

import (
	"bytes"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"strings"
	"unicode/utf8"

	qrcode "github.com/piglig/go-qr"

	"github.com/relais-press/relais/pkg/fault"
)

// MinSize and MaxSize bound the side of a PNG, in pixels.
const (
	MinSize = 128
	MaxSize = 2048
)

const quiet = 4 // modules around the code

// SVG returns a code as one vector path, black on white, with a title in
// language (a BCP 47 tag) that says where it leads. A URL in capitals makes a
// smaller code: it fits the alphanumeric mode. A URL of more than some 2,300
// bytes is fault.Invalid.
func SVG(url, language string) ([]byte, error) {
	code, err := encode(url)
	if err != nil {
		return nil, err
	}
	side := code.Size() + 2*quiet
	tag, format := title(language)
	text := html.EscapeString(fmt.Sprintf(format, legible(url)))
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%[1]d" viewBox="0 0 %d %[2]d" role="img" aria-label="%s" lang="%s" shape-rendering="crispEdges">`,
		side*8, side, text, tag)
	fmt.Fprintf(&out, `<title>%s</title><path fill="#fff" d="M0 0h%dv%[2]dH0z"/><path d="%s"/></svg>`, text, side, path(code))
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// PNG returns a code as a picture of size×size pixels, black on white. Every
// module is the same whole number of pixels; what is left over widens the quiet
// zone. A size out of bounds, or too small for the code, is fault.Invalid.
func PNG(url string, size int) ([]byte, error) {
	if size < MinSize || size > MaxSize {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("the size of a QR code is %d to %d pixels", MinSize, MaxSize))
	}
	code, err := encode(url)
	if err != nil {
		return nil, err
	}
	scale := size / (code.Size() + 2*quiet)
	if scale == 0 {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("this QR code takes %d pixels at least", code.Size()+2*quiet))
	}
	picture := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{color.White, color.Black})
	first := (size - scale*code.Size()) / 2
	for y := range scale * code.Size() {
		row := picture.Pix[(first+y)*picture.Stride+first:]
		for x := range scale * code.Size() {
			if code.Module(x/scale, y/scale) {
				row[x] = 1
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return nil, fmt.Errorf("encode QR code: %w", err)
	}
	return out.Bytes(), nil
}

func encode(url string) (*qrcode.QrCode, error) {
	if url == "" {
		return nil, fault.New(fault.Invalid, "a QR code needs a URL")
	}
	code, err := qrcode.EncodeText(url, qrcode.Medium)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "the URL is too long for a QR code", err)
	}
	return code, nil
}

// path draws each run of dark modules in a row as one bar.
func path(code *qrcode.QrCode) string {
	var d strings.Builder
	for y := range code.Size() {
		for x := 0; x < code.Size(); x++ {
			start := x
			for x < code.Size() && code.Module(x, y) {
				x++
			}
			if x > start {
				fmt.Fprintf(&d, "M%d %dh%dv1h-%[3]dz", start+quiet, y+quiet, x-start)
			}
		}
	}
	return d.String()
}

// title returns how a language says where a code leads, and that language:
// English where nothing better is known.
func title(language string) (tag, format string) {
	tag, _, _ = strings.Cut(strings.ToLower(language), "-")
	switch tag {
	case "ar":
		return tag, "رمز QR إلى %s"
	case "de":
		return tag, "QR-Code zu %s"
	case "es":
		return tag, "Código QR a %s"
	case "fr":
		return tag, "Code QR vers %s"
	case "it":
		return tag, "Codice QR per %s"
	case "nl":
		return tag, "QR-code naar %s"
	case "pl":
		return tag, "Kod QR do %s"
	case "pt":
		return tag, "Código QR para %s"
	}
	return "en", "QR code to %s"
}

// legible leaves out what XML cannot hold.
func legible(url string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, url)
}
