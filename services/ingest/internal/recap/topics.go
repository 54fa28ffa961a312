// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// section gives the newsroom section whose terms the text uses most: at least
// three different terms or five uses, a term counting three times at most, and
// a clear lead over the next.
func (d *document) section() *Guess[string] {
	if len(d.table.sections) == 0 {
		return nil
	}
	counts := map[string]int{}
	scores := make([]int, len(d.table.sections)+1)
	terms := make([]int, len(d.table.sections)+1)
	add := func(key string, section uint8, headline bool) {
		if section == 0 || counts[key] >= 3 {
			return
		}
		if counts[key]++; counts[key] == 1 {
			terms[section]++
		}
		scores[section] += 2
		if headline {
			scores[section] += 2
		}
	}
	for i := range d.toks {
		t := &d.toks[i]
		add(t.key, t.section, i < d.body)
		if t.psection != 0 {
			add(t.key+" …", t.psection, i < d.body)
		}
	}
	best, second := 0, 0
	for i := 1; i < len(scores); i++ {
		if scores[i] > scores[best] {
			best, second = i, best
		} else if scores[i] > scores[second] || second == best {
			second = i
		}
	}
	top, other := scores[best], scores[second]
	if best == 0 || (terms[best] < 3 && top < 10) || terms[best] < 2 || top < 6 {
		return nil
	}
	confidence := 0.4 + 0.5*float64(top-other)/float64(top)
	return &Guess[string]{d.table.sections[best-1], min(confidence, 0.9)}
}

// term is a word or a pair of words that may be a keyword.
type term struct {
	forms []spelling // the first few
	words int
	count int
	first int
	score float64
}

// spelling is a form of a term and its uses.
type spelling struct {
	form  string
	count int
}

// keywords gives up to eight terms used at least twice or in the headline, the
// most salient first.
func (d *document) keywords() []Guess[string] {
	if !d.known {
		return nil
	}
	found := make(map[string]*term, len(d.toks)/2)
	last := ""
	for i := range d.toks {
		t := &d.toks[i]
		if !d.significant(i) {
			last = ""
			continue
		}
		stem := d.stem(t.key)
		d.count(found, stem, i, i+1, 1)
		if last != "" && d.joined(i) {
			d.count(found, last+" "+stem, i-1, i+1, 2)
		}
		last = stem
	}
	return d.salient(found)
}

// significant reports whether token i can be a keyword: a longer word that is
// no function word, no commonplace of reports on events, and in no person's name.
func (d *document) significant(i int) bool {
	t := &d.toks[i]
	if !t.word() || t.claimed || t.class&(stop|generic|say|sayAny|title|month|weekday|articleWord|conn|be|first) != 0 || d.byFamily[t.key] != nil {
		return false
	}
	if d.lang == "de" && t.shape == small {
		return false
	}
	n := utf8.RuneCountInString(t.key)
	return n >= 4 || (n >= 2 && t.shape == upper)
}

// stem drops the plural of the languages that mark it by s or x.
func (d *document) stem(key string) string {
	if d.lang != "de" && d.lang != "it" && len(key) > 4 {
		return strings.TrimSuffix(strings.TrimSuffix(key, "s"), "x")
	}
	return key
}

func (d *document) count(found map[string]*term, key string, i, j, words int) {
	t := found[key]
	if t == nil {
		t = &term{first: i, words: words}
		found[key] = t
	}
	t.count++
	if i < d.body {
		t.score += 2
	} else if d.toks[i].sentence < 4 {
		t.score += 0.5
	}
	form := d.text(i, j)
	for k := range t.forms {
		if t.forms[k].form == form {
			t.forms[k].count++
			return
		}
	}
	if len(t.forms) < 6 {
		t.forms = append(t.forms, spelling{form, 1})
	}
}

// salient ranks terms by use, by a place in the headline, and pairs above the
// words they are made of.
func (d *document) salient(found map[string]*term) []Guess[string] {
	var ranked []*term
	for _, t := range found {
		if t.count < 2 && (t.score < 2 || t.words > 1) {
			continue
		}
		t.score += float64(t.count)
		if t.words == 2 {
			t.score *= 1.3
		}
		ranked = append(ranked, t)
	}
	sort.Slice(ranked, func(i, j int) bool {
		a, b := ranked[i], ranked[j]
		if a.score != b.score {
			return a.score > b.score
		}
		return a.first < b.first || (a.first == b.first && a.words > b.words)
	})
	var out []Guess[string]
	for _, t := range ranked {
		form := t.form()
		if len(out) == maxKeywords {
			break
		}
		if !overlaps(out, form) {
			out = append(out, Guess[string]{form, min(0.3+0.06*t.score, 0.95)})
		}
	}
	return out
}

// form is the spelling in small letters if the text has one, else the most used.
func (t *term) form() string {
	best, most := "", 0
	for _, s := range t.forms {
		form, n := s.form, s.count
		if form == strings.ToLower(form) {
			n += 1000
		}
		if n > most || (n == most && form < best) {
			best, most = form, n
		}
	}
	return best
}

// overlaps reports whether a term is part of a keyword, or a pair made of one.
func overlaps(keywords []Guess[string], form string) bool {
	for _, k := range keywords {
		if strings.Contains(" "+strings.ToLower(k.Value)+" ", " "+strings.ToLower(form)+" ") {
			return true
		}
	}
	return false
}
