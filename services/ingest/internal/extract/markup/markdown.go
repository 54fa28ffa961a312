// SPDX-License-Identifier: Apache-2.0

package markup

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// Markdown turns CommonMark with tables and strikethrough (GFM) into the two
// forms of a body. HTML in the source is dropped. A source that [CheckMarkdown]
// refuses is taken as plain text.
func Markdown(source string) (bodyHTML, bodyText string) {
	source = plain.Normalize(source)
	if knotted(source) != "" {
		return Body(Scan(source), false)
	}
	var b bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough))
	if err := md.Convert([]byte(source), &b); err != nil {
		return "", "" // writing to memory does not fail; an empty body is refused by validation
	}
	return HTML(b.String())
}

// The limits of a Markdown source: far above any text that is written, and low
// enough that one is read in a moment.
const (
	maxNesting       = maxDepth
	maxBracketsBlock = 1_000
	maxBrackets      = 10_000
	maxMarksBlock    = 1_000 // runs of *, _ and ~, which may open or close emphasis
	maxMarks         = 30_000
	maxPipes         = 100_000 // which part the cells of tables
)

// CheckMarkdown returns a fault of kind Malformed that names bodyMarkdown where
// a source nests quotes and lists deeper than 40, or holds more than 1,000 links
// between two blank lines or 10,000 in all, or 1,000 marks of emphasis and 30,000, or
// 100,000 pipes.
func CheckMarkdown(source string) error {
	if why := knotted(plain.Normalize(source)); why != "" {
		return fault.WithFields(fault.Malformed, "the Markdown cannot be read: it "+why, fault.Field{Pointer: "/bodyMarkdown", Detail: why})
	}
	return nil
}

// knotted says which limit a source breaks, or nothing.
func knotted(source string) string {
	if strings.Count(source, "|") > maxPipes {
		return "holds more than 100000 pipes"
	}
	all, block, marks, marksBlock := 0, 0, 0, 0
	for line := range strings.Lines(source) {
		if strings.TrimSpace(line) == "" {
			block, marksBlock = 0, 0
			continue
		}
		if nesting(line) > maxNesting {
			return "nests quotes or lists deeper than 40"
		}
		n := strings.Count(line, "[")
		all, block = all+n, block+n
		if block > maxBracketsBlock {
			return "holds more than 1000 opening brackets in one paragraph"
		}
		if all > maxBrackets {
			return "holds more than 10000 opening brackets"
		}
		n = emphasis(line)
		marks, marksBlock = marks+n, marksBlock+n
		if marksBlock > maxMarksBlock {
			return "holds more than 1000 marks of emphasis in one paragraph"
		}
		if marks > maxMarks {
			return "holds more than 30000 marks of emphasis"
		}
	}
	return ""
}

// emphasis counts the runs of characters that may open or close emphasis.
func emphasis(line string) int {
	n, last := 0, byte(0)
	for i := range len(line) {
		c := line[i]
		if (c == '*' || c == '_' || c == '~') && c != last {
			n++
		}
		last = c
	}
	return n
}

// nesting counts the markers of quotes and lists that a line begins with, and
// the levels that the indent of an item may mean.
func nesting(line string) int {
	levels, indent, marked := 0, 0, 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == ' ':
			indent++
		case c == '\t':
			indent += 4
		case c == '>' || strings.IndexByte("-*+", c) >= 0 && i+1 < len(line) && strings.IndexByte(" \t", line[i+1]) >= 0:
			levels++
			marked = levels + indent/2
		case c >= '0' && c <= '9':
		case (c == '.' || c == ')') && i > 0 && line[i-1] >= '0' && line[i-1] <= '9':
			levels++
			marked = levels + indent/2
		default:
			return marked
		}
	}
	return rule(line, marked)
}

// rule is the nesting of a line of nothing but markers, which is none where it
// is a thematic break or the underline of a heading.
func rule(line string, marked int) int {
	for _, sign := range []string{"-", "*"} {
		if strings.Trim(line, sign+" \t\n") == "" {
			return 0
		}
	}
	return marked
}
