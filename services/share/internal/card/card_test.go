// SPDX-License-Identifier: Apache-2.0

package card_test

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relais-press/relais/services/share/internal/card"
)

var day = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

const sentence = "Les collectivités territoriales face à l’intelligence artificielle : ce que change la décision du Conseil d’État, pourquoi les préfectures hésitent encore, ce qu’en disent les élus, et comment une vingtaine de communes rurales ont bâti, ensemble, un service public numérique que l’on croyait réservé aux métropoles"

// samples are cards to look at: go test -run Samples -artifacts -outputdir DIR.
func samples() map[string]card.Card {
	return map[string]card.Card{
		"short":           {"Budget voté", "fr", "Le Courrier des maires", "Finances", day, false},
		"medium":          {"La justice numérique à l’épreuve des territoires", "fr", "Le Fil du droit", "Justice", day, false},
		"300-characters":  {sentence, "fr", "Le Courrier des maires", "Collectivités", day, true},
		"600-characters":  {sentence + " " + sentence, "fr", "Le Courrier des maires", "Collectivités", day, true},
		"long-word":       {"Donaudampfschifffahrtsgesellschaftskapitän", "de", "Fränkischer Bote", "Wirtschaft", day, false},
		"long-word-in":    {"Der Donaudampfschifffahrtsgesellschaftskapitän geht in den Ruhestand", "de", "Fränkischer Bote", "Wirtschaft", day, false},
		"endless-word":    {strings.Repeat("Lopadotemachoselachogaleo", 7), "el", "Αριστοφάνης", "Θέατρο", day, false},
		"french":          {"« L’œuvre d’un siècle » : à Besançon, le maire s’interroge ; faut-il rouvrir l’hôpital ?", "fr", "La Gazette du Doubs", "Société", day, true},
		"french-question": {"Blockchain et collectivités : quelles potentialités ?", "fr", "Le Fil du droit", "Legal tech", day, false},
		"english":         {"Open data of court decisions: Rennes publishes its first million judgments", "en", "The Breton Courier", "Justice", day, false},
		"german":          {"Verfassungsgericht stärkt die informationelle Selbstbestimmung der Bürger", "de", "Fränkischer Bote", "Recht", day, true},
		"spanish":         {"¿Quién teme al derecho de supresión? Toulouse, pionera en la protección de datos", "es", "El Diario de los Andes", "Tecnología", day, false},
		"polish":          {"Żółć i gęś: samorząd w Łodzi przyjął uchwałę o dostępie do informacji publicznej", "pl", "Gazeta Łódzka", "Prawo", day, false},
		"greek":           {"Η Αθήνα ανοίγει τα δεδομένα της: τι αλλάζει για τους πολίτες", "el", "Η Εφημερίδα", "Πολιτική", day, true},
		"cyrillic":        {"Верховный суд разъяснил, когда граждане вправе требовать удаления данных", "ru", "Вестник права", "Право", day, false},
		"arabic":          {"المحكمة الدستورية تؤكد حق المواطنين في حماية بياناتهم الشخصية بعد 12 عامًا من الجدل", "ar", "صحيفة الشرق", "قانون", day, true},
		"arabic-latin":    {"مدينة Rennes تنشر مليون حكم (2026) وتوظف 300 مهندس", "ar", "Le Fil du droit", "تقنية", day, false},
		"chinese":         {"最高法院发布新规定", "zh-Hans", "Le Fil du droit", "Justice", day, true},
		"long-names": {
			"Identité numérique : le guichet de Strasbourg ouvre ses portes aux associations", "fr",
			"Association nationale des rédactions locales et des journaux d’information générale",
			"Administration, services publics et transformation numérique des territoires", day, true,
		},
		"headline-alone": {"Le maire démissionne", "fr", "", "", time.Time{}, false},
	}
}

func TestSamplesAreSmallAndAlwaysTheSame(t *testing.T) {
	one, other, dir := drawer(t), drawer(t), t.ArtifactDir()
	var group sync.WaitGroup
	for name, c := range samples() {
		group.Go(func() {
			data, err := one.Draw(c)
			if err != nil || len(data) > 80_000 {
				t.Errorf("%s: %d bytes, error %v", name, len(data), err)
			}
			if again, err := other.Draw(c); err != nil || !bytes.Equal(data, again) {
				t.Errorf("%s: another drawing differs (error: %v)", name, err)
			}
			if err := os.WriteFile(filepath.Join(dir, name+".png"), data, 0o600); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestWhatACardSays(t *testing.T) {
	d := drawer(t)
	plain := card.Card{Headline: "Le maire démissionne", Language: "fr", Partner: "Le Fil", Section: "Société", Date: day}
	for _, test := range []struct {
		name   string
		change func(*card.Card)
		same   bool
	}{
		{"the headline", func(c *card.Card) { c.Headline = "Le maire reste" }, false},
		{"the partner", func(c *card.Card) { c.Partner = "Le Pli" }, false},
		{"the section", func(c *card.Card) { c.Section = "Sports" }, false},
		{"the day", func(c *card.Card) { c.Date = day.AddDate(0, 0, 1) }, false},
		{"not the hour", func(c *card.Card) { c.Date = day.Add(time.Hour) }, true},
		{"the correction", func(c *card.Card) { c.Corrected = true }, false},
		{"the correction in its language", func(c *card.Card) { c.Corrected, c.Language = true, "fr-CA" }, false},
		{"not an emoji", func(c *card.Card) { c.Headline = "Le maire 🎉 démissionne ✊🏽" }, true},
		{"not controls", func(c *card.Card) { c.Headline = "\u202eLe\tmaire\r\n\x00 démis\u00adsionne\u2066" }, true},
		{"not how é is written", func(c *card.Card) { c.Headline = "Le maire de\u0301missionne" }, true},
		{"not a section in another script", func(c *card.Card) { c.Section = "社会" }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := plain
			test.change(&c)
			if same := bytes.Equal(draw(t, d, plain), draw(t, d, c)); same != test.same {
				t.Errorf("the picture is the same: %t, want %t", same, test.same)
			}
		})
	}
}

func TestAHeadlineThatCannotBeDrawnGivesWay(t *testing.T) {
	d := drawer(t)
	for name, headline := range map[string]string{
		"Chinese": "最高法院发布新规定", "Hebrew": "בית המשפט", "Devanagari": "न्यायालय", "one letter of many": "Le maire de 京 démissionne", "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			got := draw(t, d, card.Card{Headline: headline, Language: "fr", Partner: "Le Fil", Section: "Monde", Date: day})
			if want := draw(t, d, card.Card{Headline: "Le Fil", Language: "fr", Section: "Monde", Date: day}); !bytes.Equal(got, want) {
				t.Error("the partner’s name does not stand in its place")
			}
			got = draw(t, d, card.Card{Headline: headline, Language: "fr", Partner: "報", Section: "Monde"})
			if want := draw(t, d, card.Card{Headline: "MONDE", Language: "fr"}); !bytes.Equal(got, want) {
				t.Error("the section does not stand in the place of both")
			}
		})
	}
}

func TestTheHeadlineBeginsWhereItIsRead(t *testing.T) {
	d := drawer(t)
	for _, test := range []struct {
		headline    string
		left, right bool // touches that margin
	}{
		{"Budget", true, false},
		{"قانون", false, true},
		{"2026 : le budget", true, false},
		{"2026 قانون", false, true},
	} {
		picture := decode(t, draw(t, d, card.Card{Headline: test.headline}))
		inked := func(from, to int) bool {
			for x := from; x < to; x++ {
				for y := 150; y < 500; y++ {
					if picture.At(x, y) != picture.At(0, card.Height-1) {
						return true
					}
				}
			}
			return false
		}
		if left, right := inked(84, 108), inked(card.Width-108, card.Width-84); left != test.left || right != test.right {
			t.Errorf("%s: inked at the left %t, at the right %t", test.headline, left, right)
		}
		if inked(0, 80) || inked(card.Width-80, card.Width) {
			t.Errorf("%s: the margins are not free", test.headline)
		}
	}
}

func FuzzDraw(f *testing.F) {
	for _, name := range []string{"french", "long-word-in", "arabic-latin", "chinese"} {
		c := samples()[name]
		f.Add(c.Headline, c.Language, c.Partner, c.Section)
	}
	f.Add("\xff\xfe\x00\u202e\u2066abc\u2069", "x-\xff", "\u200f", "\u0301\u0301")
	f.Add(strings.Repeat("W", 10_000), "fr", strings.Repeat("i\u0323", 5_000), "i")
	f.Add(strings.Repeat("a\u00a0", 5_000), "fr", strings.Repeat("« ", 5_000), "ß")
	f.Add(strings.Repeat("\u0644\u0627\u0651", 3_000), "ar", "\u200d", "ﷺ")
	d := drawer(f)
	f.Fuzz(func(t *testing.T, headline, language, partner, section string) {
		draw(t, d, card.Card{headline, language, partner, section, day, true})
	})
}

func BenchmarkDraw(b *testing.B) {
	d := drawer(b)
	for name, c := range samples() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				draw(b, d, c)
			}
		})
	}
}

func drawer(t testing.TB) *card.Drawer {
	t.Helper()
	d, err := card.New()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// draw returns a card as PNG once it is known to be one of the right size.
func draw(t testing.TB, d *card.Drawer, c card.Card) []byte {
	t.Helper()
	data, err := d.Draw(c)
	if err != nil {
		t.Fatal(err)
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || format != "png" || config.Width != 1200 || config.Height != 630 {
		t.Fatalf("%s of %d×%d, error %v", format, config.Width, config.Height, err)
	}
	return data
}

func decode(t *testing.T, data []byte) image.Image {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}
