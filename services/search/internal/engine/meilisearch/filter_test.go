// SPDX-License-Identifier: Apache-2.0

package meilisearch

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/relais-press/relais/services/search/internal/engine"
)

func TestNarrowed(t *testing.T) {
	now := time.UnixMilli(5)
	const seen = `usable = true AND audience IN ["_2a"] AND (embargo NOT EXISTS OR embargo <= 5) AND (expiry NOT EXISTS OR expiry > 5)`
	for name, c := range map[string]struct {
		q    engine.Query
		want string
	}{
		"rights alone":      {engine.Query{}, seen},
		"a partner":         {engine.Query{Viewer: engine.Viewer{Partner: "north"}}, strings.Replace(seen, `"_2a"`, `"_2a", "_3dnorth"`, 1)},
		"an editor":         {engine.Query{Viewer: engine.Viewer{Editor: true}}, strings.Replace(seen, ` AND audience IN ["_2a"]`, "", 1)},
		"rights of partner": {engine.Query{Viewer: engine.Viewer{Languages: []string{"fr"}, Sections: []string{"Droit"}}}, seen + ` AND language IN ["fr"] AND section IN ["_44roit"]`},
		"several values":    {engine.Query{Sections: []string{"a", "b"}}, seen + ` AND section IN ["a", "b"]`},
		"a counted facet":   {engine.Query{Sections: []string{"a"}, Facets: []string{engine.FacetSection}}, seen},
		"years":             {engine.Query{Years: []int{2016, 2017}}, seen + ` AND year IN [2016, 2017]`},
		"dates":             {engine.Query{From: now, To: now}, seen + ` AND published >= 5 AND published < 5`},
		"ids":               {engine.Query{IDs: []string{"a"}, NotIDs: []string{"b"}}, seen + ` AND article IN ["a"] AND NOT article IN ["b"]`},
		"a hostile value":   {engine.Query{People: []string{`" OR 1=1`}}, seen + ` AND person IN ["_22_20_4f_52_201_3d1"]`},
	} {
		t.Run(name, func(t *testing.T) {
			c.q.Now = now
			if got := narrowed(&c.q, func(f string) bool { return counts(&c.q, f) }).String(); got != c.want {
				t.Errorf("filter is\n%s, want\n%s", got, c.want)
			}
		})
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		`l'avocat" OR 1=1`: `"l'avocat\" OR 1=1"`, `\`: `"\\"`, `\"`: `"\\\""`, "a\x00\nb": `"ab"`, "": `""`,
	} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) is %s, want %s", in, got, want)
		}
	}
}

// unquote reads one value as the filter language does and returns what comes after.
func unquote(t *testing.T, s string) (value, rest string) {
	t.Helper()
	if !strings.HasPrefix(s, `"`) {
		t.Fatalf("no quote opens %q", s)
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:]
		case '\\':
			if i++; i == len(s) || s[i] != '\\' && s[i] != '"' {
				t.Fatalf("%q has an unknown escape", s)
			}
		}
		b.WriteByte(s[i])
	}
	t.Fatalf("no quote closes %q", s)
	return "", ""
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "Droit", `l'avocat" OR 1=1`, `\`, `\"`, `\\"`, "\x00\x1b", "\xff", "é\u202e", `"] OR usable = true`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted := quote(s)
		got, rest := unquote(t, quoted)
		if rest != "" {
			t.Fatalf("quote(%q) ends before %q", s, rest)
		}
		want := strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, strings.ToValidUTF8(s, "\uFFFD"))
		if got != want || !utf8.ValidString(quoted) {
			t.Fatalf("quote(%q) reads back as %q", s, got)
		}
	})
}

var escaped = regexp.MustCompile(`^[a-z0-9_-]{0,240}$`)

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "fr-CA", "été", "_", "__state", strings.Repeat("É", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := escape(s)
		if !escaped.MatchString(got) || strings.Contains(got, "__") {
			t.Fatalf("escape(%q) is %q", s, got)
		}
		if !strings.HasPrefix(got, hashed) && unescape(got) != s {
			t.Fatalf("escape(%q) reads back as %q", s, unescape(got))
		}
	})
}
