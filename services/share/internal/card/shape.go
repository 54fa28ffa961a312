// SPDX-License-Identifier: Apache-2.0

package card

import (
	"bytes"
	"embed"
	"fmt"
	"slices"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

//go:embed fonts/*.ttf
var fontFiles embed.FS

// typefaces are the fonts of all cards, safe for concurrent use.
type typefaces struct {
	serif, sans, arabic *font.Font
}

func loadTypefaces() (typefaces, error) {
	var (
		t   typefaces
		err error
	)
	for name, into := range map[string]**font.Font{"literata": &t.serif, "inter": &t.sans, "vazirmatn": &t.arabic} {
		if *into, err = loadFont(name); err != nil {
			return typefaces{}, err
		}
	}
	return t, nil
}

func loadFont(name string) (*font.Font, error) {
	data, err := fontFiles.ReadFile("fonts/" + name + ".ttf")
	if err != nil {
		return nil, fmt.Errorf("font %s: %w", name, err)
	}
	face, err := font.ParseTTF(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("font %s: parse: %w", name, err)
	}
	return face.Font, nil
}

// family is what a text is set in: the first face that has a glyph for a
// character sets it. It serves one goroutine.
type family []*font.Face

// ResolveFace returns the face that sets a character.
func (f family) ResolveFace(r rune) *font.Face {
	for _, face := range f {
		if _, ok := face.NominalGlyph(r); ok {
			return face
		}
	}
	return f[0]
}

func (f family) has(r rune) bool {
	for _, face := range f {
		if _, ok := face.NominalGlyph(r); ok {
			return true
		}
	}
	return false
}

// setter shapes text into glyphs. It serves one goroutine.
type setter struct {
	shaper      shaping.HarfbuzzShaper
	segmenter   shaping.Segmenter
	paragraph   bidi.Paragraph
	language    language.Language
	serif, sans family
}

func newSetter(t typefaces, tag string) *setter {
	serif, sans, arabic := font.NewFace(t.serif), font.NewFace(t.sans), font.NewFace(t.arabic)
	return &setter{language: language.NewLanguage(tag), serif: family{serif, arabic}, sans: family{sans, arabic}}
}

// arabicFirst takes digits and signs from the Arabic face.
func (s *setter) arabicFirst() {
	slices.Reverse(s.serif)
	slices.Reverse(s.sans)
}

// line is one line of text, set: glyphs from left to right.
type line struct {
	glyphs []glyph
	width  float32
	size   int
}

// glyph is a glyph in its place: pixels from the start of the line to the right
// and from the baseline upwards; scale is pixels per unit of the font.
type glyph struct {
	face        *font.Face
	id          font.GID
	x, y, scale float32
}

// set returns text as one line, size pixels an em, with tracking pixels added
// after each glyph of a script whose letters stand apart.
func (s *setter) set(text []rune, faces family, rtl bool, size int, tracking float32) line {
	l := line{size: size}
	for _, run := range s.runs(text, faces, rtl, size) {
		scale := float32(size) / float32(run.Face.Upem())
		for _, g := range run.Glyphs {
			l.glyphs = append(l.glyphs, glyph{
				face: run.Face, id: g.GlyphID, scale: scale,
				x: l.width + pixels(g.XOffset), y: pixels(g.YOffset),
			})
			l.width += pixels(g.Advance)
			if g.Advance > 0 && run.Direction == di.DirectionLTR {
				l.width += tracking
			}
		}
	}
	return l
}

// advances returns, for each rune of text, by how many ems it moves the pen; a
// rune that shares the glyph of another moves it by nothing.
func (s *setter) advances(text []rune, faces family, rtl bool) []float32 {
	const size = 512
	ems := make([]float32, len(text))
	for _, run := range s.runs(text, faces, rtl, size) {
		for _, g := range run.Glyphs {
			ems[g.TextIndex()] += pixels(g.Advance) / size
		}
	}
	return ems
}

// runs shapes a text and returns its runs from left to right (Unicode
// Bidirectional Algorithm, L2).
func (s *setter) runs(text []rune, faces family, rtl bool, size int) []shaping.Output {
	if len(text) == 0 {
		return nil
	}
	base := bidi.LeftToRight
	if rtl {
		base = bidi.RightToLeft
	}
	found := s.paragraph.Segment(text, base)
	parts := make([]bidi.Run, found.NumRuns())
	for i := range parts {
		parts[i] = found.Run(i)
	}
	reorder(parts)
	var runs []shaping.Output
	for _, part := range parts {
		in := shaping.Input{
			Text: text, RunStart: part.Start, RunEnd: part.End, Direction: di.DirectionLTR,
			Size: fixed.I(size), Language: s.language,
		}
		if !part.IsLeftToRight() {
			in.Direction = di.DirectionRTL
		}
		var shaped []shaping.Output
		for _, piece := range s.segmenter.Split(in, faces) {
			shaped = append(shaped, s.shaper.ShapeNoExtents(piece))
		}
		if in.Direction == di.DirectionRTL {
			slices.Reverse(shaped)
		}
		runs = append(runs, shaped...)
	}
	return runs
}

// reorder puts runs into the order they are seen in: from the highest level
// down to the lowest odd one, each stretch of that level or more is reversed.
func reorder(runs []bidi.Run) {
	highest := bidi.Level(0)
	for _, run := range runs {
		highest = max(highest, run.Level)
	}
	for level := highest; level > 0; level-- {
		for start := 0; start < len(runs); start++ {
			end := start
			for end < len(runs) && runs[end].Level >= level {
				end++
			}
			slices.Reverse(runs[start:end])
			start = max(start, end)
		}
	}
}

func pixels(v fixed.Int26_6) float32 { return float32(v) / 64 }
