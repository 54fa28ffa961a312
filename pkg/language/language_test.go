// SPDX-License-Identifier: Apache-2.0

package language_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/language"
)

func TestCanonical(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"fr", "fr"},
		{"FR", "fr"},
		{"fr-ca", "fr-CA"},
		{"zh-hant", "zh-Hant"},
		{"ZH-hant-hk", "zh-Hant-HK"},
		{"iw", "he"},
		{"in", "id"},
		{"sh", "sr-Latn"},
		{"fr-Latn", "fr"},
		{"sr-cyrl", "sr-Cyrl"},
		{"es-419", "es-419"},
		{"de-1996", "de-1996"},
		{"ca-VALENCIA", "ca-valencia"},
		{"sl-rozaj-biske", "sl-rozaj-biske"},
		{"zh-yue", "yue"},
		{"i-klingon", "tlh"},
		{"de-DD", "de-DE"},
	} {
		t.Run(c.in, func(t *testing.T) {
			got, err := language.Canonical(c.in)
			if err != nil || got != c.want {
				t.Errorf("Canonical(%q) = %q, %v; want %q", c.in, got, err, c.want)
			}
		})
	}
}

func TestCanonicalRejects(t *testing.T) {
	for _, in := range []string{
		"", "und", "und-FR", "mul", "zxx", "root", "x-foo", "fr-x-private", "qaa", "fr-Qaaa", "fr-QM",
		"fr-ZZ", "fr-Zzzz", "fr-u-ca-gregory", "fr-t-en", "en-a-bb", "cel-gaulish", "french", "xx", "f",
		"fr_CA", "fr-", "-fr", "fr--CA", "fr CA", " fr", "fr\n", "*", "fr;q=1", "français", "fr\x00", "\xff",
		strings.Repeat("fr-", 20) + "fr", strings.Repeat("a", 1<<20),
	} {
		if got, err := language.Canonical(in); !errors.Is(err, language.ErrInvalid) || got != "" {
			t.Errorf("Canonical(%.40q) = %q, %v; want ErrInvalid", in, got, err)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"fr", "zh-hant-hk", "iw", "i-klingon", "sl-rozaj-biske-1994", "en-GB-oed", "x-a", "de-u-co-phonebk"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := language.Canonical(in)
		if err != nil {
			if got != "" || !errors.Is(err, language.ErrInvalid) {
				t.Fatalf("Canonical(%q) = %q, %v", in, got, err)
			}
			return
		}
		if !article.ValidLanguage(got) {
			t.Errorf("Canonical(%q) = %q, which is not a valid language", in, got)
		}
		if again, err := language.Canonical(got); err != nil || again != got {
			t.Errorf("Canonical(%q) = %q, whose own canonical form is %q, %v", in, got, again, err)
		}
	})
}

func TestDirection(t *testing.T) {
	for tag, want := range map[string]string{
		"fr": "ltr", "zh-Hant": "ltr", "ar": "rtl", "ar-EG": "rtl", "ar-Latn": "ltr", "he": "rtl", "iw": "rtl",
		"fa": "rtl", "ur": "rtl", "yi": "rtl", "dv": "rtl", "az": "ltr", "az-Arab": "rtl", "pa-PK": "rtl", "ckb": "rtl",
		"": "ltr", "nonsense-tag": "ltr",
	} {
		if got := language.Direction(tag); got != want {
			t.Errorf("Direction(%q) = %q, want %q", tag, got, want)
		}
	}
}
