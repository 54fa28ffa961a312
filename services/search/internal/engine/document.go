// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/relais-press/relais/pkg/article"
)

// Document is what is indexed of an edition. Its editors' note is not part of it.
// Texts are plain, with their white space collapsed; times are UTC.
type Document struct {
	ID             string            `json:"id"`
	Language       string            `json:"language"`
	SourceLanguage string            `json:"sourceLanguage,omitempty"`
	Version        int               `json:"version"`
	PubStatus      article.PubStatus `json:"pubStatus"`

	Headline      string           `json:"headline,omitempty"`
	Description   string           `json:"description,omitempty"`
	BodyText      string           `json:"bodyText,omitempty"`
	Section       string           `json:"section,omitempty"`
	Keywords      []string         `json:"keywords,omitempty"`
	People        []article.Person `json:"people,omitempty"`
	Organisations []string         `json:"organisations,omitempty"`
	Places        []string         `json:"places,omitempty"`
	Authors       []article.Author `json:"authors,omitempty"`
	Event         *article.Event   `json:"event,omitempty"`
	Image         *article.Image   `json:"image,omitempty"`
	CanonicalURL  string           `json:"canonicalUrl,omitempty"`

	Published      time.Time `json:"datePublished,omitzero"` // the first creation's date when there is none
	ReadingMinutes int       `json:"readingMinutes,omitempty"`

	Partners       []string   `json:"partners,omitempty"` // the audience; none: every partner
	EmbargoedUntil *time.Time `json:"embargoedUntil,omitempty"`
	Expires        *time.Time `json:"expires,omitempty"`

	// Vector is the edition's text as the configured embedder sees it; nil: words
	// alone find it. It is no part of a hit.
	Vector []float32 `json:"-"`
}

// NewDocument takes from an edition what is indexed. An edition that was withheld
// by hand or canceled gives a document that is Gone: its identity and version
// alone. An embargo or expiry does not make it Gone, since time decides on those.
func NewDocument(e *article.Edition) Document {
	d := Document{ID: e.ID, Language: e.Language, Version: e.Version, PubStatus: e.PubStatus}
	if d.Gone() {
		return d
	}
	d.SourceLanguage = e.SourceLanguage
	d.Headline, d.Description, d.BodyText = collapse(e.Headline), collapse(e.Description), collapse(e.BodyText)
	d.Section, d.Keywords = e.Section, e.Keywords
	d.People, d.Organisations, d.Places, d.Authors = e.People, e.Organisations, e.Places, e.Authors
	d.Event, d.Image, d.CanonicalURL = e.Event, e.Image, e.CanonicalURL
	d.Published = cmp.Or(e.DatePublished, e.FirstCreated).UTC()
	d.ReadingMinutes = e.ReadingMinutes
	if e.Audience != nil {
		d.Partners = e.Audience.Partners
	}
	d.EmbargoedUntil, d.Expires = e.EmbargoedUntil, e.Expires
	return d
}

// Gone reports whether the document only says that its edition may not be used.
func (d *Document) Gone() bool { return d.PubStatus != article.Usable }

// Names are the section, keywords and proper names of an edition, in no useful
// order; some may be empty.
func (d *Document) Names() []string {
	out := append([]string{d.Section}, d.Keywords...)
	out = append(append(out, d.Organisations...), d.Places...)
	for _, p := range d.People {
		out = append(out, p.Name, p.Affiliation, p.Role)
	}
	for _, a := range d.Authors {
		out = append(out, a.Name)
	}
	if d.Event != nil {
		out = append(out, d.Event.Name, d.Event.Location)
	}
	return out
}

// IsOriginal reports whether the edition is in the language the article was written in.
func (d *Document) IsOriginal() bool { return d.Language == d.SourceLanguage }

// Preference ranks an edition for a reader: 0 is the language asked for, higher
// is worse. A regional variant of a wanted language comes right after the language
// itself.
func (q *Query) Preference(language string) int {
	switch {
	case language == q.Language:
		return 0
	case primary(language) == primary(q.Language):
		return 1
	case language == q.Viewer.DefaultLanguage:
		return 2
	case primary(language) == primary(q.Viewer.DefaultLanguage):
		return 3
	}
	return 4
}

// Best returns the index of the edition of one article that suits the reader
// best; -1 when there is none.
func (q *Query) Best(editions []Document) int {
	rank := func(d *Document) int {
		r := 2 * q.Preference(d.Language)
		if !d.IsOriginal() {
			r++
		}
		return r
	}
	best := -1
	for i := range editions {
		if best < 0 || cmp.Or(rank(&editions[i])-rank(&editions[best]),
			strings.Compare(editions[i].Language, editions[best].Language)) < 0 {
			best = i
		}
	}
	return best
}

func primary(language string) string {
	p, _, _ := strings.Cut(language, "-")
	return p
}

// NewHit makes the hit of an article from the editions the viewer may see: the
// one shown and the others as translations. It adds no score, marks or excerpt.
func NewHit(editions []Document, shown int) Hit {
	h := Hit{Document: editions[shown]}
	for i := range editions {
		if i != shown {
			h.Translations = append(h.Translations, Translation{
				Language: editions[i].Language, Headline: editions[i].Headline, CanonicalURL: editions[i].CanonicalURL,
			})
		}
	}
	slices.SortFunc(h.Translations, func(a, b Translation) int { return strings.Compare(a.Language, b.Language) })
	return h
}

// collapse trims a text and replaces each run of white space by one space; a
// no-break space that stands alone is kept, since typography put it there.
func collapse(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	var gap rune
	for _, r := range s {
		if unicode.IsSpace(r) {
			if gap == 0 && (r == '\u00a0' || r == '\u202f') {
				gap = r
			} else {
				gap = ' '
			}
			continue
		}
		if gap != 0 && b.Len() > 0 {
			b.WriteRune(gap)
		}
		gap = 0
		b.WriteRune(r)
	}
	return b.String()
}
