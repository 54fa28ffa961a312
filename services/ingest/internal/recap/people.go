// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"strings"

	"github.com/relais-press/relais/pkg/article"
)

// How much a sign is worth beside the form of the name.
const (
	signRole  = 0.7 // a role or an affiliation
	signTitle = 0.5 // Dr, Mme, Herr
	signSpeak = 0.5 // a verb of saying, a place in a list of speakers
)

// person is somebody found, gathered over all mentions.
type person struct {
	article.Person
	name       name
	from       int // where a role before the name begins, else the name
	after      int // the first token after the name and what is said of it
	confidence float64
	said       bool // is quoted or said to speak
	speaks     bool // or acts at the event
	about      bool
	dead       bool
	agent      bool // speaks as one of a list that goes on
	count      int
}

// findPeople reads names from left to right and what stands around them.
func (d *document) findPeople() {
	var before *person
	listed := false
	for i := 0; i < len(d.toks); i++ {
		t := &d.toks[i]
		if t.line && t.mark != '•' {
			listed = d.introduces(i)
		}
		if !t.name() && t.shape != initial {
			continue
		}
		n, ok := d.nameAt(i)
		if !ok || d.eponymous(n) {
			if t.claimed || t.class&(first|firstWeak) == 0 {
				continue
			}
			i = max(i, n.end-1)
			continue
		}
		p := d.judge(n, listed && d.leads(n))
		if p == nil {
			continue
		}
		d.coordinate(before, p)
		before = d.keep(p)
		i = max(n.end, p.after) - 1
		for k := n.start; k < n.end; k++ {
			d.toks[k].claimed, d.toks[k].person = true, true
		}
	}
	d.laterMentions()
}

// eponymous reports whether a name is that of a street, a prize, a house, a
// company, or the title of a work.
func (d *document) eponymous(n name) bool {
	if p := n.start - 1; p >= 0 && d.together(n.start) {
		for p > 0 && d.toks[p].class&title != 0 && d.together(p) {
			p-- // the school Don Milani
		}
		t := &d.toks[p]
		if (t.class&eponym != 0 && (t.class&role == 0 || t.class&orgHead != 0)) || t.mark == '&' || t.mark == '/' || t.mark == '@' || t.mark == '#' {
			return true
		}
		if t.class&notName != 0 && t.name() && d.lang != "de" || d.partOfName(n.start) {
			return true
		}
		if (t.mark == '«' || t.mark == '"' || t.mark == '“' || t.mark == '„') && d.closes(n.end) {
			return true
		}
	}
	if n.end < len(d.toks) && d.together(n.end) {
		t := &d.toks[n.end]
		if !n.known && t.shape == small && d.plural(t.key) && !d.is(n.start-1, conj) && d.mark(n.start-1) != ',' {
			return true
		}
		tail := notName | orgTail | event
		if d.lang == "de" {
			tail |= orgHead
		}
		follows := t.gap && t.class&tail != 0 && t.name()
		return follows || t.mark == '&' || (t.mark == '-' && !t.gap) || t.mark == '@'
	}
	return false
}

// partOfName reports whether the name at i goes on with a proper name, as that of
// a house does, or stands after an article, as a product does.
func (d *document) partOfName(i int) bool {
	t := &d.toks[i-1]
	if d.lang == "de" || !d.joined(i) {
		return false
	}
	if t.shape == small {
		return t.class&articleWord != 0 && t.class&(conn|particle|title) == 0
	}
	known := t.class & (role | title | stop | weekday | month | conn | say | according | articleWord | by | conj | first)
	return t.shape == capital && known == 0 && !d.is(i-1, according|role|say) && (t.class != 0 || d.together(i-1) && !t.line)
}

// plural reports whether a verb has more than one subject: a house has, a person not.
func (d *document) plural(key string) bool {
	switch key {
	case "sono", "hanno", "sont", "ont", "are", "have", "were", "sind", "haben", "waren", "son", "han", "fueron":
		return true
	}
	return false
}

func (d *document) closes(i int) bool {
	m := d.mark(i)
	return m == '»' || m == '"' || m == '”' || m == '“'
}

// judge weighs a name with its context; nil if that is too little.
func (d *document) judge(n name, listed bool) *person {
	p := &person{name: n, from: n.start, after: n.end, count: 1}
	p.Name = d.render(n)
	d.presumeRoles(n)
	sure := d.readAfter(p)
	sure = d.readBefore(p) || sure
	titled := n.start > 0 && d.together(n.start) && d.toks[n.start-1].class&title != 0
	p.dead = d.mourned(p) || d.honored(n)
	p.agent = listed || !p.dead && d.speaksBefore(n)
	quoted := d.quoted(p)
	p.said = p.agent || !p.dead && (d.spokenAfter(p) || quoted)
	p.speaks = p.said || !p.dead && d.subject(p)
	p.about = n.end <= d.body-1 || d.honored(n)
	p.confidence = n.base()
	if sure {
		p.confidence = also(p.confidence, signRole)
	} else if p.Role != "" || p.Affiliation != "" {
		p.confidence = also(p.confidence, signRole/2)
	}
	if titled || d.human(n.end) {
		p.confidence = also(p.confidence, signTitle)
	}
	if p.speaks {
		p.confidence = also(p.confidence, signSpeak)
	}
	bare := !sure && !titled && !p.speaks && p.Role == "" && p.Affiliation == ""
	if bare && d.namesThing(n) {
		return nil
	}
	if d.enough(p, sure, titled, listed) || quoted && d.plainName(n) {
		return p
	}
	return nil
}

// namesThing reports whether a common noun with its article stands right before a
// name: a plant, a vessel or a brand is called so.
func (d *document) namesThing(n name) bool {
	k := n.start - 1
	if k < 1 || !d.joined(n.start) || !d.joined(k) || d.toks[k-1].class&articleWord == 0 {
		return false
	}
	t := &d.toks[k]
	return (t.shape == small || d.lang == "de" && t.shape == capital) && t.class&(role|title|say|by|conn|conj|stop|articleWord|according|speech|first|demonym) == 0
}

// enough is the rule on what makes a person: a known first name; one that may be
// a word with any sign; any other name with a role or a title, or written with
// an upper-case surname by somebody who speaks.
func (d *document) enough(p *person, sure, titled, listed bool) bool {
	n := p.name
	switch {
	case n.known:
		return true
	case n.weak:
		return sure || titled || p.said || p.speaks && !d.anyWord(n) && (d.mark(n.end) == ',' || d.mark(n.end) == '(') || d.human(n.end) || p.Affiliation != "" || (n.shouted && d.toks[n.start].shape != initial)
	case n.shouted:
		return sure || titled || p.said
	}
	if p.Role != "" && p.said && !d.commonNoun(n) {
		return true
	}
	if k := n.start - 1; k >= 0 && !titled && d.joined(n.start) && d.toks[k].shape == small && d.toks[k].class&(placeIn|atWord) != 0 && d.toks[k].class&by == 0 {
		return false // a place
	}
	if d.human(n.end) && p.speaks && !d.commonNoun(n) {
		return true
	}
	return titled || (sure && !d.commonNoun(n)) || (listed && (p.Role != "" || p.Affiliation != "") && !d.commonNoun(n))
}

// anyWord reports whether a part of a name after the first is a word, too.
func (d *document) anyWord(n name) bool {
	for k := n.start + 1; k < n.end; k++ {
		if d.toks[k].class&^(particle|first|firstWeak) != 0 && d.toks[k].class&particle == 0 {
			return true
		}
	}
	return false
}

// human reports whether a relative clause on a human being follows at i.
func (d *document) human(i int) bool {
	if d.mark(i) != ',' || i+1 >= len(d.toks) {
		return false
	}
	k := d.toks[i+1].key
	return k == "who" || k == "whose" || k == "quien"
}

// commonNoun reports whether a name of unknown parts looks like German nouns or
// has a part that is a word of the article's language.
func (d *document) commonNoun(n name) bool {
	for k := n.start; k < n.end; k++ {
		t := &d.toks[k]
		if t.class&^(particle|first|firstWeak) != 0 && t.class&particle == 0 {
			return true
		}
		if d.lang != "de" {
			continue
		}
		for _, suffix := range []string{"ung", "heit", "keit", "schaft", "tion", "ismus", "tät", "ische", "ischen", "liche", "lichen", "ment", "ungen"} {
			if strings.HasSuffix(t.key, suffix) {
				return true
			}
		}
	}
	return false
}

// readAfter reads the parenthesis, apposition or "of Organisation" after a name
// and reports whether a role was found that only people have.
func (d *document) readAfter(p *person) bool {
	i := p.name.end
	if !d.together(i) {
		return false
	}
	switch m := d.mark(i); m {
	case '(', '[':
		for j := i + 1; j < len(d.toks) && j < i+30 && d.together(j); j++ {
			if closing := d.mark(j); closing == ')' || closing == ']' {
				q := d.readParenthesis(i+1, j)
				p.after = j + 1
				return d.take(p, q)
			}
		}
	case ',':
		return d.readApposition(p, i)
	case '–', '—', '-', ':', '|':
		if d.toks[i].gap || m == ':' {
			return d.readApposition(p, i)
		}
	case 0:
		return d.readOf(p, i)
	}
	return false
}

// readOf reads "of Organisation" right after a name.
func (d *document) readOf(p *person, i int) bool {
	t := &d.toks[i]
	if t.shape != small || t.class&(conn|atWord|by) == 0 && t.phrase&atWord == 0 {
		return false
	}
	if t.key == "pour" || t.key == "en" || t.key == "in" || t.key == "and" || t.key == "y" || t.key == "e" || t.key == "con" || t.key == "a" || t.key == "al" || t.key == "im" {
		return false
	}
	b := d.sentenceEnd(i, 14)
	k := d.afterArticles(i+d.width(i, atWord), b)
	if k >= b || !d.opens(k) {
		return false
	}
	explicit := d.toks[k].claimed || d.is(k, orgIntro|orgHead|knownOrg) || d.is(i, atWord) || t.key == "of" || t.key == "von" || t.key == "vom" || t.key == "beim"
	s := d.affiliation(k, d.clauseEnd(k, b))
	if !explicit || s == "" || d.toks[k].class&(place|month|weekday|first|dept|event) != 0 && !d.toks[k].claimed || d.toks[k].phrase&place != 0 {
		return false
	}
	p.Affiliation = s
	d.addOrganisation(k, s, 0.7)
	p.after = d.affiliationEnd(k, d.clauseEnd(k, b))
	return false
}

// readApposition reads "role of Organisation" between commas, or after a dash.
func (d *document) readApposition(p *person, i int) bool {
	b := d.segmentEnd(i+1, 24)
	if d.sinceYear(i + 1) {
		q := d.readRole(i+3, b)
		p.after = b
		return d.take(p, q)
	}
	if _, end, ok := d.roleAt(i+1, b); ok && end < b && d.joined(end) && d.toks[end].name() && d.toks[end].class&(first|title) != 0 {
		return false // the role of who is named next
	}
	q := d.readRole(i+1, b)
	if !q.ok {
		if k := i + 1; k < b && d.mark(i) == ',' && d.toks[k].shape == small && d.is(k, conn|atWord) {
			if f := d.afterArticles(k+d.width(k, atWord), b); f < b && (d.toks[f].claimed || d.is(f, orgIntro|knownOrg)) {
				q = part{affiliation: d.affiliation(f, b), affiliationAt: f}
				p.after = b
				return d.take(p, q)
			}
		}
		return d.bareOrganisation(p, i, b)
	}
	if p.after = d.clauseEnd(i+1, b); p.after < b && (d.timed(p.after, b) || d.located(p.after, b) || d.toks[p.after].class&(demonym|dead) != 0) {
		p.after = b
	}
	if q.affiliation == "" && d.mark(b) == ',' {
		if e := d.segmentEnd(b+1, 10); e > b+1 && d.toks[b+1].name() && d.toks[b+1].class&(first|firstWeak|stop) == 0 &&
			d.affiliationEnd(b+1, e) == e && (d.toks[b+1].claimed || d.mark(e) != ',' || d.speaksAfter(e)) && !d.isPlace(b+1, d.text(b+1, e)) {
			q.affiliation, q.affiliationAt = d.text(b+1, e), b+1
			p.after = e
		}
	}
	return d.take(p, q)
}

// sinceYear reports whether "since 2021" stands at i.
func (d *document) sinceYear(i int) bool {
	if i+1 >= len(d.toks) || d.toks[i+1].shape != number {
		return false
	}
	switch d.toks[i].key {
	case "seit", "depuis", "since", "desde", "dal":
		return true
	}
	return false
}

// bareOrganisation reads "Name, Organisation" in a list item of nothing else.
func (d *document) bareOrganisation(p *person, i, b int) bool {
	if b > i+1 && d.leads(p.name) && (d.toks[i+1].claimed || d.mark(i) != ',') && d.opens(i+1) && d.affiliationEnd(i+1, b) == b &&
		d.toks[i+1].class&(first|firstWeak) == 0 {
		p.after = b
		return d.take(p, part{affiliation: d.text(i+1, b), affiliationAt: i + 1})
	}
	return false
}

// segmentEnd is where the segment from i ends: at a comma, a parenthesis, a
// semicolon, a spaced dash, a quotation mark or the end of the sentence.
func (d *document) segmentEnd(i, limit int) int {
	if i >= len(d.toks) || !d.together(i) {
		return i
	}
	for j := i; j < len(d.toks) && j < i+limit; j++ {
		if j > i && !d.together(j) {
			return j
		}
		switch t := &d.toks[j]; t.mark {
		case ',', ';', ':', '(', ')', '«', '»', '“', '”', '"', '!', '?':
			return j
		case '.':
			if j+1 >= len(d.toks) || d.toks[j+1].gap {
				return j
			}
		case '–', '—', '-':
			if t.gap {
				return j
			}
		}
	}
	return min(i+limit, len(d.toks))
}

// take puts what was read into the person.
func (d *document) take(p *person, q part) bool {
	if p.Role == "" {
		p.Role = q.role
	}
	if p.Affiliation == "" && q.affiliation != "" {
		p.Affiliation = q.affiliation
		d.addOrganisation(q.affiliationAt, q.affiliation, 0.85)
	}
	return q.ok && !q.weak
}

// readBefore reads "role Name", "role of Organisation Name" and "role of
// Organisation, Name".
func (d *document) readBefore(p *person) bool {
	if p.Role != "" {
		return false
	}
	end := p.name.start
	for end > 0 && d.together(end) && d.toks[end-1].class&title != 0 && d.toks[end-1].class&role == 0 {
		end--
	}
	if !d.together(end) {
		return false
	}
	comma := d.mark(end-1) == ','
	if comma {
		end--
		if d.is(p.after, conj) {
			return false
		}
	}
	for a := end - 1; a >= 0 && a >= end-12 && d.toks[a].sentence == d.toks[end].sentence; a-- {
		t := &d.toks[a]
		if t.shape == punct && t.mark != '&' || t.person {
			return false
		}
		if d.is(a, role) && (t.shape != upper || len(t.key) <= 4) {
			return d.roleBefore(p, a, end, comma)
		}
		bridge := t.name() || t.claimed || t.class&(conn|articleWord|orgAdj|atWord|dept|orgTail|orgHead|orgIntro|demonym) != 0 || t.mark == '&' || comma
		if !bridge || (t.shape == small && t.class&(say|be) != 0 && t.class&(conn|articleWord|dept) == 0) {
			return false
		}
	}
	return false
}

func (d *document) roleBefore(p *person, a, end int, comma bool) bool {
	start := a
	for start > 0 && d.together(start) && d.toks[start-1].shape == small && d.toks[start-1].class&(roleMod|role) != 0 &&
		d.toks[start-1].class&articleWord == 0 {
		start--
	}
	q := d.readRole(start, end)
	if !q.ok {
		return false
	}
	p.from = start
	if k := d.ownerBefore(start); k == start-1 && d.toks[k].class&orgTail != 0 && d.lang == "en" { // Hospital director Jane Doe
		q.role = d.text(k, start) + " " + q.role
	} else if d.lang == "en" && q.affiliation == "" && k < start { // Acme CEO Jane Doe
		q.affiliation, q.affiliationAt = d.text(k, start), k
	}
	if d.lang == "de" && !comma && end-start > 1 && q.affiliation == "" && end-start > 3 {
		return false
	}
	if comma && start > 1 && d.mark(start-1) == ',' && d.toks[start-2].person {
		return false // of the one before
	}
	known := p.name.known || p.name.shouted || end == p.name.start && start > 0 && d.toks[start-1].class&articleWord != 0 && !q.weak && d.plainName(p.name)
	return d.take(p, q) && (known || comma)
}

// plainName reports whether no part of a name is a word of the lexicon.
func (d *document) plainName(n name) bool {
	for k := n.start; k < n.end; k++ {
		if t := &d.toks[k]; t.class&^(particle|first|firstWeak) != 0 || t.shape != capital {
			return false
		}
	}
	return n.end-n.start >= 2 && n.end < len(d.toks) && (d.toks[n.end].shape == small || d.mark(n.end) == ',' || d.mark(n.end) == '(')
}

// keep merges a person with the one of the same name.
func (d *document) keep(p *person) *person {
	key := fold(p.Name)
	q := d.byName[key]
	d.met = append(d.met, meeting{p.name.start, key})
	if q == nil {
		if len(d.names) < maxFound {
			d.names = append(d.names, p)
			d.byName[key] = p
			if family := d.toks[p.name.end-1].key; d.byFamily[family] == nil {
				d.byFamily[family] = p
			}
		}
		return p
	}
	q.count++
	q.confidence = min(max(q.confidence, p.confidence)+0.02, 0.99)
	q.speaks = q.speaks || p.speaks
	q.about = q.about || p.about
	q.dead = q.dead || p.dead
	q.agent = p.agent
	q.name, q.after = p.name, p.after
	if q.Role == "" {
		q.Role = p.Role
	}
	if q.Affiliation == "" {
		q.Affiliation = p.Affiliation
	}
	return q
}

// laterMentions finds people called by their family name alone, and whether
// they speak there.
func (d *document) laterMentions() {
	for i := range d.toks {
		t := &d.toks[i]
		if t.claimed || !t.name() {
			continue
		}
		if p := d.byFamily[t.key]; p != nil {
			p.count++
			t.claimed = true
			d.met = append(d.met, meeting{i, fold(p.Name)})
			again := &person{name: name{start: i, end: i + 1, known: true}, from: i, after: i + 1}
			if d.speaksBefore(again.name) || d.spokenAfter(again) || d.subject(again) {
				p.speaks = true
				p.confidence = max(p.confidence, also(p.confidence, signSpeak/2))
			}
		}
	}
}

// people gives the people in order of first appearance.
func (d *document) people() []Guess[article.Person] {
	var out []Guess[article.Person]
	d.hearQuotations()
	for _, p := range d.names {
		d.familyHouse(p)
		switch {
		case p.speaks:
			p.Rel = "speaker"
		case p.about || p.count >= 4 || p.dead && p.count > 1:
			p.Rel = "about"
		default:
			p.Rel = "mentions"
		}
		out = append(out, Guess[article.Person]{p.Person, min(p.confidence, 0.99)})
	}
	return out
}

// roleLater reads the role of the last person of a sentence where the next one
// begins with it: "The lawyer asked …".
func (d *document) roleLater(p *person, at int) {
	k := at
	for k < len(d.toks) && k < at+60 && d.toks[k].sentence == d.toks[at].sentence {
		if d.toks[k].person && k >= at+8 {
			return
		}
		k++
	}
	if k+2 >= len(d.toks) || d.toks[k].line || d.toks[k].class&articleWord == 0 || !d.is(k+1, role) || d.toks[k+1].class&generic != 0 {
		return
	}
	switch d.toks[k].key {
	case "der", "die", "le", "la", "l'", "el", "il", "lo", "the":
	default:
		return
	}
	b := d.clauseEnd(k+1, d.segmentEnd(k+1, 14))
	for j := k; j <= b+2 && j < len(d.toks); j++ {
		if d.toks[j].person {
			return
		}
	}
	if q := d.readRole(k+1, b); q.ok && !q.weak {
		d.take(p, q)
	}
}

// familyHouse gives a person the house that bears the family name.
func (d *document) familyHouse(p *person) {
	if p.Affiliation != "" || !p.speaks {
		return
	}
	family := d.toks[p.name.end-1].key
	for i := range d.orgs {
		m := &d.orgs[i]
		if head, found := strings.CutSuffix(m.key, " "+family); found && head != "" && !strings.HasSuffix(fold(p.Name), m.key) {
			p.Affiliation = m.value
			return
		}
	}
}
