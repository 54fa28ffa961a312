// SPDX-License-Identifier: Apache-2.0

package hyphen_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/relais-press/relais/services/share/internal/card/hyphen"
)

func TestWordsAreDividedAsTheirLanguageDoes(t *testing.T) {
	for _, test := range []struct{ language, divided string }{
		{"fr", "col-lec-ti-vi-tés"},
		{"fr-CA", "nu-mé-rique"},
		{"fr", "Consti-tu-tion"},
		{"en", "hy-phen-ation"},
		{"en", "as-so-ciate"},
		{"en", "present"},
		{"de", "Do-nau-dampf-schiff-fahrts-ge-sell-schafts-ka-pi-tän"},
		{"de-AT", "Stra-ße"},
		{"es", "cons-ti-tu-ción"},
		{"it", "am-mi-ni-stra-zio-ne"},
		{"nl", "aan-dachts-trek-ker"},
		{"pl", "sa-mo-rząd"},
		{"pt", "in-for-ma-ção"},
		{"fr", "le"},
		{"fr", ""},
	} {
		t.Run(test.language+" "+test.divided, func(t *testing.T) {
			if got := divide(t, test.language, strings.ReplaceAll(test.divided, "-", "")); got != test.divided {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestALanguageWithoutPatternsDividesNothing(t *testing.T) {
	for _, language := range []string{"", "el", "zh-Hant", "xx"} {
		if got := divide(t, language, "extraordinaire"); got != "extraordinaire" {
			t.Errorf("%q: got %s", language, got)
		}
	}
}

func FuzzPoints(f *testing.F) {
	f.Add("fr", "aujourd’hui")
	f.Add("de", "\xff.ß...")
	dictionaries := hyphen.New()
	f.Fuzz(func(t *testing.T, language, word string) {
		d, err := dictionaries.For(language)
		if err != nil {
			t.Fatal(err)
		}
		points := d.Points([]rune(word))
		if !slices.IsSorted(points) || len(points) > 0 && (points[0] < 1 || points[len(points)-1] >= utf8.RuneCountInString(word)) {
			t.Errorf("%q in %q is divided before its runes %v", word, language, points)
		}
	})
}

func divide(t *testing.T, language, word string) string {
	t.Helper()
	d, err := hyphen.New().For(language)
	if err != nil {
		t.Fatal(err)
	}
	runes := []rune(word)
	for _, point := range slices.Backward(d.Points(runes)) {
		runes = slices.Insert(runes, point, '-')
	}
	return string(runes)
}
