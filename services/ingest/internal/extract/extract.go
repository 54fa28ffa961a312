// SPDX-License-Identifier: Apache-2.0

// Package extract makes the text of an edition out of what an editor hands in:
// it finds headline, body and language, leaves out what belongs to the page and
// not to the article, and sanitizes markup.
//
// Every way in ends in the same two forms of a body, made by the same writer:
// bodyHtml, which holds only the elements that [HTML] lists, and bodyText.
package extract

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/ingest/internal/extract/furniture"
	"github.com/relais-press/relais/services/ingest/internal/extract/markup"
	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// Result is what was found in an input. The Edition holds only what the input
// says: its identity, times and state are for the caller to set.
type Result struct {
	Edition  article.Edition `json:"edition"`
	Warnings []Warning       `json:"warnings"`

	minutes int // the reading time that a page gives
}

// Warning names a part of the edition that an editor should look at: it was not
// found, or it was guessed.
type Warning struct {
	Pointer string `json:"pointer"` // JSON Pointer (RFC 6901) into the edition
	Detail  string `json:"detail"`  // one sentence
}

func (r *Result) warn(pointer, format string, args ...any) {
	r.Warnings = append(r.Warnings, Warning{pointer, fmt.Sprintf(format, args...)})
}

// Text extracts an edition from the text of a page as it is copied in a browser
// (text/plain in UTF-8, see [Decode]; anything else is a fault of kind Malformed
// that names the offset of the first wrong byte).
//
// Lines that are wholly page furniture are left out: see package furniture. A
// line that says more than that stays. What such lines say of the article is
// kept as data: bylines, the date of publication (UTC; a time without a zone is
// taken for UTC, a date alone for midnight; dates of updates are passed over),
// tags, and the part of the site it stands in.
//
// The headline is chosen among the lines above the first paragraph of prose by
// its words and by what stands beside it; what is above it and no sentence is
// furniture. Where none can be chosen it is the first line that is left. It has
// at most 300 characters, no full stop at its end, and a longer text follows.
// The rest is the body.
//
// It sets Headline, BodyHTML, BodyText, WordCount and ReadingMinutes, and where
// the page says them Authors, DatePublished, Keywords and Section. A headline
// that was not found is empty and has a warning; so do the lines left out, and a
// reading time on the page that is far from the one counted here. The same text
// always gives the same result.
func Text(raw []byte) (Result, error) {
	if err := plain.CheckUTF8(raw); err != nil {
		return Result{}, err
	}
	r := Result{Warnings: []Warning{}}
	lines := markup.Scan(plain.Normalize(string(raw)))
	found := withoutFurniture(lines)
	headline, rest := splitHeadline(lines, found.Headline)
	e := &r.Edition
	e.Headline = headline
	if headline == "" {
		r.warn("/headline", "no headline was found: the text does not start with a line of at most 300 characters, without a full stop, that a longer text follows")
	}
	e.BodyHTML, e.BodyText = markup.Body(rest, false)
	r.say(found)
	r.measure(found.Minutes)
	if len(found.Lines) > 0 {
		r.warn("/bodyText", "lines left out as page furniture: %s", quote(found.Lines))
	}
	return r, nil
}

// say fills in what furniture says and nothing said before.
func (r *Result) say(found furniture.Found) {
	e := &r.Edition
	if len(e.Authors) == 0 {
		for _, name := range found.Authors {
			e.Authors = append(e.Authors, article.Author{Name: name})
		}
	}
	if e.DatePublished.IsZero() {
		e.DatePublished = found.Published
	}
	if len(e.Keywords) == 0 {
		e.Keywords = found.Keywords
	}
	if e.Section == "" {
		e.Section = found.Section
	}
}

// withoutFurniture blanks the lines that belong to the page.
func withoutFurniture(lines []markup.Line) furniture.Found {
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = l.Text
	}
	kept, found := furniture.Strip(texts, false)
	for i := range lines {
		if !kept[i] {
			lines[i].Text = ""
		}
	}
	return found
}

// Paragraphs makes the two forms of a body from a bodyText: blank lines part paragraphs, a
// line end within one is a <br>, lines that begin with a bullet, or several in
// a row with a dash or a number, are a list. Lines that were broken to a width
// are joined. Nothing is left out.
func Paragraphs(text string) (bodyHTML, bodyText string) {
	return markup.Body(markup.Scan(plain.Normalize(text)), true)
}

// measure counts words and minutes, and compares with what the page says.
func (r *Result) measure(page int) {
	e := &r.Edition
	e.WordCount, e.ReadingMinutes = plain.Measure(e.BodyText)
	if page > 0 && (page > 2*e.ReadingMinutes+1 || e.ReadingMinutes > 2*page+1) {
		r.warn("/readingMinutes", "the page gives %d min, the text counts %d words or %d min: a part of it may be missing or not belong to it",
			page, e.WordCount, e.ReadingMinutes)
	}
}

// splitHeadline takes the chosen line as the headline, or the first where none
// was chosen, if it can be one.
func splitHeadline(lines []markup.Line, chosen int) (headline string, rest []markup.Line) {
	i := chosen
	if i < 0 {
		i = slices.IndexFunc(lines, func(l markup.Line) bool { return l.Text != "" })
	}
	if i < 0 || !furniture.TitleLike(lines[i].Text) || markup.IsItem(lines[i].Text) {
		return "", lines
	}
	length, follows := utf8.RuneCountInString(lines[i].Text), 0
	for _, l := range lines[i+1:] {
		if follows += utf8.RuneCountInString(l.Text); follows > length {
			return lines[i].Text, slices.Concat(lines[:i], lines[i+1:])
		}
	}
	return "", lines
}

// quote shows up to five lines, each cut to 60 characters.
func quote(lines []string) string {
	var parts []string
	for i, s := range lines {
		if i == 5 {
			parts = append(parts, fmt.Sprintf("and %d more", len(lines)-i))
			break
		}
		if r := []rune(s); len(r) > 60 {
			s = string(r[:59]) + "…"
		}
		parts = append(parts, "“"+s+"”")
	}
	return strings.Join(parts, ", ")
}
