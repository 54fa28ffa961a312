// SPDX-License-Identifier: Apache-2.0

// Package corpus makes articles that read like French ones, the same with each run.
package corpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
)

// Corpus makes articles that read like French ones: sentences of a few dozen
// shapes, filled with words that are as unevenly frequent as those of a language.
// The same seed makes the same articles.
type Corpus struct {
	Random *rand.Rand          // a caller may draw from it: what follows is other text
	words  map[string][]string // by part of speech, the most frequent first
}

const corpusSeed = 20260914

// The words of each part of speech.
var lexicon = map[string]string{
	"who": `le maire|la présidente du département|un collectif d’habitants|le tribunal judiciaire|la cour d’appel|l’ordre des avocats|une greffière|le conseil municipal|
		les agent·e·s du service|la préfecture|un cabinet d’avocats|la Cour des comptes|le Défenseur des droits|l’association des maires|une équipe de chercheuses|le procureur|
		les avocat(e)s du barreau|la directrice générale|un lanceur d’alerte|l’œuvre universitaire|la commission d’accès aux documents|le médiateur|les élus de l’opposition|la bibliothèque`,
	"does": `a présenté|défend|conteste|examine|a voté|expérimente|publie|numérise|archive|met en cause|annonce|suspend|réforme|finance|évalue|a signé|ouvre au public|traduit en justice|
		corrige|simplifie|étend|a rejeté|inaugure|met à l’épreuve|retire`,
	"what": `le budget participatif|un registre partagé|la signature électronique|l’accès au droit|les données ouvertes|un portail des démarches|la vidéosurveillance|un marché public|
		le plan local d’urbanisme|l’identité numérique|la protection des données|un algorithme de répartition|la médiation en ligne|les archives départementales|une chaîne de blocs|
		le langage clair|les jumeaux numériques|l’accessibilité des sites|la dématérialisation des actes|un guichet unique|les décisions de justice|le compte rendu de séance|
		la convention collective|le règlement intérieur|une étude d’impact|les eaux usées|le réseau de chaleur|un bail rural|les journaux officiels|la restauration du château`,
	"why": `pour réduire les délais|malgré l’avis des juristes|afin d’aider les plus âgé·e·s|au nom de la transparence|faute de moyens|à la demande de l’État|pour garder la mémoire des lieux|
		sans attendre le décret|après deux ans d’essais|dans l’attente d’un jugement|en vertu de l’art. L. 123-4 du code|selon la loi n° 2016-1321|à la suite d’une cyberattaque|
		avec l’appui de la Caisse des dépôts|contre toute attente|pour éviter la fracture numérique|en l’absence de recours`,
	"where": `à Saint-Aubin|à Lyon|dans la 27e Région|à Clermont-Ferrand|en Corrèze|à Besançon|au cœur de Nîmes|à Orléans|sur l’île d’Oléron|à Strasbourg|dans le Finistère|à Toulouse|
		en Île-de-France|à Mâcon|près d’Évry|à Angoulême|au Havre|à Pau|dans les Hautes-Alpes|à Bègles`,
	"when": `hier|en début de semaine|depuis janvier|au cours de la séance|dès 2027|lors du 2ème forum|ce printemps|au terme d’un long débat|pendant l’été|à l’automne`,
	"said": `« Il faut aller plus loin »|« Rien n’est réglé »|« Nous l’avions demandé dès le premier jour »|« C’est une victoire d’étape »|« Les usagers jugeront »|« Le droit n’est pas un luxe »|
		« L’outil ne remplace pas l’humain »|« On part d’une feuille blanche »`,
	"given":   `Claire|Simon|Élodie|Lætitia|Aurélien|Fatou|Jean-Marc|Zoé|Mehdi|Françoise|Loïc|Inès|Théo|Agnès|Yann|Maud|Cécile|Raphaël|Noémie|Bakary`,
	"family":  `Martin|Dupont|Lefèvre|N’Guessan|Le Goff|Béranger|Marchand|Saint-Cyr|Hernández|Kowalski|Fabre|Delattre|Müller|Prévost|Chevallier|Diallo|Gauthier|Riou|d’Arcy|Benali`,
	"section": `Justice|Collectivités|Numérique|Données|Culture|Territoires|Europe|Marchés publics|Métiers|Débats`,
	"house":   `La 27ème Région|Sopra Steria|Etalab|la CNIL|Open Law|la Banque des Territoires|le Conseil national des barreaux|Mairie de Lyon|l’ANSSI|Régions de France|l’Inria|le Défenseur des droits`,
}

// New begins the corpus.
func New() *Corpus {
	c := &Corpus{Random: rand.New(rand.NewPCG(corpusSeed, 1)), words: map[string][]string{}} //nolint:gosec // varied, not secret
	for kind, list := range lexicon {
		for w := range strings.SplitSeq(list, "|") {
			c.words[kind] = append(c.words[kind], strings.TrimSpace(w))
		}
	}
	return c
}

// pick takes a word, the first ones more often (Zipf's law).
func (c *Corpus) pick(kind string) string {
	list := c.words[kind]
	z := rand.NewZipf(c.Random, 1.2, 3, uint64(len(list)-1)) //nolint:gosec // lists are not empty
	return list[z.Uint64()]
}

// Rare is a word that few articles have: a place, a matter, a proper name.
func (c *Corpus) Rare() string {
	heads := []string{"Bel", "Mont", "Vill", "Cor", "Sar", "Plou", "Gran", "Fontan", "Roch", "Val", "Cham", "Lan", "Mor", "Pér", "Tré", "Neuv"}
	tails := []string{"ac", "igny", "ès", "ières", "euil", "ay", "ouze", "ennes", "oux", "ignan", "ec", "anges", "âtel", "ival", "ourt", "elles"}
	return heads[c.Random.IntN(len(heads))] + []string{"a", "é", "i", "ou", "on", "er", "an", "u"}[c.Random.IntN(8)] + tails[c.Random.IntN(len(tails))]
}

// Sentence ends with a full stop and a space.
func (c *Corpus) Sentence() string {
	words := []string{c.pick("who"), c.pick("does"), c.pick("what")}
	for _, kind := range []string{"where", "when", "why"} {
		if c.Random.IntN(2) == 0 {
			words = append(words, c.pick(kind))
		}
	}
	s := strings.Join(words, " ")
	switch c.Random.IntN(6) {
	case 0:
		s += ", selon " + c.pick("given") + " " + c.pick("family")
	case 1:
		s += fmt.Sprintf(", soit %d euros pour la commune de %s", 1000+c.Random.IntN(900_000), c.Rare())
	case 2:
		s += " : " + c.pick("said")
	}
	return strings.ToUpper(s[:1]) + s[1:] + ". "
}

// edition is the nth article, of about 3 kB.
func (c *Corpus) edition(n int) article.Edition {
	var body strings.Builder
	for body.Len() < 2700 {
		body.WriteString(c.Sentence())
	}
	published := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC).Add(-time.Duration(c.Random.IntN(9*365*24)) * time.Hour)
	e := article.Edition{
		ID: ID(n), Language: "fr", SourceLanguage: "fr", Version: 1, PubStatus: article.Usable,
		Headline: strings.TrimSuffix(c.Sentence(), ". "), Description: c.Sentence(), BodyText: body.String(), BodyHTML: "<p>" + body.String() + "</p>",
		Section: c.pick("section"), Keywords: []string{c.pick("what"), c.Rare()}, Organisations: []string{c.pick("house")},
		People:        []article.Person{{Name: c.pick("given") + " " + c.pick("family")}},
		DatePublished: published, FirstCreated: published, VersionCreated: published, ReadingMinutes: 3,
		CanonicalURL: "https://bench.example/fr/" + ID(n),
	}
	return e
}

// Message is the nth article as the log holds it; its id is ID(n).
func (c *Corpus) Message(n int) (bus.Message, error) {
	e := c.edition(n)
	change := article.Change{EventID: e.ID, Actor: "bench", Edition: e}
	header, data, err := change.Encode()
	return bus.Message{Subject: article.Subject(e.ID, e.Language), ID: change.MessageID(), Header: header, Data: data}, err
}

// ID names the nth article.
func ID(n int) string { return fmt.Sprintf("corpus-%05d", n) }
