// SPDX-License-Identifier: Apache-2.0

package extract_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/text/unicode/norm"

	"github.com/relais-press/relais/services/ingest/internal/extract"
)

func TestHTML(t *testing.T) {
	for _, c := range []struct{ name, in, html, text string }{
		{"paragraphs", "<p>Un</p><p>Deux</p>", "<p>Un</p>\n<p>Deux</p>", "Un\n\nDeux"},
		{"bare text", "Un <b>deux</b>", "<p>Un <b>deux</b></p>", "Un deux"},
		{"divs", "<div>Un</div><div>Deux<div>Trois</div></div>", "<p>Un</p>\n<p>Deux</p>\n<p>Trois</p>", "Un\n\nDeux\n\nTrois"},
		{"headings", "<h1>A</h1><h2>B</h2><h3>C</h3><h4>D</h4><h5>E</h5><h6>F</h6>", "<h2>A</h2>\n<h2>B</h2>\n<h3>C</h3>\n<h4>D</h4>\n<h4>E</h4>\n<h4>F</h4>", "A\n\nB\n\nC\n\nD\n\nE\n\nF"},
		{"line break", "<p>Un<br>deux<br/></p>", "<p>Un<br>deux</p>", "Un\ndeux"},
		{"two line breaks", "Un<br><br>deux", "<p>Un</p>\n<p>deux</p>", "Un\n\ndeux"},
		{"list", "<ul><li>Un<li>Deux</ul>fin", "<ul><li>Un</li><li>Deux</li></ul>\n<p>fin</p>", "• Un\n• Deux\n\nfin"},
		{"ordered list", "<ol start=3><li>Un</li><li><p>Deux</p></li></ol>", `<ol start="3"><li>Un</li><li>Deux</li></ol>`, "3. Un\n4. Deux"},
		{"nested list", "<ul><li>Un<ul><li>Deux</li></ul></li><li>Trois</li></ul>", "<ul><li>Un<ul><li>Deux</li></ul></li><li>Trois</li></ul>", "• Un\n• Deux\n• Trois"},
		{"item without a list", "<li>Un</li>", "<ul><li>Un</li></ul>", "• Un"},
		{"blocks in an item", "<ul><li><p>Un</p><p>Deux</p></li></ul>", "<ul><li>Un<br>Deux</li></ul>", "• Un\nDeux"},
		{"quote", "<blockquote><p>Un</p>Deux</blockquote>", "<blockquote><p>Un</p><p>Deux</p></blockquote>", "Un\n\nDeux"},
		{"table", "<table><caption>T</caption><tr><th scope=col colspan=2>A<td>B<tr><td><td>C</table>", `<table><caption>T</caption><tr><th scope="col" colspan="2">A</th><td>B</td></tr><tr><td></td><td>C</td></tr></table>`, "T\n\nA\tB\nC"},
		{"table in a table", "<table><tr><td>A<table><tr><td>B</td></tr></table></td><td>C</td></tr></table>", "<table><tr><td>A<br>B</td><td>C</td></tr></table>", "A\nB\tC"},
		{"figure", `<figure><img src="https://a.example/i.png" alt="&quot;A&quot; &lt;" width=3 height=x onerror=e()><figcaption>Un</figcaption></figure>`, `<figure><img src="https://a.example/i.png" alt="&#34;A&#34; &lt;" width="3"><figcaption>Un</figcaption></figure>`, "Un"},
		{"image without alternative", `<img src="http://a.example/i.png">`, `<p><img src="http://a.example/i.png" alt=""></p>`, ""},
		{"preformatted", "<pre>\n a\n  b\n\n</pre>", "<pre> a\n  b</pre>", " a\n  b"},
		{"inline", `<p><abbr title="Un">U</abbr> <cite>c</cite> <q>q</q> <sub>1</sub><sup>2</sup> <code>x</code> <time datetime="2018-12-06">t</time> <span lang="en" dir="ltr" style="x">s</span> <em>e</em> <i>i</i> <strong>g</strong></p>`, `<p><abbr title="Un">U</abbr> <cite>c</cite> <q>q</q> <sub>1</sub><sup>2</sup> <code>x</code> <time datetime="2018-12-06">t</time> <span lang="en" dir="ltr">s</span> <em>e</em> <i>i</i> <strong>g</strong></p>`, "U c q 12 x t s e i g"},
		{"rule", "<p>a<hr>b", "<p>a</p>\n<hr>\n<p>b</p>", "a\n\nb"},
		{"white space", " <p>\n  Un  <b> deux </b>  trois\n</p> ", "<p>Un <b>deux</b> trois</p>", "Un deux trois"},
		{"French spaces", "<p>«&nbsp;Un&nbsp;»&#x202f;; deux&nbsp; :</p>", "<p>«\u00a0Un\u00a0»\u202f; deux\u00a0:</p>", "«\u00a0Un\u00a0»\u202f; deux\u00a0:"},
		{"nothing in it", "<p>&nbsp;</p><p><br></p><b></b><ul><li></li></ul><figure></figure><!-- c -->", "", ""},
		{"crossed tags", "<b>a<i>b</b>c</i>", "<p><b>a<i>b</i></b>c</p>", "abc"},
		{"never closed", "<blockquote><ul><li><a href='https://a.example/'>a", `<blockquote><ul><li><a href="https://a.example/" rel="noopener">a</a></li></ul></blockquote>`, "• a"},
		{"apostrophes stay", "<p>l'usager \"x\" l’autre &amp; &lt;b&gt;</p>", "<p>l'usager \"x\" l’autre &amp; &lt;b&gt;</p>", "l'usager \"x\" l’autre & <b>"},
		{"entities are normalized", "<p>e&#x301;&#8203;&#xfeff;a\x00</p>", "<p>éa</p>", "éa"},
		{"combining mark at the start", "<p>&#x338;a</p>", "<p>a</p>", "a"},
		{"invalid UTF-8", "<p>\xff</p>", "<p>\ufffd</p>", "\ufffd"},
		{"stray end tags lose nothing", "</svg></script>a</iframe><iframe></iframe>b</div></p>c", "<p>ab</p>\n<p>c</p>", "ab\n\nc"},
		{"words do not grow together", "<ul><li>a<ul></ul>b</li></ul><span>c</span><div></div>d", "<ul><li>a<br>b</li></ul>\n<p>c</p>\n<p>d</p>", "• a\nb\n\nc\n\nd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			gotHTML, gotText := extract.HTML(c.in)
			if gotHTML != c.html || gotText != c.text {
				t.Errorf("HTML(%q)\n got %q\nwant %q\n got %q\nwant %q", c.in, gotHTML, c.html, gotText, c.text)
			}
			if h, x := extract.HTML(gotHTML); h != gotHTML || x != gotText {
				t.Errorf("again: %q\n%q", h, x)
			}
		})
	}
}

func TestHTMLLinks(t *testing.T) {
	for in, want := range map[string]string{
		`<a href="https://a.example/?a=1&b=2">x</a>`:                       `<a href="https://a.example/?a=1&amp;b=2" rel="noopener">x</a>`,
		`<a href="HTTP://a.example" rel="me Sponsored nofollow">x</a>`:     `<a href="http://a.example" rel="nofollow sponsored noopener">x</a>`,
		`<a href="mailto:a@a.example" target=_blank onclick=e()>x</a>`:     `<a href="mailto:a@a.example" rel="noopener">x</a>`,
		`<a href="javascript:alert(1)">x</a>`:                              `x`,
		`<a href=" java&#10;script:alert(1)">x</a>`:                        `x`,
		`<a href="data:text/html,x">x</a>`:                                 `x`,
		`<a href="//a.example/">x</a>`:                                     `x`,
		`<a href="/relative">x</a>`:                                        `x`,
		`<a href="https:opaque">x</a>`:                                     `x`,
		`<a href="https://user:pw@a.example/">x</a>`:                       `x`,
		`<a name=n>x</a>`:                                                  `x`,
		`x<img src="data:image/png;base64,AAAA">`:                          `x`,
		`x<img src="mailto:a@a.example">`:                                  `x`,
		`x<img src=/i.png>`:                                                `x`,
		`<a href="https://a.example/">x<a href="https://b.example/">y</a>`: `<a href="https://a.example/" rel="noopener">x</a><a href="https://b.example/" rel="noopener">y</a>`,
	} {
		if got, _ := extract.HTML(in); got != "<p>"+want+"</p>" {
			t.Errorf("HTML(%q) = %q, want %q in a paragraph", in, got, want)
		}
	}
}

func TestHTMLLeavesOut(t *testing.T) {
	for _, in := range []string{
		"<script>x</script>", "<SCRIPT SRC=//x></SCRIPT>", "<style>p{}</style>", "<iframe src=x>x</iframe>", "<svg><script>x</script><text>x</text></svg>", "<svg/>",
		"<math><mi>x</mi></math>", "<template>x</template>", "<noscript><img src=https://a.example/x></noscript>", "<textarea>x</textarea>",
		"<title>x</title>", "<script/>x</script>", "<!-- x -->", "<!doctype html>", "<![CDATA[x]]>", "<input value=x>", "<meta http-equiv=refresh content=x>", "<object data=x></object>", "<base href=x>",
		"<plaintext>x",
	} {
		if got, text := extract.HTML(in); got != "" || text != "" {
			t.Errorf("HTML(%q) = %q, %q", in, got, text)
		}
	}
}

// TestHTMLHostile asserts that large and deep input comes to an end with sound nesting.
func TestHTMLHostile(t *testing.T) {
	const size = 1 << 18
	for _, s := range []string{
		"<b>", "<p>", "<div>", "<ul><li>", "<li>", "<table><tr><td>", "<table>", "<blockquote>", "<figure>", "<a href=https://a.example/>x", "<svg>", "<", "<!--", "</p>", "&amp;", "&",
		"<br>", "<br>x<br>", "<pre>\n", "<i a=b>", "x<b> ", "\u0338", "<b>\u0338", "<script>", "</script>", "<h1>a", "<ol><li>a<ul>", "<dd>a<td>b", "<p> \u00a0",
	} {
		got, _ := extract.HTML(strings.Repeat(s, size/len(s)))
		if _, err := html.Parse(strings.NewReader(got)); err != nil {
			t.Errorf("many times %q: %v", s, err)
		}
		if d := depth(got); d > 50 {
			t.Errorf("many times %q nests %d deep", s, d)
		}
	}
	extract.HTML(strings.Repeat("<div>", 1<<20/len("<div>")))
	extract.HTML("<a " + strings.Repeat("b=c ", size/4) + ">x</a>")
	extract.HTML(`<img alt="` + strings.Repeat("é", size/2) + `" src="https://a.example/">`)
}

func depth(s string) int {
	deepest, now := 0, 0
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return deepest
		case html.StartTagToken:
			switch name, _ := z.TagName(); string(name) {
			case "br", "img", "hr":
			default:
				now++
				deepest = max(deepest, now)
			}
		case html.EndTagToken:
			now--
		}
	}
}

var tag = regexp.MustCompile(`<[^>]*>`)

func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"<p>Un <b>deux</b></p>", "<ul><li>a<ul><li>b</ul>c", "<table><tr><td>a<td>b<table><tr><td>c", "<script>alert(1)</script>", "<a href=javascript:x>a</a>",
		"<img src=https://a.example/ onerror=x>", "<pre>\n a<br>b </pre>", "<figure><img src=http://a.example/><figcaption>a", "a<br><br>b", "<b>&#x338;</b>&lt;script&gt;",
		"<ol start=0><li><hr>a", "<svg><p>a</svg>b", "<h1>a<div>b</h1>", "<blockquote><li>a<p>b</blockquote>c", "<span lang=fr>a</span>", "<p>a <i> </i> b", "<table><p>a<caption>b",
		"<a href='https://a.example/\"onclick=x'>a", "<noscript><p title=\"</noscript><img src=x onerror=x>\">", "<math><mtext><table><mglyph><style><img src=x>",
	} {
		f.Add(s)
	}
	for i, v := range vectors(f) {
		if i%40 == 0 {
			f.Add(v)
		}
	}
	f.Fuzz(func(t *testing.T, in string) {
		judge(t, in)
		got, text := extract.HTML(in)
		for name, s := range map[string]string{"html": got, "text": text} {
			if !utf8.ValidString(s) || !norm.NFC.IsNormalString(s) {
				t.Errorf("%s of %q is not normalized: %q", name, in, s)
			}
		}
		if open, why := sound(got); !open {
			t.Errorf("HTML(%q) = %q: %s", in, got, why)
		}
	})
}

func BenchmarkHTML(b *testing.B) {
	r := text(b, string(recap(b)))
	for b.Loop() {
		extract.HTML(r.Edition.BodyHTML)
	}
}

func BenchmarkHTMLMebibyte(b *testing.B) {
	for name, s := range map[string]string{"b": "<b>", "div": "<div>", "li": "<ul><li>a", "td": "<table><tr><td>", "text": "x<b> ", "a": "<a href=https://a.example/>x"} {
		in := strings.Repeat(s, 1<<20/len(s))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				extract.HTML(in)
			}
		})
	}
}
