// SPDX-License-Identifier: Apache-2.0

// Package furniture tells the lines of a copied page that belong to the page
// from those of the article, and reads what they say of it: who wrote it, when
// it was published, its keywords and its place on the site.
//
// It knows the furniture of pages in French, English, German, Spanish and
// Italian. A line is furniture only as a whole; in doubt it stays.
package furniture

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Found is the furniture of a page and what it says.
type Found struct {
	Lines     []string // the lines left out, in their order
	Minutes   int      // the page's own reading time; 0 when it has none
	Authors   []string
	Published time.Time // zero when no line says it, or none is sure of day and month
	Keywords  []string
	Section   string
	Headline  int // the line that is the headline; -1 when none was chosen
}

// Strip tells for every line of a page whether it is kept, and what was found
// in those that are not. Lines are normalized, their white space collapsed; a
// blank line is empty. Where titled is set the first line is the headline, or
// blank; else it is chosen among the lines above the first paragraph, and those
// above it that are no sentences are furniture. The same lines always give the
// same answer.
func Strip(lines []string, titled bool) (kept []bool, found Found) {
	s := &stripper{lines: lines, classes: make([]class, len(lines)), kept: make([]bool, len(lines))}
	for i, line := range lines {
		s.kept[i] = true
		if line != "" {
			s.filled = append(s.filled, i)
		}
	}
	for p, i := range s.filled {
		if p < outerLines || p >= len(s.filled)-outerLines {
			s.classes[i] = classify(lines[i])
		}
	}
	s.measure()
	s.zone = s.headZone()
	if !titled {
		s.chooseHeadline()
	} else if len(lines) > 0 && lines[0] != "" {
		s.headline = 0
	}
	s.run()
	s.repeatedHeadline()
	return s.kept, s.result()
}

// outerLines is how many lines from either end of a page may be furniture.
const outerLines = 2000

// stripper holds a page while its furniture is looked for.
type stripper struct {
	lines    []string
	classes  []class
	kept     []bool
	filled   []int // the lines that are not blank
	last     int   // the place in filled of the last line of prose; -1 without any
	links    int   // the place from which on stand only titles and furniture
	spaced   bool  // blank lines part the paragraphs
	found    Found
	crumbs   []string
	bare     []string // names that stand alone beside a date
	zone     int      // the place of the first real paragraph
	headline int      // the line that is the headline; -1 without any
	ended    bool     // furniture was seen that only follows an article
	read     int      // paragraphs of prose before the present place
}

// measure finds out where the prose of the page ends.
func (s *stripper) measure() {
	s.last, s.links, s.headline = -1, len(s.filled), -1
	only, parted, texts, long := true, 0, 0, -1
	for p, i := range slices.Backward(s.filled) {
		prosaic := s.prosaic(p)
		if prosaic && s.last < 0 {
			s.last = p
		}
		if prosaic && long < 0 && utf8.RuneCountInString(s.lines[i]) >= paragraph {
			long = p
		}
		if prosaic && i+1 < len(s.lines) {
			texts++
			if s.lines[i+1] == "" {
				parted++
			}
		}
		only = only && (s.classes[i].kind != prose || linkLike(s.lines[i]))
		if only {
			s.links = p
		}
	}
	s.spaced = parted*2 > texts
	if long >= 0 {
		s.last = s.lastSentence(long)
	}
}

func (s *stripper) prosaic(p int) bool {
	return s.classes[s.filled[p]].kind == prose && proseLike(s.lines[s.filled[p]])
}

// lastSentence returns the place of the last sentence after the last paragraph
// at p before anything that only follows an article.
func (s *stripper) lastSentence(p int) int {
	last := p
	for q := p + 1; q < len(s.filled); q++ {
		if s.prosaic(q) {
			last = q
		} else if s.ends(q) {
			break
		}
	}
	return last
}

// ends reports whether the line at a place is what follows an article.
func (s *stripper) ends(p int) bool {
	switch s.classes[s.filled[p]].kind {
	case titles, tags, desk, rights, share, said:
		return true
	case button:
		return !advertisement[key(s.lines[s.filled[p]])]
	case edge:
		return closers[withoutCount(key(s.lines[s.filled[p]]))]
	}
	return false
}

// closers are labels that stand below an article and nowhere else.
var closers = set("à propos de l'auteur|à propos de l'autrice|à propos des auteurs|about the author|about the authors|über den autor|über die autorin|zur person|sobre el autor|sobre la autora|sobre la firma|sull'autore|sull'autrice|l'autore|l'autrice|archivado en|etiquetado en|filed under|mots-clés|tags|étiquettes|etiquetas|schlagwörter|schlagworte|tag|topics|commentaires|réactions|vos réactions|vos commentaires|comments|replies|responses|reader comments|discussion|kommentare|reaktionen|comentarios|reacciones|commenti|reazioni")

func (s *stripper) run() {
	bar, closed := false, false // after a share line; after the page's footer began
	for p := 0; p < len(s.filled); p++ {
		i := s.filled[p]
		c := &s.classes[i]
		switch {
		case i == s.headline:
			bar = false
		case i < s.headline && !s.prosaic(p):
			s.above(p)
			s.drop(i)
		case c.kind == titles && s.allowed(p):
			s.drop(i)
			s.ended = s.ended || s.tail(p)
			p = s.titlesAfter(p)
			bar = false
		case bar && (c.kind == networks || c.kind == count || onlyShareNames(s.lines[i])):
			s.drop(i)
		case s.closing(p, closed) && c.kind == prose, s.furniture(p), s.signup(p), s.after(p):
			closed = closed || c.kind == rights
			bar = c.kind == share || c.kind == networks || (bar && c.kind == button)
			s.ended = s.ended || s.tail(p) && s.ends(p)
			s.drop(i)
			s.listAfter(p)
		default:
			bar = false
			s.keep(i)
		}
	}
}

func (s *stripper) keep(i int) {
	if proseLike(s.lines[i]) {
		s.read++
	}
}

func (s *stripper) drop(i int) { s.kept[i] = false }

// above reads what a line above the headline says: a trail of breadcrumbs that
// begins without a home, or a name, which counts only beside a date.
func (s *stripper) above(p int) {
	c, line := &s.classes[s.filled[p]], s.lines[s.filled[p]]
	if c.kind == prose && strings.ContainsAny(line, "›>→") {
		if list := parts(line); len(list) > 1 && len(list) < 9 {
			c.kind, c.list = crumbs, list
		}
	}
	words := titleWords(line)
	section := func(w string) bool { return known.sections[key(w)] }
	if c.kind == unsure && (!s.neighbor(p, dated) || publication(words) || slices.ContainsFunc(words, section) || !strings.ContainsFunc(line, unicode.IsLower)) {
		c.meta.names = nil
	}
}

func dated(c class) bool { return c.kind == about && c.meta.dated || c.kind == readingTime }

// top reports whether a place is above the text, or beside its first paragraph.
func (s *stripper) top() bool { return s.read <= 1 }

// tail reports whether a place is below the text.
func (s *stripper) tail(p int) bool { return p > s.last && s.read > 0 }

// allowed reports whether the kind at a place is furniture there.
func (s *stripper) allowed(p int) bool {
	switch c := s.classes[s.filled[p]]; c.at {
	case edges:
		return s.top() || s.tail(p)
	case beside:
		return s.read == 0 || s.tail(p) || s.neighbor(p, func(c class) bool { return c.kind != prose && c.kind != unsure && c.kind != count })
	case below:
		return s.tail(p)
	case anywhere:
	}
	return true
}

// neighbor reports whether the line before or after a place is of a class.
func (s *stripper) neighbor(p int, is func(class) bool) bool {
	return (p > 0 && is(s.classes[s.filled[p-1]])) || (p+1 < len(s.filled) && is(s.classes[s.filled[p+1]]))
}

func (s *stripper) furniture(p int) bool {
	c := s.classes[s.filled[p]]
	switch c.kind {
	case prose, titles:
		return false
	case duration:
		return s.read == 0 || s.tail(p) && s.neighbor(p, func(c class) bool { return c.kind != prose })
	case networks:
		return s.neighbor(p, func(c class) bool { return c.kind == networks }) && s.allowed(p)
	case count:
		return false
	case crumbs:
		return s.read == 0 || s.tail(p)
	case about:
		return s.about(p)
	case unsure:
		return s.unsure(p)
	case edge, readingTime, share, readAlso, button, said, credit, rights, tags, desk:
	}
	return s.allowed(p)
}

// about reports whether a line of bylines and dates is furniture where it is. A
// name with "by" before it may be a title, and a date may be a heading.
func (s *stripper) about(p int) bool {
	m := s.classes[s.filled[p]].meta
	if m.firm {
		return true
	}
	if s.tail(p) {
		return m.labeled || len(m.names) > 0 && m.dated
	}
	if m.labeled && !m.dated {
		return s.headline >= 0 && s.read <= 2
	}
	if s.read > 0 {
		return s.read == 1 && (m.labeled || len(m.names) > 0 || m.minutes > 0 || s.neighbor(p, func(c class) bool { return c.kind == about || c.kind == readingTime }))
	}
	return true
}

// unsure judges a bare name, and a part of the paper, by what stands beside it.
func (s *stripper) unsure(p int) bool {
	c := &s.classes[s.filled[p]]
	if len(c.meta.names) > 0 {
		if s.headline < 0 || !s.top() || !s.neighbor(p, dated) {
			return false
		}
		c.meta.bare = false
		return true
	}
	return s.headline >= 0 && s.read == 0 && s.neighbor(p, func(c class) bool { return c.kind != prose && c.kind != unsure && c.kind != titles })
}

// closing reports whether a title stands after the page's footer began.
func (s *stripper) closing(p int, closed bool) bool {
	return closed && s.tail(p) && p >= s.links
}

// after reports whether a line below the text is a title or a prompt among
// others: after furniture that only follows an article, in a run of titles
// under a heading, or with an arrow to another article.
func (s *stripper) after(p int) bool {
	line, c := s.lines[s.filled[p]], s.classes[s.filled[p]]
	if !s.tail(p) || !s.titled(line) {
		return false
	}
	switch c.kind {
	case prose, unsure, count, duration, networks, edge, credit:
	default:
		return false
	}
	if prompts[firstWord(line)] || s.lists(p) || s.before(p, networks) && utf8.RuneCountInString(line) <= 60 {
		s.ended = true
	}
	return s.ended || strings.HasPrefix(line, "©") || strings.HasPrefix(line, "←") || strings.HasPrefix(line, "→") || strings.HasSuffix(line, "→") || s.heads(p)
}

// lists reports whether a line heads a list of articles, in words that vary:
// "More from the north".
func (s *stripper) lists(p int) bool {
	line := s.lines[s.filled[p]]
	if len(strings.Fields(line)) > 6 || p+1 >= len(s.filled) || !s.titled(s.lines[s.filled[p+1]]) {
		return false
	}
	return moreFrom.MatchString(key(line))
}

// before reports whether a line of a kind follows.
func (s *stripper) before(p int, k kind) bool {
	return p+1 < len(s.filled) && s.classes[s.filled[p+1]].kind == k
}

// prompts begin what a page asks of its readers.
var prompts = set("abonnez-vous|inscrivez-vous|suivez-nous|suivez|partagez|partagez-le|soutenez|soutenez-nous|rejoignez|rejoignez-nous|téléchargez|retrouvez-nous|réagissez|commentez|connectez-vous|offrez|offrez-nous|adhérez|contactez-nous|écrivez-nous|recevez|" +
	"subscribe|follow|join|donate|share|download|comment|support|sponsor|tweet|print|email|register|" +
	"abonnieren|folgen|teilen|spenden|kommentieren|diskutieren|unterstützen|unterstütze|abonniere|folge|teile|drucken|melden|newsletter|" +
	"suscríbete|suscríbase|síguenos|comparte|compartir|apóyanos|apoya|únete|descarga|invítanos|comenta|hazte|regístrate|apúntate|imprimir|" +
	"abbonati|seguici|condividi|sostieni|sostienici|offrici|iscriviti|scarica|dona|commenta|unisciti|registrati|stampa")

// titled reports whether a line may be a title below the text: it ends no
// sentence, not even a quoted one, and is no item of a list.
func (s *stripper) titled(line string) bool {
	r, _ := utf8.DecodeRuneInString(line)
	if strings.ContainsRune("•‣◦▪●■-*–—", r) || utf8.RuneCountInString(line) > 150 {
		return false
	}
	bare := strings.TrimRight(line, "»”\"“’) \u00a0\u202f")
	return TitleLike(line) && (bare == line || strings.TrimRight(bare, ".!?… \u00a0\u202f") == bare)
}

// heads reports whether a heading of a few words begins here that titles follow,
// and then what only follows an article.
func (s *stripper) heads(p int) bool {
	if p != s.last+1 || len(strings.Fields(s.lines[s.filled[p]])) > 6 {
		return false
	}
	for q := p + 1; q < len(s.filled); q++ {
		line := s.lines[s.filled[q]]
		if s.classes[s.filled[q]].kind != prose {
			ends := q > p+1 && (s.ends(q) || s.classes[s.filled[q]].kind == edge || s.classes[s.filled[q]].kind == networks)
			s.ended = s.ended || ends
			return ends
		}
		if !s.titled(line) || len(strings.Fields(line)) < 3 || strings.ContainsAny(line, "€$@") || strings.HasSuffix(line, ":") {
			return false
		}
	}
	return false
}

// signup reports whether a line stands in a box that asks for an address: above
// the field for it, and below a heading such as "Newsletter" or in one line.
func (s *stripper) signup(p int) bool {
	line := s.lines[s.filled[p]]
	if s.read == 0 || s.classes[s.filled[p]].kind != prose || p+1 >= len(s.filled) || utf8.RuneCountInString(line) > paragraph {
		return false
	}
	next := key(s.lines[s.filled[p+1]])
	return fields[next] && (TitleLike(line) || s.classes[s.filled[p-1]].kind == button)
}

// fields ask for an address.
var fields = set("votre e-mail|votre email|votre mail|votre adresse e-mail|votre adresse email|votre adresse mail|adresse e-mail|adresse email|adresse mail|e-mail|email|saisissez votre e-mail|entrez votre e-mail|your email|your e-mail|your email address|email address|e-mail address|enter your email|enter your email address|type your email|ihre e-mail|ihre e-mail-adresse|deine e-mail-adresse|e-mail-adresse|e-mail-adresse eingeben|e-mail adresse|tu correo|tu correo electrónico|su correo electrónico|correo electrónico|tu email|tu e-mail|tu dirección de correo electrónico|la tua email|la tua e-mail|il tuo indirizzo email|il tuo indirizzo e-mail|indirizzo email|indirizzo e-mail|inserisci la tua email|la tua mail")

// titlesAfter drops the titles of other articles under a heading and returns
// the place of the last. Where prose follows, a title that could be its heading
// stays.
func (s *stripper) titlesAfter(p int) int {
	if s.read == 0 {
		return p
	}
	if p+1 >= s.links {
		for q := p + 1; q < len(s.filled); q++ {
			s.drop(s.filled[q])
		}
		return len(s.filled)
	}
	end := p
	for end+1 < len(s.filled) && s.listed(end+1) {
		end++
	}
	if end > p && end+1 < len(s.filled) && s.headsProse(p, end) {
		end--
	}
	for q := p + 1; q <= end; q++ {
		s.drop(s.filled[q])
	}
	return end
}

// listed reports whether a line may stand in a list of other articles.
func (s *stripper) listed(p int) bool {
	i := s.filled[p]
	switch s.classes[i].kind {
	case prose, unsure, count, duration, about, networks:
		return linkLike(s.lines[i])
	}
	return false
}

// headsProse reports whether the last title of a list may be the heading of the
// prose after it.
func (s *stripper) headsProse(p, end int) bool {
	i := s.filled[end]
	if s.classes[i].kind != prose || bulleted(s.lines[i]) {
		return false
	}
	blankBefore, blankAfter := s.filled[end-1] < i-1, s.filled[end+1] > i+1
	if s.spaced && !blankBefore && blankAfter {
		return false
	}
	if s.spaced && blankBefore && !blankAfter {
		return true
	}
	n := utf8.RuneCountInString(s.lines[i])
	return n < 45 && len(strings.Fields(s.lines[i])) < 8 || end == p+1 && !s.spaced && n < 60
}

func bulleted(line string) bool {
	r, n := utf8.DecodeRuneInString(line)
	return strings.ContainsRune("•‣◦▪●■-*→›»–", r) && n < len(line)
}

// listAfter reads keywords that stand on lines of their own under "Tags", and
// breadcrumbs that do under "Accueil".
func (s *stripper) listAfter(p int) {
	if !tagHeadings[key(s.lines[s.filled[p]])] || !s.tail(p) {
		return
	}
	for q := p + 1; q < len(s.filled) && q <= p+12; q++ {
		i := s.filled[q]
		if s.classes[i].kind != prose && s.classes[i].kind != unsure || utf8.RuneCountInString(s.lines[i]) > 40 || !linkLike(s.lines[i]) {
			return
		}
		s.classes[i] = class{kind: tags, list: []string{strings.TrimLeft(s.lines[i], "•-*# ")}}
	}
}

var tagHeadings = set("tag|archivado en|etiquetado en|filed under|tagged|archiviato in|temas|themen|thèmes|argomenti|mots clés|sujets|dans cet article|in this story|temas relacionados|related topics|mots-clés|tags|étiquettes|schlagwörter|schlagworte|etiquetas|parole chiave|palabras clave|keywords|topics")

// repeatedHeadline drops a headline that the text repeats at once.
func (s *stripper) repeatedHeadline() {
	if s.headline < 0 {
		return
	}
	for _, i := range s.filled {
		if i <= s.headline || !s.kept[i] {
			continue
		}
		if s.lines[i] == s.lines[s.headline] {
			s.drop(i)
		}
		return
	}
}

// result gathers what the dropped lines say.
func (s *stripper) result() Found {
	f := &s.found
	f.Headline = s.headline
	var higher []string // bare names above the headline
	for _, i := range s.filled {
		if i == s.headline {
			higher, s.bare = s.bare, nil
		}
		if s.kept[i] {
			continue
		}
		c := s.classes[i]
		f.Lines = append(f.Lines, s.lines[i])
		if f.Minutes == 0 {
			f.Minutes = c.minutes
		}
		switch c.kind {
		case tags:
			f.Keywords = union(f.Keywords, c.list)
		case crumbs:
			s.crumbs = c.list
		case desk:
			f.Section = c.list[0]
		case unsure, about:
			s.say(c)
		}
	}
	switch {
	case len(f.Authors) > 0:
	case len(s.bare) > 0:
		f.Authors = union(nil, s.bare)
	case len(higher) == 1:
		f.Authors = higher
	}
	s.section()
	return *f
}

func (s *stripper) say(c class) {
	f := &s.found
	if f.Section == "" && len(c.list) > 0 {
		f.Section = c.list[0]
	}
	if c.meta.labeled || c.kind == about && len(c.meta.names) > 0 {
		f.Authors = union(f.Authors, c.meta.names)
	} else {
		s.bare = append(s.bare, c.meta.names...)
	}
	if f.Published.IsZero() {
		f.Published = c.meta.published
	}
}

// section is the last breadcrumb that is not the headline.
func (s *stripper) section() {
	headline := ""
	if s.headline >= 0 {
		headline = key(s.lines[s.headline])
	}
	for i, crumb := range slices.Backward(s.crumbs) {
		k := key(crumb)
		cut := strings.TrimRight(k, ".…")
		if known.homes[k] && i == 0 || k == headline || (len(cut) > 10 && strings.HasPrefix(headline, cut)) {
			continue
		}
		s.found.Section = crumb
		return
	}
}

func union(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) && len(list) < 20 {
			list = append(list, s)
		}
	}
	return list
}

// onlyShareNames reports whether a line is what stands beside "Share".
func onlyShareNames(line string) bool {
	return networkLine(key(line))
}

// TitleLike reports whether a line could be a headline: 1 to 300 characters,
// a letter among them, no full stop at its end (an ellipsis may be there).
func TitleLike(line string) bool {
	n := len(line)
	if n > 300 {
		n = utf8.RuneCountInString(line)
	}
	stops := strings.HasSuffix(line, ".") && !strings.HasSuffix(line, "...")
	return n >= 1 && n <= 300 && !stops && strings.ContainsFunc(line, unicode.IsLetter)
}

// linkLike reports whether a line could be a title in a list of other articles.
func linkLike(line string) bool {
	return TitleLike(line) && utf8.RuneCountInString(line) <= 150 && !strings.HasSuffix(line, ":") &&
		!strings.HasSuffix(line, ";") && !strings.HasSuffix(line, ",")
}

// proseLike reports whether a line reads as text rather than as a title or a
// label: it is long or a sentence.
func proseLike(line string) bool {
	return len(line) > 150 && utf8.RuneCountInString(line) > 150 || !TitleLike(line) && strings.ContainsFunc(line, unicode.IsLetter)
}
