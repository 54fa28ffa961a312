// SPDX-License-Identifier: Apache-2.0

package furniture

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// kind is the part of a page's furniture that a whole line may be.
type kind int

const (
	prose       kind = iota // not furniture
	duration                // "3 min": furniture only above the text
	readingTime             // "Temps de lecture : 3 min"
	share                   // "Partager l’article :"
	networks                // "Facebook X LinkedIn": beside a share bar
	count                   // "12": beside a share bar
	titles                  // "ARTICLES CONNEXES": a list of titles may follow
	readAlso                // "Lire aussi : another article’s title"
	button                  // "Imprimer", "Newsletter", "Publicité"
	edge                    // "Mentions légales"
	said                    // furniture in a sentence: consent, paywall, sign-up
	credit                  // "Photo : Anaïs Lefèvre / AFP"
	rights                  // "© 2024 Le Courrier"
	tags                    // "Mots-clés : a, b"
	desk                    // "Rubrique : Numérique"
	crumbs                  // "Accueil > Actualités > Numérique"
	about                   // who wrote the article, and when
	unsure                  // a name or a part of the paper, to be judged by its neighbors
)

// zone says where a line is furniture.
type zone int

const (
	anywhere zone = iota
	edges         // above the text, around its first paragraphs, or below it
	beside        // at the edges, or beside other furniture
	below         // below the text
)

// class is what a line is by itself.
type class struct {
	kind    kind
	at      zone
	minutes int
	list    []string // keywords, breadcrumbs, or the part of the paper
	site    string   // who a footer says owns the page
	meta    meta
}

// The longest lines that may be furniture, in bytes.
const (
	maxFurniture = 300
	maxSentence  = 700
	maxPrompt    = 180 // of a sentence below a text
	maxAbout     = 120 // of one that ends with a full stop and is no sentence of a banner
)

// tables are the look-ups that the phrases and sentences are made into.
type tables struct {
	lines     map[string]class
	tiles     map[string]class
	starts    map[string]bool  // the words that tiles begin with
	openings  map[string][]int // the sentences that begin with a word
	sentences [][2][]string
	credits   map[string]bool
	tags      map[string]bool
	topics    map[string]bool
	desks     map[string]bool
	homes     map[string]bool
	leads     map[string]bool
	sections  map[string]bool
}

var known = newTables()

func newTables() *tables {
	t := &tables{
		lines: map[string]class{}, tiles: map[string]class{}, starts: map[string]bool{}, openings: map[string][]int{},
		credits: set(pictureLabels), tags: set(tagLabels), topics: set(topicLabels), desks: set(deskLabels),
		homes: set(homes), leads: set(leads), sections: set(sections),
	}
	for _, row := range phrases {
		for line := range strings.SplitSeq(row.lines, "|") {
			k := key(line)
			c := class{kind: row.kind, at: row.at}
			if (c.kind == button || c.kind == titles) && !strings.Contains(k, " ") && !advertisement[k] {
				c.at = beside
			}
			if headings[k] && c.at == anywhere {
				c.at = edges
			}
			if had, ok := t.lines[k]; !ok || had.at > c.at {
				t.lines[k] = c
			}
			if row.kind != titles {
				tile := tileKey(k)
				first, _, _ := strings.Cut(tile, " ")
				t.tiles[tile], t.starts[first] = t.lines[k], true
			}
		}
	}
	for i, s := range sentences {
		t.sentences = append(t.sentences, [2][]string{strings.Split(s.openings, "|"), strings.Split(s.words, "|")})
		for opening := range strings.SplitSeq(s.openings, "|") {
			first, _, _ := strings.Cut(opening, " ")
			if !slices.Contains(t.openings[first], i) {
				t.openings[first] = append(t.openings[first], i)
			}
		}
	}
	return t
}

// headings are phrases that could head a part of an article.
var headings = set("tendances|suggestions|et aussi|en ce moment|on en parle|dans l'actualité|en lien|sur ce sujet|ailleurs sur le web|sur le web|le fil|pour prolonger|pour poursuivre|partage|réseaux sociaux|premium|retour|communiqué|soutenir|devenir membre|classer|copier|haut|oui|non|abonnés|" +
	"headlines|in other news|background reading|popular|featured|latest|the latest|coming up|hot topics|suggestions|on this topic|what do you think|your thoughts|have your say|social media|spread the word|mission|contribute|back|top|up|more|continue|link|play|gallery|exclusive|" +
	"im fokus|im trend|trends|beliebt|aus dem netz|serie|das wichtigste des tages|schlagzeilen|auch das noch|empfohlen|empfehlungen|was meinen sie|was denken sie|was meinst du|forum|details|plus|hören|speichern|unterstützen|soziale medien|soziale netzwerke|social media|weitere themen|einverstanden|exklusiv|weitere informationen zum thema|" +
	"tendencias|titulares|destacados|en la web|en otros medios|del archivo|lo más|a continuación en el sitio|sobre este tema|qué opinas|qué te parece|participa|colabora|redes sociales|en redes sociales|en redes|anuncios|galería|más información relacionada|recomendaciones|sugerencias|enlace|arriba|tu opinión|" +
	"tendenze|in evidenza|in primo piano|primo piano|dal web|dalla rete|sul tema|sull'argomento|suggerimenti|approfondimenti|per saperne di più|da leggere|altre storie|altri temi|che ne pensi|cosa ne pensi|avanti|indietro|inizio|su|social|sui social|link|passaparola|donazione|continua|gallery|partecipa")

var advertisement = set("publicité|advertisement|advertisment|anzeige|werbung|publicidad|pubblicità|newsletter|infolettre")

// classify says which part of the furniture a line is, by itself.
func classify(line string) class {
	if line == "" || len(line) > maxSentence {
		return class{}
	}
	long := len(line) > maxFurniture || (len(line) > maxAbout && line[len(line)-1] == '.')
	if long && !strings.Contains(line, "©") && len(known.openings[firstWord(line)]) == 0 {
		return class{}
	}
	k := key(withoutWindow(line))
	if c, ok := known.lines[withoutCount(k)]; ok {
		return c
	}
	if c, ok := known.sentence(k); ok {
		return c
	}
	if c, ok := owned(line, k); ok || long {
		return c
	}
	if strings.ContainsAny(k, "0123456789") {
		if c, ok := numeric(withApostrophe(line, k)); ok {
			return c
		}
	}
	if networkLine(k) {
		return class{kind: networks, at: beside}
	}
	if c, ok := known.labeled(line, k); ok {
		return c
	}
	if c, ok := known.trail(line); ok {
		return c
	}
	if c, ok := known.tiled(k); ok {
		return c
	}
	if m, ok := signed(line, k); ok {
		return m
	}
	return short(line, k)
}

// withoutWindow takes off what a link says of the window it opens.
func withoutWindow(line string) string {
	if !strings.HasSuffix(line, ")") {
		return line
	}
	i := strings.LastIndexByte(line, '(')
	if i > 0 && slices.ContainsFunc([]string{"fenêtre", "window", "Fenster", "ventana", "finestra", "onglet", " tab"}, func(s string) bool { return strings.Contains(line[i:], s) }) {
		return line[:i]
	}
	return line
}

// withoutCount takes a number in brackets off the end of a folded line.
func withoutCount(k string) string {
	if i := strings.LastIndexAny(k, "(["); i > 0 && len(k)-i < 8 && strings.Trim(k[i+1:], "0123456789 ") == "" {
		return strings.TrimRight(k[:i], " :")
	}
	return k
}

// firstWord is the folded first word of a line.
func firstWord(line string) string {
	if cut := strings.IndexByte(line, ' '); cut >= 0 {
		line = line[:cut]
	}
	if len(line) > 60 {
		return ""
	}
	return key(line)
}

// short classifies a line by what only a line of a few words can be.
func short(line, k string) class {
	if strings.Contains(k, " ") || k == "tweeter" || k == "tweet" || k == "epingler" {
		first, _, _ := strings.Cut(k, " ")
		if shareWords[first] && shareOn.MatchString(k) {
			return class{kind: share}
		}
		first = strings.TrimRight(first, ":>»→|.–—-")
		if alsoWords[first] && TitleLike(line) && strings.ContainsAny(k, ":>»→|.–—-") && alsoRead.MatchString(k) {
			return alsoClass(k)
		}
	}
	if pictures[k] {
		return class{kind: credit, at: edges}
	}
	if known.sections[k] {
		return class{kind: unsure, at: edges, list: []string{line}}
	}
	return class{}
}

// alsoClass is that of a line that announces another article; where the words
// could begin a sentence it is furniture at the edges alone.
func alsoClass(k string) class {
	lead := k[:strings.IndexAny(k, ":>»→|.–—-")]
	if loose[strings.TrimSpace(lead)] {
		return class{kind: readAlso, at: edges}
	}
	return class{kind: readAlso}
}

var loose = set("lire|voir|relire|dossier|notre dossier|also|more|background|hintergrund|weitere informationen|weiterführend|más información|no te pierdas|non perdere|da non perdere|don't miss|approfondimento|en este enlace|lire aussi la suite|précédent|suivant|previous|next|anterior|siguiente|precedente|successivo|prossimo|see|read|listen|watch|interview zum thema|from the archive|aus dem archiv")

// networkLine reports whether a folded line is names of networks and nothing else.
func networkLine(k string) bool {
	first, _, _ := strings.Cut(k, " ")
	return len(k) <= 160 && networkStarts[strings.TrimRight(first, ",|/·•")] && network.MatchString(k)
}

var (
	networkStarts = set("fb|tw|wa|f|t|in|ig|yt|li|tg|google|diaspora|vk|feedly|discord|twitch|wechat|instapaper|evernote|skype|teams|slack|facebook|twitter|x|linkedin|whatsapp|telegram|pinterest|reddit|bluesky|mastodon|threads|messenger|xing|viber|email|e-mail|mail|courriel|correo|instagram|youtube|tiktok|flipboard|pocket|sms|messages|copy link|signal|snapchat|line|tumblr|rss")
	shareWords    = set("partager|partagez|share|compartir|comparte|condividi|tweet|tweeter|envoyer|send|enviar|invia|suivez-nous|follow|siguenos|seguici|folgen|auf|uber|per|bei|via|epingler|pin")
	alsoWords     = set("relire|revoir|ecouter|decouvrir|dossier|notre|pour|aller|en|dans|retrouvez|cela|vous|plus|precedent|suivant|precedente|suivante|billet|page|publication|actualite|news|message|watch|listen|hear|view|more|further|in|icymi|recommended|don't|you|from|background|find|older|newer|prev|earlier|later|horen|sehen|lies|lesetipp|lesenswert|siehe|zum|passend|weiterlesen|weiterfuhrend|weitere|hintergrund|aus|dazu|das|interview|alterer|neuerer|voriger|vorhergehender|folgender|letzter|vorherige|nachste|altere|neuere|vorige|ve|vea|ver|mira|mire|escucha|escuche|descubre|tambien|le|os|les|quiza|no|mas|para|relacionado|relacionada|relacionados|relacionadas|publicacion|nota|anterior|siguiente|guarda|ascolta|scopri|leggete|da|forse|anche|ti|vi|potrebbe|per|approfondisci|approfondimento|correlato|correlati|correlata|sullo|non|post|pagina|successivo|prossimo|a|lire|voir|sur|read|also|see|related|lesen|auch|mehr|lee|lea|leer|te|leggi|vedi|article|previous|next|vorheriger|nachster|articulo|entrada|noticia|articolo|notizia")
)

// numeric classifies a folded line that holds a digit.
func numeric(k string) (class, bool) {
	if m := bareMinutes.FindStringSubmatch(k); m != nil {
		return class{kind: duration, minutes: number(m[1])}, true
	}
	if m := minutesToRead.FindStringSubmatch(k); m != nil {
		return class{kind: readingTime, minutes: number(m[1])}, true
	}
	if m := minutesGiven.FindStringSubmatch(k); m != nil {
		return class{kind: readingTime, minutes: number(m[1])}, true
	}
	if counted.MatchString(k) {
		return class{kind: share}, true
	}
	if replies.MatchString(k) {
		return class{kind: share, at: edges}, true
	}
	if strings.Trim(k, "0123456789.,km ") == "" && len(k) <= 8 {
		return class{kind: count, at: beside}, true
	}
	return class{}, false
}

// sentence classifies a folded line by how it begins and what it holds.
func (t *tables) sentence(k string) (class, bool) {
	first, _, _ := strings.Cut(k, " ")
	for _, i := range t.openings[first] {
		if sentences[i].at == below && len(k) > maxPrompt {
			continue
		}
		openings, words := t.sentences[i][0], t.sentences[i][1]
		begins := slices.ContainsFunc(openings, func(s string) bool { return strings.HasPrefix(k, s) })
		holds := slices.ContainsFunc(words, func(s string) bool { return strings.Contains(k, s) })
		if begins && holds && !strings.ContainsAny(k, "«»“”\"") {
			return class{kind: said, at: sentences[i].at}, true
		}
	}
	return class{}, false
}

// owned classifies a line that says whose a page or a picture is.
func owned(line, k string) (class, bool) {
	before, after, sign := strings.Cut(line, "©")
	begins := sign && strings.TrimSpace(before) == ""
	if !sign && (strings.HasPrefix(k, "copyright ") || strings.HasPrefix(k, "c) ")) && years.MatchString(k) && len(k) <= 100 {
		begins, after = true, line[strings.IndexByte(line, ' '):]
	}
	ends := slices.ContainsFunc(wholeRights, func(s string) bool { return strings.HasSuffix(k, s) })
	switch {
	case ends && len(k) <= 160, begins && years.MatchString(k):
		return class{kind: rights, site: owner(after)}, true
	case begins && sign && credits(after) && utf8.RuneCountInString(after) <= 100 && !strings.HasSuffix(k, "."):
		return class{kind: credit}, true
	case sign && len(line) <= 250 && utf8.RuneCountInString(after) <= 60 && strings.TrimSpace(after) != "" && credits(after):
		return class{kind: credit}, true // a caption
	}
	return class{}, false
}

// credits reports whether what follows a copyright sign names somebody.
func credits(s string) bool {
	for _, t := range tokens(s) {
		first, _ := utf8.DecodeRuneInString(t.text)
		if unicode.IsLower(first) && !particles[t.folded] && t.folded != "et" && t.folded != "via" && t.folded != "pour" && t.folded != "and" {
			return false
		}
	}
	return true
}

// owner is the name in a copyright line.
func owner(s string) string {
	var words []string
	for _, t := range tokens(s) {
		if _, err := strconv.Atoi(t.folded); err == nil || (len(words) == 0 && !word([]rune(t.text)[0])) || t.folded == "copyright" {
			continue
		}
		if !word([]rune(t.text)[0]) || t.folded == "tous" || t.folded == "all" || t.folded == "alle" || t.folded == "todos" || t.folded == "tutti" {
			break
		}
		words = append(words, t.folded)
	}
	return strings.Join(words, " ")
}

// labeled classifies a line that begins with a label and a colon, or is a
// credit or keywords without one.
func (t *tables) labeled(line, k string) (class, bool) {
	if hashtags(line) {
		return class{kind: tags, at: edges, list: strings.Fields(strings.ReplaceAll(line, "#", " "))}, true
	}
	if c, ok := caption(line, k); ok {
		return c, true
	}
	label, value, ok := strings.Cut(line, ":")
	label, value = key(label), strings.TrimFunc(value, unicode.IsSpace)
	if !ok || value == "" || len(label) > 30 {
		return class{}, false
	}
	switch {
	case t.credits[label] && len(line) <= 160 && !strings.HasSuffix(value, ".") && len(strings.Fields(value)) <= 10:
		return class{kind: credit}, true
	case captions[label] && utf8.RuneCountInString(line) <= 200:
		return class{kind: credit, at: edges}, true
	case t.tags[label], t.topics[label]:
		c := class{kind: tags, list: keywords(value)}
		if t.topics[label] {
			c.at = edges
		}
		return c, len(c.list) > 0
	case t.desks[label] && len(value) <= 80 && !strings.HasSuffix(value, "."):
		return class{kind: desk, at: edges, list: keywords(value)}, true
	case t.leads[label]:
		return class{kind: crumbs, list: parts(value)}, true
	}
	return class{}, false
}

func hashtags(line string) bool {
	fields := strings.Fields(line)
	return len(fields) > 1 && !slices.ContainsFunc(fields, func(s string) bool { return len(s) < 2 || s[0] != '#' })
}

// caption classifies a line that ends with the credit of a picture.
func caption(line, k string) (class, bool) {
	if len(line) > 250 {
		return class{}, false
	}
	for _, open := range []string{"(", "["} {
		i := strings.LastIndex(line, open)
		if i < 0 || !strings.ContainsAny(line[i:], ")]") || strings.TrimRight(line[i:], ")]. ") == "" || strings.IndexAny(line[i:], ")]") < len(line[i:])-2 {
			continue
		}
		label := key(line[i:])
		first, rest, _ := strings.Cut(label, " ")
		first = strings.TrimRight(first, ":.")
		if creditWords[first] && rest != "" && len(rest) <= 60 {
			return class{kind: credit}, true
		}
	}
	if credited, ok := creditEnd(line); ok {
		return credited, true
	}
	if open, rest, ok := strings.Cut(line, "]"); ok && strings.HasPrefix(open, "[") && creditWords[key(open)] && strings.TrimSpace(rest) != "" {
		return class{kind: credit}, true
	}
	first, rest, _ := strings.Cut(k, " ")
	if creditWords[first] && len(k) <= 80 && rest != "" && !strings.Contains(k, ":") {
		for _, by := range []string{"by ", "von ", "de ", "di ", "credit ", "par ", "d'"} {
			if name, ok := strings.CutPrefix(rest, by); ok && name != "" {
				r := &reader{list: tokens(line)}
				r.at = 2
				if _, ok := r.name(); ok && (r.done() || slices.Contains([]string{"/", "via", "on", "sur", "auf", "en", "su", ","}, r.peek(0))) {
					return class{kind: credit}, true
				}
			}
		}
		if agency, _, _ := strings.Cut(rest, "/"); agencyNames[strings.TrimSpace(agency)] {
			return class{kind: credit}, true
		}
	}
	return class{}, false
}

// pictures are agencies that credit a picture by their name alone.
var pictures = set("getty images|getty|shutterstock|istock|adobe stock|unsplash|pexels|afp|dpa|keystone|reuters")

var creditWords = set("photo|photos|foto|fotos|bild|image|credit|crédit|imagen|immagine|picture|illustration|symbolbild|archivbild")

// creditEnd classifies a caption that ends with an agency, or after an upright
// line with a name in capitals.
func creditEnd(line string) (class, bool) {
	i := strings.LastIndexAny(line, "|/–—")
	if i < 0 || len(strings.Fields(line[:i])) < 4 {
		return class{}, false
	}
	_, n := utf8.DecodeRuneInString(line[i:])
	after := strings.TrimSpace(line[i+n:])
	switch {
	case agencyNames[key(after)]:
		return class{kind: credit, at: edges}, true
	case line[i] == '|' && len(after) > 2 && len(strings.Fields(after)) <= 6 && !strings.ContainsFunc(after, unicode.IsLower) && strings.ContainsFunc(line[:i], unicode.IsLower):
		return class{kind: credit, at: edges}, strings.Count(line, "|") == 1
	}
	return class{}, false
}

// captions label what a picture shows.
var captions = set("photo|foto|bild|légende|légende photo|caption|photo caption|bildunterschrift|pie de foto|didascalia|in foto|nella foto|en la foto|en la imagen|im bild|auf dem bild|auf dem foto|sur la photo")

// keywords parts a list of keywords; it returns none if one is too long for it.
func keywords(value string) []string {
	var list []string
	for _, s := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(",;|·•#/", r) }) {
		s = strings.TrimFunc(s, unicode.IsSpace)
		if s == "" {
			continue
		}
		if len(strings.Fields(s)) > 5 || utf8.RuneCountInString(s) > 50 || strings.HasSuffix(s, ".") && !strings.HasSuffix(value, ".") {
			return nil
		}
		list = append(list, strings.TrimRight(s, "."))
	}
	return list
}

// trail classifies a trail of breadcrumbs.
func (t *tables) trail(line string) (class, bool) {
	list := parts(line)
	if len(list) < 2 || len(list) > 8 {
		return class{}, false
	}
	return class{kind: crumbs, at: edges, list: list}, t.homes[key(list[0])]
}

func parts(line string) []string {
	var list []string
	for _, s := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(">›»/→|\\", r) }) {
		if s = strings.TrimFunc(s, unicode.IsSpace); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// signed classifies a line of bylines and dates.
func signed(line, k string) (class, bool) {
	if len(line) > 200 {
		return class{}, false
	}
	if last := line[len(line)-1]; last == '?' || last == '!' {
		return class{}, false
	}
	if !strings.ContainsAny(k, "0123456789") && strings.Count(k, " ") > 14 {
		return class{}, false
	}
	m, ok := readMeta(line)
	if !ok {
		return segmented(line)
	}
	c := class{kind: about, at: edges, minutes: m.minutes, meta: m}
	switch {
	case m.bare:
		c.kind = unsure
	case m.firm:
		c.at = anywhere
	}
	return c, true
}

// tiled classifies a line that is made of several phrases and networks.
func (t *tables) tiled(k string) (class, bool) {
	words := strings.FieldsFunc(k, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("|/·•,>–—-:()‹›«»", r)
	})
	if len(words) < 2 || len(words) > 24 {
		return class{}, false
	}
	c := class{}
	tiles, nets := 0, 0
	for i := 0; i < len(words); {
		n := min(6, len(words)-i)
		if !t.starts[words[i]] {
			n = 0
		}
		for ; n > 0; n-- {
			if tile, ok := t.tiles[strings.Join(words[i:i+n], " ")]; ok {
				tiles++
				c.at = max(c.at, tile.at)
				if c.kind == prose {
					c.kind = tile.kind
				}
				break
			}
		}
		counts := strings.Trim(words[i], "0123456789") == "" || i > 0 && minuteWord(words[i]) && strings.Trim(words[i-1], "0123456789") == ""
		if n == 0 && !counts {
			if !network.MatchString(words[i]) {
				return class{}, false
			}
			nets++
		}
		i += max(n, 1)
	}
	if c.at == beside {
		c.at = anywhere
	}
	if nets > 1 {
		c.kind = share
	}
	return c, tiles > 0
}

func tileKey(k string) string {
	return strings.Join(strings.FieldsFunc(k, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("|/·•,>–—-:()‹›«»", r)
	}), " ")
}

// key is the form of a line that the tables are compared with: folded, with one
// kind of apostrophe and space, without what decorates its ends.
func key(line string) string {
	folded := plain.Fold(line)
	if strings.IndexFunc(folded, unusual) >= 0 {
		folded = strings.Map(func(r rune) rune {
			switch {
			case r == '’' || r == '‘' || r == 'ʼ' || r == '′':
				return '\''
			case unicode.IsSpace(r):
				return ' '
			}
			return r
		}, folded)
	}
	return strings.TrimFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

func unusual(r rune) bool {
	return r >= utf8.RuneSelf && (r == '’' || r == '‘' || r == 'ʼ' || r == '′' || unicode.IsSpace(r))
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
