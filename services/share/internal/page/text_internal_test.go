// SPDX-License-Identifier: Apache-2.0

package page

import "testing"

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"  deux \t\n lignes  ":   "deux lignes",
		"« Un\u00a0mot\u202f»":   "« Un\u00a0mot\u202f»",
		"a\x00b\x1bc\u0085":      "abc",
		"\u202eabc\u202c\u2066d": "abcd",
		"\u200fאב\u200e":         "\u200fאב\u200e",
		"x\xffy":                 "x\ufffdy",
		"a\u2028b\ufeff\ufffe":   "a b",
		"👩‍🚒 <b>":                "👩‍🚒 <b>",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"court", 5, "court"},
		{"un titre assez long", 15, "un titre assez…"},
		{"un titre assez long", 14, "un titre…"},
		{"la liste : a, b", 12, "la liste…"},
		{"anticonstitutionnellement", 10, "anticonst…"},
		{"aaaaaaae\u0301e\u0301", 9, "aaaaaaa…"},
		{"éééééé", 4, "ééé…"},
		{"quelque chose", 1, "…"},
		{"quelque chose", 0, ""},
	} {
		if got := cut(c.in, c.n); got != c.want {
			t.Errorf("cut(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"https://gazette.example/fr/a?b=c#d": "https://gazette.example/fr/a?b=c#d",
		"http://a.example":                   "http://a.example",
		"https://a.example/é?q=é \xff":       "https://a.example/%C3%A9?q=%C3%A9%20%FF",
		"javascript:alert(1)":                "",
		"//a.example/":                       "",
		"https:///a":                         "",
		"https://user@a.example/":            "",
		`https://a.example\@b.example/`:      "",
		"https://a.example/?\"><script>":     "",
		"https://a.example/\r\nX: y":         "",
		"":                                   "",
	} {
		if got := address(in); got != want {
			t.Errorf("address(%q) = %q, want %q", in, got, want)
		}
	}
}
