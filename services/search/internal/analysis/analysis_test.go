// SPDX-License-Identifier: Apache-2.0

package analysis_test

import (
	"strings"
	"testing"

	"github.com/relais-press/relais/services/search/internal/analysis"
)

func TestEachLanguageJoinsItsForms(t *testing.T) {
	for language, families := range map[string][]string{
		"fr":    {"collectivité collectivités", "l’usager usagers"},
		"fr-CA": {"l’usager usagers"},
		"en":    {"court courts", "policy policies", "newsroom newsroom's newsroom’s newsrooms", "process processes", "status"},
		"de":    {"Behörde Behörden", "Gericht Gerichte Gerichten", "Straße Strasse"},
		"es":    {"juez jueces", "derecho derechos", "público pública públicos públicas"},
		"it":    {"avvocato avvocati avvocata", "pubblico pubblica"},
		"nl":    {"gemeente GEMEENTE"},
	} {
		analyze := analysis.For(language)
		for _, family := range families {
			stems := map[string]bool{}
			for word := range strings.FieldsSeq(family) {
				for _, token := range analyze(word) {
					stems[token.Stem] = true
				}
			}
			if len(stems) != 1 {
				t.Errorf("%s: %s → %v", language, family, stems)
			}
		}
	}
}

func TestStopWords(t *testing.T) {
	for language, text := range map[string]string{"fr": "la", "en": "the", "de": "für", "es": "el", "it": "è"} {
		if tokens := analysis.For(language)(text); len(tokens) != 1 || !tokens[0].Stop {
			t.Errorf("%s: %q is %+v", language, text, tokens)
		}
	}
	if tokens := analysis.For("nl")("de"); tokens[0].Stop {
		t.Error("a language without a list has no stop words")
	}
}

func TestElisionIsFrench(t *testing.T) {
	if got := analysis.For("en")("O’Brien's l’avocat"); len(got) != 2 || got[0].Folded != "obrien" || got[1].Folded != "lavocat" {
		t.Errorf("English: %+v", got)
	}
}
