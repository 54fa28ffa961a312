// SPDX-License-Identifier: Apache-2.0

package content

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/services/search/internal/correction"
)

// words are the pages' own texts in one language. A text with %s takes a day,
// or the name of a site.
type words struct {
	Name        string          `json:"name"` // of the language
	Comma       string          `json:"comma"`
	By          string          `json:"by"`
	Updated     string          `json:"updated"`
	Minutes     string          `json:"minutes"`
	Speakers    string          `json:"speakers"`
	People      string          `json:"people"`
	Event       string          `json:"event"`
	Correction  string          `json:"-"` // correction.Label
	Stale       string          `json:"stale"`
	Languages   string          `json:"languages"`
	Terms       string          `json:"terms"`
	Read        string          `json:"read"`
	Reason      string          `json:"reason"`
	Withdrawn   string          `json:"withdrawn"`
	Replacement string          `json:"replacement"`
	Reference   string          `json:"reference"`
	Notices     map[string]said `json:"notices"` // by kind of fault
	Day         string          `json:"day"`     // {d} {m} {y}
	First       string          `json:"first"`   // {d} on the first of a month
	Months      []string        `json:"months"`
}

type said struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// languages are those of the pages' own texts, the default first.
func languages() []string { return []string{"fr", "en", "de", "es", "it", "nl", "pt", "ar"} }

func readWords() (map[string]words, error) {
	data, err := files.ReadFile("words.json")
	if err != nil {
		return nil, err
	}
	var out map[string]words
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&out); err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	for _, tag := range languages() {
		own := out[tag]
		if len(own.Months) != 12 {
			return nil, fmt.Errorf("words: %s has %d months", tag, len(own.Months))
		}
		own.Correction, _ = correction.Label(tag)
		out[tag] = own
	}
	return out, nil
}

// spoken is the language of the texts for the first of those wanted, tags or
// Accept-Language headers, that has one.
func spoken(otherwise string, wanted ...string) string {
	for _, want := range wanted {
		if tag, ok := language.Negotiate(want, languages()); ok {
			return tag
		}
	}
	return otherwise
}

// notice is what is said of a kind of fault.
func (t *words) notice(kind fault.Kind) said {
	if s, ok := t.Notices[kind.Slug()]; ok {
		return s
	}
	return t.Notices[fault.Internal.Slug()]
}

// dated is a text about a day, in the parts that markup stands between.
type dated struct{ Before, ISO, Day, After string }

// dated sets a day into a text that holds %s; nil for the zero time.
func (t *words) dated(text string, at time.Time) *dated {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	d := &dated{ISO: at.Format(time.RFC3339), Day: t.day(at)}
	d.Before, d.After, _ = strings.Cut(text, "%s")
	return d
}

// day writes a day as the language does: 1er mars 2026, 1 March 2026.
func (t *words) day(at time.Time) string {
	number := strconv.Itoa(at.Day())
	if at.Day() == 1 {
		number = t.First
	}
	return strings.NewReplacer("{d}", number, "{m}", t.Months[at.Month()-1], "{y}", strconv.Itoa(at.Year())).Replace(t.Day)
}

// days are the days of an event, once where it ends on the day it begins.
func (t *words) days(from, to *time.Time) []*dated {
	var out []*dated
	for _, at := range []*time.Time{from, to} {
		if at == nil {
			continue
		}
		d := t.dated("%s", *at)
		d.ISO = at.UTC().Format(time.DateOnly)
		if !slices.ContainsFunc(out, func(o *dated) bool { return o.ISO == d.ISO }) {
			out = append(out, d)
		}
	}
	return out
}
