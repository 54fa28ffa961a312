// SPDX-License-Identifier: Apache-2.0

package content

import (
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/catalog"
)

// Edition is an edition as the public may have it: nothing of what is for
// editors alone. Lists are never null.
//
// Among is nil where an edition is told of for itself: /v1/changes tells it again
// when it changes, and not when another does.
type Edition struct {
	ID             string            `json:"id"`
	Language       string            `json:"language"`
	SourceLanguage string            `json:"sourceLanguage"`
	SourceVersion  int               `json:"sourceVersion,omitempty"`
	Version        int               `json:"version"`
	PubStatus      article.PubStatus `json:"pubStatus"`

	URL          string `json:"url,omitempty"` // where the partner's readers find it
	CanonicalURL string `json:"canonicalUrl,omitempty"`
	*Among

	Headline      string           `json:"headline"`
	Description   string           `json:"description,omitempty"`
	BodyHTML      string           `json:"bodyHtml,omitempty"`
	BodyText      string           `json:"bodyText,omitempty"`
	Authors       []article.Author `json:"authors"`
	People        []article.Person `json:"people"`
	Organisations []string         `json:"organisations"`
	Places        []string         `json:"places"`
	Event         *article.Event   `json:"event,omitempty"`
	Section       string           `json:"section,omitempty"`
	Keywords      []string         `json:"keywords"`
	Image         *article.Image   `json:"image,omitempty"`
	Correction    string           `json:"correction,omitempty"`
	Copyright     string           `json:"copyrightHolder,omitempty"`
	UsageTerms    string           `json:"usageTerms,omitempty"`

	DatePublished  time.Time  `json:"datePublished,omitzero"`
	FirstCreated   time.Time  `json:"firstCreated,omitzero"`
	VersionCreated time.Time  `json:"versionCreated,omitzero"`
	Expires        *time.Time `json:"expires,omitempty"`

	ReadingMinutes int `json:"readingMinutes"`
	WordCount      int `json:"wordCount"`
}

// Among is what an edition is among others, at the moment.
type Among struct {
	Stale        bool          `json:"stale"`
	ShareURL     string        `json:"shareUrl,omitempty"` // its short link
	Translations []Translation `json:"translations"`       // this one among them, the original first
}

// Translation is one edition of an article among its others.
type Translation struct {
	Language string `json:"language"`
	URL      string `json:"url,omitempty"`
	Version  int    `json:"version"`
	Stale    bool   `json:"stale"`
	Original bool   `json:"original"`
}

// NewEdition is an entry as the public may have it, for itself.
func NewEdition(entry catalog.Entry) Edition {
	e := &entry.Edition
	return Edition{
		ID: e.ID, Language: e.Language, SourceLanguage: e.SourceLanguage, SourceVersion: e.SourceVersion,
		Version: e.Version, PubStatus: e.PubStatus, URL: entry.URL, CanonicalURL: e.CanonicalURL,
		Headline: e.Headline, Description: e.Description, BodyHTML: e.BodyHTML, BodyText: e.BodyText,
		Authors: orEmpty(e.Authors), People: orEmpty(e.People), Organisations: orEmpty(e.Organisations), Places: orEmpty(e.Places),
		Event: e.Event, Section: e.Section, Keywords: orEmpty(e.Keywords), Image: e.Image, Correction: e.Correction,
		Copyright: e.Copyright, UsageTerms: e.UsageTerms,
		DatePublished: e.DatePublished, FirstCreated: e.FirstCreated, VersionCreated: e.VersionCreated, Expires: e.Expires,
		ReadingMinutes: e.ReadingMinutes, WordCount: e.WordCount,
	}
}

// among is what an entry is among others, with its short link, which may be empty.
func among(entry *catalog.Entry, shareURL string) *Among {
	out := &Among{Stale: entry.Edition.Stale, ShareURL: shareURL, Translations: make([]Translation, 0, len(entry.Translations))}
	for _, t := range entry.Translations {
		out.Translations = append(out.Translations, Translation{t.Language, t.URL, t.Version, t.Stale, t.Original})
	}
	return out
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
