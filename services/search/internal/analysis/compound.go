// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"strings"

	"github.com/relais-press/relais/services/search/internal/french"
)

// germanHeads are frequent last parts of German compounds in the news of law and
// administration: Datenschutzbehörde is found by Behörde.
var germanHeads = heads("anwalt ausschreibung behörde dienst gericht gesetz kammer kanzlei minister ministerium ordnung recht redaktion " +
	"schule schutz sitzung steuer urteil verband verfahren versammlung vertrag verwaltung zeitung")

// minModifier is the fewest letters before a head: Gericht is no Recht.
const minModifier = 4

// heads makes the tokens of heads. They are stop words, since a query that holds
// a compound asks for the compound: the head is for texts.
func heads(list string) []french.Token {
	var out []french.Token
	for exact := range strings.FieldsSeq(list) {
		folded := french.Fold(exact)
		out = append(out, french.Token{Exact: exact, Folded: folded, Stem: german(folded), Stop: true})
	}
	return out
}

// compounds adds, after each compound, its head as a word at the same place; a
// head that the text also holds alone is not added.
func compounds(analyze func(string) []french.Token) func(string) []french.Token {
	return func(text string) []french.Token {
		tokens := analyze(text)
		stems := make(map[string]bool, len(tokens))
		for i := range tokens {
			stems[tokens[i].Stem] = true
		}
		out := make([]french.Token, 0, len(tokens))
		for _, t := range tokens {
			out = append(out, t)
			for _, head := range germanHeads {
				if strings.HasSuffix(t.Stem, head.Stem) && len(t.Stem)-len(head.Stem) >= minModifier && !stems[head.Stem] {
					head.Start, head.End, head.Position = t.Start, t.End, t.Position
					out = append(out, head)
				}
			}
		}
		return out
	}
}
