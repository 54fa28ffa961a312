// SPDX-License-Identifier: Apache-2.0

package furniture

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// token is a word, a number or a sign of a line.
type token struct {
	text   string // as it is written
	folded string
	start  int // where it begins in the line, in bytes
}

// tokens parts a line: letters and digits stand together with apostrophes and
// hyphens between letters, every other sign alone.
func tokens(line string) []token {
	var list []token
	for i := 0; i < len(line); {
		r, n := utf8.DecodeRuneInString(line[i:])
		if unicode.IsSpace(r) {
			i += n
			continue
		}
		end := i + n
		if word(r) {
			end += wordLength(line[end:], r)
		}
		list = append(list, token{line[i:end], plain.Fold(line[i:end]), i})
		i = end
	}
	return list
}

func word(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) }

func wordLength(s string, last rune) int {
	for i, r := range s {
		joins := r == '-' || r == '\'' || r == '’'
		if joins && unicode.IsLetter(last) {
			next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
			joins = unicode.IsLetter(next)
		} else {
			joins = false
		}
		if !word(r) && !joins {
			return i
		}
		last = r
	}
	return len(s)
}

// months numbers the names of months, and their short forms, in five languages.
var months = numbered(
	"janvier janv january jan januar janner enero ene gennaio gen", "fevrier fevr fev february feb februar febrero febbraio", "mars march mar marz maerz mrz marzo",
	"avril avr april apr abril abr aprile", "mai may mayo maggio mag", "juin june jun juni junio giugno giu", "juillet juil july jul juli julio luglio lug",
	"aout august aug agosto ago", "septembre sept september sep septiembre setiembre settembre set", "octobre oct october oktober okt octubre ottobre ott",
	"novembre nov november noviembre", "decembre dec december dezember dez diciembre dic dicembre",
)

func numbered(names ...string) map[string]int {
	m := map[string]int{}
	for i, list := range names {
		for name := range strings.FieldsSeq(list) {
			m[name] = i + 1
		}
	}
	return m
}

var weekdays = set("lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lun|mar|mer|jeu|ven|sam|dim|monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun|" +
	"montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|mo|di|mi|do|fr|sa|so|lunes|martes|miercoles|jueves|viernes|sabado|domingo|lunedi|martedi|mercoledi|giovedi|venerdi|sabato|domenica|gio|sab|dom")

// zones gives the hours that a zone is ahead of UTC; of one not listed the time
// is taken for UTC.
var zones = map[string]int{
	"utc": 0, "gmt": 0, "z": 0, "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "bst": 1, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "pst": -8, "pdt": -7, "ist": 1, "hec": 1,
}

// reader reads a line token by token.
type reader struct {
	list []token
	at   int
}

func (r *reader) done() bool { return r.at >= len(r.list) }

// peek returns the folded token n places on, or nothing.
func (r *reader) peek(n int) string {
	if i := r.at + n; i >= 0 && i < len(r.list) {
		return r.list[i].folded
	}
	return ""
}

// accept steps over the next token if it is one of those listed.
func (r *reader) accept(words ...string) bool {
	next := r.peek(0)
	for _, w := range words {
		if next == w && next != "" {
			r.at++
			return true
		}
	}
	return false
}

// number reads the digits of the next token, and returns what follows them in it.
func (r *reader) number(places int) (n int, suffix string, ok bool) {
	s := r.peek(0)
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == 0 || i > places {
		return 0, "", false
	}
	n, err := strconv.Atoi(s[:i])
	return n, s[i:], err == nil
}

// date reads a date, with its time if it has one. An order of day and month
// that cannot be told is known as false.
func (r *reader) date(monthFirst bool) (t time.Time, known, ok bool) {
	start := r.at
	if weekdays[r.peek(0)] {
		r.at++
		for r.accept(",", ".") {
		}
	}
	y, m, d, known, ok := r.day(monthFirst)
	if !ok || y < 1900 || y > 2199 || m < 1 || m > 12 || d < 1 || d > 31 {
		r.at = start
		return time.Time{}, false, false
	}
	t = time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Day() != d {
		r.at = start
		return time.Time{}, false, false
	}
	return t.Add(r.clock()), known, true
}

// day reads a date without its weekday and its time.
func (r *reader) day(monthFirst bool) (y, m, d int, known, ok bool) {
	if months[r.peek(0)] > 0 {
		return r.american()
	}
	n, suffix, ok := r.number(4)
	if !ok {
		return 0, 0, 0, false, false
	}
	r.at++
	if n > 31 {
		return r.iso(n, suffix)
	}
	if sign := r.peek(0); suffix == "" && (sign == "/" || sign == "." || sign == "-") {
		if second, rest, good := numberAt(r.peek(1)); good && rest == "" && r.peek(2) == sign {
			r.at += 3
			y, ok = r.year()
			return sorted(y, second, n, monthFirst && sign == "/", ok)
		}
	}
	r.accept(".", "º", "°")
	r.accept("de", "of", "del")
	m = months[r.peek(0)]
	if m == 0 || !ordinal(suffix) {
		return 0, 0, 0, false, false
	}
	r.at++
	r.accept(".")
	r.accept(",", "de", "del")
	y, ok = r.year()
	return y, m, n, true, ok
}

// american reads a date that begins with its month: March 5, 2024.
func (r *reader) american() (y, m, d int, known, ok bool) {
	m = months[r.peek(0)]
	r.at++
	r.accept(".")
	d, suffix, ok := r.number(2)
	if !ok || !ordinal(suffix) {
		return 0, 0, 0, false, false
	}
	r.at++
	r.accept(",")
	y, ok = r.year()
	return y, m, d, true, ok
}

// sorted puts day and month of a date in numbers in their order.
func sorted(y, second, first int, monthFirst, ok bool) (year, m, d int, known, good bool) {
	switch {
	case second > 12 && first <= 12:
		return y, first, second, true, ok
	case monthFirst && first <= 12 && first != second:
		return y, first, second, false, ok
	}
	return y, second, first, true, ok
}

func (r *reader) iso(y int, suffix string) (year, m, d int, known, ok bool) {
	m, rest, good := numberAt(r.peek(1))
	if suffix != "" || !good || rest != "" || (r.peek(0) != "-" && r.peek(0) != "/") || r.peek(2) != r.peek(0) {
		return 0, 0, 0, false, false
	}
	r.at += 3
	d, suffix, ok = r.number(2)
	if !ok {
		return 0, 0, 0, false, false
	}
	if hour, cut := strings.CutPrefix(suffix, "t"); cut { // 2024-03-12T18:30
		r.list[r.at].folded = hour
		return y, m, d, true, true
	}
	r.at++
	return y, m, d, true, suffix == ""
}

func (r *reader) year() (int, bool) {
	y, suffix, ok := r.number(4)
	if !ok || suffix != "" || y < 1000 {
		return 0, false
	}
	r.at++
	return y, true
}

func numberAt(s string) (n int, rest string, ok bool) {
	r := reader{list: []token{{folded: s}}}
	return r.number(2)
}

func ordinal(suffix string) bool {
	switch suffix {
	case "", "er", "e", "st", "nd", "rd", "th", "o":
		return true
	}
	return false
}

// clock reads the time after a date, in UTC; none is midnight.
func (r *reader) clock() time.Duration {
	start := r.at
	for r.accept(",", "-", "–", "—", "|", "·", "•") {
	}
	marked := r.accept("a", "at", "um", "alle", "ore", "as", "kl")
	marked = r.accept("las", "ore", "partir") || marked
	h, suffix, ok := r.number(2)
	if !ok || h > 24 {
		r.at = start
		return 0
	}
	r.at++
	m, after, ok := r.minute(suffix, marked)
	if !ok || h > 23 || m > 59 {
		r.at = start
		return 0
	}
	switch {
	case after == "pm" && h < 12:
		h += 12
	case after == "am" && h == 12:
		h = 0
	}
	r.accept("uhr", "h", "hs", "hrs", "heures", "ore")
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute - r.offset()
}

// minute reads what follows an hour: its minutes, and am or pm.
func (r *reader) minute(suffix string, marked bool) (m int, after string, ok bool) {
	if rest, cut := strings.CutPrefix(suffix, "h"); cut { // 18h30, 18h, 18h 30
		if rest == "" {
			return r.lone(), "", true
		}
		n, s, good := numberAt(rest)
		return n, "", good && s == ""
	}
	switch {
	case suffix == "pm" || suffix == "am":
		return 0, suffix, true
	case suffix != "":
		return 0, "", false
	case r.accept("h"): // 18 h 30
		return r.lone(), "", true
	case r.peek(0) == "uhr":
		return 0, "", true
	case r.peek(0) != ":" && (r.peek(0) != "." || r.peek(1) == ""):
		half := r.halfDay()
		return 0, half, half != "" || marked
	}
	return r.afterSign()
}

// lone reads minutes that stand alone after an hour, or none.
func (r *reader) lone() int {
	n, s, ok := r.number(2)
	if !ok || s != "" || len(r.peek(0)) != 2 {
		return 0
	}
	r.at++
	return n
}

// afterSign reads minutes after a colon or a full stop.
func (r *reader) afterSign() (m int, after string, ok bool) {
	r.at++
	m, after, ok = r.number(2)
	if !ok {
		return 0, "", false
	}
	r.at++
	if after == "" && r.peek(0) == ":" { // seconds
		r.at++
		if _, rest, good := r.number(2); good {
			r.at++
			after = rest
		}
		if r.accept(".") { // and their fraction
			_, after, _ = r.number(9)
			r.at++
		}
	}
	if after == "z" {
		return m, "", true
	}
	if after == "" {
		after = r.halfDay()
	}
	return m, after, after == "" || after == "am" || after == "pm" || after == "h" || after == "uhr"
}

// halfDay reads am, pm, a.m. or p.m.
func (r *reader) halfDay() string {
	for _, half := range []string{"am", "pm"} {
		if r.accept(half) {
			return half
		}
		if r.peek(0) == half[:1] && r.peek(1) == "." && r.peek(2) == "m" {
			r.at += 3
			r.accept(".")
			return half
		}
	}
	return ""
}

// offset reads a zone after a time.
func (r *reader) offset() time.Duration {
	open := r.accept("(")
	hours, named := zones[r.peek(0)]
	switch {
	case named:
		r.at++
	case r.peek(0) == "+" || (r.peek(0) == "-" && r.peek(2) == ":"):
		sign := 1
		if r.peek(0) == "-" {
			sign = -1
		}
		n, rest, ok := numberAt(r.peek(1))
		if !ok || rest != "" {
			return 0
		}
		r.at += 2
		hours = sign * n
		if r.accept(":") {
			r.at++
		}
	case open && r.peek(0) == "heure" && r.peek(1) == "de":
		r.at += 3
	case open:
		r.at--
		return 0
	}
	if open {
		r.accept(")")
	}
	return time.Duration(hours) * time.Hour
}
