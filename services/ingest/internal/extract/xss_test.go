// SPDX-License-Identifier: Apache-2.0

package extract_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// listed holds the elements that a body may have, with their attributes.
var listed = map[string]string{
	"p": "", "h2": "", "h3": "", "h4": "", "blockquote": "", "pre": "", "hr": "", "br": "", "ul": "", "ol": "start", "li": "",
	"figure": "", "figcaption": "", "img": "src alt width height", "table": "", "caption": "", "thead": "", "tbody": "", "tfoot": "",
	"tr": "", "th": "colspan rowspan scope", "td": "colspan rowspan", "a": "href rel", "strong": "", "b": "", "em": "", "i": "",
	"code": "", "sub": "", "sup": "", "abbr": "title", "cite": "", "q": "", "time": "datetime", "span": "lang dir",
}

// unsafe names what a browser would find in a body and must not, or nothing.
func unsafe(body string) string {
	for _, scripting := range []bool{true, false} {
		nodes, err := html.ParseFragmentWithOptions(strings.NewReader(body), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}, html.ParseOptionEnableScripting(scripting))
		if err != nil {
			return err.Error()
		}
		for _, top := range nodes {
			if why := unsafeNode(top); why != "" {
				return why
			}
			for n := range top.Descendants() {
				if why := unsafeNode(n); why != "" {
					return why
				}
			}
		}
	}
	return ""
}

func unsafeNode(n *html.Node) string {
	switch n.Type {
	case html.TextNode:
		return ""
	case html.ElementNode:
	default:
		return "a comment or doctype: " + n.Data
	}
	attrs, ok := listed[n.Data]
	if !ok || n.Namespace != "" {
		return "the element " + n.Namespace + ":" + n.Data
	}
	for _, a := range n.Attr {
		if a.Namespace != "" || !slices.Contains(strings.Fields(attrs), a.Key) {
			return "the attribute " + a.Key + " of " + n.Data
		}
		if a.Key == "href" || a.Key == "src" {
			u, err := url.Parse(a.Val)
			mail := err == nil && u.Scheme == "mailto" && a.Key == "href"
			if err != nil || !mail && (u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil) {
				return "the address " + a.Val
			}
		}
	}
	return ""
}

// judge holds a body to the promises of the sanitizer.
func judge(tb testing.TB, in string) {
	tb.Helper()
	got, text := extract.HTML(in)
	if why := unsafe(got); why != "" {
		tb.Errorf("HTML(%q) = %q holds %s", in, got, why)
	}
	if h, x := extract.HTML(got); h != got || x != text {
		tb.Errorf("HTML(%q)\n  is %q\nthen %q\n  is %q\nthen %q", in, got, h, text, x)
	}
	if once := rendered(tb, got); once != rendered(tb, once) {
		tb.Errorf("HTML(%q) = %q changes as it is parsed again", in, got)
	}
}

// rendered is what a browser makes of a body.
func rendered(tb testing.TB, body string) string {
	tb.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(body), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		tb.Fatal(err)
	}
	var b strings.Builder
	for _, n := range nodes {
		if err := html.Render(&b, n); err != nil {
			tb.Fatal(err)
		}
	}
	return b.String()
}

func vectors(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "xss", "*.json"))
	if err != nil || len(files) < 3 {
		tb.Fatalf("%d files of vectors (%v)", len(files), err)
	}
	var all []string
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		var list []string
		if err := json.Unmarshal(raw, &list); err != nil {
			tb.Fatalf("%s: %v", file, err)
		}
		all = append(all, list...)
	}
	return append(all, mutations...)
}

// mutations are inputs that a browser parses differently the second time.
var mutations = []string{
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`, `<svg><![CDATA[><image xlink:href="]]><img src=x onerror=alert(1)//"></svg>`,
	`<template><s><template><s><img src=x onerror=alert(1)>@</template></s></template>`, `<!--><img src=x onerror=alert(1)>-->`, `<!--!><img src=x onerror=alert(1)>-->`,
	`<!-- --!><img src=x onerror=alert(1)> -->`, `<?xml <img src=x onerror=alert(1)>?>`, `<![CDATA[<img src=x onerror=alert(1)>]]>`, `<select><template><img src=x onerror=alert(1)></template></select>`,
	`<table><tr><td><svg><desc><td><img src=x onerror=alert(1)></td></desc></svg></td></tr></table>`, `<svg><foreignObject><p><script>alert(1)</script></p></foreignObject></svg>`,
	`<math><annotation-xml encoding="text/html"><img src=x onerror=alert(1)></annotation-xml></math>`, `<xmp><p title="</xmp><img src=x onerror=alert(1)>">`,
	`<textarea><p title="</textarea><img src=x onerror=alert(1)>">`, `<title><p title="</title><img src=x onerror=alert(1)>">`, `<plaintext><p title="</plaintext><img src=x onerror=alert(1)>">`,
	`<a href="https://a.example/&#34; onmouseover=alert(1) x=&#34;">x</a>`, "<img src=`https://a.example/` onerror=alert(1)>", `<a href="java&Tab;script:alert(1)">x</a>`, `<a href="&#x6A;avascript&colon;alert(1)">x</a>`,
	`&lt;img src=x onerror=alert(1)&gt;`, `&amp;lt;script&amp;gt;alert(1)`, "<p id=x\x00onclick=alert(1)>x", "<scr\x00ipt>alert(1)</scr\x00ipt>", "<scr\u00adipt>alert(1)</scr\u00adipt>", "<\u200bscript>alert(1)</script>", `<svg/onload=alert(1)//`,
	`<a href="https://a.example/" style="x:expression(alert(1))" onclick=alert(1)>x</a>`, `<pre><textarea></pre><img src=x onerror=alert(1)>`, `<p><style><!--</style><img src=x onerror=alert(1)>--></style>`,
}

// wrappers are where a vector may stand in a page.
var wrappers = []string{
	"%", "<p>a %", `<p title="%">`, "<p title='%'>", "<p title=%>x", "<a href=\"%\">x</a>", "<img alt=x src=%>", "<svg>%</svg>", "<math><mtext>%</mtext></math>", "<noscript>%</noscript>", "<template>%</template>",
	"<!-- % -->", "<table><tr>%", "<select><option>%", "<ul><li>%", "<pre>%</pre>", "<style>%</style>", "<textarea>%</textarea>", "<title>%</title>", "<b><i>%",
}

func TestVectors(t *testing.T) {
	all := vectors(t)
	if len(all) < 3_000 {
		t.Fatalf("%d vectors", len(all))
	}
	t.Logf("%d vectors in %d places", len(all), len(wrappers))
	for i, v := range all {
		judge(t, v)
		for j, w := range wrappers[1:] {
			if (i+j)%4 == 0 || i >= len(all)-len(mutations) {
				judge(t, strings.ReplaceAll(w, "%", v))
			}
		}
		if t.Failed() {
			return
		}
	}
}

// TestAnotherSanitizerAgrees asserts that a sanitizer of other hands, given the
// same list, finds nothing to take out of a body.
func TestAnotherSanitizerAgrees(t *testing.T) {
	p := bluemonday.NewPolicy()
	p.RequireParseableURLs(true)
	p.AllowURLSchemes("http", "https", "mailto")
	for name, attrs := range listed {
		p.AllowElements(name)
		p.AllowNoAttrs().OnElements(name)
		for a := range strings.FieldsSeq(attrs) {
			p.AllowAttrs(a).OnElements(name)
		}
	}
	for _, v := range vectors(t) {
		got, _ := extract.HTML(v)
		if again := p.Sanitize(got); rendered(t, again) != rendered(t, got) {
			t.Errorf("HTML(%q) = %q, which it makes %q", v, got, again)
		}
	}
}
