// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"sort"
	"strings"
)

// meeting is a place where a person is named, by the key of the name.
type meeting struct {
	at  int
	key string
}

// speaksAfter reports whether a verb of saying follows within the clause: what
// stands before i is its subject.
func (d *document) speaksAfter(i int) bool {
	if i >= len(d.toks) || i == 0 || !d.together(i) {
		return false
	}
	window := 9
	switch d.toks[i].key {
	case "hat", "haben", "habe", "hatte":
		window = 30
	}
	end := d.sentenceEnd(i, window)
	for ; i < end; i++ {
		t := &d.toks[i]
		switch t.mark {
		case ';', '.', '«', '“', '„':
			return false
		}
		if d.is(i, sayAny) {
			return true
		}
		if d.is(i, say) && t.shape == small {
			return !d.is(i-1, be)
		}
	}
	return false
}

// speaksBefore reports whether what stands before a name makes its bearer
// speak: "explained N", "according to N", "moderated by N", "the talk of N",
// "Speakers: … N".
func (d *document) speaksBefore(n name) bool {
	p := n.start - 1
	for p >= 0 && d.together(p+1) && (d.toks[p].class&(title|demonym) != 0 || d.is(p, role) && d.toks[p].class&say == 0 || d.toks[p].shape == small && d.is(p, articleWord)) {
		p--
	}
	if p < 0 || !d.together(p+1) {
		return false
	}
	t := &d.toks[p]
	if (d.is(p, say|sayAny) && t.shape == small && !d.is(p-1, be) && !d.is(p, object)) || d.is(p, according) {
		return true
	}
	if (t.key == "pour" || t.key == "per" || t.key == "para" || t.key == "für" || t.key == "for") && p == d.sentenceStart(p, 2) && (n.known || p < n.start-1) {
		return true
	}
	if p > 0 && (d.toks[p-1].phrase&according != 0 && d.toks[p-1].span == 2) {
		return true
	}
	start := d.sentenceStart(p, 60)
	if v := p - min(p, d.preposition(p)); d.is(v, held) && d.announcesSpeakers(start, v) {
		return true
	}
	return d.invited(start, p) || d.listedAfterColon(start, p) || d.listed(start, p)
}

// preposition is 1 where p is the "a" of Spanish before a person, else 0.
func (d *document) preposition(p int) int {
	if d.toks[p].key == "a" && d.lang == "es" {
		return 1
	}
	return 0
}

// announcesSpeakers reports whether [start, v) names a panel or its speakers.
func (d *document) announcesSpeakers(start, v int) bool {
	for k := start; k < v; k++ {
		if d.is(k, speakers) {
			return true
		}
	}
	return false
}

// invited reports whether the sentence says, up to the preposition at p, that a
// talk is by who follows.
func (d *document) invited(start, p int) bool {
	t := &d.toks[p]
	if (t.key == "à" || t.key == "a" || t.key == "al") && p > 0 && (d.toks[p-1].key == "parole" || d.toks[p-1].key == "parola" || d.toks[p-1].key == "palabra") {
		return true
	}
	if t.shape != small || t.class&by == 0 {
		return false
	}
	for k := p - 1; k >= start; k-- {
		if d.mark(k) == ';' {
			return false
		}
		if d.is(k, agent) && p-k <= 5 {
			return true
		}
		if d.is(k, speech) && p-k <= 18 {
			near := p-k <= 4 || t.key == "par" || t.key == "by" || t.key == "von" || t.key == "mit" || t.key == "avec" || t.key == "con" || t.key == "with"
			return near || d.toks[p-1].key == "celle" || d.toks[p-1].key == "celui"
		}
	}
	return false
}

// listedAfterColon reports whether p stands after "speakers:".
func (d *document) listedAfterColon(start, p int) bool {
	for k := p; k > start; k-- {
		if d.mark(k) == ':' {
			for b := k - 1; b >= start && b >= k-8; b-- {
				if d.is(b, speakers) {
					return true
				}
			}
			return false
		}
	}
	return false
}

// listed reports whether p goes on with a list that began with "the speakers
// were", "parmi les intervenants, …".
func (d *document) listed(start, p int) bool {
	t := &d.toks[p]
	switch t.key {
	case ",", ";", "included", "include", "including", "comprised", "notamment", "dont", "anche", "también", "auch", "darunter", "entre":
	default:
		if !d.is(p, be|conj) {
			return false
		}
	}
	for k := p - 1; k >= start; k-- {
		if d.is(k, say|held) && d.toks[k].shape == small && !d.is(k, be|speakers) && !d.toks[k].claimed {
			return false
		}
		if d.toks[k].class&speakers != 0 {
			return true
		}
	}
	return false
}

// introduces reports whether the line that begins at i announces speakers: it
// names them and ends with a colon, or is a heading.
func (d *document) introduces(i int) bool {
	if d.toks[i].shape == upper && d.toks[i].sentence == 0 {
		return false
	}
	found := false
	j := i
	for ; j < len(d.toks) && (j == i || !d.toks[j].line); j++ {
		found = found || d.is(j, speakers|agent)
	}
	return found && (d.mark(j-1) == ':' || j-i <= 3)
}

// leads reports whether a name stands at the head of a list item, or is its
// first name.
func (d *document) leads(n name) bool {
	for k := n.start - 1; k >= 0 && k >= n.start-20; k-- {
		if d.mark(k) == '•' {
			return true
		}
		if d.toks[k].claimed && d.toks[k].name() || d.mark(k) == '.' || d.toks[k].line {
			return false
		}
	}
	return false
}

// coordinate lets the people of "A, B and C" share what one of them does.
func (d *document) coordinate(a, b *person) {
	if a == nil || a.speaks == b.speaks && !a.agent {
		return
	}
	between := b.name.start - a.after
	if between < 1 || between > 3 || d.toks[a.after].sentence != d.toks[b.name.start].sentence {
		return
	}
	for k := a.after; k < b.name.start; k++ {
		t := &d.toks[k]
		if t.mark != ',' && t.class&(conj|title|articleWord|by|rangeTo) == 0 && !d.is(k, conj|role) {
			return
		}
	}
	switch {
	case a.agent && !b.speaks:
		b.speaks, b.agent = true, true
		b.confidence = also(b.confidence, signSpeak)
	case b.speaks && !a.speaks:
		a.speaks = true
		a.confidence = also(a.confidence, signSpeak)
	}
}

// spokenAfter reports whether a person does the saying that follows: not in a
// clause that hangs on another word, nor after "of" by way of a relative clause.
func (d *document) spokenAfter(p *person) bool {
	h := d.phraseStart(p)
	if h > 0 && d.together(h) {
		if d.subordinates(h - 1) {
			return false
		}
		if k := &d.toks[h-1]; k.shape == small && k.class&conn != 0 && k.class&(by|conj) != 0 && k.key != "con" && k.key != "avec" && k.key != "with" &&
			d.mark(p.after) == ',' && d.subordinates(p.after+1) {
			return false
		}
	}
	return d.speaksAfter(p.after)
}

// phraseStart is where the noun phrase of a person begins: titles, a role and an
// article before the name belong to it.
func (d *document) phraseStart(p *person) int {
	h := min(p.from, p.name.start)
	for h > 0 && d.together(h) && h > p.name.start-14 {
		t := &d.toks[h-1]
		if t.class&articleWord != 0 && (t.shape == small || len(t.key) <= 4) {
			return h - 1
		}
		if t.class&(title|role|roleMod|demonym) == 0 && (t.shape != small || t.class&orgAdj == 0) || t.class&say != 0 && t.class&role == 0 {
			break
		}
		h--
	}
	return h
}

// subordinates reports whether the word at i opens a clause that is not a main one.
func (d *document) subordinates(i int) bool {
	if i < 0 || i >= len(d.toks) {
		return false
	}
	switch d.toks[i].key {
	case "que", "qu'":
		return d.lang != "en" && (i == 0 || d.toks[i-1].key != "ainsi")
	case "dont", "où", "qui", "which", "whom", "whose", "who", "that", "quien", "quienes", "cuyo", "cuya", "donde",
		"che", "cui", "dove", "si", "if", "dass", "weil", "wenn", "wo":
		return true
	case "die", "der", "das", "den", "dem", "deren", "dessen":
		return d.lang == "de" && d.mark(i-1) == ',' && i+1 < len(d.toks) && !d.is(i+1, role|title)
	}
	return false
}

// subject reports whether a person acts in a main clause of the report: the noun
// phrase opens the clause and a verb follows, or a quotation or a verb stands
// before it. Who is absent or of another time does not act.
func (d *document) subject(p *person) bool {
	if p.name.end < d.body || d.elsewhere(p) {
		return false
	}
	h := d.phraseStart(p)
	s := d.sentenceStart(h, 60)
	if h > s && d.subordinates(h-1) {
		return false
	}
	return d.nextInTurn(s, h) || d.afterQuotation(s, h) || d.verbBefore(s, h) || d.opensClause(s, h) && d.verbAfter(p.after)
}

// elsewhere reports whether the sentence says after the name that its bearer was
// not there, or lived in a year long past.
func (d *document) elsewhere(p *person) bool {
	year := max(d.source.Published.Year(), 2000)
	for k, end := p.name.end, d.sentenceEnd(p.name.end, 24); p.name.end < len(d.toks) && k < end; k++ {
		t := &d.toks[k]
		if d.is(k, absent) {
			return true
		}
		if t.shape == number && len(t.key) == 4 && t.num > 1200 && t.num < year-20 && k < p.after+4 {
			return true
		}
	}
	return false
}

// nextInTurn reports whether [s, h) says "after her" or the like.
func (d *document) nextInTurn(s, h int) bool {
	if h-s < 2 || h-s > 5 {
		return false
	}
	switch d.toks[s].key {
	case "dopo", "après", "after", "nach", "tras", "después":
	default:
		return false
	}
	for k := s + 1; k < h; k++ {
		switch d.toks[k].key {
		case "lui", "lei", "loro", "elle", "eux", "him", "her", "them", "ihm", "ihr", "ihnen", "él", "ella", "ellos":
			return true
		}
	}
	return false
}

// opensClause reports whether the phrase at h is the first of its sentence or clause.
func (d *document) opensClause(s, h int) bool {
	if h == s {
		return true
	}
	t := &d.toks[h-1]
	if d.nextInTurn(s, h) || d.is(h-1, conj) && h > 1 && d.toks[h-2].person {
		return true
	}
	if h-1 == s && t.shape == capital && t.class&stop != 0 && t.class&(conn|placeIn|by|according|say|articleWord|atWord) == 0 && !d.subordinates(s) {
		return true // Also Jane Doe
	}
	if t.mark == ',' {
		for k := h - 2; k > s && k >= h-5; k-- {
			if d.subordinates(k) {
				return false
			}
		}
	}
	if t.key == "qu'" || t.key == "que" {
		return d.toks[max(h-2, 0)].key == "ainsi"
	}
	switch t.mark {
	case ',', ';', ':', '—', '–', '»', '”', '•':
		return true
	}
	switch t.key {
	case "mais", "but", "while", "mientras", "mentre", "tandis", "pero", "aber", "doch", "denn", "puis", "then", "poi", "ma", "luego", "quindi":
		return true
	}
	return false
}

// verbAfter reports whether a verb follows at i, after a relative clause if there
// is one.
func (d *document) verbAfter(i int) bool {
	if i >= len(d.toks) || !d.together(i) {
		return false
	}
	if d.mark(i) == ',' {
		i++
	}
	if d.subordinates(i) {
		end := d.sentenceEnd(i, 30)
		for i < end && d.mark(i) != ',' {
			i++
		}
		if i++; i >= end {
			return false
		}
	}
	return i < len(d.toks) && d.together(i) && d.finite(i)
}

// finite reports whether the small word at i can be a finite verb, with what
// may stand before it.
func (d *document) finite(i int) bool {
	t := &d.toks[i]
	if t.shape != small {
		return false
	}
	switch t.key {
	case "est", "è", "ist", "is", "was", "es", "fue", "war", "s'est", "era":
		if i++; d.is(i, conj) || i < len(d.toks) && d.toks[i].key == "then" {
			i++
		}
		return i < len(d.toks) && d.moves(d.toks[i].key)
	case "a", "n'", "s'", "ha", "hat", "non", "no", "ne", "se", "si", "lo", "has", "had", "avait",
		"did", "does", "kann", "will", "could", "would", "muss", "fa", "fait", "veut", "peut", "va", "vient", "puede", "può", "wollte", "konnte", "doit", "fit", "met", "went", "took", "gave", "made", "put", "still", "also", "then", "never", "even":
		return t.key != "a" || d.lang == "fr"
	}
	return t.class&(stop|conn|atWord|conj|placeIn|articleWord|by|rangeTo|roleMod|absent) == 0 && (t.class&role == 0 || t.class&say != 0)
}

// quoted reports whether a quotation is followed by the person who said it.
func (d *document) quoted(p *person) bool {
	h := d.phraseStart(p)
	return d.afterQuotation(d.sentenceStart(h, 60), h)
}

// afterQuotation reports whether the phrase at h names who said what is quoted
// before it: a verb stands between, and a comma or a verb of saying marks it.
func (d *document) afterQuotation(s, h int) bool {
	verb, marked := false, false
	for k := h - 1; k > s && k >= h-8; k-- {
		t := &d.toks[k]
		switch {
		case t.mark == ',':
			marked = true
		case d.endsQuotation(k):
			return verb && (marked || d.mark(k-1) == ',' || d.mark(k-1) == '?' || d.mark(k-1) == '!')
		case t.shape != small || d.subordinates(k):
			return false
		case t.class&(stop|conn|articleWord) == 0:
			verb = true
		}
		marked = marked || d.is(k, say)
	}
	return false
}

func (d *document) endsQuotation(k int) bool {
	m := d.mark(k)
	return m == '»' || m == '”' || m == '"' || m == '“' && d.lang == "de" || (m == '—' || m == '–') && !d.toks[k].gap
}

// verbBefore reports whether a verb in the past stands right before the phrase at
// h, or opens the sentence where it is the first person named.
func (d *document) verbBefore(s, h int) bool {
	if h <= s {
		return false
	}
	for h-1 > s && d.lang == "de" && (d.toks[h-1].key == "sich" || d.toks[h-1].key == "auch" || d.toks[h-1].key == "dann" || d.toks[h-1].key == "ihm" || d.toks[h-1].key == "ihr" || d.toks[h-1].key == "zudem") {
		h--
	}
	v := &d.toks[h-1]
	if v.shape == small && v.class&(conn|articleWord|conj|role) == 0 || d.is(h-1, say) && v.shape == small {
		switch d.lang {
		case "es":
			if strings.HasSuffix(v.key, "ó") && v.class&stop == 0 {
				return true
			}
		case "it", "fr":
			if a := d.toks[max(h-2, s)].key; a == "ha" || a == "a" && d.lang == "fr" || a == "ont" || a == "hanno" {
				return d.is(h-1, answer)
			}
		case "de":
			if d.preterite(v) {
				return true
			}
		}
	}
	opens := d.is(s, say) || (d.toks[s].key == "ha" || d.toks[s].key == "hanno") && d.is(s+1, say)
	if d.lang != "es" && d.lang != "it" || !opens || h-s > 14 {
		return false
	}
	for k := s; k < h; k++ {
		if d.toks[k].person || d.subordinates(k) {
			return false
		}
	}
	return true
}

// honored reports whether the words before a name pay honor to its bearer.
func (d *document) honored(n name) bool {
	for k := n.start - 1; k >= 0 && k >= n.start-8 && d.toks[k].sentence == d.toks[n.start].sentence; k-- {
		if d.toks[k].person || d.mark(k) != 0 {
			return false
		}
		if d.is(k, honor) {
			return true
		}
	}
	return false
}

// mourned reports whether the words right before the name or after it say that
// its bearer is dead or honored.
func (d *document) mourned(p *person) bool {
	n := p.name
	for k := n.start - 1; k >= 0 && k >= n.start-3 && d.toks[k].sentence == d.toks[n.start].sentence; k-- {
		if d.toks[k].person || d.mark(k) != 0 {
			break
		}
		if d.is(k, dead) {
			return true
		}
	}
	if n.end >= len(d.toks) || !d.together(n.end) {
		return false
	}
	for k, end := n.end, d.sentenceEnd(n.end, 22); k < end; k++ {
		t := &d.toks[k]
		if t.name() && t.class&(first|title) != 0 {
			return false
		}
		if t.class&(dead&negDate) != 0 || d.is(k, dead) && d.is(k, absent|negDate) {
			return true
		}
	}
	return false
}

// hearQuotations makes speakers of those whose words follow without a name: the
// next sentence opens with a quotation, or with a pronoun and a verb of saying.
func (d *document) hearQuotations() {
	sort.SliceStable(d.met, func(i, j int) bool { return d.met[i].at < d.met[j].at })
	for i, m := range d.met {
		p := d.byName[m.key]
		if p != nil && p.Role == "" && m.at >= d.body {
			d.roleLater(p, m.at)
		}
		if p == nil || p.speaks || p.dead || m.at < d.body || i > 0 && d.met[i-1].key != m.key && d.sameSentence(d.met[i-1].at, m.at) {
			continue
		}
		limit := len(d.toks)
		if i+1 < len(d.met) {
			limit = d.met[i+1].at
		}
		if d.heardAfter(m.at, limit) {
			p.speaks = true
		}
	}
}

func (d *document) sameSentence(i, j int) bool { return d.toks[i].sentence == d.toks[j].sentence }

// heardAfter looks in the rest of the paragraph of i, up to the next person
// named, for a sentence that goes on with what was said.
func (d *document) heardAfter(i, limit int) bool {
	limit = min(limit, i+160)
	if limit < len(d.toks) {
		limit = max(i, d.sentenceStart(limit, 60))
	}
	for k := i + 1; k < limit && !d.toks[k].line; k++ {
		t := &d.toks[k]
		if t.mark == ':' && k+1 < limit && t.sentence == d.toks[i].sentence && (d.mark(k+1) == '«' || d.mark(k+1) == '“' || d.mark(k+1) == '„') {
			return d.quotedWords(k+1) > 2
		}
		if d.together(k) {
			continue
		}
		if (t.mark == '«' || t.mark == '“' || t.mark == '„') && d.quotedWords(k) > 3 {
			return true
		}
		if d.toks[k].sentence == d.toks[i].sentence+1 && d.pronoun(t.key) && d.speaksAfter(k+1) {
			return true
		}
	}
	return false
}

// quotedWords counts the tokens of the quotation at i, up to 12.
func (d *document) quotedWords(i int) int {
	n := 0
	for k := i + 1; k < len(d.toks) && n < 12 && !d.toks[k].line && !d.closes(k); k++ {
		n++
	}
	return n
}
