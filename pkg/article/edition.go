// SPDX-License-Identifier: Apache-2.0

// Package article holds the vocabulary of the log: an edition (an article in
// one language), its validation, and the event that carries it.
//
// Field names follow IPTC ninjs 3 and schema.org NewsArticle; languages are
// BCP 47 tags; events are CloudEvents 1.0. The package imports the standard
// library only, so that anything may read the log.
package article

import (
	"slices"
	"strings"
	"time"
)

// PubStatus says whether an edition may be used (ninjs "pubStatus").
type PubStatus string

// The publication states of an edition.
const (
	Usable   PubStatus = "usable"   // public
	Withheld PubStatus = "withheld" // under embargo, or withdrawn for now
	Canceled PubStatus = "canceled" // killed: must not be used
)

// Edition is an article in one language: the thing that is written, versioned,
// indexed and read. It is identified by (ID, Language); Version counts from 1.
// Times are UTC; lengths are in characters (Unicode code points).
type Edition struct {
	ID             string    `json:"id"`
	Language       string    `json:"language"`
	SourceLanguage string    `json:"sourceLanguage"`          // the language the article was written in
	SourceVersion  int       `json:"sourceVersion,omitempty"` // translation: the original's version it was made from
	Stale          bool      `json:"stale,omitempty"`         // translation: the original has moved on; made on reading
	Version        int       `json:"version"`
	PubStatus      PubStatus `json:"pubStatus"`

	Headline      string        `json:"headline"`
	Description   string        `json:"description,omitempty"` // standfirst, plain text
	BodyHTML      string        `json:"bodyHtml"`              // sanitized
	BodyText      string        `json:"bodyText"`
	Authors       []Author      `json:"authors,omitempty"`
	People        []Person      `json:"people,omitempty"`
	Organisations []string      `json:"organisations,omitempty"`
	Places        []string      `json:"places,omitempty"`
	Event         *Event        `json:"event,omitempty"`
	Section       string        `json:"section,omitempty"`
	Keywords      []string      `json:"keywords,omitempty"`
	Image         *Image        `json:"image,omitempty"`
	CanonicalURL  string        `json:"canonicalUrl,omitempty"`
	Audience      *Audience     `json:"audience,omitempty"`
	Correction    string        `json:"correction,omitempty"` // what was wrong in the version before
	Cancellation  *Cancellation `json:"cancellation,omitempty"`
	Copyright     string        `json:"copyrightHolder,omitempty"`
	UsageTerms    string        `json:"usageTerms,omitempty"`
	EdNote        string        `json:"edNote,omitempty"` // for editors; no service but ingest shows it

	DatePublished  time.Time  `json:"datePublished,omitzero"`
	FirstCreated   time.Time  `json:"firstCreated,omitzero"`
	VersionCreated time.Time  `json:"versionCreated,omitzero"`
	EmbargoedUntil *time.Time `json:"embargoedUntil,omitempty"`
	Expires        *time.Time `json:"expires,omitempty"`

	ReadingMinutes int `json:"readingMinutes"`
	WordCount      int `json:"wordCount"`
}

// Author is a byline.
type Author struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

// Person is somebody in the article.
type Person struct {
	Name        string `json:"name"`
	Role        string `json:"role,omitempty"`
	Affiliation string `json:"affiliation,omitempty"`
	Rel         string `json:"rel,omitempty"` // speaker, about or mentions
}

// Event is what a recap reports on (schema.org Event).
type Event struct {
	Name      string     `json:"name"`
	StartDate *time.Time `json:"startDate,omitempty"`
	EndDate   *time.Time `json:"endDate,omitempty"`
	Location  string     `json:"location,omitempty"`
	URL       string     `json:"url,omitempty"`
}

// Image illustrates an article; Width and Height are in pixels.
type Image struct {
	URL    string `json:"url"`
	Alt    string `json:"alt,omitempty"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
}

// Audience restricts an edition to the named partners; empty means every partner.
type Audience struct {
	Partners []string `json:"partners,omitempty"`
}

// Cancellation says why an edition was killed, in the publisher's own words.
type Cancellation struct {
	Reason     string    `json:"reason,omitempty"`
	Legal      bool      `json:"legal,omitempty"`      // withdrawn for legal reasons: exits answer 451
	ReplacedBy string    `json:"replacedBy,omitempty"` // id of the article that takes its place
	At         time.Time `json:"at,omitzero"`
}

// IsOriginal reports whether the edition is in the language the article was written in.
func (e *Edition) IsOriginal() bool { return e.Language == e.SourceLanguage }

// StatusAt is the edition's publication state at a moment: an embargo that has
// not lifted and an expiry that has passed withhold a usable edition.
func (e *Edition) StatusAt(now time.Time) PubStatus {
	if e.PubStatus != Usable {
		return e.PubStatus
	}
	if e.EmbargoedUntil != nil && now.Before(*e.EmbargoedUntil) {
		return Withheld
	}
	if e.Expires != nil && !now.Before(*e.Expires) {
		return Withheld
	}
	return Usable
}

// PublicAt reports whether the edition may be shown to the public at a moment.
func (e *Edition) PublicAt(now time.Time) bool { return e.StatusAt(now) == Usable }

// Modified is when readers last saw the edition change, in UTC: when its newest
// version was made, which differs from the one before, or when its embargo
// lifted, which makes no version; datePublished where neither is known. So it is
// never before the embargo that datePublished may be the end of.
func (e *Edition) Modified() time.Time {
	at := e.VersionCreated
	if e.EmbargoedUntil != nil && e.EmbargoedUntil.After(at) {
		at = *e.EmbargoedUntil
	}
	if at.IsZero() {
		at = e.DatePublished
	}
	return at.UTC()
}

// Holder is who holds the copyright, without the sign that many write before the
// name; whoever shows it puts one there.
func (e *Edition) Holder() string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(e.Copyright), "©"))
}

// For reports whether the edition's audience includes a partner.
func (e *Edition) For(partner string) bool {
	return e.Audience == nil || len(e.Audience.Partners) == 0 || slices.Contains(e.Audience.Partners, partner)
}
