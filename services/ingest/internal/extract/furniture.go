// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// part is the part of a page's furniture that a whole line may be.
type part int

const (
	prose       part = iota // not furniture
	duration                // "3 min": furniture only above the text
	readingTime             // "Temps de lecture : 3 min"
	share                   // "Partager l’article :"
	titles                  // "ARTICLES CONNEXES": a list of titles may follow
	readAlso                // "Lire aussi : another article’s title"
)

// phrases lists lines that are furniture when nothing else stands on the line,
// whatever their letter case, accents and punctuation. A phrase belongs here
// only if no sentence of an article could be just that.
var phrases = []struct {
	language string
	part     part
	lines    []string
}{
	{"fr", share, []string{
		"partager", "partagez", "partager l'article", "partager cet article", "partagez l'article", "partagez cet article",
		"partager cette page", "partager ce contenu", "partager l'info", "partager sur les réseaux sociaux", "partager sur",
	}},
	{"fr", titles, []string{
		"plus d'articles", "plus d'actualités", "autres articles", "d'autres articles", "nos autres articles", "tous les articles",
		"voir tous les articles", "voir plus d'articles", "articles récents", "derniers articles", "nos derniers articles",
		"articles connexes", "articles liés", "articles similaires", "articles associés", "articles recommandés", "à lire aussi", "lire aussi",
		"à lire également", "lire également", "à lire ensuite", "à voir aussi", "voir aussi", "sur le même sujet",
		"sur le même thème", "dans la même rubrique", "vous aimerez aussi", "vous pourriez aussi aimer", "cela pourrait vous intéresser",
	}},
	{"en", share, []string{
		"share", "share this", "share article", "share this article", "share this story", "share this post", "share this page",
		"share the article", "share on social media", "share on", "share via",
	}},
	{"en", titles, []string{
		"more articles", "more stories", "more news", "other articles", "all articles", "see all articles", "view all articles",
		"latest articles", "recent articles", "latest posts", "recent posts", "related articles", "related stories", "related posts",
		"related content", "related news", "recommended articles", "recommended for you", "read also", "also read", "see also", "read next", "up next",
		"you may also like", "you might also like", "more on this topic", "more on this story",
	}},
	{"de", share, []string{
		"teilen", "jetzt teilen", "artikel teilen", "diesen artikel teilen", "beitrag teilen", "diesen beitrag teilen", "seite teilen", "teilen auf",
	}},
	{"de", titles, []string{
		"weitere artikel", "mehr artikel", "alle artikel", "neueste artikel", "weitere beiträge", "mehr beiträge", "ähnliche artikel",
		"verwandte artikel", "ähnliche beiträge", "verwandte beiträge", "lesen sie auch", "auch interessant", "das könnte sie auch interessieren",
		"mehr zum thema", "zum thema", "lesen sie mehr",
	}},
	{"es", share, []string{
		"compartir", "comparte", "compartir artículo", "compartir el artículo", "compartir este artículo", "comparte este artículo",
		"compartir esta noticia", "compartir en redes sociales", "compartir en",
	}},
	{"es", titles, []string{
		"más artículos", "más noticias", "otros artículos", "todos los artículos", "ver todos los artículos", "artículos recientes",
		"últimos artículos", "artículos relacionados", "noticias relacionadas", "entradas relacionadas", "lee también", "lea también",
		"leer también", "ver también", "te puede interesar", "también te puede interesar", "le puede interesar",
	}},
	{"it", share, []string{
		"condividi", "condividi l'articolo", "condividi questo articolo", "condividi articolo", "condividi su", "condividi questa pagina",
	}},
	{"it", titles, []string{
		"altri articoli", "più articoli", "tutti gli articoli", "ultimi articoli", "articoli recenti", "articoli correlati",
		"articoli collegati", "notizie correlate", "leggi anche", "vedi anche", "potrebbe interessarti", "potrebbe interessarti anche",
		"ti potrebbe interessare", "ti potrebbe interessare anche", "ti potrebbero interessare",
	}},
}

const (
	minutesPattern = `([0-9]{1,3})[ -]?(?:min|mins|mn|minutes?|minuten|minutos?|minuti|minuto)`
	networkPattern = `(?:facebook|twitter|x|linkedin|whatsapp|telegram|pinterest|reddit|bluesky|mastodon|threads|messenger|xing|viber|e-?mail|mail|courriel|correo)`
)

var (
	bareMinutes   = regexp.MustCompile(`^` + minutesPattern + `$`)
	minutesToRead = regexp.MustCompile(`^` + minutesPattern + `\.? (?:de lecture|de lectura|di lettura|read|reading|reading time|to read|lesezeit|lesedauer|lesen)$`)
	minutesGiven  = regexp.MustCompile(`^(?:(?:temps|duree) (?:estimee? )?de lecture|lecture|(?:estimated )?(?:reading|read) time|lesezeit|lesedauer|` +
		`tiempo de lectura|lectura|tempo di lettura|lettura)(?: estimee?)? ?:? ?(?:[~≈<]|env\.?|environ|about|approx\.?|ca\.?|circa|aprox\.?|etwa)? ?` + minutesPattern + `$`)
	shareOn = regexp.MustCompile(`^(?:(?:partager|partagez|share|compartir|comparte|condividi|tweet|tweeter)(?: (?:l'article|cet article|this|this article|` +
		`este articulo|questo articolo))? (?:sur|via|par|on|by|en|por|su|tramite|con) ` + networkPattern + `|(?:auf|uber|per) ` + networkPattern + ` teilen)$`)
	shared   = regexp.MustCompile(`^[0-9]{1,6} (?:partages?|shares?)$`)
	network  = regexp.MustCompile(`^` + networkPattern + `(?:[ ,|/·•-]+` + networkPattern + `)*$`)
	alsoRead = regexp.MustCompile(`^(?:(?:a )?lire (?:aussi|egalement)|(?:a )?voir (?:aussi|egalement)|read also|also read|see also|related|lesen sie auch|auch interessant|` +
		`lee tambien|lea tambien|leer tambien|leggi anche|vedi anche) ?: ?[^ ]`)
)

var wholeLines = index()

func index() map[string]part {
	m := map[string]part{}
	for _, row := range phrases {
		for _, line := range row.lines {
			m[fold(line)] = row.part
		}
	}
	return m
}

// maxFurniture is the longest line that may be furniture, in bytes.
const maxFurniture = 300

// classify says which part of the furniture a line is, and the minutes that a
// reading time gives.
func classify(line string) (p part, minutes int) {
	if len(line) > maxFurniture {
		return prose, 0
	}
	k := key(line)
	if p, ok := wholeLines[k]; ok {
		return p, 0
	}
	if strings.ContainsAny(k, "0123456789") {
		if m := bareMinutes.FindStringSubmatch(k); m != nil {
			return duration, atoi(m[1])
		}
		for _, pattern := range []*regexp.Regexp{minutesToRead, minutesGiven} {
			if m := pattern.FindStringSubmatch(k); m != nil {
				return readingTime, atoi(m[1])
			}
		}
	}
	switch {
	case !strings.Contains(k, " "):
	case shareOn.MatchString(k) || shared.MatchString(k):
		return share, 0
	case strings.Contains(k, ":") && alsoRead.MatchString(k) && titleLike(line):
		return readAlso, 0
	}
	return prose, 0
}

// key is the form of a line that the table is compared with: folded, with one
// kind of apostrophe and space, without what decorates its ends.
func key(line string) string {
	line = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("’‘ʼ′", r):
			return '\''
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, line)
	return strings.TrimFunc(fold(line), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// onlyNetworks reports whether a line is what stands beside "Share": names of
// networks and nothing else.
func onlyNetworks(line string) bool {
	return len(line) <= maxFurniture && network.MatchString(key(line))
}

// titleLike reports whether a line could be a headline: 1 to 300 characters,
// a letter among them, no full stop at its end (an ellipsis may be there).
func titleLike(line string) bool {
	n := utf8.RuneCountInString(line)
	stops := strings.HasSuffix(line, ".") && !strings.HasSuffix(line, "...")
	return n >= 1 && n <= 300 && !stops && strings.ContainsFunc(line, unicode.IsLetter)
}

// linkLike reports whether a line could be a title in a list of other articles.
func linkLike(line string) bool {
	return titleLike(line) && utf8.RuneCountInString(line) <= 150 && !strings.HasSuffix(line, ":") &&
		!strings.HasSuffix(line, ";") && !strings.HasSuffix(line, ",")
}

// proseLike reports whether a line reads as text rather than as a title or a
// label: it is long or a sentence.
func proseLike(line string) bool {
	return utf8.RuneCountInString(line) > 150 || !titleLike(line) && strings.ContainsFunc(line, unicode.IsLetter)
}
