// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"strconv"
	"strings"
	"time"
)

const (
	full = "\u00a0" // a space that does not break
	thin = "\u202f" // a thin one
)

// Locale writes numbers and days in French or English. Its zero value is English.
type Locale struct{ french bool }

// In returns the locale of a language tag: French for fr and fr-…, else English.
func In(lang string) Locale {
	base, _, _ := strings.Cut(lang, "-")
	return Locale{french: base == "fr"}
}

// Count writes a count, "< 5" where it is kept back.
func (l Locale) Count(n *int64) string {
	if n == nil {
		return "<" + full + "5"
	}
	return l.Number(*n)
}

// Number writes a whole number, its thousands apart: 12 345, 12,345.
func (l Locale) Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	separator := ","
	if l.french {
		separator = thin
	}
	var b strings.Builder
	b.WriteString(sign)
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(separator)
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Percent writes part of whole, rounded: 34 %, 34%. It is "–" where whole is not
// positive, and says "< 1" of what would round to nothing.
func (l Locale) Percent(part, whole int64) string {
	if whole <= 0 {
		return "–"
	}
	sign := "%"
	if l.french {
		sign = full + "%"
	}
	share := float64(part) / float64(whole) * 100
	if part > 0 && share < 0.5 {
		return "<" + full + "1" + sign
	}
	return l.Number(int64(share+0.5)) + sign
}

// Day writes a day in full: 1er novembre 2026, 1 November 2026.
func (l Locale) Day(t time.Time) string {
	if l.french {
		return l.ordinal(t) + full + l.months()[t.Month()-1] + " " + strconv.Itoa(t.Year())
	}
	return t.Format("2 January 2006")
}

// ShortDay writes a day for an axis: 1er nov., 1 Nov.
func (l Locale) ShortDay(t time.Time) string { return l.ordinal(t) + full + l.shortMonth(t) }

// Month writes a month for an axis: nov. 2026, Nov 2026.
func (l Locale) Month(t time.Time) string {
	return l.shortMonth(t) + full + strconv.Itoa(t.Year())
}

// Period writes the days from one to another, both included: du 1er au
// 30 novembre 2026, 1 to 30 November 2026.
func (l Locale) Period(from, to time.Time) string {
	switch {
	case from.Equal(to):
		return l.Day(from)
	case l.french:
		return "du " + l.since(from, to) + " au " + l.Day(to)
	default:
		return l.since(from, to) + " to " + l.Day(to)
	}
}

// since writes a day without what it has in common with a later one.
func (l Locale) since(from, to time.Time) string {
	s := l.Day(from)
	if from.Year() != to.Year() {
		return s
	}
	s = strings.TrimSuffix(s, " "+strconv.Itoa(from.Year()))
	if from.Month() == to.Month() {
		return l.ordinal(from)
	}
	return s
}

// Pair writes a thing and its value: Visites : 12, Visits: 12.
func (l Locale) Pair(name, value string) string {
	if l.french {
		return name + full + ": " + value
	}
	return name + ": " + value
}

func (l Locale) ordinal(t time.Time) string {
	if l.french && t.Day() == 1 {
		return "1er"
	}
	return strconv.Itoa(t.Day())
}

func (l Locale) shortMonth(t time.Time) string {
	if l.french {
		return []string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."}[t.Month()-1]
	}
	return t.Format("Jan")
}

func (Locale) months() []string {
	return []string{
		"janvier", "février", "mars", "avril", "mai", "juin",
		"juillet", "août", "septembre", "octobre", "novembre", "décembre",
	}
}

// Words are what figures say of their own.
type Words struct {
	Numbers, Download, Nothing, Few         string
	Day, Share, Wanted, Served, Other, None string
	Unsaid                                  string
	OfBefore, Total, Most                   string // Most: of what, on which day
}

func (l Locale) words() Words {
	if l.french {
		return Words{
			Numbers: "Les chiffres", Download: "Télécharger en CSV", Nothing: "Rien à montrer pour cette période.",
			Few: "Moins de 5", Day: "Jour", Share: "Part", Wanted: "Langue voulue", Served: "Langue servie",
			Other: "Dans une autre langue", None: "Aucune", Unsaid: "Non dite",
			OfBefore: "de l’étape précédente", Total: "en tout", Most: "au plus le",
		}
	}
	return Words{
		Numbers: "The numbers", Download: "Download as CSV", Nothing: "Nothing to show for this period.",
		Few: "Fewer than 5", Day: "Day", Share: "Share", Wanted: "Language wanted", Served: "Language served",
		Other: "In another language", None: "None", Unsaid: "Not said",
		OfBefore: "of the step before", Total: "in all", Most: "at most on",
	}
}

func (l Locale) others(n int) string {
	switch {
	case l.french && n == 1:
		return "Une autre ligne se trouve dans le tableau."
	case l.french:
		return l.Number(int64(n)) + " autres lignes se trouvent dans le tableau."
	case n == 1:
		return "One more row is in the table."
	default:
		return l.Number(int64(n)) + " more rows are in the table."
	}
}
