// SPDX-License-Identifier: Apache-2.0

package language

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// What Negotiate looks at: a browser sends some ten ranges in 100 bytes.
const (
	maxHeader = 10_000
	maxRanges = 50
)

// Negotiate chooses one of the available tags, all canonical, for a reader's
// Accept-Language header (RFC 9110 §12.5.4). It returns the tag as it stands in
// available, or false when the caller should use its own default: no header, no
// match, nothing but "*".
//
// Ranges are tried in the order of their weight, equal weights in the order of
// the header, and the first range that finds anything wins: a reader's first
// language in a neighboring form comes before the exact form of the second. One
// range finds, in this order (after RFC 4647 §3.4):
//
//  1. the tag itself;
//  2. its parents, with the script that its region implies: zh-HK looks for
//     zh-Hant-HK, then zh-Hant; zh-CN and zh for zh-Hans, then zh;
//  3. the base language, where that is written in the range's script;
//  4. the first tag of the same base language and script: pt-PT finds pt-BR,
//     and zh never finds zh-Hant;
//  5. the base language in its usual script.
//
// A range of weight 0 takes away the tags that begin with it, unless a longer
// range names them too. "*" is passed over, and ranges that are malformed or
// not registered are ignored. At most 50 ranges within the first 10,000 bytes
// are looked at.
func Negotiate(acceptLanguage string, available []string) (string, bool) {
	ranges := parseRanges(acceptLanguage)
	if len(ranges) == 0 {
		return "", false
	}
	available = slices.DeleteFunc(slices.Clone(available), func(tag string) bool { return excluded(ranges, tag) })
	slices.SortStableFunc(ranges, func(a, b weighted) int { return b.q - a.q })
	for _, r := range ranges {
		if r.q == 0 || r.tag == "*" {
			continue
		}
		if tag, ok := lookup(r.tag, available); ok {
			return tag, true
		}
	}
	return "", false
}

// weighted is a language range without extensions and its weight in thousandths.
type weighted struct {
	tag string
	q   int
}

func parseRanges(header string) []weighted {
	if len(header) > maxHeader {
		header = header[:maxHeader]
		header = header[:strings.LastIndexByte(header, ',')+1]
	}
	var ranges []weighted
	for range maxRanges {
		if header == "" {
			break
		}
		var item string
		item, header, _ = strings.Cut(header, ",")
		tag, params, _ := strings.Cut(item, ";")
		tag = withoutExtensions(strings.Trim(tag, " \t"))
		q, ok := weight(params)
		if tag != "" && len(tag) <= maxTag && ok {
			ranges = append(ranges, weighted{tag, q})
		}
	}
	return ranges
}

// weight reads "q=0.8" as 800; no parameter weighs 1000.
func weight(params string) (int, bool) {
	params = strings.Trim(params, " \t")
	if params == "" {
		return 1000, true
	}
	name, value, _ := strings.Cut(params, "=")
	if !strings.EqualFold(strings.TrimRight(name, " \t"), "q") {
		return 0, false
	}
	whole, fraction, dot := strings.Cut(strings.TrimLeft(value, " \t"), ".")
	if (whole == "" && fraction == "") || len(whole) > 1 || len(fraction) > 3 || (!dot && whole == "") {
		return 0, false
	}
	q := 0
	for _, c := range []byte((whole + fraction + "000")[:len(whole)+3]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		q = 10*q + int(c-'0')
	}
	return q, q <= 1000
}

// withoutExtensions cuts a range before its first singleton: "de-DE-u-co-phonebk"
// asks for "de-DE".
func withoutExtensions(tag string) string {
	for i := 1; i+1 < len(tag); i++ {
		if tag[i] == '-' && (i+2 == len(tag) || tag[i+2] == '-') {
			return tag[:i]
		}
	}
	return tag
}

// excluded reports whether the longest range that a tag begins with weighs 0.
func excluded(ranges []weighted, tag string) bool {
	longest, q := -1, 1
	for _, r := range ranges {
		n := len(r.tag)
		if n > longest && len(tag) >= n && strings.EqualFold(tag[:n], r.tag) && (len(tag) == n || tag[n] == '-') {
			longest, q = n, r.q
		}
	}
	return q == 0
}

func lookup(wanted string, available []string) (string, bool) {
	want, err := parse(wanted)
	for err != nil {
		i := strings.LastIndexByte(wanted, '-')
		if i < 0 {
			return "", false
		}
		wanted = wanted[:i]
		want, err = parse(wanted)
	}
	script := scriptOf(want)
	for _, tag := range parents(want, script) {
		if i := slices.IndexFunc(available, func(a string) bool { return strings.EqualFold(a, tag) }); i >= 0 {
			return available[i], true
		}
	}
	base, _ := want.Base()
	usual := -1
	found := slices.IndexFunc(available, func(a string) bool { return baseOf(a) == base.String() && writtenIn(a, script) })
	for i, a := range available {
		if !strings.EqualFold(a, base.String()) {
			continue
		}
		if writtenIn(a, script) {
			return a, true
		}
		usual = i
	}
	switch {
	case found >= 0:
		return available[found], true
	case usual >= 0:
		return available[usual], true
	}
	return "", false
}

// parents lists a tag and what it may be cut down to, longest first, without
// the base language of a longer tag.
func parents(t language.Tag, script string) []string {
	var tags []string
	base, _, region := t.Raw()
	for s := t.String(); ; {
		tags = append(tags, s)
		i := strings.LastIndexByte(s, '-')
		if i < 0 {
			break
		}
		s = s[:i]
	}
	if len(tags) > 1 {
		tags = tags[:len(tags)-1]
	}
	if r := region.String(); r != "ZZ" {
		tags = append(tags, base.String()+"-"+script+"-"+r)
	}
	return append(tags, base.String()+"-"+script)
}

func baseOf(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	return strings.ToLower(base)
}

func writtenIn(tag, script string) bool {
	t, err := parse(tag)
	return err == nil && scriptOf(t) == script
}
