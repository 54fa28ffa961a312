// SPDX-License-Identifier: Apache-2.0

package feeds

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	clockPattern = `(?:(?:\s*[t,]\s*|\s+(?:- )?)(?:a |at |um )?(\d{1,2})[:h](\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([ap]\.?m\.?)?)?`
	zonePattern  = `\s*([^\s\d].*)?$`
)

var (
	isoDate   = regexp.MustCompile(`^(\d{4})-?(\d{2})-?(\d{2})` + clockPattern + zonePattern)
	dayFirst  = regexp.MustCompile(`^(?:[a-z]+\.?,?\s*)?(\d{1,2})(?:er|st|nd|rd|th|\.)?,?[\s-]+(?:de )?([a-z]+)\.?,?[\s-]+(?:de )?(\d{2,4})` + clockPattern + zonePattern)
	nameFirst = regexp.MustCompile(`^(?:[a-z]+\.?,?\s+)?([a-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})` + clockPattern + zonePattern)
	yearLast  = regexp.MustCompile(`^(?:[a-z]+\.?,?\s+)?([a-z]+)\s+(\d{1,2})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s+(?:([a-z]+|[+-]\d{4})\s+)?(\d{4})$`)
	numeric   = regexp.MustCompile(`^(\d{1,2})[./](\d{1,2})[./](\d{4})` + clockPattern + zonePattern)
	offset    = regexp.MustCompile(`^(?:utc|gmt|ut)?\s*([+-])(\d{1,2}):?(\d{2})?(?:[\s\[(].*)?$`)
)

// parseDate reads the dates of feeds: RFC 3339 and its looser kin of ISO 8601,
// RFC 822 as updated by RFC 2822, ANSI C's, and the same in French, German,
// Spanish and Italian words. Weekdays are not looked at. Two digits of a year
// are RFC 2822's (00 to 49 are 2000 to 2049); a date without a zone is UTC, one
// without a time is its first second. Zones without one meaning ("IST"), and
// days and months in digits that can be swapped, are not guessed.
func parseDate(s string) (time.Time, bool) {
	s = foldDate(s)
	if m := isoDate.FindStringSubmatch(s); m != nil {
		return assemble(m[1], m[2], m[3], m[4:9])
	}
	if m := dayFirst.FindStringSubmatch(s); m != nil {
		return assemble(m[3], month(m[2]), m[1], m[4:9])
	}
	if m := yearLast.FindStringSubmatch(s); m != nil {
		return assemble(m[7], month(m[1]), m[2], []string{m[3], m[4], m[5], "", m[6]})
	}
	if m := nameFirst.FindStringSubmatch(s); m != nil {
		return assemble(m[3], month(m[1]), m[2], m[4:9])
	}
	if m := numeric.FindStringSubmatch(s); m != nil {
		day, mon := m[1], m[2]
		if atoi(mon) > 12 {
			day, mon = mon, day
		} else if day != mon && atoi(day) <= 12 && strings.Contains(s, "/") {
			return time.Time{}, false
		}
		return assemble(m[3], mon, day, m[4:9])
	}
	return time.Time{}, false
}

// foldDate lower-cases a date, takes its accents away and makes its white space
// single spaces.
func foldDate(s string) string {
	if len(s) > 200 {
		return ""
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(b.String(), "−", "-")), " ")
}

// assemble makes a time; rest is hour, minute, second, am or pm, and zone.
func assemble(year, month, day string, rest []string) (time.Time, bool) {
	y, mo, d := atoi(year), atoi(month), atoi(day)
	switch {
	case len(year) == 2 && y < 50:
		y += 2000
	case len(year) < 4:
		y += 1900
	}
	h, mi, sec := atoi(rest[0]), atoi(rest[1]), min(atoi(rest[2]), 60)
	if strings.HasPrefix(rest[3], "p") && h < 12 {
		h += 12
	} else if strings.HasPrefix(rest[3], "a") && h == 12 {
		h = 0
	}
	seconds, ok := zone(rest[4])
	t := time.Date(y, time.Month(mo), d, 0, 0, 0, 0, time.UTC)
	if !ok || y < 1000 || mo < 1 || t.Day() != d || int(t.Month()) != mo || mi > 59 || h*60+mi > 24*60 || atoi(rest[2]) > 60 {
		return time.Time{}, false
	}
	return t.Add(time.Duration(h)*time.Hour + time.Duration(mi)*time.Minute + time.Duration(min(sec, 59)-seconds)*time.Second), true
}

// zone is a zone's distance from UTC in seconds.
func zone(s string) (int, bool) {
	s = strings.Trim(s, " ,[")
	if m := offset.FindStringSubmatch(s); m != nil {
		seconds := atoi(m[2])*3600 + atoi(m[3])*60
		if m[1] == "-" {
			seconds = -seconds
		}
		return seconds, seconds >= -15*3600 && seconds <= 15*3600
	}
	if strings.HasPrefix(s, "(") {
		s = strings.Trim(s, "()")
	}
	name, _, _ := strings.Cut(s, " ")
	name, _, _ = strings.Cut(name, "[")
	for _, z := range []struct {
		names string
		hours int
	}{
		{" z ut utc gmt wet ", 0},
		{" cet mez bst west hnec ", 1},
		{" cest mesz eet sast heec ", 2},
		{" eest msk ", 3},
		{" hkt awst ", 8},
		{" jst kst ", 9},
		{" aest ", 10},
		{" aedt ", 11},
		{" nzst ", 12},
		{" nzdt ", 13},
		{" adt ", -3},
		{" edt ast ", -4},
		{" est cdt ", -5},
		{" cst mdt ", -6},
		{" mst pdt ", -7},
		{" pst akdt ", -8},
	} {
		if name != "" && strings.Contains(z.names, " "+name+" ") {
			return z.hours * 3600, true
		}
	}
	// RFC 2822 §4.3: the letters of military zones are not to be trusted.
	return 0, name == "" || (len(name) == 1 && name[0] >= 'a' && name[0] <= 'z')
}

// month is a month's number, by the beginning of its folded name.
func month(name string) string {
	for i, prefixes := range []string{
		"jan ene gen", "fe", "mar mae mrz", "av ap abr", "mai may mag", "juin jun giu",
		"jui jul lug", "ao aug ago", "sep set", "oct okt ott", "nov", "dec dez dic",
	} {
		for p := range strings.FieldsSeq(prefixes) {
			if strings.HasPrefix(name, p) {
				return itoa(i + 1)
			}
		}
	}
	return ""
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

func itoa(n int) string { return strconv.Itoa(n) }
