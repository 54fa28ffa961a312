// SPDX-License-Identifier: Apache-2.0

// Package feeds reads a stream of articles item by item: NDJSON editions, RSS
// 0.9x, 1.0 and 2.0, Atom (RFC 4287), JSON Feed 1.1 and WordPress exports (WXR).
//
// Memory does not grow with the stream: one item is held at a time, and an item
// of more than [MaxItem] bytes is passed over without being held whole. A feed
// is cut into items before any of them is parsed, so that a broken item costs
// only itself. Document type declarations are passed over: no entity that a
// stream declares is expanded, and nothing is ever fetched.
package feeds

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"regexp"
	"strings"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
)

// Bounds of one item.
const (
	MaxItem       = 1 << 20 // bytes, in UTF-8
	maxDepth      = 100     // elements within elements
	maxAttributes = 256     // of one element
	maxElements   = 20_000
)

// Format is a shape of stream; its text is the value of the parameter "format".
type Format string

// The formats.
const (
	NDJSON   Format = "ndjson"   // an edition a line, as in POST /v1/articles
	RSS      Format = "rss"      // RSS 0.9x, 1.0 (RDF) and 2.0
	Atom     Format = "atom"     // RFC 4287, and 0.3
	JSONFeed Format = "jsonfeed" // JSON Feed 1.0 and 1.1
	WXR      Format = "wxr"      // WordPress eXtended RSS
)

// Item is one article of a stream, or the reason why it cannot be taken.
type Item struct {
	Line    int             // where it begins: 1-based, counted by line feeds
	JSON    []byte          // NDJSON: the line as sent, neither parsed nor checked; valid until the next call
	Edition article.Edition // other formats: BodyHTML as the feed has it, not sanitized; ID set; no BodyText
	Err     error           // a *fault.Error: TooLarge, Malformed or Invalid; the stream goes on. An Edition beside it is not whole
}

// Reader hands out the items of one stream. It is not safe for concurrent use.
type Reader struct {
	src  *source
	next func() (Item, error)
	err  error
}

// NewReader returns a Reader of the articles in r, which it does not close.
//
// The character encoding of a feed is that of its byte order mark, else of its
// XML declaration, else UTF-8; bytes that are not UTF-8 there are read as
// windows-1252. NDJSON is handed on byte by byte but for a byte order mark.
func NewReader(r io.Reader, f Format) *Reader {
	if f == NDJSON {
		src := newSource(r)
		return &Reader{src: src, next: (&lines{src: src}).next}
	}
	src := newSource(decoded(r))
	if f == JSONFeed {
		return &Reader{src: src, next: (&jsonFeed{src: src}).next}
	}
	return &Reader{src: src, next: (&xmlFeed{split: splitter{src: src}, format: f}).next}
}

// Next returns the next item. At the end of the stream the error is [io.EOF];
// where the stream itself is broken or cut off, a *fault.Error of kind Malformed
// that names the line. A *fault.Error of the underlying reader is returned as it
// is. Every later call returns the same error.
//
// What a WordPress export holds beside posts (pages, attachments, menus, what
// is in the trash) is passed over.
func (r *Reader) Next() (Item, error) {
	if r.err != nil {
		return Item{}, r.err
	}
	item, err := r.next()
	if err != nil {
		r.err = r.broken(err)
		return Item{}, r.err
	}
	return item, nil
}

// errCut says that the stream ends where it may not.
var errCut = errors.New("feeds: the stream is cut off")

func (r *Reader) broken(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	f := fault.Newf(fault.Malformed, "the stream could not be read further than line %d", r.src.line)
	if errors.Is(err, errCut) || errors.Is(err, io.ErrUnexpectedEOF) {
		f.Detail = "the stream ends in the middle, in line " + itoa(r.src.line)
	}
	f.Err = err
	return f
}

// cut makes the end of the input an error, for where more has to follow.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return errCut
	}
	return err
}

// FormatOf tells the format of a stream: by the parameter "format" when it is
// given, else by the Content-Type, else, for types that do not say it (XML,
// JSON, plain text, none), by the beginning of the stream, of which 4 kB are
// enough. An RSS type is looked into too, because exports of WordPress have it.
//
// An unknown "format" is Malformed and names the field /format; a type or a
// beginning that is none of the formats is UnsupportedMediaType and names
// /Content-Type.
func FormatOf(contentType, format string, head []byte) (Format, error) {
	if format != "" {
		switch f := Format(strings.ToLower(format)); f {
		case NDJSON, RSS, Atom, JSONFeed, WXR:
			return f, nil
		}
		const detail = "must be ndjson, rss, atom, jsonfeed or wxr"
		return "", fault.WithFields(fault.Malformed, "the format is not known", fault.Field{Pointer: "/format", Detail: detail})
	}
	mt, _, err := mime.ParseMediaType(contentType)
	if err != nil && mt == "" && strings.TrimSpace(contentType) != "" {
		return "", unsupported("is not a media type")
	}
	switch mt {
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonl", "application/jsonlines", "application/x-jsonlines":
		return NDJSON, nil
	case "application/feed+json":
		return JSONFeed, nil
	case "application/atom+xml":
		return Atom, nil
	case "application/rss+xml", "application/rdf+xml":
		if f, ok := sniffXML(head); ok {
			return f, nil
		}
		return RSS, nil
	case "text/xml", "application/xml":
		if f, ok := sniffXML(head); ok {
			return f, nil
		}
		return "", unsupported("the XML is neither RSS, Atom nor a WordPress export")
	case "application/json", "text/json":
		if f, ok := sniffJSON(head); ok {
			return f, nil
		}
		return "", unsupported("the JSON is neither a JSON Feed nor one edition a line")
	case "", "text/plain", "application/octet-stream":
		if f, ok := sniffXML(head); ok {
			return f, nil
		}
		if f, ok := sniffJSON(head); ok {
			return f, nil
		}
	}
	return "", unsupported("must be application/x-ndjson, application/rss+xml, application/atom+xml, application/feed+json, or XML or JSON that is one of them")
}

func unsupported(detail string) error {
	return fault.WithFields(fault.UnsupportedMediaType, "the stream is in none of the formats that can be read",
		fault.Field{Pointer: "/Content-Type", Detail: detail})
}

var (
	rootPattern = regexp.MustCompile(`<(?:[A-Za-z_][\w.-]*:)?(rss|RDF|feed)[\s/>]`)
	wxrPattern  = regexp.MustCompile(`wordpress\.org/export/|<wp:wxr_version`)
)

func sniffXML(head []byte) (Format, bool) {
	text, _ := io.ReadAll(decoded(bytes.NewReader(head)))
	m := rootPattern.FindSubmatch(text)
	switch {
	case m == nil:
		return "", false
	case wxrPattern.Match(text):
		return WXR, true
	case string(m[1]) == "feed":
		return Atom, true
	}
	return RSS, true
}

func sniffJSON(head []byte) (Format, bool) {
	text, _ := io.ReadAll(decoded(bytes.NewReader(head)))
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != '{' {
		return "", false
	}
	first, rest, more := bytes.Cut(text, []byte("\n"))
	var feed struct {
		Version string          `json:"version"`
		Items   json.RawMessage `json:"items"`
	}
	whole := json.Unmarshal(first, &feed) == nil
	switch {
	case bytes.Contains(text, []byte("jsonfeed.org/version")), whole && feed.Items != nil:
		return JSONFeed, true
	case whole, !more && bytes.Contains(first, []byte(`"headline"`)):
		return NDJSON, true
	case bytes.Contains(rest, []byte(`"items"`)):
		return JSONFeed, true
	}
	return "", false
}
