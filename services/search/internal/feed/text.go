// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"html"
	"strings"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/services/search/internal/correction"
)

// description says what a feed of a partner is to readers of a language, and in
// which language it says so: English where there are no words.
func description(tag, partner string) (text, lang string) {
	lang, ok := language.Negotiate(tag, []string{"en", "fr", "de", "es", "it", "nl", "pt", "ar"})
	if !ok {
		lang = "en"
	}
	return map[string]string{
		"en": "The latest articles from ", "fr": "Les derniers articles de ", "de": "Die neuesten Artikel von ",
		"es": "Los últimos artículos de ", "it": "Gli ultimi articoli di ", "nl": "De nieuwste artikelen van ",
		"pt": "Os artigos mais recentes de ", "ar": "أحدث المقالات من ",
	}[lang] + partner, lang
}

// content is the whole text of an edition as HTML. A correction comes first, in a
// paragraph that says what it is: a partner that takes over the text as it is
// shows it, and so does one that shows only the beginning.
func content(e *article.Edition) string {
	if e.Correction == "" {
		return e.BodyHTML
	}
	label, lang := correction.Label(e.Language)
	if lang == "fr" {
		label += "\u00a0"
	}
	label += ":"
	if base, _, _ := strings.Cut(e.Language, "-"); base != lang {
		label = `<span lang="` + lang + `">` + label + "</span>"
	}
	return "<p><strong>" + label + "</strong> " + html.EscapeString(e.Correction) + "</p>\n" + e.BodyHTML
}

// mediaType is the type of an image by its name's ending; empty when that says
// nothing: the image is never fetched.
func mediaType(address string) string {
	address, _, _ = strings.Cut(address, "#")
	address, _, _ = strings.Cut(address, "?")
	switch strings.ToLower(address[strings.LastIndexByte(address, '.')+1:]) {
	case "jpg", "jpeg":
		return "image/jpeg"
	case "png":
		return "image/png"
	case "gif":
		return "image/gif"
	case "webp":
		return "image/webp"
	case "avif":
		return "image/avif"
	case "svg":
		return "image/svg+xml"
	}
	return ""
}
