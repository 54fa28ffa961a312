// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"hash/maphash"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/language"
)

func TestWanted(t *testing.T) {
	l := newLanguages(maphash.MakeSeed())
	for _, c := range []struct{ header, want string }{
		{"", ""},
		{"fr", "fr"},
		{"FR-ca", "fr"},
		{"fr-CA,fr;q=0.9,en;q=0.8", "fr"},
		{"en;q=0.8,fr;q=0.9", "fr"},
		{"en;q=0.8,fr;q=0.8", "en"},
		{"en;q=0.5, de ; Q=0.7", "de"},
		{"pt-BR,pt;q=0.9", "pt"},
		{"zh-Hant", "zh-Hant"},
		{"zh-HK,zh;q=.9,en;q=.6", "zh-Hant"},
		{"zh-TW", "zh-Hant"},
		{"zh-CN,zh;q=0.9", "zh"},
		{"zh-Hans-CN", "zh"},
		{"sr-Latn-RS", "sr-Latn"},
		{"sr-RS", "sr"},
		{"iw-IL", "he"},
		{"es-419,es;q=0.9", "es"},
		{"*", ""},
		{"*;q=1, ar;q=0.1", "ar"},
		{"fr;q=0", ""},
		{"fr;q=2,fr;q=-1,fr;q=nan,fr;level=1,en;q=0.1", "en"},
		{"xx-garbage!!,,;;q=1,de;q=0.3", "de"},
		{"und,x-private,de;q=0.3", "de"},
		{"\xff\xfe\x00", ""},
		{strings.Repeat("x", 10_000) + ",fr", ""},
		{strings.Repeat("!,", 1_000) + "fr", ""},
		{strings.Repeat("en;q=0.5,", 19) + "fr", "fr"},
		{strings.Repeat("en;q=0.5,", 20) + "fr", "en"},
		{strings.Repeat(",", 10_000), ""},
	} {
		for range 2 { // the second time from memory
			if got := l.wanted(c.header); got != c.want {
				t.Errorf("wanted(%.60q) = %q, want %q", c.header, got, c.want)
			}
		}
	}
}

func TestWantedRemembersAFew(t *testing.T) {
	l := newLanguages(maphash.MakeSeed())
	for i := range 5 * wantedLimit {
		l.wanted("fr" + strings.Repeat(" ", i%200) + ";q=0." + strings.Repeat("0", i%50) + "1")
	}
	l.wanted(strings.Repeat("fr,", 100))
	if n := len(l.known.young) + len(l.known.old); n > 2*wantedLimit {
		t.Errorf("%d headers remembered", n)
	}
	if _, ok := l.known.get(maphash.String(l.seed, strings.Repeat("fr,", 100))); ok {
		t.Error("a header of 300 bytes is remembered")
	}
}

func FuzzWanted(f *testing.F) {
	for _, s := range []string{"fr-CA,fr;q=0.9", "zh-HK", "*", ";q=,", strings.Repeat("a-b;q=0.1,", 300)} {
		f.Add(s)
	}
	l := newLanguages(maphash.MakeSeed())
	f.Fuzz(func(t *testing.T, header string) {
		got := l.wanted(header)
		if got == "" {
			return
		}
		if c, err := language.Canonical(got); err != nil || c != got {
			t.Errorf("wanted(%q) = %q, canonical %q, %v", header, got, c, err)
		}
	})
}

func BenchmarkWanted(b *testing.B) {
	l := newLanguages(maphash.MakeSeed())
	for name, header := range map[string]string{
		"remembered": "fr-CA,fr;q=0.9,en;q=0.8", "hostile": strings.Repeat("zz-zz;q=1,", 1_000),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.wanted(header)
			}
		})
	}
}
