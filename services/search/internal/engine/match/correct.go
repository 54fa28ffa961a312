// SPDX-License-Identifier: Apache-2.0

package match

import (
	"strings"

	"github.com/relais-press/relais/services/search/internal/french"
)

// Correct returns a query with each word that is not in the texts as typed
// replaced by the nearest word that is; empty when that changes nothing.
func (h *Highlighter) Correct(query string, texts ...string) string {
	var words []french.Token
	for _, text := range texts {
		words = append(words, h.Analyze(text)...)
	}
	var b strings.Builder
	at := 0
	for _, typed := range h.Analyze(query) {
		for i := range h.Terms {
			t := &h.Terms[i]
			if t.Exact != typed.Exact {
				continue
			}
			if w := t.nearest(words); w != "" {
				b.WriteString(query[at:typed.Start] + w)
				at = typed.End
			}
			break
		}
	}
	if at == 0 {
		return ""
	}
	return b.String() + query[at:]
}

// nearest is the word that the term most likely stands for, in lower case; empty
// when a word matches as typed or none comes near.
func (t *Term) nearest(words []french.Token) string {
	for i := range words {
		if t.matches(&words[i], false) {
			return ""
		}
	}
	for edits := 1; edits <= t.Edits(); edits++ {
		for _, unfinished := range []bool{false, t.Prefix} {
			for i := range words {
				if near([]rune(t.Folded), []rune(words[i].Folded), edits, unfinished) {
					return words[i].Exact
				}
			}
		}
	}
	return ""
}
