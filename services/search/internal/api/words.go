// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// nbsp keeps a number with its unit, and a quotation mark with what it quotes.
const nbsp = "\u00a0"

// words are the results page's own texts in one language.
type words struct {
	Title, Label, Submit, None, Share, Minutes, Previous, Next, Narrow, Reference string

	Facets    map[string]string // by name
	Count     func(n int) string
	Corrected func(typed, correction string) string
	Day       func(t time.Time) string

	failure   func(k fault.Kind) (title, text string)
	parameter func(name string) string
}

// pageLanguages are the languages of the page, the default first.
func pageLanguages() []string { return []string{"fr", "en"} }

func wordsIn(lang string) words {
	if lang == "fr" {
		return frenchWords()
	}
	return englishWords()
}

func frenchWords() words {
	months := strings.Fields("janvier février mars avril mai juin juillet août septembre octobre novembre décembre")
	quoted := func(s string) string { return "«" + nbsp + s + nbsp + "»" }
	return words{
		Title: "Recherche", Label: "Rechercher un article", Submit: "Rechercher", None: "Aucun résultat", Share: "Partager",
		Minutes: "min de lecture", Previous: "Page précédente", Next: "Page suivante", Narrow: "Affiner la recherche",
		Reference: "Référence" + nbsp + ":",
		Facets:    map[string]string{engine.FacetSection: "Rubriques", engine.FacetYear: "Années", engine.FacetPerson: "Personnes"},
		Count: func(n int) string {
			if n < 2 {
				return strconv.Itoa(n) + nbsp + "résultat"
			}
			return grouped(n, "\u202f") + nbsp + "résultats"
		},
		Corrected: func(typed, correction string) string {
			return fmt.Sprintf("Aucun résultat pour %s. Résultats pour %s", quoted(typed), quoted(correction))
		},
		Day: func(t time.Time) string {
			day := strconv.Itoa(t.Day())
			if t.Day() == 1 {
				day = "1er"
			}
			return day + nbsp + months[t.Month()-1] + nbsp + strconv.Itoa(t.Year())
		},
		failure:   frenchFailure,
		parameter: func(name string) string { return "Le paramètre " + quoted(name) + " n’a pas la forme attendue." },
	}
}

// grouped writes a number with its thousands apart.
func grouped(n int, by string) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + by + s[i:]
	}
	return s
}

func frenchFailure(k fault.Kind) (title, text string) {
	switch k {
	case fault.Unauthorized:
		return "Clé absente ou inconnue", "Cette page s’ouvre avec la clé d’un site partenaire. Revenez sur ce site et relancez la recherche."
	case fault.Forbidden:
		return "Recherche non autorisée", "Cette clé ne permet pas de chercher ici."
	case fault.Malformed:
		return "Recherche impossible", "L’adresse de cette page est mal formée."
	case fault.TooManyRequests:
		return "Trop de demandes", "Patientez quelques secondes, puis relancez la recherche."
	case fault.Unavailable:
		return "Recherche momentanément indisponible", "Réessayez dans un instant."
	default:
		return "Une erreur est survenue", "La recherche n’a pas abouti. Réessayez dans un instant."
	}
}

func englishWords() words {
	quoted := func(s string) string { return "“" + s + "”" }
	return words{
		Title: "Search", Label: "Search articles", Submit: "Search", None: "No results", Share: "Share",
		Minutes: "min read", Previous: "Previous page", Next: "Next page", Narrow: "Narrow the search", Reference: "Reference:",
		Facets: map[string]string{engine.FacetSection: "Sections", engine.FacetYear: "Years", engine.FacetPerson: "People"},
		Count: func(n int) string {
			if n == 1 {
				return "1" + nbsp + "result"
			}
			return grouped(n, ",") + nbsp + "results"
		},
		Corrected: func(typed, correction string) string {
			return fmt.Sprintf("No results for %s. Results for %s", quoted(typed), quoted(correction))
		},
		Day:     func(t time.Time) string { return t.Format("2" + nbsp + "January" + nbsp + "2006") },
		failure: englishFailure,
		parameter: func(name string) string {
			return "The parameter " + quoted(name) + " does not have the form it should."
		},
	}
}

func englishFailure(k fault.Kind) (title, text string) {
	switch k {
	case fault.Unauthorized:
		return "Missing or unknown key", "This page opens with the key of a partner site. Go back to that site and search again."
	case fault.Forbidden:
		return "Search not allowed", "This key does not allow a search here."
	case fault.Malformed:
		return "Search not possible", "The address of this page is malformed."
	case fault.TooManyRequests:
		return "Too many requests", "Wait a few seconds, then search again."
	case fault.Unavailable:
		return "Search is unavailable for a moment", "Try again in an instant."
	default:
		return "Something went wrong", "The search did not succeed. Try again in an instant."
	}
}
