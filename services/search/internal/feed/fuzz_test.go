// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"encoding/json"
	"html"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/catalog"
	"github.com/relais-press/relais/services/search/internal/feed"
)

// readable is what is to be read of a text in XML: without the characters that
// XML forbids, U+FFFD for what is not UTF-8.
func readable(s string) string {
	var b strings.Builder
	for _, r := range s { // ranging gives U+FFFD for each bad byte
		if r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xFFFE && r != 0xFFFF {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// lines is a text with line ends as a reader of XML is given them (§2.11) where
// they are not escaped.
func lines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// Whatever the texts hold, every form is well-formed and gives them back.
func FuzzRender(f *testing.F) {
	for _, s := range []string{
		"", "plain", "]]>", "]]]]>>", "<![CDATA[x]]>", "a\x00b\x0bc\x1f", "\xff\xfe\x80", "\ufffe\uffff\ufffd", "\r\n\r", "\t x ", `"'&<>`,
		"&amp;&#0;&nope;", "<script>alert(1)</script>", "<?xml version='1.0'?><!DOCTYPE x>", "\u2028\u2029\u202e", "𝔘𠜎", "--><!--", "]]\x00>", "]]\xff>",
	} {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, headline, body, reason string) {
		e := recap()
		e.Edition.Headline, e.Edition.BodyHTML, e.Edition.Correction = headline, body, ""
		e.Edition.Description, e.Edition.Section, e.Edition.Image.Alt, e.Edition.Authors[0].Name = reason, reason, headline, reason
		doc := &feed.Feed{
			Partner: gazette(), Language: "fr", PublicURL: public, URL: public + "/v1/feeds/fr.rss?key=pk", Entries: []catalog.Entry{e},
			Gone: []catalog.Tombstone{{ID: "gone", Language: "fr", At: at("2026-03-04T10:00:00Z"), Cancellation: &article.Cancellation{Reason: reason}}},
		}
		doc.Partner.Name = "N" + headline
		for _, want := range []struct{ form, element, attr, text string }{
			{"rss", "content:encoded", "", lines(readable(body))},
			{"rss", "description", "", readable(html.EscapeString(reason))},
			{"rss", "media:description", "", readable(headline)},
			{"atom", "atom:content", "", lines(readable(body))},
			{"atom", "atom:summary", "", readable(reason)},
			{"atom", "at:comment", "", readable(reason)},
			{"atom", "atom:category", "term", readable(reason)},
			{"sitemap", "news:name", "", readable("N" + headline)},
			{"sitemap", "news:title", "", readable(headline)},
		} {
			got := mustParse(t, forms()[want.form](doc)).all(want.element, want.attr)
			if !contains(got, want.text) {
				t.Errorf("%s %s: %q, want %q", want.form, want.element, got, want.text)
			}
		}
		var got struct {
			Items []struct {
				Title       string
				ContentHTML string `json:"content_html"`
			}
		}
		if err := json.Unmarshal(forms()["json"](doc), &got); err != nil {
			t.Fatal(err)
		}
		valid := func(s string) string { return string([]rune(s)) }
		if got.Items[0].Title != valid(headline) || got.Items[0].ContentHTML != valid(body) || !utf8.ValidString(got.Items[0].Title) {
			t.Errorf("JSON: %+v, want %q and %q", got.Items[0], headline, body)
		}
	})
}

// contains reports whether a text is there, or nothing where it is empty.
func contains(list []string, text string) bool {
	return text == "" || slices.Contains(list, text)
}
