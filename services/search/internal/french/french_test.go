// SPDX-License-Identifier: Apache-2.0

package french_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/services/search/internal/french"
)

func written(s string, tokens []french.Token) []string {
	out := []string{}
	for _, t := range tokens {
		out = append(out, s[t.Start:t.End])
	}
	return out
}

func TestWhatIsAWord(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{"elision", "l'usager, d’État et qu‘il", []string{"usager", "État", "et", "il"}},
		{"five apostrophes", "l'a l’b l‘c l′d lʼe", []string{"a", "b", "c", "d", "e"}},
		{"capital elision", "L’État, D'ABORD, JUSQU’À", []string{"État", "ABORD", "À"}},
		{"lorsqu, puisqu, quoiqu", "lorsqu’on, puisqu’il, quoiqu’elle", []string{"on", "il", "elle"}},
		{
			"kept whole", "aujourd’hui, presqu'île, quelqu’une, prud'hommes, entr’ouvrir, O’Brien, grand’mère",
			[]string{"aujourd’hui", "presqu'île", "quelqu’une", "prud'hommes", "entr’ouvrir", "O’Brien", "grand’mère"},
		},
		{"presqu’ before another word", "presqu’autant", []string{"autant"}},
		{"N’Guessan", "Mme N’Guessan", []string{"Mme", "Guessan"}},
		{"hyphens", "Saint-Aubin, compte-rendu", []string{"Saint", "Aubin", "compte", "rendu"}},
		{"no-break spaces", "«\u00a0mettre\u00a0» et\u202f: fin", []string{"mettre", "et", "fin"}},
		{"inclusive middle dot", "avocat·e·s et auteur·rice·s", []string{"avocat·e·s", "et", "auteur·rice·s"}},
		{
			"inclusive others", "avocat(e)s, avocat.e.s, avocat-e-s, avocats·es, directeur(trice), mot(s)",
			[]string{"avocat(e)s", "avocat.e.s", "avocat-e-s", "avocats·es", "directeur(trice)", "mot(s)"},
		},
		{"a full stop is no ending", "la fin. Et puis seraphin.legal", []string{"la", "fin", "Et", "puis", "seraphin", "legal"}},
		{"parentheses are no ending", "Claire BALVA(CEO) et (e)", []string{"Claire", "BALVA", "CEO", "et", "e"}},
		{"references", "art. L. 123-4, L123-4, R 55-1, A.\u00a012, 2ème, 27e", []string{
			"art", "L. 123", "4", "L123", "4", "R 55", "1", "A.\u00a012", "2ème", "27e",
		}},
		{"no references", "il a 18 ans, A 18 h, l'123, d 2e, vol R, D", []string{
			"il", "a", "18", "ans", "A", "18", "h", "123", "d", "2e", "vol", "R", "D",
		}},
		{"soft hyphen", "collec\u00adtivités", []string{"collec\u00adtivités"}},
		{"decomposed accents", "collectivite\u0301s", []string{"collectivite\u0301s"}},
		{"quotes are no elision", "'l' 'usager'", []string{"l", "usager"}},
		{"invalid UTF-8 parts", "caf\xe9 noir", []string{"caf", "noir"}},
		{"nothing", " …\u00a0! ' ’ ·", []string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, written(tc.in, french.Analyze(tc.in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestForms(t *testing.T) {
	for in, want := range map[string]french.Token{
		"l’Œuvre":              {Exact: "œuvre", Folded: "oeuvre", Stem: "oeuvr", Start: 4, End: 10},
		"AUJOURD’HUI":          {Exact: "aujourd'hui", Folded: "aujourdhui", Stem: "aujourdhui", Start: 0, End: 13},
		"avocat·e·s":           {Exact: "avocat", Folded: "avocat", Stem: "avocat", Start: 0, End: 12},
		"collec\u00adtivités":  {Exact: "collectivités", Folded: "collectivites", Stem: "collectivit", Start: 0, End: 16},
		"collectivite\u0301s":  {Exact: "collectivités", Folded: "collectivites", Stem: "collectivit", Start: 0, End: 15},
		"Straße":               {Exact: "straße", Folded: "strasse", Stem: "strass", Start: 0, End: 7},
		"qu’elle":              {Exact: "elle", Folded: "elle", Stem: "elle", Start: 5, End: 9, Stop: true},
		"Ex\u00adæquo\u200dvu": {Exact: "exæquovu", Folded: "exaequovu", Stem: "exaequovu", Start: 0, End: 14},
	} {
		tokens := french.Analyze(in)
		if len(tokens) != 1 {
			t.Errorf("%q: %d words", in, len(tokens))
			continue
		}
		if diff := cmp.Diff(want, tokens[0]); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestReferencesHaveOneForm(t *testing.T) {
	for want, writings := range map[string][]string{
		"article l123 4":    {"article L. 123-4", "art. L. 123-4", "art. L.123-4", "Art L123-4", "article l 123-4", "art.\u00a0L.\u00a0123-4"},
		"articles 47 et 48": {"articles 47 et 48", "arts. 47 et 48"},
		"art du procès":     {"art du procès", "l’art. du procès"},
		"art lyrique":       {"art lyrique", "art, lyrique"},
	} {
		for _, writing := range writings {
			var got []string
			for _, token := range french.Analyze(writing) {
				got = append(got, token.Exact)
			}
			if diff := cmp.Diff(strings.Fields(want), got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", writing, diff)
			}
		}
	}
}

func TestTheSignOfANumberSaysLittle(t *testing.T) {
	for _, sign := range []string{"n°", "nº", "N°", "no"} {
		if tokens := french.Analyze(sign + " 2016-1321"); len(tokens) != 3 || !tokens[0].Stop || tokens[1].Stop {
			t.Errorf("%s: %+v", sign, tokens)
		}
	}
}

// TestQueriesMeetTheRecap asks, of every word of a query, that some word of the
// real recap has the same stem.
func TestQueriesMeetTheRecap(t *testing.T) {
	recap, err := os.ReadFile(filepath.Join("testdata", "recap-blockchain-collectivites.txt"))
	if err != nil {
		t.Fatal(err)
	}
	stems := map[string]bool{}
	for _, token := range french.Analyze(string(recap)) {
		stems[token.Stem] = true
	}
	for _, q := range []string{
		"collectivites", "collectivité", "COLLECTIVITÉS", "l'usager", "l’usager", "usagers", "usagère", "œuvre", "oeuvre", "oeuvres", "potentialite",
		"Saint-Aubin", "2ème village", "2e village", "27e région", "l’Etat", "départements", "étudiante", "intervenante", "cœur", "coeur", "industriel",
		"politique publique", "territorial", "numérique", "seraphin.legal",
	} {
		missing := false
		for _, token := range french.Analyze(q) {
			missing = missing || !stems[token.Stem]
		}
		if absent := q == "numérique"; missing != absent {
			t.Errorf("%q: missing %v", q, missing)
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, s := range []string{
		"l’avocat·e·s aujourd'hui", "avocat(e)s", "presqu’île", "d'", "''", "l’’a", "a·e·", "art. L. 123-4", "A.\u00a01", "art.", "l .1", "\xff\xfe", "İstanbul", "ﬁn", "e\u0301", "x·\u00ade",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		end := 0
		tokens := french.Analyze(s)
		for i, token := range tokens {
			if token.Position != i || token.Start < end || token.End <= token.Start || token.End > len(s) {
				t.Fatalf("%q: token %d is %+v after %d", s, i, token, end)
			}
			if token.Folded == "" || token.Stem == "" || !utf8.ValidString(token.Exact+token.Folded+token.Stem) {
				t.Fatalf("%q: token %+v", s, token)
			}
			if !utf8.RuneStart(s[token.Start]) || (token.End < len(s) && !utf8.RuneStart(s[token.End]) && utf8.ValidString(s)) {
				t.Fatalf("%q: token %+v cuts a character", s, token)
			}
			end = token.End
		}
		if again := french.Analyze(s); !cmp.Equal(tokens, again) {
			t.Fatalf("%q is analyzed differently the second time", s)
		}
	})
}

func BenchmarkAnalyze(b *testing.B) {
	recap, err := os.ReadFile(filepath.Join("testdata", "recap-blockchain-collectivites.txt"))
	if err != nil {
		b.Fatal(err)
	}
	text := string(recap)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		french.Analyze(text)
	}
}

func ExampleAnalyze() {
	for _, t := range french.Analyze("L’avis des avocat·e·s") {
		fmt.Println(t.Exact, t.Stem, t.Stop)
	}
	// Output:
	// avis avi false
	// des des true
	// avocat avocat false
}

func ExampleFold() {
	fmt.Println(french.Fold("Cœur d’État"), strings.ToUpper(french.Fold("ÇA")))
	// Output: coeur d'etat CA
}

func TestFoldingLatinIsFoldingAnything(t *testing.T) {
	for r := range rune(0x180) {
		// A letter from far away takes the text the slow way.
		if got, want := french.Fold(string(r)), strings.TrimSuffix(french.Fold(string(r)+"\u0416"), "\u0436"); got != want {
			t.Errorf("%q folds to %q alone, to %q in company", r, got, want)
		}
	}
}

func TestSkimKeepsWhatIsLookedFor(t *testing.T) {
	recap, err := os.ReadFile(filepath.Join("testdata", "recap-blockchain-collectivites.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"L’avocat et l'œuvre d’art. L. 123-4 : Élodie, aujourd’hui, avocat·e·s et prud’hommes (avocat(e)s)", string(recap),
	} {
		all, skimmed := french.Analyze(text), french.Skim(text, "al")
		if len(all) != len(skimmed) {
			t.Fatalf("%d words, %d skimmed", len(all), len(skimmed))
		}
		for i := range all {
			want := all[i]
			if c := want.Folded[0]; c != 'a' && c != 'l' && skimmed[i].Folded == "" {
				want = french.Token{Start: want.Start, End: want.End, Position: want.Position}
			}
			if skimmed[i] != want {
				t.Errorf("word %d is %+v, want %+v", i, skimmed[i], want)
			}
		}
	}
}

func TestTypeset(t *testing.T) {
	for in, want := range map[string]string{
		"Villes : « demain » ? Oui !": "Villes\u00a0: «\u00a0demain\u00a0»\u202f? Oui\u202f!",
		"a ; b":                       "a\u202f; b",
		"12:30, https://a.example/?b": "12:30, https://a.example/?b",
		"déjà\u00a0: fait":            "déjà\u00a0: fait",
	} {
		if got := french.Typeset(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
