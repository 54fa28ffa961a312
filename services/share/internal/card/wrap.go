// SPDX-License-Identifier: Apache-2.0

package card

import (
	"math"
	"slices"
	"unicode"

	"github.com/go-text/typesetting/segmenter"

	"github.com/relais-press/relais/services/share/internal/card/hyphen"
)

// What a break costs, in the unit of a full line's badness, which is 1.
const (
	hyphenCost = 0.40 // a word is divided
	joinedCost = 0.12 // after a hyphen the word has anyway, or before a dash
	hangCost   = 0.25 // after a word of one or two letters; a third of it after three
	forcedCost = 3.00 // anywhere in a word that no pattern divides
)

// breakPoint is where a line may end: before the rune end; the next line
// begins with the rune next.
type breakPoint struct {
	end, next int
	hyphen    bool
	cost      float64
}

// paragraph is a text measured and ready to be broken into lines.
type paragraph struct {
	text   []rune
	at     []float32 // ems from the start of the text to each rune, and to its end
	hyphen float32   // ems of a hyphen
	breaks []breakPoint
}

// measure finds the widths and breaks of a text: those of the Unicode Line
// Breaking Algorithm (UAX #14), and those a dictionary allows inside words.
func (s *setter) measure(text []rune, rtl bool, words *hyphen.Dictionary) paragraph {
	p := paragraph{text: text, at: make([]float32, len(text)+1)}
	for i, em := range s.advances(text, s.serif, rtl) {
		p.at[i+1] = p.at[i] + em
	}
	for _, em := range s.advances([]rune("-"), s.serif, false) {
		p.hyphen += em
	}
	var lines segmenter.Segmenter
	lines.Init(text)
	for found := lines.LineIterator(); found.Next(); {
		l := found.Line()
		p.breaks = append(p.breaks, p.breakBefore(l.Offset+len(l.Text)))
	}
	p.breaks = append(p.breaks, hyphens(text, words)...)
	slices.SortFunc(p.breaks, func(a, b breakPoint) int { return a.next - b.next })
	return p
}

// breakBefore returns the break before a rune, priced by what it would leave
// at the end of the line and at the start of the next one.
func (p paragraph) breakBefore(next int) breakPoint {
	b := breakPoint{end: next, next: next}
	for b.end > 0 && p.text[b.end-1] == ' ' {
		b.end--
	}
	if next == len(p.text) || b.end == 0 {
		return b
	}
	letters := 0
	for i := b.end - 1; i >= 0 && (unicode.IsLetter(p.text[i]) || unicode.IsMark(p.text[i])); i-- {
		letters++
	}
	switch last := p.text[b.end-1]; {
	case last == '-' || last == '\u2010' || p.text[next] == '–' || p.text[next] == '—':
		b.cost = joinedCost
	case letters == 1 || letters == 2:
		b.cost = hangCost
	case letters == 3:
		b.cost = hangCost / 3
	}
	return b
}

// hyphens returns where words may be divided: only words of eight letters or
// more, leaving at least three on either side.
func hyphens(text []rune, words *hyphen.Dictionary) []breakPoint {
	const shortest, least = 8, 3
	var breaks []breakPoint
	for start := 0; start < len(text); start++ {
		end := start
		for end < len(text) && unicode.IsLetter(text[end]) {
			end++
		}
		if end-start >= shortest {
			for _, point := range words.Points(text[start:end]) {
				if point >= least && end-start-point >= least {
					breaks = append(breaks, breakPoint{start + point, start + point, true, hyphenCost})
				}
			}
		}
		start = max(start, end)
	}
	return breaks
}

// width is that of a line from one break to another, in ems.
func (p paragraph) width(from, to breakPoint) float32 {
	w := p.at[to.end] - p.at[from.next]
	if to.hyphen {
		w += p.hyphen
	}
	return w
}

// within returns the breaks, the start of the text first, with more of them
// inside what is wider than a line of so many ems.
func (p paragraph) within(measure float32) []breakPoint {
	breaks := []breakPoint{{}}
	for _, b := range p.breaks {
		from := breaks[len(breaks)-1]
		if p.width(from, b) > measure {
			for i := from.next + 1; i < b.end; i++ {
				if p.at[i+1] > p.at[i] && !unbreaking(p.text[i]) {
					breaks = append(breaks, breakPoint{end: i, next: i, cost: forcedCost})
				}
			}
		}
		breaks = append(breaks, b)
	}
	return breaks
}

// arrangement is a text broken into lines; the less its loss, the better.
type arrangement struct {
	lines []breakPoint // the end of each line
	loss  float64
}

func (a arrangement) divided() bool {
	return slices.ContainsFunc(a.lines, func(b breakPoint) bool { return b.hyphen })
}

// arrange breaks the text into at most so many lines of measure ems, as even
// as can be, by dynamic programming after Knuth and Plass ("Breaking Paragraphs
// into Lines", 1981) over a known number of lines. ok is false when the text
// does not fit.
func (p paragraph) arrange(measure float32, most int) (best arrangement, ok bool) {
	breaks := p.within(measure)
	last := len(breaks) - 1
	row := make([]node, len(breaks))
	for i := range row[1:] {
		row[i+1].cost = math.Inf(1)
	}
	var rows [][]node
	for range most {
		row = p.nextLine(breaks, row, measure)
		rows = append(rows, row)
		if math.IsInf(row[last].cost, 1) {
			continue
		}
		ends := make([]breakPoint, len(rows))
		for n, to := len(rows)-1, last; n >= 0; n-- {
			ends[n] = breaks[to]
			to = rows[n][to].from
		}
		if loss := p.loss(ends, measure); !ok || loss < best.loss {
			best, ok = arrangement{ends, loss}, true
		}
	}
	return best, ok
}

// node is the cheapest way to end a line at a break: from which break.
type node struct {
	cost float64
	from int
}

// nextLine returns the nodes of the lines that follow those that end in before.
func (p paragraph) nextLine(breaks []breakPoint, before []node, measure float32) []node {
	row := make([]node, len(breaks))
	row[0].cost = math.Inf(1)
	for to := 1; to < len(breaks); to++ {
		row[to].cost = math.Inf(1)
		for from := to - 1; from >= 0; from-- {
			share := float64(p.width(breaks[from], breaks[to]) / measure)
			if share > 1 {
				break
			}
			if cost := before[from].cost + share*share + breaks[to].cost; cost < row[to].cost {
				row[to] = node{cost, from}
			}
		}
	}
	return row
}

// loss says, in pixels of type size, what an arrangement is worth giving up:
// for its breaks, for uneven lines, and a little for each line.
func (p paragraph) loss(ends []breakPoint, measure float32) float64 {
	var breaks, mean, spread float64
	widths := make([]float64, len(ends))
	from := breakPoint{}
	for i, end := range ends {
		widths[i] = float64(p.width(from, end) / measure)
		mean += widths[i] / float64(len(ends))
		if i < len(ends)-1 {
			breaks += end.cost
		}
		from = end
	}
	for _, w := range widths {
		spread += (w - mean) * (w - mean) / float64(len(ends))
	}
	return 40*breaks + 80*math.Sqrt(spread) + 2*float64(len(ends))
}
