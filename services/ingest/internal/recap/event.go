// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"sort"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/ingest/internal/recap/calendar"
)

// eventName is a reading of an event's name.
type eventName struct {
	at, sentence int
	value        string
	confidence   float64
	future       bool
}

// event gives the event reported on if it has a name or a date, else the one
// announced.
func (d *document) event() *Guess[article.Event] {
	dates, names := d.dates(), d.eventNames()
	for _, announced := range []bool{false, true} {
		name := bestName(names, announced)
		date := d.bestDate(dates, name, announced)
		if name == nil && (date == nil || date.weight < 2) {
			continue
		}
		return d.assemble(name, date, announced)
	}
	for _, p := range d.places {
		if d.toks[p.at].sentence < 6 && p.at >= d.body && d.sentenceHas(p.at, held) && d.headline != "" {
			return d.assemble(nil, &dated{at: p.at, sentence: d.toks[p.at].sentence}, false)
		}
	}
	return nil
}

func bestName(names []eventName, announced bool) *eventName {
	var best *eventName
	for i := range names {
		n := &names[i]
		if n.future != announced {
			continue
		}
		fuller := best != nil && n.confidence > best.confidence-0.1 && len(n.value) > len(best.value) && strings.Contains(n.value, best.value)
		if best == nil || n.confidence > best.confidence || fuller {
			best = n
		}
	}
	return best
}

// bestDate is the date in the sentence of the name, else the weightiest.
func (d *document) bestDate(dates []dated, name *eventName, announced bool) *dated {
	var best *dated
	for i := range dates {
		x := &dates[i]
		if x.future != announced {
			continue
		}
		if name != nil && x.sentence == name.sentence {
			return x
		}
		if best == nil || x.weight > best.weight {
			best = x
		}
	}
	if announced && name != nil && best != nil && best.sentence != name.sentence && best.weight < 2 {
		return nil
	}
	if best != nil && best.weight < 1 {
		return nil
	}
	return best
}

// assemble makes the event; without a name it takes the headline's, with little
// confidence.
func (d *document) assemble(name *eventName, date *dated, announced bool) *Guess[article.Event] {
	e := article.Event{}
	confidence := 0.3
	at := -1
	if name != nil {
		e.Name, confidence, at = name.value, name.confidence, name.at
	} else {
		e.Name = d.headline
	}
	if date != nil && date.from.IsZero() {
		at, date = date.at, nil
	}
	if date != nil {
		from := date.from
		e.StartDate = &from
		if date.to.After(from) {
			to := date.to
			e.EndDate = &to
		}
		if name != nil {
			confidence = also(confidence, 0.5)
		}
		if at < 0 {
			at = date.at
		}
	}
	if e.Name == "" && e.StartDate == nil {
		return nil
	}
	e.Location = d.location(at, e.Name, date, announced)
	return &Guess[article.Event]{e, min(confidence, 0.97)}
}

// eventNames reads names in quotation marks, and runs of capitalized words
// with an event's word in them.
func (d *document) eventNames() []eventName {
	var names []eventName
	for i := 0; i < len(d.toks) && len(names) < maxFound; i++ {
		t := &d.toks[i]
		var from, end int
		confidence := 0.0
		switch {
		case t.mark == '«' || t.mark == '“' || t.mark == '„' || t.mark == '"':
			from, end = i+1, d.quoteEnd(i)
			confidence = d.quotedEvent(from, end)
		case d.is(i, event) && !t.claimed:
			from, end, confidence = d.titledEvent(i)
		}
		if confidence == 0 || end <= from {
			continue
		}
		n := eventName{at: from, sentence: t.sentence, value: d.text(from, end), confidence: confidence}
		if word, tail, _ := strings.Cut(n.value, " "); d.lang == "de" && strings.HasSuffix(word, "tagen") {
			n.value = strings.TrimSpace(strings.TrimSuffix(word, "n") + " " + tail)
		}
		n.future = d.sentenceHas(i, future) && !d.heldBefore(i)
		if t.sentence < 4 || d.sentenceHas(i, held) {
			n.confidence += 0.08
		}
		names = append(names, n)
		i = end - 1
	}
	return names
}

// heldBefore reports whether the sentence says that something took place.
func (d *document) heldBefore(i int) bool {
	return d.sentenceHas(i, held) && d.sentenceHas(i, last)
}

func (d *document) quoteEnd(i int) int {
	for k := i + 1; k < len(d.toks) && k < i+16 && !d.toks[k].line; k++ {
		if d.closes(k) {
			return k
		}
	}
	return i
}

// quotedEvent weighs a quotation: an event's word in it, or right before it.
func (d *document) quotedEvent(from, end int) float64 {
	if end <= from || (!d.toks[from].name() && d.toks[from].shape != number && d.toks[from].shape != initial) {
		return 0
	}
	for k := from; k < end; k++ {
		if d.is(k, event) && (d.toks[k].name() || k == from) {
			return 0.8
		}
	}
	if from >= 2 && d.is(from-2, event) && d.together(from-1) {
		return 0.75
	}
	return 0
}

// titledEvent reads a name around an event's word at i: "hackathon X", "3rd X
// Summit", "Journée nationale du numérique".
func (d *document) titledEvent(i int) (from, end int, confidence float64) {
	t := &d.toks[i]
	from, end = i, i+d.width(i, event)
	common := (t.class|t.phrase)&eventGen != 0
	for from > 0 && i-from < 5 && d.joined(from) && t.name() && d.titleWord(from-1) {
		from--
	}
	before := i - from
	end = d.titleEnd(end, t.name() && (d.lang != "de"))
	words := before + end - (i + d.width(i, event))
	switch {
	case t.shape == small && (common || end == i+d.width(i, event) || !d.toks[i+d.width(i, event)].name()):
		return 0, 0, 0
	case before == 0 && d.is(i-1, last|next):
		return 0, 0, 0
	case words == 0 && d.lang == "de" && d.table.words[t.key].class == 0 && d.sentenceHas(i, held):
		return from, end, 0.6 // a compound is a name by itself
	case words == 0 || (common && words < 2 && (d.lang != "en" || before == 0 || !d.sentenceHas(i, held))):
		return 0, 0, 0
	case d.toks[i].line && before == 0 && t.sentence > 0 && i >= d.body && common:
		return 0, 0, 0
	case t.shape == small && words > 0 && d.toks[end-1].class&(first|firstWeak) != 0:
		return 0, 0, 0
	}
	if t.shape == small {
		from = i + d.width(i, event) // the common noun is not part of the name
		if words == 1 && d.toks[from].class&place != 0 {
			return 0, 0, 0
		}
		return from, end, 0.65
	}
	return from, end, 0.7
}

// titleWord reports whether token k can stand in the name before its head.
func (d *document) titleWord(k int) bool {
	t := &d.toks[k]
	switch {
	case t.shape == number:
		return len(t.key) > 1 || d.lang == "de"
	case !t.name() && t.shape != initial:
		return false
	case t.class&(weekday|month|title) != 0:
		return false
	}
	return t.shape == upper || t.class&(articleWord|stop|conn) == 0
}

// titleEnd reads on from i over words of a title: capitalized words, a year, and
// after a capitalized head small words with connectives between.
func (d *document) titleEnd(i int, head bool) int {
	end, smalls := i, 0
	for n := 0; n < 9 && i < len(d.toks) && d.together(i) && (d.joined(i) || d.toks[i].shape == number); n, i = n+1, i+1 {
		t := &d.toks[i]
		switch {
		case t.shape == number:
			if t.num < 1900 || t.num > 2100 || len(t.key) != 4 {
				return end
			}
			return i + 1
		case t.claimed && !t.name() || t.class&(held|future|say|be|weekday|month) != 0 && t.shape == small:
			return end
		case t.name():
			if t.class&(weekday|month) != 0 {
				return end
			}
			end = i + 1
		case t.class&placeIn != 0 && t.class&conj == 0 && t.key != "de" && t.key != "di" && t.key != "d'" && i+1 < len(d.toks) && d.toks[i+1].class&(place|placeWeak) != 0:
			return end
		case t.class&(conn|articleWord|conj) != 0 || t.key == "sobre" || t.key == "sur" || t.key == "on":
		case head && smalls < 3 && t.class&(stop&^orgAdj) == 0 && t.class&(placeIn|atWord) == 0 && (d.lang != "en"):
			smalls++
			end = i + 1
		default:
			return end
		}
	}
	return end
}

// dated is a day or a run of days in the text, resolved.
type dated struct {
	at, sentence int
	from, to     time.Time
	future       bool
	weight       int // how much speaks for its being an event's
}

// written is a date as it stands in the text.
type written struct {
	end      int // the token after it
	from, to calendar.Day
	weekday  int // 1 Monday to 7 Sunday; 0: none
	fixed    bool
}

// dates reads and resolves the dates that are not those of laws and deadlines.
func (d *document) dates() []dated {
	var out []dated
	for i := 0; i < len(d.toks) && len(out) < maxFound; i++ {
		w, ok := d.dateAt(i)
		if !ok {
			continue
		}
		cue := d.cue(i, w.end)
		ahead := d.sentenceHas(i, future)
		from, to, ok := d.resolve(w, cue, ahead)
		if ok && !d.ofSomethingElse(i, w) {
			x := dated{at: i, sentence: d.toks[i].sentence, from: from, to: to}
			pub := d.source.Published
			x.future = (!pub.IsZero() && from.After(pub)) || (pub.IsZero() && ahead)
			x.weight = d.weigh(i, w)
			out = append(out, x)
		}
		i = w.end - 1
	}
	return out
}

func (d *document) weigh(i int, w written) int {
	weight := 0
	if d.sentenceHas(i, held|future) {
		weight += 2
	}
	if d.sentenceHas(i, event|speech) {
		weight++
	}
	if d.toks[i].sentence < 5 || i < d.body {
		weight++
	}
	if w.from != w.to || w.from.Month != 0 {
		weight++
	}
	if d.placed(d.toks[i].sentence) {
		weight++
	}
	return weight
}

// placed reports whether a place is named in a sentence.
func (d *document) placed(sentence int) bool {
	k := sort.Search(len(d.places), func(k int) bool { return d.toks[d.places[k].at].sentence >= sentence })
	return k < len(d.places) && d.toks[d.places[k].at].sentence == sentence
}

// cue is 1 for "next", -1 for "last" within three tokens of a date, else 0.
func (d *document) cue(i, end int) int {
	for k := max(0, i-3); k < min(len(d.toks), end+2); k++ {
		if d.toks[k].sentence != d.toks[i].sentence || k >= i && k < end {
			continue
		}
		if d.is(k, next) {
			return 1
		}
		if d.is(k, last) {
			return -1
		}
	}
	return 0
}

// ofSomethingElse reports whether a date belongs to a law, a birth, a deadline.
func (d *document) ofSomethingElse(i int, w written) bool {
	for k := i - 1; k >= 0 && k >= i-3 && d.toks[k].sentence == d.toks[i].sentence; k-- {
		if d.is(k, negDate) {
			return w.from == w.to || d.toks[k].class&(rangeTo|conn) == 0 && d.toks[k].key != "dal"
		}
	}
	return false
}

// resolve makes days of what was written; false for days that do not exist or
// cannot be known.
func (d *document) resolve(w written, cue int, ahead bool) (from, to time.Time, ok bool) {
	pub := calendar.Midnight(d.source.Published)
	if w.fixed {
		return w.from.Time(), w.to.Time(), true
	}
	if w.from.Month == 0 {
		if d.source.Published.IsZero() {
			return from, to, false
		}
		x := calendar.NearestWeekday(calendar.Hint{Weekday: w.weekday, Cue: cue, Ahead: ahead}, pub)
		return x, x, true
	}
	year := w.from.Year
	if year == 0 {
		year = w.to.Year
		if year != 0 && w.from.Month > w.to.Month {
			year--
		}
	}
	if year == 0 {
		if d.source.Published.IsZero() {
			return from, to, false
		}
		if year = calendar.NearestYear(w.from, calendar.Hint{Weekday: w.weekday, Cue: cue, Ahead: ahead}, pub); year == 0 {
			return from, to, false
		}
	}
	w.from.Year = year
	if w.to.Year == 0 {
		w.to.Year = year
		if w.to.Month < w.from.Month {
			w.to.Year++
		}
	}
	from, to = w.from.Time(), w.to.Time()
	ok = w.from.Exists() && w.to.Exists() && !to.Before(from) && to.Sub(from) < 62*24*time.Hour
	return from, to, ok
}

// dateAt reads a date that begins at token i.
func (d *document) dateAt(i int) (written, bool) {
	t := &d.toks[i]
	switch {
	case t.shape == number:
		if w, ok := d.numeric(i); ok {
			return w, true
		}
		return d.dayFirst(i)
	case t.class&month != 0 && d.lang == "en" && t.shape != small:
		return d.monthFirst(i)
	case t.class&weekday != 0 && t.phrase == 0:
		for k := i + 1; k < i+4 && d.together(k); k++ {
			if d.toks[k].shape == number || (d.toks[k].class&month != 0 && d.lang == "en") {
				if w, ok := d.dateAt(k); ok && w.from.Month != 0 {
					w.weekday = int(t.value)
					return w, true
				}
				break
			}
			if d.mark(k) != ',' && d.mark(k) != '.' && !d.is(k, articleWord|conn) {
				break
			}
		}
		if w, ok := d.lastWeek(i); ok {
			return w, true
		}
		return written{end: i + 1, weekday: int(t.value)}, true
	case t.class&relDay != 0 && !d.source.Published.IsZero():
		if t.key == "oggi" || t.key == "hoy" || t.key == "heute" || t.key == "today" || t.key == "aujourd'hui" {
			return written{}, false // mostly "nowadays"
		}
		x := calendar.Midnight(d.source.Published).AddDate(0, 0, int(t.value)-100)
		at := calendar.DayOf(x)
		return written{end: i + 1, from: at, to: at, fixed: true}, true
	}
	return written{}, false
}

// lastWeek reads "Tuesday and Wednesday of last week" at the weekday i.
func (d *document) lastWeek(i int) (written, bool) {
	first, final, k := int(d.toks[i].value), int(d.toks[i].value), i+1
	if j := d.separator(k); j < len(d.toks) && d.is(k, conj|rangeTo) {
		k = j
	}
	for j := i + 1; j < k; j++ {
		if d.toks[j].class&weekday != 0 {
			final = int(d.toks[j].value)
		}
	}
	cued, week := false, false
	for j := k; j < len(d.toks) && j < k+5 && d.together(j); j++ {
		cued = cued || d.is(j, last)
		switch d.toks[j].key {
		case "woche", "semaine", "week", "semana", "settimana":
			week = true
		}
		if cued && week {
			pub := calendar.Midnight(d.source.Published)
			return written{end: j + 1, from: calendar.LastWeek(first, pub), to: calendar.LastWeek(max(first, final), pub), fixed: true}, !d.source.Published.IsZero()
		}
	}
	return written{}, false
}

// numeric reads 2024-03-12 and, where days come first, 12/03/2024 and 12.03.2024.
func (d *document) numeric(i int) (written, bool) {
	if i+4 >= len(d.toks) || d.toks[i+2].shape != number || d.toks[i+4].shape != number || d.mark(i+1) == 0 || d.mark(i+1) != d.mark(i+3) {
		return written{}, false
	}
	for k := i + 1; k <= i+4; k++ {
		if d.toks[k].gap {
			return written{}, false
		}
	}
	a, b, c := d.toks[i].num, d.toks[i+2].num, d.toks[i+4].num
	x := calendar.Day{Year: a, Month: b, Day: c}
	switch m := d.mark(i + 1); {
	case m == '-' && a > 1000:
	case (m == '/' || m == '.') && c > 1000 && d.known && (d.lang != "en" || a > 12):
		x = calendar.Day{Year: c, Month: b, Day: a}
	default:
		return written{}, false
	}
	return written{end: i + 5, from: x, to: x}, x.Year > 0 && x.Exists()
}

// dayNumber is the number at i if it can be a day of a month.
func (d *document) dayNumber(i int) int {
	if i >= len(d.toks) || d.toks[i].shape != number || d.toks[i].num < 1 || d.toks[i].num > 31 || len(d.toks[i].key) > 5 {
		return 0
	}
	return d.toks[i].num
}

// dayFirst reads "6 et 7 décembre 2017", "30 mai au 2 juin", "12. und 13. März".
func (d *document) dayFirst(i int) (written, bool) {
	first := d.dayNumber(i)
	if first == 0 || i > 0 && !d.toks[i].gap && d.toks[i-1].shape == punct && !strings.ContainsRune("–-(«", d.toks[i-1].mark) {
		return written{}, false
	}
	w := written{from: calendar.Day{Day: first}, to: calendar.Day{Day: first}}
	j := i + 1
	for n := 0; n < 5 && w.to.Month == 0; n++ {
		if k, m := d.monthAt(j); m != 0 {
			w.to.Month = m
			j = k
			break
		}
		k := d.separator(j)
		if k == j || d.dayNumber(k) == 0 {
			return written{}, false
		}
		w.to.Day, j = d.dayNumber(k), k+1
	}
	if w.to.Month == 0 {
		return written{}, false
	}
	w.from.Month = w.to.Month
	j, w.to.Year = d.yearAt(j)
	if w.from.Day == w.to.Day {
		if k := d.separator(j); k > j && d.dayNumber(k) != 0 {
			if l, m := d.monthAt(k + 1); m != 0 {
				w.from.Year = w.to.Year
				w.to = calendar.Day{Month: m, Day: d.dayNumber(k)}
				j, w.to.Year = d.yearAt(l)
			}
		}
	}
	w.end = j
	return w, true
}

// monthFirst reads "March 5–6, 2024" and "March 30 to April 2".
func (d *document) monthFirst(i int) (written, bool) {
	j := i + 1
	if d.is(j, articleWord) {
		j++
	}
	first := d.dayNumber(j)
	if first == 0 || !d.together(j) {
		return written{}, false
	}
	m := int(d.toks[i].value)
	w := written{from: calendar.Day{Month: m, Day: first}, to: calendar.Day{Month: m, Day: first}}
	j++
	if k := d.separator(j); k > j {
		if k < len(d.toks) && d.toks[k].class&month != 0 && d.dayNumber(k+1) != 0 {
			w.to = calendar.Day{Month: int(d.toks[k].value), Day: d.dayNumber(k + 1)}
			j = k + 2
		} else if x := d.dayNumber(k); x > first {
			w.to.Day, j = x, k+1
		}
	}
	j, w.to.Year = d.yearAt(j)
	w.end = j
	return w, true
}

// separator skips what joins two days: a dash, a comma, "and the", "to".
func (d *document) separator(j int) int {
	k := j
	for k < len(d.toks) && k < j+4 && d.together(k) {
		m := d.mark(k)
		if m == '.' && k == j || m == ',' || m == '–' || m == '-' || m == '—' || m == '/' || m == '&' || d.is(k, rangeTo|conj|articleWord|weekday) && d.dayNumber(k) == 0 || d.toks[k].key == "zum" {
			k++
			continue
		}
		break
	}
	return k
}

// monthAt reads a month at j, after "." or "de".
func (d *document) monthAt(j int) (end, m int) {
	for k := j; k < len(d.toks) && k < j+2 && d.together(k); k++ {
		t := &d.toks[k]
		if t.class&month != 0 && (d.lang != "en" || t.shape != small) {
			return k + 1, int(t.value)
		}
		if t.mark != '.' && t.class&conn == 0 {
			break
		}
	}
	return j, 0
}

// yearAt reads a year at j, after "," or "de".
func (d *document) yearAt(j int) (end, year int) {
	for k := j; k < len(d.toks) && k < j+2 && d.together(k); k++ {
		t := &d.toks[k]
		if t.shape == number && len(t.key) == 4 && t.num >= 1900 && t.num <= 2100 {
			return k + 1, t.num
		}
		if t.mark != ',' && t.mark != '.' && t.class&conn == 0 {
			break
		}
	}
	return j, 0
}
