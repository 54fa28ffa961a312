// SPDX-License-Identifier: Apache-2.0

package extract_test

import (
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// mebibyte is the largest body that a request may have.
const mebibyte = 1 << 20

func times(s string) string { return strings.Repeat(s, bombSize/len(s)) }

// TestBombs hands every way in the inputs that are made to be slow or deep: each
// comes to an end with a result or a fault that names its cause. The bound is
// generous; the log has what each took.
func TestBombs(t *testing.T) {
	for _, b := range bombs() {
		t.Run(b.way+"/"+b.name, func(t *testing.T) {
			start := time.Now()
			err := throw(b.way, b.in)
			took := time.Since(start)
			t.Logf("%d kB in %v: %.120v", len(b.in)>>10, took.Round(100*time.Microsecond), err)
			if took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			if err != nil && !fault.Is(err, fault.Malformed) {
				t.Errorf("%v, want a result or a fault of kind Malformed", err)
			}
		})
	}
}

func throw(way, in string) error {
	var err error
	switch way {
	case "html":
		extract.HTML(in)
	case "page":
		_, err = extract.Page([]byte("<!doctype html><html><head><title>T</title></head><body>" + in))
	case "fragment":
		_, err = extract.Page([]byte(in))
	case "head":
		_, err = extract.Page([]byte("<!doctype html><html><head>" + in))
	case "text":
		_, err = extract.Text([]byte(in))
	case "paragraphs":
		extract.Paragraphs(in)
	case "markdown":
		extract.Markdown(in)
	case "matter":
		_, _, err = extract.FrontMatter([]byte("---\n" + in + "\n---\nText"))
	case "decode":
		_, _, err = extract.Decode([]byte(in), "text/html")
	}
	return err
}

type bomb struct{ way, name, in string }

func bombs() []bomb {
	var list []bomb
	for name, in := range markupBombs() {
		for _, way := range []string{"html", "page", "fragment"} {
			list = append(list, bomb{way, name, in})
		}
	}
	for name, in := range map[string]string{
		"json deep": `<script type="application/ld+json">` + times("[") + "</script>", "json wide": `<script type="application/ld+json">[` + times(`{"@type":"NewsArticle","author":"a"},`) + `1]</script>`,
		"json graphs": `<script type="application/ld+json">` + times(`{"@graph":[`) + "</script>", "meta": times(`<meta name=a content=b>`), "keywords": `<meta name="keywords" content="` + times("a,") + `">`, "many blocks": times(`<script type="application/ld+json">{}</script>`),
	} {
		list = append(list, bomb{"head", name, in})
	}
	for name, in := range textBombs() {
		list = append(list, bomb{"text", name, in}, bomb{"paragraphs", name, in})
	}
	for name, in := range markdownBombs() {
		list = append(list, bomb{"markdown", name, in})
	}
	for name, in := range matterBombs() {
		list = append(list, bomb{"matter", name, in})
	}
	for name, in := range map[string]string{"meta": times("<meta "), "comments": times("<!--"), "charsets": times("<meta charset=x>"), "high": times("\xe9")} {
		list = append(list, bomb{"decode", name, in})
	}
	return list
}

func markupBombs() map[string]string {
	return map[string]string{
		"div": times("<div>"), "div closed": strings.Repeat("<div>", bombSize/11) + strings.Repeat("</div>", bombSize/12), "b": times("<b>"), "p": times("<p>"), "p of text": times("<p>a"), "entities": times("&amp;"), "numbers": times("&#1114111;"), "one tag": "<" + times("a"), "one attribute": `<a href="` + times("a") + `">x</a>`,
		"attributes": "<a " + times("b=c ") + ">x</a>", "different attributes": attributes(), "comment": "<!--" + times("x"), "comments": times("<!--"), "comments closed": times("<!---->"), "cdata": times("<![CDATA["), "doctype": times("<!doctype "), "lt": times("<"), "lt slash": times("</"), "amp": times("&"), "amp hash": times("&#"),
		"tables": times("<table><tr><td>"), "tables alone": times("<table>"), "fostered": "<table>" + times("<b>x"), "lists": times("<ul><li>"), "items": times("<li>a"), "quotes": times("<blockquote>"), "formatting": times("<b><i><a href=https://a.example/>x</p>"), "adoption": times("<a><div>"), "nobr": times("<nobr>"), "fonts": times("<font size=1><p>"),
		"svg": times("<svg>"), "math": times("<math><mi>"), "template": times("<template>"), "select": times("<select><option>"), "script": times("<script>"), "textarea": "<textarea>" + times("<"), "plaintext": "<plaintext>" + times("<"), "one word": times("a"), "spaces": "<p>a" + times(" ") + "b", "no-break": "<p>a" + times("\u00a0 ") + "b",
		"marks": "<p>a" + times("\u0301"), "pre": "<pre>" + times("\n"), "br": times("<br>"), "br text": times("<br>a"), "images": times(`<img src="https://a.example/i.png">`), "headings": times("<h1>a"), "frameset": times("<frameset>"), "form": times("<form><input>"), "byline": times("<p>Par Ana Ruiz</p>"), "nul": times("\x00"), "dd": times("<dd>a<td>b"),
		"spans": times("<span lang=fr>"), "article": times("<article><p>a, b, c"), "commas": "<p>" + times("a, "), "links": times(`<p><a href="https://a.example/">Un autre article</a></p>`),
	}
}

func attributes() string {
	var b strings.Builder
	b.WriteString("<p ")
	for i := 0; b.Len() < bombSize; i++ {
		b.WriteString("a" + strings.Repeat("b", i%7) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26)) + "=1 ")
	}
	return b.String() + ">x</p>"
}

func textBombs() map[string]string {
	return map[string]string{
		"candidates": strings.Repeat("Un titre de plus ici\n", 199) + times("mot "), "candidates and trails": strings.Repeat("Accueil > Un titre\nUn titre\n", 99) + times("mot ") + times("\n© 2024 Un titre"), "menus": times("a | b | c\n"), "segments": times("12 mars 2024 — Anaïs Lefèvre, Quimper — 6 min — a, b, c, d\n"), "tail": times("mot ") + ".\n" + times("Un autre titre\n"), "names and commas": times("Anaïs Lefèvre, "), "also": times("Lire aussi - "), "minutes and seconds": times("Lecture : 4’ et 3 s "),
		"one line": times("mot "), "one word": times("a"), "bullets": times("• "), "bullet items": times("• a\n"), "newlines": times("\n"), "spaces": times(" "), "no-break": times("\u00a0"), "marks": "a" + times("\u0301"), "marks alone": times("\u0301"), "different marks": "a" + times("\u0301\u0323"), "joiners": times("\u200d"), "emoji": times("👩\u200d"),
		"dashes": times("- a\n"), "dashes alone": times("- "), "numbers": times("1. a\n"), "digits": times("1"), "share": times("Partager\n"), "related": times("Lire aussi\n"), "titles": "Un titre\nUne phrase.\nArticles connexes\n" + times("Un autre\n"), "headings": times("À lire aussi\nUn titre\nUne phrase.\n"), "bylines": times("Par Ana Ruiz\n"), "dates": times("12 mars 2024\n"), "names": times("Ana Ruiz, Li Wei et "), "slashes": times("/ "),
		"crumbs": "Accueil > " + times("a > "), "tags": "Tags : " + times("a, "), "hashtags": times("#a "), "copyright": times("© 2024 Ana\n"), "cookies": times("Nous utilisons des cookies pour votre confort\n"), "short lines": times("ab\n"), "wrapped": times("Cette ligne a été coupée par un logiciel de messagerie à une\n"), "returns": times("\r"), "indented": times("• a\n  b\n"), "minutes": times("3 min\n"), "networks": times("Facebook X\n"), "brackets": times("("), "numbered lines": times("12 mars a\n"),
	}
}

func markdownBombs() map[string]string {
	return map[string]string{
		"mixed marks": times("*a_"), "mixed marks 2": times("a*_"), "mixed marks 3": times("*a~"), "strong and weak": times("**a_"),
		"marks below the limit": times(strings.Repeat("*a_", 300) + "\n\n"),
		"brackets":              times("["), "brackets closed": times("[a]"), "brackets both": times("[") + times("]"), "links": times("[a]("), "images": times("!["), "stars": times("*"), "stars and words": times("*a "), "stars in words": times("a**b"), "underscores": times("_a "), "quotes": times("> "), "quote lines": times("> > > > a\n"), "backticks": times("`"), "backticks growing": growing(), "references": times("[a]: b\n"),
		"reference uses": times("[a]\n") + "\n[a]: b", "definitions": definitions(), "tables": times("|a"), "table rows": "|a|b|\n|-|-|\n" + times("|a|b|\n"), "wide table": strings.Repeat("|a", 20_000) + "\n" + strings.Repeat("|-", 20_000) + "\n" + times("|"), "lists": times("- "), "nested lists": nestedLists(), "headings": times("# "), "html": times("<a"), "autolinks": times("<http://"), "entities": times("&a"), "escapes": times(`\`), "strikes": times("~~a"), "tildes": times("~"),
		"breaks": times("a  \n"), "setext": times("a\n-\n"), "fences": times("```\n"), "tabs": times("\t"), "numbers": times("1. "), "declarations": times("<!A "), "cdata": times("a<![CDATA["), "comments": times("a<!--"), "instructions": times("a<?"), "titles": times("[a](b \""),
	}
}

func growing() string {
	var b strings.Builder
	for i := 1; b.Len() < bombSize; i++ {
		b.WriteString("e" + strings.Repeat("`", i))
	}
	return b.String()
}

func definitions() string {
	var b strings.Builder
	for i := 0; b.Len() < bombSize; i++ {
		b.WriteString("[" + strings.Repeat("x", i%50) + "]: /" + strings.Repeat("u", i%30) + "\n")
	}
	return b.String()
}

func nestedLists() string {
	var b strings.Builder
	for i := 0; b.Len() < bombSize; i++ {
		b.WriteString(strings.Repeat("  ", i) + "- a\n")
	}
	return b.String()
}

func matterBombs() map[string]string {
	return map[string]string{
		"aliases": "a: &a [x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]", "self": "a: &a [*a]", "merge": "a: &a {b: 1}\nc:\n  <<: *a", "merge inline": "<<: {a: 1}", "deep flow": "a: " + times("["), "deep maps": "a: " + times("{a: "), "deep blocks": deepBlocks(), "deep sequences": times("- "), "huge number": "a: " + times("9"), "huge exponent": "a: 1e" + times("9"),
		"hexadecimal": "a: 0x" + times("f"), "duplicates": times("a: 1\n"), "many keys": manyKeys(), "binary": "a: !!binary " + times("A"), "python": "a: !!python/object/apply:os.system [x]", "nan": "a: .nan", "inf": "a: -.inf", "timestamp": "a: 9999999-99-99", "keys": "? [a, b]\n: 1", "map key": "? {a: b}\n: 1", "null key": "~: 1", "number key": "1: 2", "one string": "a: " + times("b"), "quotes": `a: "` + times("b"), "anchors": times("&a "), "tags": times("!a "), "commas": "a: [" + times(",") + "]",
		"comments": times("#"), "documents": times("--- a\n"), "directives": times("%YAML 1.2\n"), "folded": "a: >\n" + times(" b\n"), "list": "a:\n" + times("- b\n"), "tabs": times("\t"), "colons": times(": "), "question marks": times("? "), "flow list": "a: [" + times("b,") + "]",
	}
}

func deepBlocks() string {
	var b strings.Builder
	for i := 0; b.Len() < bombSize; i++ {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func manyKeys() string {
	var b strings.Builder
	for i := 0; b.Len() < bombSize; i++ {
		b.WriteString("k" + strings.Repeat("a", i%5) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26)) + string(rune('a'+i/17576%26)) + ": 1\n")
	}
	return b.String()
}
