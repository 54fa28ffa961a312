// SPDX-License-Identifier: Apache-2.0

package markup

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/text/unicode/norm"

	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// maxDepth is how deep elements nest; start tags beyond it are left out.
const maxDepth = 40

// writer writes a body as HTML and as text at once. It takes tags and texts in
// any order and writes sound nesting: it opens what is missing, closes what is
// left open and leaves out what stays empty. A start tag is therefore held back
// until something stands in its element.
type writer struct {
	html, words strings.Builder
	open        []element
	nested      int    // tables inside a table, whose tags are taken as breaks
	space       string // white space before the next text
	breaks      int    // line breaks before the next text
	parting     int    // what parts the next plain text from the last; see separators
}

// element is an open element.
type element struct {
	name    string
	attrs   string
	parting int // what parts its text from what comes before
	written bool
	filled  bool // a leaf that holds text
	marked  bool // a list item whose bullet stands in the plain text
	count   int  // the last number of an ordered list
}

// The separators of plain text, weakest first.
const (
	partCells = iota + 1
	partLines
	partBlocks
)

var separators = []string{"", "\t", "\n", "\n\n"}

// elementKind says what an element may hold.
type elementKind int

const (
	breakKind     elementKind = iota // not written; parts text
	inlineKind                       // text and inline elements, in a leaf
	leafKind                         // p and its like: text, at the top or in a container
	cellKind                         // text and lists, in a parent of its own
	containerKind                    // leaves and containers
	tableKind                        // table, its sections and rows
	listKind                         // ul and ol
	voidKind
)

func kindOf(name string) elementKind {
	switch name {
	case "strong", "b", "em", "i", "a", "code", "sub", "sup", "abbr", "cite", "q", "time", "span":
		return inlineKind
	case "p", "h2", "h3", "h4", "pre":
		return leafKind
	case "li", "td", "th", "figcaption", "caption":
		return cellKind
	case "blockquote", "figure":
		return containerKind
	case "table", "thead", "tbody", "tfoot", "tr":
		return tableKind
	case "ul", "ol":
		return listKind
	case "br", "img", "hr":
		return voidKind
	}
	return breakKind
}

func rename(name string) string {
	switch name {
	case "h1":
		return "h2"
	case "h5", "h6":
		return "h4"
	}
	return name
}

func (w *writer) start(name string, attrs []html.Attribute) {
	name = rename(name)
	if w.nested > 0 && (kindOf(name) == tableKind || name == "td" || name == "th" || name == "caption") {
		if name == "table" {
			w.nested++
		}
		w.lineBreak()
		return
	}
	switch kindOf(name) {
	case voidKind:
		w.startVoid(name, attrs)
	case inlineKind:
		if clean, ok := cleanAttributes(name, attrs); ok {
			w.startInline(name, clean)
		}
	case leafKind, containerKind:
		if w.inCell() {
			w.lineBreak()
			return
		}
		w.closeLeaf()
		w.push(name, "", partBlocks)
	case cellKind, tableKind:
		w.startPart(name, attrs)
	case listKind:
		w.startList(name, attrs)
	case breakKind:
		w.breakHere()
	}
}

func (w *writer) startVoid(name string, attrs []html.Attribute) {
	switch name {
	case "br":
		w.lineBreak()
	case "hr":
		if w.closeLeaf(); w.top() == "" || kindOf(w.top()) == containerKind {
			w.flush()
			if len(w.open) == 0 {
				w.newline()
			}
			w.html.WriteString("<hr>")
			w.parting = partBlocks
		}
	case "img":
		clean, ok := cleanAttributes(name, attrs)
		if !ok {
			return
		}
		if w.top() != "figure" {
			w.ensureLeaf()
		}
		w.settle()
		w.html.WriteString("<img" + clean + ">")
		w.fill()
	}
}

func (w *writer) startInline(name, attrs string) {
	w.ensureLeaf()
	if name == "a" {
		w.end("a")
	}
	if len(w.open) < maxDepth {
		w.open = append(w.open, element{name: name, attrs: attrs})
	}
}

func (w *writer) startList(name string, attrs []html.Attribute) {
	if kindOf(w.top()) == listKind {
		return
	}
	parting := partBlocks
	if w.inCell() {
		i := w.cell()
		if n := w.open[i].name; n == "figcaption" || n == "caption" {
			w.lineBreak()
			return
		}
		w.closeTo(i + 1)
		parting = partLines
	} else {
		w.closeLeaf()
	}
	if len(w.open) >= maxDepth {
		return
	}
	clean, _ := cleanAttributes(name, attrs)
	w.push(name, clean, parting)
	for _, a := range attrs {
		if n, err := strconv.Atoi(a.Val); a.Key == "start" && err == nil {
			w.open[len(w.open)-1].count = n - 1
		}
	}
}

// startPart opens an element that has its place in a list, a table or a figure.
func (w *writer) startPart(name string, attrs []html.Attribute) {
	clean, _ := cleanAttributes(name, attrs)
	switch name {
	case "li":
		i := w.find("ul", "ol")
		if i < 0 {
			w.startList("ul", nil)
			i = w.find("ul", "ol")
		}
		if i < 0 {
			w.breakHere()
			return
		}
		w.closeTo(i + 1)
		w.push(name, clean, partLines)
	case "figcaption":
		i := w.find("figure")
		if i < 0 || w.cell() >= 0 {
			w.breakHere()
			return
		}
		w.closeTo(i + 1)
		w.push(name, clean, partBlocks)
	case "table":
		if w.inCell() || w.find("table") >= 0 {
			w.nested++
			w.lineBreak()
			return
		}
		w.closeLeaf()
		w.push(name, "", partBlocks)
	default:
		w.startInTable(name, clean)
	}
}

func (w *writer) startInTable(name, attrs string) {
	i := w.find("table")
	if i < 0 {
		w.breakHere()
		return
	}
	switch name {
	case "caption":
		w.closeTo(i + 1)
		w.push(name, "", partBlocks)
	case "thead", "tbody", "tfoot":
		w.closeTo(i + 1)
		w.push(name, "", partLines)
	case "tr":
		if j := w.find("thead", "tbody", "tfoot"); j > i {
			i = j
		}
		w.closeTo(i + 1)
		w.push(name, "", partLines)
	default:
		if w.find("tr") < i {
			w.startInTable("tr", "")
		}
		w.closeTo(w.find("tr") + 1)
		w.push(name, attrs, partCells)
		w.flush()
	}
}

func (w *writer) end(name string) {
	name = rename(name)
	kind := kindOf(name)
	switch {
	case kind == voidKind:
		return
	case w.nested > 0 && (kind == tableKind || name == "td" || name == "th" || name == "caption"):
		if name == "table" {
			w.nested--
		}
		w.lineBreak()
		return
	case kind == breakKind:
		w.breakHere()
		return
	}
	for i, v := range slices.Backward(w.open) {
		if v.name == name {
			w.closeTo(i)
			return
		}
		k := kindOf(v.name)
		if (kind == inlineKind && k != inlineKind) || (k == cellKind && (kind == leafKind || kind == containerKind)) {
			break
		}
	}
	if kind == leafKind || kind == containerKind {
		w.breakHere()
	}
}

// text writes a text, normalized but not collapsed.
func (w *writer) text(s string) {
	if i := w.find("pre"); i >= 0 {
		w.preformatted(i, s)
		return
	}
	core := plain.TrimStart(s)
	if core == "" {
		w.hold(s)
		return
	}
	w.ensureLeaf()
	w.hold(s[:len(s)-len(core)])
	body := strings.TrimRightFunc(core, unicode.IsSpace)
	w.settleBefore(body)
	tail := core[len(body):]
	body = plain.Collapse(body)
	w.html.WriteString(escapeText(body))
	w.say(body)
	w.fill()
	w.hold(tail)
}

// preformatted writes text whose white space counts.
func (w *writer) preformatted(i int, s string) {
	for s != "" && ((s[0] == '\n' && !w.open[i].filled) || norm.NFC.PropertiesString(s).CCC() != 0) {
		_, n := utf8.DecodeRuneInString(s)
		s = s[n:]
	}
	body := strings.TrimRightFunc(s, unicode.IsSpace)
	if body == "" {
		w.space += s
		return
	}
	held := w.release()
	w.html.WriteString(escapeText(held + body))
	w.say(held + body)
	w.fill()
	w.space = s[len(body):]
}

// hold keeps white space back until a text follows it in the same leaf.
func (w *writer) hold(run string) {
	run = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return r
		}
		return -1
	}, run)
	if i := w.leaf(); i >= 0 && w.open[i].filled && w.breaks == 0 {
		w.space += run
	}
}

// settleBefore writes what was held back before a text.
func (w *writer) settleBefore(text string) {
	if w.breaks > 1 && w.top() == "p" {
		w.closeLeaf()
		w.push("p", "", partBlocks)
	}
	if w.breaks > 0 {
		w.html.WriteString("<br>")
		w.parting = max(w.parting, partLines)
	} else if w.space != "" {
		one := plain.Gap(w.words.String(), w.space, text)
		w.html.WriteString(one)
		if w.parting == 0 {
			w.words.WriteString(one)
		}
	}
	w.breaks, w.space = 0, ""
	w.flush()
}

// settle writes what was held back before an image.
func (w *writer) settle() {
	if w.find("pre") < 0 {
		w.settleBefore("")
		return
	}
	held := w.release()
	w.html.WriteString(held)
	if w.parting == 0 {
		w.words.WriteString(held)
	}
}

// release opens preformatted text and returns the white space held back in it.
func (w *writer) release() string {
	w.flush()
	held := w.space + strings.Repeat("\n", w.breaks)
	w.space, w.breaks = "", 0
	return held
}

// say writes plain text.
func (w *writer) say(s string) {
	if w.words.Len() > 0 {
		w.words.WriteString(separators[w.parting])
	}
	w.parting = 0
	if i := w.find("li"); i > 0 && !w.open[i].marked {
		w.open[i].marked = true
		mark := "• "
		if list := &w.open[i-1]; list.name == "ol" {
			list.count++
			mark = strconv.Itoa(list.count) + ". "
		}
		w.words.WriteString(mark)
	}
	w.words.WriteString(s)
}

// lineBreak asks for a line break before the next text of the leaf.
func (w *writer) lineBreak() {
	if i := w.leaf(); i >= 0 && w.open[i].filled {
		w.breaks++
		if w.open[i].name != "pre" {
			w.space = ""
		}
	}
}

// breakHere parts text: it ends a leaf, or a line where leaves cannot stand.
func (w *writer) breakHere() {
	if w.cell() >= 0 {
		if w.breaks == 0 {
			w.lineBreak()
		}
		return
	}
	w.closeLeaf()
}

func (w *writer) top() string {
	if len(w.open) == 0 {
		return ""
	}
	return w.open[len(w.open)-1].name
}

// find returns the innermost open element of one of the names, or -1. It looks
// for a list or an item no further out than the cell of a table.
func (w *writer) find(names ...string) int {
	for i, v := range slices.Backward(w.open) {
		n := v.name
		if slices.Contains(names, n) {
			return i
		}
		if (n == "td" || n == "th") && (names[0] == "ul" || names[0] == "li") {
			return -1
		}
	}
	return -1
}

// leaf returns the innermost element that holds text, or -1.
func (w *writer) leaf() int {
	for i, v := range slices.Backward(w.open) {
		switch kindOf(v.name) {
		case leafKind, cellKind:
			return i
		case inlineKind:
		default:
			return -1
		}
	}
	return -1
}

// cell returns the innermost cell, or -1.
func (w *writer) cell() int {
	for i, v := range slices.Backward(w.open) {
		if kindOf(v.name) == cellKind {
			return i
		}
	}
	return -1
}

// inCell reports whether a block that would start here must be a line break: it
// stands in a cell, or in a list or table that first needs one.
func (w *writer) inCell() bool {
	if k := kindOf(w.top()); k == listKind || k == tableKind {
		w.ensureLeaf()
	}
	return w.cell() >= 0
}

// ensureLeaf opens the element that text needs where it stands.
func (w *writer) ensureLeaf() {
	if w.leaf() >= 0 {
		return
	}
	switch kindOf(w.top()) {
	case listKind:
		w.push("li", "", partLines)
	case tableKind:
		w.startInTable("td", "")
	default:
		w.push("p", "", partBlocks)
	}
}

func (w *writer) push(name, attrs string, parting int) {
	if kindOf(name) == containerKind && len(w.open) >= maxDepth {
		return
	}
	w.open = append(w.open, element{name: name, attrs: attrs, parting: parting})
	w.space, w.breaks = "", 0
}

func (w *writer) fill() {
	if i := w.leaf(); i >= 0 {
		w.open[i].filled = true
	}
}

// flush writes the start tags held back.
func (w *writer) flush() {
	for i := range w.open {
		e := &w.open[i]
		if e.written {
			continue
		}
		if i == 0 {
			w.newline()
		}
		w.parting = max(w.parting, e.parting)
		w.html.WriteString("<" + e.name + e.attrs + ">")
		e.written = true
	}
}

// newline parts the HTML of two blocks at the top.
func (w *writer) newline() {
	if w.html.Len() > 0 {
		w.html.WriteByte('\n')
	}
}

// closeLeaf closes the leaf that is open outside any cell.
func (w *writer) closeLeaf() {
	if i := w.leaf(); i >= 0 && kindOf(w.open[i].name) == leafKind {
		w.closeTo(i)
	}
}

// closeTo closes elements until n are open.
func (w *writer) closeTo(n int) {
	for len(w.open) > n {
		e := w.open[len(w.open)-1]
		w.open = w.open[:len(w.open)-1]
		if e.written {
			w.html.WriteString("</" + e.name + ">")
		}
		if kindOf(e.name) == inlineKind {
			continue
		}
		w.space, w.breaks = "", 0
		if e.written {
			w.parting = max(w.parting, e.parting)
		} else if w.cell() >= 0 {
			w.breakHere()
		}
	}
}

func (w *writer) finish() (bodyHTML, bodyText string) {
	w.closeTo(0)
	return w.html.String(), norm.NFC.String(w.words.String())
}
