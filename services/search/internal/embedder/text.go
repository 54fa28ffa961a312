// SPDX-License-Identifier: Apache-2.0

package embedder

import (
	"strings"

	"github.com/relais-press/relais/services/search/internal/engine"
)

// maxDocument is how many characters of an edition are embedded: about what fits
// into the 512 tokens that many models read.
const maxDocument = 2000

// Text is what of an edition is embedded, a part a line: its headline, its
// description, the names in it, and as much of its body as fits into 2,000
// characters; empty when it is Gone or says nothing.
func Text(d *engine.Document) string {
	if d.Gone() {
		return ""
	}
	var names []string
	for _, p := range d.People {
		names = append(names, p.Name)
	}
	names = append(names, d.Organisations...)
	names = append(names, d.Places...)
	if d.Event != nil {
		names = append(names, d.Event.Name)
	}
	var parts []string
	for _, part := range []string{d.Headline, d.Description, once(names), d.BodyText} {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return cut(strings.Join(parts, "\n"), maxDocument)
}

// once joins what is not blank, each once.
func once(names []string) string {
	var out []string
	seen := map[string]bool{}
	for _, name := range names {
		if name = strings.TrimSpace(name); name != "" && !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	return strings.Join(out, ", ")
}

// cut trims a text to at most so many characters, and repairs what is not UTF-8.
// It does not split a word unless that is longer than half of what is left.
func cut(text string, characters int) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\ufffd"))
	n := 0
	for i := range text {
		if n == characters {
			text = text[:i]
			if space := strings.LastIndexAny(text, " \n"); space > len(text)/2 {
				text = text[:space]
			}
			return strings.TrimSpace(text)
		}
		n++
	}
	return text
}
