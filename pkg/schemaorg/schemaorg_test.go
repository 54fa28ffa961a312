// SPDX-License-Identifier: Apache-2.0

package schemaorg_test

import (
	"bytes"
	"encoding/json"
	"html/template"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/schemaorg"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func recap() article.Edition {
	return article.Edition{
		ID: "recap", Language: "fr", SourceLanguage: "fr", Version: 2, PubStatus: article.Usable,
		Headline: "Blockchain et collectivités", Description: "Retour sur une soirée.", WordCount: 640,
		Authors: []article.Author{{Name: "Ada Martin", URL: "https://gazette.example/ada"}},
		People: []article.Person{
			{Name: "Jeanne Roy", Role: "avocate", Affiliation: "Barreau de Lyon", Rel: "speaker"},
			{Name: "Marc Petit", Rel: "about"},
			{Name: "Li Wei", Rel: "mentions"},
			{Name: "Zoé"},
		},
		Organisations: []string{"Open Law"}, Places: []string{"Lyon"}, Section: "Numérique", Keywords: []string{"blockchain"},
		Event: &article.Event{
			Name: "Soirée blockchain", StartDate: new(at("2018-03-05T17:00:00Z")), EndDate: new(at("2018-03-05T20:00:00Z")),
			Location: "Lyon", URL: "https://events.example/soiree",
		},
		Image:      &article.Image{URL: "https://img.example/a.jpg", Alt: "La salle", Width: 1200, Height: 800},
		Correction: "Le nom de l’oratrice était faux.", Copyright: "© La Gazette", UsageTerms: "Reprise intégrale.", EdNote: "secret",
		DatePublished: at("2018-03-12T09:00:00+01:00"), VersionCreated: at("2018-03-13T10:00:00Z"), Expires: new(at("2030-01-01T00:00:00Z")),
	}
}

// tree is a value as JSON-LD readers have it.
func tree(t *testing.T, v any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOf(t *testing.T) {
	e := recap()
	got := tree(t, schemaorg.Of(&e, schemaorg.Setting{
		ID: "https://relais.example/v1/content/recap/fr", URL: "https://gazette.example/fr/recap",
		Publisher: &schemaorg.Organization{Name: "La Gazette"},
		Others:    []schemaorg.Translation{{ID: "https://relais.example/v1/content/recap/en", InLanguage: "en", Version: 1}},
	}))
	person := func(name string) any { return map[string]any{"@type": "Person", "name": name} }
	want := map[string]any{
		"@context": "https://schema.org", "@type": "NewsArticle", "@id": "https://relais.example/v1/content/recap/fr",
		"headline": "Blockchain et collectivités", "description": "Retour sur une soirée.", "inLanguage": "fr",
		"url": "https://gazette.example/fr/recap", "datePublished": "2018-03-12T08:00:00Z", "dateModified": "2018-03-13T10:00:00Z",
		"expires": "2030-01-01T00:00:00Z", "articleSection": "Numérique", "keywords": []any{"blockchain"}, "wordCount": 640.0, "version": 2.0,
		"image":           []any{map[string]any{"@type": "ImageObject", "url": "https://img.example/a.jpg", "caption": "La salle", "width": 1200.0, "height": 800.0}},
		"author":          []any{map[string]any{"@type": "Person", "name": "Ada Martin", "url": "https://gazette.example/ada"}},
		"publisher":       map[string]any{"@type": "Organization", "name": "La Gazette"},
		"copyrightHolder": map[string]any{"@type": "Organization", "name": "La Gazette"},
		"usageInfo":       map[string]any{"@type": "CreativeWork", "text": "Reprise intégrale."},
		"about": []any{map[string]any{
			"@type": "Event", "name": "Soirée blockchain", "startDate": "2018-03-05T17:00:00Z", "endDate": "2018-03-05T20:00:00Z",
			"location": map[string]any{"@type": "Place", "name": "Lyon"}, "url": "https://events.example/soiree",
			"performer": []any{map[string]any{
				"@type": "Person", "name": "Jeanne Roy", "jobTitle": "avocate",
				"affiliation": map[string]any{"@type": "Organization", "name": "Barreau de Lyon"},
			}},
			"recordedIn": map[string]any{"@id": "https://relais.example/v1/content/recap/fr"},
		}, person("Marc Petit")},
		"mentions": []any{
			person("Li Wei"), person("Zoé"),
			map[string]any{"@type": "Organization", "name": "Open Law"},
			map[string]any{"@type": "Place", "name": "Lyon"},
		},
		"correction": map[string]any{
			"@type": "CorrectionComment", "text": "Le nom de l’oratrice était faux.", "inLanguage": "fr", "datePublished": "2018-03-13T10:00:00Z",
		},
		"workTranslation": []any{map[string]any{
			"@type": "NewsArticle", "@id": "https://relais.example/v1/content/recap/en", "inLanguage": "en", "version": 1.0,
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("JSON-LD (-want +got):\n%s", diff)
	}
}

func TestOfTheLeast(t *testing.T) {
	e := article.Edition{ID: "a", Language: "en", SourceLanguage: "fr", Headline: "H", People: []article.Person{{Name: "P", Rel: "speaker"}}}
	got := tree(t, schemaorg.Of(&e, schemaorg.Setting{Original: &schemaorg.Translation{InLanguage: "fr"}}))
	want := map[string]any{
		"@context": "https://schema.org", "@type": "NewsArticle", "headline": "H", "inLanguage": "en",
		"mentions":          []any{map[string]any{"@type": "Person", "name": "P"}},
		"translationOfWork": map[string]any{"@type": "NewsArticle", "inLanguage": "fr"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("JSON-LD (-want +got):\n%s", diff)
	}
}

func TestNothingIsModifiedBeforeItIsPublished(t *testing.T) {
	lifted := at("2018-03-14T06:00:00Z")
	e := recap()
	e.EmbargoedUntil, e.DatePublished = &lifted, lifted
	got := schemaorg.Of(&e, schemaorg.Setting{})
	if got.DatePublished != "2018-03-14T06:00:00Z" || got.DateModified != got.DatePublished || got.Correction.DatePublished != got.DatePublished {
		t.Errorf("published %s, modified %s, corrected %s", got.DatePublished, got.DateModified, got.Correction.DatePublished)
	}
}

func TestABareImageIsAnAddress(t *testing.T) {
	raw, err := json.Marshal(schemaorg.Image{URL: "https://img.example/a.jpg"})
	if err != nil || string(raw) != `"https://img.example/a.jpg"` {
		t.Errorf("%s, %v", raw, err)
	}
}

func TestTextDoesNotEndTheScript(t *testing.T) {
	page := template.Must(template.New("").Parse(`<script type="application/ld+json">{{.}}</script>`))
	var out bytes.Buffer
	hostile := "</script><!--<script>\u2028 ]]> &"
	e := article.Edition{Headline: hostile, Authors: []article.Author{{Name: hostile}}}
	if err := page.Execute(&out, schemaorg.Of(&e, schemaorg.Setting{})); err != nil {
		t.Fatal(err)
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(out.String(), `<script type="application/ld+json">`), "</script>")
	if strings.ContainsAny(inner, "<>\u2028") {
		t.Errorf("unescaped: %s", inner)
	}
	var back struct{ Headline string }
	if err := json.Unmarshal([]byte(inner), &back); err != nil || back.Headline != hostile {
		t.Errorf("read back %q, %v", back.Headline, err)
	}
}
