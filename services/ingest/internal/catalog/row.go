// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"time"

	"github.com/relais-press/relais/pkg/article"
)

// row is an entry as it is kept: some 300 bytes with its part of the index, so
// that a million editions fit beside everything else.
type row struct {
	id, headline              string
	language, source, section int // words
	version, sourceVersion    int
	status                    uint8
	published, created        int64 // Unix time in ms
	embargoedUntil, expires   int64 // the same; 0: none
	sequence                  uint64
}

// edition names an edition within the catalog.
type edition struct {
	id       string
	language int
}

// words numbers strings of which there are few.
type words struct {
	list   []string
	number map[string]int
}

func newWords() words { return words{list: []string{""}, number: map[string]int{"": 0}} }

func (w *words) of(s string) int {
	n, ok := w.number[s]
	if !ok {
		n = len(w.list)
		w.list, w.number[s] = append(w.list, s), n
	}
	return n
}

// states are numbered by their place; what is none of them is not public.
var states = [...]article.PubStatus{article.Canceled, article.Withheld, article.Usable}

func (c *Catalog) pack(e *Entry) row {
	r := row{
		id: e.ID, headline: e.Headline, language: c.words.of(e.Language), source: c.words.of(e.SourceLanguage), section: c.words.of(e.Section),
		version: e.Version, sourceVersion: e.SourceVersion, published: e.DatePublished.UnixMilli(), created: e.VersionCreated.UnixMilli(),
		embargoedUntil: milliseconds(e.EmbargoedUntil), expires: milliseconds(e.Expires), sequence: e.Sequence,
	}
	for i, s := range states {
		if s == e.PubStatus {
			r.status = uint8(i)
		}
	}
	return r
}

func (c *Catalog) unpack(r *row) Entry {
	return Entry{
		ID: r.id, Headline: r.headline, Language: c.words.list[r.language], SourceLanguage: c.words.list[r.source],
		Section: c.words.list[r.section], Version: r.version, SourceVersion: r.sourceVersion, PubStatus: states[r.status],
		DatePublished: time.UnixMilli(r.published).UTC(), VersionCreated: time.UnixMilli(r.created).UTC(),
		EmbargoedUntil: moment(r.embargoedUntil), Expires: moment(r.expires), Sequence: r.sequence,
	}
}

// milliseconds rounds up: an embargo does not end early.
func milliseconds(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.Add(time.Millisecond - 1).UnixMilli()
}

func moment(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := time.UnixMilli(ms).UTC()
	return &t
}
