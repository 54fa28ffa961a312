// SPDX-License-Identifier: Apache-2.0

package extract_test

import (
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

func TestMarkdown(t *testing.T) {
	bodyHTML, bodyText := extract.Markdown("# Titre\n\nUn **mot** et un [lien](https://x.example \"t\").\n\n- a\n- b\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<script>alert(1)</script>\n[x](javascript:alert(1))")
	for _, want := range []string{"<h2>Titre</h2>", "<strong>mot</strong>", `href="https://x.example"`, "<li>a</li>", "<table>"} {
		if !strings.Contains(bodyHTML, want) {
			t.Errorf("lacks %q: %s", want, bodyHTML)
		}
	}
	if strings.Contains(bodyHTML, "script") || !strings.Contains(bodyText, "• a") {
		t.Errorf("HTML %s, text %s", bodyHTML, bodyText)
	}
}

func TestFrontMatter(t *testing.T) {
	for _, tc := range []struct{ name, in, matter, text string }{
		{"none", "# Titre\n\nTexte", "", "# Titre\n\nTexte"},
		{
			"some", "---\nheadline: L’usager\ndatePublished: 2026-03-01\nkeywords: [a, b]\nembargoedUntil: 2026-03-02T08:00:00+01:00\n---\nTexte",
			`{"datePublished":"2026-03-01T00:00:00Z","embargoedUntil":"2026-03-02T07:00:00Z","headline":"L’usager","keywords":["a","b"]}`, "Texte",
		},
		{"CRLF", "---\r\nsection: x\r\n---\r\nTexte", `{"section":"x"}`, "Texte"},
		{"nothing after", "---\nsection: x\n---", `{"section":"x"}`, ""},
		{"empty", "---\n\n---\nTexte", "", "Texte"},
		{"a thematic break", "---\nTexte sans fin", "", "---\nTexte sans fin"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			matter, text, err := extract.FrontMatter([]byte(tc.in))
			if err != nil || string(matter) != tc.matter || text != tc.text {
				t.Errorf("got %s, %q (%v)", matter, text, err)
			}
		})
	}
	for name, in := range map[string]string{
		"aliases": "---\na: &x [1]\nb: *x\n---\n", "no mapping": "---\n- a\n---\n", "broken": "---\na: [\n---\n", "invalid UTF-8": "---\na: \xff\n---\n",
		"bomb": "---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n---\n",
	} {
		if _, _, err := extract.FrontMatter([]byte(in)); !fault.Is(err, fault.Malformed) {
			t.Errorf("%s: %v, want Malformed", name, err)
		}
	}
}

func TestMarkdownHeadline(t *testing.T) {
	if headline, rest := extract.MarkdownHeadline("\n# Un titre #\nTexte"); headline != "Un titre" || rest != "Texte" {
		t.Errorf("%q, %q", headline, rest)
	}
	if headline, rest := extract.MarkdownHeadline("Texte"); headline != "" || rest != "Texte" {
		t.Errorf("%q, %q", headline, rest)
	}
}

func FuzzFrontMatter(f *testing.F) {
	f.Add([]byte("---\na: 1\n---\nx"))
	f.Add([]byte("---\na: &x 1\nb: *x\n---\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, _, err := extract.FrontMatter(raw); err != nil && !fault.Is(err, fault.Malformed) {
			t.Errorf("%q: %v", raw, err)
		}
	})
}
