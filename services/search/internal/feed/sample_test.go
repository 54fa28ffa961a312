// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/services/search/internal/catalog"
	"github.com/relais-press/relais/services/search/internal/feed"
)

var update = flag.Bool("update", false, "write the goldens anew")

const public = "https://relais.example"

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func gazette() *partner.Partner {
	return &partner.Partner{
		ID: "gazette", Name: "La Gazette & Cie", HomeURL: "https://gazette.example/",
		ArticleURL: "https://gazette.example/{lang}/{id}?a=1&b=2",
	}
}

// sample is a feed with a bit of everything that a feed can hold.
func sample() *feed.Feed {
	return &feed.Feed{
		Partner: gazette(), Language: "fr", PublicURL: public, URL: public + "/v1/feeds/fr.rss?key=pk_gazette",
		Entries: []catalog.Entry{recap(), embargoed(), bare()},
		Gone: []catalog.Tombstone{
			{
				ID: "rumeur", Language: "fr", Version: 3, PubStatus: article.Canceled, At: at("2026-03-04T10:00:00Z"),
				Cancellation: &article.Cancellation{Reason: "L’entreprise dément : <rien> n’est signé.", Legal: true, ReplacedBy: "dementi", At: at("2026-03-04T10:00:00Z")},
			},
			{ID: "brouillon", Language: "fr", Version: 2, PubStatus: article.Withheld, At: at("2026-03-01T10:00:00Z")},
		},
	}
}

// recap has everything: a correction, translations of which one has no address
// and one has moved behind, and characters that each form must escape.
func recap() catalog.Entry {
	return catalog.Entry{
		URL: "https://gazette.example/fr/recap?a=1&b=2",
		Edition: article.Edition{
			ID: "recap", Language: "fr", SourceLanguage: "fr", Version: 4, PubStatus: article.Usable,
			Headline: "Blockchain & collectivités : « l’essentiel » de <la> journée", Description: "Ce qu’il faut retenir si a < b & c.",
			BodyHTML: "<p>Un paragraphe, <a href=\"https://a.example/?x=1&amp;y=2\" rel=\"noopener\">un lien</a>.</p><pre>if (a[b[0]]&gt;1 &amp;&amp; ]]></pre><ul><li>un</li></ul>",
			BodyText: "Un paragraphe, un lien.",
			Authors:  []article.Author{{Name: "Anne Dupont", URL: "https://gazette.example/anne"}, {Name: "Marc O’Brien"}},
			Section:  "Secteur public", Keywords: []string{"blockchain", "État & droit", "Secteur public"},
			Image:      &article.Image{URL: "https://img.example/a.JPG?w=1200&h=630", Alt: "Une salle \"comble\"", Width: 1200, Height: 630},
			Correction: "Le congrès a réuni 300 personnes, et non 3 000 <sic>.",
			Copyright:  "Agence Relais", UsageTerms: "Reprise sur accord & citation",
			DatePublished: at("2026-03-01T08:00:00Z"), VersionCreated: at("2026-03-03T09:30:00.123Z"), ReadingMinutes: 3,
		},
		Translations: []catalog.Translation{
			{Language: "fr", URL: "https://gazette.example/fr/recap?a=1&b=2", Version: 4, Original: true},
			{Language: "de", Version: 1},
			{Language: "en", URL: "https://gazette.example/en/recap?a=1&b=2", Version: 2, Stale: true},
		},
	}
}

// embargoed was published when its embargo lifted, after its newest version.
func embargoed() catalog.Entry {
	return catalog.Entry{
		URL: "https://gazette.example/fr-CA/budget",
		Edition: article.Edition{
			ID: "budget", Language: "fr-CA", SourceLanguage: "en", SourceVersion: 1, Version: 1, PubStatus: article.Usable,
			Headline: "Le budget", BodyHTML: "<p>Québec.</p>", BodyText: "Québec.", Copyright: "Agence Relais",
			DatePublished: at("2026-02-28T06:00:00Z"), VersionCreated: at("2026-02-27T20:00:00Z"), EmbargoedUntil: new(at("2026-02-28T06:00:00Z")),
		},
		Translations: []catalog.Translation{
			{Language: "en", URL: "https://gazette.example/en/budget", Version: 1, Original: true},
			{Language: "fr-CA", URL: "https://gazette.example/fr-CA/budget", Version: 1},
		},
	}
}

// bare has nothing that it need not have, not even an address.
func bare() catalog.Entry {
	return catalog.Entry{
		Edition: article.Edition{
			ID: "nu", Language: "fr", SourceLanguage: "fr", Version: 1, PubStatus: article.Usable, Headline: "Nu",
			BodyHTML: "<p>Rien.</p>", BodyText: "Rien.",
			DatePublished: at("2026-02-20T06:00:00Z"), VersionCreated: at("2026-02-20T06:00:00Z"),
		},
		Translations: []catalog.Translation{{Language: "fr", Version: 1, Original: true}},
	}
}

// forms are the renderers that need nothing from elsewhere.
func forms() map[string]func(*feed.Feed) []byte {
	return map[string]func(*feed.Feed) []byte{
		"rss": feed.RSS, "atom": feed.Atom, "sitemap": feed.Sitemap,
		"json": func(f *feed.Feed) []byte {
			body, err := feed.JSON(f)
			if err != nil {
				panic(err)
			}
			return body
		},
	}
}

func empty() *feed.Feed {
	return &feed.Feed{Partner: &partner.Partner{ID: "new", Name: "New"}, Language: "en", Section: "Law & order", PublicURL: public, URL: public + "/v1/feeds/en.atom?key=pk_new"}
}

func TestGoldens(t *testing.T) {
	for kind, f := range map[string]*feed.Feed{"sample": sample(), "empty": empty()} {
		for name, render := range forms() {
			t.Run(kind+"."+name, func(t *testing.T) {
				got := render(f)
				if name == "json" {
					got = indented(t, got)
				}
				path := filepath.Join("testdata", kind+"."+name)
				if *update {
					if err := os.WriteFile(path, got, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), string(got)); diff != "" {
					t.Errorf("differs from %s (-want +got):\n%s", path, diff)
				}
				if again := render(f); string(again) != string(render(f)) {
					t.Error("the same feed gives other bytes")
				}
			})
		}
	}
}

func indented(t *testing.T, body []byte) []byte {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}
