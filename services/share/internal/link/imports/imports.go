// SPDX-License-Identifier: Apache-2.0

// Package imports reads lists of short links that were made elsewhere: our own
// CSV, what Shlink exports (the CSV of its web client, the JSON of its REST API's
// short-urls), and what YOURLS exports (the CSV of its Import Export plugin or of
// its url table, the JSON of its API's stats). Titles, counts of visits and
// addresses of people are left behind.
package imports

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode/utf8"
)

// Format is how a list is written.
type Format string

// The formats. Each of the last two is a CSV or JSON, which the first byte tells.
const (
	Any    Format = "" // told by its header or members
	CSV    Format = "csv"
	Shlink Format = "shlink"
	YOURLS Format = "yourls"
)

// MaxRow is the largest row, in bytes.
const MaxRow = 1 << 20

// Row is one link of a list, as it is written there. URL is where it leads, for
// lists that do not name an article.
type Row struct {
	Line                                       int // where it begins, from 1
	Article, URL                               string
	Language, Partner, Channel, Campaign, Code string
	Created                                    time.Time // zero: not told
	Expires                                    *time.Time
}

// Read yields the rows of a list as they come. A row that cannot be read has an
// error, with its line, and stops nothing; only what makes the rest unreadable
// (a header without the columns that are needed, JSON with a wrong syntax or a
// row above MaxRow, an error of r) ends the list after its error.
func Read(r io.Reader, f Format) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		in := bufio.NewReaderSize(r, 64<<10)
		if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
			_, _ = in.Discard(3)
		}
		line := 1
		first, err := skipSpace(in, &line)
		switch {
		case errors.Is(err, io.EOF):
			yield(Row{Line: line}, errors.New("the list is empty"))
		case err != nil:
			yield(Row{Line: line}, fmt.Errorf("read list: %w", err))
		case first == '{' && f == CSV:
			yield(Row{Line: line}, errors.New("this is JSON, not CSV"))
		case first == '{':
			readJSON(in, line, f, yield)
		default:
			readCSV(in, line, f, yield)
		}
	}
}

// skipSpace returns the first byte that is no white space, and leaves it unread.
func skipSpace(in *bufio.Reader, line *int) (byte, error) {
	for {
		c, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		switch c {
		case '\n':
			*line++
		case ' ', '\t', '\r':
		default:
			return c, in.UnreadByte()
		}
	}
}

// check names what is wrong with a row, whatever list it comes from.
func (r *Row) check() error {
	for _, s := range []string{r.Article, r.URL, r.Language, r.Partner, r.Channel, r.Campaign, r.Code} {
		if !utf8.ValidString(s) {
			return errors.New("is not UTF-8")
		}
	}
	if r.Article == "" && r.URL == "" {
		return errors.New("leads nowhere: it names neither an article nor a URL")
	}
	return nil
}

// moment reads a time: RFC 3339, or a date with or without a time of day, as MySQL
// writes it, taken to be UTC. Nothing is the zero time.
func moment(name, s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s: %.40q is no time such as 2026-01-31T08:00:00Z", name, s)
}

func (r *Row) times(created, expires string) error {
	at, err := moment("created", created)
	if err != nil {
		return err
	}
	r.Created = at
	if at, err = moment("expires", expires); err == nil && !at.IsZero() {
		r.Expires = &at
	}
	return err
}
