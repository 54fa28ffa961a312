// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// hostileTexts are what no reader types and some clients send.
var hostileTexts = []string{
	strings.Repeat("séance publique ", 640),
	strings.Repeat("a", 10<<10),
	strings.Repeat("- ", 512) + strings.Repeat(`"`, 513),
	"le la les de du des",
	`- -- "" «» “” + ~ * ( ) [ ] { } ^ :`,
	`"séance`, `séance"`, `«séance`, `-"séance`, `"" séance ""`, `"`, `-`, `""`, `-""`,
	"\x00", "séance\x00publique", "s\x00éance", "\r\n\t\v\f",
	"\u202eecnaés\u202c", "\u200fséance\u200e", "\u2066séance\u2069",
	"🎉", "séance 🎉👩‍👩‍👧‍👦", "\U0010ffff\uffff\ufeff",
	"\xed\xa0\x80", "séance \xed\xb0\x80", "\xff\xfe\xfd", "\xc3", "s\xc3ance",
	`l'avocat" OR 1=1`, `séance" OR audience = "=south`, `' OR audience EXISTS OR '`,
	`\`, `\\`, `\"`, `\'`, `séance \`, `"séance\"`, `'`, `\u0000`, `%00`, `{"$ne":1}`, `<script>alert(1)</script>`,
	"e" + strings.Repeat("\u0301", 2000),
}

// hostile is that nothing a stranger sends breaks a search or opens a door.
var hostile = []contract{
	{"no text is an error or shows what is another partner's", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("all", "fr", 1, "Séance publique"), addressed("north", "north"), addressed("south", "south"))
		for _, text := range hostileTexts {
			wantNothingOfSouth(t, e, engine.Query{Text: text, Viewer: engine.Viewer{Partner: "north"}})
			wantNothingOfSouth(t, e, engine.Query{Text: text, AnyWord: true, Viewer: engine.Viewer{Partner: "north"}})
			wantNothingOfSouth(t, e, engine.Query{
				Text: "séance", Also: []engine.Rewording{{Language: "fr", Text: text}}, Titles: true,
				Viewer: engine.Viewer{Partner: "north"},
			})
		}
	}},
	{"no value of a filter is an error or shows what is another partner's", func(t *testing.T, e engine.Engine) {
		apply(t, e, 1, article1("all", "fr", 1, "Séance publique"), addressed("north", "north"), addressed("south", "south"))
		for _, v := range hostileTexts {
			north := engine.Viewer{Partner: "north"}
			value := []string{v}
			for _, q := range []engine.Query{
				{Sections: value},
				{People: value},
				{Organisations: value},
				{Languages: value},
				{IDs: value},
				{Viewer: engine.Viewer{Partner: "north", Sections: value, Languages: value}},
			} {
				q.Viewer.Partner = "north"
				want(t, e, q)
			}
			want(t, e, engine.Query{NotIDs: value, Viewer: north}, "all", "north")
			want(t, e, engine.Query{Viewer: engine.Viewer{Partner: v}}, "all")
			wantNothingOfSouth(t, e, engine.Query{Language: v, Facets: value, Sort: engine.Sort(v), Viewer: north})
		}
	}},
	{"names with quotes and backslashes are filtered by", func(t *testing.T, e engine.Engine) {
		names := []string{
			`l'avocat`, `l’avocat`, `l'avocat" OR 1=1`, `\`, `\\`, `\"`, `\'`, `a\`, `a\\"b`, `'`, `"`, `NOT`, `a OR b`,
			`TO`, `IS NULL`, "deux  mots", "🎉", "(x)", "[x]", `\n`, `\u0041`, "A", "a", "É", "e",
		}
		var editions []article.Edition
		for i, name := range names {
			editions = append(editions, with(in(string(rune('A'+i)), name), func(e *article.Edition) {
				e.Organisations, e.People = []string{name}, []article.Person{{Name: name}}
			}))
		}
		apply(t, e, 1, editions...)
		for i, name := range names {
			for _, q := range []engine.Query{
				{Sections: []string{name}},
				{Organisations: []string{name}},
				{People: []string{name}},
				{Viewer: engine.Viewer{Sections: []string{name}}},
			} {
				want(t, e, q, editions[i].ID)
			}
		}
	}},
	{"ids are told apart, and partners letter by letter", func(t *testing.T, e engine.Engine) {
		ids := []string{"a", "a-fr", "a-fr-fr", "0", "00", "2017-1510", "a--b", "a-b-", strings.Repeat("x", 127) + "y", strings.Repeat("x", 128)}
		partners := []string{"north", "North", "nörth", "norþ", "n orth", `"`, `'`, `\`, `a" OR 1=1`, "=north"}
		var editions []article.Edition
		for i, id := range ids {
			editions = append(editions, with(article1(id, "fr", 1, "Séance publique"), func(e *article.Edition) {
				e.Audience = &article.Audience{Partners: []string{partners[i]}}
			}))
		}
		apply(t, e, 1, editions...)
		wantCount(t, e, uint64(len(ids)))
		for i, id := range ids {
			v := engine.Viewer{Partner: partners[i]}
			want(t, e, engine.Query{Viewer: v}, id)
			want(t, e, engine.Query{Text: "séance", IDs: []string{id}, Viewer: v}, id)
		}
	}},
}

func wantNothingOfSouth(t *testing.T, e engine.Engine, q engine.Query) {
	t.Helper()
	got := found(ask(t, e, q))
	if slices.Contains(got, "south") {
		t.Errorf("search %q shows the other partner's article: %q", shown(q.Text), got)
	}
}

// shown is the start of a text, for a message.
func shown(text string) string {
	if utf8.RuneCountInString(text) > 60 {
		return string([]rune(text)[:60]) + "…"
	}
	return text
}
