// SPDX-License-Identifier: Apache-2.0

package recap

import "strings"

// findOrganisations reads organisations by their form and claims their tokens,
// so that no person is made of them.
func (d *document) findOrganisations() {
	for i := 0; i < len(d.toks); i++ {
		t := &d.toks[i]
		if !t.word() || t.claimed {
			continue
		}
		from, end, confidence := d.organisationAt(i)
		if end <= from {
			continue
		}
		value := d.text(from, end)
		if d.lang == "de" && end == from+1 && authority(d.toks[from].key) {
			value = strings.TrimSuffix(value, "s")
		}
		d.addOrganisation(from, value, confidence)
		for k := from; k < end; k++ {
			d.toks[k].claimed = true
		}
		i = max(i, end-1)
	}
}

// organisationAt reads an organisation whose sign stands at token i; end is 0 if
// there is none.
func (d *document) organisationAt(i int) (from, end int, confidence float64) {
	t := &d.toks[i]
	switch {
	case t.phrase&knownOrg != 0 && t.name():
		return i, i + t.span, 0.85
	case d.is(i, orgHead) && (t.name() || (t.class|t.phrase)&lowerHead != 0):
		if end = d.afterHead(i, i+d.width(i, orgHead)); end > 0 {
			return i, end, 0.8
		}
	}
	switch {
	case t.class&knownOrg != 0 && t.name() && (t.class&first == 0):
		if end = i + 1; d.joined(end) && d.toks[end].shape == capital && d.toks[end].class == 0 && d.lang != "de" {
			end++
		}
		return i, end, 0.8
	case t.class&orgTail != 0 && t.name() || (t.shape == initial && t.class&orgTail != 0):
		if from = d.beforeTail(i); from < i {
			return from, i + 1, 0.85
		}
	case t.shape == small && d.is(i, orgIntro) || (d.lang == "de" && t.class&orgIntro != 0 && t.class&orgTail == 0):
		k := i + d.width(i, orgIntro)
		if end = d.nameRun(k); end > k && (d.toks[k].class&first == 0 || t.class&role == 0 && end > k+1) && d.toks[k].class&(role|event) == 0 {
			return k, end, 0.75
		}
	case d.lang == "de" && t.shape == capital && authority(t.key):
		return i, i + 1, 0.7
	case t.shape == capital && strings.Contains(t.key, ".") && len(t.key) > 5:
		return i, i + 1, 0.6
	}
	return 0, 0, 0
}

// afterHead reads what follows a head such as "Université": words written as
// names, with connectives between. It is 0 if nothing does.
func (d *document) afterHead(head, i int) int {
	end := 0
	complement := d.toks[head].phrase&orgHead != 0 && d.is(i-1, conn)
	for n := 0; n < 10 && i < len(d.toks) && d.together(i); n++ {
		t := &d.toks[i]
		amp := t.mark == '&' && end > 0
		switch {
		case t.shape == punct && !amp && (t.mark != '-' || end == 0 || !t.gap):
			return end
		case amp || t.mark == '-':
		case t.name() || (t.shape == number && len(t.key) > 2 && t.num < 1000 && t.num >= 0):
			if t.class&(first|firstWeak) != 0 && end > 0 && d.toks[i-1].class&place != 0 || t.class&month != 0 ||
				(t.class&role != 0 && t.shape != small && d.lang != "fr" && end > 0) {
				return end
			}
			end = i + 1
		case t.shape == small && (t.class&orgAdj != 0) && (end > 0 || complement || i > head+1 || d.toks[head].name()) && t.class&stop == 0:
			end = i + 1
		case complement && end == 0 && t.shape == small && t.class&(stop|conn|articleWord|say|be|role) == 0 && d.joined(i):
			end = i + 1
		case t.class&(conn|articleWord|particle) != 0 || (t.class&conj != 0 && end > 0):
			if t.class&conj != 0 && !d.conjoins(head, i) || end > 0 && d.is(d.afterArticles(i+1, min(i+4, len(d.toks))), event) {
				return end
			}
		default:
			return end
		}
		i++
	}
	return end
}

// conjoins reports whether "and" at i goes on with the name that began at head:
// a ministry has several matters.
func (d *document) conjoins(head, i int) bool {
	k := d.afterArticles(i+1, min(i+4, len(d.toks)))
	if k >= len(d.toks) || d.toks[k].class&(first|firstWeak|orgHead) != 0 {
		return false
	}
	switch k := d.toks[head].key; {
	case strings.HasPrefix(k, "minist"), strings.HasPrefix(k, "bundesminist"), k == "department", k == "chambre", k == "camera", k == "cámara", k == "institut", k == "instituto":
		return true
	}
	return false
}

// beforeTail walks back from a form such as "GmbH" over the name before it.
func (d *document) beforeTail(i int) int {
	from := i
	for from > 0 && i-from < 6 && d.joined(from) || (from > 0 && from < i && d.mark(from-1) == '&' && d.together(from)) {
		t := &d.toks[from-1]
		if t.mark != '&' && (!t.name() && t.shape != initial || t.claimed || t.class&(articleWord|stop|title|month|weekday) != 0 && t.shape != upper) {
			break
		}
		if t.class&role != 0 && t.class&orgTail == 0 {
			break
		}
		from--
	}
	if from < i && d.toks[from].mark == '&' {
		from++
	}
	if d.lang == "de" && d.toks[i].class&orgTail != 0 && from == i-1 && d.toks[from].class&notName != 0 {
		return i
	}
	return from
}

// nameRun is the end of the run of words written as names that begins at k.
func (d *document) nameRun(k int) int {
	end := k
	for end < len(d.toks) && end < k+4 && (d.joined(end) || end > k && d.mark(end) == '&') {
		t := &d.toks[end]
		if t.mark != '&' && (!t.name() || t.claimed || t.class&(stop|month|weekday|role) != 0) {
			break
		}
		if end > k && d.lang == "de" && t.class&(notName|stop) != 0 {
			break
		}
		end++
	}
	return end
}

// orgKey is the key under which two spellings of an organisation are one:
// without its article and the kind of body it is.
func (d *document) orgKey(s string) string {
	s = fold(s)
	for _, prefix := range []string{"l'", "the ", "der ", "die ", "das ", "association ", "l'association ", "asociación ", "associazione ", "verein ", "société ", "groupe ", "fondation ", "la ", "le ", "les ", "el ", "il "} {
		if rest, found := strings.CutPrefix(s, prefix); found && len(rest) > 3 {
			s = rest
		}
	}
	return s
}

// findPlaces reads the places of the lexicon that belong to no name, and what
// stands after "in" in the opening and where something is held.
func (d *document) findPlaces() {
	dateline := d.dateline()
	for i := 0; i < len(d.toks) && len(d.places) < 4*maxFound; i++ {
		t := &d.toks[i]
		if i == d.body && dateline > 0 {
			d.addPlace(i, dateline, 0.9)
			i += dateline - 1
			continue
		}
		if t.claimed || !t.name() {
			continue
		}
		after := i > 0 && d.together(i) && d.toks[i-1].class&placeIn != 0 && (d.toks[i-1].shape == small || i-1 == 0 || !d.together(i-1))
		if !after && i > 1 && d.toks[i-1].class&articleWord != 0 && d.together(i) {
			after = d.toks[i-2].class&placeIn != 0
		}
		width, confidence := 0, 0.7
		switch {
		case t.phrase&place != 0:
			width = t.span
		case t.class&placeWeak != 0 && !after:
		case t.class&(place|placeWeak) != 0:
			width = 1
		case d.lang == "de" && d.joined(i) && t.class == 0 && venue(d.toks[i-1].key) && i-1 > 0 && d.toks[i-1].name():
			width, confidence = 1, 0.6
		case after:
			width, confidence = d.unknownPlace(i), 0.45
		}
		if width == 0 {
			continue
		}
		if after {
			confidence += 0.15
		}
		d.addPlace(i, width, confidence)
		i += width - 1
	}
}

func (d *document) addPlace(i, width int, confidence float64) {
	name := d.text(i, i+width)
	if t := &d.toks[i]; t.shape == upper && len(t.key) > 3 {
		name = titleCase(name)
	}
	d.places = append(d.places, mention{i, name, fold(name), confidence})
}

// dateline gives the width of the place that the text opens with, "EXETER, 3 June
// —" or "Le Creusot, le 8 avril.", else 0.
func (d *document) dateline() int {
	k := d.body
	for k < len(d.toks) && k < d.body+4 && (k == d.body || d.joined(k)) && d.toks[k].name() && !d.toks[k].person && d.toks[k].class&(weekday|month) == 0 {
		k++
	}
	width := k - d.body
	if width == 0 || k >= len(d.toks) || d.toks[d.body].person {
		return 0
	}
	switch {
	case d.mark(k) == '—' || d.mark(k) == '–' || d.mark(k) == '.' && k+1 < len(d.toks) && d.mark(k+1) == '—':
		return width
	case d.mark(k) == ',':
		for j := k + 1; j < len(d.toks) && j < k+4; j++ {
			if _, ok := d.dateAt(j); ok {
				return width
			}
			if !d.is(j, articleWord|weekday) {
				return 0
			}
		}
	}
	return 0
}

// unknownPlace gives the width of a place that is not in the lexicon after the
// preposition before i, 0 if what stands there is none.
func (d *document) unknownPlace(i int) int {
	switch d.toks[i-1].key {
	case "à", "a", "ad", "in", "en":
	case "at":
		if d.lang != "en" {
			return 0
		}
	case "di", "de":
		if i < 4 || !d.toks[i-2].name() || !d.is(i-3, eponym) && !d.is(i-2, eponym) {
			return 0
		}
	default:
		return 0
	}
	if d.toks[i].sentence > 4 && !d.sentenceHas(i, held|future|month) {
		return 0
	}
	k := i
	for k < len(d.toks) && k < i+4 && (k == i || d.joined(k)) {
		t := &d.toks[k]
		saint := k == i && (t.class&notName != 0 && d.saintly(k))
		allowed := first | firstWeak | particle | say | title
		if k > i {
			allowed |= place | placeWeak
		}
		if !saint && (t.shape != capital || t.claimed || t.class&^allowed != 0 || t.phrase&^place != 0 || t.class&title != 0) {
			break
		}
		k++
	}
	if d.lang == "de" && (k != i+1 || !townish(d.toks[i].key)) {
		return 0
	}
	if k > i && k < len(d.toks) && d.joined(k) && d.toks[k].name() {
		return 0 // a longer name
	}
	return k - i
}

// authority reports whether a German compound is an institution by itself.
func authority(key string) bool {
	key = strings.TrimSuffix(key, "s")
	for _, end := range []string{
		"ministerium", "rechnungshof", "verwaltungsgericht", "landesmuseum", "bundesamt", "gesundheitsamt", "landesamt", "landesbank", "stadtwerke",
		"bauernverband", "gemeindebund", "städtetag", "landkreistag", "staatskanzlei", "landesregierung", "bundesregierung", "bundesbank",
	} {
		if len(key) > len(end) && strings.HasSuffix(key, end) {
			return true
		}
	}
	return false
}

// venue reports whether a German word is a kind of house that bears its town's name.
func venue(key string) bool {
	for _, end := range []string{"halle", "theater", "rathaus", "schloss", "saal", "museum", "bahnhof", "haus", "zentrum"} {
		if strings.HasSuffix(key, end) {
			return true
		}
	}
	return false
}

// townish reports whether a German word ends as towns do.
func townish(key string) bool {
	for _, end := range []string{
		"burg", "berg", "stadt", "heim", "hausen", "dorf", "ingen", "feld", "bach", "furt", "brück", "brücken", "itz", "born", "haven", "kirchen", "münde",
		"hofen", "weiler", "leben", "rode", "wald", "au", "ow", "nitz", "bronn", "ach", "felden", "kirch", "stetten", "nau", "gau", "büttel", "förde", "sund",
	} {
		if len(key) > len(end)+2 && strings.HasSuffix(key, end) {
			return true
		}
	}
	return false
}

// sentenceHas reports whether the sentence of i, 40 tokens either side, has a word of a class.
func (d *document) sentenceHas(i int, c class) bool {
	for k, end := d.sentenceStart(i, 40), d.sentenceEnd(i, 40); k < end; k++ {
		if d.is(k, c) {
			return true
		}
	}
	return false
}

// location is the place named beside the event or its date, else, for the event
// reported on, the first place of the opening.
func (d *document) location(at int, name string, date *dated, announced bool) string {
	best, rank := "", 0
	for _, p := range d.places {
		r := 0
		s := d.toks[p.at].sentence
		switch {
		case p.at >= at && p.at < at+8 && strings.HasSuffix(name, p.value):
			r = 1
		case date != nil && s == d.toks[date.at].sentence:
			r = 4
		case s == d.toks[at].sentence:
			r = 3
		case !announced && s < 5:
			r = 1
		}
		if r > 0 && p.confidence >= 0.8 {
			r++
		}
		if r > rank {
			best, rank = p.value, r
		}
	}
	for k := d.sentenceStart(at, 60); best == "" && k < d.sentenceEnd(at, 60); k++ {
		if t := &d.toks[k]; t.claimed && t.class&place != 0 && t.name() && d.is(k-1, conn) {
			best = d.text(k, k+1) // in the name of the host
		}
	}
	return best
}

// addOrganisation notes an organisation found at a token.
func (d *document) addOrganisation(at int, value string, confidence float64) {
	if value == "" || len(d.orgs) >= 4*maxFound {
		return
	}
	d.orgs = append(d.orgs, mention{at, value, d.orgKey(value), confidence})
}
