// SPDX-License-Identifier: Apache-2.0

package extract_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// TestHTMLTagSoup throws random sequences of tags and texts at the sanitizer:
// its result is sound, keeps every word in order, and stays the same when
// sanitized again.
func TestHTMLTagSoup(t *testing.T) {
	names := strings.Fields("p h1 h2 h6 div ul ol li blockquote figure figcaption table caption thead tbody tr th td pre b em a span code object button dd")
	between := []string{" ", "\n", "&nbsp;", "<br>", "<hr>", `<img src="https://a.example/i.png">`, "«", " :", "<br/><br/>", "&#x338;"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 4_000 {
		var b strings.Builder
		var words []string
		for range 1 + rng.IntN(24) {
			name := names[rng.IntN(len(names))]
			switch rng.IntN(8) {
			case 0, 1, 2:
				b.WriteString("<" + name + ` href="https://a.example/" lang="fr">`)
			case 3, 4:
				b.WriteString("</" + name + ">")
			case 5:
				b.WriteString(between[rng.IntN(len(between))])
			default:
				word := string(rune('a' + len(words)))
				words = append(words, word)
				b.WriteString(word)
			}
		}
		in := b.String()
		got, text := extract.HTML(in)
		h, x := extract.HTML(got)
		if h != got || x != text {
			t.Fatalf("HTML(%q)\n  is %q\nthen %q\n  is %q\nthen %q", in, got, h, text, x)
		}
		if open, why := sound(got); !open {
			t.Fatalf("HTML(%q) = %q: %s", in, got, why)
		}
		letters := strings.Map(func(r rune) rune {
			if r < 'a' || r > 'z' {
				return -1
			}
			return r
		}, text)
		if letters != strings.Join(words, "") {
			t.Fatalf("HTML(%q) has the text %q: a word was lost", in, text)
		}
	}
}

// parents says in what an element may stand; "" is the top.
var parents = map[string]string{
	"li": "ul ol", "figcaption": "figure", "caption": "table", "thead": "table", "tbody": "table", "tfoot": "table",
	"tr": "table thead tbody tfoot", "td": "tr", "th": "tr",
	"p": "blockquote figure ", "h2": "blockquote figure ", "h4": "blockquote figure ", "pre": "blockquote figure ", "hr": "blockquote figure ",
	"blockquote": "blockquote figure ", "figure": "blockquote figure ", "table": "blockquote figure ", "ul": "li td th blockquote figure ", "ol": "li td th blockquote figure ",
}

// sound reports whether tags nest, and stand where they may.
func sound(s string) (ok bool, why string) {
	stack := []string{""}
	for _, m := range tag.FindAllString(s, -1) {
		name := strings.Trim(strings.Fields(m)[0], "</>")
		top := stack[len(stack)-1]
		if strings.HasPrefix(m, "</") {
			if top != name {
				return false, "closes " + name + " in " + top
			}
			stack = stack[:len(stack)-1]
			continue
		}
		if in, limited := parents[name]; limited && !strings.Contains(" "+in+" ", " "+top+" ") {
			return false, name + " stands in " + top
		}
		if name != "br" && name != "img" && name != "hr" {
			stack = append(stack, name)
		}
	}
	return len(stack) == 1, "is left open"
}
