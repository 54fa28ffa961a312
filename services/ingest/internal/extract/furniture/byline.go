// SPDX-License-Identifier: Apache-2.0

package furniture

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// meta is what a line says of an article: who wrote it, and when.
type meta struct {
	names     []string
	published time.Time
	dated     bool // a date stands in the line, known or not
	labeled   bool // a word says that it is a date of publication, or a byline
	firm      bool // the label cannot stand before anything else
	bare      bool // the line is a name and nothing else
	place     bool // it begins with one word more

	institution bool // an agency or an office stands where a name would
	minutes     int
}

// The labels that come before a date or a name, folded.
var (
	publishedLabels = set("publie le|publie|publiee le|mis en ligne le|mise en ligne le|mis en ligne|poste le|paru le|date de publication|publication|date|cree le|redige le|ecrit le|posted on|posted|published on|published|published at|first published|first published on|publication date|date published|" +
		"veroffentlicht am|veroffentlicht|erschienen am|erstellt am|veroffentlichungsdatum|datum|publicado el|publicado|publicada el|fecha de publicacion|fecha|pubblicato il|pubblicato|pubblicata il|data di pubblicazione|data|pubblicato in data|stand|stand vom")
	updatedLabels = set("mis a jour le|mis a jour|mise a jour le|mise a jour|modifie le|derniere mise a jour|derniere mise a jour le|derniere modification|derniere modification le|actualise le|maj|maj le|last updated|last updated on|updated on|updated|last modified|last modified on|modified on|" +
		"aktualisiert am|aktualisiert|zuletzt aktualisiert|zuletzt aktualisiert am|letzte aktualisierung|zuletzt geandert am|geandert am|actualizado el|actualizado a|actualizado al|actualizado a las|actualizado|actualizada el|ultima actualizacion|modificado el|aggiornato il|aggiornato alle|aggiornato al|aggiornato|ultimo aggiornamento|ultima modifica|ultima modifica il|ultimo aggiornamento il|modificato il")
	plainDates = set("le|on|am|vom|el|il|du|from|den|dated|del")
	bylines    = set("por la|por el|von unserem redaktionsmitglied|von unserem mitarbeiter|von unserer mitarbeiterin|von unserem korrespondenten|par notre correspondant|par notre correspondante|par notre envoyé spécial|de nuestro corresponsal|dal nostro inviato|dalla nostra inviata|dal nostro corrispondente|di redazione|un texte de|signé|signature|firmado por|firmato|par|by|von|por|di|de|da|text|texte|text von|texte de|texte par|auteur|autrice|author|autor|autorin|autore|auteurs|authors|autores|autori|von unserem redakteur|von unserer redakteurin|de notre correspondant|de notre correspondante|story by|words by|texto|testo|texto de|testo di|ein beitrag von|ein artikel von|un article de|una nota de|un articolo di")
	firmly     = set("propos recueillis par|recueilli par|recueillis par|entretien realise par|entretien conduit par|interview realisee par|entretien mene par|ecrit par|redige par|article redige par|article ecrit par|publie par|poste par|par la redaction de|written by|reported by|posted by|published by|interview by|interviewed by|edited by|" +
		"geschrieben von|verfasst von|veroffentlicht von|interview von|das interview fuhrte|das gesprach fuhrte|die fragen stellte|escrito por|redactado por|publicado por|entrevista de|entrevista realizada por|scritto da|a cura di|pubblicato da|intervista di|intervista a cura di|redatto da|realisee par|realise par")
	roles        = set("journaliste|journalist|journalistin|reporter|reporterin|correspondant|correspondante|correspondent|envoye|envoyee|redacteur|redactrice|redakteur|redakteurin|korrespondent|korrespondentin|redactor|redactora|periodista|corresponsal|enviado|enviada|giornalista|inviato|inviata|corrispondente|editor|staff|senior|political|chief|notre|chef|grand|freelance|autor|autorin|author|contributor|writer|local|technology|business|a|in|aus|en|au|chroniqueur|chroniqueuse|editorialiste|desde|da")
	particles    = set("de|du|des|d|von|van|der|den|zu|zur|della|dello|degli|di|da|del|dal|dos|la|le|el|ten|bin|ben|al|san|saint")
	joins        = []string{",", "et", "and", "und", "y", "e", "&", "avec", "with", "mit", "con", "/", ";"}
	agencyNames  = set(agencies)
	readingWords = set("de lecture|de lectura|di lettura|read|reading|reading time|to read|lesezeit|lesedauer|lesen")
	readingLeads = set("temps de lecture|temps de lecture estime|duree de lecture|lecture|reading time|estimated reading time|read time|lesezeit|lesedauer|tiempo de lectura|tempo di lettura|tiempo estimado de lectura|tempo di lettura stimato")
)

// readMeta reads a line that says who wrote an article, or when, and nothing
// else.
func readMeta(line string) (m meta, ok bool) {
	r := &reader{list: tokens(line)}
	if len(r.list) == 0 || len(r.list) > 40 {
		return meta{}, false
	}
	for !r.done() {
		if r.separator() {
			continue
		}
		if !m.piece(r) {
			return meta{}, false
		}
	}
	m.bare = m.bare && len(m.names) == 1 && !m.labeled && !m.dated && m.minutes == 0
	if m.place && !m.dated {
		return meta{}, false
	}
	return m, m.labeled || m.dated || m.bare || (m.minutes > 0 && len(m.names) > 0)
}

func (r *reader) separator() bool {
	return r.accept("|", "·", "•", "–", "—", "-", "/", ",", ";", "(", ")", "*", "●", "›", ">", "»", "«", "~", "◦", "▪", "⏱", "🕒", ".", ":", "[", "]")
}

// piece reads one part of the line.
func (m *meta) piece(r *reader) bool {
	english := months[r.peek(0)] > 0 || slices.Contains([]string{"posted", "published", "on", "last", "updated", "first"}, r.peek(0))
	if r.label(updatedLabels) {
		m.labeled, m.dated, m.firm = true, true, true
		_, _, ok := r.date(english)
		return ok || r.ago()
	}
	if r.label(firmly) {
		m.labeled, m.firm = true, true
		return m.readNames(r)
	}
	start := r.at
	if r.label(publishedLabels) {
		if m.readDate(r, english) || r.ago() {
			m.labeled, m.firm = true, true
			return true
		}
		r.at = start
	}
	if r.label(bylines) {
		if m.readNames(r) {
			m.labeled = true
			return true
		}
		r.at = start
	}
	if r.label(plainDates) && !m.readDate(r, english) {
		r.at = start
	}
	if r.at > start || m.readDate(r, english) || m.readMinutes(r) {
		return true
	}
	if r.ago() {
		m.dated = true
		return true
	}
	if len(m.names) == 0 || m.bare || m.dated {
		if name, ok := r.name(); ok {
			m.bare = len(m.names) == 0 && start == 0
			m.add(name)
			return true
		}
	}
	return start == 0 && m.dateline(r)
}

// add takes over a name; what is no person's is blank.
func (m *meta) add(name string) {
	if name == "" {
		m.institution = true
	} else if !slices.Contains(m.names, name) {
		m.names = append(m.names, name)
	}
}

// dateline reads the place before a date: "Paris, le 12 mars 2024".
func (m *meta) dateline(r *reader) bool {
	first, _ := utf8.DecodeRuneInString(r.list[0].text)
	if !unicode.IsUpper(first) || !slices.Contains([]string{",", "-", "–", "—", "|", "·", "/"}, r.peek(1)) {
		return false
	}
	r.at++
	m.place = true
	return true
}

// label steps over the longest label of a set that comes next, and a colon.
func (r *reader) label(labels map[string]bool) bool {
	for n := min(5, len(r.list)-r.at); n > 0; n-- {
		var words []string
		for i := range n {
			words = append(words, r.peek(i))
		}
		if labels[strings.Join(words, " ")] {
			r.at += n
			r.accept(":")
			return true
		}
	}
	return false
}

func (m *meta) readDate(r *reader, english bool) bool {
	t, known, ok := r.date(english)
	if !ok {
		return false
	}
	if m.published.IsZero() && known {
		m.published = t
	}
	m.dated = true
	return true
}

// ago reads a time that is told from now, which gives no date.
func (r *reader) ago() bool {
	start := r.at
	if r.accept("hier", "yesterday", "today", "gestern", "heute", "ayer", "hoy", "ieri", "oggi") || r.label(today) {
		r.clock()
		return true
	}
	before := r.label(agoBefore)
	if _, suffix, ok := r.number(3); ok && suffix == "" {
		r.at++
		if agoUnits[r.peek(0)] {
			r.at++
			if before || r.accept("ago", "fa") {
				return true
			}
		}
	}
	r.at = start
	return false
}

var (
	today     = set("aujourd'hui")
	agoBefore = set("il y a|vor|hace")
	agoUnits  = set("minute|minutes|min|heure|heures|jour|jours|semaine|semaines|mois|an|ans|hour|hours|day|days|week|weeks|month|months|year|years|minuten|stunde|stunden|tag|tagen|woche|wochen|monat|monaten|minutos|hora|horas|dia|dias|semana|semanas|mes|meses|minuti|ora|ore|giorno|giorni|settimana|settimane|mese|mesi")
)

// readMinutes reads a reading time.
func (m *meta) readMinutes(r *reader) bool {
	start := r.at
	led := r.label(readingLeads)
	r.accept("~", "env", "environ", "ca", "circa", "etwa", "about")
	r.accept(".")
	n, suffix, ok := r.number(3)
	if ok {
		r.at++
		r.accept("-")
		ok = minuteWord(suffix) || (suffix == "" && minuteWord(r.peek(0)))
		if suffix == "" {
			r.at++
		}
	}
	if !ok {
		r.at = start
		return false
	}
	r.accept(".")
	if !r.label(readingWords) && !led && !m.dated && len(m.names) == 0 {
		r.at = start
		return false
	}
	m.minutes = n
	return true
}

func minuteWord(s string) bool {
	switch s {
	case "min", "mins", "mn", "minute", "minutes", "minuten", "minuto", "minutos", "minuti":
		return true
	}
	return false
}

// readNames reads the names of a byline, and the roles that stand beside them.
func (m *meta) readNames(r *reader) bool {
	found := false
	for {
		name, ok := r.name()
		if !ok {
			break
		}
		found = true
		m.add(name)
		r.role()
		r.origin()
		if r.peek(0) == "(" && slices.Contains([]string{"avec", "with", "mit", "con"}, r.peek(1)) {
			r.at += 2
			continue
		}
		if r.at < len(r.list) && slices.Contains(joins, r.peek(0)) {
			at := r.at
			for slices.Contains(joins, r.peek(0)) {
				r.at++
			}
			if _, ok := r.name(); ok {
				r.at = at
				for slices.Contains(joins, r.peek(0)) {
					r.at++
				}
				continue
			}
			r.at = at
			r.role()
			if !r.done() && slices.Contains([]string{"avec", "with", "mit", "con"}, r.peek(0)) {
				r.at++
				continue
			}
		}
		break
	}
	if found {
		r.role()
	}
	return found
}

// role steps over what an author is: ", journaliste à Quimper" or an address.
func (r *reader) role() {
	start := r.at
	for r.accept(",", "(", "@", "–", "-") {
	}
	if r.peek(-1) == "@" || r.peek(1) == "@" {
		for !r.done() && r.peek(0) != "|" && r.peek(0) != "·" && r.peek(0) != "," {
			r.at++
		}
		return
	}
	if r.at == start || !roles[r.peek(0)] && !r.trade(start) {
		r.at = start
		return
	}
	for n := 0; n < 8 && !r.done(); n++ {
		s := r.peek(0)
		first, _ := utf8.DecodeRuneInString(s)
		if !unicode.IsLetter(first) || publishedLabels[s] || plainDates[s] && months[r.peek(2)] > 0 {
			break
		}
		r.at++
	}
	r.accept(")")
}

// trade reports whether a comma and then a few words without a capital say what
// an author does: ", urbaniste".
func (r *reader) trade(comma int) bool {
	if r.list[comma].text != "," || r.at != comma+1 || r.done() || articles[r.peek(0)] || months[r.peek(0)] > 0 {
		return false
	}
	first, _ := utf8.DecodeRuneInString(r.list[r.at].text)
	after := r.peek(1)
	return unicode.IsLower(first) && (after == "" || slices.Contains(joins, after) || slices.Contains([]string{"|", "·", "•", "–", "—", "-", "(", ")"}, after))
}

var articles = set("le|la|les|l|un|une|des|the|a|an|der|die|das|ein|eine|el|los|las|una|il|lo|gli|i|et|and|und|y|e|qui|who|que|che|avec|with|mit|con")

// origin steps over where a byline was written: "in London", ", Berlin".
func (r *reader) origin() {
	word := func(n int) bool {
		if r.at+n >= len(r.list) {
			return false
		}
		first, _ := utf8.DecodeRuneInString(r.list[r.at+n].text)
		return unicode.IsUpper(first)
	}
	switch {
	case slices.Contains([]string{"in", "a", "aus", "en", "da", "at"}, r.peek(0)) && word(1):
		r.at += 2
		for word(0) {
			r.at++
		}
	case r.peek(0) == "," && word(1) && (r.at+2 == len(r.list) || slices.Contains([]string{"|", "·", "•", "–", "—", "-", "/"}, r.peek(2))):
		r.at += 2
	}
}

// name reads the name of a person, of two capitalized words or more, without
// titles; that of an agency or an office is blank.
func (r *reader) name() (string, bool) {
	start := r.at
	if r.agency() {
		return "", true
	}
	for honorifics[r.peek(0)] {
		r.at++
		r.accept(".")
	}
	first := r.at
	capitals, end := r.capitals()
	if capitals < 2 {
		r.at = start
		return "", false
	}
	r.at = end
	for _, t := range r.list[first:end] {
		if institutions[t.folded] {
			return "", true
		}
	}
	return r.slice(first, end), true
}

// agency steps over the name of an agency or of the newsroom itself.
func (r *reader) agency() bool {
	for n := min(3, len(r.list)-r.at); n > 0; n-- {
		if agencyNames[plain.Fold(strings.ReplaceAll(r.words(n), "’", "'"))] {
			r.at += n
			return true
		}
	}
	return false
}

// honorifics come before a name and are no part of it; institutions are words
// that no person's name holds.
var (
	honorifics   = set("dr|dre|dra|drs|prof|professeur|professeure|professor|professorin|profesor|profesora|professore|professoressa|me|maître|mme|mlle|mr|mrs|ms|mx|mag|dipl|ing|dott|dottor|dottore|dottssa|dott.ssa|avv|arch|geom|sig|sigra|sr|sra|srta|lic|licda|frau|herr|rev|sir|pr|priv|doz|phd|msc|ma")
	institutions = set("rédaction|redaction|redazione|redacción|redaktion|gabinete|comunicación|comunicazione|comunicacion|communication|communications|kommunikation|presse|prensa|stampa|press|pressestelle|presseamt|pressestelle|ufficio|office|service|servicio|servizio|services|agence|agencia|agenzia|agentur|équipe|équipe|équipes|team|staff|desk|newsroom|editorial|collectif|association|associazione|asociación|verein|mairie|ville|commune|comune|ayuntamiento|stadt|gemeinde|università|université|universidad|universität|university|council|department|ministère|ministerio|ministero|ministerium|fondation|fundación|fondazione|stiftung|foundation|redazionale|bureau|oficina|correspondents|reporters|rédacteurs|admin|administrator|webmaster|news|nachrichten|online")
)

// capitals counts the words of the name that comes next, and finds its end.
func (r *reader) capitals() (capitals, end int) {
	end = r.at
	for n := 0; n < 6 && !r.done(); n++ {
		t := r.list[r.at]
		first, size := utf8.DecodeRuneInString(t.text)
		switch {
		case unicode.IsUpper(first) && !nameEnds[t.folded]:
			capitals++
			if size == len(t.text) && r.peek(1) == "." { // an initial
				r.at++
			}
			r.at++
			end = r.at
			continue
		case (particles[t.folded] || strings.HasPrefix(t.folded, "d'") || strings.HasPrefix(t.folded, "d’")) && n > 0 && !r.dateNext():
			if len(t.folded) > 2 && strings.ContainsAny(t.folded[:2], "'") {
				capitals++
				end = r.at + 1
			}
			r.at++
			continue
		}
		break
	}
	return capitals, end
}

// nameEnds are capitalized words that no name holds.
var nameEnds = set("le|on|publie|published|posted|updated|mis|mise|veroffentlicht|aktualisiert|publicado|actualizado|pubblicato|aggiornato|und|and|et|y|temps|lecture|lesezeit|reading|tiempo|tempo|the|der|die|das|les|los|las|il|lo|un|une|ein|eine|what|how|why|comment|pourquoi|warum|wie|was|como|por|come|perche|new|nouveau|no|ce|cette|this|that|pour|with|avec")

func (r *reader) dateNext() bool {
	at := r.at
	r.at++
	_, _, ok := r.date(false)
	r.at = at
	return ok
}

// words returns the next n tokens with single spaces.
func (r *reader) words(n int) string {
	var list []string
	for i := range n {
		list = append(list, r.list[r.at+i].text)
	}
	return strings.Join(list, " ")
}

// slice returns the tokens as a name is written.
func (r *reader) slice(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		t := r.list[i]
		if i > from && t.start > r.list[i-1].start+len(r.list[i-1].text) {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	return b.String()
}
