// SPDX-License-Identifier: Apache-2.0

package extract_test

import (
	"errors"
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

func TestFrontMatterNamesTheMember(t *testing.T) {
	for _, c := range []struct{ name, in, pointer, says string }{
		{"alias", "a: &x 1\nb: *x", "/b", "line 2: aliases"},
		{"merge", "a:\n  <<: {b: 1}", "/a", "merge keys"},
		{"number for a key", "1: a", "", "line 1: a key must be a text"},
		{"list for a key", "? [a]\n: b", "", "a key must be"},
		{"binary", "a: !!binary AAAA", "/a", "!!binary"},
		{"python", "a: !!python/object/apply:os.system [x]", "/a", "python"},
		{"own tag", "a: !x {b: c}", "/a", "!x"},
		{"not a number", "a: [1, .nan]", "/a/1", ".nan"},
		{"infinite", "a/b: -.inf", "/a~1b", "-.inf"},
		{"twice", "a: 1\nb: 2\na: 3", "/a", "line 3"},
		{"deep", "a: " + strings.Repeat("[", 30) + strings.Repeat("]", 30), "", "deeper than 20"},
		{"long", "a: " + strings.Repeat("b", 300<<10), "", "the most is 262144"},
		{"text alone", "abc", "", "mapping"},
	} {
		_, _, err := extract.FrontMatter([]byte("---\n" + c.in + "\n---\n"))
		e, ok := errors.AsType[*fault.Error](err)
		if !ok || e.Kind != fault.Malformed || !strings.Contains(e.Detail, c.says) || (c.pointer != "" && e.Fields[0].Pointer != c.pointer) {
			t.Errorf("%s: %v, want a malformed fault of %s that says %q", c.name, err, c.pointer, c.says)
		}
	}
	for in, want := range map[string]string{
		"a: 2024-03-12": `{"a":"2024-03-12T00:00:00Z"}`, "a: 2024-03-12T18:30:00+01:00": `{"a":"2024-03-12T17:30:00Z"}`, "a: 99999999999999999999999": `{"a":1e+23}`, "a: ~\nb: yes\nc: 0x10": `{"a":null,"b":"yes","c":16}`, "a: 9999999-99-99": `{"a":"9999999-99-99"}`, "a: 1e999": `{"a":"1e999"}`,
	} {
		if matter, _, err := extract.FrontMatter([]byte("---\n" + in + "\n---\n")); err != nil || string(matter) != want {
			t.Errorf("%q: %s (%v), want %s", in, matter, err, want)
		}
	}
}

func TestCheckMarkdown(t *testing.T) {
	for name, in := range map[string]string{"quotes": strings.Repeat("> ", 50) + "a", "lists": strings.Repeat("- ", 50) + "a", "brackets": strings.Repeat("[", 2000), "links": strings.Repeat("[a]\n\n", 20_000)} {
		if err := extract.CheckMarkdown(in); !fault.Is(err, fault.Malformed) || !strings.Contains(err.Error(), "/bodyMarkdown") {
			t.Errorf("%s: %v", name, err)
		}
		if _, text := extract.Markdown(in); text == "" {
			t.Errorf("%s: the text was lost", name)
		}
	}
	for _, in := range []string{"", "a\n" + strings.Repeat("-", 90), strings.Repeat("* ", 60), strings.Repeat("*", 90) + "a", strings.Repeat("[a](https://a.example/) ", 300), "> > a\n> - b"} {
		if err := extract.CheckMarkdown(in); err != nil {
			t.Errorf("%.60q: %v", in, err)
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
