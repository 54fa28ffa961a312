// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/services/ingest/internal/recap"
)

// FuzzRead holds Read to its contract on any text: no panic, the same answer
// twice, confidences in 0..1, dates of whole days in order.
func FuzzRead(f *testing.F) {
	s := sample(f)
	f.Add(s.Headline, s.Text, "fr")
	f.Add("Summit", "By J. P. O’Brien (CEO, Acme Ltd), March 5–6, 2024 “X", "en-GB")
	f.Add("", "• Anna, d’ (", "de")
	f.Fuzz(func(t *testing.T, headline, text, lang string) {
		if !utf8.ValidString(headline) || !utf8.ValidString(text) || len(text) > 1<<16 {
			return // not what Read is given: text is normalized and of bounded length
		}
		src := recap.Source{Headline: headline, Text: text, Language: lang, Published: s.Published}
		found := recap.Read(src)
		if diff := cmp.Diff(found, recap.Read(src)); diff != "" {
			t.Errorf("two readings differ:\n%s", diff)
		}
		check(t, found.Organisations)
		check(t, found.Places)
		check(t, found.Keywords)
		check(t, found.People)
		for _, p := range found.People {
			if strings.TrimSpace(p.Value.Name) == "" || strings.ContainsAny(p.Value.Name, "\n\t") {
				t.Errorf("name %q", p.Value.Name)
			}
		}
		if e := found.Event; e != nil && e.Value.EndDate != nil &&
			(e.Value.StartDate == nil || !e.Value.EndDate.After(*e.Value.StartDate) || e.Value.EndDate.Truncate(24*time.Hour) != *e.Value.EndDate) {
			t.Errorf("dates of %+v", e.Value)
		}
	})
}

func check[T any](t *testing.T, guesses []recap.Guess[T]) {
	t.Helper()
	for _, g := range guesses {
		if g.Confidence <= 0 || g.Confidence > 1 {
			t.Errorf("confidence of %+v", g)
		}
	}
}

// TestLongTextsTakeLinearTime feeds what makes careless rules quadratic. A linear
// reading takes some tenths of a second even on a slow machine under the race
// detector; a quadratic one takes minutes, wherever it runs.
func TestLongTextsTakeLinearTime(t *testing.T) {
	for _, unit := range []string{
		"a", "A", "A ", "Anna ", "Anna Smith, ", "Anna (", "Anna Smith (CEO of ", "« ", "1 ", "6, ", "6 et ", "l’", "d’A", "Aa.", "A.", "a-", "université de ",
		"président de la ", "Le directeur de ", "• ", "\n", "data ", "par ", "intervention ", "intervenants : ", "Summit ", "GmbH ", "A & ", "lundi ", "6 mai ", "Martin ", "de la ",
		"« a b c d », dit Anna Smith. ", "Anna Smith. « a b c d » ", "Anna Smith. Der Jurist ", "in Bath ", "Dr. Anna Smith, who ran, ran. ", "la Anna Smith ", "Anna Smith, seit 2021 ",
	} {
		text := strings.Repeat(unit, (256<<10)/len(unit))
		for _, lang := range []string{"fr", "en", "de", "es", "it"} {
			start := time.Now()
			recap.Read(recap.Source{Text: text, Language: lang, Published: date(2024, 3, 8)})
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("%s: 256 KiB of %q took %v", lang, unit, took)
			}
		}
	}
}

func BenchmarkRead(b *testing.B) {
	src := sample(b)
	b.SetBytes(int64(len(src.Text)))
	b.ReportAllocs()
	for b.Loop() {
		recap.Read(src)
	}
}
