// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// line is one line of plain text, its white space collapsed.
type line struct {
	text   string
	indent int // columns before the text
}

func scan(text string) []line {
	raw := strings.Split(text, "\n")
	lines := make([]line, len(raw))
	for i, s := range raw {
		lines[i].text = trimStart(collapse(s))
		if strings.Trim(lines[i].text, bullets) == "" {
			lines[i].text = ""
		}
		for _, r := range s {
			if !unicode.IsSpace(r) {
				break
			}
			lines[i].indent++
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
		return bulleted, 0, trimStart(strings.TrimLeft(text, bullets))
	case r == '-' || r == '*' || r == '–':
		if next, _ := utf8.DecodeRuneInString(text[n:]); unicode.IsSpace(next) {
			rest = trimStart(text[n:])
			kind = dashed
		}
	case r >= '0' && r <= '9':
		if m := numberPattern.FindStringSubmatch(text); m != nil {
			rest = trimStart(text[len(m[0]):])
			kind, number = numbered, atoi(m[1])
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
func listAt(lines []line, i int) (b block, next int, ok bool) {
	kind, number, rest := item(lines[i].text)
	if kind == noList || (kind == numbered && number != 1) {
		return block{}, i, false
	}
	parts := [][]string{{rest}}
	indent := lines[i].indent
	next = i + 1
	for j := next; j < len(lines); j++ {
		if lines[j].text == "" {
			continue
		}
		k, n, rest := item(lines[j].text)
		if k == kind && (kind != numbered || n == len(parts)+1) {
			parts = append(parts, []string{rest})
			indent = lines[j].indent
		} else if last := len(parts) - 1; k == noList && j == next && lines[j].indent > indent {
			parts[last] = append(parts[last], lines[j].text)
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
		b.lines = append(b.lines, collapse(strings.Join(p, " ")))
	}
	return b, next, true
}

// parse makes blocks of lines. Blank lines part paragraphs; lines that were
// broken to a width are joined again; any other line is a paragraph, or, with
// breaks, a line of one.
func parse(lines []line, breaks bool) []block {
	var blocks []block
	for i := 0; i < len(lines); {
		if lines[i].text == "" {
			i++
			continue
		}
		if b, next, ok := listAt(lines, i); ok {
			blocks, i = append(blocks, b), next
			continue
		}
		run := []string{lines[i].text}
		for i++; i < len(lines) && lines[i].text != ""; i++ {
			if _, _, ok := listAt(lines, i); ok {
				break
			}
			run = append(run, lines[i].text)
		}
		switch {
		case wrapped(run):
			blocks = append(blocks, block{lines: []string{collapse(strings.Join(run, " "))}})
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
