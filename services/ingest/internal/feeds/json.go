// SPDX-License-Identifier: Apache-2.0

package feeds

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// lines reads NDJSON: one edition a line, blank lines passed over.
type lines struct{ src *source }

func (l *lines) next() (Item, error) {
	if l.src.line == 1 && bytes.HasPrefix(l.src.peek(3), []byte("\ufeff")) {
		if _, err := l.src.br.Discard(3); err != nil {
			return Item{}, err
		}
	}
	for {
		line := l.src.line
		l.src.keep("")
		err := l.src.through("\n")
		if err != nil && !errors.Is(err, io.EOF) {
			return Item{}, err
		}
		text := bytes.TrimSpace(l.src.kept)
		switch {
		case l.src.over:
			return Item{Line: line, Err: fault.Newf(fault.TooLarge, "the edition in line %d is larger than %d bytes", line, MaxItem)}, nil
		case len(text) == 0 && err != nil:
			return Item{}, err
		case len(text) == 0:
			continue
		case err != nil && !json.Valid(text):
			return Item{}, errCut
		}
		return Item{Line: line, JSON: text}, nil
	}
}

// jsonFeed reads the items of a JSON Feed as they come; what the feed says about
// itself after them comes too late.
type jsonFeed struct {
	src     *source
	started bool
	inItems bool
	seen    bool // the member "items"
	head    struct {
		language text
		authors  []jsonAuthor
	}
}

func (j *jsonFeed) next() (Item, error) {
	if !j.started {
		if err := j.expect('{'); err != nil {
			return Item{}, err
		}
		j.started = true
	}
	for {
		c, err := j.token()
		if err != nil {
			return Item{}, cut(err)
		}
		switch {
		case c == ',':
		case j.inItems && c == ']':
			j.inItems = false
		case j.inItems:
			return j.item(c)
		case c == '}' && j.seen:
			return Item{}, io.EOF
		case c == '"':
			err = j.member()
		default:
			err = j.unexpected(c)
		}
		if err != nil {
			return Item{}, err
		}
	}
}

// member reads a member of the feed, or up to the first of its items.
func (j *jsonFeed) member() error {
	if err := j.value('"'); err != nil {
		return err
	}
	var name string
	if err := json.Unmarshal(j.src.kept, &name); err != nil {
		return j.unexpected('"')
	}
	if err := j.expect(':'); err != nil {
		return err
	}
	if name == "items" {
		j.inItems, j.seen = true, true
		return j.expect('[')
	}
	c, err := j.token()
	if err != nil {
		return cut(err)
	}
	if err := j.value(c); err != nil || j.src.over {
		return err
	}
	raw := j.src.kept
	switch name { // what cannot be read is as if it were not there
	case "language":
		_ = json.Unmarshal(raw, &j.head.language)
	case "authors":
		_ = json.Unmarshal(raw, &j.head.authors)
		j.head.authors = j.head.authors[:min(len(j.head.authors), article.MaxList)]
	case "author":
		var one jsonAuthor
		if json.Unmarshal(raw, &one) == nil && len(j.head.authors) == 0 {
			j.head.authors = []jsonAuthor{one}
		}
	}
	return nil
}

func (j *jsonFeed) item(first byte) (Item, error) {
	item := Item{Line: j.src.line}
	if err := j.value(first); err != nil {
		return Item{}, err
	}
	if j.src.over {
		item.Err = fault.Newf(fault.TooLarge, "the item in line %d is larger than %d bytes", item.Line, MaxItem)
		return item, nil
	}
	var in jsonItem
	if err := json.Unmarshal(j.src.kept, &in); err != nil || first != '{' {
		item.Err = fault.Newf(fault.Malformed, "the item in line %d is not an item of a JSON Feed", item.Line)
		return item, nil
	}
	item.Edition, item.Err = in.edition(j)
	return item, nil
}

// token returns the next byte that is not white space.
func (j *jsonFeed) token() (byte, error) {
	for {
		if c, err := j.src.one(); err != nil || !space(c) {
			return c, err
		}
	}
}

func (j *jsonFeed) expect(want byte) error {
	c, err := j.token()
	if err != nil {
		return cut(err)
	}
	if c != want {
		return j.unexpected(c)
	}
	return nil
}

func (j *jsonFeed) unexpected(c byte) error {
	return fault.Newf(fault.Malformed, "the stream is not a JSON Feed: %q in line %d is not expected there", string(rune(c)), j.src.line)
}

// value reads to the end of the value that a byte begins and keeps it.
func (j *jsonFeed) value(first byte) error {
	j.src.keep(string(rune(first)))
	defer j.src.drop()
	switch first {
	case '"':
		return j.str()
	case '{', '[':
	default:
		return j.scalar()
	}
	for depth := 1; depth > 0; {
		c, err := j.src.one()
		switch {
		case err != nil:
			return cut(err)
		case c == '"':
			err = j.str()
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// str reads to the end of a string.
func (j *jsonFeed) str() error {
	escapes := 0 // backslashes in a row before here
	for {
		chunk, err := j.src.br.ReadSlice('"')
		j.src.took(chunk)
		body := bytes.TrimSuffix(chunk, []byte{'"'})
		rest := bytes.TrimRight(body, `\`)
		if len(rest) > 0 {
			escapes = 0
		}
		escapes += len(body) - len(rest)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return cut(err)
		case escapes%2 == 0:
			return nil
		}
		escapes = 0
	}
}

// scalar reads to the end of a number or a word.
func (j *jsonFeed) scalar() error {
	for {
		next := j.src.peek(1)
		if len(next) == 0 || space(next[0]) || strings.IndexByte(",]}\"[{:", next[0]) >= 0 {
			return nil
		}
		if _, err := j.src.one(); err != nil {
			return err
		}
	}
}

// text is a string; numbers and booleans are taken for theirs, all else is empty.
type text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(data []byte) error {
	switch c := data[0]; {
	case c == '"':
		return json.Unmarshal(data, (*string)(t))
	case c != '{' && c != '[' && c != 'n':
		*t = text(data)
	}
	return nil
}

type jsonAuthor struct {
	Name text `json:"name"`
	URL  text `json:"url"`
}

type jsonItem struct {
	ID        text         `json:"id"`
	URL       text         `json:"url"`
	External  text         `json:"external_url"`
	Title     text         `json:"title"`
	HTML      text         `json:"content_html"`
	Text      text         `json:"content_text"`
	Summary   text         `json:"summary"`
	Image     text         `json:"image"`
	Banner    text         `json:"banner_image"`
	Published text         `json:"date_published"`
	Modified  text         `json:"date_modified"`
	Author    *jsonAuthor  `json:"author"` // 1.0
	Authors   []jsonAuthor `json:"authors"`
	Tags      []text       `json:"tags"`
	Language  text         `json:"language"`
	Files     []struct {
		URL  text `json:"url"`
		Type text `json:"mime_type"`
	} `json:"attachments"`
}

// edition maps an item. Tags are keywords: a JSON Feed has no section.
func (in *jsonItem) edition(j *jsonFeed) (article.Edition, error) {
	e := article.Edition{Headline: plain(string(in.Title))}
	e.CanonicalURL = webURL("", string(in.URL))
	if e.CanonicalURL == "" {
		e.CanonicalURL = webURL("", string(in.External))
	}
	e.BodyHTML = string(in.HTML)
	if strings.TrimSpace(e.BodyHTML) == "" {
		e.BodyHTML = paragraphs(string(in.Text))
	}
	setDescription(&e, extract.NormalizeLine(string(in.Summary)))
	e.Language = tagOf(string(in.Language), string(j.head.language))
	authors := in.Authors
	if len(authors) == 0 && in.Author != nil {
		authors = []jsonAuthor{*in.Author}
	}
	if len(authors) == 0 {
		authors = j.head.authors
	}
	for _, a := range authors {
		addAuthor(&e, string(a.Name), string(a.URL))
	}
	for _, t := range in.Tags {
		addKeyword(&e, string(t))
	}
	images := []string{string(in.Image), string(in.Banner)}
	for _, f := range in.Files {
		if strings.HasPrefix(string(f.Type), "image/") {
			images = append(images, string(f.URL))
		}
	}
	for _, u := range images {
		if u = webURL(e.CanonicalURL, u); u != "" && e.Image == nil {
			e.Image = &article.Image{URL: u}
		}
	}
	err := setDate(&e, string(in.Published), string(in.Modified))
	identify(&e, string(in.ID), string(in.Published))
	return e, err
}
