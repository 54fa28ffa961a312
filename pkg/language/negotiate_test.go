// SPDX-License-Identifier: Apache-2.0

package language_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/language"
)

func TestNegotiate(t *testing.T) {
	five := "en fr de ar zh-Hant"
	for _, c := range []struct{ name, header, available, want string }{
		{"exact", "fr", five, "fr"},
		{"any letter case", "FR;Q=1", five, "fr"},
		{"weights, not places, decide", "en;q=.5, fr;q=0.9, de;q=0.7", five, "fr"},
		{"equal weights keep their order", "de, fr, en", five, "de"},
		{"region falls back to its language", "fr-CA, en;q=0.9", five, "fr"},
		{"first language before an exact second", "fr-CA, en;q=0.9", "en fr", "fr"},
		{"exact region before its language", "fr-CA", "fr fr-CA", "fr-CA"},
		{"language finds one of its regions", "fr", "en fr-CA", "fr-CA"},
		{"another region of the language", "pt-PT", "en pt-BR", "pt-BR"},
		{"variant cut off", "de-CH-1996", "de-CH de", "de-CH"},
		{"extension ignored", "de-DE-u-co-phonebk", five, "de"},
		{"deprecated code", "iw", "en he", "he"},
		{"unregistered region", "fr-XQ, en;q=.1", five, "fr"},
		{"browser's usual header", "fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7", five, "fr"},

		{"first range wins over an exact lower one", "en-SG;q=1,zh-Hant-HK;q=.9,ms-SG;q=.8", "en ms", "en"},
		{"Hong Kong reads traditional", "zh-HK,zh;q=.9,en;q=.6", five, "zh-Hant"},
		{"Taiwan reads traditional", "zh-TW", "en zh zh-Hant", "zh-Hant"},
		{"Macao reads traditional", "zh-MO", "zh-Hans zh-Hant", "zh-Hant"},
		{"mainland reads simplified", "zh-CN", "zh-Hant zh-Hans", "zh-Hans"},
		{"Singapore reads simplified", "zh-SG", "zh-Hant zh", "zh"},
		{"plain Chinese is simplified", "zh", "zh-Hant zh-Hans", "zh-Hans"},
		{"plain Chinese exact", "zh", "zh-Hans zh", "zh"},
		{"simplified is not traditional", "zh-CN, en;q=.5", five, "en"},
		{"traditional in another region", "zh-Hant", "zh zh-TW", "zh-TW"},
		{"plain Chinese when that is all", "zh-HK, ar;q=.2", "zh ar", "zh"},
		{"Serbian script", "sr-Latn", "sr sr-Latn", "sr-Latn"},
		{"Montenegro writes Latin", "sr-ME", "sr-Cyrl sr-Latn", "sr-Latn"},

		{"never an unrelated language: Serbian", "sr-Cyrl", "en ru fr", ""},
		{"never an unrelated language: Portuguese", "pt-PT", "en es fr", ""},
		{"never an unrelated language: Japanese", "ja", "en zh-Hant zh fr", ""},
		{"never another script", "sr-Cyrl", "sr-Latn", ""},

		{"star is for the caller", "*", five, ""},
		{"star is passed over", "*, de;q=0.5", five, "de"},
		{"star last", "ja, *;q=0.1", five, ""},
		{"star excluded", "fr-CA, *;q=0", five, "fr"},
		{"excluded", "fr;q=0, en;q=0.1", five, "en"},
		{"excluded with its regions", "fr;q=0, fr-CA;q=0, *", "fr fr-CA", ""},
		{"longer range saves a region", "fr;q=0, fr-CA", "fr fr-CA", "fr-CA"},
		{"region excluded", "en, en-US;q=0", "en-US en-GB", "en-GB"},
		{"zero with digits", "fr;q=0.000, en;q=0.001", five, "en"},

		{"empty", "", five, ""},
		{"nothing available", "fr", "", ""},
		{"blanks and empty items", " , fr ; q=0.2 ,, de;q=0.1 ", five, "fr"},
		{"malformed weights ignored", "en;q=2, fr;q=abc, de;q=0.1, ar;q=-1, en;q=1.001, fr;q=", five, "de"},
		{"weight of four digits ignored", "fr;q=0.1234, de;q=0.1", five, "de"},
		{"unknown parameter ignored", "fr;level=1, de;q=0.1", five, "de"},
		{"garbage", "\x00\xff;;;===,,,q=1;q=1", five, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := language.Negotiate(c.header, strings.Fields(c.available))
			if got != c.want || ok != (c.want != "") {
				t.Errorf("Negotiate(%q, %q) = %q, %v; want %q", c.header, c.available, got, ok, c.want)
			}
		})
	}
}

func TestNegotiateIsBounded(t *testing.T) {
	available := []string{"en", "fr"}
	if got, ok := language.Negotiate(strings.Repeat("ja,", 49)+"fr", available); got != "fr" || !ok {
		t.Errorf("the fiftieth range gave %q, %v", got, ok)
	}
	if got, ok := language.Negotiate(strings.Repeat("ja,", 50)+"fr", available); ok {
		t.Errorf("the range after fifty gave %q", got)
	}
	if got, ok := language.Negotiate(strings.Repeat(" ", 9_999)+"fr-CA", available); ok {
		t.Errorf("a range cut at 10,000 bytes gave %q", got)
	}
	for _, s := range []string{"-", ",", ";", "a-", "zh-Hant-", "*,", "en;q=0.1,", "\xff"} {
		if got, ok := language.Negotiate(strings.Repeat(s, 1<<20), []string{"ar"}); ok {
			t.Errorf("a megabyte of %q gave %q", s, got)
		}
	}
}

func TestNegotiateLeavesItsInput(t *testing.T) {
	available := []string{"fr", "en", "de"}
	language.Negotiate("fr;q=0, de", available)
	if !slices.Equal(available, []string{"fr", "en", "de"}) {
		t.Errorf("available became %q", available)
	}
}

func FuzzNegotiate(f *testing.F) {
	for _, s := range []string{"fr", "zh-HK,zh;q=.9,en;q=.6", "*;q=0", "sr-Cyrl", "en;q=0,fr;q=0.1", "a-b-c-d;q=1.0", "x-y, i-klingon"} {
		f.Add(s, "en fr de ar zh-Hant sr-Latn")
	}
	f.Fuzz(func(t *testing.T, header, tags string) {
		available := strings.Fields(tags)
		got, ok := language.Negotiate(header, available)
		if ok != (got != "") || ok && !slices.Contains(available, got) {
			t.Errorf("Negotiate(%q, %q) = %q, %v", header, available, got, ok)
		}
	})
}

func BenchmarkNegotiate(b *testing.B) {
	available := []string{"ar", "de", "en", "fr", "zh-Hant"}
	for b.Loop() {
		language.Negotiate("zh-HK,zh;q=0.9,en-US;q=0.8,en;q=0.7", available)
	}
}
