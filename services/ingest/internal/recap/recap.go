// SPDX-License-Identifier: Apache-2.0

// Package recap reads the text of an event recap, an article that reports on
// an event, and finds what an editor would otherwise type: the people in it
// with role and affiliation, organisations, places, the event, a section and
// keywords.
//
// It works by rules over one scan of the text, and by the word lists under
// lexicon/, in French, English, German, Spanish and Italian. In any other
// language only rules that need no language apply: known first names before an
// upper-case or parenthesised context, company forms, known places, and ISO
// dates.
//
// # Confidence
//
// Every finding carries the strength of the rule that made it, between 0 and 1.
// Independent signs add up as 1-(1-a)(1-b).
//
//	0.9 and more  two signs or an explicit form: a known first name with an
//	              upper-case surname, or a name with its role; a date with
//	              its month and year
//	0.7 to 0.9    one good sign: a known first name before a family name, an
//	              organisation by its form, a date whose year was deduced
//	0.5 to 0.7    a likely reading: a section, a place outside the lexicon
//	under 0.5     a fallback: the headline as the name of the event
//
// A person is a speaker who is quoted, named in a list of speakers, or acts in a
// main clause of the report; about is who is honored, in the headline, or named
// again and again; everybody else is mentioned.
//
// What has less than one sign is left out: a person who is missing costs an
// editor a line, one who does not exist costs a correction.
package recap

import (
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-press/relais/pkg/article"
)

// What is examined of a source, and how much is given back at most.
const (
	maxText     = 256 << 10 // bytes of text; the rest is not read
	maxHeadline = 2 << 10   // bytes of headline
	maxFound    = 100       // people, organisations and places, each
	maxKeywords = 8
)

// Source is a text to read. Text holds paragraphs parted by a blank line, with
// list items on lines that begin with "• "; it is UTF-8 in NFC. Language is a
// BCP 47 tag. A date without a year is resolved against Published, and not at
// all when that is zero.
type Source struct {
	Headline, Text, Language string
	Published                time.Time
}

// Guess is a value with how far to trust it, in 0..1.
type Guess[T any] struct {
	Value      T
	Confidence float64
}

// Found is what a text says. People, organisations and places stand in order of
// first appearance, each once; keywords by salience. Event is the one that is
// reported on if the text names or dates it, else one that it announces; its
// dates are whole days at 00:00 UTC, EndDate nil for a single day.
type Found struct {
	People                          []Guess[article.Person]
	Organisations, Places, Keywords []Guess[string]
	Event                           *Guess[article.Event]
	Section                         *Guess[string]
}

// Read finds what it can. It never fails, and the same source always gives the
// same answer. It reads the first 256 KiB of the text and gives at most 100
// people, organisations and places; its time grows linearly with what it reads.
func Read(src Source) Found {
	d := newDocument(src)
	d.findOrganisations()
	d.findPeople()
	d.findPlaces()
	var found Found
	found.Event = d.event()
	found.People = d.people()
	found.Organisations = d.inOrder(d.orgs)
	found.Places = d.inOrder(d.places)
	found.Section = d.section()
	found.Keywords = d.keywords()
	return found
}

// mention is a string found at a token.
type mention struct {
	at         int
	value      string
	key        string // what makes two mentions one
	confidence float64
}

// inOrder gives each mention once, the earliest spelling with the best confidence.
func (d *document) inOrder(mentions []mention) []Guess[string] {
	sort.SliceStable(mentions, func(i, j int) bool { return mentions[i].at < mentions[j].at })
	index := make(map[string]int, len(mentions))
	var out []Guess[string]
	for _, m := range mentions {
		if i, seen := index[m.key]; seen {
			out[i].Confidence = max(out[i].Confidence, m.confidence)
			continue
		}
		if len(out) == maxFound {
			break
		}
		index[m.key] = len(out)
		out = append(out, Guess[string]{m.value, m.confidence})
	}
	return out
}

// also adds up two independent signs.
func also(a, b float64) float64 { return 1 - (1-a)*(1-b) }

// cut shortens s to at most n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// base is the language of a BCP 47 tag in lower case: "de-AT" is "de".
func base(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	return strings.ToLower(tag)
}

// section gives the newsroom section whose terms the text uses most: at least
// three different terms or five uses, a term counting three times at most, and
// a clear lead over the next.
func (d *document) section() *Guess[string] {
	if len(d.table.sections) == 0 {
		return nil
	}
	counts := map[string]int{}
	scores := make([]int, len(d.table.sections)+1)
	terms := make([]int, len(d.table.sections)+1)
	add := func(key string, section uint8, headline bool) {
		if section == 0 || counts[key] >= 3 {
			return
		}
		if counts[key]++; counts[key] == 1 {
			terms[section]++
		}
		scores[section] += 2
		if headline {
			scores[section] += 2
		}
	}
	for i := range d.toks {
		t := &d.toks[i]
		add(t.key, t.section, i < d.body)
		if t.psection != 0 {
			add(t.key+" …", t.psection, i < d.body)
		}
	}
	best, second := 0, 0
	for i := 1; i < len(scores); i++ {
		if scores[i] > scores[best] {
			best, second = i, best
		} else if scores[i] > scores[second] || second == best {
			second = i
		}
	}
	top, other := scores[best], scores[second]
	if best == 0 || (terms[best] < 3 && top < 10) || terms[best] < 2 || top < 6 {
		return nil
	}
	confidence := 0.4 + 0.5*float64(top-other)/float64(top)
	return &Guess[string]{d.table.sections[best-1], min(confidence, 0.9)}
}

// term is a word or a pair of words that may be a keyword.
type term struct {
	forms []spelling // the first few
	words int
	count int
	first int
	score float64
}

// spelling is a form of a term and its uses.
type spelling struct {
	form  string
	count int
}

// keywords gives up to eight terms used at least twice or in the headline, the
// most salient first.
func (d *document) keywords() []Guess[string] {
	if !d.known {
		return nil
	}
	found := make(map[string]*term, len(d.toks)/2)
	last := ""
	for i := range d.toks {
		t := &d.toks[i]
		if !d.significant(i) {
			last = ""
			continue
		}
		stem := d.stem(t.key)
		d.count(found, stem, i, i+1, 1)
		if last != "" && d.joined(i) {
			d.count(found, last+" "+stem, i-1, i+1, 2)
		}
		last = stem
	}
	return d.salient(found)
}

// significant reports whether token i can be a keyword: a longer word that is
// no function word, no commonplace of reports on events, and in no person's name.
func (d *document) significant(i int) bool {
	t := &d.toks[i]
	if !t.word() || t.claimed || t.class&(stop|generic|say|sayAny|title|month|weekday|articleWord|conn|be|first) != 0 || d.byFamily[t.key] != nil {
		return false
	}
	if d.lang == "de" && t.shape == small {
		return false
	}
	n := utf8.RuneCountInString(t.key)
	return n >= 4 || (n >= 2 && t.shape == upper)
}

// stem drops the plural of the languages that mark it by s or x.
func (d *document) stem(key string) string {
	if d.lang != "de" && d.lang != "it" && len(key) > 4 {
		return strings.TrimSuffix(strings.TrimSuffix(key, "s"), "x")
	}
	return key
}

func (d *document) count(found map[string]*term, key string, i, j, words int) {
	t := found[key]
	if t == nil {
		t = &term{first: i, words: words}
		found[key] = t
	}
	t.count++
	if i < d.body {
		t.score += 2
	} else if d.toks[i].sentence < 4 {
		t.score += 0.5
	}
	form := d.text(i, j)
	for k := range t.forms {
		if t.forms[k].form == form {
			t.forms[k].count++
			return
		}
	}
	if len(t.forms) < 6 {
		t.forms = append(t.forms, spelling{form, 1})
	}
}

// salient ranks terms by use, by a place in the headline, and pairs above the
// words they are made of.
func (d *document) salient(found map[string]*term) []Guess[string] {
	var ranked []*term
	for _, t := range found {
		if t.count < 2 && (t.score < 2 || t.words > 1) {
			continue
		}
		t.score += float64(t.count)
		if t.words == 2 {
			t.score *= 1.3
		}
		ranked = append(ranked, t)
	}
	sort.Slice(ranked, func(i, j int) bool {
		a, b := ranked[i], ranked[j]
		if a.score != b.score {
			return a.score > b.score
		}
		return a.first < b.first || (a.first == b.first && a.words > b.words)
	})
	var out []Guess[string]
	for _, t := range ranked {
		form := t.form()
		if len(out) == maxKeywords {
			break
		}
		if !overlaps(out, form) {
			out = append(out, Guess[string]{form, min(0.3+0.06*t.score, 0.95)})
		}
	}
	return out
}

// form is the spelling in small letters if the text has one, else the most used.
func (t *term) form() string {
	best, most := "", 0
	for _, s := range t.forms {
		form, n := s.form, s.count
		if form == strings.ToLower(form) {
			n += 1000
		}
		if n > most || (n == most && form < best) {
			best, most = form, n
		}
	}
	return best
}

// overlaps reports whether a term is part of a keyword, or a pair made of one.
func overlaps(keywords []Guess[string], form string) bool {
	for _, k := range keywords {
		if strings.Contains(" "+strings.ToLower(k.Value)+" ", " "+strings.ToLower(form)+" ") {
			return true
		}
	}
	return false
}
