// SPDX-License-Identifier: Apache-2.0

package ninjs_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/catalog"
	"github.com/relais-press/relais/services/search/internal/ninjs"
)

var update = flag.Bool("update", false, "write the golden files anew")

const public = "https://relais.example"

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// schema is the published one, with its formats asserted.
func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "ninjs-schema_3.1.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for at, doc := range map[string]any{
		"ninjs.json": doc,
		// The schema points to that of coordinates, which no item of ours has.
		"https://geojson.org/schema/GeoJSON.json": false,
	} {
		if err := c.AddResource(at, doc); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile("ninjs.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate holds an item to the schema and returns its JSON.
func validate(t testing.TB, s *jsonschema.Schema, item ninjs.Item) []byte {
	t.Helper()
	raw, err := json.MarshalIndent(item, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Errorf("%v\n%s", err, raw)
	}
	return raw
}

func recap() catalog.Entry {
	return catalog.Entry{
		URL: "https://gazette.example/fr/recap",
		Edition: article.Edition{
			ID: "recap", Language: "fr", SourceLanguage: "fr", Version: 2, PubStatus: article.Usable,
			Headline: "Blockchain et collectivités", Description: "Retour sur une soirée.",
			BodyHTML: "<p>Une soirée dense.</p>", BodyText: "Une soirée dense.", WordCount: 3, ReadingMinutes: 1,
			Authors:       []article.Author{{Name: "Ada Martin"}, {Name: "Bo Li"}},
			People:        []article.Person{{Name: "Jeanne Roy", Role: "avocate", Rel: "speaker"}, {Name: "Zoé"}},
			Organisations: []string{"Open Law"}, Places: []string{"Lyon"}, Section: "Numérique", Keywords: []string{"blockchain", "mairies"},
			Event: &article.Event{Name: "Soirée blockchain", StartDate: new(at("2018-03-05T17:00:00Z")), Location: "Lyon"},
			Image: &article.Image{URL: "https://img.example/salle à.jpg?q=é", Alt: "La salle", Width: 1200, Height: 800},

			CanonicalURL: "https://gazette.example/fr/recap", Correction: "Un nom était faux.", Copyright: "La Gazette",
			UsageTerms: "Reprise intégrale.", EdNote: "secret", Audience: &article.Audience{Partners: []string{"gazette"}},
			DatePublished: at("2018-03-12T09:00:00+01:00"), FirstCreated: at("2026-11-26T08:00:00.5Z"), VersionCreated: at("2026-11-27T08:00:00Z"),
			EmbargoedUntil: new(at("2026-11-27T08:00:00Z")), Expires: new(at("2030-01-01T00:00:00Z")),
		},
		Translations: []catalog.Translation{
			{Language: "fr", URL: "https://gazette.example/fr/recap", Version: 2, Original: true},
			{Language: "en", URL: "https://gazette.example/en/recap", Version: 1, Stale: true},
		},
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestNew(t *testing.T) {
	raw := validate(t, schema(t), ninjs.New(recap(), public))
	golden(t, "recap.json", raw)
	for _, never := range []string{"secret", "embargo", "edNote", "audience", "partners"} {
		if bytes.Contains(raw, []byte(never)) {
			t.Errorf("tells %q:\n%s", never, raw)
		}
	}
}

func TestNewIsValidWhateverIsMissing(t *testing.T) {
	s := schema(t)
	for name, spoil := range map[string]func(*catalog.Entry){
		"the least": func(e *catalog.Entry) {
			*e = catalog.Entry{Edition: article.Edition{ID: "a", Language: "zh-Hant", SourceLanguage: "fr", Version: 1, Headline: "H"}}
		},
		"without text": func(e *catalog.Entry) { e.Edition.BodyHTML, e.Edition.BodyText = "", "" },
		"an event with an end": func(e *catalog.Entry) {
			ev := e.Edition.Event
			ev.StartDate, ev.EndDate = nil, new(at("2018-03-05T20:00:00Z"))
		},
		"an event without dates": func(e *catalog.Entry) {
			e.Edition.Event = &article.Event{Name: "E", URL: "https://événements.example/é?q=[x]|y"}
		},
		"an image of no address": func(e *catalog.Entry) { e.Edition.Image.URL = "javascript:alert(1)" },
		"a translation": func(e *catalog.Entry) {
			e.Edition.Language = "en"
		},
		"hostile text": func(e *catalog.Entry) {
			e.Edition.Headline, e.Edition.Section = "\x00</script>\u2028\xff", "\"}"
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := recap()
			spoil(&e)
			validate(t, s, ninjs.New(e, public))
			validate(t, s, ninjs.Feed(ninjs.Channel{URI: public + "/v1/feeds/fr.ninjs", Title: "T"}, []catalog.Entry{e}, []catalog.Tombstone{{ID: "x", Language: "fr"}}, public))
		})
	}
}

func TestATranslationNamesItsOriginal(t *testing.T) {
	e := recap()
	e.Edition.Language = "en"
	got := ninjs.New(e, public).Associations[0]
	if got.Rel != "translatedFrom" || got.URI != public+"/v1/content/recap/fr" || got.Version != "2" {
		t.Errorf("%+v", got)
	}
}

func TestFeed(t *testing.T) {
	first, second := recap(), recap()
	first.Edition.BodyHTML, first.Edition.BodyText = "", ""
	second.Edition.ID, second.Edition.Event, second.Edition.Image = "second", nil, nil
	c := ninjs.Channel{URI: public + "/v1/feeds/fr.ninjs", Title: "La Gazette", Language: "fr", Updated: at("2026-11-27T09:00:00+01:00")}
	gone := []catalog.Tombstone{
		{ID: "killed", Language: "fr", Version: 3, PubStatus: article.Canceled, At: at("2026-11-26T09:00:00+01:00"), Cancellation: &article.Cancellation{
			Reason: "Des propos mal attribués.", ReplacedBy: "recap",
		}},
		{ID: "expired", Language: "fr-CA", Version: 1, PubStatus: article.Withheld, At: at("2026-11-25T09:00:00Z")},
	}
	golden(t, "feed.json", validate(t, schema(t), ninjs.Feed(c, []catalog.Entry{first, second}, gone, public)))
	empty := validate(t, schema(t), ninjs.Feed(ninjs.Channel{URI: c.URI}, nil, nil, public))
	if strings.Contains(string(empty), "associations") {
		t.Errorf("an empty feed: %s", empty)
	}
}

func TestTheSchemaRefusesWhatIsNotNinjs(t *testing.T) {
	s := schema(t)
	for _, bad := range []string{`{}`, `{"uri":"https://a.example","readingMinutes":3}`, `{"uri":"https://a.example","associations":[{"uri":"https://b.example"}]}`, `{"uri":"a b"}`} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(doc) == nil {
			t.Errorf("%s passes", bad)
		}
	}
}
