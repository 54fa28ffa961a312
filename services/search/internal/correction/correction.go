// SPDX-License-Identifier: Apache-2.0

// Package correction names corrections to the readers of an article, in feeds and
// pages alike.
package correction

import "github.com/relais-press/relais/pkg/language"

// Label is what stands over the text of a correction, for readers of a language,
// and the language that it is in: English where there is no word.
func Label(tag string) (label, lang string) {
	tags := []string{"en", "fr", "de", "es", "it", "nl", "pt", "ar"}
	lang, ok := language.Negotiate(tag, tags)
	if !ok {
		lang = "en"
	}
	return map[string]string{
		"en": "Correction", "fr": "Rectificatif", "de": "Berichtigung", "es": "Corrección",
		"it": "Rettifica", "nl": "Correctie", "pt": "Correção", "ar": "تصويب",
	}[lang], lang
}
