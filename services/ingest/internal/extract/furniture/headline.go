// SPDX-License-Identifier: Apache-2.0

package furniture

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxHead   = 200 // lines that may stand above a text
	paragraph = 100 // characters of a real paragraph, at least
)

// headZone returns the place of the first real paragraph of prose, or of the
// first sentence where there is none. Without either it is the end of the page.
func (s *stripper) headZone() int {
	first := -1
	for p, i := range s.filled {
		if s.classes[i].kind != prose || !proseLike(s.lines[i]) {
			continue
		}
		if utf8.RuneCountInString(s.lines[i]) >= paragraph {
			return p
		}
		if first < 0 {
			first = p
		}
		if p > maxHead {
			break
		}
	}
	if first < 0 {
		return len(s.filled)
	}
	return first
}

// chooseHeadline finds the headline among the lines of the head zone: the one
// with the highest score, the first of several.
func (s *stripper) chooseHeadline() {
	if s.zone == len(s.filled) || s.zone > maxHead {
		return
	}
	places := s.candidates()
	if len(places) == 1 && places[0] == 0 {
		s.headline = s.filled[0]
	}
	if len(places) < 2 && s.headline >= 0 {
		return
	}
	best, h := 0, s.readHead()
	good := -1 // the place of the last line that would make a good headline
	for n, p := range places {
		score := s.shape(p)
		bare := score
		score += s.position(p, h)
		own := score
		if n == 0 {
			score += s.onlyText()
		} else if places[n-1] == p-1 && h.before >= 3 {
			score--
		}
		if score += s.misplaced(p, h, good); s.headline < 0 || score > best {
			best, s.headline = score, s.filled[p]
		}
		if h.before = bare; own >= 3 && good < 0 {
			good = p
		}
	}
	if best < 2 && h.sentences[s.placeOf(s.headline)] > 0 {
		s.headline = -1
	}
}

// headLines is what the head zone holds, read once.
type headLines struct {
	navigation int             // the place of the last line that leads around the site; -1 without any
	trails     map[string]bool // what trails of breadcrumbs end with
	lines      map[string]int  // how often a line stands in the zone
	signed     []int           // lines of bylines, times and sharing above each place
	sentences  []int           // sentences above each place
	before     int             // what the shape of the last candidate scored
}

func (s *stripper) readHead() *headLines {
	h := &headLines{navigation: -1, trails: map[string]bool{}, lines: map[string]int{}, signed: make([]int, s.zone+1), sentences: make([]int, s.zone+1)}
	for p, i := range s.filled[:s.zone] {
		c := s.classes[i]
		h.signed[p+1], h.sentences[p+1] = h.signed[p], h.sentences[p]
		switch {
		case c.kind == about || c.kind == readingTime || c.kind == share:
			h.signed[p+1]++
		case c.kind == crumbs:
			h.trails[key(c.list[len(c.list)-1])] = true
		case s.prosaic(p):
			h.sentences[p+1]++
		case c.kind == prose:
			h.lines[key(s.lines[i])]++
		}
		if s.navigates(p) {
			h.navigation = p
		}
	}
	return h
}

// candidates lists the places of the lines that may be a headline.
func (s *stripper) candidates() []int {
	var places []int
	for p := range s.zone {
		if s.candidate(p) {
			places = append(places, p)
		}
	}
	return places
}

func (s *stripper) placeOf(line int) int {
	p, _ := slices.BinarySearch(s.filled, line)
	return p
}

// candidate reports whether the line at a place may be a headline at all.
func (s *stripper) candidate(p int) bool {
	line, c := s.lines[s.filled[p]], s.classes[s.filled[p]]
	switch c.kind {
	case prose, unsure:
	case about:
		if c.meta.firm || c.meta.dated || c.minutes > 0 {
			return false
		}
	default:
		return false
	}
	return TitleLike(line) && !bulleted(line)
}

// onlyText is what speaks for the first line where little or nothing tells that
// the text was copied from a page.
func (s *stripper) onlyText() int {
	is := func(i int) bool { k := s.classes[i].kind; return k != prose && k != unsure }
	switch {
	case slices.ContainsFunc(s.filled[:s.zone], is):
		return 0
	case slices.ContainsFunc(s.filled[s.zone:], is):
		return 2
	}
	return 5
}

// shape scores a line by its words and signs.
func (s *stripper) shape(p int) int {
	line, c := s.lines[s.filled[p]], s.classes[s.filled[p]]
	words := titleWords(line)
	score := wordScore(words)
	switch c.kind {
	case about:
		score -= 8
	case unsure:
		score -= 4
	}
	if n := separators(line); n > 0 {
		score -= 5 + n
	}
	if !strings.ContainsFunc(line, unicode.IsLower) {
		score -= 2
	}
	if named(words) && len(words) <= 5 {
		score -= 2
		if strings.ContainsAny(line, "&–—-") {
			score -= 2
		}
	}
	if publication(words) {
		score -= 2
	}
	if bylined(line) {
		score -= 5
	}
	switch first, _ := utf8.DecodeRuneInString(line); {
	case unicode.IsLower(first):
		score -= 3
	case first == '‘' || first == '\'':
		score++
	}
	for _, signs := range []string{"?", "!", "«“„\"”»", ":", ","} {
		if strings.ContainsAny(line, signs) {
			score++
		}
	}
	return score
}

func wordScore(words []string) int {
	switch n := len(words); {
	case n <= 1:
		return -3
	case n == 2:
		return -1
	case n >= 7 && n <= 30:
		return 3
	default:
		return min(n, 5) - 3
	}
}

// titleWords are the words of a line; of what stands between, nothing.
func titleWords(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return !word(r) && r != '-' && r != '\'' && r != '’' && r != '.' })
}

// separators counts the signs that part the entries of a menu or a trail.
func separators(line string) int {
	n := strings.Count(line, " | ") + strings.Count(line, " / ") + strings.Count(line, " · ") + strings.Count(line, " • ") + strings.Count(line, " > ")
	for _, r := range line {
		if r == '›' || r == '→' || r == '|' {
			n++
		}
	}
	if !strings.Contains(line, "« ") && !strings.Contains(line, "«") {
		n += strings.Count(line, " » ")
	}
	return n
}

// bylined reports whether a line begins as a byline does.
func bylined(line string) bool {
	if !bylines[firstWord(line)] {
		return false
	}
	r := &reader{list: tokens(line)}
	if !r.label(bylines) {
		return false
	}
	name, ok := r.name()
	return ok && name != ""
}

// named reports whether every word is capitalized that is no particle, as in
// the name of a site.
func named(words []string) bool {
	for _, w := range words {
		if first, _ := utf8.DecodeRuneInString(w); unicode.IsLower(first) && !siteParticles[key(w)] {
			return false
		}
	}
	return len(words) > 0
}

var siteParticles = set("de|du|des|la|le|les|l|d|et|en|a|au|aux|of|the|and|for|in|on|für|der|die|das|und|von|im|am|del|los|las|el|y|e|di|della|delle|dei|degli|dell|il|i|lo|gli")

// publication reports whether a word is what a site calls itself.
func publication(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return publications[key(w)] })
}

var publications = set("journal|magazine|magazin|gazette|courrier|quotidien|hebdomadaire|hebdo|dépêche|tribune|écho|echo|echos|blog|newsletter|webzine|zeitung|tageblatt|tagblatt|anzeiger|kurier|blatt|bote|rundschau|nachrichten|" +
	"times|post|herald|chronicle|ledger|courier|tribune|gazette|observer|review|bulletin|weekly|daily|news|diario|periódico|revista|heraldo|noticias|correo|gaceta|boletín|cronache|corriere|giornale|gazzetta|rivista|quotidiano|notiziario|settimanale|mensile|blogue|.com|.fr|.de|.it|.es|.org|" +
	"mairie|commune|comune|municipio|ayuntamiento|stadtverwaltung|gemeinde|council|université|universität|universidad|università")

// position scores a line by what stands before and after it.
func (s *stripper) position(p int, h *headLines) int {
	i := s.filled[p]
	score := 0
	words := len(strings.Fields(s.lines[i]))
	for q := p + 1; q <= s.zone; q++ {
		c, line := s.classes[s.filled[q]], s.lines[s.filled[q]]
		if c.kind == share || c.kind == networks || c.kind == button || c.kind == count || c.kind == credit || c.kind == unsure && len(c.list) > 0 {
			continue
		}
		switch {
		case c.kind == about || c.kind == readingTime || c.kind == duration || len(c.meta.names) > 0, proseLike(line):
			score += 2
		case c.kind == prose && words >= 4 && len(strings.Fields(line)) >= 8:
			score += 2
		}
		break
	}
	if p > 0 {
		if k := s.classes[s.filled[p-1]].kind; k == about || k == crumbs || k == readingTime {
			score++
		}
	}
	if s.repeated(p, h) {
		score += 4
	}
	if p+1 < s.zone && s.classes[s.filled[p+1]].kind == about && named(titleWords(s.lines[i])) && words <= 6 {
		score -= 4 // who wrote it, above when
	}
	if words <= 6 && s.signsFoot(key(s.lines[i])) {
		score -= 5
	}
	return score
}

// repeated reports whether a trail of breadcrumbs ends with the line, or the
// head of the page has it twice.
func (s *stripper) repeated(p int, h *headLines) bool {
	k := key(s.lines[s.filled[p]])
	return h.trails[k] || h.lines[k] > 1 && len(k) > 20
}

// signsFoot reports whether a name stands in the page's footer.
func (s *stripper) signsFoot(name string) bool {
	if len(name) < 4 {
		return false
	}
	for _, i := range s.filled[max(s.last+1, len(s.filled)-maxHead):] {
		c := s.classes[i]
		if c.site == name || c.kind == rights && strings.Contains(key(s.lines[i]), name) {
			return true
		}
	}
	return false
}

// misplaced is what speaks against a line: the navigation of the page stands
// below it, or a good headline and its byline, or a sentence, above.
func (s *stripper) misplaced(p int, h *headLines, good int) int {
	score := 0
	if h.navigation > p && !s.repeated(p, h) {
		score = -4
	}
	if h.sentences[p] > 0 {
		score -= 3
	}
	if good >= 0 && h.signed[p] > h.signed[good] {
		score -= 4
	}
	return score
}

// navigates reports whether the line at a place leads around the site.
func (s *stripper) navigates(p int) bool {
	line, c := s.lines[s.filled[p]], s.classes[s.filled[p]]
	if c.kind == crumbs || navigation[key(line)] || known.homes[firstWord(line)] && c.kind == prose && named(titleWords(line)) {
		return true
	}
	return (c.kind == prose || c.kind == edge || c.kind == button) && separators(line) >= 2 && !strings.ContainsAny(line, "0123456789")
}

var navigation = set("menu|rechercher|se connecter|connexion|ouvrir le menu|aller au contenu|aller au contenu principal|s'identifier|mon compte|espace abonné|s'abonner|je m'abonne|abonnez-vous|recherche|accueil|" +
	"search|log in|login|sign in|open menu|skip to content|skip to main content|subscribe|subscribe now|sign up|my account|home|menü|suche|suchen|anmelden|einloggen|zum inhalt springen|zum inhalt|startseite|abonnieren|e-paper|" +
	"menú|buscar|iniciar sesión|saltar al contenido|ir al contenido|suscríbete|inicio|portada|acceder|cerca|accedi|vai al contenuto|salta al contenuto|abbonati|registrati|apri menu|abrir menú|menü öffnen")
