// SPDX-License-Identifier: Apache-2.0

// Package language does what the services need with BCP 47 tags: it brings
// them to canonical form, negotiates one with a reader, detects the one a text
// is written in, and says which way it runs.
package language

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/relais-press/relais/pkg/article"
)

// ErrInvalid says that a tag does not name one written language.
var ErrInvalid = errors.New("language: not a BCP 47 tag of one language")

// maxTag is the length that RFC 5646 §4.4.1 asks to support, in bytes.
const maxTag = 35

// Canonical returns the canonical form (RFC 5646 §4.5) of a tag made of a
// language and optional script, region and variants: "FR" gives "fr", "iw"
// gives "he", "fr-Latn" gives "fr". The result satisfies
// [article.ValidLanguage] and is its own canonical form.
//
// Everything else is an error that wraps [ErrInvalid]: unregistered subtags,
// "und" and the other tags of no single language, private use, extensions,
// underscores.
func Canonical(tag string) (string, error) {
	if len(tag) > maxTag {
		return "", fmt.Errorf("%w: longer than %d characters", ErrInvalid, maxTag)
	}
	t, err := parse(tag)
	if err != nil {
		return "", err
	}
	return t.String(), nil
}

func parse(tag string) (language.Tag, error) {
	invalid := func(why string) (language.Tag, error) {
		return language.Und, fmt.Errorf("%w: %q %s", ErrInvalid, tag, why)
	}
	if strings.Contains(tag, "_") {
		return invalid("separates its subtags with an underscore")
	}
	t, err := (language.BCP47 | language.Legacy).Parse(tag)
	if err != nil {
		return invalid("is not well-formed or not registered")
	}
	base, script, region := t.Raw()
	switch {
	case slices.Contains([]string{"und", "mul", "mis", "zxx"}, base.String()):
		return invalid("does not name one language")
	case len(t.Extensions()) > 0:
		return invalid("carries an extension")
	case base.IsPrivateUse() || script.IsPrivateUse() || region.IsPrivateUse():
		return invalid("is for private use")
	}
	s := t.String()
	if strings.Contains(s, "-Zzzz") || strings.HasSuffix(s, "-ZZ") || strings.Contains(s, "-ZZ-") || !article.ValidLanguage(s) {
		return invalid("is not a language with script, region and variants")
	}
	return t, nil
}

// Direction returns "rtl" for a tag whose script, named or likely, is written
// from right to left, and "ltr" for every other string.
func Direction(tag string) string {
	t, err := parse(tag)
	if err != nil {
		return "ltr"
	}
	switch scriptOf(t) {
	case "Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Syre", "Syrj", "Syrn", "Thaa", "Yezi":
		return "rtl"
	}
	return "ltr"
}

// scriptOf returns the script of a tag, the likely one where it names none.
func scriptOf(t language.Tag) string {
	s, _ := t.Script()
	return s.String()
}
