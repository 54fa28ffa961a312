// SPDX-License-Identifier: Apache-2.0

package french

// isStop reports whether a folded word says little by itself: articles,
// pronouns, prepositions, conjunctions, the commonest forms of être and avoir, and
// the sign of a number (n°, nº).
func isStop(w string) bool {
	switch w {
	case "le", "la", "les", "l", "un", "une", "des", "du", "de", "d", "au", "aux", "ce", "cet", "cette", "ces", "ca", "cela", "ceci",
		"mon", "ma", "mes", "ton", "ta", "tes", "son", "sa", "ses", "notre", "nos", "votre", "vos", "leur", "leurs",
		"je", "tu", "il", "elle", "on", "nous", "vous", "ils", "elles", "me", "te", "se", "lui", "eux", "y", "en", "moi", "toi", "soi",
		"qui", "que", "quoi", "dont", "ou", "quel", "quelle", "quels", "quelles", "lequel", "laquelle", "lesquels", "lesquelles",
		"et", "mais", "donc", "or", "ni", "car", "si", "comme", "lorsque", "puisque", "quand", "quoique", "afin", "ainsi",
		"a", "dans", "par", "pour", "avec", "sans", "sur", "sous", "chez", "vers", "entre", "apres", "avant", "depuis", "pendant", "jusque",
		"n", "no", "ne", "pas", "plus", "tres", "aussi", "alors", "meme", "memes", "tout", "toute", "tous", "toutes", "autre", "autres", "peu",
		"est", "sont", "etait", "etaient", "etre", "ete", "sera", "seront", "suis", "es", "sommes", "etes", "soit", "soient", "etant",
		"ai", "as", "ont", "avons", "avez", "avait", "avaient", "avoir", "eu", "aura", "auront", "ayant", "ait",
		"fait", "faire", "font", "peut", "peuvent", "deja", "encore", "ici", "voici", "cependant", "lors", "tant", "tel", "telle", "tels", "telles":
		return true
	}
	return false
}
