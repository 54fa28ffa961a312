// SPDX-License-Identifier: Apache-2.0

package match

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/french"
)

// Analyzer cuts a text of one language into words. Start and End of a token are
// byte offsets into the text.
type Analyzer func(text string) []french.Token

// Highlighter marks what a query's terms matched in texts of one language.
type Highlighter struct {
	Analyze Analyzer
	Terms   []Term
	Phrases []Phrase
	Typos   bool // also mark words that match but for wrong letters

	enough int // how many of the terms and phrases make an excerpt whole; 0: all
}

// most is how many terms and phrases are marked; any more are not.
const most = 64

// add has a question's words marked too. An excerpt is whole when it has those of
// the questions that are typed, whether or not it has those of rewordings.
func (h *Highlighter) add(q *Question, typed bool) {
	for _, t := range q.Terms {
		if h.asks() < most && !slices.Contains(h.Terms, t) {
			h.Terms = append(h.Terms, t)
		}
	}
	for _, p := range q.Phrases {
		if h.asks() < most && !slices.ContainsFunc(h.Phrases, func(has Phrase) bool { return slices.Equal(has, p) }) {
			h.Phrases = append(h.Phrases, p)
		}
	}
	if typed {
		h.enough = h.asks()
	}
}

// maxExcerptBytes bounds how far into a text a match is looked for.
const maxExcerptBytes = 32 << 10

// span is a word of a text, in bytes, and the term it matched.
type span struct{ start, end, term int }

func (h *Highlighter) spans(text string) []span {
	if h.asks() == 0 || text == "" {
		return nil
	}
	var out []span
	words := h.Analyze(text)
	for at := 0; at < len(words); at++ {
		if i, n := h.phraseAt(words[at:]); n > 0 {
			for _, w := range words[at : at+n] {
				out = append(out, span{w.Start, w.End, len(h.Terms) + i})
			}
			at += n - 1
			continue
		}
		w := &words[at]
		for i := range h.Terms {
			if h.Terms[i].matches(w, h.Typos) {
				out = append(out, span{w.Start, w.End, i})
				break
			}
		}
	}
	return out
}

// asks is how many words and phrases are looked for.
func (h *Highlighter) asks() int { return len(h.Terms) + len(h.Phrases) }

// phraseAt returns the phrase that words start with and how many tokens it
// takes; 0 when they start with none.
func (h *Highlighter) phraseAt(words []french.Token) (i, n int) {
	for i, p := range h.Phrases {
		n, matched := 0, 0
		for n < len(words) && matched < len(p) && (partOf(words, n) || words[n].Folded == p[matched]) {
			if !partOf(words, n) {
				matched++
			}
			n++
		}
		if matched == len(p) {
			return i, n
		}
	}
	return 0, 0
}

// Marks returns the words of a text that matched, in order.
func (h *Highlighter) Marks(text string) []engine.Mark {
	return marks(text, h.spans(text))
}

// Excerpt returns about engine.ExcerptLength characters around the most telling
// matches in a description or, where that has fewer, a body; the description
// without marks when nothing matched, or the body's start for want of one. It is
// cut between words, with an ellipsis where it was cut.
func (h *Highlighter) Excerpt(description, body string) (string, []engine.Mark) {
	head := h.spans(description)
	if c := best(description, head); c.terms > 0 && c.terms >= cmp.Or(h.enough, h.asks()) {
		return cut(description, head, c)
	}
	if len(body) > maxExcerptBytes {
		body = strings.ToValidUTF8(body[:maxExcerptBytes], "")
	}
	tail := h.spans(body)
	inHead, inBody := best(description, head), best(body, tail)
	if description != "" && inHead.terms >= inBody.terms {
		return cut(description, head, inHead)
	}
	return cut(body, tail, inBody)
}

// cluster is a range of bytes that matches lie close together in.
type cluster struct{ start, end, terms, words int }

// best finds the cluster within an excerpt's length that has the most terms,
// then the most words.
func best(text string, spans []span) cluster {
	var found cluster
	for i := range spans {
		var seen uint64 // one bit for each of the most
		for j := i; j < len(spans) && fits(text[spans[i].start:spans[j].end]); j++ {
			seen |= 1 << spans[j].term
			c := cluster{spans[i].start, spans[j].end, bits.OnesCount64(seen), j - i + 1}
			if c.terms > found.terms || c.terms == found.terms && c.words > found.words {
				found = c
			}
		}
	}
	return found
}

func fits(s string) bool {
	return len(s) <= engine.ExcerptLength || utf8.RuneCountInString(s) <= engine.ExcerptLength
}

// cut takes an excerpt around a cluster, a third of the room before it.
func cut(text string, spans []span, c cluster) (string, []engine.Mark) {
	const ellipsis = "…"
	if fits(text) {
		return text, marks(text, spans)
	}
	room := engine.ExcerptLength - utf8.RuneCountInString(text[c.start:c.end])
	start := back(text, c.start, room/3)
	if start > 0 {
		if i := strings.IndexFunc(text[start:c.start], unicode.IsSpace); i >= 0 {
			start += i
			start += len(text[start:]) - len(strings.TrimLeftFunc(text[start:], unicode.IsSpace))
		} else {
			start = c.start
		}
	}
	end := forward(text, start, engine.ExcerptLength)
	if end < len(text) {
		if i := strings.LastIndexFunc(text[c.end:end], unicode.IsSpace); i >= 0 {
			end = c.end + i
		} else if i := strings.IndexFunc(text[end:], unicode.IsSpace); i >= 0 {
			end += i
		} else {
			end = len(text)
		}
	}
	if end < len(text) {
		end = max(c.end, len(strings.TrimRight(text[:end], ".…,;: ")))
	}
	var inside []span
	before, after := "", ""
	if start > 0 {
		before = ellipsis
	}
	if end < len(text) {
		after = ellipsis
	}
	for _, s := range spans {
		if s.start >= start && s.end <= end {
			inside = append(inside, span{s.start - start + len(before), s.end - start + len(before), s.term})
		}
	}
	excerpt := before + text[start:end] + after
	return excerpt, marks(excerpt, inside)
}

// back and forward move a byte offset by so many characters.
func back(text string, at, characters int) int {
	for ; characters > 0 && at > 0; characters-- {
		_, n := utf8.DecodeLastRuneInString(text[:at])
		at -= n
	}
	return at
}

func forward(text string, at, characters int) int {
	for ; characters > 0 && at < len(text); characters-- {
		_, n := utf8.DecodeRuneInString(text[at:])
		at += n
	}
	return at
}

// marks turns spans of bytes into ranges of UTF-16 code units.
func marks(text string, spans []span) []engine.Mark {
	var out []engine.Mark
	at, units := 0, 0
	for _, s := range spans {
		if s.start < at {
			continue
		}
		units += length(text[at:s.start])
		n := length(text[s.start:s.end])
		out = append(out, engine.Mark{units, n})
		at, units = s.end, units+n
	}
	return out
}

func length(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}
