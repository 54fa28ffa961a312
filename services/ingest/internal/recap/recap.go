// SPDX-License-Identifier: Apache-2.0

// Package recap reads the text of an event recap, an article that reports on
// an event, and finds what an editor would otherwise type: the people in it
// with role and affiliation, organisations, places, the event, a section and
// keywords.
//
// It works by rules over one scan of the text, and by the word lists under
// lexicon/, in French, English, German, Spanish and Italian. In any other
// language only rules that need no language apply: known first names before an
// upper-case or parenthesised context, company forms, known places, and ISO
// dates.
//
// # Confidence
//
// Every finding carries the strength of the rule that made it, between 0 and 1.
// Independent signs add up as 1-(1-a)(1-b).
//
//	0.9 and more  two signs or an explicit form: a known first name with an
//	              upper-case surname, or a name with its role; a date with
//	              its month and year
//	0.7 to 0.9    one good sign: a known first name before a family name, an
//	              organisation by its form, a date whose year was deduced
//	0.5 to 0.7    a likely reading: a section, a place outside the lexicon
//	under 0.5     a fallback: the headline as the name of the event
//
// What has less than one sign is left out: a person who is missing costs an
// editor a line, one who does not exist costs a correction.
package recap

import (
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-press/relais/pkg/article"
)

// What is examined of a source, and how much is given back at most.
const (
	maxText     = 256 << 10 // bytes of text; the rest is not read
	maxHeadline = 2 << 10   // bytes of headline
	maxFound    = 100       // people, organisations and places, each
	maxKeywords = 8
)

// Source is a text to read. Text holds paragraphs parted by a blank line, with
// list items on lines that begin with "• "; it is UTF-8 in NFC. Language is a
// BCP 47 tag. A date without a year is resolved against Published, and not at
// all when that is zero.
type Source struct {
	Headline, Text, Language string
	Published                time.Time
}

// Guess is a value with how far to trust it, in 0..1.
type Guess[T any] struct {
	Value      T
	Confidence float64
}

// Found is what a text says. People, organisations and places stand in order of
// first appearance, each once; keywords by salience. Event is the one that is
// reported on if the text names or dates it, else one that it announces; its
// dates are whole days at 00:00 UTC, EndDate nil for a single day.
type Found struct {
	People                          []Guess[article.Person]
	Organisations, Places, Keywords []Guess[string]
	Event                           *Guess[article.Event]
	Section                         *Guess[string]
}

// Read finds what it can. It never fails, and the same source always gives the
// same answer. It reads the first 256 KiB of the text and gives at most 100
// people, organisations and places; its time grows linearly with what it reads.
func Read(src Source) Found {
	d := newDocument(src)
	d.findOrganisations()
	d.findPeople()
	d.findPlaces()
	var found Found
	found.Event = d.event()
	found.People = d.people()
	found.Organisations = d.inOrder(d.orgs)
	found.Places = d.inOrder(d.places)
	found.Section = d.section()
	found.Keywords = d.keywords()
	return found
}

// mention is a string found at a token.
type mention struct {
	at         int
	value      string
	key        string // what makes two mentions one
	confidence float64
}

// inOrder gives each mention once, the earliest spelling with the best confidence.
func (d *document) inOrder(mentions []mention) []Guess[string] {
	sort.SliceStable(mentions, func(i, j int) bool { return mentions[i].at < mentions[j].at })
	index := make(map[string]int, len(mentions))
	var out []Guess[string]
	for _, m := range mentions {
		if i, seen := index[m.key]; seen {
			out[i].Confidence = max(out[i].Confidence, m.confidence)
			continue
		}
		if len(out) == maxFound {
			break
		}
		index[m.key] = len(out)
		out = append(out, Guess[string]{m.value, m.confidence})
	}
	return out
}

// also adds up two independent signs.
func also(a, b float64) float64 { return 1 - (1-a)*(1-b) }

// cut shortens s to at most n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// base is the language of a BCP 47 tag in lower case: "de-AT" is "de".
func base(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	return strings.ToLower(tag)
}
