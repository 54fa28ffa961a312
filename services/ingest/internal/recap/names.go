// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// name is a run of tokens that reads as the name of a person.
type name struct {
	start, end int
	known      bool // begins with a first name of the lexicon that is nothing else
	weak       bool // begins with one that may be a word or a place, or with an initial
	shouted    bool // Given SURNAME
}

// base is what the form alone is worth; 0 means that it wants a second sign.
func (n name) base() float64 {
	switch {
	case n.known && n.shouted:
		return 0.9
	case n.known:
		return 0.75
	case n.weak && n.shouted:
		return 0.6
	}
	return 0
}

// notFamily are the classes a family name does not have.
const notFamily = stop | orgHead | orgTail | month | weekday | event | notName | place | knownOrg | title | generic | articleWord

// nameAt reads a name at token i: given names or initials, particles, one or
// two family names.
func (d *document) nameAt(i int) (name, bool) {
	n := name{start: i}
	j := i
	for j < i+4 && j < len(d.toks) && (j == i || d.joined(j)) {
		known, weak := d.given(j)
		if !known && !weak {
			break
		}
		if j == i {
			n.known, n.weak = known, weak
		} else {
			n.known = n.known || (known && d.toks[i].shape == initial)
		}
		j++
	}
	if j == i && (!d.unknownGiven(j) || d.joined(j+1) && d.toks[j+1].class&first != 0 && (i == 0 || !d.together(i))) {
		return n, false
	}
	if d.toks[i].phrase&notName != 0 {
		return n, false
	}
	if d.saintly(i) {
		return n, false
	}
	j = max(j, i+1)
	if n.known && j == i+2 && d.toks[i].name() && d.toks[j-1].shape == initial && len(d.toks[j-1].key) == 2 && !d.joined(j) {
		n.end = j // a family name kept back
		return n, true
	}
	end := d.family(i, j, &n)
	if end == j && j-i >= 2 && d.toks[j-1].name() && d.toks[j-1].class&place == 0 {
		n.shouted = d.toks[j-1].shape == upper && d.toks[i].shape != upper
		end = j // the last given name is the family name
	} else if end == j {
		return n, false
	}
	if d.joined(end) && (d.toks[end].key == "jr." || d.toks[end].key == "jr") {
		end++
	}
	if end-i > 2 && d.lang == "en" && d.toks[end-1].class&eponymTail != 0 {
		return n, false // Clara Barton Ward
	}
	n.end = end
	return n, true
}

// saintly reports whether a saint's name begins at i: places and houses have it,
// people do not.
func (d *document) saintly(i int) bool {
	switch d.toks[i].key {
	case "san", "santa", "santo", "saint", "sainte", "sankt", "donna", "lady", "doña", "frau", "nonno", "nonna":
		return d.toks[i].class&title == 0
	}
	return false
}

// given reports whether token j is a first name, or only may be one.
func (d *document) given(j int) (known, weak bool) {
	t := &d.toks[j]
	switch {
	case t.claimed || t.class&title != 0:
		return false, false
	case t.shape == initial:
		return false, utf8.RuneCountInString(t.key) <= 5
	case !t.name():
		return false, false
	case t.class&firstWeak != 0:
		return false, true
	case t.class&first != 0:
		return true, false
	}
	if a, b, found := strings.Cut(t.key, "-"); found {
		const names = first | firstWeak
		return d.table.words[a].class&names != 0 && d.table.words[b].class&names != 0, false
	}
	return false, false
}

// unknownGiven reports whether token j could be a first name that is not in the
// lexicon: a capitalized word that is nothing else.
func (d *document) unknownGiven(j int) bool {
	t := &d.toks[j]
	return t.shape == capital && !t.claimed && t.class&^(particle|say) == 0 && t.phrase == 0 &&
		utf8.RuneCountInString(t.key) > 1 && !strings.ContainsAny(t.key, ".0123456789")
}

// joined reports whether token j follows the word before it after a plain space.
func (d *document) joined(j int) bool {
	if j <= 0 || j >= len(d.toks) || d.toks[j].line || !d.together(j) || d.toks[j].shape == punct {
		return false
	}
	return (d.toks[j].gap && d.toks[j-1].word()) || d.elision(j-1)
}

func (d *document) elision(j int) bool {
	k := d.toks[j].key
	return k == "d'" || k == "dell'" || k == "dall'" || k == "l'"
}

// family reads particles and family names from token j and gives the end.
func (d *document) family(i, j int, n *name) int {
	most := 2
	if d.lang == "de" {
		most = 1
	}
	loud := d.toks[i].shape != upper
	for count := 0; count < most+1; {
		sure := n.known && count == 0
		k := j
		for k < j+3 && d.joined(k) && d.isParticle(k) {
			k++
		}
		if k > j && count > 0 && d.lang != "es" {
			break // Claire Balva de …: what follows is no name
		}
		if !d.joined(k) || !d.familyName(k, sure) && (!sure || !d.surnameAnyway(i, k)) {
			break
		}
		shout := d.toks[k].shape == upper && loud
		if count > 0 && shout != n.shouted || (count == most && !shout) {
			break
		}
		n.shouted = shout
		j = k + 1
		count++
	}
	return j
}

// isParticle reports whether token k is a particle of a name; French La and Le are
// also written large.
func (d *document) isParticle(k int) bool {
	t := &d.toks[k]
	noble := d.lang == "de" && (t.key == "freiherr" || t.key == "freifrau" || t.key == "graf" || t.key == "gräfin") || d.lang == "en" && t.key == "st"
	if t.class&particle == 0 && t.key != "de" && t.key != "van" && t.key != "von" && t.key != "d'" && !noble {
		return false
	}
	return k+1 < len(d.toks) && d.toks[k+1].shape != punct
}

// surnameAnyway reports whether a word such as Park is a family name because a
// role or a title stands before the first name at i.
func (d *document) surnameAnyway(i, k int) bool {
	return d.together(i) && d.is(i-1, role|title) && d.toks[k].name() && d.toks[k].class&notFamily == notName
}

func (d *document) familyName(k int, afterKnown bool) bool {
	t := &d.toks[k]
	switch {
	case t.claimed || !t.name() || utf8.RuneCountInString(t.key) < 2 || strings.ContainsAny(t.key, ".0123456789"):
		return false
	case t.shape == upper && afterKnown:
		return t.class&(knownOrg|stop) == 0 && (t.class&role == 0 || len(t.key) > 4)
	case t.shape == upper:
		return t.class&(knownOrg|stop|notName|orgTail|orgHead|month|role) == 0 && len(t.key) > 2
	case afterKnown && t.class&place != 0 && (d.mark(k+1) == ',' || d.mark(k+1) == '('):
		_, _, ok := d.roleAt(k+2, min(k+12, len(d.toks)))
		return ok // Jack London, writer
	case afterKnown && t.class&place != 0 && d.lang == "es" && d.joined(k+1) && d.toks[k+1].shape == capital && d.toks[k+1].class&notFamily == 0:
		return true // Ana Palencia Barrios
	case afterKnown && t.class&stop != 0:
		return t.class&(notFamily&^stop|conj|conn|be) == 0 // Petit, Grand
	case t.class&notFamily != 0:
		return false
	case t.class&(role|roleMod) != 0:
		return afterKnown
	}
	return true
}

// render writes the name: upper-case parts in title case, the rest as it stands.
func (d *document) render(n name) string {
	var b strings.Builder
	for k := n.start; k < n.end; k++ {
		t := &d.toks[k]
		if k > n.start && t.gap {
			b.WriteByte(' ')
		}
		s := d.src[t.start:t.end]
		switch {
		case t.shape == upper && k > n.start && t.class&particle != 0 && k+1 < n.end && t.key != "le" && t.key != "la":
			s = t.key
		case t.shape == upper:
			s = titleCase(s)
		case t.shape == capital:
			s = mixedCase(s)
		}
		b.WriteString(s)
	}
	return b.String()
}

// titleCase brings an upper-case name to title case: after hyphens and
// apostrophes, and after Mc, a capital.
func titleCase(s string) string {
	var b strings.Builder
	large := true
	for i, r := range s {
		if large {
			b.WriteRune(r)
		} else {
			b.WriteRune(unicode.ToLower(r))
		}
		large = !unicode.IsLetter(r) || (i == 1 && strings.HasPrefix(s, "MC") && len(s) > 4)
	}
	return b.String()
}

// mixedCase lowers the capitals in the tail of a name such as McDONALD.
func mixedCase(s string) string {
	for _, prefix := range []string{"Mc", "Mac", "O’", "O'", "Fitz"} {
		if tail, found := strings.CutPrefix(s, prefix); found && len(tail) > 2 && tail == strings.ToUpper(tail) {
			return prefix + titleCase(tail)
		}
	}
	return s
}

// fold gives the key under which two spellings of a name are one.
func fold(s string) string { return strings.ToLower(strings.ReplaceAll(s, "’", "'")) }

// part is a role and an affiliation read from a range of tokens.
type part struct {
	role, affiliation string
	affiliationAt     int
	weak              bool // a role that organisations have, too
	ok                bool
}

// roleAt reads a role at a: articles, modifiers, a head. It gives where the
// words of the role begin and where its head ends.
func (d *document) roleAt(a, b int) (start, end int, ok bool) {
	for a < b && d.toks[a].shape == small && d.is(a, articleWord) {
		a++
	}
	i := a
	for i < b && i < a+4 && !d.is(i, role) && d.modifies(i) {
		i++
	}
	if i >= b || !d.is(i, role) {
		return 0, 0, false
	}
	if d.toks[i].class&speakers != 0 && d.toks[i].shape == small {
		return 0, 0, false
	}
	for n := 0; n < 3 && i < b && d.is(i, role|roleMod); n++ {
		i += d.width(i, role)
	}
	return a, min(i, b), true
}

// modifies reports whether token i may stand before the head of a role. English
// puts anything there: a marine biologist.
func (d *document) modifies(i int) bool {
	t := &d.toks[i]
	return t.class&roleMod != 0 || (d.lang == "en" && t.shape == small && t.class&(stop|say|be) == 0) ||
		(d.lang == "en" && t.name() && i > 1 && d.joined(i) && (d.toks[i-1].class&roleMod != 0 || d.toks[i-2].class&roleMod != 0) && d.toks[i-1].class&role == 0)
}

// readRole reads "role", "role of Organisation" and "role, Organisation" in [a, b).
func (d *document) readRole(a, b int) part {
	if owner, after := d.possessor(a, b); after > 0 {
		p := d.readRole(after, b)
		if p.ok && p.affiliation == "" && d.opens(owner) {
			p.affiliation, p.affiliationAt = d.text(owner, after-2), owner
		}
		return p
	}
	start, end, ok := d.roleAt(a, b)
	if !ok {
		return part{}
	}
	b = d.clauseEnd(end, b)
	p := part{ok: true, weak: d.is(end-1, roleWeak) && !d.is(start, roleMod)}
	split, from := d.split(start, end, b)
	p.role = d.text(start, d.trim(start, split))
	if from > 0 {
		p.affiliation, p.affiliationAt = d.affiliation(from, b), from
		if d.is(end-1, terr) && !d.toks[from].claimed || d.isPlace(from, p.affiliation) {
			p.role = d.text(start, d.affiliationEnd(from, b))
			p.affiliation = ""
		}
	}
	return p
}

// possessor finds "Acme’s" at the head of [a, b): where its owner begins and what
// follows it; after is 0 if there is none.
func (d *document) possessor(a, b int) (owner, after int) {
	owner = d.afterArticles(a, b)
	for i := owner + 1; d.lang == "en" && i+2 < b && i < owner+6; i++ {
		if m := d.mark(i); (m == '’' || m == '\'') && d.toks[i+1].key == "s" && !d.toks[i+1].gap {
			return owner, i + 2
		}
	}
	return 0, 0
}

// clauseEnd cuts [i, b) before a relative clause or a verb.
func (d *document) clauseEnd(i, b int) int {
	for ; i < b; i++ {
		if i > 0 && d.lang == "it" && d.toks[i].class == 0 && strings.HasSuffix(d.toks[i].key, "ese") && d.is(i-1, role) {
			return i
		}
		if d.toks[i].class&(demonym|dead) != 0 && d.toks[i].shape == small || d.timed(i, b) || d.located(i, b) {
			return i
		}
		switch d.toks[i].key {
		case "qui", "dont", "que", "who", "whose", "which", "quien", "che", "cui", "welche", "has", "had", "have", "ont", "ha", "han", "hanno", "hat", "haben":
			return i
		case "a":
			if d.lang == "fr" {
				return i
			}
		}
		if d.toks[i].shape == small && (d.is(i, be) || d.is(i, say)) && !d.is(i, dept|role|conn) {
			return i
		}
	}
	return b
}

// timed reports whether "for twenty years", "since 2012" or "en 1951" begins at i.
func (d *document) timed(i, b int) bool {
	t := &d.toks[i]
	switch t.key {
	case "depuis", "since", "seit", "desde", "pendant", "durante", "until", "jusqu'", "hasta", "bis":
		return true
	}
	if t.shape != small || t.class&(conn|atWord|placeIn|articleWord|by) == 0 && t.key != "da" && t.key != "durant" {
		return false
	}
	for k := i + 1; k < b && k <= i+3; k++ {
		switch d.toks[k].key {
		case "years", "year", "ans", "années", "años", "anni", "jahre", "jahren", "months", "mois", "decades", "century", "siècle", "siglo", "secolo", "jahrhundert":
			return true
		}
		if d.toks[k].shape == number && len(d.toks[k].key) == 4 && d.toks[k].num > 1000 && k == i+1 {
			return true
		}
	}
	return false
}

// split finds where the role ends and the affiliation begins (0: there is none)
// in a role whose head ends at end.
func (d *document) split(start, end, b int) (roleEnd, from int) {
	comma := 0
	for i := end; i < b; i++ {
		if d.mark(i) == ',' {
			comma = i
			break
		}
	}
	limit := b
	if comma > 0 {
		limit = comma
	}
	for i := end; i < limit; i++ {
		if d.is(i, atWord) {
			k := d.afterArticles(i+d.width(i, atWord), limit)
			if k < limit && d.opens(k) {
				return i, k
			}
		}
	}
	if comma > 0 && d.opens(d.afterArticles(comma+1, b)) {
		return comma, d.afterArticles(comma+1, b)
	}
	for i := end; i < limit; i++ {
		if d.toks[i].shape != small || !d.is(i, conn) {
			continue
		}
		if k := d.afterArticles(i+1, limit); k < limit && d.opens(k) && !d.department(k) {
			return i, k
		}
	}
	if end > start && end < limit && d.toks[end].name() && d.toks[end].class&(role|dept|stop) == 0 && d.lang != "de" {
		if d.toks[end].claimed || d.toks[end-1].shape == upper {
			return end, end // CEO Blockchain Partner
		}
	}
	return limit, 0
}

// located reports whether the preposition at i leads to a town, up to b: words
// that are no part of an organisation's name.
func (d *document) located(i, b int) bool {
	switch d.toks[i].key {
	case "à", "a", "in", "en", "ad", "from", "aus":
	default:
		return false
	}
	k := i + 1
	if k >= b || d.toks[k].shape != capital || (d.toks[i].key == "from" || d.lang == "de" && (d.toks[i].key != "aus" || k+1 != b)) && d.toks[k].class&place == 0 {
		return false
	}
	for ; k < b && d.toks[k].shape != punct; k++ {
		t := &d.toks[k]
		if t.claimed || t.name() && t.class&(orgHead|orgTail|knownOrg|lowerHead|orgIntro|dept|sectionTerm) != 0 || t.shape == upper {
			return false
		}
	}
	return true
}

// afterArticles skips small articles and connectives.
func (d *document) afterArticles(i, b int) int {
	for i < b && d.toks[i].shape == small && d.is(i, articleWord|conn) && d.toks[i].class&orgHead == 0 {
		i++
	}
	return i
}

// opens reports whether an organisation's name can begin at k.
func (d *document) opens(k int) bool {
	if k >= len(d.toks) {
		return false
	}
	t := &d.toks[k]
	return t.claimed || t.name() || (t.shape == initial) || (t.shape == number && len(t.key) > 2 && t.num < 1000) ||
		(t.class|t.phrase)&(orgIntro|lowerHead) != 0
}

func (d *document) department(k int) bool {
	key := d.toks[k].key
	if c := d.toks[k].class; c&lowerHead != 0 || c&orgHead != 0 && d.toks[k].name() && d.lang != "de" {
		return false
	}
	return d.toks[k].class&dept != 0 || d.table.words[strings.TrimSuffix(key, "s")].class&dept != 0
}

// isPlace reports whether an affiliation is no more than a place.
func (d *document) isPlace(from int, s string) bool {
	t := &d.toks[from]
	return t.class&place != 0 && len(s) == t.end-t.start || (t.phrase&place != 0 && d.text(from, from+t.span) == s)
}

func (d *document) affiliation(i, b int) string {
	return d.text(d.afterIntro(i, b), d.affiliationEnd(i, b))
}

// afterIntro drops "the company" before its name.
func (d *document) afterIntro(i, b int) int {
	if d.toks[i].shape == small || (d.lang == "de" && d.toks[i].class&orgTail == 0) {
		if k := i + d.width(i, orgIntro); d.is(i, orgIntro) && k < b && d.opens(k) && d.toks[k].class&conn == 0 {
			return k
		}
	}
	return i
}

// affiliationEnd is where the organisation's name that begins at i ends: words
// written as names, with what connects them.
func (d *document) affiliationEnd(i, b int) int {
	end := i
	for ; i < b; i++ {
		t := &d.toks[i]
		if t.shape == punct && t.mark != '&' && t.mark != '’' && t.mark != '\'' && t.mark != '.' && t.mark != '+' {
			break
		}
		if t.class&conj != 0 && i > 0 && i+1 < b && d.toks[i-1].claimed && !d.toks[i+1].claimed && !t.claimed {
			break
		}
		if t.mark == '.' && (i+1 >= b || d.toks[i+1].gap) || t.class&conj != 0 && i+1 < b && d.toks[i+1].shape == small && d.is(i+1, role) {
			break
		}
		if t.shape == small && t.class&(conn|articleWord|orgAdj|conj|orgIntro|orgTail|orgHead|particle|sectionTerm|dept|role) == 0 && !t.claimed && t.mark != '&' {
			break
		}
		if t.shape != small || t.class&(conn|articleWord|conj) == 0 {
			end = i + 1
		}
	}
	return end
}

// trim drops connectives and commas at the end of [a, b).
func (d *document) trim(a, b int) int {
	for b > a && (d.toks[b-1].shape == punct || d.is(b-1, conn|articleWord) && d.toks[b-1].shape == small) {
		b--
	}
	return b
}

// readParenthesis reads what stands between the parentheses after a name.
func (d *document) readParenthesis(a, b int) part {
	if p := d.readRole(a, b); p.ok {
		return p
	}
	from := a
	for from < b && d.toks[from].shape == small && d.is(from, articleWord|conn|atWord) {
		from++
	}
	if from >= b || b-from > 10 || !d.opens(from) || d.toks[from].class&(weekday|month|first) != 0 {
		return part{}
	}
	p := part{affiliation: d.affiliation(from, b), affiliationAt: from}
	if d.isPlace(from, p.affiliation) || p.affiliation == "" {
		return part{}
	}
	for i := from; i < b; i++ {
		if d.mark(i) == ',' {
			p.role = d.readRole(i+1, b).role
			p.ok = p.role != ""
		}
	}
	return p
}

// ownerBefore is where the run of capitalized words begins that ends before a role.
func (d *document) ownerBefore(start int) int {
	k := start
	for k > 0 && k > start-5 && d.joined(k) && d.toks[k-1].name() && d.toks[k-1].class&(stop|first|place|title|role|articleWord|month|weekday) == 0 {
		k--
	}
	return k
}

// presumeRoles takes the word right before or after a name for a role if it ends
// as the names of professions do in the language and is nothing else.
func (d *document) presumeRoles(n name) {
	if k := n.start - 1; k > 0 && d.joined(n.start) && d.joined(k) && (d.toks[k-1].class&articleWord != 0 || d.lang == "de" || d.lang == "en" && n.known) {
		d.presumeRole(k)
	}
	k := n.end
	if m := d.mark(k); m != ',' && m != '(' {
		return
	}
	for k++; k < len(d.toks) && d.toks[k].shape == small && d.toks[k].class&(articleWord|roleMod) != 0; k++ {
	}
	d.presumeRole(k)
}

func (d *document) presumeRole(k int) {
	if k >= len(d.toks) || d.toks[k].claimed || d.toks[k].phrase&role != 0 {
		return
	}
	t := &d.toks[k]
	if wanted := d.lang == "de"; t.class != 0 || (t.shape == capital) != wanted || (t.shape == small) == wanted {
		return
	}
	for _, suffix := range agentive(d.lang) {
		if len(t.key) > len(suffix)+2 && strings.HasSuffix(t.key, suffix) {
			t.class |= role | roleWeak
			return
		}
	}
}
