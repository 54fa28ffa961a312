// SPDX-License-Identifier: Apache-2.0

package web

import (
	"cmp"
	"math"
	"mime"
	"slices"
	"strconv"
	"strings"
)

// CompareAccept reports which of two kinds of answer, each given by its media
// types, the usual one first, an Accept header would rather have (RFC 9110 §12.5.1): positive for the
// first, negative for the second, 0 when it does not say. Of equal weights the one
// that is named more exactly wins, then the one that is named before the other.
func CompareAccept(accept string, first, second []string) int {
	var a, b preference
	for i, item := range strings.Split(accept, ",") {
		name, params, err := mime.ParseMediaType(item)
		if err != nil {
			continue
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		if err != nil || math.IsNaN(q) {
			q = 1
		}
		a.take(exactness(name, first), q, i)
		b.take(exactness(name, second), q, i)
	}
	switch {
	case a.q != b.q || a.q == 0:
		return cmp.Compare(a.q, b.q)
	case a.exact != b.exact:
		return cmp.Compare(a.exact, b.exact)
	}
	return cmp.Compare(b.place, a.place)
}

// exactness is how exactly a media range names one of some types: 3 the type
// itself, 2 the family of the usual one, 1 everything, 0 not at all.
func exactness(name string, types []string) int {
	family, _ := strings.CutSuffix(name, "*")
	switch {
	case slices.Contains(types, name):
		return 3
	case name == "*/*":
		return 1
	case family != name && strings.HasPrefix(types[0], family):
		return 2
	}
	return 0
}

// preference is what a header says of one kind: the weight of its most exact
// range, and of equally exact ones the heaviest.
type preference struct {
	exact int
	q     float64
	place int
}

func (p *preference) take(exact int, q float64, place int) {
	if exact > p.exact || (exact > 0 && exact == p.exact && q > p.q) {
		*p = preference{exact, q, place}
	}
}
