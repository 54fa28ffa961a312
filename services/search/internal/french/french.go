// SPDX-License-Identifier: Apache-2.0

// Package french analyzes French text into the words that are indexed, asked
// for and highlighted: one analysis for all three, so that they agree.
//
// Elision is resolved with any of five apostrophes (' ’ ‘ ′ ʼ), accents and the
// ligatures œ and æ are folded, inclusive writing (avocat·e·s, avocat(e)s) is
// read as its base word, references to articles of law (art. L. 123-4) have one
// form, hyphens part words, and a light stem joins the forms of a word.
package french

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Token is one word of a text.
type Token struct {
	Exact    string // lower case, NFC, accents and ligatures kept
	Folded   string // Fold of Exact, without apostrophes
	Stem     string // Stem of Folded
	Start    int    // byte offsets of the word in the text, its elided article left out
	End      int
	Position int  // 0, 1, 2 … in the text; stop words count
	Stop     bool // says little by itself
}

// Analyze returns the words of a French text in order. Invalid UTF-8 parts words.
func Analyze(s string) []Token {
	tokens := Words(s, true)
	for i := range tokens {
		t := &tokens[i]
		t.Stem, t.Stop = Stem(t.Folded), isStop(t.Folded)
	}
	return tokens
}

// Skim is Analyze for somebody who looks for a few words: those whose folded form
// starts with none of the initials have their place only, and no forms. An initial
// beyond ASCII is taken for any other.
func Skim(s, initials string) []Token {
	tokens := words(s, true, initials)
	for i := range tokens {
		if t := &tokens[i]; t.Folded != "" {
			t.Stem, t.Stop = Stem(t.Folded), isStop(t.Folded)
		}
	}
	return tokens
}

// Words cuts a text into words without stems. With elision, French articles and
// pronouns before an apostrophe are left out, and inclusive writing is read as
// its base word; without, a word keeps what stands around its apostrophes.
func Words(s string, elision bool) []Token { return words(s, elision, "") }

func words(s string, elision bool, initials string) []Token {
	out := make([]Token, 0, len(s)/6)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !wordRune(r) || unicode.Is(unicode.Mn, r) {
			i += size
			continue
		}
		w := word{text: s, start: i, end: runEnd(s, i)}
		w.base = w.end
		if elision {
			if next, ok := w.elided(); ok {
				i = next
				continue
			}
		}
		w.joinApostrophes(elision)
		if elision {
			w.joinInclusive()
			w.readReference()
		}
		t, ok := Token{Start: w.start, End: w.end}, true
		if initials == "" || r >= utf8.RuneSelf || strings.ContainsRune(initials, unicode.ToLower(r)) {
			t, ok = w.token()
		}
		if ok {
			t.Position = len(out)
			out = append(out, t)
		}
		i = w.end
	}
	return out
}

// word is a word being read: text[start:end] is what was written, text[start:base]
// what it stands for unless form says it.
type word struct {
	text             string
	start, base, end int
	form             string
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) && r != '\u02bc' || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r))
}

// joiner reports whether r is invisible inside a word: soft hyphen, zero-width
// joiners, word joiner.
func joiner(r rune) bool { return r == '\u00ad' || r == '\u200c' || r == '\u200d' || r == '\u2060' }

func apostrophe(r rune) bool {
	return r == '\'' || r == '\u2019' || r == '\u2018' || r == '\u2032' || r == '\u02bc'
}

// runEnd is where the run of word characters that starts at i ends.
func runEnd(s string, i int) int {
	end := i
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !wordRune(r) && !joiner(r) {
			break
		}
		i += size
		if !joiner(r) {
			end = i
		}
	}
	return end
}

// afterApostrophe is where the letters after an apostrophe at i start.
func afterApostrophe(s string, i int) (int, bool) {
	r, size := utf8.DecodeRuneInString(s[i:])
	if !apostrophe(r) {
		return 0, false
	}
	next, _ := utf8.DecodeRuneInString(s[i+size:])
	return i + size, wordRune(next) && !unicode.Is(unicode.Mn, next)
}

// elided reports whether the word is an elided article, pronoun or conjunction,
// and where the next word starts. Presqu’île, quelqu’un and words that merely
// contain an apostrophe are not.
func (w *word) elided() (int, bool) {
	next, ok := afterApostrophe(w.text, w.end)
	if !ok {
		return 0, false
	}
	switch strings.ToLower(w.text[w.start:w.end]) {
	case "l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu":
		return next, true
	case "presqu":
		return next, !strings.HasPrefix(Fold(w.text[next:min(len(w.text), next+6)]), "ile")
	case "quelqu":
		return next, !strings.HasPrefix(Fold(w.text[next:min(len(w.text), next+6)]), "un")
	}
	return 0, false
}

// joinApostrophes takes in what follows an apostrophe inside the word:
// aujourd’hui, prud’homme, O’Brien.
func (w *word) joinApostrophes(french bool) {
	for {
		next, ok := afterApostrophe(w.text, w.end)
		if !ok {
			return
		}
		end := runEnd(w.text, next)
		if !french && strings.EqualFold(w.text[next:end], "s") {
			w.end = end // the English possessive says nothing
			return
		}
		w.base, w.end = end, end
	}
}

// token makes the token of the word that was read.
func (w *word) token() (Token, bool) {
	exact := compose(strings.ToLower(clean(cmp.Or(w.form, w.text[w.start:w.base]))))
	folded := strings.ReplaceAll(Fold(exact), "'", "")
	return Token{Exact: exact, Folded: folded, Start: w.start, End: w.end}, folded != ""
}

// clean drops what is invisible and gives apostrophes one form.
func clean(s string) string {
	if ascii(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case joiner(r):
			return -1
		case apostrophe(r):
			return '\''
		}
		return r
	}, s)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// compose is Unicode's form C, which a text of letters before the combining marks has.
func compose(s string) string {
	if below(s, '\u0300') {
		return s
	}
	return norm.NFC.String(s)
}

// below reports whether every character of a text comes before another.
func below(s string, limit rune) bool {
	for _, r := range s {
		if r >= limit {
			return false
		}
	}
	return true
}

// folded are the plainest forms of the characters of Latin languages.
var folded = func() (table [0x180]string) {
	for r := range table {
		table[r] = foldSlowly(string(rune(r)))
	}
	return table
}()

// Fold gives a text its plainest form: lower case, no accents, œ as oe, æ as ae,
// ß as ss, one apostrophe.
func Fold(s string) string {
	s = strings.ToLower(s)
	switch {
	case ascii(s):
		return s
	case !below(s, rune(len(folded))):
		return foldSlowly(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		b.WriteString(folded[r])
	}
	return b.String()
}

// foldSlowly folds any text in lower case.
func foldSlowly(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r), joiner(r):
		case apostrophe(r):
			b.WriteByte('\'')
		case r == 'œ':
			b.WriteString("oe")
		case r == 'æ':
			b.WriteString("ae")
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ø':
			b.WriteByte('o')
		case r == 'ł':
			b.WriteByte('l')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
