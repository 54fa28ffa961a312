// SPDX-License-Identifier: Apache-2.0

package language

import (
	"strings"
	"sync"

	"github.com/abadojack/whatlanggo"
)

// maxDetect is how much of a text Detect reads, in bytes. Some 600 words are
// enough to be sure, and the cost grows with the text.
const maxDetect = 4096

// Detect guesses which of the allowed languages a text is written in, by the
// letter triples of its first 4 kB, and reports whether the guess is reliable.
// The tag is returned as it stands in allowed; of several tags with one base
// language the first. Without allowed languages it chooses among fr, en, de,
// es, it, nl, pt and ar. A text in none of their scripts, or too short to tell
// two of them apart, gives "" and false.
//
// Give it the body of an article: on a paragraph about 99 guesses in 100 are
// right, on a headline alone about 6 in 10.
func Detect(text string, allowed []string) (tag string, reliable bool) {
	if len(allowed) == 0 {
		allowed = Common()
	}
	tags := make(map[whatlanggo.Lang]string, len(allowed))
	list := make(map[whatlanggo.Lang]bool, len(allowed))
	for _, a := range allowed {
		if l, ok := profiles()[baseOf(a)]; ok && !list[l] {
			tags[l], list[l] = a, true
		}
	}
	if len(list) == 0 {
		return "", false
	}
	if len(text) > maxDetect {
		text = strings.ToValidUTF8(text[:maxDetect], "")
	}
	info := whatlanggo.DetectWithOptions(text, whatlanggo.Options{Whitelist: list})
	if info.Script == nil || info.Confidence <= 0 || !list[info.Lang] {
		return "", false
	}
	return tags[info.Lang], info.IsReliable()
}

// Common are the languages that are told apart where nobody says which.
func Common() []string { return []string{"fr", "en", "de", "es", "it", "nl", "pt", "ar"} }

// profiles maps base languages to the detector's; the detector's own look-up
// builds its table anew on every call.
var profiles = sync.OnceValue(func() map[string]whatlanggo.Lang {
	m := make(map[string]whatlanggo.Lang, len(whatlanggo.Langs)+1)
	for l := range whatlanggo.Langs {
		m[l.Iso6391()] = l
	}
	m["no"] = whatlanggo.Nob
	return m
})
