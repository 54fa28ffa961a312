// SPDX-License-Identifier: Apache-2.0

package card

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-text/typesetting/di"
)

func TestLines(t *testing.T) {
	for _, test := range []struct{ name, language, headline, want string }{
		{"one", "fr", "Budget voté", "Budget voté"},
		{
			"as even as can be", "en", "Open data of court decisions: Rennes publishes its first million judgments",
			"Open data of court|decisions: Rennes|publishes its first|million judgments",
		},
		{
			"no short word at an end", "fr", "La justice numérique à l’épreuve des territoires",
			"La justice numérique|à l’épreuve|des territoires",
		},
		{
			"no sign at a start", "fr", "Blockchain et collectivités : quelles potentialités ?",
			"Blockchain et|collectivités\u00a0: quelles|potentialités\u202f?",
		},
		{
			"a word wider than a line", "de", "Donaudampfschifffahrtsgesellschaftskapitän",
			"Donaudampfschifffahrts-|gesellschaftskapitän",
		},
		{"without patterns", "xx", "Donaudampfschifffahrtsgesellschaftskapitän", "Donaudampfschifffahrtsgesellschaftskapitän"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := strings.Join(lines(t, test.language, test.headline), "|"); got != test.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestThreeHundredCharactersFit(t *testing.T) {
	headline := strings.Repeat("Les collectivités territoriales hésitent encore ", 6)
	headline = headline[:strings.LastIndex(headline, " ")] + ", disent-elles"
	if n := utf8.RuneCountInString(headline); n < 300 {
		t.Fatalf("%d characters", n)
	}
	if got := strings.Join(lines(t, "fr", headline), " "); strings.Contains(got, "…") {
		t.Errorf("cut: %s", got)
	}
}

func TestWhatIsTooLongIsCutAfterAWord(t *testing.T) {
	whole := strings.Repeat("Les collectivités, dit-on, « hésitent », ", 20)
	got := strings.Join(lines(t, "fr", whole), " ")
	kept, cut := strings.CutSuffix(got, "…")
	rest, ok := strings.CutPrefix(plain(whole), plain(kept))
	if !cut || !ok || utf8.RuneCountInString(kept) < 250 {
		t.Fatalf("got %s", got)
	}
	if !strings.HasPrefix(rest, ",") && !strings.HasPrefix(rest, " ") || strings.HasSuffix(kept, ",") || strings.HasSuffix(kept, "«") {
		t.Errorf("got %s", got)
	}
	if got := lines(t, "fr", strings.Repeat("W", 500)); !strings.HasSuffix(got[len(got)-1], "W…") {
		t.Errorf("a word without end becomes %v", got)
	}
}

func TestAtEveryWidthLinesFitAndFrenchPunctuationIsBound(t *testing.T) {
	d, s := tools(t, "fr")
	words, err := d.hyphens.For("fr")
	if err != nil {
		t.Fatal(err)
	}
	for _, headline := range []string{
		"« L’œuvre d’un siècle » : à Besançon, le maire s’interroge ; faut-il rouvrir l’hôpital ? Non !",
		"L’intercommunalité « peut-être » illégale : 10 % des communes — dont Lyon — s’en plaignent…",
	} {
		text := prepare(headline, "fr", s.serif.has)
		p := s.measure(text, false, words)
		for measure := float32(7); measure < 30; measure += 0.25 {
			found, ok := p.arrange(measure, 20)
			if !ok {
				t.Fatalf("no lines of %g ems", measure)
			}
			from := breakPoint{}
			for _, end := range found.lines {
				line := string(text[from.next:end.end])
				if p.width(from, end) > measure {
					t.Errorf("%q is wider than %g ems", line, measure)
				}
				if strings.ContainsAny(line[:1], ";:!?») ") || strings.HasPrefix(line, "»") || strings.HasSuffix(line, "«") || strings.HasSuffix(line, " ") {
					t.Errorf("at %g ems a line is %q", measure, line)
				}
				from = end
			}
			if from.end != len(text) {
				t.Errorf("at %g ems the lines end before the text", measure)
			}
		}
	}
}

func TestEveryLetterHasAGlyphInItsForm(t *testing.T) {
	_, s := tools(t, "ar")
	for _, text := range []string{
		"Œuvre, « Ÿ » ’ – — … €", "Zażółć gęślą jaźń", "ΆΈΉΊΌΎΏ ΰ", "Ёё Її Ґґ", "Việt Nam", "پژوهشگران گفت", "ٹھیک ہے",
	} {
		for _, faces := range []family{s.serif, s.sans} {
			for _, g := range s.set([]rune(text), faces, false, 40, 0).glyphs {
				if g.id == 0 {
					t.Errorf("%s: a box", text)
				}
			}
		}
	}
}

func TestArabicLettersJoin(t *testing.T) {
	_, s := tools(t, "ar")
	word := []rune("بينة")
	joined := s.set(word, s.serif, true, 40, 0).glyphs
	if len(joined) != len(word) {
		t.Fatalf("%d glyphs", len(joined))
	}
	for i, letter := range word {
		alone := s.set([]rune{letter}, s.serif, true, 40, 0).glyphs
		if seen := joined[len(word)-1-i]; seen.id == alone[0].id {
			t.Errorf("%c stands in %s as it stands alone", letter, string(word))
		}
	}
}

func TestRunsAreSeenInTheirOrder(t *testing.T) {
	_, s := tools(t, "ar")
	for _, test := range []struct {
		text, want string
		rtl        bool
	}{
		{"abc قانون 12 تقنية def", "abc ةينقت 12 نوناق def", false},
		{"قانون 12 abc", "abc 12 نوناق", true},
		{"قانون 12", "12 نوناق", true},
		{"abc قانون", "نوناق abc", true},
		{"", "", true},
	} {
		var seen []rune
		for _, run := range s.runs([]rune(test.text), s.serif, test.rtl, 40) {
			part := slices.Clone([]rune(test.text)[run.Runes.Offset : run.Runes.Offset+run.Runes.Count])
			if run.Direction == di.DirectionRTL {
				slices.Reverse(part)
			}
			seen = append(seen, part...)
		}
		if string(seen) != test.want {
			t.Errorf("%s is seen as %s", test.text, string(seen))
		}
	}
}

// plain has ordinary spaces alone.
func plain(s string) string { return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(s) }

func tools(t *testing.T, language string) (*Drawer, *setter) {
	t.Helper()
	d, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return d, newSetter(d.faces, language)
}

// lines returns a headline as it stands on its card.
func lines(t *testing.T, language, headline string) []string {
	t.Helper()
	d, setter := tools(t, language)
	words, err := d.hyphens.For(language)
	if err != nil {
		t.Fatal(err)
	}
	s := &sheet{canvas: newCanvas(), setter: setter, words: words}
	p, _, ends := s.fit(prepare(headline, language, setter.serif.has))
	var all []string
	from := 0
	for _, end := range ends {
		line := string(p.text[from:end.end])
		if end.hyphen {
			line += "-"
		}
		all = append(all, line)
		from = end.next
	}
	return all
}
