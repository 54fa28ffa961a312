// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/catalog"
)

// about documents the extension objects _relais.
const about = "https://github.com/relais-press/relais/blob/main/services/search/README.md#feeds"

type jsonFeed struct {
	Version     string        `json:"version"`
	Title       string        `json:"title"`
	HomePageURL string        `json:"home_page_url,omitempty"`
	FeedURL     string        `json:"feed_url"`
	Description string        `json:"description"`
	Language    string        `json:"language"`
	Authors     []jsonAuthor  `json:"authors"`
	Relais      jsonExtension `json:"_relais"`
	Items       []jsonItem    `json:"items"`
}

type jsonAuthor struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

// jsonExtension is what JSON Feed has no word for: what must be shown no more.
type jsonExtension struct {
	About   string        `json:"about"`
	Deleted []jsonDeleted `json:"deleted"`
}

type jsonDeleted struct {
	ID         string            `json:"id"` // of an item
	Version    int               `json:"version"`
	PubStatus  article.PubStatus `json:"pubStatus"`
	Date       time.Time         `json:"date"`
	Reason     string            `json:"reason,omitempty"`
	Legal      bool              `json:"legal,omitempty"`
	ReplacedBy string            `json:"replacedBy,omitempty"` // id of an article
}

type jsonItem struct {
	ID            string       `json:"id"`
	URL           string       `json:"url,omitempty"`
	Title         string       `json:"title"`
	Summary       string       `json:"summary,omitempty"`
	ContentHTML   string       `json:"content_html"`
	Image         string       `json:"image,omitempty"`
	DatePublished time.Time    `json:"date_published,omitzero"`
	DateModified  time.Time    `json:"date_modified,omitzero"`
	Authors       []jsonAuthor `json:"authors,omitempty"`
	Tags          []string     `json:"tags,omitempty"`
	Language      string       `json:"language"`
	Relais        jsonEdition  `json:"_relais"`
}

// jsonEdition is what an item is as an edition.
type jsonEdition struct {
	About          string            `json:"about"`
	Article        string            `json:"article"` // the same in every language
	Version        int               `json:"version"`
	Section        string            `json:"section,omitempty"`
	ReadingMinutes int               `json:"readingMinutes"`
	Correction     string            `json:"correction,omitempty"` // what was wrong in the version before
	Rights         string            `json:"rights,omitempty"`
	ImageAlt       string            `json:"imageAlt,omitempty"`
	Translations   []jsonTranslation `json:"translations"` // this one among them, the original first
}

type jsonTranslation struct {
	ID       string `json:"id"` // of an item of the language's feed
	Language string `json:"language"`
	URL      string `json:"url,omitempty"`
	Version  int    `json:"version"`
	Original bool   `json:"original,omitempty"`
	Stale    bool   `json:"stale,omitempty"` // the original has moved on since
}

// JSON renders a JSON Feed 1.1 with the whole texts. The extension _relais of
// the feed lists what has gone, that of an item says which version of what it
// is, what was corrected and which translations there are.
func JSON(f *Feed) ([]byte, error) {
	text, _ := description(f.Language, f.Partner.Name)
	out := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: f.Title(), HomePageURL: f.Home(), FeedURL: f.URL,
		Description: text, Language: f.Language,
		Authors: []jsonAuthor{{f.Partner.Name, f.Partner.HomeURL}},
		Relais:  jsonExtension{About: about, Deleted: []jsonDeleted{}},
		Items:   []jsonItem{},
	}
	for i := range f.Entries {
		out.Items = append(out.Items, item(f, &f.Entries[i]))
	}
	for i := range f.Gone {
		out.Relais.Deleted = append(out.Relais.Deleted, deleted(f, &f.Gone[i]))
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("render JSON Feed: %w", err)
	}
	return body.Bytes(), nil
}

func item(f *Feed, entry *catalog.Entry) jsonItem {
	e := &entry.Edition
	it := jsonItem{
		ID: catalog.URI(f.PublicURL, e.ID, e.Language), URL: entry.URL, Title: e.Headline, Summary: e.Description, ContentHTML: content(e),
		DatePublished: e.DatePublished.UTC(), DateModified: e.Modified(), Tags: tags(e), Language: e.Language,
		Relais: jsonEdition{
			About: about, Article: e.ID, Version: e.Version, Section: e.Section, ReadingMinutes: e.ReadingMinutes,
			Correction: e.Correction, Rights: rights(e), Translations: []jsonTranslation{},
		},
	}
	if im := e.Image; im != nil {
		it.Image, it.Relais.ImageAlt = im.URL, im.Alt
	}
	for _, a := range authors(e) {
		it.Authors = append(it.Authors, jsonAuthor(a))
	}
	for _, t := range entry.Translations {
		it.Relais.Translations = append(it.Relais.Translations, jsonTranslation{
			ID: catalog.URI(f.PublicURL, e.ID, t.Language), Language: t.Language, URL: t.URL, Version: t.Version, Original: t.Original, Stale: t.Stale,
		})
	}
	return it
}

func deleted(f *Feed, t *catalog.Tombstone) jsonDeleted {
	out := jsonDeleted{ID: catalog.URI(f.PublicURL, t.ID, t.Language), Version: t.Version, PubStatus: t.PubStatus, Date: t.At.UTC()}
	if c := t.Cancellation; c != nil {
		out.Reason, out.Legal, out.ReplacedBy = c.Reason, c.Legal, c.ReplacedBy
	}
	return out
}
