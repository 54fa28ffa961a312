// SPDX-License-Identifier: Apache-2.0

package extract_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// holdToForm asserts what every result is: normalized texts, a safe body that stays as it is.
func holdToForm(t *testing.T, in []byte, r extract.Result) {
	t.Helper()
	e := r.Edition
	texts := append([]string{e.Headline, e.Description, e.Section, e.BodyHTML, e.BodyText, e.Copyright}, e.Keywords...)
	for _, a := range e.Authors {
		texts = append(texts, a.Name)
	}
	for _, s := range texts {
		if !utf8.ValidString(s) || !norm.NFC.IsNormalString(s) || extract.Normalize(s) != s {
			t.Errorf("%q of %q is not normalized", s, in)
		}
	}
	if h, x := extract.HTML(e.BodyHTML); h != e.BodyHTML || x != e.BodyText {
		t.Errorf("sanitizing the body of %q changes it:\n%q\n%q\n%q\n%q", in, e.BodyHTML, h, e.BodyText, x)
	}
	if why := unsafe(e.BodyHTML); why != "" {
		t.Errorf("the body of %q holds %s", in, why)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Errorf("the result of %q is no JSON: %v", in, err)
	}
}

func FuzzPage(f *testing.F) {
	pages, err := filepath.Glob(filepath.Join("testdata", "pages", "*.html"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(pages, filepath.Join("testdata", "page.html")) {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	for _, s := range []string{
		"<h1>a</h1><p>b", "<!doctype html><title>a</title><h1>a</h1><p>Par Ana Ruiz<p>b", `<html><head><script type="application/ld+json">{"@graph":[{"@type":"Article","author":{"@id":"a"}},{"@id":"a","name":"b"}]}</script><body>a`,
		`<html><base href="https://a.example/"><link rel=canonical href=b><time datetime="2024-03-12">`, "<body><article><p>Partager<ul><li>a<li>b</ul>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := extract.Page(raw)
		if err != nil {
			if !fault.Is(err, fault.Malformed) {
				t.Errorf("Page(%q): %v", raw, err)
			}
			return
		}
		holdToForm(t, raw, r)
	})
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{
		"# a\n\nb **c** [d](https://a.example/)", "> > a\n> - b\n>   1. c", "|a|b|\n|-|-|\n|c|d|", "<script>a</script>", "[a](javascript:b)", "![a](https://a.example/ \"b\")", "```\na\n```", "~~a~~ `b` \\* &amp; &#0;",
		"[a]: https://a.example/\n[a]", "<a href=https://a.example/>b</a>", "- a\n\n  b\n- c", "«\u00a0a\u202f»", "a  \nb", "<https://a.example/>", "* * *\n- - - a",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		bodyHTML, bodyText := extract.Markdown(in)
		var r extract.Result
		r.Edition.BodyHTML, r.Edition.BodyText = bodyHTML, bodyText
		holdToForm(t, []byte(in), r)
		if err := extract.CheckMarkdown(in); err != nil && !fault.Is(err, fault.Malformed) {
			t.Errorf("CheckMarkdown(%q): %v", in, err)
		}
		extract.MarkdownHeadline(in)
	})
}

func FuzzDecode(f *testing.F) {
	for _, s := range [][2]string{
		{"\xef\xbb\xbfa", ""},
		{"\xff\xfea\x00", ""},
		{"\xfe\xff\x00a", ""},
		{"caf\xe9", "text/plain"},
		{"caf\xc3\xa9", "text/plain; charset=iso-8859-1"},
		{"\xa4", "text/html; charset=iso-8859-15"},
		{"<meta charset=latin1>\xe9", "text/html"},
		{"<?xml version='1.0' encoding='iso-8859-2'?>\xe9", "text/html"},
		{"a", "text/plain; charset=x"},
		{"a\x00b\xff", ""},
		{"\x1b$B", "text/plain; charset=iso-2022-jp"},
		{"\xd8\x00", "text/plain; charset=utf-16be"},
		{"+AGE-", "text/plain; charset=utf-7"},
	} {
		f.Add([]byte(s[0]), s[1])
	}
	f.Fuzz(func(t *testing.T, raw []byte, contentType string) {
		text, name, err := extract.Decode(raw, contentType)
		if err != nil {
			if !fault.Is(err, fault.Malformed) {
				t.Errorf("Decode(%q, %q): %v", raw, contentType, err)
			}
			return
		}
		if !utf8.Valid(text) || name == "" {
			t.Errorf("Decode(%q, %q) = %q, %q", raw, contentType, text, name)
		}
		again, name, err := extract.Decode(text, "text/plain; charset=utf-8")
		if err != nil || string(again) != string(text) && string(text[:min(3, len(text))]) != "\ufeff" {
			t.Errorf("Decode(%q) again: %q, %q (%v)", text, again, name, err)
		}
	})
}
