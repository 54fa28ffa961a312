// SPDX-License-Identifier: Apache-2.0

package card

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"golang.org/x/image/vector"
)

// ink is one of the colors a card is printed in, on paper.
type ink int

const (
	black ink = iota // headlines and names
	teal             // the accent
	gray             // what is said in passing
	sand             // rules
	red              // corrections
	inks
)

// shades is how many steps lead from paper to an ink: the edges of letters.
const shades = 40

// palette holds the paper, then each ink's shades from the faintest on.
func palette() color.Palette {
	paper := [3]int{0xfb, 0xfa, 0xf6}
	colors := color.Palette{mix(paper, paper, 0)}
	for _, full := range [inks][3]int{
		black: {0x1b, 0x1d, 0x22}, teal: {0x0b, 0x5d, 0x6b}, gray: {0x56, 0x60, 0x63}, sand: {0xd9, 0xd5, 0xc9}, red: {0xa4, 0x26, 0x2c},
	} {
		for step := 1; step <= shades; step++ {
			colors = append(colors, mix(paper, full, step))
		}
	}
	return colors
}

// mix returns the color some steps away from one on the way to another.
func mix(from, to [3]int, step int) color.RGBA {
	at := func(i int) uint8 { return uint8((from[i] + (to[i]-from[i])*step/shades) & 0xff) }
	return color.RGBA{R: at(0), G: at(1), B: at(2), A: 0xff}
}

// canvas is a card being drawn: one byte a pixel, an index into palette.
type canvas struct {
	picture *image.Paletted
	raster  vector.Rasterizer
}

func newCanvas() *canvas {
	return &canvas{picture: image.NewPaletted(image.Rect(0, 0, Width, Height), palette())}
}

// fill paints a rectangle.
func (c *canvas) fill(x, y, width, height int, with ink) {
	area := image.Rect(x, y, x+width, y+height).Intersect(c.picture.Rect)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			c.picture.SetColorIndex(x, y, shade(with, 255))
		}
	}
}

// shade returns the index of an ink that covers a pixel by coverage of 255.
func shade(with ink, coverage uint8) uint8 {
	step := (int(coverage)*shades + 127) / 255
	if step == 0 {
		return 0
	}
	return uint8((int(with)*shades + step) & 0xff)
}

// write draws a line with its left end at x and its baseline at y.
func (c *canvas) write(l line, x float32, y int, with ink) {
	room := l.size * 3 / 2 // around the line, for what hangs over
	area := image.Rect(int(x)-room, y-room, int(x+l.width)+room, y+room).Intersect(c.picture.Rect)
	c.raster.Reset(area.Dx(), area.Dy())
	for _, g := range l.glyphs {
		if g.id != 0 { // .notdef is an empty box
			c.trace(g, x+g.x-float32(area.Min.X), float32(y-area.Min.Y)-g.y)
		}
	}
	mask := image.NewAlpha(image.Rect(0, 0, area.Dx(), area.Dy()))
	c.raster.DrawOp = draw.Src
	c.raster.Draw(mask, mask.Rect, image.Opaque, image.Point{})
	for row := range area.Dy() {
		into := c.picture.Pix[c.picture.PixOffset(area.Min.X, area.Min.Y+row):]
		for i, coverage := range mask.Pix[row*mask.Stride : (row+1)*mask.Stride] {
			if coverage != 0 {
				into[i] = max(into[i], shade(with, coverage))
			}
		}
	}
}

// trace adds the outline of a glyph whose origin is at x, y.
func (c *canvas) trace(g glyph, x, y float32) {
	outline, ok := g.face.GlyphData(g.id).(font.GlyphOutline)
	if !ok {
		return
	}
	at := func(p opentype.SegmentPoint) (float32, float32) { return x + p.X*g.scale, y - p.Y*g.scale }
	for i, segment := range outline.Segments {
		x1, y1 := at(segment.Args[0])
		x2, y2 := at(segment.Args[1])
		x3, y3 := at(segment.Args[2])
		switch segment.Op {
		case opentype.SegmentOpMoveTo:
			if i > 0 {
				c.raster.ClosePath()
			}
			c.raster.MoveTo(x1, y1)
		case opentype.SegmentOpLineTo:
			c.raster.LineTo(x1, y1)
		case opentype.SegmentOpQuadTo:
			c.raster.QuadTo(x1, y1, x2, y2)
		case opentype.SegmentOpCubeTo:
			c.raster.CubeTo(x1, y1, x2, y2, x3, y3)
		}
	}
	c.raster.ClosePath()
}

func (c *canvas) png() ([]byte, error) {
	var out bytes.Buffer
	if err := png.Encode(&out, c.picture); err != nil {
		return nil, fmt.Errorf("encode card: %w", err)
	}
	return out.Bytes(), nil
}
