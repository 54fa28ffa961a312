// SPDX-License-Identifier: Apache-2.0

package schemaorg

import (
	"time"

	"github.com/relais-press/relais/pkg/article"
)

// Setting is what is not in an edition: who carries it, where, and which other
// languages there are.
type Setting struct {
	ID        string        // stable, of the edition
	URL       string        // where the carrier's readers find it; may be empty
	Publisher *Organization // the carrier
	Original  *Translation  // of a translation; nil: not public
	Others    []Translation // of the original
}

// Of tells what an edition is. Who spoke at the event of a recap performs at
// it; without an event they are mentioned. What is for editors is not told.
func Of(e *article.Edition, s Setting) NewsArticle {
	n := NewsArticle{
		ID: s.ID, Headline: e.Headline, Description: e.Description, InLanguage: e.Language, URL: s.URL,
		DatePublished: Stamp(e.DatePublished), DateModified: Stamp(e.Modified()),
		Section: e.Section, Keywords: e.Keywords, WordCount: e.WordCount, Version: e.Version, Publisher: s.Publisher,
		TranslationOfWork: s.Original, WorkTranslation: s.Others,
	}
	if e.Expires != nil {
		n.Expires = Stamp(*e.Expires)
	}
	if i := e.Image; i != nil {
		n.Image = []Image{{i.URL, i.Alt, i.Width, i.Height}}
	}
	for _, a := range e.Authors {
		n.Author = append(n.Author, Person{Name: a.Name, URL: a.URL})
	}
	if holder := e.Holder(); holder != "" {
		n.CopyrightHolder = &Organization{Name: holder}
	}
	if e.UsageTerms != "" {
		n.UsageInfo = &Text{Text: e.UsageTerms}
	}
	if e.Correction != "" {
		n.Correction = &CorrectionComment{Text: e.Correction, InLanguage: e.Language, DatePublished: n.DateModified}
	}
	n.subjects(e)
	return n
}

// subjects tells what and whom an edition is about, and whom it mentions.
func (n *NewsArticle) subjects(e *article.Edition) {
	event := eventOf(e)
	for _, p := range e.People {
		person := Person{Name: p.Name, JobTitle: p.Role}
		if p.Affiliation != "" {
			person.Affiliation = &Organization{Name: p.Affiliation}
		}
		switch {
		case p.Rel == "speaker" && event != nil:
			event.Performer = append(event.Performer, person)
		case p.Rel == "about":
			n.About = append(n.About, person)
		default:
			n.Mentions = append(n.Mentions, person)
		}
	}
	if event != nil {
		if n.ID != "" {
			event.RecordedIn = &Reference{n.ID}
		}
		n.About = append([]any{*event}, n.About...)
	}
	for _, name := range e.Organisations {
		n.Mentions = append(n.Mentions, Organization{Name: name})
	}
	for _, name := range e.Places {
		n.Mentions = append(n.Mentions, Place{Name: name})
	}
}

func eventOf(e *article.Edition) *Event {
	if e.Event == nil {
		return nil
	}
	out := &Event{Name: e.Event.Name, URL: e.Event.URL}
	if e.Event.StartDate != nil {
		out.StartDate = Stamp(*e.Event.StartDate)
	}
	if e.Event.EndDate != nil {
		out.EndDate = Stamp(*e.Event.EndDate)
	}
	if e.Event.Location != "" {
		out.Location = &Place{Name: e.Event.Location}
	}
	return out
}

// Stamp is a moment as JSON-LD has it: RFC 3339 in UTC; empty for the zero time.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
