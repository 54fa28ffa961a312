// SPDX-License-Identifier: Apache-2.0

package target

import (
	"log/slog"
	"testing"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/partner"
)

func TestAnArticleIsFoundByItsAddress(t *testing.T) {
	table := New(nil, &sites{}, Hosts{}, slog.New(slog.DiscardHandler), nil)
	for _, e := range []article.Edition{
		{ID: "recap", Language: "fr", SourceLanguage: "fr", Version: 1, CanonicalURL: "https://journal.example/old"},
		{ID: "recap", Language: "fr", SourceLanguage: "fr", Version: 2, CanonicalURL: "https://journal.example/recap/"},
		{ID: "recap", Language: "zh-Hant", SourceLanguage: "fr", Version: 1, CanonicalURL: "https://journal.example/a?b=2&a=1"},
		{ID: "other", Language: "fr", SourceLanguage: "fr", Version: 1},
	} {
		if !table.put(e) {
			t.Fatalf("not applied: %+v", e)
		}
	}
	f := table.Finder([]partner.Partner{
		{ID: "none"},
		{ID: "gazette", ArticleURL: "https://Gazette.example/{lang}/{id}"},
		{ID: "revue", ArticleURL: "https://revue.example/a.b/{id}?l={lang}&x=1"},
		{ID: "cahier", ArticleURL: "https://cahier.example/{id}/{id}"},
	})
	for address, want := range map[string][3]string{
		"https://journal.example/recap":                             {"recap", "fr", ""},
		"http://JOURNAL.example/recap/?utm_source=x&utm_medium=y#z": {"recap", "fr", ""},
		"https://journal.example/a?a=1&b=2":                         {"recap", "zh-Hant", ""},
		"https://gazette.example/fr/other":                          {"other", "fr", "gazette"},
		"https://gazette.example/zh-Hant/recap/":                    {"recap", "zh-Hant", "gazette"},
		"https://revue.example/a.b/recap?x=1&l=fr":                  {"recap", "fr", "revue"},
		"https://cahier.example/recap/recap":                        {"recap", "", "cahier"},
		"https://journal.example/old":                               {},
		"https://journal.example/RECAP":                             {},
		"https://journal.example/a?a=1":                             {},
		"https://gazette.example/de/other":                          {},
		"https://gazette.example/fr/none":                           {},
		"https://gazette.example/fr/other/more":                     {},
		"https://revue.example/axb/recap?x=1&l=fr":                  {},
		"https://gazette.example.evil.example/fr/other":             {},
		"ftp://journal.example/recap":                               {},
		"/recap":                                                    {},
		"":                                                          {},
		"https://journal.example/%zz":                               {},
	} {
		id, language, at, ok := f.Article(address)
		if got := [3]string{id, language, at}; got != want || ok != (want != [3]string{}) {
			t.Errorf("%s shows %v (%v), want %v", address, got, ok, want)
		}
	}
}
