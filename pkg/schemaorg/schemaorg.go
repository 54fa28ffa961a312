// SPDX-License-Identifier: Apache-2.0

// Package schemaorg writes what an article is as schema.org knows it (version
// 30), for programs that read a page: one place for the JSON-LD of every page.
//
// The types hold the properties that are used here, not the whole vocabulary.
// "@type" and "@context" write themselves. A value goes into a page's
// <script type="application/ld+json"> through html/template or encoding/json
// with its HTML escaping, so that no text of an article ends the element.
package schemaorg

import "encoding/json"

// NewsArticle is an article in one language, the root of a page's JSON-LD
// (schema.org/NewsArticle). Dates are RFC 3339.
type NewsArticle struct {
	Context           isContext          `json:"@context"`
	Type              isNewsArticle      `json:"@type"`
	ID                string             `json:"@id,omitempty"` // stable, the same at every partner
	Headline          string             `json:"headline"`
	Description       string             `json:"description,omitempty"`
	InLanguage        string             `json:"inLanguage,omitempty"` // BCP 47
	URL               string             `json:"url,omitempty"`        // where readers find it
	Image             []Image            `json:"image,omitempty"`
	DatePublished     string             `json:"datePublished,omitempty"`
	DateModified      string             `json:"dateModified,omitempty"`
	Expires           string             `json:"expires,omitempty"`
	Section           string             `json:"articleSection,omitempty"`
	Keywords          []string           `json:"keywords,omitempty"`
	WordCount         int                `json:"wordCount,omitempty"`
	Version           int                `json:"version,omitempty"`
	Author            []Person           `json:"author,omitempty"`
	Publisher         *Organization      `json:"publisher,omitempty"`
	CopyrightHolder   *Organization      `json:"copyrightHolder,omitempty"`
	UsageInfo         *Text              `json:"usageInfo,omitempty"`
	About             []any              `json:"about,omitempty"`    // Event, Person
	Mentions          []any              `json:"mentions,omitempty"` // Person, Organization, Place
	Correction        *CorrectionComment `json:"correction,omitempty"`
	TranslationOfWork *Translation       `json:"translationOfWork,omitempty"` // of a translation: the original
	WorkTranslation   []Translation      `json:"workTranslation,omitempty"`   // of the original: its translations
}

// Image is a picture (schema.org/ImageObject): a bare address when nothing else
// is known of it. Width and Height are in pixels.
type Image struct {
	URL           string
	Caption       string
	Width, Height int
}

// MarshalJSON implements json.Marshaler.
func (i Image) MarshalJSON() ([]byte, error) {
	if i == (Image{URL: i.URL}) {
		return json.Marshal(i.URL)
	}
	return json.Marshal(struct {
		Type    string `json:"@type"`
		URL     string `json:"url"`
		Caption string `json:"caption,omitempty"`
		Width   int    `json:"width,omitempty"`
		Height  int    `json:"height,omitempty"`
	}{"ImageObject", i.URL, i.Caption, i.Width, i.Height})
}

// Person is somebody (schema.org/Person).
type Person struct {
	Type        isPerson      `json:"@type"`
	Name        string        `json:"name"`
	URL         string        `json:"url,omitempty"`
	JobTitle    string        `json:"jobTitle,omitempty"`
	Affiliation *Organization `json:"affiliation,omitempty"`
}

// Organization is a body of people (schema.org/Organization).
type Organization struct {
	Type isOrganization `json:"@type"`
	Name string         `json:"name"`
	URL  string         `json:"url,omitempty"`
}

// Place is somewhere (schema.org/Place).
type Place struct {
	Type isPlace `json:"@type"`
	Name string  `json:"name"`
}

// Event is what a recap reports on (schema.org/Event).
type Event struct {
	Type       isEvent    `json:"@type"`
	Name       string     `json:"name"`
	StartDate  string     `json:"startDate,omitempty"`
	EndDate    string     `json:"endDate,omitempty"`
	Location   *Place     `json:"location,omitempty"`
	URL        string     `json:"url,omitempty"`
	Performer  []Person   `json:"performer,omitempty"`  // who spoke
	RecordedIn *Reference `json:"recordedIn,omitempty"` // the article
}

// CorrectionComment says what was wrong in the version before
// (schema.org/CorrectionComment).
type CorrectionComment struct {
	Type          isCorrection `json:"@type"`
	Text          string       `json:"text"`
	InLanguage    string       `json:"inLanguage,omitempty"`
	DatePublished string       `json:"datePublished,omitempty"`
}

// Translation is the article in another language.
type Translation struct {
	Type       isNewsArticle `json:"@type"`
	ID         string        `json:"@id,omitempty"`
	InLanguage string        `json:"inLanguage"`
	URL        string        `json:"url,omitempty"`
	Version    int           `json:"version,omitempty"`
}

// Text is something said at length (schema.org/CreativeWork).
type Text struct {
	Type isCreativeWork `json:"@type"`
	Text string         `json:"text"`
}

// Reference names something that is described elsewhere.
type Reference struct {
	ID string `json:"@id"`
}

type (
	isContext      struct{}
	isNewsArticle  struct{}
	isPerson       struct{}
	isOrganization struct{}
	isPlace        struct{}
	isEvent        struct{}
	isCorrection   struct{}
	isCreativeWork struct{}
)

func (isContext) MarshalText() ([]byte, error)      { return []byte("https://schema.org"), nil }
func (isNewsArticle) MarshalText() ([]byte, error)  { return []byte("NewsArticle"), nil }
func (isPerson) MarshalText() ([]byte, error)       { return []byte("Person"), nil }
func (isOrganization) MarshalText() ([]byte, error) { return []byte("Organization"), nil }
func (isPlace) MarshalText() ([]byte, error)        { return []byte("Place"), nil }
func (isEvent) MarshalText() ([]byte, error)        { return []byte("Event"), nil }
func (isCorrection) MarshalText() ([]byte, error)   { return []byte("CorrectionComment"), nil }
func (isCreativeWork) MarshalText() ([]byte, error) { return []byte("CreativeWork"), nil }
