// SPDX-License-Identifier: Apache-2.0

package card

import (
	"slices"

	"github.com/relais-press/relais/services/share/internal/card/hyphen"
)

// Where things are, in pixels.
const (
	margin    = 88
	column    = Width - 2*margin
	band      = 14  // the accent across the top
	headLine  = 112 // baselines
	footLine  = 580
	rule      = 522 // the double rule over the foot
	heroTop   = 144
	heroBelow = 486
)

// sheet is a card being laid out. Start is left, or right where the headline
// runs from right to left.
type sheet struct {
	*canvas
	*setter
	words *hyphen.Dictionary
	rtl   bool
}

// head sets the section at the start and the note of a correction at the end.
func (s *sheet) head(section []rune, amended bool, language string) {
	const tracking = 1.8
	s.fill(0, 0, Width, band, teal)
	size, free := s.small(27), float32(column)
	if amended {
		l := s.set([]rune(corrected(language)), s.sans, s.rtl, size, 0)
		s.end(l, headLine, red)
		free -= l.width + float32(2*size)
	}
	s.start(s.clip(section, s.sans, size, tracking, free), headLine, teal)
}

// foot sets the partner's name at the start and the date at the end.
func (s *sheet) foot(partner, date []rune) {
	if len(partner)+len(date) == 0 {
		return
	}
	s.fill(margin, rule, column, 2, sand)
	s.fill(margin, rule+5, column, 2, sand)
	free := float32(column)
	if len(date) > 0 {
		l := s.set(date, s.sans, s.rtl, s.small(26), 0)
		s.end(l, footLine, gray)
		free -= l.width + 52
	}
	s.start(s.clip(partner, s.serif, s.small(38), 0, free), footLine, black)
}

// hero sets the headline in the largest type that it looks well in.
func (s *sheet) hero(text []rune) {
	if len(text) == 0 {
		return
	}
	p, size, lines := s.fit(text)
	leading, rise := s.leading(size), float32(size)*0.7
	y := heroTop + (heroBelow-heroTop-float32(len(lines)-1)*leading-rise)/2 + rise
	from := 0
	for _, end := range lines {
		part := append([]rune{}, p.text[from:end.end]...)
		if end.hyphen {
			part = append(part, '-')
		}
		s.start(s.set(part, s.serif, s.rtl, size, 0), int(y+0.5), black)
		y += leading
		from = end.next
	}
}

// small is a size of the head and foot: Arabic letters are smaller for theirs.
func (s *sheet) small(size int) int {
	if s.rtl {
		return size * 6 / 5
	}
	return size
}

// leading is the distance of two baselines.
func (s *sheet) leading(size int) float32 {
	if s.rtl {
		return float32(size) * 1.45
	}
	return float32(size) * 1.17
}

// fit chooses the type size and the lines of a headline. What is too long for
// the smallest size is cut after a word.
func (s *sheet) fit(text []rune) (paragraph, int, []breakPoint) {
	sizes := [...]int{96, 88, 80, 72, 66, 60, 54, 48, 44, 40}
	p := s.measure(text, s.rtl, s.words)
	var (
		best   arrangement
		chosen int
	)
	for _, size := range sizes {
		found, ok := p.arrange(column/float32(size), s.most(size))
		if ok && (chosen == 0 || float64(size)-found.loss > float64(chosen)-best.loss) {
			best, chosen = found, size
		}
	}
	if chosen == 0 {
		chosen = sizes[len(sizes)-1]
		p, best = s.cut(p, chosen)
	}
	return p, chosen, best.lines
}

// cut shortens a text until it fits: after as many words as possible, a few
// less if that spares a divided word, or anywhere when there are no words.
func (s *sheet) cut(p paragraph, size int) (paragraph, arrangement) {
	measure, most := column/float32(size), s.most(size)
	var (
		longest paragraph
		lines   arrangement
	)
	for _, b := range slices.Backward(p.breaks) {
		if b.end < len(longest.text)*3/4 {
			break
		}
		if b.cost > 0 || b.end == 0 || p.at[b.end] > measure*float32(most) {
			continue
		}
		short := s.measure(shorten(p.text, b.end), s.rtl, s.words)
		found, ok := short.arrange(measure, most)
		if ok && !found.divided() {
			return short, found
		}
		if ok && lines.lines == nil {
			longest, lines = short, found
		}
	}
	if lines.lines != nil {
		return longest, lines
	}
	for end := len(p.text); ; end = end * 3 / 4 {
		short := s.measure(shorten(p.text, end), s.rtl, s.words)
		if found, ok := short.arrange(measure, most); ok || end == 0 {
			return short, found
		}
	}
}

// most is how many lines of a size there is room for.
func (s *sheet) most(size int) int {
	return 1 + int((heroBelow-heroTop-float32(size))/s.leading(size))
}

// clip sets a text as one line of at most so many pixels, cut where it must be.
func (s *sheet) clip(text []rune, faces family, size int, tracking, width float32) line {
	taken := float32(0)
	for i, em := range s.advances(text, faces, s.rtl) {
		if taken += em*float32(size) + tracking; taken > width {
			return s.clip(shorten(text, max(i-1, 0)), faces, size, tracking, width)
		}
	}
	return s.set(text, faces, s.rtl, size, tracking)
}

func (s *sheet) start(l line, baseline int, with ink) {
	x := float32(margin)
	if s.rtl {
		x = Width - margin - l.width
	}
	s.write(l, x, baseline, with)
}

func (s *sheet) end(l line, baseline int, with ink) {
	x := Width - margin - l.width
	if s.rtl {
		x = margin
	}
	s.write(l, x, baseline, with)
}
