// SPDX-License-Identifier: Apache-2.0

package meilisearch

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/relais-press/relais/services/search/internal/analysis"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/french"
)

// mapping is the version of what is written below. An index of another version
// is given up when it is opened.
const mapping = 1

// Fields that filter. Texts are written as escape does, moments in milliseconds
// since 1970.
const (
	fieldID           = "id"
	fieldArticle      = "article"
	fieldLanguage     = "language"
	fieldAudience     = "audience" // everyone, or partners
	fieldSection      = "section"
	fieldPerson       = "person"
	fieldOrganisation = "organisation"
	fieldYear         = "year"
	fieldPublished    = "published"
	fieldEmbargo      = "embargo" // missing where there is none
	fieldExpiry       = "expiry"  // likewise
	fieldUsable       = "usable"  // false in fences and in the state
)

// Fields that are read back.
const (
	fieldVersion  = "version"
	fieldPosition = "position" // of the state
	fieldValues   = "values"
	fieldDocument = "document" // the engine.Document as JSON
)

// everyone is the audience of an edition for every partner; audience makes the
// value of one partner, whatever its id.
const everyone = "*"

func audience(partner string) string { return "=" + partner }

// embedder is the name of the vectors, which come with the documents.
const embedder = "relais"

// The searched fields, the most telling first. Forms hold the words of a text in
// order, folded, then their stems and, but in the body, what tells their accents:
// they are compared whole. Words hold folded words alone, for letters that are
// wrong; the server counts a wrong first letter twice, so there are words written
// backwards, too.
var (
	titleForms    = []string{"headlineForms", "namesForms"}
	textForms     = []string{"descriptionForms", "bodyForms"}
	titleWords    = []string{"headlineWords", "namesWords"}
	textWords     = []string{"descriptionWords", "bodyWords"}
	titleReversed = []string{"titlesReversed"}
	textReversed  = []string{"textsReversed"}
)

// record is what is written of an edition; of a fence, no content.
type record struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Usable  bool   `json:"usable"`
	*content
	Vectors map[string][]float32 `json:"_vectors,omitempty"`
}

type content struct {
	Article      string   `json:"article"`
	Language     string   `json:"language"`
	Audience     []string `json:"audience"`
	Section      string   `json:"section,omitempty"`
	Person       []string `json:"person,omitempty"`
	Organisation []string `json:"organisation,omitempty"`
	Year         int      `json:"year"`
	Published    int64    `json:"published"`
	Embargo      *int64   `json:"embargo,omitempty"`
	Expiry       *int64   `json:"expiry,omitempty"`
	Values       values   `json:"values"`
	Document     string   `json:"document"`

	HeadlineForms    string `json:"headlineForms"`
	NamesForms       string `json:"namesForms"`
	DescriptionForms string `json:"descriptionForms"`
	BodyForms        string `json:"bodyForms"`
	HeadlineWords    string `json:"headlineWords"`
	NamesWords       string `json:"namesWords"`
	DescriptionWords string `json:"descriptionWords"`
	BodyWords        string `json:"bodyWords"`
	TitlesReversed   string `json:"titlesReversed"`
	TextsReversed    string `json:"textsReversed"`
}

// values are what facets count, as written.
type values struct {
	Article       string   `json:"article"`
	Language      string   `json:"language"`
	Section       string   `json:"section,omitempty"`
	People        []string `json:"people,omitempty"`
	Organisations []string `json:"organisations,omitempty"`
	Year          int      `json:"year"`
	Published     int64    `json:"published"`
}

// key is the id of an edition's record. An escaped text has no two _ in a row.
func key(d *engine.Document) string { return escape(d.ID) + "__" + escape(d.Language) }

// newRecord turns an edition into what is written to the index.
func newRecord(d *engine.Document, dimensions int) (*record, error) {
	r := &record{ID: key(d), Version: d.Version, Vectors: vectors(nil, dimensions)}
	if d.Gone() {
		return r, nil
	}
	stored, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encode edition %s in %s: %w", d.ID, d.Language, err)
	}
	r.Usable, r.Vectors = true, vectors(d.Vector, dimensions)
	r.content = newContent(d)
	r.Document = string(stored)
	r.addTexts(d)
	return r, nil
}

// vectors are what the embedder is given: null tells it that there is none.
func vectors(v []float32, dimensions int) map[string][]float32 {
	if dimensions == 0 {
		return nil
	}
	if len(v) != dimensions {
		v = nil
	}
	return map[string][]float32{embedder: v}
}

func newContent(d *engine.Document) *content {
	c := &content{
		Article: escape(d.ID), Language: escape(d.Language), Audience: []string{escape(everyone)},
		Section: escape(d.Section), Organisation: escapes(d.Organisations),
		Year: d.Published.UTC().Year(), Published: d.Published.UnixMilli(),
	}
	c.Values = values{
		Article: d.ID, Language: d.Language, Section: d.Section, Organisations: d.Organisations,
		Year: c.Year, Published: c.Published,
	}
	for _, p := range d.People {
		c.Values.People = append(c.Values.People, p.Name)
	}
	c.Person = escapes(c.Values.People)
	if len(d.Partners) > 0 {
		c.Audience = nil
		for _, p := range d.Partners {
			c.Audience = append(c.Audience, escape(audience(p)))
		}
	}
	moment := func(t *time.Time, roundUp time.Duration) *int64 {
		if t == nil {
			return nil
		}
		ms := t.Add(roundUp).UnixMilli()
		return &ms
	}
	// Rounded up, so that nothing shows a fraction of a millisecond too soon.
	c.Embargo = moment(d.EmbargoedUntil, time.Millisecond-time.Nanosecond)
	c.Expiry = moment(d.Expires, 0)
	return c
}

func (c *content) addTexts(d *engine.Document) {
	var titles, texts backwards
	for _, f := range []struct {
		texts        []string
		exact        bool
		forms, words *string
		reversed     *backwards
	}{
		{[]string{d.Headline}, true, &c.HeadlineForms, &c.HeadlineWords, &titles},
		{d.Names(), true, &c.NamesForms, &c.NamesWords, &titles},
		{[]string{d.Description}, true, &c.DescriptionForms, &c.DescriptionWords, &texts},
		{[]string{d.BodyText}, false, &c.BodyForms, &c.BodyWords, &texts},
	} {
		w := newWriting(analysis.For(d.Language), f.texts, f.exact)
		*f.forms, *f.words = w.forms(), strings.Join(w.words, " ")
		f.reversed.add(w.words)
	}
	c.TitlesReversed, c.TextsReversed = strings.Join(titles.words, " "), strings.Join(texts.words, " ")
}

// backwards are words written from their last letter to their first, each once.
type backwards struct {
	words []string
	seen  map[string]bool
}

func (b *backwards) add(words []string) {
	if b.seen == nil {
		b.seen = map[string]bool{}
	}
	for _, w := range words {
		if !b.seen[w] {
			b.seen[w] = true
			b.words = append(b.words, reversed(w))
		}
	}
}

// writing is a part of an edition, cut into words.
type writing struct {
	texts []string // folded words, in order
	words []string // each folded word once
	extra []string // other forms of words, each once
}

// apart keeps words from making a phrase with those before it.
const apart = " . "

// maxWord is how long, in bytes, a word that is looked for may be.
const maxWord = 200

func newWriting(analyze func(string) []french.Token, texts []string, exact bool) *writing {
	w := &writing{}
	seenWords, seenExtra := map[string]bool{}, map[string]bool{}
	add := func(list *[]string, seen map[string]bool, s string) {
		if !seen[s] && len(s) <= maxWord {
			seen[s] = true
			*list = append(*list, s)
		}
	}
	for _, text := range texts {
		var folded []string
		position := -1
		for _, t := range analyze(text) {
			if t.Folded = plain(t.Folded); t.Folded == "" || len(t.Folded) > maxWord {
				continue
			}
			if t.Position != position {
				position = t.Position
				folded = append(folded, t.Folded)
			} else {
				add(&w.extra, seenExtra, t.Folded) // a part of the word before
			}
			add(&w.words, seenWords, t.Folded)
			if stem := plain(t.Stem); stem != t.Folded {
				add(&w.extra, seenExtra, stem)
			}
			if exact {
				add(&w.extra, seenExtra, exactForm(t.Exact))
			}
		}
		if len(folded) > 0 {
			w.texts = append(w.texts, strings.Join(folded, " "))
		}
	}
	return w
}

func (w *writing) forms() string { return strings.Join(append(w.texts, w.extra...), apart) }

// plain leaves of a folded word what the server takes for one: letters, digits and
// their marks.
func plain(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) {
			return r
		}
		return -1
	}, word)
}

// exactForm is a word that tells the accents of another, which the server would
// take away: letters that start no word, then the word itself or, where it has
// accents, its bytes.
func exactForm(exact string) string {
	for i := range len(exact) {
		if c := exact[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return fmt.Sprintf("xqz%x", exact)
		}
	}
	return "xqx" + exact
}

func reversed(word string) string {
	letters := []rune(word)
	slices.Reverse(letters)
	return string(letters)
}
