// SPDX-License-Identifier: Apache-2.0

package language_test

import (
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/language"
)

func TestDetect(t *testing.T) {
	french := "Une soixantaine de personnes avaient répondu à l’invitation, avec les profils les plus divers : informaticiens, consultants, étudiants."
	for _, c := range []struct {
		want    string
		allowed string
		text    string
	}{
		{"fr", "", french},
		{"fr", "", strings.ToUpper(french)},
		{"fr", "", strings.Repeat(french+" ", 1000)},
		{"en", "", "Some sixty people had accepted the invitation, from every walk of life: engineers, consultants and students who came to see."},
		{"de", "", "Etwa sechzig Personen waren der Einladung gefolgt, darunter Informatiker, Berater und Studierende aus den Ministerien."},
		{"es", "", "Unas sesenta personas habían respondido a la invitación, con los perfiles más diversos: informáticos, consultores y estudiantes."},
		{"it", "", "Una sessantina di persone aveva risposto all’invito, con i profili più diversi: informatici, consulenti, gestori di società e studenti."},
		{"nl", "", "Ongeveer zestig mensen hadden de uitnodiging aangenomen, met de meest uiteenlopende profielen: informatici, adviseurs en studenten."},
		{"pt", "", "Cerca de sessenta pessoas tinham respondido ao convite, com os perfis mais diversos: informáticos, consultores e também estudantes."},
		{"ar", "", "استجاب نحو ستين شخصا للدعوة، من خلفيات متنوعة للغاية: مهندسون ومستشارون وطلاب جاؤوا ليروا ما وصلت إليه هذه التقنية."},
		{"fr-CA", "en-US fr-CA fr", french},
		{"zh-Hant", "fr zh-Hant", "約六十人應邀出席,包括工程師、顧問和學生。"},
		{"", "", "約六十人應邀出席,包括工程師、顧問和學生。"},
		{"", "", ""},
		{"", "", "12 345 — 67 !"},
		{"", "xx tlh", french},
	} {
		got, reliable := language.Detect(c.text, strings.Fields(c.allowed))
		if got != c.want || reliable != (c.want != "") {
			t.Errorf("Detect(%.60q, %q) = %q, reliable %v; want %q", c.text, c.allowed, got, reliable, c.want)
		}
	}
}

func TestDetectIsTheSameTwice(t *testing.T) {
	for _, text := range []string{"a", "ok", "Information", "12 mai", "la la la", "\xff\xfe", "é"} {
		first, reliable := language.Detect(text, nil)
		for range 20 {
			if got, r := language.Detect(text, nil); got != first || r != reliable {
				t.Fatalf("Detect(%q) gave %q, then %q", text, first, got)
			}
		}
	}
}

func FuzzDetect(f *testing.F) {
	f.Add("Bonjour tout le monde")
	f.Add("\xff\u200f")
	f.Fuzz(func(t *testing.T, text string) {
		got, reliable := language.Detect(text, []string{"fr", "en"})
		if (got != "" && got != "fr" && got != "en") || (got == "" && reliable) {
			t.Errorf("Detect(%q) = %q, %v", text, got, reliable)
		}
	})
}

func BenchmarkDetect(b *testing.B) {
	text := strings.Repeat("Une soixantaine de personnes avaient répondu à l’invitation, avec les profils les plus divers. ", 50)
	for b.Loop() {
		language.Detect(text, nil)
	}
}
