// SPDX-License-Identifier: Apache-2.0

package feeds

import (
	"bytes"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"github.com/relais-press/relais/pkg/fault"
)

// element is a parsed element, or a piece of text when it has no name.
type element struct {
	name  string // namespace and local name: "dc:creator"; "rss:" where there is none
	attrs []xml.Attr
	kids  []element
	data  string
}

// parse makes an element of a unit's markup inside the start tags around it,
// which declare its prefixes. It knows the entities of HTML and forgives what
// [xml.Decoder] forgives when it is not strict. The fault is Malformed and says
// what is wrong at which line.
func parse(tags []string, u unit) (element, error) {
	if crowded(u.raw) {
		return element{}, malformed(u, "a tag has too many attributes")
	}
	d := xml.NewDecoder(io.MultiReader(strings.NewReader(strings.Join(tags, "")), bytes.NewReader(u.raw)))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.AutoClose = []string{"br", "hr", "img"}
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for range tags {
		if _, err := nextStart(d); err != nil {
			return element{}, malformed(u, "its feed has a start tag that cannot be read")
		}
	}
	start, err := nextStart(d)
	if err != nil {
		return element{}, malformed(u, reason(err))
	}
	left := maxElements
	e := element{name: qualified(start.Name), attrs: start.Attr}
	if err := e.fill(d, maxDepth, &left); err != nil {
		return element{}, malformed(u, reason(err))
	}
	return e, nil
}

func malformed(u unit, why string) error {
	return fault.Newf(fault.Malformed, "the item in line %d cannot be read: %s", u.line, why)
}

func reason(err error) string {
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return syntax.Msg
	}
	if errors.Is(err, io.EOF) {
		return "it ends in the middle"
	}
	return err.Error()
}

// crowded reports whether a tag may hold so many attributes that they must not
// even be parsed.
func crowded(raw []byte) bool {
	for {
		i := bytes.IndexByte(raw, '<')
		if i < 0 {
			return false
		}
		raw = raw[i+1:]
		skip := 0
		switch {
		case bytes.HasPrefix(raw, []byte("![CDATA[")):
			skip = bytes.Index(raw, []byte("]]>"))
		case bytes.HasPrefix(raw, []byte("!--")):
			skip = bytes.Index(raw, []byte("-->"))
		default:
			n := 0
			if skip, n = tagEnd(raw); n > 16*maxAttributes {
				return true
			}
		}
		if skip < 0 {
			return false
		}
		raw = raw[skip:]
	}
}

// tagEnd finds where a tag ends and counts in it, outside of quotation marks,
// what attributes cannot do without.
func tagEnd(tag []byte) (end, separators int) {
	var quote byte
	for i, c := range tag {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i, separators
		case c == '=' || space(c):
			separators++
		}
	}
	return len(tag), separators
}

func nextStart(d *xml.Decoder) (xml.StartElement, error) {
	for {
		t, err := d.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		if s, ok := t.(xml.StartElement); ok {
			return s, nil
		}
	}
}

// fill reads the content of an element up to its end.
func (e *element) fill(d *xml.Decoder, depth int, left *int) error {
	if depth == 0 {
		return errors.New("its elements are nested too deeply")
	}
	if len(e.attrs) > maxAttributes {
		return errors.New("a tag has too many attributes")
	}
	for {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.EndElement:
			return nil
		case xml.CharData:
			e.kids = append(e.kids, element{data: printed(string(t))})
		case xml.StartElement:
			if *left--; *left < 0 {
				return errors.New("it has too many elements")
			}
			kid := element{name: qualified(t.Name), attrs: t.Attr}
			if err := kid.fill(d, depth-1, left); err != nil {
				return err
			}
			e.kids = append(e.kids, kid)
		}
	}
}

// printed reads the C1 control characters that references such as "&#146;" give
// as HTML does: as what windows-1252 has in their place.
func printed(s string) string {
	if strings.IndexByte(s, 0xc2) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= 0x80 && r < 0xa0 {
			return charmap.Windows1252.DecodeByte(byte(r))
		}
		return r
	}, s)
}

// qualified is an element's name under the prefix that its namespace usually has.
func qualified(n xml.Name) string { return prefix(n.Space) + ":" + n.Local }

func prefix(space string) string {
	s := strings.TrimSuffix(strings.ToLower(space), "/")
	switch s {
	case "", "http://purl.org/rss/1.0", "http://my.netscape.com/rdf/simple/0.9", "http://backend.userland.com/rss2":
		return "rss"
	case "http://purl.org/dc/elements/1.1", "http://purl.org/dc/elements/1.0":
		return "dc"
	case "http://purl.org/dc/terms":
		return "dcterms"
	case "http://purl.org/rss/1.0/modules/content":
		return "content"
	case "http://search.yahoo.com/mrss":
		return "media"
	case "http://www.itunes.com/dtds/podcast-1.0.dtd":
		return "itunes"
	case "http://www.w3.org/2005/atom", "http://purl.org/atom/ns#":
		return "atom"
	case "http://www.w3.org/1999/xhtml":
		return "xhtml"
	case "http://www.w3.org/1999/02/22-rdf-syntax-ns#":
		return "rdf"
	case "http://rssnamespace.org/feedburner/ext/1.0":
		return "feedburner"
	case "http://backend.userland.com/creativecommonsrssmodule", "http://creativecommons.org/ns#":
		return "creativecommons"
	}
	if strings.Contains(s, "wordpress.org/export/") {
		if strings.HasSuffix(s, "/excerpt") {
			return "excerpt"
		}
		return "wp"
	}
	return s // an undeclared prefix stands for itself
}

// all returns the children of the given names, in the order of the names.
func (e *element) all(names ...string) []*element {
	var found []*element
	for _, name := range names {
		for i := range e.kids {
			if e.kids[i].name == name {
				found = append(found, &e.kids[i])
			}
		}
	}
	return found
}

// get returns the trimmed text of the first of the named children that has any.
func (e *element) get(names ...string) string {
	for _, kid := range e.all(names...) {
		if s := strings.TrimSpace(kid.text()); s != "" {
			return s
		}
	}
	return ""
}

// attr returns an attribute's value, whatever its namespace: "lang" is xml:lang.
func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// text is all character data of an element.
func (e *element) text() string {
	if len(e.kids) == 1 && e.kids[0].name == "" {
		return e.kids[0].data
	}
	var b strings.Builder
	e.each(func(data string) { b.WriteString(data) })
	return b.String()
}

func (e *element) each(f func(string)) {
	for i := range e.kids {
		if e.kids[i].name == "" {
			f(e.kids[i].data)
		} else {
			e.kids[i].each(f)
		}
	}
}

// markup is HTML from an element's content: its text where that is all there
// is, and so escaped HTML, else its elements written out without prefixes.
func (e *element) markup() string {
	inline := false
	for i := range e.kids {
		inline = inline || e.kids[i].name != ""
	}
	if !inline {
		return e.text()
	}
	var b strings.Builder
	e.write(&b)
	return b.String()
}

func (e *element) write(b *strings.Builder) {
	for i := range e.kids {
		kid := &e.kids[i]
		if kid.name == "" {
			b.WriteString(html.EscapeString(kid.data))
			continue
		}
		tag := kid.name[strings.LastIndexByte(kid.name, ':')+1:]
		b.WriteString("<" + tag)
		for _, a := range kid.attrs {
			if a.Name.Space == "" && a.Name.Local != "xmlns" {
				b.WriteString(" " + a.Name.Local + `="` + html.EscapeString(a.Value) + `"`)
			}
		}
		b.WriteString(">")
		if tag != "br" && tag != "hr" && tag != "img" {
			kid.write(b)
			b.WriteString("</" + tag + ">")
		}
	}
}
