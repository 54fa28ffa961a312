// SPDX-License-Identifier: Apache-2.0

package imports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
)

// entry has what is wanted of the members of both exports: Shlink's above,
// YOURLS's below.
type entry struct {
	ShortCode   string `json:"shortCode"`
	LongURL     string `json:"longUrl"`
	DateCreated string `json:"dateCreated"`
	Meta        struct {
		ValidUntil string `json:"validUntil"`
	} `json:"meta"`

	ShortURL  string `json:"shorturl"`
	URL       string `json:"url"`
	Timestamp string `json:"timestamp"`
}

// readJSON reads {"shortUrls": {"data": […]}} of Shlink and {"links": {"link_1": {…}}}
// of YOURLS, one answer or several after one another.
func readJSON(r io.Reader, line int, f Format, yield func(Row, error) bool) {
	w := &walker{meter: meter{r: r, line: line}, yield: yield}
	if f != YOURLS {
		w.paths = append(w.paths, []string{"shortUrls", "data", "*"})
	}
	if f != Shlink {
		w.paths = append(w.paths, []string{"links", "*"})
	}
	w.dec = json.NewDecoder(&w.meter)
	err := w.all()
	switch {
	case errors.Is(err, errStopped):
		return
	case err != nil:
		yield(Row{Line: w.meter.at(w.dec.InputOffset())}, unreadable(err))
	case w.places == 0:
		yield(Row{Line: line}, errors.New("there are no links here: neither shortUrls.data, as Shlink has them, nor links, as YOURLS does"))
	}
}

func unreadable(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("is not JSON: %w; what follows was not read", syntax)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("ends too early")
	}
	return fmt.Errorf("read list: %w; what follows was not read", err)
}

// errStopped says that nobody wants more rows.
var errStopped = errors.New("stopped")

// walker goes through JSON of any length without holding it.
type walker struct {
	dec    *json.Decoder
	meter  meter
	paths  [][]string // to the rows; "*" is any member or element
	places int        // containers of rows that were found
	yield  func(Row, error) bool
}

func (w *walker) all() error {
	for {
		w.meter.left = MaxRow
		if !w.dec.More() { // the end, or what is no value
			if _, err := w.dec.Token(); !errors.Is(err, io.EOF) {
				return err
			}
			return nil
		}
		if err := w.walk(w.paths); err != nil {
			return err
		}
	}
}

// walk reads one value: a row where a path ends, a container where one goes on.
func (w *walker) walk(paths [][]string) error {
	w.meter.left = MaxRow
	if len(paths) == 0 {
		var nothing json.RawMessage
		return w.dec.Decode(&nothing)
	}
	if len(paths[0]) == 0 {
		return w.row()
	}
	token, err := w.dec.Token()
	if err != nil {
		return err
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil // null, perhaps: nothing is in it
	}
	if paths[0][0] == "*" {
		w.places++
	}
	for w.dec.More() {
		name := ""
		if open == '{' {
			if token, err = w.dec.Token(); err != nil {
				return err
			}
			name, _ = token.(string)
		}
		var inside [][]string
		for _, p := range paths {
			if p[0] == name || p[0] == "*" {
				inside = append(inside, p[1:])
			}
		}
		if err := w.walk(inside); err != nil {
			return err
		}
	}
	_, err = w.dec.Token()
	return err
}

func (w *walker) row() error {
	var raw json.RawMessage
	if err := w.dec.Decode(&raw); err != nil {
		return err
	}
	row := Row{Line: w.meter.at(w.dec.InputOffset() - int64(len(raw)))}
	err := row.fill(raw)
	if !w.yield(row, err) {
		return errStopped
	}
	return nil
}

func (r *Row) fill(raw []byte) error {
	var e entry
	if err := json.Unmarshal(raw, &e); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("%s is a %s", wrong.Field, wrong.Value)
		}
		return errors.New("is not an object with a short URL and a long one")
	}
	if e.ShortCode == "" { // YOURLS
		e.LongURL, e.DateCreated = e.URL, e.Timestamp
		if u, err := url.Parse(e.ShortURL); err == nil && u.Path != "" {
			e.ShortCode = path.Base(u.Path)
		}
	}
	r.Code, r.URL = e.ShortCode, e.LongURL
	if r.Code == "" {
		return errors.New("has no short code")
	}
	if err := r.times(e.DateCreated, e.Meta.ValidUntil); err != nil {
		return err
	}
	return r.check()
}

// meter counts the lines of what is read, and lets no more than left through.
type meter struct {
	r      io.Reader
	left   int
	line   int     // of the offset last asked for
	read   int64   // bytes
	breaks []int64 // offsets of the line ends that follow it
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errLong
	}
	n, err := m.r.Read(p[:min(len(p), m.left)])
	for i, c := range p[:n] {
		if c == '\n' {
			m.breaks = append(m.breaks, m.read+int64(i))
		}
	}
	m.left -= n
	m.read += int64(n)
	return n, err
}

// at is the line of an offset, which never goes back.
func (m *meter) at(offset int64) int {
	for len(m.breaks) > 0 && m.breaks[0] < offset {
		m.breaks = m.breaks[1:]
		m.line++
	}
	return m.line
}
