// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"embed"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

//go:embed lexicon/*.txt
var lexicons embed.FS

// class is a set of the parts a word can play. The names are those of the
// headings in the lexicon files.
type class uint64

const (
	first class = 1 << iota
	firstWeak
	particle
	title
	role
	roleWeak
	roleMod
	terr
	dept
	say
	sayAny
	according
	agent
	by
	speech
	speakers
	be
	event
	eventGen
	held
	future
	next
	last
	negDate
	month
	weekday
	relDay
	rangeTo
	orgHead
	orgTail
	orgIntro
	orgAdj
	knownOrg
	notName
	eponym
	placeIn
	place
	placeWeak
	articleWord
	conn
	atWord
	conj
	stop
	generic
	sectionTerm
	dead
	absent
	demonym
	eponymTail
	object // of a verb of saying more often than its subject
	answer // a participle with its subject after it
	honor
	lowerHead // an organisation's head that may be written small
)

// headings gives the class of a heading.
func headings() map[string]class {
	return map[string]class{
		"first": first, "firstweak": firstWeak, "particle": particle, "title": title, "role": role,
		"roleweak": roleWeak, "rolemod": roleMod, "terr": terr, "dept": dept, "say": say, "sayany": sayAny,
		"according": according, "agent": agent, "by": by, "speech": speech, "speakers": speakers, "be": be,
		"event": event, "eventgen": eventGen, "held": held, "future": future, "next": next, "last": last,
		"negdate": negDate, "month": month, "weekday": weekday, "relday": relDay, "to": rangeTo,
		"orghead": orgHead, "orgtail": orgTail, "orgintro": orgIntro, "orgadj": orgAdj, "knownorg": knownOrg,
		"notname": notName, "eponym": eponym, "placein": placeIn, "place": place, "placeweak": placeWeak,
		"article": articleWord, "conn": conn, "at": atWord, "conj": conj, "stop": stop, "generic": generic, "dead": dead, "absent": absent, "demonym": demonym, "eponymtail": eponymTail, "object": object,
		"answer": answer, "honor": honor,
	}
}

// entry is what the lexicon knows of a word, and of the phrases it begins.
type entry struct {
	class   class
	value   int8  // of a month, weekday or relative day
	section uint8 // index of a section, from 1
	phrases []phrase
}

// phrase is a term of several words; rest are the keys after the first.
type phrase struct {
	rest    []string
	class   class
	section uint8
}

// table is a lexicon ready for look-up by [token] key.
type table struct {
	words    map[string]entry
	sections []string // in the order of the file
}

// tableOf gives the table of a language, made on first use; that of an unknown
// language holds what belongs to none.
func tableOf(lang string) (t *table, known bool) {
	switch lang {
	case "fr":
		return french(), true
	case "en":
		return english(), true
	case "de":
		return german(), true
	case "es":
		return spanish(), true
	case "it":
		return italian(), true
	}
	return neutral(), false
}

var (
	french  = sync.OnceValue(func() *table { return load("words.fr.txt") })
	english = sync.OnceValue(func() *table { return load("words.en.txt") })
	german  = sync.OnceValue(func() *table { return load("words.de.txt") })
	spanish = sync.OnceValue(func() *table { return load("words.es.txt") })
	italian = sync.OnceValue(func() *table { return load("words.it.txt") })
	neutral = sync.OnceValue(func() *table { return load() })
)

// load reads the common files and those given.
func load(files ...string) *table {
	t := &table{words: make(map[string]entry, 8192)}
	classes := headings()
	for _, name := range append([]string{"names.txt", "places.txt", "words.und.txt"}, files...) {
		text, err := lexicons.ReadFile("lexicon/" + name)
		if err != nil {
			panic(err) // the files are embedded
		}
		t.read(string(text), classes)
	}
	return t
}

// read takes in one file: [headings], terms parted by commas (by spaces where
// every term is one word), # comments.
func (t *table) read(text string, classes map[string]class) {
	var c class
	var section uint8
	spaced := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			name := strings.Trim(line, "[]")
			label, isSection := strings.CutPrefix(name, "section:")
			section = 0
			if c = classes[name]; isSection {
				t.sections = append(t.sections, label)
				c, section = sectionTerm, uint8(len(t.sections)) //nolint:gosec // a dozen sections
			}
			spaced = c&(first|firstWeak|stop|generic) != 0
			continue
		}
		split := func(r rune) bool { return r == ',' || (spaced && r == ' ') }
		for term := range strings.FieldsFuncSeq(line, split) {
			t.add(strings.TrimSpace(term), c, section)
		}
	}
}

// add enters one term; "name=3" carries a value.
func (t *table) add(term string, c class, section uint8) {
	var value int
	if term == "" {
		return
	}
	if c&(month|weekday|relDay) != 0 {
		var number string
		term, number, _ = strings.Cut(term, "=")
		value, _ = strconv.Atoi(number)
	}
	if c == orgHead && term == strings.ToLower(term) {
		c |= lowerHead
	}
	if c == roleWeak {
		c |= role
	}
	keys := keysOf(term)
	e := t.words[keys[0]]
	if len(keys) > 1 {
		e.phrases = append(e.phrases, phrase{keys[1:], c, section})
		t.words[keys[0]] = e
		return
	}
	t.words[keys[0]] = e.with(c, value, section)
	if c&(first|firstWeak) != 0 {
		if bare := withoutAccents(keys[0]); bare != keys[0] {
			t.words[bare] = t.words[bare].with(c, 0, 0)
		}
	}
}

func (e entry) with(c class, value int, section uint8) entry {
	e.class |= c
	if value != 0 {
		e.value = int8(value) //nolint:gosec // at most 102
	}
	if section != 0 {
		e.section = section
	}
	return e
}

// keysOf scans a term as a text would be.
func keysOf(term string) []string {
	var keys []string
	s := scanner{src: term}
	for s.next() {
		keys = append(keys, s.tok.key)
	}
	return keys
}

// withoutAccents drops the marks of Latin letters.
func withoutAccents(s string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		return s
	}
	return plain
}

// agentive gives the endings of words for people by what they do.
func agentive(lang string) []string {
	switch lang {
	case "fr":
		return []string{"logue", "iste", "iatre", "icien", "icienne", "graphe", "nome", "teur", "trice", "euse", "ière", "ier"}
	case "en":
		return []string{"ologist", "ist", "ician", "grapher", "man", "woman", "smith", "er", "or", "wright"}
	case "de":
		return []string{"eur", "eurin", "erin", "istin", "orin", "login", "loge", "ist", "wart", "meister", "leiter", "rat", "rätin", "ärztin", "arzt", "frau", "mann", "ler", "ner", "fin", "ent", "entin", "beauftragte", "vertreterin", "vertreter"}
	case "es":
		return []string{"ista", "ólogo", "óloga", "dor", "dora", "tor", "tora", "ero", "era", "ógrafo", "ógrafa"}
	case "it":
		return []string{"ista", "ologo", "ologa", "tore", "trice", "iere", "iera", "aio", "aia", "ografo", "ografa", "atra"}
	}
	return nil
}

// moves reports whether a word after "is" says that somebody came or took part.
func (d *document) moves(key string) bool {
	switch key {
	case "less", "more", "not", "unconvinced", "sceptical", "skeptical", "adamant", "moins", "plus", "menos", "más", "meno", "più", "weniger", "anderer":
		return true
	}
	for _, stem := range []string{"venu", "revenu", "monté", "interven", "parti", "allé", "salit", "tornat", "arrivat", "entrat", "invited", "angereist", "arrivé"} {
		if strings.HasPrefix(key, stem) {
			return true
		}
	}
	return false
}

// preterite reports whether a German word is a verb in the past.
func (d *document) preterite(v *token) bool {
	switch v.key {
	case "kam", "war", "gab", "hielt", "sprach", "ging", "las", "trug", "zog", "rief", "lud", "bat", "sah", "ließ", "nahm", "stand", "trat",
		"bot", "schrieb", "fand", "riet", "wies", "fuhr", "begann", "schloss", "brach", "saß", "warf", "hob", "blieb", "rechnete":
		return true
	case "heute", "mitte", "ende", "seite", "rechte", "linke", "erste", "letzte", "gute", "hatte", "konnte", "sollte":
		return false
	}
	return (strings.HasSuffix(v.key, "te") || strings.HasSuffix(v.key, "ten")) && v.class&stop == 0
}

// pronoun reports whether a word stands for a person named before.
func (d *document) pronoun(key string) bool {
	switch key {
	case "il", "elle":
		return d.lang == "fr"
	case "he", "she":
		return d.lang == "en"
	case "er", "sie":
		return d.lang == "de"
	case "él", "ella", "su":
		return d.lang == "es"
	case "lui", "lei", "egli":
		return d.lang == "it"
	}
	return false
}
