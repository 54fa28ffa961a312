// SPDX-License-Identifier: Apache-2.0

package markup

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// Line is one line of plain text, its white space collapsed.
type Line struct {
	Text   string
	Indent int // columns before the text
}

// Scan parts a normalized text into its lines. A line of nothing but bullets is
// blank.
func Scan(text string) []Line {
	raw := strings.Split(text, "\n")
	lines := make([]Line, len(raw))
	for i, s := range raw {
		lines[i].Text = plain.TrimStart(plain.Collapse(s))
		if strings.Trim(lines[i].Text, bullets) == "" {
			lines[i].Text = ""
		}
		for _, r := range s {
			if !unicode.IsSpace(r) {
				break
			}
			lines[i].Indent++
		}
	}
	return lines
}

// block is a paragraph or a list.
type block struct {
	list  marker
	lines []string // of a paragraph, or the items of a list
}

type marker int

const (
	noList marker = iota
	bulleted
	dashed // a list only if another item follows: a dash also opens a spoken line
	numbered
)

const bullets = "•‣◦▪▫●○■□∙⁃·➢➤"

var numberPattern = regexp.MustCompile(`^([0-9]{1,3})[.)][ \x{a0}\x{202f}]`)

// item takes the marker off a list item.
func item(text string) (kind marker, number int, rest string) {
	r, n := utf8.DecodeRuneInString(text)
	switch {
	case n > 0 && strings.ContainsRune(bullets, r):
		return bulleted, 0, plain.TrimStart(strings.TrimLeft(text, bullets))
	case r == '-' || r == '*' || r == '–':
		if next, _ := utf8.DecodeRuneInString(text[n:]); unicode.IsSpace(next) {
			rest = plain.TrimStart(text[n:])
			kind = dashed
		}
	case r >= '0' && r <= '9':
		if m := numberPattern.FindStringSubmatch(text); m != nil {
			rest = plain.TrimStart(text[len(m[0]):])
			number, _ = strconv.Atoi(m[1])
			kind = numbered
		}
	}
	if rest == "" {
		return noList, 0, ""
	}
	return kind, number, rest
}

// listAt reads the list that starts at line i, if one does, and returns the
// line after it. Blank lines may part its items; a line set further in than its
// item continues it. Numbers count from 1; dashes and numbers need two items.
func listAt(lines []Line, i int) (b block, next int, ok bool) {
	kind, number, rest := item(lines[i].Text)
	if kind == noList || (kind == numbered && number != 1) {
		return block{}, i, false
	}
	parts := [][]string{{rest}}
	indent := lines[i].Indent
	next = i + 1
	for j := next; j < len(lines); j++ {
		if lines[j].Text == "" {
			continue
		}
		k, n, rest := item(lines[j].Text)
		if k == kind && (kind != numbered || n == len(parts)+1) {
			parts = append(parts, []string{rest})
			indent = lines[j].Indent
		} else if last := len(parts) - 1; k == noList && j == next && lines[j].Indent > indent {
			parts[last] = append(parts[last], lines[j].Text)
		} else {
			break
		}
		next = j + 1
	}
	if kind != bulleted && len(parts) < 2 {
		return block{}, i, false
	}
	b.list = kind
	for _, p := range parts {
		b.lines = append(b.lines, plain.Collapse(strings.Join(p, " ")))
	}
	return b, next, true
}

// parse makes blocks of lines. Blank lines part paragraphs; lines that were
// broken to a width are joined again; any other line is a paragraph, or, with
// breaks, a line of one.
func parse(lines []Line, breaks bool) []block {
	var blocks []block
	for i := 0; i < len(lines); {
		if lines[i].Text == "" {
			i++
			continue
		}
		if b, next, ok := listAt(lines, i); ok {
			blocks, i = append(blocks, b), next
			continue
		}
		run := []string{lines[i].Text}
		for i++; i < len(lines) && lines[i].Text != ""; i++ {
			if _, _, ok := listAt(lines, i); ok {
				break
			}
			run = append(run, lines[i].Text)
		}
		switch {
		case wrapped(run):
			blocks = append(blocks, block{lines: []string{plain.Collapse(strings.Join(run, " "))}})
		case breaks:
			blocks = append(blocks, block{lines: run})
		default:
			for _, s := range run {
				blocks = append(blocks, block{lines: []string{s}})
			}
		}
	}
	return blocks
}

// wrapped reports whether the lines are one paragraph broken to a width: every
// line but the last has 45 to 100 characters and somewhere a sentence runs on.
func wrapped(run []string) bool {
	runsOn := false
	for i, s := range run[:len(run)-1] {
		if n := utf8.RuneCountInString(s); n < 45 || n > 100 {
			return false
		}
		last, _ := utf8.DecodeLastRuneInString(s)
		next, _ := utf8.DecodeRuneInString(run[i+1])
		runsOn = runsOn || (!strings.ContainsRune(".!?:;…»”\"", last) && unicode.IsLower(next))
	}
	return runsOn
}

// IsItem reports whether a line begins with the marker of a list item.
func IsItem(text string) bool {
	kind, _, _ := item(text)
	return kind != noList
}

// Body makes bodyHtml and bodyText of lines. Blank lines part paragraphs, lines
// that begin with a bullet, or several in a row with a dash or a number, are a
// list; lines that were broken to a width are joined. Any other line is a
// paragraph of its own or, with breaks, a line of one.
func Body(lines []Line, breaks bool) (bodyHTML, bodyText string) {
	return render(parse(lines, breaks))
}

// render writes blocks as HTML and as text, in the form that [HTML] gives them.
func render(blocks []block) (bodyHTML, bodyText string) {
	var w writer
	for _, b := range blocks {
		leaf := "li"
		switch b.list {
		case bulleted, dashed:
			w.start("ul", nil)
		case numbered:
			w.start("ol", nil)
		case noList:
			leaf = "p"
		}
		if b.list == noList {
			w.start(leaf, nil)
			for _, s := range b.lines {
				w.text(s)
				w.start("br", nil)
			}
			w.end(leaf)
			continue
		}
		for _, s := range b.lines {
			w.start(leaf, nil)
			w.text(s)
		}
		w.end("ul")
		w.end("ol")
	}
	return w.finish()
}
