// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// shape is how a token is written.
type shape uint8

const (
	punct   shape = iota // one character that is no letter or digit
	small                // all letters small
	capital              // Capital first
	upper                // TWO OR MORE capitals and nothing small
	initial              // J. or J.-P. or S.A.
	number               // begins with a digit
)

// token is a word, a number or a mark. A word keeps its inner hyphens and dots;
// an elided article (l’) is a word of its own; an apostrophe elsewhere (O’Brien)
// stays inside.
type token struct {
	start, end int
	key        string // small letters, with straight apostrophes
	class      class  // of the word
	phrase     class  // of the longest phrase that begins here, of span tokens
	span       int
	sentence   int
	num        int // value of a number; -1 if it has none below 10000
	mark       rune
	shape      shape
	value      int8
	section    uint8
	psection   uint8
	gap        bool // white space before
	line       bool // a line begins here
	claimed    bool // belongs to a person or an organisation
	person     bool // belongs to a person
}

func (t *token) word() bool { return t.shape != punct && t.shape != number }

// name reports whether the token is written as a name is.
func (t *token) name() bool { return t.shape == capital || t.shape == upper }

// scanner cuts a string into tokens.
type scanner struct {
	src   string
	pos   int
	tok   token
	table *table // knows the abbreviations; may be nil
}

// next advances to the next token.
func (s *scanner) next() bool {
	s.tok = token{}
	for s.pos < len(s.src) {
		r, size := utf8.DecodeRuneInString(s.src[s.pos:])
		if r == '\n' {
			s.tok.line = true
		} else if !unicode.IsSpace(r) {
			break
		}
		s.tok.gap = true
		s.pos += size
	}
	if s.pos >= len(s.src) {
		return false
	}
	s.tok.start = s.pos
	r, size := utf8.DecodeRuneInString(s.src[s.pos:])
	switch {
	case r >= '0' && r <= '9':
		s.number()
	case unicode.IsLetter(r):
		s.word()
	default:
		s.pos += size
		s.tok.mark, s.tok.num = r, -1
		s.tok.key = s.src[s.tok.start:s.pos]
	}
	s.tok.end = s.pos
	return true
}

func (s *scanner) number() {
	n, digits := 0, 0
	for s.pos < len(s.src) && s.src[s.pos] >= '0' && s.src[s.pos] <= '9' {
		n = min(n*10+int(s.src[s.pos]-'0'), 1<<20)
		digits++
		s.pos++
	}
	for s.pos < len(s.src) {
		r, size := utf8.DecodeRuneInString(s.src[s.pos:])
		if !unicode.IsLetter(r) {
			break
		}
		s.pos += size
	}
	s.tok.shape, s.tok.num = number, n
	s.tok.key = strings.ToLower(s.src[s.tok.start:s.pos])
	if n > 9999 {
		s.tok.num = -1
	}
}

// word reads letters, with hyphens, apostrophes and dots between letters.
func (s *scanner) word() {
	s.tok.num = -1
	caps, smalls, part, apostrophe, dotted := 0, 0, 0, false, false
	firstCap := false
	for s.pos < len(s.src) {
		r, size := utf8.DecodeRuneInString(s.src[s.pos:])
		switch {
		case unicode.IsLetter(r) || unicode.IsMark(r) || (r >= '0' && r <= '9'):
			if unicode.IsUpper(r) {
				firstCap = firstCap || s.pos == s.tok.start
				caps++
			} else if unicode.IsLower(r) {
				smalls++
			}
			part++
			s.pos += size
			continue
		case r == '\'' || r == '’' || r == 'ʼ':
			if !s.letterAt(s.pos+size) || s.elided() {
				if s.elided() {
					s.pos += size
				}
				s.finish(caps, smalls, firstCap, apostrophe || s.elidedEnd(), false)
				return
			}
			if rest := s.src[s.pos+size:]; strings.HasPrefix(rest, "s") && !s.letterAt(s.pos+size+1) {
				s.finish(caps, smalls, firstCap, apostrophe, false) // possessive: left to the next token
				return
			}
			apostrophe = true
		case r == '-' || r == '‐' || r == '‑' || r == '·':
			if !s.letterAt(s.pos+size) && (s.pos+size >= len(s.src) || s.src[s.pos+size] < '0' || s.src[s.pos+size] > '9') {
				s.finish(caps, smalls, firstCap, apostrophe, dotted)
				return
			}
		case r == '.':
			if !s.dot(part, dotted) {
				s.finish(caps, smalls, firstCap, apostrophe, dotted)
				return
			}
			dotted = true
		default:
			s.finish(caps, smalls, firstCap, apostrophe, dotted)
			return
		}
		part = 0
		s.pos += size
	}
	s.finish(caps, smalls, firstCap, apostrophe, dotted)
}

// dot reports whether a dot belongs to the word: after an initial, between
// small letters (a domain), and after a known abbreviation.
func (s *scanner) dot(part int, dotted bool) bool {
	r, _ := utf8.DecodeRuneInString(s.src[s.pos+1:])
	letters := unicode.IsLetter(r)
	before, _ := utf8.DecodeLastRuneInString(s.src[:s.pos])
	switch {
	case part == 1 && (unicode.IsUpper(before) || dotted):
		return true
	case letters && (unicode.IsLower(r) || part == 1):
		return true
	case letters && part <= 2 && dotted:
		return true
	}
	if s.table == nil {
		return s.pos+1 == len(s.src) // a lexicon term keeps its own
	}
	if s.pos-s.tok.start > 8 {
		return false
	}
	return s.table.words[strings.ToLower(s.src[s.tok.start:s.pos])+"."].class&title != 0
}

func (s *scanner) letterAt(i int) bool {
	r, _ := utf8.DecodeRuneInString(s.src[i:])
	return unicode.IsLetter(r)
}

// elided reports whether what was read is an article or the like cut short.
func (s *scanner) elided() bool {
	w := s.src[s.tok.start:s.pos]
	if len(w) > 8 {
		return false
	}
	if len(w) == 1 {
		if next := s.src[s.pos:]; strings.ContainsAny(w, "NMTS") {
			_, size := utf8.DecodeRuneInString(next)
			if r, _ := utf8.DecodeRuneInString(next[size:]); unicode.IsUpper(r) {
				return false // N’Guessan
			}
		}
		return strings.IndexByte("ldjmtsncLDJMTSNC", w[0]) >= 0
	}
	switch strings.ToLower(w) {
	case "qu", "lorsqu", "puisqu", "jusqu", "quoiqu", "un", "dell", "all", "nell", "sull", "dall", "quell", "dev", "cos":
		return true
	}
	return false
}

func (s *scanner) elidedEnd() bool {
	return strings.HasSuffix(s.src[s.tok.start:s.pos], "'") || strings.HasSuffix(s.src[s.tok.start:s.pos], "’") ||
		strings.HasSuffix(s.src[s.tok.start:s.pos], "ʼ")
}

func (s *scanner) finish(caps, smalls int, firstCap, apostrophe, dotted bool) {
	w := s.src[s.tok.start:s.pos]
	switch {
	case dotted && smalls == 0 && strings.HasSuffix(w, "."):
		s.tok.shape = initial
	case caps > 1 && smalls == 0:
		s.tok.shape = upper
	case firstCap || caps > 0:
		s.tok.shape = capital
	default:
		s.tok.shape = small
	}
	if caps > 0 {
		w = strings.ToLower(w)
	}
	if apostrophe {
		w = strings.ReplaceAll(strings.ReplaceAll(w, "’", "'"), "ʼ", "'")
	}
	s.tok.key = w
}

// document is a source cut into tokens that know their classes, and what has
// been found in it so far.
type document struct {
	src      string
	toks     []token
	body     int // index of the first token after the headline
	headline string
	lang     string
	table    *table
	known    bool // whether the language is
	source   Source
	names    []*person
	byName   map[string]*person
	byFamily map[string]*person
	met      []meeting
	orgs     []mention
	places   []mention
}

func newDocument(src Source) *document {
	d := &document{source: src, lang: base(src.Language), byName: map[string]*person{}, byFamily: map[string]*person{}}
	d.table, d.known = tableOf(d.lang)
	d.headline = strings.TrimSpace(cut(src.Headline, maxHeadline))
	d.src = d.headline + "\n\n" + cut(src.Text, maxText)
	d.toks = make([]token, 0, len(d.src)/5+16)
	s := scanner{src: d.src, table: d.table}
	ended, sentence := false, 0
	for s.next() {
		t := &s.tok
		if t.word() {
			e := d.table.words[t.key]
			t.class, t.value, t.section = e.class, e.value, e.section
			if d.lang == "de" && t.class == 0 && t.shape == capital {
				t.class = compound(t.key)
			}
		}
		if t.line && len(d.toks) > 0 || (ended && t.gap && d.begins(t)) {
			sentence++
		}
		if t.start < len(d.headline) {
			d.body = len(d.toks) + 1
		}
		t.line = t.line || len(d.toks) == 0
		t.sentence = sentence
		ended = d.ends(t, ended)
		d.toks = append(d.toks, *t)
	}
	d.phrases()
	return d
}

// compound gives the class of a German compound by its last part.
func compound(key string) class {
	switch key {
	case "alltag", "vortag", "bundestag", "landtag", "feiertag", "werktag", "geburtstag", "nachmittag", "vormittag", "mittag", "arbeitstag", "jahrestag", "wochentag",
		"arbeitstage", "feiertage", "werktage", "sonntage", "samstage", "feiertagen", "werktagen", "vortage", "stichtage", "wochentage":
		return 0
	}
	for _, last := range []string{"tag", "tage", "tagen", "forum", "festival", "konferenz", "tagung", "kongress", "gipfel", "messe", "symposium", "treffen", "hackathon"} {
		if strings.HasSuffix(key, last) {
			return event
		}
	}
	for _, last := range []string{
		"wissenschaftler", "leiter", "direktor", "sprecher", "forscher", "minister", "meister", "experte", "expertin", "beauftragte", "berater",
		"referent", "präsident", "chef", "lehrer", "professor", "anwalt", "anwältin", "entwickler", "manager", "ingenieur", "redakteur", "historiker",
		"biologe", "biologin", "soziologe", "soziologin", "senator", "vorsitzende", "vorsitzender", "führer", "gründer", "koordinator", "architekt",
	} {
		if strings.HasSuffix(key, last) || strings.HasSuffix(key, last+"in") {
			return role
		}
	}
	return 0
}

// begins reports whether a token after a full stop can begin a sentence.
func (d *document) begins(t *token) bool {
	switch t.shape {
	case small:
		return false
	case punct:
		return strings.ContainsRune("«“„\"‘(—–•¿¡", t.mark)
	}
	if d.lang == "de" {
		if n := len(d.toks); n > 1 && d.toks[n-2].shape == number && d.toks[n-2].num <= 31 {
			return false // an ordinal: 12. März
		}
	}
	return true
}

func (d *document) ends(t *token, ended bool) bool {
	switch t.mark {
	case '.', '!', '?', '…':
		return true
	case '»', '”', '"', ')', '“':
		return ended
	}
	return false
}

// phrases marks the longest phrase of the lexicon that begins at each token.
func (d *document) phrases() {
	for i := range d.toks {
		t := &d.toks[i]
		if !t.word() {
			continue
		}
		for _, p := range d.table.words[t.key].phrases {
			if d.follows(i, p.rest) && len(p.rest)+1 >= t.span {
				if len(p.rest)+1 > t.span {
					t.phrase, t.psection = 0, 0
				}
				t.phrase |= p.class
				t.span = len(p.rest) + 1
				if p.section != 0 {
					t.psection = p.section
				}
			}
		}
	}
}

func (d *document) follows(i int, rest []string) bool {
	if i+len(rest) >= len(d.toks) {
		return false
	}
	for k, key := range rest {
		if d.toks[i+1+k].key != key {
			return false
		}
	}
	return true
}

// is reports whether the word, or the phrase that begins at i, has a class.
func (d *document) is(i int, c class) bool {
	return i >= 0 && i < len(d.toks) && (d.toks[i].class|d.toks[i].phrase)&c != 0
}

// mark is the mark at i; 0 for words, numbers and outside.
func (d *document) mark(i int) rune {
	if i < 0 || i >= len(d.toks) {
		return 0
	}
	return d.toks[i].mark
}

// together reports whether i-1 and i stand in one sentence.
func (d *document) together(i int) bool {
	return i > 0 && i < len(d.toks) && d.toks[i].sentence == d.toks[i-1].sentence
}

// width is the number of tokens that the term of class c at i takes.
func (d *document) width(i int, c class) int {
	if d.toks[i].phrase&c != 0 {
		return d.toks[i].span
	}
	return 1
}

// text is the source from token i up to token j, white space made single.
func (d *document) text(i, j int) string {
	if i >= j {
		return ""
	}
	s := d.src[d.toks[i].start:d.toks[j-1].end]
	if strings.ContainsAny(s, "\n\t\u00a0\u202f") || strings.Contains(s, "  ") {
		s = strings.Join(strings.Fields(s), " ")
	}
	return s
}

// sentenceEnd is the index after the last token of the sentence of i, at most
// limit tokens on.
func (d *document) sentenceEnd(i, limit int) int {
	j := i
	for j < len(d.toks) && j < i+limit && d.toks[j].sentence == d.toks[i].sentence {
		j++
	}
	return j
}

// sentenceStart is the index of the first token of the sentence of i, at most
// limit tokens back.
func (d *document) sentenceStart(i, limit int) int {
	j := i
	for j > 0 && j > i-limit && d.toks[j-1].sentence == d.toks[i].sentence {
		j--
	}
	return j
}
