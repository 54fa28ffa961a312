// SPDX-License-Identifier: Apache-2.0

package article

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of an edition's parts, in characters or entries.
const (
	MaxHeadline = 300
	MaxText     = 2000 // description, notes, terms, reasons
	MaxName     = 300  // names of people, organisations, places, sections, keywords
	MaxURL      = 2048
	MaxList     = 200
)

// Violation names one part of an edition that breaks a rule.
type Violation struct {
	Pointer string // JSON Pointer (RFC 6901)
	Detail  string // one sentence
}

var (
	idPattern  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,127}$`)
	tagPattern = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(-[a-z0-9]{5,8}|-[0-9][a-z0-9]{3})*$`)
)

// ValidID reports whether s may name an article: [a-z0-9][a-z0-9-]{0,127}.
func ValidID(s string) bool { return idPattern.MatchString(s) }

// ValidLanguage reports whether s is a BCP 47 tag in canonical letter case:
// language, script, region, variants.
func ValidLanguage(s string) bool { return len(s) <= 35 && tagPattern.MatchString(s) }

type violations []Violation

func (v *violations) add(pointer, format string, args ...any) {
	*v = append(*v, Violation{pointer, fmt.Sprintf(format, args...)})
}

func (v *violations) text(pointer, s string, limit int) {
	if n := utf8.RuneCountInString(s); n > limit {
		v.add(pointer, "must have at most %d characters, has %d", limit, n)
	}
}

func (v *violations) name(pointer, s string) {
	if strings.TrimSpace(s) == "" {
		v.add(pointer, "must not be empty")
	}
	v.text(pointer, s, MaxName)
}

func (v *violations) list(pointer string, n int) {
	if n > MaxList {
		v.add(pointer, "must have at most %d entries, has %d", MaxList, n)
	}
}

func (v *violations) url(pointer, s string) {
	if s == "" {
		return
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || len(s) > MaxURL {
		v.add(pointer, "must be an absolute http or https URL of at most %d characters without user info", MaxURL)
	}
}

// Validate returns every rule the edition breaks, in the order of its fields;
// none means that it may be appended to the log.
func (e *Edition) Validate() []Violation {
	var v violations
	e.validateIdentity(&v)
	e.validateText(&v)
	e.validateLists(&v)
	e.validateLife(&v)
	return v
}

func (e *Edition) validateIdentity(v *violations) {
	if !ValidID(e.ID) {
		v.add("/id", "must match [a-z0-9][a-z0-9-]{0,127}")
	}
	if !ValidLanguage(e.Language) {
		v.add("/language", "must be a BCP 47 language tag such as fr or zh-Hant")
	}
	if !ValidLanguage(e.SourceLanguage) {
		v.add("/sourceLanguage", "must be a BCP 47 language tag such as fr or zh-Hant")
	}
	if e.SourceVersion < 0 {
		v.add("/sourceVersion", "must not be negative")
	}
	switch e.PubStatus {
	case Usable, Withheld, Canceled:
	default:
		v.add("/pubStatus", "must be usable, withheld or canceled")
	}
}

func (e *Edition) validateText(v *violations) {
	if strings.TrimSpace(e.Headline) == "" {
		v.add("/headline", "is required")
	}
	v.text("/headline", e.Headline, MaxHeadline)
	v.text("/description", e.Description, MaxText)
	if strings.TrimSpace(e.BodyText) == "" {
		v.add("/bodyText", "the body holds no text: give one of bodyHtml, bodyMarkdown or bodyText")
	}
	v.text("/section", e.Section, MaxName)
	v.text("/correction", e.Correction, MaxText)
	v.text("/copyrightHolder", e.Copyright, MaxText)
	v.text("/usageTerms", e.UsageTerms, MaxText)
	v.text("/edNote", e.EdNote, MaxText)
	v.url("/canonicalUrl", e.CanonicalURL)
}

func (e *Edition) validateLists(v *violations) {
	v.list("/authors", len(e.Authors))
	for i, a := range e.Authors {
		v.name(fmt.Sprintf("/authors/%d/name", i), a.Name)
		v.url(fmt.Sprintf("/authors/%d/url", i), a.URL)
	}
	v.list("/people", len(e.People))
	for i, p := range e.People {
		at := fmt.Sprintf("/people/%d/", i)
		v.name(at+"name", p.Name)
		v.text(at+"role", p.Role, MaxName)
		v.text(at+"affiliation", p.Affiliation, MaxName)
		switch p.Rel {
		case "", "speaker", "about", "mentions":
		default:
			v.add(at+"rel", "must be speaker, about or mentions")
		}
	}
	for _, l := range []struct {
		pointer string
		names   []string
	}{{"/organisations", e.Organisations}, {"/places", e.Places}, {"/keywords", e.Keywords}} {
		v.list(l.pointer, len(l.names))
		for i, s := range l.names {
			v.name(fmt.Sprintf("%s/%d", l.pointer, i), s)
		}
	}
}

func (e *Edition) validateLife(v *violations) {
	if ev := e.Event; ev != nil {
		v.name("/event/name", ev.Name)
		v.text("/event/location", ev.Location, MaxName)
		v.url("/event/url", ev.URL)
		if ev.StartDate != nil && ev.EndDate != nil && ev.EndDate.Before(*ev.StartDate) {
			v.add("/event/endDate", "must not be before startDate")
		}
	}
	if im := e.Image; im != nil {
		if im.URL == "" {
			v.add("/image/url", "is required")
		}
		v.url("/image/url", im.URL)
		v.text("/image/alt", im.Alt, MaxText)
		if im.Width < 0 || im.Height < 0 {
			v.add("/image", "width and height must not be negative")
		}
	}
	if e.Audience != nil {
		v.list("/audience/partners", len(e.Audience.Partners))
		for i, p := range e.Audience.Partners {
			if !ValidID(p) {
				v.add(fmt.Sprintf("/audience/partners/%d", i), "must match [a-z0-9][a-z0-9-]{0,127}")
			}
		}
	}
	if c := e.Cancellation; c != nil {
		v.text("/cancellation/reason", c.Reason, MaxText)
		if c.ReplacedBy != "" && !ValidID(c.ReplacedBy) {
			v.add("/cancellation/replacedBy", "must match [a-z0-9][a-z0-9-]{0,127}")
		}
	}
	if !e.DatePublished.IsZero() {
		v.year("/datePublished", e.DatePublished)
	}
	if e.EmbargoedUntil != nil {
		v.year("/embargoedUntil", *e.EmbargoedUntil)
	}
	if e.Expires != nil {
		v.year("/expires", *e.Expires)
		if e.EmbargoedUntil != nil && !e.EmbargoedUntil.Before(*e.Expires) {
			v.add("/expires", "must be after embargoedUntil")
		}
	}
}

func (v *violations) year(pointer string, t time.Time) {
	if y := t.Year(); y < 1000 || y > 9999 {
		v.add(pointer, "must lie between the years 1000 and 9999")
	}
}
