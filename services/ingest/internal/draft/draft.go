// SPDX-License-Identifier: Apache-2.0

// Package draft makes an edition of whatever an editor hands in: it reads JSON,
// Markdown, HTML and plain text, normalizes and sanitizes what it finds, and
// says what it is unsure of. A draft knows nothing of what the log holds.
package draft

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// Draft is an edition made from an input, and what was unsure about it.
type Draft struct {
	Edition     article.Edition
	Warnings    []extract.Warning
	Suggestions []Suggestion

	// Whole is for the caller to set: what the edition lacks was taken away.
	Whole bool

	// Guessed are the members that the text was asked for, and not the editor.
	Guessed map[string]bool

	// Given are the members that the input has, null included; nil where the
	// kind of input has none. What is given is not guessed. complete inputs were
	// read from ingest: nothing is.
	Given    map[string]bool
	complete bool
}

// Warn names a part that an editor should look at.
func (d *Draft) Warn(pointer, detail string) {
	d.Warnings = append(d.Warnings, extract.Warning{Pointer: pointer, Detail: detail})
}

// Reader makes drafts. It is safe for concurrent use.
type Reader struct {
	languages []string
	now       func() time.Time
}

// NewReader returns a reader that detects the given languages (BCP 47); with
// none, [language.Common].
func NewReader(languages []string) *Reader {
	if len(languages) == 0 {
		languages = language.Common()
	}
	return &Reader{languages, time.Now}
}

// input is an Edition as an editor sends it: with one of three bodies.
type input struct {
	article.Edition
	BodyMarkdown string `json:"bodyMarkdown"`
}

// JSON reads an Edition (api: Edition). Unknown members and wrong types are
// Malformed, a body that is missing or doubled is Invalid; both name the member.
func (rd *Reader) JSON(body []byte) (Draft, error) {
	in, given, err := decode(body)
	if err != nil {
		return Draft{}, err
	}
	return in.draft(given)
}

// Markdown reads Markdown whose front matter, if any, holds the members of an
// edition in YAML. Without a headline the first heading is taken for it.
func (rd *Reader) Markdown(body []byte) (Draft, error) {
	matter, text, err := extract.FrontMatter(body)
	if err != nil {
		return Draft{}, err
	}
	in, given := input{}, map[string]bool{}
	if len(matter) > 0 {
		if in, given, err = decode(matter); err != nil {
			return Draft{}, err
		}
	}
	if in.Headline == "" {
		in.Headline, text = extract.MarkdownHeadline(text)
	}
	in.BodyMarkdown = text
	return in.draft(given)
}

// Text reads the text of a page as it was copied.
func (rd *Reader) Text(body []byte) (Draft, error) { return extracted(extract.Text(body)) }

// Page reads HTML, a whole page or a fragment.
func (rd *Reader) Page(body []byte) (Draft, error) { return extracted(extract.Page(body)) }

// Edition reads an edition that was mapped from another format: its BodyHTML is
// as it was found.
func (rd *Reader) Edition(e article.Edition) (Draft, error) {
	in := input{Edition: e}
	in.BodyText = ""
	return in.draft(nil)
}

// extracted makes a draft of what was found in a text or a page.
func extracted(res extract.Result, err error) (Draft, error) {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return Draft{}, fault.WithFields(e.Kind, e.Detail, fault.Field{Pointer: "/bodyText", Detail: e.Detail})
	}
	if err != nil {
		return Draft{}, err
	}
	return Draft{Edition: res.Edition, Warnings: res.Warnings}, nil
}

// CheckJSON names what an Edition, or a part of one, may not look like.
func CheckJSON(body []byte) error {
	var in input
	return web.DecodeJSON(body, &in)
}

func decode(body []byte) (in input, given map[string]bool, err error) {
	given, err = web.DecodeMembers(body, &in)
	return in, given, err
}

// draft normalizes the texts and turns the one body that was given into both
// forms.
func (in *input) draft(given map[string]bool) (Draft, error) {
	var bodies []string
	for _, b := range []struct{ name, text string }{
		{"bodyHtml", in.BodyHTML}, {"bodyMarkdown", in.BodyMarkdown}, {"bodyText", in.BodyText},
	} {
		if b.text != "" {
			bodies = append(bodies, b.name)
		}
	}
	if len(bodies) != 1 {
		return Draft{}, oneBody(bodies, in)
	}
	e := in.Edition
	switch bodies[0] {
	case "bodyHtml":
		e.BodyHTML, e.BodyText = extract.HTML(in.BodyHTML)
	case "bodyMarkdown":
		if err := extract.CheckMarkdown(in.BodyMarkdown); err != nil {
			return Draft{}, err
		}
		e.BodyHTML, e.BodyText = extract.Markdown(in.BodyMarkdown)
	case "bodyText":
		e.BodyHTML, e.BodyText = extract.Paragraphs(in.BodyText)
	}
	normalize(&e)
	return Draft{
		Edition: e, Given: given, complete: given["version"],
	}, nil
}

// normalize brings every text of an edition but its body into stored form.
func normalize(e *article.Edition) {
	line := func(fields ...*string) {
		for _, s := range fields {
			*s = extract.NormalizeLine(*s)
		}
	}
	line(&e.Headline, &e.Description, &e.Section, &e.Correction, &e.Copyright, &e.UsageTerms, &e.EdNote)
	for i := range e.Authors {
		line(&e.Authors[i].Name)
	}
	for i := range e.People {
		line(&e.People[i].Name, &e.People[i].Role, &e.People[i].Affiliation)
	}
	for _, list := range [][]string{e.Organisations, e.Places, e.Keywords} {
		for i := range list {
			line(&list[i])
		}
	}
	if e.Event != nil {
		line(&e.Event.Name, &e.Event.Location)
	}
	if e.Image != nil {
		line(&e.Image.Alt)
	}
	if e.Cancellation != nil {
		line(&e.Cancellation.Reason)
	}
}

// oneBody names the bodies that are too many or missing, and a headline that is
// missing too, so that one answer tells all.
func oneBody(given []string, in *input) error {
	var fields []fault.Field
	if in.Headline == "" {
		fields = append(fields, fault.Field{Pointer: "/headline", Detail: "is required"})
	}
	if len(given) == 0 {
		given = []string{"bodyHtml"}
	}
	for _, name := range given {
		fields = append(fields, fault.Field{Pointer: "/" + name, Detail: "give exactly one of bodyHtml, bodyMarkdown and bodyText"})
	}
	return fault.WithFields(fault.Invalid, "an edition has exactly one body", fields...)
}

// Settle finishes a draft for publication: a language where none was declared,
// canonical tags, measures, and the checks that do not depend on what the log
// holds. Invalid names each field that breaks a rule.
func (rd *Reader) Settle(d *Draft) error {
	e := &d.Edition
	if e.Language == "" {
		e.Language, _ = language.Detect(sample(e.BodyText), rd.languages)
	}
	violations := canonical(e)
	rd.infer(d)
	e.WordCount, e.ReadingMinutes = extract.Measure(e.BodyText)
	check := *e
	if check.ID == "" {
		check.ID = "none"
	}
	if check.SourceLanguage == "" {
		check.SourceLanguage = "fr"
	}
	if check.PubStatus == "" {
		check.PubStatus = article.Usable
	}
	for _, v := range check.Validate() {
		if !slices.ContainsFunc(violations, func(have article.Violation) bool { return have.Pointer == v.Pointer }) {
			violations = append(violations, v)
		}
	}
	if len(violations) == 0 {
		return nil
	}
	fields := make([]fault.Field, 0, len(violations))
	for _, v := range violations {
		fields = append(fields, fault.Field(v))
	}
	return fault.WithFields(fault.Invalid, "the edition breaks a rule", fields...)
}

// StableID is an id for an edition that has none and may come again: made from
// its headline and from its address, else its date, else its text, so that two
// articles of one headline stay apart.
func (d *Draft) StableID() string {
	e := &d.Edition
	slug := extract.Slug(e.Headline)
	identity := e.CanonicalURL
	if identity == "" && !e.DatePublished.IsZero() {
		identity = e.DatePublished.UTC().Format(time.RFC3339)
	}
	if identity == "" {
		identity = e.BodyText
	}
	sum := sha256.Sum256([]byte(identity))
	return slug + "-" + hex.EncodeToString(sum[:4])
}

// canonical brings the language tags into canonical form.
func canonical(e *article.Edition) []article.Violation {
	var violations []article.Violation
	for _, tag := range []struct {
		pointer string
		value   *string
	}{{"/language", &e.Language}, {"/sourceLanguage", &e.SourceLanguage}} {
		if *tag.value == "" && tag.pointer == "/sourceLanguage" {
			continue
		}
		c, err := language.Canonical(*tag.value)
		if *tag.value == "" {
			violations = append(violations, article.Violation{Pointer: tag.pointer, Detail: "was not recognized: declare it"})
			continue
		}
		if err != nil {
			violations = append(violations, article.Violation{Pointer: tag.pointer, Detail: "must be a BCP 47 language tag such as fr or zh-Hant"})
			continue
		}
		*tag.value = c
	}
	return violations
}
