// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2/document"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/relais-press/relais/services/search/internal/analysis"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/match"
	"github.com/relais-press/relais/services/search/internal/french"
)

// mapping is the version of what is written below. An index of another version
// is given up when it is opened.
const mapping = 1

// Fields that filter, each a list of whole values.
const (
	fieldArticle      = "article"
	fieldLanguage     = "language"
	fieldAudience     = "audience" // everyone, or partners
	fieldSection      = "section"
	fieldPerson       = "person"
	fieldOrganisation = "organisation"
	fieldPublished    = "published" // dateLayout
	fieldUsable       = "usable"    // "1"; missing in editions that are gone
)

// Fields of milliseconds since 1970, for ranges.
const (
	fieldDate    = "date"
	fieldEmbargo = "embargo"
	fieldExpiry  = "expiry"
)

// Stored fields.
const (
	storedMeta = "meta" // the engine.Document without its body, as JSON
	storedBody = "body"
)

// everyone is the audience of an edition for every partner; audience makes the
// value of one partner, whatever its id.
const everyone = "*"

func audience(partner string) string { return "=" + partner }

// dateLayout sorts as text does, between the years 1000 and 9999.
const dateLayout = "2006-01-02T15:04:05.000Z"

// A word is indexed in up to four forms, the nearest to what was written first.
// Edge n-grams stand for unfinished words.
const (
	formExact  = "exact"
	formFolded = "folded"
	formStem   = "stem"
	formEdge   = "edge"
)

// textFields are the searched parts of an edition, with what a match there is
// worth and the forms of finished words. Exact forms of a body would cost an
// eighth of the index and say little.
var textFields = []struct {
	name  string
	boost float64
	forms []string
	texts func(d *engine.Document) []string
}{
	{"headline", 8, []string{formExact, formFolded, formStem}, func(d *engine.Document) []string { return []string{d.Headline} }},
	{"names", 5, []string{formExact, formFolded, formStem}, names},
	{"description", 3, []string{formExact, formFolded, formStem}, func(d *engine.Document) []string { return []string{d.Description} }},
	{"body", 1, []string{formFolded, formStem}, func(d *engine.Document) []string { return []string{d.BodyText} }},
}

func names(d *engine.Document) []string {
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

func key(d *engine.Document) string { return d.ID + "." + d.Language }

// newDocument turns an edition into what is written to the index. One that is
// gone keeps its key and its stored version only, so that no search matches it.
func newDocument(d *engine.Document) (*document.Document, error) {
	meta := *d
	meta.BodyText = ""
	stored, err := json.Marshal(&meta)
	if err != nil {
		return nil, fmt.Errorf("encode edition %s: %w", key(d), err)
	}
	out := document.NewDocument(key(d))
	out.AddField(document.NewTextFieldWithIndexingOptions(storedMeta, nil, stored, index.StoreField))
	if d.Gone() {
		return out, nil
	}
	out.AddField(document.NewTextFieldWithIndexingOptions(storedBody, nil, []byte(d.BodyText), index.StoreField))
	addFilters(out, d)
	analyze := analysis.For(d.Language)
	for _, f := range textFields {
		var tokens []french.Token
		for _, text := range f.texts(d) {
			if text != "" {
				tokens = append(tokens, analyze(text)...)
			}
		}
		addText(out, f.name, f.forms, tokens)
	}
	return out, nil
}

func addFilters(out *document.Document, d *engine.Document) {
	const filter, facet = index.IndexField | index.SkipFreqNorm, index.IndexField | index.SkipFreqNorm | index.DocValues
	add := func(name string, options index.FieldIndexingOptions, values ...string) {
		f := newField(name, options)
		for _, v := range values {
			if v != "" {
				f.add(v)
			}
		}
		if f.length > 0 {
			out.AddField(f)
		}
	}
	add(fieldUsable, filter, "1")
	add(fieldArticle, filter, d.ID)
	add(fieldLanguage, filter, d.Language)
	if len(d.Partners) == 0 {
		add(fieldAudience, filter, everyone)
	} else {
		var partners []string
		for _, p := range d.Partners {
			partners = append(partners, audience(p))
		}
		add(fieldAudience, filter, partners...)
	}
	add(fieldSection, facet, d.Section)
	add(fieldOrganisation, facet, d.Organisations...)
	var people []string
	for _, p := range d.People {
		people = append(people, p.Name)
	}
	add(fieldPerson, facet, people...)
	add(fieldPublished, facet, d.Published.UTC().Format(dateLayout))

	moment := func(name string, t *time.Time) {
		if t != nil {
			out.AddField(document.NewNumericFieldWithIndexingOptions(name, nil, milliseconds(*t), index.IndexField|index.SkipFreqNorm))
		}
	}
	moment(fieldDate, &d.Published)
	moment(fieldExpiry, d.Expires)
	if d.EmbargoedUntil != nil {
		// Rounded up, so that nothing shows a fraction of a millisecond too soon.
		lift := d.EmbargoedUntil.Add(time.Millisecond - time.Nanosecond)
		moment(fieldEmbargo, &lift)
	}
}

func milliseconds(t time.Time) float64 { return float64(t.UnixMilli()) }

func addText(out *document.Document, name string, forms []string, tokens []french.Token) {
	fields := map[string]*field{}
	for _, form := range append([]string{formEdge}, forms...) {
		fields[form] = newField(name+"."+form, index.IndexField)
	}
	exact, folded, stem, edge := fields[formExact], fields[formFolded], fields[formStem], fields[formEdge]
	for i := range tokens {
		t := &tokens[i]
		if exact != nil {
			exact.add(t.Exact)
		}
		stem.add(t.Stem)
		if seen := folded.add(t.Folded); !seen && !t.Stop {
			for _, p := range prefixes(t.Folded) {
				edge.add(p)
			}
		}
	}
	for _, f := range fields {
		if f.length > 0 {
			out.AddField(f)
		}
	}
}

// prefixes are the beginnings of a word that it is found by while it is typed.
func prefixes(word string) []string {
	var out []string
	letters := 0
	for i := range word {
		if letters > match.MaxPrefix {
			return out
		}
		if letters >= match.MinPrefix {
			out = append(out, word[:i])
		}
		letters++
	}
	if letters >= match.MinPrefix && letters <= match.MaxPrefix {
		out = append(out, word)
	}
	return out
}

// edge is the prefix that an unfinished word is looked up by; empty when it is
// too short.
func edge(word string) string {
	if utf8.RuneCountInString(word) < match.MinPrefix {
		return ""
	}
	letters := 0
	for i := range word {
		if letters == match.MaxPrefix {
			return strings.Clone(word[:i])
		}
		letters++
	}
	return word
}

// field is a field whose terms are known before the index asks for them.
type field struct {
	name    string
	options index.FieldIndexingOptions
	length  int
	bytes   int
	terms   index.TokenFrequencies
}

func newField(name string, options index.FieldIndexingOptions) *field {
	return &field{name: name, options: options, terms: index.TokenFrequencies{}}
}

// add counts a term and reports whether the field had it already.
func (f *field) add(term string) bool {
	f.length++
	f.bytes += len(term)
	t, seen := f.terms[term]
	if !seen {
		t = &index.TokenFreq{Term: []byte(term)}
		f.terms[term] = t
	}
	if !f.options.SkipFreqNorm() {
		t.SetFrequency(t.Frequency() + 1)
	}
	return seen
}

func (f *field) Name() string                                     { return f.name }
func (f *field) Value() []byte                                    { return nil }
func (f *field) ArrayPositions() []uint64                         { return nil }
func (f *field) EncodedFieldType() byte                           { return 't' }
func (f *field) Analyze()                                         {}
func (f *field) Options() index.FieldIndexingOptions              { return f.options }
func (f *field) AnalyzedLength() int                              { return f.length }
func (f *field) AnalyzedTokenFrequencies() index.TokenFrequencies { return f.terms }
func (f *field) NumPlainTextBytes() uint64                        { return uint64(f.bytes) } //nolint:gosec // a length
func (f *field) Size() int                                        { return f.bytes }
