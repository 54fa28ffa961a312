// SPDX-License-Identifier: Apache-2.0

package analysis_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/relais-press/relais/services/search/internal/analysis"
)

func TestEachLanguageJoinsItsForms(t *testing.T) {
	for language, families := range map[string][]string{
		"fr":    {"collectivité collectivités", "l’usager usagers"},
		"fr-CA": {"l’usager usagers"},
		"en":    {"court courts", "policy policies", "newsroom newsroom's newsroom’s newsrooms", "process processes", "status", "prize prizes", "box boxes", "cookie cookies"},
		"de":    {"Behörde Behörden", "Gericht Gerichte Gerichten", "Straße Strasse", "Rathaus Rathauses Rathäuser", "Bürgermeister Bürgermeisters", "Vertrag Vertrags Verträge"},
		"es":    {"juez jueces", "derecho derechos", "público pública públicos públicas", "licitación licitaciones", "luz luces", "abogada abogados"},
		"it": {
			"avvocato avvocati avvocata", "pubblico pubblica pubblici pubbliche", "archivio archivi", "provincia province", "farmacia farmacie", "direttore direttrice direttrici",
			"l'opera l’opera dell′opera un'opera opere",
		},
		"nl": {"gemeente GEMEENTE"},
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

func TestOtherWordsStayApart(t *testing.T) {
	for language, pairs := range map[string][]string{
		"en": {"news new"},
		"de": {"Gericht Recht", "Stadt Staat"},
		"it": {"archivista archivio"},
	} {
		for _, pair := range pairs {
			a, b, _ := strings.Cut(pair, " ")
			if x, y := analysis.For(language)(a), analysis.For(language)(b); x[0].Stem == y[0].Stem {
				t.Errorf("%s: %s and %s → %s", language, a, b, x[0].Stem)
			}
		}
	}
}

func TestItalianElision(t *testing.T) {
	text := "Dell’avvocato d'Italia, po' e O'Brien; c‘è"
	var got []string
	for i, token := range analysis.For("it")(text) {
		got = append(got, text[token.Start:token.End])
		if token.Position != i || strings.HasPrefix(token.Folded, "dell") {
			t.Errorf("token %d is %+v", i, token)
		}
	}
	if want := []string{"avvocato", "Italia", "po", "e", "O'Brien", "è"}; !slices.Equal(got, want) {
		t.Errorf("words are %q, want %q", got, want)
	}
}

func TestGermanCompoundsAreFoundByTheirHead(t *testing.T) {
	for text, want := range map[string]string{
		"Die Datenschutzbehörden": "behörde",
		"Des Verwaltungsgerichts": "gericht",
		"Rechtsanwälte":           "anwalt",
		"Gericht":                 "",
		"Landgericht und Gericht": "",
	} {
		got := ""
		for _, token := range analysis.For("de")(text) {
			if token.Start < strings.LastIndex(text, " ")+1 || !token.Stop {
				continue
			}
			got = token.Exact
			if token.End != len(text) || token.Stem != analysis.For("de")(want)[0].Stem {
				t.Errorf("%s: %+v", text, token)
			}
		}
		if got != want {
			t.Errorf("%s is also found by %q, want %q", text, got, want)
		}
	}
}
