// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"fmt"
	"slices"
	"strings"

	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// Suggestion is something that was found in the text and not said by its
// editor.
type Suggestion struct {
	Pointer    string  `json:"pointer"`    // JSON Pointer of the member that it fills; a list's "-" is its end (RFC 6901)
	Value      any     `json:"value"`      // of that member's type
	Confidence float64 `json:"confidence"` // from 0 to 1
	Applied    bool    `json:"applied"`    // it is in the edition
}

// Explain finishes a draft for its editor's eyes: it measures it, guesses what
// is missing and says what it is unsure of. Nothing is refused.
func (rd *Reader) Explain(d *Draft) {
	e := &d.Edition
	e.WordCount, e.ReadingMinutes = extract.Measure(e.BodyText)
	declared := e.Language != ""
	if declared {
		rd.contradict(d)
	} else {
		rd.detect(d)
	}
	rd.infer(d)
	if d.Warnings == nil {
		d.Warnings = []extract.Warning{}
	}
	if d.Suggestions == nil {
		d.Suggestions = []Suggestion{}
	}
}

// detect guesses the language of a draft that declares none.
func (rd *Reader) detect(d *Draft) {
	tag, sure := language.Detect(sample(d.Edition.BodyText), rd.languages)
	d.Edition.Language = tag
	switch {
	case tag == "":
		d.Warn("/language", "the language was not recognized")
	case !sure:
		d.Warn("/language", fmt.Sprintf("the language is likely %s, but the text does not make it certain", tag))
	}
}

// contradict warns when the text reads like another language than it is said
// to be in.
func (rd *Reader) contradict(d *Draft) {
	declared, err := language.Canonical(d.Edition.Language)
	if err != nil {
		d.Warn("/language", "must be a BCP 47 language tag such as fr or zh-Hant")
		return
	}
	found, sure := language.Detect(sample(d.Edition.BodyText), append(slices.Clone(rd.languages), declared))
	if sure && primary(found) != primary(declared) {
		d.Warn("/language", fmt.Sprintf("%s is declared, the text reads like %s", declared, found))
	}
}

func primary(tag string) string {
	p, _, _ := strings.Cut(tag, "-")
	return p
}

// sampled is how much of a text its language is told from, in bytes: two
// passages of a hundred words each.
const sampled = 1280

// sample takes a passage from the start of a text and one from its middle.
func sample(text string) string {
	if len(text) <= sampled {
		return text
	}
	middle := len(text) / 2
	return strings.ToValidUTF8(text[:sampled/2]+" "+text[middle:middle+sampled/2], "")
}
