// SPDX-License-Identifier: Apache-2.0

// Package ninjs writes editions as IPTC ninjs 3.1 (News in JSON), the shape in
// which newsroom systems take articles.
//
// The schema allows no property of anybody's own and has none for some of what
// an edition says; this is where those parts go:
//
//   - altIds has the roles "articleId" (shared by all languages of an article),
//     "canonicalUrl" (where the newsroom published it), "url" (where the
//     partner's readers find it) and, of one that has gone, "replacedBy" (the
//     articleId of what takes its place);
//   - descriptions has the roles "summary" (the standfirst), "correction"
//     (what was wrong in the version before) and "cancellation" (why it has gone);
//   - subjects has the relations "section" and "keyword"; people has "speaker",
//     "about" and "mentions";
//   - associations has the relations "translatedFrom" (to the original),
//     "translation" (to every other language), "image", "about" (the event of a
//     recap, with its dates) and, in a feed, "item" and "gone": an edition that
//     must be shown no more, with the pubStatus canceled or withheld and without
//     a text, whose versionCreated is when it went;
//   - contentCreated is when the article was first published.
//
// There is no embargoedUntil and no edNote: what is written is public.
package ninjs

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/catalog"
)

// Item is a ninjs object. Name and Rel are of one that stands among the
// associations of another. Times are RFC 3339 in UTC.
type Item struct {
	URI                string        `json:"uri"`
	Name               string        `json:"name,omitempty"`
	Rel                string        `json:"rel,omitempty"`
	Type               string        `json:"type"`
	RepresentationType string        `json:"representationType,omitempty"` // full or partial
	Language           string        `json:"language,omitempty"`
	Version            string        `json:"version,omitempty"`
	FirstCreated       *time.Time    `json:"firstCreated,omitempty"`
	VersionCreated     *time.Time    `json:"versionCreated,omitempty"`
	ContentCreated     *time.Time    `json:"contentCreated,omitempty"`
	Expires            *time.Time    `json:"expires,omitempty"`
	PubStatus          string        `json:"pubStatus,omitempty"`
	Title              string        `json:"title,omitempty"`
	Headlines          []Text        `json:"headlines,omitempty"`
	Descriptions       []Text        `json:"descriptions,omitempty"`
	Bodies             []Text        `json:"bodies,omitempty"`
	By                 string        `json:"by,omitempty"`
	CopyrightHolder    string        `json:"copyrightHolder,omitempty"`
	UsageTerms         string        `json:"usageTerms,omitempty"`
	People             []Concept     `json:"people,omitempty"`
	Organisations      []Concept     `json:"organisations,omitempty"`
	Places             []Concept     `json:"places,omitempty"`
	Subjects           []Concept     `json:"subjects,omitempty"`
	Events             []Concept     `json:"events,omitempty"`
	EventDetails       *EventDetails `json:"eventDetails,omitempty"`
	Renditions         []Rendition   `json:"renditions,omitempty"`
	Associations       []Item        `json:"associations,omitempty"`
	AltIDs             []AltID       `json:"altIds,omitempty"`
	Standard           *Standard     `json:"standard,omitempty"` // of the root
}

// Text is a headline, a description or a body; the counts are of a body's text.
type Text struct {
	Role        string `json:"role,omitempty"`
	ContentType string `json:"contentType,omitempty"`
	CharCount   int    `json:"charCount,omitempty"`
	WordCount   int    `json:"wordCount,omitempty"`
	Value       string `json:"value"`
}

// Concept is somebody or something in an item.
type Concept struct {
	Name string `json:"name"`
	Rel  string `json:"rel,omitempty"`
	URI  string `json:"uri,omitempty"`
}

// EventDetails says when an event takes place.
type EventDetails struct {
	Dates Dates `json:"dates"`
}

// Dates has one of the two at least.
type Dates struct {
	StartDate *time.Time `json:"startDate,omitempty"`
	EndDate   *time.Time `json:"endDate,omitempty"`
}

// Rendition is a file of a picture; Width and Height are in pixels.
type Rendition struct {
	Name   string `json:"name"`
	Href   string `json:"href,omitempty"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
}

// AltID is another name of an item.
type AltID struct {
	Role  string `json:"role"`
	Value string `json:"value"`
}

// Standard names the schema that an item is valid against.
type Standard struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Schema  string `json:"schema"`
}

func standard() *Standard {
	return &Standard{"ninjs", "3.1", "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#"}
}

// New is an edition as a ninjs item; full where the entry has its text.
func New(e catalog.Entry, publicURL string) Item {
	i := item(&e, publicURL)
	i.Standard = standard()
	return i
}

// Channel is what a feed is about. URI is stable; Updated is when its newest
// part changed, zero for a feed of nothing.
type Channel struct {
	URI, Title, Language string
	Updated              time.Time
}

// Feed is a list of editions as one composite item, in the order given, each
// with the relation "item" and the article's id as its name; then what must be
// shown no more, with the relation "gone".
func Feed(c Channel, entries []catalog.Entry, gone []catalog.Tombstone, publicURL string) Item {
	feed := Item{
		URI: address(c.URI), Type: "composite", Language: c.Language, VersionCreated: moment(c.Updated),
		PubStatus: string(article.Usable), Title: c.Title, Standard: standard(),
	}
	for i := range entries {
		part := item(&entries[i], publicURL)
		part.Name, part.Rel = entries[i].Edition.ID, "item"
		feed.Associations = append(feed.Associations, part)
	}
	for i := range gone {
		feed.Associations = append(feed.Associations, tombstone(&gone[i], publicURL))
	}
	return feed
}

// tombstone is an edition that must be shown no more: what it is called, since when,
// and why as far as that is told.
func tombstone(t *catalog.Tombstone, publicURL string) Item {
	i := Item{
		URI: catalog.URI(publicURL, t.ID, t.Language), Name: t.ID, Rel: "gone", Type: "text", RepresentationType: "partial",
		Language: t.Language, Version: strconv.Itoa(t.Version), VersionCreated: moment(t.At), PubStatus: string(t.PubStatus),
		AltIDs: []AltID{{"articleId", t.ID}},
	}
	c := t.Cancellation
	if c == nil {
		return i
	}
	if c.Reason != "" {
		i.Descriptions = []Text{{Role: "cancellation", ContentType: "text/plain", Value: c.Reason}}
	}
	if c.ReplacedBy != "" {
		i.AltIDs = append(i.AltIDs, AltID{"replacedBy", c.ReplacedBy})
	}
	return i
}

func item(entry *catalog.Entry, publicURL string) Item {
	e := &entry.Edition
	i := Item{
		URI: catalog.URI(publicURL, e.ID, e.Language), Type: "text", RepresentationType: "partial", Language: e.Language,
		Version: strconv.Itoa(e.Version), FirstCreated: moment(e.FirstCreated), VersionCreated: moment(e.VersionCreated),
		ContentCreated: moment(e.DatePublished), PubStatus: string(article.Usable),
		Headlines: []Text{{ContentType: "text/plain", Value: e.Headline}},
		By:        byline(e.Authors), CopyrightHolder: e.Holder(), UsageTerms: e.UsageTerms,
		Organisations: concepts("mentions", e.Organisations...), Places: concepts("mentions", e.Places...),
	}
	if e.Expires != nil {
		i.Expires = moment(*e.Expires)
	}
	for _, d := range []Text{{Role: "summary", Value: e.Description}, {Role: "correction", Value: e.Correction}} {
		if d.Value != "" {
			d.ContentType = "text/plain"
			i.Descriptions = append(i.Descriptions, d)
		}
	}
	if e.BodyHTML != "" {
		i.RepresentationType = "full"
		i.Bodies = []Text{{
			Role: "main", ContentType: "text/html", CharCount: utf8.RuneCountInString(e.BodyText), WordCount: e.WordCount, Value: e.BodyHTML,
		}}
	}
	for _, p := range e.People {
		rel := p.Rel
		if rel == "" {
			rel = "mentions"
		}
		i.People = append(i.People, Concept{Name: p.Name, Rel: rel})
	}
	if e.Section != "" {
		i.Subjects = concepts("section", e.Section)
	}
	i.Subjects = append(i.Subjects, concepts("keyword", e.Keywords...)...)
	i.AltIDs = altIDs(entry)
	i.associate(entry, publicURL)
	return i
}

// associate adds the other languages, the picture and the event.
func (i *Item) associate(entry *catalog.Entry, publicURL string) {
	e := &entry.Edition
	for _, t := range entry.Translations {
		if t.Language == e.Language {
			continue
		}
		rel := "translation"
		if t.Original {
			rel = "translatedFrom"
		}
		i.Associations = append(i.Associations, Item{
			URI: catalog.URI(publicURL, e.ID, t.Language), Name: t.Language, Rel: rel, Type: "text", RepresentationType: "partial",
			Language: t.Language, Version: strconv.Itoa(t.Version), PubStatus: string(article.Usable),
		})
	}
	if im := e.Image; im != nil && address(im.URL) != "" {
		picture := Item{
			URI: address(im.URL), Name: "image", Rel: "image", Type: "picture",
			Renditions: []Rendition{{Name: "main", Href: address(im.URL), Width: im.Width, Height: im.Height}},
		}
		if im.Alt != "" {
			picture.Descriptions = []Text{{Role: "alt", ContentType: "text/plain", Value: im.Alt}}
		}
		i.Associations = append(i.Associations, picture)
	}
	if ev := e.Event; ev != nil {
		i.Events = []Concept{{Name: ev.Name, Rel: "about", URI: address(ev.URL)}}
		i.Associations = append(i.Associations, event(ev, i.URI))
	}
}

// event is the event of a recap; one without an address is named after the item.
func event(ev *article.Event, of string) Item {
	out := Item{URI: address(ev.URL), Name: "event", Rel: "about", Type: "event", Headlines: []Text{{ContentType: "text/plain", Value: ev.Name}}}
	if out.URI == "" {
		out.URI = of + "#event"
	}
	if ev.Location != "" {
		out.Places = concepts("", ev.Location)
	}
	var d Dates
	if ev.StartDate != nil {
		d.StartDate = moment(*ev.StartDate)
	}
	if ev.EndDate != nil {
		d.EndDate = moment(*ev.EndDate)
	}
	if d != (Dates{}) {
		out.EventDetails = &EventDetails{d}
	}
	return out
}

func altIDs(entry *catalog.Entry) []AltID {
	ids := []AltID{{"articleId", entry.Edition.ID}}
	if entry.Edition.CanonicalURL != "" {
		ids = append(ids, AltID{"canonicalUrl", entry.Edition.CanonicalURL})
	}
	if entry.URL != "" {
		ids = append(ids, AltID{"url", entry.URL})
	}
	return ids
}

func concepts(rel string, names ...string) []Concept {
	var out []Concept
	for _, name := range names {
		out = append(out, Concept{Name: name, Rel: rel})
	}
	return out
}

func byline(authors []article.Author) string {
	names := make([]string, 0, len(authors))
	for _, a := range authors {
		names = append(names, a.Name)
	}
	return strings.Join(names, ", ")
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// address is an http or https address in the characters of RFC 3986; "" for
// anything else.
func address(s string) string {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return ""
	}
	var out strings.Builder
	for _, b := range []byte(u.String()) {
		if b <= ' ' || b >= 0x7f || strings.IndexByte("\"<>\\^`{|}", b) >= 0 {
			fmt.Fprintf(&out, "%%%02X", b)
		} else {
			out.WriteByte(b)
		}
	}
	return out.String()
}
