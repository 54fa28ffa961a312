// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"github.com/relais-press/relais/services/ingest/internal/extract/markup"
	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// HTML sanitizes a fragment of HTML and makes plain text of it; see
// [markup.HTML] for what is kept.
func HTML(fragment string) (bodyHTML, bodyText string) { return markup.HTML(fragment) }

// Markdown turns CommonMark with tables and strikethrough into the two forms of
// a body; see [markup.Markdown].
func Markdown(source string) (bodyHTML, bodyText string) { return markup.Markdown(source) }

// CheckMarkdown returns a fault of kind Malformed for Markdown that [Markdown]
// would take as plain text because it is too deep or knotted; see
// [markup.CheckMarkdown].
func CheckMarkdown(source string) error { return markup.CheckMarkdown(source) }

// Normalize brings text to the form in which it is stored; see [plain.Normalize].
func Normalize(s string) string { return plain.Normalize(s) }

// NormalizeLine is [Normalize] for text of one line, such as a headline: it also
// trims white space and makes every run of it one space.
func NormalizeLine(s string) string { return plain.NormalizeLine(s) }

// Measure counts the words of a text and the minutes to read it; see
// [plain.Measure].
func Measure(text string) (words, minutes int) { return plain.Measure(text) }

// Slug makes an article id from a headline; see [plain.Slug].
func Slug(headline string) string { return plain.Slug(headline) }
