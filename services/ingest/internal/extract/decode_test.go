// SPDX-License-Identifier: Apache-2.0

package extract_test

import (
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

func TestDecode(t *testing.T) {
	const plain = "text/plain"
	for _, c := range []struct{ name, raw, contentType, text, charset string }{
		{"nothing declared, UTF-8", "été «\u00a0œ\u00a0»", plain, "été «\u00a0œ\u00a0»", "utf-8"},
		{"nothing declared, ASCII", "ete", "", "ete", "utf-8"},
		{"nothing declared, neither", "\xe9t\xe9 \x93\x9c\x94 \x80", plain, "été “œ” €", "windows-1252"},
		{"mark of UTF-8", "\xef\xbb\xbfété", plain, "été", "utf-8"},
		{"mark of UTF-8 before another declaration", "\xef\xbb\xbfété", "text/plain; charset=iso-8859-1", "été", "utf-8"},
		{"mark of UTF-16, little end first", "\xff\xfe\xe9\x00\x53\x01", plain, "éœ", "utf-16le"},
		{"mark of UTF-16, big end first", "\xfe\xff\x00\xe9\x01\x53", plain, "éœ", "utf-16be"},
		{"UTF-16 without a mark", "\xe9\x00\x53\x01", "text/plain; charset=utf-16le", "éœ", "utf-16le"},
		{"UTF-16 declared, UTF-8 sent", "été", "text/plain; charset=utf-16", "été", "utf-8"},
		{"Latin-1 is Windows-1252", "\x80\xe9", "text/plain; charset=ISO-8859-1", "€é", "windows-1252"},
		{"Latin-9", "\xa4 \xbd\xe9", "text/plain; charset=iso-8859-15", "€ œé", "iso-8859-15"},
		{"Latin-1 declared, UTF-8 sent", "œuvre", "text/plain; charset=latin1", "œuvre", "utf-8"},
		{"UTF-8 declared, Latin-1 sent", "\xe9t\xe9", "text/plain; charset=utf-8", "été", "windows-1252"},
		{"Latin-2", "\xb1", "text/plain; charset=iso-8859-2", "ą", "iso-8859-2"},
		{"Mac", "\x8e", "text/plain; charset=macintosh", "é", "macintosh"},
		{"quoted label", "\xe9", `text/plain; charset="windows-1252"`, "é", "windows-1252"},
		{"meta charset", `<meta charset="iso-8859-15">` + "\xa4", "text/html", `<meta charset="iso-8859-15">€`, "iso-8859-15"},
		{"meta http-equiv", `<meta http-equiv=Content-Type content="text/html; charset=iso-8859-2">` + "\xb1", "text/html", `<meta http-equiv=Content-Type content="text/html; charset=iso-8859-2">ą`, "iso-8859-2"},
		{"meta of UTF-16 means UTF-8", "<meta charset=utf-16>\xe9", "text/html", "<meta charset=utf-16>é", "windows-1252"},
		{"meta in a comment", "<!-- <meta charset=iso-8859-2> -->\xb1", "text/html", "<!-- <meta charset=iso-8859-2> -->±", "windows-1252"},
		{"meta that nobody knows", "<meta charset=x-unknown>\xe9", "text/html", "<meta charset=x-unknown>é", "windows-1252"},
		{"XML declaration", "<?xml version='1.0' encoding='ISO-8859-15'?>\xa4", "text/html", "<?xml version='1.0' encoding='ISO-8859-15'?>€", "iso-8859-15"},
		{"the header before the page", "<meta charset=utf-8>\xa4", "text/html; charset=iso-8859-15", "<meta charset=utf-8>€", "iso-8859-15"},
		{"a header that cannot be read", "été", "text/plain; charset", "été", "utf-8"},
		{"nothing", "", "", "", "utf-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, charset, err := extract.Decode([]byte(c.raw), c.contentType)
			if err != nil || string(text) != c.text || charset != c.charset {
				t.Errorf("got %q in %q (%v), want %q in %q", text, charset, err, c.text, c.charset)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct{ name, raw, contentType, says string }{
		{"a label that nobody knows", "a", "text/plain; charset=klingon", `"klingon"`},
		{"a long label", "a", "text/plain; charset=" + strings.Repeat("x", 99), strings.Repeat("x", 40)},
		{"NUL", "\xe9\x00", "text/plain", "0x00 at offset 1"},
		{"control characters", "\xe9\x01\x02\x03", "", "control characters"},
		{"UTF-8 declared, binary sent", "\xff\xd8\xff\xe0\x00\x10JFIF", "text/plain; charset=utf-8", "0x00 at offset 4"},
	} {
		_, _, err := extract.Decode([]byte(c.raw), c.contentType)
		if !fault.Is(err, fault.Malformed) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want a malformed fault that says %s", c.name, err, c.says)
		}
	}
}

// TestTypography asserts that what French typography asks for passes every way in.
func TestTypography(t *testing.T) {
	const want = "«\u00a0L’œuvre\u202f: où\u00a0?\u00a0» – «\u202fCæsar\u202f!\u202f» — l’été… 10\u00a0%\u00a0; élu·e·s et 5\u00a0€"
	decoded, _, err := extract.Decode([]byte(want), "")
	if err != nil {
		t.Fatal(err)
	}
	sentence := "Une première phrase, assez longue pour être un paragraphe."
	page, err := extract.Page([]byte("<!doctype html><html lang=fr><head><title>T</title></head><body><article><p>" + sentence + "</p><p>" + string(decoded) + "</p><p>" + strings.Repeat(sentence+" ", 5) + "</p></article></body></html>"))
	if err != nil {
		t.Fatal(err)
	}
	fragment, err := extract.Page([]byte("<p>" + want + "</p>"))
	if err != nil {
		t.Fatal(err)
	}
	_, fromMarkdown := extract.Markdown(want)
	_, fromHTML := extract.HTML("<p>" + want + "</p>")
	_, fromParagraphs := extract.Paragraphs(want)
	_, matter, err := extract.FrontMatter([]byte("---\na: b\n---\n" + want))
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{
		"text": text(t, "Un titre\n"+sentence+"\n"+want).Edition.BodyText, "page": page.Edition.BodyText, "fragment": fragment.Edition.BodyText,
		"markdown": fromMarkdown, "html": fromHTML, "paragraphs": fromParagraphs, "front matter": matter, "headline": text(t, want+"\n"+strings.Repeat(sentence, 3)).Edition.Headline,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
