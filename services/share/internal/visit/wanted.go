// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"hash/maphash"
	"strconv"
	"strings"
	"sync"

	xlanguage "golang.org/x/text/language"

	"github.com/relais-press/relais/pkg/language"
)

// What is looked at of Accept-Language: a browser sends some ten ranges in 100
// bytes.
const (
	wantedRanges = 20
	wantedBytes  = 2_000
	wantedKept   = 256 // longest header whose language is remembered
	wantedLimit  = 1024
)

// languages says which language a header asks for first, and remembers, by
// seeded hashes, the headers it met last.
type languages struct {
	seed maphash.Seed

	mu    sync.Mutex
	known recent[string]
}

func newLanguages(seed maphash.Seed) *languages {
	return &languages{seed: seed, known: recent[string]{limit: wantedLimit}}
}

func (l *languages) wanted(header string) string {
	if header == "" || len(header) > wantedKept {
		return firstLanguage(header)
	}
	key := maphash.String(l.seed, header)
	l.mu.Lock()
	tag, ok := l.known.get(key)
	l.mu.Unlock()
	if ok {
		return tag
	}
	tag = firstLanguage(header)
	l.mu.Lock()
	l.known.put(0, key, tag)
	l.mu.Unlock()
	return tag
}

// firstLanguage is the written language of the valid range of the highest
// weight (RFC 9110 §12.5.4), the first of equals.
func firstLanguage(header string) string {
	header = header[:min(len(header), wantedBytes)]
	best, most := "", 0.0
	for range wantedRanges {
		if header == "" {
			break
		}
		var item string
		item, header, _ = strings.Cut(header, ",")
		tag, params, _ := strings.Cut(item, ";")
		if q := weight(params); q > most {
			if w := written(strings.Trim(tag, " \t")); w != "" {
				best, most = w, q
			}
		}
	}
	return best
}

// weight reads ";q=0.8"; what is no weight weighs nothing.
func weight(params string) float64 {
	params = strings.Trim(params, " \t")
	if params == "" {
		return 1
	}
	value, ok := strings.CutPrefix(strings.ToLower(params), "q=")
	q, err := strconv.ParseFloat(value, 64)
	if !ok || err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}

// written is the language of a tag, with its script where that is not the one
// the language is mostly written in: "fr" of fr-CA, "zh-Hant" of zh-HK, "zh" of
// zh-Hans-CN. It is "" when the tag names no language.
func written(tag string) string {
	canonical, err := language.Canonical(tag)
	if err != nil {
		return ""
	}
	t := xlanguage.Make(canonical)
	base, _ := t.Base()
	script, _ := t.Script()
	if usual, _ := xlanguage.Make(base.String()).Script(); script != usual {
		return base.String() + "-" + script.String()
	}
	return base.String()
}
