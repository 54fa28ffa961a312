// SPDX-License-Identifier: Apache-2.0

package feeds_test

import (
	"bytes"
	"cmp"
	"testing"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/feeds"
)

// fuzz reads whatever comes: it ends, and every item is sound or says why not.
func fuzz(f *testing.F, format feeds.Format, seeds ...string) {
	f.Helper()
	for _, s := range samples {
		if s.format == format {
			f.Add(sample(f, s.file))
		}
	}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = feeds.FormatOf("", "", data)
		items, err := read(bytes.NewReader(data), format)
		if err != nil && !fault.Is(err, fault.Malformed) {
			t.Errorf("the stream: %v", err)
		}
		line := 1
		for _, item := range items {
			if item.Line < line || item.Line > bytes.Count(data, []byte("\n"))+1 {
				t.Errorf("line %d after %d", item.Line, line)
			}
			line = item.Line
			switch {
			case item.Err != nil:
				if k := fault.KindOf(item.Err); k != fault.Malformed && k != fault.Invalid && k != fault.TooLarge {
					t.Errorf("an item: %v", item.Err)
				}
			case format == feeds.NDJSON:
				if len(bytes.TrimSpace(item.JSON)) == 0 {
					t.Errorf("an empty line %d", item.Line)
				}
			default:
				item.Edition.PubStatus = cmp.Or(item.Edition.PubStatus, article.Usable)
				check(t, &item.Edition)
			}
		}
	})
}

// check holds an edition to what is promised of every one.
func check(t *testing.T, e *article.Edition) {
	t.Helper()
	if !article.ValidID(e.ID) {
		t.Errorf("id %q", e.ID)
	}
	e.SourceLanguage = "fr"
	for _, v := range e.Validate() {
		switch v.Pointer {
		case "/language":
			if e.Language != "" {
				t.Errorf("language %q", e.Language)
			}
		case "/headline", "/bodyText", "/section": // are the caller's to check
		default:
			t.Errorf("%s %s", v.Pointer, v.Detail)
		}
	}
}

func FuzzReaderNDJSON(f *testing.F) { fuzz(f, feeds.NDJSON, "{}\n\n{}", "\xff\xfe{\x00}\x00") }

func FuzzReaderRSS(f *testing.F) {
	fuzz(f, feeds.RSS, dated("Tue, 03 Nov 26 08:30 CET"), "<rss><item><item></rss>", "<rss a='>'><channel><item/></channel></rss>", "<?xml version='1.0' encoding='utf-7'?><rss>")
}

func FuzzReaderAtom(f *testing.F) {
	fuzz(f, feeds.Atom, "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:content type='xhtml'><br/>&nbsp;</a:content></a:entry></a:feed>")
}

func FuzzReaderJSONFeed(f *testing.F) {
	fuzz(f, feeds.JSONFeed, `{"items":[{"id":1e9,"tags":[null,1]},[],"\\\""]}`, `{"items":[`, `{"a":{"items":[]},"items":[{}]}`)
}

func FuzzReaderWXR(f *testing.F) {
	fuzz(f, feeds.WXR, "<rss><item><content:encoded>[a b=\"]\"][/a]<!-- wp:x -->")
}
