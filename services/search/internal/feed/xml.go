// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"bytes"
	"encoding/xml"
	"strings"
	"time"
)

// document writes XML 1.0 in UTF-8. Whatever text it is given, what it writes is
// well-formed: invalid UTF-8 becomes U+FFFD, characters that XML forbids go.
// Attributes are pairs of name and value; one without a value is left out.
type document struct{ out bytes.Buffer }

func newDocument() *document {
	var d document
	d.out.WriteString(xml.Header)
	return &d
}

// open writes a start tag, and the line is over.
func (d *document) open(name string, attrs ...string) {
	d.tag(name, attrs)
	d.out.WriteString(">\n")
}

// close writes an end tag.
func (d *document) close(name string) { d.out.WriteString("</" + name + ">\n") }

// empty writes an element without content.
func (d *document) empty(name string, attrs ...string) {
	d.tag(name, attrs)
	d.out.WriteString("/>\n")
}

// text writes an element that holds text; nothing when there is none.
func (d *document) text(name, s string, attrs ...string) {
	if s == "" {
		return
	}
	d.tag(name, attrs)
	d.out.WriteByte('>')
	d.escape(s)
	d.close(name)
}

// markup writes an element that holds HTML as text, as a CDATA section: shorter
// than escaped, and legible to who reads the source; nothing when there is none.
func (d *document) markup(name, html string, attrs ...string) {
	if html == "" {
		return
	}
	d.tag(name, attrs)
	d.out.WriteString("><![CDATA[")
	d.out.WriteString(strings.ReplaceAll(legal(html), "]]>", "]]]]><![CDATA[>"))
	d.out.WriteString("]]>")
	d.close(name)
}

// instant writes an element that holds a time as RFC 3339 (Atom, W3C datetime).
func (d *document) instant(name string, t time.Time) {
	if !t.IsZero() {
		d.text(name, instant(t))
	}
}

func (d *document) tag(name string, attrs []string) {
	d.out.WriteString("<" + name)
	for i := 0; i+1 < len(attrs); i += 2 {
		if attrs[i+1] != "" {
			d.out.WriteString(" " + attrs[i] + `="`)
			d.escape(attrs[i+1])
			d.out.WriteByte('"')
		}
	}
}

func (d *document) escape(s string) {
	_ = xml.EscapeText(&d.out, []byte(legal(s))) // a buffer takes everything
}

// legal is a text without the characters that XML 1.0 §2.2 forbids.
func legal(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == '\uFFFE', r == '\uFFFF':
			return -1
		}
		return r
	}, s)
}

// instant is a time in UTC as RFC 3339, with the fractions of a second that it
// has: they tell which of two changes came first.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
