// SPDX-License-Identifier: Apache-2.0

package imports

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// readCSV reads RFC 4180, separated by commas, semicolons or tabs.
func readCSV(in *bufio.Reader, line int, f Format, yield func(Row, error) bool) {
	lines := &records{in: in, next: line, comma: ','}
	head, at, err := lines.read()
	if err != nil {
		yield(Row{Line: at}, fmt.Errorf("read header: %w", err))
		return
	}
	lines.comma = separator(head)
	names, err := split(head, lines.comma)
	if err != nil {
		yield(Row{Line: at}, fmt.Errorf("read header: %w", err))
		return
	}
	set, err := columns(names, f)
	if err != nil {
		yield(Row{Line: at}, err)
		return
	}
	for {
		text, at, err := lines.read()
		switch {
		case errors.Is(err, io.EOF):
			return
		case errors.Is(err, errLong):
			if !yield(Row{Line: at}, err) {
				return
			}
			continue
		case err != nil:
			yield(Row{Line: at}, fmt.Errorf("read list: %w", err))
			return
		case len(bytes.TrimSpace(text)) == 0:
			continue
		}
		row, err := parse(text, lines.comma, set)
		row.Line = at
		if !yield(row, err) {
			return
		}
	}
}

func separator(head []byte) rune {
	best, most := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		if n := bytes.Count(head, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

func split(text []byte, comma rune) ([]string, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = comma
	fields, err := r.Read()
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		err = e.Err // its line is that within the row
	}
	return fields, err
}

// draft is a row whose times are not read yet.
type draft struct {
	Row
	created, expires string
}

// setter takes in a field of a row.
type setter func(d *draft, value string)

func known(name string) setter {
	switch name {
	case "article":
		return func(d *draft, v string) { d.Article = v }
	case "url", "longurl", "target":
		return func(d *draft, v string) { d.URL = v }
	case "language":
		return func(d *draft, v string) { d.Language = v }
	case "partner":
		return func(d *draft, v string) { d.Partner = v }
	case "channel":
		return func(d *draft, v string) { d.Channel = v }
	case "campaign":
		return func(d *draft, v string) { d.Campaign = v }
	case "code", "shortcode", "keyword":
		return func(d *draft, v string) { d.Code = v }
	case "source": // a path, in the CSV that WordPress' Redirection shares with YOURLS
		return func(d *draft, v string) { d.Code = strings.Trim(v, "/") }
	case "created", "createdat", "timestamp":
		return func(d *draft, v string) { d.created = v }
	case "expires":
		return func(d *draft, v string) { d.expires = v }
	}
	return nil
}

// columns says what becomes of each column; nil: nothing. Columns that are not
// known are an error in our own CSV, where one is a slip of the pen.
func columns(names []string, f Format) ([]setter, error) {
	for i := range names {
		names[i] = strings.ToLower(strings.TrimSpace(names[i]))
	}
	has := func(name ...string) bool {
		return slices.ContainsFunc(names, func(s string) bool { return slices.Contains(name, s) })
	}
	shlink, yourls := has("shortcode") && has("longurl"), has("keyword") && has("url") || has("source") && has("target")
	switch {
	case f == Shlink && !shlink:
		return nil, errors.New("a Shlink export has the columns shortCode and longUrl")
	case f == YOURLS && !yourls:
		return nil, errors.New("a YOURLS export has the columns keyword and url, or source and target")
	case !has("article", "url", "longurl", "target"):
		return nil, errors.New("the first row names the columns; it needs article, url or longUrl")
	}
	out := make([]setter, len(names))
	for i, name := range names {
		if out[i] = known(name); out[i] == nil && !shlink && !yourls {
			return nil, fmt.Errorf("there is no column %.40q: they are article or url, language, partner, channel, campaign, code, created and expires", name)
		}
	}
	return out, nil
}

func parse(text []byte, comma rune, set []setter) (Row, error) {
	fields, err := split(text, comma)
	switch {
	case err != nil:
		return Row{}, err
	case len(fields) != len(set):
		return Row{}, fmt.Errorf("has %d fields, the header %d", len(fields), len(set))
	}
	var d draft
	for i, v := range fields {
		if set[i] != nil {
			set[i](&d, strings.TrimSpace(v))
		}
	}
	if err := d.times(d.created, d.expires); err != nil {
		return d.Row, err
	}
	return d.Row, d.check()
}

var errLong = fmt.Errorf("is larger than %d bytes", MaxRow)

// records cuts a CSV into records, so that one that is broken does not take the
// others with it.
type records struct {
	in    *bufio.Reader
	next  int // line
	comma rune
	text  []byte
}

// read returns the next record and the line it begins at: up to a line's end
// outside quotes. What it returns is valid until the next call.
func (r *records) read() (text []byte, line int, err error) {
	line, r.text = r.next, r.text[:0]
	quoted, start := false, true // within quotes; at the start of a field
	for {
		part, err := r.in.ReadSlice('\n')
		if len(r.text)+len(part) > MaxRow {
			return nil, line, r.skip(err)
		}
		r.text = append(r.text, part...)
		for _, c := range part {
			quoted, start = r.step(c, quoted, start)
		}
		switch {
		case errors.Is(err, io.EOF) && len(r.text) > 0:
			return r.text, line, nil
		case err == nil:
			r.next++
			if !quoted {
				return r.text, line, nil
			}
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, line, err
		}
	}
}

// step reads one byte of a record. A doubled quote within quotes ends them and
// begins them anew.
func (r *records) step(c byte, quoted, start bool) (stillQuoted, atStart bool) {
	switch {
	case c == '"' && quoted:
		return false, true
	case c == '"' && start:
		return true, false
	case quoted:
		return true, false
	}
	return false, rune(c) == r.comma
}

// skip leaves out the rest of a line.
func (r *records) skip(err error) error {
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.in.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	r.next++
	return errLong
}
