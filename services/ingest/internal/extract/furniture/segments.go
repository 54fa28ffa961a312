// SPDX-License-Identifier: Apache-2.0

package furniture

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// segmented classifies a line of bylines, dates, reading times, counts of
// comments and the like that signs part. Each part must be one of them; up to
// two short parts, such as a place or a rubric, may stand beside a date, a time
// or a count.
func segmented(line string) (class, bool) {
	counts := strings.ContainsAny(line, "0123456789")
	if !counts && !strings.ContainsAny(line, "|·•/") {
		return class{}, false
	}
	list := segments(line)
	if len(list) < 2 && counts {
		list = strings.Split(line, ", ")
	}
	if len(list) < 2 || len(list) > 8 {
		return class{}, false
	}
	c := class{kind: about, at: edges}
	timed, unknown := false, 0
	for i := 0; i < len(list) && len(list) <= 12; i++ {
		switch c.segment(list[i]) {
		case timeSegment:
			timed = true
		case otherSegment:
			unknown++
		case noSegment:
			more := strings.Split(list[i], ", ")
			if len(more) == 1 {
				return class{}, false
			}
			list = append(list, more...)
		case nameSegment:
		}
	}
	c.meta.dated = c.meta.dated || timed
	named := len(c.meta.names) > 0
	switch {
	case unknown == 0 && c.meta.labeled && named:
	case !timed, unknown > 2, unknown > 1 && !c.meta.dated:
		return class{}, false
	}
	return c, true
}

// segments parts a line at its separators: signs, and hyphens between spaces.
func segments(line string) []string {
	if !strings.ContainsAny(line, "|·•—–/›>●⋅-") {
		return nil
	}
	var list []string
	line = strings.ReplaceAll(line, " - ", " | ")
	for _, part := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("|·•—–›>●⋅", r) }) {
		if part = strings.TrimSpace(part); key(part) == "" {
			continue
		}
		if a, b, ok := strings.Cut(part, " / "); ok {
			list = append(list, a, b)
			continue
		}
		list = append(list, part)
	}
	return list
}

type segmentKind int

const (
	noSegment segmentKind = iota
	otherSegment
	nameSegment // a name, or a known phrase
	timeSegment // a date, a reading time or a count
)

// segment reads one part of a line and takes over what it says.
func (c *class) segment(part string) segmentKind {
	k := key(part)
	if known, ok := known.lines[withoutCount(k)]; ok && known.kind != titles {
		return nameSegment
	}
	if strings.ContainsAny(k, "0123456789") {
		if n, ok := numeric(withApostrophe(part, k)); ok && n.kind != count {
			c.minutes = max(c.minutes, n.minutes)
			return timeSegment
		}
	}
	if first := firstWord(part); credited[first] && len(strings.Fields(part)) <= 8 {
		return nameSegment
	}
	if m, ok := readMeta(part); ok || m.institution && !m.labeled {
		had := &c.meta
		had.names = union(had.names, m.names)
		had.labeled, had.firm = had.labeled || m.labeled, had.firm || m.firm
		if had.published.IsZero() {
			had.published = m.published
		}
		had.dated = had.dated || m.dated
		c.minutes = max(c.minutes, m.minutes)
		if m.dated || m.minutes > 0 {
			return timeSegment
		}
		return nameSegment
	}
	if known.sections[k] {
		c.list = []string{part}
		return nameSegment
	}
	if l, ok := known.labeled(part, k); ok {
		c.list = l.list
		return nameSegment
	}
	if len(strings.Fields(part)) <= 3 && utf8.RuneCountInString(part) <= 30 && !strings.ContainsAny(part, ".!?;«“„0123456789") {
		return otherSegment
	}
	return noSegment
}

// withApostrophe gives a folded line the sign of minutes back at its end: 4’.
func withApostrophe(line, k string) string {
	if r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(line, " .)")); slices.Contains([]rune{'\'', '’', '′'}, r) {
		return k + "'"
	}
	return k
}

// credited begin the part of a line that says who made the pictures.
var credited = set("photo|photos|photographie|photographies|photographs|photography|photographe|photographer|photographed|picture|pictures|image|images|illustration|illustrations|illustrated|dessin|dessins|vidéo|vidéos|video|videos|foto|fotos|fotografie|fotografía|fotografías|fotografia|fotograf|fotografin|bild|bilder|illustrationen|illustriert|ilustración|ilustraciones|imagen|imágenes|immagini|immagine|illustrazioni|illustrazione|grafik|grafica|ph")
