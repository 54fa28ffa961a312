// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"net/http"
	"slices"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// input is an Edition as an editor sends it: with one of three bodies.
type input struct {
	article.Edition
	BodyMarkdown string `json:"bodyMarkdown"`
}

// draft is an edition made from a request, and what was unsure about it.
type draft struct {
	Edition  article.Edition   `json:"edition"`
	Warnings []extract.Warning `json:"warnings"`
	lift     bool              // embargoedUntil is null: the present embargo ends
}

// read makes a draft from a request's body by its Content-Type and from the
// query parameters id, language and canonicalUrl.
func read(w http.ResponseWriter, r *http.Request) (draft, error) {
	mt, err := web.MediaType(r, "application/json", "text/plain", "text/html", "text/markdown")
	if err != nil {
		return draft{}, err
	}
	body, err := web.ReadBody(w, r)
	if err != nil {
		return draft{}, err
	}
	if err := web.KnownParams(r, "id", "language", "canonicalUrl", "wait"); err != nil {
		return draft{}, err
	}
	var d draft
	switch mt {
	case "application/json":
		d, err = fromJSON(body)
	case "text/html":
		d, err = fromExtract(extract.Page(body))
	case "text/markdown":
		d, err = fromMarkdown(body)
	default:
		d, err = fromExtract(extract.Text(body))
	}
	if err != nil {
		return draft{}, err
	}
	q := r.URL.Query()
	for param, field := range map[string]*string{
		"id": &d.Edition.ID, "language": &d.Edition.Language, "canonicalUrl": &d.Edition.CanonicalURL,
	} {
		if v := q.Get(param); v != "" {
			*field = v
		}
	}
	if d.Warnings == nil {
		d.Warnings = []extract.Warning{}
	}
	return d, nil
}

// fromExtract makes a draft of what was extracted from a text or a page.
func fromExtract(res extract.Result, err error) (draft, error) {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return draft{}, fault.WithFields(e.Kind, e.Detail, fault.Field{Pointer: "/bodyText", Detail: e.Detail})
	}
	if err != nil {
		return draft{}, err
	}
	res.Edition.SourceLanguage = "" // for the article to say
	return draft{Edition: res.Edition, Warnings: res.Warnings}, nil
}

// fromMarkdown reads Markdown whose front matter, if any, holds the members of
// an edition in YAML. Without a headline the first heading is taken for it.
func fromMarkdown(body []byte) (draft, error) {
	matter, text, err := extract.FrontMatter(body)
	if err != nil {
		return draft{}, err
	}
	var in input
	if len(matter) > 0 {
		if err := web.DecodeJSON(matter, &in); err != nil {
			return draft{}, err
		}
	}
	if in.Headline == "" {
		in.Headline, text = extract.MarkdownHeadline(text)
	}
	in.BodyMarkdown = text
	return in.draft()
}

func fromJSON(body []byte) (draft, error) {
	var in input
	if err := web.DecodeJSON(body, &in); err != nil {
		return draft{}, err
	}
	return in.draft()
}

// draft normalises the texts and turns the one body that was given into both forms.
func (in *input) draft() (draft, error) {
	var given []string
	for _, b := range []struct{ name, text string }{
		{"bodyHtml", in.BodyHTML}, {"bodyMarkdown", in.BodyMarkdown}, {"bodyText", in.BodyText},
	} {
		if b.text != "" {
			given = append(given, b.name)
		}
	}
	if len(given) != 1 {
		return draft{}, oneBody(given, in)
	}
	e := in.Edition
	switch given[0] {
	case "bodyHtml":
		e.BodyHTML, e.BodyText = extract.HTML(in.BodyHTML)
	case "bodyMarkdown":
		e.BodyHTML, e.BodyText = extract.Markdown(in.BodyMarkdown)
	case "bodyText":
		e.BodyHTML, e.BodyText = extract.HTML(extract.Paragraphs(in.BodyText))
	}
	for _, s := range []*string{
		&e.Headline, &e.Description, &e.Section, &e.Correction, &e.Copyright, &e.UsageTerms, &e.EdNote,
	} {
		*s = extract.NormalizeLine(*s)
	}
	var warnings []extract.Warning
	if e.Language == "" {
		warnings = detect(&e, warnings)
	}
	return draft{Edition: e, Warnings: warnings}, nil
}

func detect(e *article.Edition, warnings []extract.Warning) []extract.Warning {
	tag, sure := language.Detect(e.BodyText, nil)
	e.Language = tag
	if !sure {
		warnings = append(warnings, extract.Warning{Pointer: "/language", Detail: "guessed from a short or mixed text"})
	}
	return warnings
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

// settle finishes a draft: canonical languages, measures, and the checks that
// do not depend on what the log holds.
func settle(e *article.Edition) error {
	var violations []article.Violation
	for pointer, tag := range map[string]*string{"/language": &e.Language, "/sourceLanguage": &e.SourceLanguage} {
		if *tag == "" && pointer == "/sourceLanguage" {
			continue
		}
		canonical, err := language.Canonical(*tag)
		if err != nil {
			violations = append(violations, article.Violation{Pointer: pointer, Detail: "must be a BCP 47 language tag such as fr or zh-Hant"})
			continue
		}
		*tag = canonical
	}
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
