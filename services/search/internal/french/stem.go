// SPDX-License-Identifier: Apache-2.0

package french

import "strings"

// Stem joins the forms of a folded French word: singular and plural, masculine
// and feminine, -al and -aux, -eur or -eux and -euse, -teur and -trice. It is light on
// purpose, after J. Savoy, "A stemming procedure and stopword list for general
// French corpora" (JASIS 50, 1999) and "Light stemming approaches for the
// French, Portuguese, German and Hungarian languages" (SAC 2006): derivations
// such as numérique, numéro or juridique, juridiction, juriste stay apart.
func Stem(w string) string {
	if len(w) > 0 && w[0] >= '0' && w[0] <= '9' {
		return ordinal(w)
	}
	if stem, ok := irregular(w); ok {
		return stem
	}
	if len(w) < 4 {
		return w
	}
	return feminine(singular(w))
}

// irregular are words the rules would harm: those that end in s or x in the
// singular beside another word, and those that change altogether.
func irregular(w string) (string, bool) {
	switch w {
	case "pays", "fils", "bras", "cours", "prix", "voix", "gaz", "temps", "corps", "dos", "vers", "mois", "cas", "fois", "trois",
		"bois", "choix", "croix", "taux", "faux", "deux", "mieux", "yeux", "paix", "noix", "poids", "puis", "tiers", "cris":
		return w, true
	case "noyaux", "tuyaux", "joyaux", "boyaux",
		"jeux", "lieux", "enjeux", "milieux", "cheveux", "neveux", "voeux", "feux", "aveux", "adieux", "pneus", "bleus":
		return w[:len(w)-1], true
	case "nouvel", "nouvelle", "nouvelles", "nouveaux":
		return "nouveau", true
	case "bel", "belle", "belles", "beaux":
		return "beau", true
	case "vieux", "vieil", "vieille", "vieilles":
		return "vieux", true
	case "travaux", "baux", "vitraux", "coraux":
		return w[:len(w)-2] + "il", true
	case "elue", "elues", "bonne", "bonnes":
		return w[:3], true
	case "cheffe", "cheffes":
		return "chef", true
	case "course", "courses", "porte", "portes", "vente", "ventes", "medecine", "medecines":
		return strings.TrimSuffix(w, "s"), true
	case "yeuse":
		return w, true
	}
	return "", false
}

// singular takes the mark of the plural away.
func singular(w string) string {
	switch {
	case strings.HasSuffix(w, "eaux"), strings.HasSuffix(w, "oux"):
		return w[:len(w)-1]
	case strings.HasSuffix(w, "aux") && len(w) > 5:
		return w[:len(w)-2] + "l"
	case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss"):
		return w[:len(w)-1]
	}
	return w
}

// feminine takes a singular word to its masculine, as far as endings tell.
func feminine(w string) string {
	for _, rule := range []struct {
		from, to string
		least    int // shortest word the rule is for
	}{
		{"trice", "teur", 7},
		{"euse", "eur", 6},
		{"eure", "eur", 7},
		{"eux", "eur", 5},
		{"aise", "ai", 6},
		{"oise", "oi", 6},
		{"ive", "if", 5},
		{"ique", "ic", 6},
		{"elle", "el", 6},
		{"enne", "en", 6},
		{"onne", "on", 6},
		{"anne", "an", 7},
		{"ette", "et", 6},
		{"ere", "er", 5},
	} {
		if len(w) >= rule.least && strings.HasSuffix(w, rule.from) {
			return w[:len(w)-len(rule.from)] + rule.to
		}
	}
	for range 2 {
		if len(w) >= 5 && strings.HasSuffix(w, "e") {
			w = w[:len(w)-1]
		}
	}
	return w
}

// ordinal writes 2e, 2eme and 2nde, 1er and 1re alike; other numbers stay.
func ordinal(w string) string {
	digits := strings.TrimLeft(w, "0123456789")
	switch digits {
	case "e", "eme", "ieme", "er", "ere", "re", "nd", "nde", "es", "emes", "iemes", "ers", "res":
		return w[:len(w)-len(digits)] + "e"
	}
	return w
}
