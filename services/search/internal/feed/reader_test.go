// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"bytes"
	"encoding/json"
	"html"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mmcdole/gofeed"

	"github.com/relais-press/relais/services/search/internal/catalog"
	"github.com/relais-press/relais/services/search/internal/feed"
)

// A feed reader finds in every form what was put in.
func TestReader(t *testing.T) {
	f := sample()
	for _, name := range []string{"rss", "atom", "json"} {
		t.Run(name, func(t *testing.T) {
			got, err := gofeed.NewParser().Parse(bytes.NewReader(forms()[name](f)))
			if err != nil {
				t.Fatal(err)
			}
			if got.FeedType != name || got.Title != "La Gazette & Cie – fr" || got.Language != "fr" || got.Link != "https://gazette.example/" || got.FeedLink != f.URL {
				t.Errorf("%s feed %q in %q, at %q, home %q", got.FeedType, got.Title, got.Language, got.FeedLink, got.Link)
			}
			if len(got.Items) != len(f.Entries) {
				t.Fatalf("%d items, want %d", len(got.Items), len(f.Entries))
			}
			for i, item := range got.Items {
				readsItem(t, name, item, f.Entries[i])
			}
			readsNames(t, name, got.Items[0])
		})
	}
}

func readsItem(t *testing.T, form string, item *gofeed.Item, entry catalog.Entry) {
	t.Helper()
	e := &entry.Edition
	if want := public + "/v1/content/" + e.ID + "/" + e.Language; item.GUID != want {
		t.Errorf("id %q, want %q", item.GUID, want)
	}
	summary := item.Description
	if form == "rss" {
		summary = html.UnescapeString(summary)
	}
	if item.Title != e.Headline || item.Link != entry.URL || summary != e.Description {
		t.Errorf("item %q at %q: %q", item.Title, item.Link, summary)
	}
	if !strings.HasSuffix(item.Content, e.BodyHTML) || strings.HasPrefix(item.Content, "<p><strong>Rectificatif") != (e.Correction != "") {
		t.Errorf("content %q", item.Content)
	}
	if item.PublishedParsed == nil || !item.PublishedParsed.Equal(e.DatePublished) {
		t.Errorf("published %v, want %v", item.PublishedParsed, e.DatePublished)
	}
	if want := later(e.VersionCreated, e.EmbargoedUntil); form != "rss" && !item.UpdatedParsed.Equal(want) {
		t.Errorf("updated %v, want %v", item.UpdatedParsed, want)
	}
}

// readsNames reads the authors and the subjects of the first item.
func readsNames(t *testing.T, form string, first *gofeed.Item) {
	t.Helper()
	var names []string
	for _, a := range first.Authors {
		names = append(names, a.Name)
	}
	want := []string{"Anne Dupont", "Marc O’Brien"}
	if form == "rss" {
		want = want[:1] // this reader takes one dc:creator
	}
	if !slices.Equal(names, want) {
		t.Errorf("authors %q, want %q", names, want)
	}
	if want := []string{"Secteur public", "blockchain", "État & droit"}; !slices.Equal(first.Categories, want) {
		t.Errorf("categories %q, want %q", first.Categories, want)
	}
}

// JSON Feed 1.1 says which members there are and of which type.
func TestJSONFeed(t *testing.T) {
	type author struct{ Name, URL string }
	type item struct {
		ID, URL, Title, Summary, Image, Language string
		ContentHTML                              *string `json:"content_html"`
		DatePublished                            *string `json:"date_published"`
		DateModified                             *string `json:"date_modified"`
		Authors                                  []author
		Tags                                     []string
		Relais                                   map[string]any `json:"_relais"`
	}
	for name, f := range map[string]*feed.Feed{"sample": sample(), "empty": empty()} {
		var got struct {
			Version, Title, Description, Language string
			HomePageURL                           string `json:"home_page_url"`
			FeedURL                               string `json:"feed_url"`
			Authors                               []author
			Items                                 []item
			Relais                                map[string]any `json:"_relais"`
		}
		d := json.NewDecoder(bytes.NewReader(forms()["json"](f)))
		d.DisallowUnknownFields()
		if err := d.Decode(&got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.Version != "https://jsonfeed.org/version/1.1" || got.Title == "" || got.Items == nil || len(got.Items) != len(f.Entries) {
			t.Errorf("%s: %+v", name, got)
		}
		for _, it := range got.Items {
			if it.ID == "" || it.ContentHTML == nil || w3c(*it.DatePublished) != "" || w3c(*it.DateModified) != "" || it.Relais["about"] == "" {
				t.Errorf("%s: item %+v", name, it)
			}
		}
		if name == "sample" {
			want := map[string]any{
				"id": public + "/v1/content/rumeur/fr", "version": 3.0, "pubStatus": "canceled", "date": "2026-03-04T10:00:00Z",
				"reason": "L’entreprise dément : <rien> n’est signé.", "legal": true, "replacedBy": "dementi",
			}
			deleted, _ := got.Relais["deleted"].([]any)
			if len(deleted) != 2 || cmp.Diff(want, deleted[0]) != "" {
				t.Errorf("deleted: %v", deleted)
			}
		}
	}
}
