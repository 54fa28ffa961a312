// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
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
const mapping = 2

// Fields that filter, each a list of whole values.
const (
	fieldArticle      = "article"
	fieldLanguage     = "language"
	fieldAudience     = "audience" // everyone, or partners
	fieldSection      = "section"
	fieldPerson       = "person"
	fieldOrganisation = "organisation"
	fieldUsable       = "usable" // "1"; missing in editions that are gone
)

// Fields of moments, in dateLayout.
const (
	fieldPublished = "published"
	fieldEmbargo   = "embargo"
	fieldExpiry    = "expiry"
)

// Stored fields.
const (
	storedMeta   = "meta" // the engine.Document without its body, as JSON
	storedBody   = "body"
	storedVector = "vector" // 32-bit floats, little-endian
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
	formFolded = "folded" // with positions, for phrases; stop words included
	formStem   = "stem"
	formEdge   = "edge"
)

// textFields are the searched parts of an edition, with what a match there is
// worth and how many words are usual.
var textFields = []textField{
	{"headline", 8, 10, func(d *engine.Document) []string { return []string{d.Headline} }},
	{"names", 5, 20, (*engine.Document).Names},
	{"description", 3, 30, func(d *engine.Document) []string { return []string{d.Description} }},
	{bodyField, 1, 500, func(d *engine.Document) []string { return []string{d.BodyText} }},
}

const bodyField = "body"

type textField struct {
	name  string
	boost float64
	usual float64
	texts func(d *engine.Document) []string
}

// titles are the fields that a question for titles alone is asked of.
func titles() []textField { return textFields[:2] }

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
	if d.Vector != nil {
		out.AddField(document.NewTextFieldWithIndexingOptions(storedVector, nil, encodeVector(d.Vector), index.StoreField))
	}
	addFilters(out, d)
	analyze := analysis.For(d.Language)
	for _, f := range textFields {
		addText(out, f.name, f.texts(d), analyze)
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
	if d.EmbargoedUntil != nil {
		// Rounded up, so that nothing shows a fraction of a millisecond too soon.
		add(fieldEmbargo, facet, d.EmbargoedUntil.Add(time.Millisecond-time.Nanosecond).UTC().Format(dateLayout))
	}
	if d.Expires != nil {
		add(fieldExpiry, facet, d.Expires.UTC().Format(dateLayout))
	}
}

// valueGap parts the values of a field, so that no phrase spans two.
const valueGap = 100

func addText(out *document.Document, name string, texts []string, analyze func(string) []french.Token) {
	exact, stem, edge := newField(name+"."+formExact, index.IndexField), newField(name+"."+formStem, index.IndexField), newField(name+"."+formEdge, index.IndexField)
	folded := newField(name+"."+formFolded, index.IndexField|index.IncludeTermVectors)
	start := 0
	for _, text := range texts {
		tokens := analyze(text)
		for i := range tokens {
			t := &tokens[i]
			// Words without accents are found as folded ones; only accents make a difference.
			if t.Exact != t.Folded {
				exact.add(t.Exact)
			}
			stem.add(t.Stem)
			if seen := folded.addAt(t.Folded, start+t.Position+1); !seen && !t.Stop {
				for _, p := range prefixes(t.Folded) {
					edge.add(p)
				}
			}
		}
		if len(tokens) > 0 {
			start += tokens[len(tokens)-1].Position + valueGap
		}
	}
	for _, f := range []*field{exact, folded, stem, edge} {
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

// addAt is add for a word whose place in the text counts.
func (f *field) addAt(term string, position int) bool {
	seen := f.add(term)
	t := f.terms[term]
	t.Locations = append(t.Locations, &index.TokenLocation{Position: position})
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

func encodeVector(v []float32) []byte {
	out := make([]byte, 0, 4*len(v))
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

func decodeVector(b []byte) []float32 {
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}
