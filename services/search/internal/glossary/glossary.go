// SPDX-License-Identifier: Apache-2.0

// Package glossary knows words that mean the same in several languages, so that
// a question in one language is also put in the others. A newsroom may replace
// the starter that comes with the service by a glossary of its own.
package glossary

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/services/search/internal/analysis"
)

// What a glossary may hold.
const (
	MaxConcepts = 20_000
	MaxTerms    = 8   // of a concept in one language
	MaxLength   = 100 // of a term or id, in characters
)

// maxFields is how many wrong parts of a glossary are named at once.
const maxFields = 100

// Document is a glossary as it is written and read.
type Document struct {
	Concepts []Concept `json:"concepts"`
}

// Concept is one meaning and its terms.
type Concept struct {
	ID    string              `json:"id"`
	Terms map[string][]string `json:"terms"` // by BCP 47 primary language; the first is the usual one
}

//go:embed glossary.json
var starter []byte

// Starter is the glossary that serves until somebody writes another.
func Starter() (Document, error) {
	var d Document
	if err := json.Unmarshal(starter, &d); err != nil {
		return d, fmt.Errorf("starter glossary: %w", err)
	}
	return d, nil
}

// quotes open and close the phrases of a question.
const quotes = "\"“”„«»"

// Validate names every part of the document that breaks a rule, up to a hundred
// of them.
func (d *Document) Validate() []fault.Field {
	v := validation{ids: map[string]int{}}
	switch n := len(d.Concepts); {
	case d.Concepts == nil:
		v.add("/concepts", "is required; an empty list is allowed")
	case n > MaxConcepts:
		v.add("/concepts", fmt.Sprintf("has %d concepts, of at most %d", n, MaxConcepts))
	default:
		for i := range d.Concepts {
			v.concept(fmt.Sprintf("/concepts/%d", i), i, &d.Concepts[i])
		}
	}
	return v.fields
}

type validation struct {
	fields []fault.Field
	ids    map[string]int // id → the first concept that has it
}

func (v *validation) add(pointer, detail string) {
	if len(v.fields) < maxFields {
		v.fields = append(v.fields, fault.Field{Pointer: pointer, Detail: detail})
	}
}

func (v *validation) concept(at string, i int, c *Concept) {
	first, known := v.ids[c.ID]
	switch {
	case strings.TrimSpace(c.ID) == "" || utf8.RuneCountInString(c.ID) > MaxLength:
		v.add(at+"/id", fmt.Sprintf("is required, of at most %d characters", MaxLength))
	case known:
		v.add(at+"/id", fmt.Sprintf("is the id of /concepts/%d too", first))
	default:
		v.ids[c.ID] = i
	}
	if len(c.Terms) == 0 {
		v.add(at+"/terms", "is required: terms by language")
	}
	for _, tag := range slices.Sorted(maps.Keys(c.Terms)) {
		v.terms(at+"/terms/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(tag), tag, c.Terms[tag])
	}
}

func (v *validation) terms(at, tag string, terms []string) {
	if canonical, err := language.Canonical(tag); err != nil || canonical != tag || strings.Contains(tag, "-") {
		v.add(at, "must be named by a primary language of BCP 47 in lower case, such as fr")
		return
	}
	if len(terms) == 0 || len(terms) > MaxTerms {
		v.add(at, fmt.Sprintf("must have from 1 to %d terms", MaxTerms))
	}
	for i, term := range terms {
		pointer := fmt.Sprintf("%s/%d", at, i)
		switch {
		case !utf8.ValidString(term):
			v.add(pointer, "must be valid UTF-8")
		case utf8.RuneCountInString(term) > MaxLength:
			v.add(pointer, fmt.Sprintf("must have at most %d characters", MaxLength))
		case len(analysis.For(tag)(term)) == 0:
			v.add(pointer, "must hold a word")
		case strings.ContainsAny(term, quotes) || strings.HasPrefix(strings.TrimSpace(term), "-") || strings.Contains(term, " -"):
			v.add(pointer, "must not have double quotes or a word that starts with a hyphen, which mean something in a question")
		}
	}
}
