// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"math"
	"strconv"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/ingest/internal/editions"
	"github.com/relais-press/relais/services/ingest/internal/recap"
)

// sure is how confident a guess must be to become data; a section and keywords,
// which tell nothing of anybody, need less.
const (
	sure       = 0.7
	sureTopics = 0.5
)

// The members of an edition that may be guessed.
const (
	people, organisations, places = editions.People, editions.Organisations, editions.Places
	event, section, keywords      = editions.Event, editions.Section, editions.Keywords
)

// infer fills what the editor left open with what the text says, and keeps all
// of it as suggestions. A member that the input has, even as null or empty, is
// the editor's; so is every one of an edition that was read from ingest.
func (rd *Reader) infer(d *Draft) {
	e := &d.Edition
	open := rd.missing(d)
	if len(open) == 0 {
		return
	}
	d.Guessed = open
	published := e.DatePublished
	if published.IsZero() {
		published = rd.now()
	}
	found := recap.Read(recap.Source{Headline: e.Headline, Text: e.BodyText, Language: e.Language, Published: published})
	if open[people] {
		e.People = apply(d, people, found.People, sure)
	}
	if open[organisations] {
		e.Organisations = apply(d, organisations, found.Organisations, sure)
	}
	if open[places] {
		e.Places = apply(d, places, found.Places, sure)
	}
	if open[keywords] {
		e.Keywords = apply(d, keywords, found.Keywords, sureTopics)
	}
	if g := found.Event; open[event] && g != nil {
		if d.suggest("/"+event, g.Value, g.Confidence, sure) {
			e.Event = &g.Value
		}
	}
	if g := found.Section; open[section] && g != nil {
		if d.suggest("/"+section, g.Value, g.Confidence, sureTopics) {
			e.Section = g.Value
		}
	}
}

// missing are the members that nobody has said anything about.
func (rd *Reader) missing(d *Draft) map[string]bool {
	e := &d.Edition
	open := map[string]bool{}
	if d.complete {
		return open
	}
	for name, empty := range map[string]bool{
		people: len(e.People) == 0, organisations: len(e.Organisations) == 0, places: len(e.Places) == 0,
		event: e.Event == nil, section: e.Section == "", keywords: len(e.Keywords) == 0,
	} {
		if empty && !d.Given[name] {
			open[name] = true
		}
	}
	return open
}

// apply suggests a list and returns the part of it that becomes data.
func apply[T any](d *Draft, member string, found []recap.Guess[T], least float64) []T {
	var out []T
	for _, g := range found {
		pointer := "/" + member + "/-"
		if g.Confidence >= least && len(out) < article.MaxList {
			pointer = "/" + member + "/" + strconv.Itoa(len(out))
		}
		if d.suggest(pointer, g.Value, g.Confidence, least) {
			out = append(out, g.Value)
		}
	}
	return out
}

// suggest keeps a suggestion and reports whether it becomes data.
func (d *Draft) suggest(pointer string, value any, confidence, least float64) bool {
	applied := confidence >= least
	d.Suggestions = append(d.Suggestions, Suggestion{pointer, value, math.Round(confidence*100) / 100, applied})
	return applied
}
