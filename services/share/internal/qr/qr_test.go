// SPDX-License-Identifier: Apache-2.0

package qr_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/share/internal/qr"
)

const upper, lower = "HTTPS://RELAIS.EXAMPLE/S/7K3M9XQ2.COURRIER.QR.H", "https://relais.example/s/7k3m9xq2.courrier.qr.h"

func TestAReaderReadsTheURLBack(t *testing.T) {
	for _, url := range []string{
		upper, lower,
		"HTTPS://R.EU/S/7K3M9XQ2",
		"https://relais.example/s/7k3m9xq2?utm_source=affiche&utm_medium=qr#été",
		"https://relais.example/" + strings.Repeat("collectivites/", 20),
	} {
		t.Run(url, func(t *testing.T) {
			for _, size := range []int{256, 500} {
				data, err := qr.PNG(url, size)
				if err != nil {
					t.Fatal(err)
				}
				picture := decodePNG(t, data)
				if picture.Bounds() != image.Rect(0, 0, size, size) {
					t.Errorf("%d pixels were asked for, got %v", size, picture.Bounds())
				}
				if got := read(t, picture); got != url {
					t.Errorf("at %d pixels it reads %q", size, got)
				}
			}
			data, err := qr.SVG(url, "fr")
			if err != nil {
				t.Fatal(err)
			}
			if got := read(t, rasterize(t, data)); got != url {
				t.Errorf("the SVG reads %q", got)
			}
		})
	}
}

func TestTheLargestPictureIsRead(t *testing.T) {
	data, err := qr.PNG(upper, qr.MaxSize)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, decodePNG(t, data)); got != upper {
		t.Errorf("it reads %q", got)
	}
}

func TestCapitalsMakeASmallerCode(t *testing.T) {
	if modules(t, upper) >= modules(t, lower) {
		t.Errorf("%d modules in capitals, %d without", modules(t, upper), modules(t, lower))
	}
}

func TestTheTitleIsInTheLanguageAndHarmless(t *testing.T) {
	for _, test := range []struct{ language, url, title string }{
		{"fr-CA", upper, "Code QR vers " + upper},
		{"en", upper, "QR code to " + upper},
		{"de", upper, "QR-Code zu " + upper},
		{"zh-Hant", upper, "QR code to " + upper},
		{`"><script>`, upper, "QR code to " + upper},
		{"fr", "https://x/?a=1&b=</title><script>\x00\xff", "Code QR vers https://x/?a=1&b=</title><script>"},
	} {
		data, err := qr.SVG(test.url, test.language)
		if err != nil {
			t.Fatal(err)
		}
		var svg struct {
			Title string   `xml:"title"`
			Role  string   `xml:"role,attr"`
			Paths []string `xml:"path"`
		}
		if err := xml.Unmarshal(data, &svg); err != nil {
			t.Fatalf("%v in %s", err, data)
		}
		if svg.Title != test.title || svg.Role != "img" || bytes.Contains(data, []byte("<script")) {
			t.Errorf("%s: title %q, role %q", test.language, svg.Title, svg.Role)
		}
		if len(svg.Paths) != 2 {
			t.Errorf("%d paths, want the ground and the code", len(svg.Paths))
		}
	}
}

func TestWhatCannotBeDrawnIsInvalid(t *testing.T) {
	long := "https://relais.example/" + strings.Repeat("a", 4000)
	for name, draw := range map[string]func() ([]byte, error){
		"no URL":           func() ([]byte, error) { return qr.SVG("", "fr") },
		"URL too long":     func() ([]byte, error) { return qr.SVG(long, "fr") },
		"PNG too long":     func() ([]byte, error) { return qr.PNG(long, 512) },
		"too small":        func() ([]byte, error) { return qr.PNG(upper, qr.MinSize-1) },
		"too large":        func() ([]byte, error) { return qr.PNG(upper, qr.MaxSize+1) },
		"no whole modules": func() ([]byte, error) { return qr.PNG("https://x/"+strings.Repeat("a", 2000), qr.MinSize) },
	} {
		if data, err := draw(); !fault.Is(err, fault.Invalid) || data != nil {
			t.Errorf("%s: %d bytes, error %v", name, len(data), err)
		}
	}
}

func FuzzSVG(f *testing.F) {
	f.Add(upper, "fr")
	f.Add("\x00<&\"'>\ufffe", "en")
	f.Fuzz(func(t *testing.T, url, language string) {
		data, err := qr.SVG(url, language)
		if err != nil {
			return
		}
		if err := xml.Unmarshal(data, new(struct{})); err != nil {
			t.Errorf("%v in %s", err, data)
		}
	})
}

var (
	viewBox = regexp.MustCompile(`viewBox="0 0 (\d+) `)
	bar     = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1`)
)

func modules(t *testing.T, url string) int {
	t.Helper()
	data, err := qr.SVG(url, "en")
	if err != nil {
		t.Fatal(err)
	}
	return number(t, viewBox.FindSubmatch(data)[1])
}

// rasterize draws the bars of the SVG at four pixels a module.
func rasterize(t *testing.T, svg []byte) image.Image {
	t.Helper()
	const scale = 4
	side := number(t, viewBox.FindSubmatch(svg)[1]) * scale
	picture := image.NewGray(image.Rect(0, 0, side, side))
	draw.Draw(picture, picture.Rect, image.White, image.Point{}, draw.Src)
	for _, found := range bar.FindAllSubmatch(svg, -1) {
		x, y, width := number(t, found[1])*scale, number(t, found[2])*scale, number(t, found[3])*scale
		draw.Draw(picture, image.Rect(x, y, x+width, y+scale), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	return picture
}

func number(t *testing.T, digits []byte) int {
	t.Helper()
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func decodePNG(t *testing.T, data []byte) image.Image {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

func read(t *testing.T, picture image.Image) string {
	t.Helper()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_PURE_BARCODE: true, gozxing.DecodeHintType_CHARACTER_SET: "UTF-8",
	})
	if err != nil {
		t.Fatal(fmt.Errorf("not read: %w", err))
	}
	return result.GetText()
}
