// SPDX-License-Identifier: Apache-2.0

// Package engine is the port to a search engine: what is indexed of an edition,
// the questions readers ask, and the contract every adapter keeps. Package
// enginetest holds that contract as tests.
package engine

import (
	"context"
	"errors"
	"time"
)

// Engine is a search index of editions. It is a projection of the log: it may be
// deleted at any time and is filled again by replaying the log from its Position.
//
// It is safe for concurrent use. Searches see whole batches only. A canceled
// context ends any call with the context's error.
type Engine interface {
	// Apply indexes editions and records that the log has been applied up to
	// position. Both happen or neither; when Apply returns nil, both have reached
	// the disk and every later Search sees them.
	//
	// Versions are a fence: a document whose version is not above the one held for
	// its (ID, Language) is dropped, in any order of arrival, within a batch or
	// across batches. A document that is Gone leaves only that fence behind. The
	// position never goes back. Batches of 100 to 500 documents are the fastest.
	Apply(ctx context.Context, documents []Document, position uint64) error

	// Position is the highest position applied; 0 for an index that is new or was
	// given up as unreadable, which then has to be filled from the log's start.
	Position(ctx context.Context) (uint64, error)

	// Search answers one question. Everything the viewer may not see is left out
	// of the matching itself, so that hits, Total and Facets never tell of it.
	Search(ctx context.Context, q Query) (Result, error)

	// Count is the number of editions held, Gone ones excepted, whoever may see them.
	Count(ctx context.Context) (uint64, error)

	// Close releases the index. Calls after it, but for Close, return ErrClosed.
	Close() error
}

// ErrClosed is returned by the calls of an engine that has been closed.
var ErrClosed = errors.New("engine: closed")

// ErrDamaged is wrapped by the errors of an engine whose files are gone or are
// not what it wrote. It may be told of what only looks so: Checked decides.
var ErrDamaged = errors.New("engine: the index is damaged")

// Checked is an engine that can look after its files.
type Checked interface {
	// Check returns an error that wraps ErrDamaged when files are gone or are not
	// what was written. It looks whether they are there and, one of them each time,
	// at their content; at that of all when thorough.
	Check(ctx context.Context, thorough bool) error
}

// Seer is an engine that tells at once, and at next to no cost, what searches see:
// a batch may be seen long before it has reached the disk and Apply returns.
type Seer interface {
	// Seen is the position that every Search begun after the call sees at least; no
	// Search that ended before the call saw more.
	Seen() uint64
}

// Sort is the order of hits.
type Sort string

// The orders of hits. Ties are broken by date, then by id, so that pages are stable.
const (
	ByRelevance Sort = "relevance" // best first; newest first when the text is empty
	ByDate      Sort = "date"      // newest first
)

// The names of facets.
const (
	FacetSection      = "section"
	FacetLanguage     = "language"
	FacetYear         = "year"
	FacetPerson       = "person"
	FacetOrganisation = "organisation"
)

// MaxFacetValues is how many values a facet lists unless the query says.
const MaxFacetValues = 50

// Query is a question. Its zero value matches everything that every partner may see.
type Query struct {
	// Text is as typed; its last word may be unfinished; empty: everything. It is
	// read by match.Parse: words, phrases in quotes, and what follows a hyphen is
	// left out.
	Text     string
	Language string      // the reader's, BCP 47
	Also     []Rewording // the text in other words; matches of these are worth less
	Vector   []float32   // of the text, from the embedder of the documents' vectors; nil: words alone
	Nearness float64     // the least cosine at which a document's vector matches Vector

	// Filters, on the edition that matches; empty ones do not filter, and one of
	// several values will do. Names are compared whole, letter by letter: they come
	// from facets.
	Languages     []string // BCP 47
	Sections      []string
	People        []string
	Organisations []string
	Years         []int     // of Published, in UTC
	From, To      time.Time // of Published: From ≤ Published < To
	IDs           []string  // only these articles
	NotIDs        []string  // all but these articles

	AnyWord bool // one word of the text will do; the more and the rarer, the better
	Titles  bool // look for words in headlines and names alone

	Sort    Sort // empty: ByRelevance
	Limit   int  // at most so many hits; 0: none, only totals and facets
	Offset  int
	Explain bool // hits tell how their score came about

	// Facets are the names of facets to count; unknown ones are ignored. Each
	// counts what its own filter would let through were it not set, so that a
	// reader sees what else there is to choose.
	Facets     []string
	FacetLimit int // values a facet lists; 0: MaxFacetValues

	Viewer Viewer
	Now    time.Time // decides embargoes and expiries; zero: the present
}

// Rewording is another text for a question, to be looked for in editions of one language.
type Rewording struct {
	Language string // BCP 47, primary subtag
	Text     string
}

// Viewer is whose eyes a question is asked with: a partner and its rights.
type Viewer struct {
	Partner         string   // id; empty sees only what is addressed to every partner
	Languages       []string // none: all
	Sections        []string // none: all
	DefaultLanguage string
	Editor          bool // sees what is addressed to any partner, too
}

// Result is the answer to a Query.
type Result struct {
	Total  int // articles, on all pages
	Hits   []Hit
	Facets map[string][]FacetValue // by name; most frequent value first, then in alphabetical order

	// Correction is the text that hits were found for when none had every word as typed.
	Correction string
}

// FacetValue is one value of a facet and the number of articles that have it.
type FacetValue struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// Hit is one article, in the edition that suits the reader best: the language
// asked for, else the partner's default, else the original, else any, among the
// editions that the viewer may see and the query's Languages admit.
type Hit struct {
	Document // without BodyText

	MatchedLanguage string  // the language shown when it matched, else the best match's
	Score           float64 // comparable within one Result only; 0 for an empty text
	HeadlineMarks   []Mark
	Excerpt         string // of the description or body, about ExcerptLength characters
	ExcerptMarks    []Mark
	Translations    []Translation // the article's other editions that the viewer may see and the query's Languages admit, by language

	Explanation any // when the query asked; a JSON value, different in every engine
}

// ExcerptLength is the usual length of an excerpt in characters.
const ExcerptLength = 200

// Mark is a range of a text that matched: start and length in UTF-16 code units.
type Mark [2]int

// Translation names another edition of a hit.
type Translation struct {
	Language     string
	Headline     string
	CanonicalURL string
}
