// SPDX-License-Identifier: Apache-2.0

package feeds

import (
	"bytes"
	"io"
	"strings"

	"github.com/relais-press/relais/pkg/fault"
)

// unit is an element directly in a feed or in its channel.
type unit struct {
	line int
	name string // as it is written, with its prefix
	raw  []byte // its markup in UTF-8; valid until the next unit; empty when err is set
	err  error  // TooLarge, or Malformed where it is not closed
}

func (u *unit) isItem() bool {
	name := local(u.name)
	return name == "item" || name == "entry"
}

// splitter cuts a feed into its units by looking at nothing but the tags that
// bound them: what stands inside may be broken. It passes over text, comments,
// processing instructions and document type declarations outside of units, and
// over everything before the root element.
type splitter struct {
	src    *source
	root   string   // the root element's name as it is written; empty before it was found
	tags   []string // the start tags of the root and of the channel that is open
	opened bool     // the "<" of the next tag has been read
	done   bool
}

// next returns the next unit; [io.EOF] when the root element has been closed.
func (s *splitter) next() (unit, error) {
	for !s.done {
		if !s.opened {
			if err := s.src.through("<"); err != nil {
				return unit{}, s.ended(err)
			}
		}
		s.opened = false
		u, found, err := s.markup()
		if err != nil {
			return unit{}, s.ended(err)
		}
		if found {
			return u, nil
		}
	}
	return unit{}, io.EOF
}

func (s *splitter) ended(err error) error {
	if s.root == "" && cut(err) == errCut { //nolint:errorlint // cut returns the sentinel itself
		return fault.New(fault.Malformed, "the stream holds no feed: there is no rss, RDF or feed element")
	}
	return cut(err)
}

// markup reads what begins with a "<" outside of units.
func (s *splitter) markup() (u unit, found bool, err error) {
	line := s.src.line
	switch next := s.src.peek(9); {
	case bytes.HasPrefix(next, []byte("!--")):
		return u, false, s.src.through("-->")
	case bytes.HasPrefix(next, []byte("![CDATA[")):
		return u, false, s.src.through("]]>")
	case bytes.HasPrefix(next, []byte("!")):
		return u, false, s.declaration()
	case bytes.HasPrefix(next, []byte("?")):
		return u, false, s.src.through("?>")
	case bytes.HasPrefix(next, []byte("/")):
		return u, false, s.endTag()
	case len(next) == 0 || !nameStart(next[0]):
		return u, false, nil
	}
	s.src.keep("<")
	defer s.src.drop()
	name, closed, err := s.startTag()
	if err != nil {
		return u, false, err
	}
	switch kind := local(name); {
	case s.root == "" && kind != "rss" && kind != "RDF" && kind != "feed":
		return u, false, nil
	case s.root == "" || (kind == "channel" && len(s.tags) == 1):
		return u, false, s.open(name, closed, line)
	}
	u = unit{line: line, name: name}
	if !closed {
		if err := s.body(&u); err != nil {
			return u, false, err
		}
	}
	switch {
	case u.err != nil:
	case s.src.over:
		u.err = fault.Newf(fault.TooLarge, "the item in line %d is larger than %d bytes", line, MaxItem)
	default:
		u.raw = s.src.kept
	}
	return u, true, nil
}

// open enters the root or the channel.
func (s *splitter) open(name string, closed bool, line int) error {
	if s.src.over || len(s.src.kept) > 64<<10 {
		return fault.Newf(fault.Malformed, "the tag in line %d is longer than 64 kB", line)
	}
	if s.root == "" {
		s.root, s.done = name, closed
	}
	if !closed {
		s.tags = append(s.tags, string(s.src.kept))
	}
	return nil
}

// startTag reads a tag to its end; a ">" within quotation marks does not end it.
func (s *splitter) startTag() (name string, closed bool, err error) {
	var quote, last byte
	inName := true
	for {
		c, err := s.src.one()
		if err != nil {
			return "", false, err
		}
		if inName && (c == '>' || c == '/' || space(c)) {
			inName, name = false, strings.TrimPrefix(string(s.src.kept[:min(len(s.src.kept), 256)-1]), "<")
		}
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && last == '=':
			quote = c
		case c == '>':
			return name, last == '/', nil
		}
		if !space(c) {
			last = c
		}
	}
}

// endTag reads an end tag outside of units.
func (s *splitter) endTag() error {
	s.src.keep("")
	defer s.src.drop()
	if err := s.src.through(">"); err != nil {
		return err
	}
	name := strings.TrimRight(strings.Trim(string(s.src.kept), "/>"), " \t\r\n")
	s.done = s.root != "" && name == s.root
	if local(name) == "channel" {
		s.tags = s.tags[:min(len(s.tags), 1)]
	}
	return nil
}

// declaration passes over "<!DOCTYPE …>" with its internal subset, if any.
func (s *splitter) declaration() error {
	for {
		c, err := s.src.one()
		switch {
		case err != nil || c == '>':
			return err
		case c == '[':
			if err := s.src.through("]"); err != nil {
				return err
			}
		}
	}
}

// body reads a unit up to its end tag.
func (s *splitter) body(u *unit) error {
	start, end, item := []byte(u.name), []byte("/"+u.name), u.isItem()
	for depth := 1; depth > 0; {
		if err := s.src.through("<"); err != nil {
			return err
		}
		next := s.src.peek(max(9, len(end)+1, len(s.root)+2))
		var err error
		switch {
		case bytes.HasPrefix(next, []byte("!--")):
			err = s.src.through("-->")
		case bytes.HasPrefix(next, []byte("![CDATA[")):
			err = s.src.through("]]>")
		case tagged(next, end):
			depth--
			err = s.src.through(">")
		case item && (tagged(next, start) || tagged(next, []byte("/"+s.root)) || tagged(next, []byte("/channel"))):
			s.opened = true
			u.err = fault.Newf(fault.Malformed, "the item in line %d is not closed", u.line)
			return nil
		case tagged(next, start):
			closed := false
			if _, closed, err = s.startTag(); !closed {
				depth++
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tagged reports whether a tag begins with a name and not with a longer one.
func tagged(next, name []byte) bool {
	if !bytes.HasPrefix(next, name) {
		return false
	}
	rest := next[len(name):]
	return len(rest) > 0 && (rest[0] == '>' || rest[0] == '/' || space(rest[0]))
}

func space(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func nameStart(c byte) bool {
	return (c|0x20 >= 'a' && c|0x20 <= 'z') || c == '_' || c >= 0x80
}

// local is a name without its prefix.
func local(name string) string { return name[strings.IndexByte(name, ':')+1:] }
