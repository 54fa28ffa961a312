// SPDX-License-Identifier: Apache-2.0

package count

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/share/internal/click"
)

// spread has clicks of three days on three links of two articles.
func spread(t *testing.T) *Counts {
	l := &tape{}
	put := func(day, code, article, partner, channel, wanted string, class click.Class, visitors ...string) {
		var clicks []click.Click
		for _, v := range visitors {
			k := clicked(code, day, v)
			k.Article, k.Partner, k.Channel, k.Wanted, k.Class = article, partner, channel, wanted, class
			clicks = append(clicks, k)
		}
		l.write(t, day+" 09:00:00", batch("w", uint64(len(l.messages)+1), clicks...))
	}
	put("2026-11-25", "A", "recap", "gazette", "mail", "fr", click.Human, "v1", "v2", "v1")
	put("2026-11-25", "A", "recap", "gazette", "mail", "fr", click.Preview, "")
	put("2026-11-26", "A", "recap", "gazette", "qr", "en", click.Human, "v1")
	put("2026-11-26", "AB", "recap", "revue", "mail", "fr", click.Bot, "", "")
	put("2026-11-27", "B", "other", "gazette", "mail", "de", click.Human, "v9")
	put("2026-11-27", "B", "other", "gazette", "mail", "de", click.Class("martian"), "v9")
	put("2026-11-27", "B", "other\x00", "=1+1", "ma\"il,", "de", click.Monitor, "")
	c := opened(t, l)
	feed(t, c, l.messages...)
	return c
}

func TestQueries(t *testing.T) {
	c := spread(t)
	for _, tc := range []struct {
		name  string
		query Query
		total string // human, preview, bot, monitor, unknown; uniques
		rows  string
		days  string
	}{
		{"all", Query{}, "5 1 2 1 1; 4", ``, "2026-11-25 2026-11-27"},
		{
			"a link",
			Query{Article: "recap", Code: "A", GroupBy: []Dimension{ByDay, ByChannel}},
			"4 1 0 0 0; 3",
			"2026-11-25/mail 3 1; 2026-11-26/qr 1 0", "2026-11-25 2026-11-26",
		},
		{"an article, by partner", Query{Article: "recap", GroupBy: []Dimension{ByPartner}}, "4 1 2 0 0; 3", "gazette 4 1; revue 0 0", "2026-11-25 2026-11-26"},
		{"an article, by link", Query{Article: "recap", GroupBy: []Dimension{ByCode}}, "4 1 2 0 0; 3", "A 4 1; AB 0 0", "2026-11-25 2026-11-26"},
		{"a partner", Query{Partner: "gazette", GroupBy: []Dimension{ByWanted}}, "5 1 0 0 1; 4", "de 1 0; en 1 0; fr 3 1", "2026-11-25 2026-11-27"},
		{"a partner, by article", Query{Partner: "gazette", GroupBy: []Dimension{ByArticle}}, "5 1 0 0 1; 4", "other 1 0; recap 4 1", "2026-11-25 2026-11-27"},
		{"a day", Query{From: "2026-11-26", To: "2026-11-26", GroupBy: []Dimension{ByLanguage}}, "1 0 2 0 0; 1", "fr 1 0", "2026-11-26 2026-11-26"},
		{"from a day on", Query{From: "2026-11-27"}, "1 0 0 1 1; 1", "", "2026-11-27 2026-11-27"},
		{"by class", Query{Partner: "gazette", To: "2026-11-25", GroupBy: []Dimension{ByClass, ByDay}}, "3 1 0 0 0; 2", "human/2026-11-25 3; preview/2026-11-25 1", "2026-11-25 2026-11-25"},
		{"a value with everything in it", Query{Article: "other\x00", GroupBy: []Dimension{ByChannel, ByPartner}}, "0 0 0 1 0; 0", "ma\"il,/=1+1 0 0", "2026-11-27 2026-11-27"},
		{"nobody", Query{Article: "rec"}, "0 0 0 0 0; 0", "", " "},
		{"nothing since", Query{From: "2026-12-01", To: "2026-12-02"}, "0 0 0 0 0; 0", "", "2026-12-01 2026-12-02"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := c.Query(t.Context(), tc.query)
			if err != nil {
				t.Fatal(err)
			}
			n := a.Total
			if got := fmt.Sprintf("%d %d %d %d %d; %d", n[click.Human], n[click.Preview], n[click.Bot], n[click.Monitor], n[click.Unknown], a.Uniques); got != tc.total || len(n) != 7 {
				t.Errorf("total %s, want %s (%v)", got, tc.total, n)
			}
			var rows []string
			for _, r := range a.Rows {
				row := strings.Join(r.Values, "/")
				for _, n := range r.Clicks[:min(2, len(r.Clicks))] {
					row += fmt.Sprintf(" %d", n)
				}
				rows = append(rows, row)
			}
			if got := strings.Join(rows, "; "); got != tc.rows {
				t.Errorf("rows %s, want %s", got, tc.rows)
			}
			if got := fmt.Sprintf("%s %s", a.From, a.To); got != tc.days {
				t.Errorf("days %s, want %s", got, tc.days)
			}
		})
	}
	if _, err := c.Query(t.Context(), Query{Code: "A"}); err == nil {
		t.Error("a link without its article is answered")
	}
}

func TestHowAnAnswerIsWritten(t *testing.T) {
	c := spread(t)
	for _, tc := range []struct {
		name          string
		query         Query
		k             int64
		json, csvRows string
	}{
		{
			"rows",
			Query{Article: "recap", Code: "A", To: "2026-11-25", GroupBy: []Dimension{ByDay, ByChannel}},
			0,
			`{"code":"A","from":"2026-11-25","to":"2026-11-25","total":{"bot":0,"human":3,"monitor":0,"prefetch-refused":0,"preview":1,"scanner":0,"unknown":0},"uniques":2,"rows":[` +
				`{"day":"2026-11-25","channel":"mail","human":3,"preview":1,"scanner":0,"bot":0,"prefetch-refused":0,"monitor":0,"unknown":0,"uniques":2}]}`,
			"day,channel,human,preview,scanner,bot,prefetch-refused,monitor,unknown,uniques\r\n2026-11-25,mail,3,1,0,0,0,0,0,2\r\n",
		},
		{
			"by class, small numbers hidden",
			Query{Article: "recap", To: "2026-11-25", GroupBy: []Dimension{ByClass}},
			3,
			`{"from":"2026-11-25","to":"2026-11-25","total":{"bot":0,"human":3,"monitor":0,"prefetch-refused":0,"preview":null,"scanner":0,"unknown":0},"uniques":null,"rows":[` +
				`{"class":"human","clicks":3,"uniques":null,"suppressed":true},{"class":"preview","clicks":null,"uniques":0,"suppressed":true}]}`,
			"class,clicks,uniques\r\nhuman,3,\r\npreview,,0\r\n",
		},
		{
			"totals alone",
			Query{From: "2026-11-26", To: "2026-11-26"},
			0,
			`{"from":"2026-11-26","to":"2026-11-26","total":{"bot":2,"human":1,"monitor":0,"prefetch-refused":0,"preview":0,"scanner":0,"unknown":0},"uniques":1,"rows":[]}`,
			"human,preview,scanner,bot,prefetch-refused,monitor,unknown,uniques\r\n1,0,0,2,0,0,0,1\r\n",
		},
		{
			"formulas and quotes",
			Query{Article: "other\x00", GroupBy: []Dimension{ByPartner, ByChannel, ByClass}},
			0,
			`{"from":"2026-11-27","to":"2026-11-27","total":{"bot":0,"human":0,"monitor":1,"prefetch-refused":0,"preview":0,"scanner":0,"unknown":0},"uniques":0,"rows":[` +
				`{"partner":"=1+1","channel":"ma\"il,","class":"monitor","clicks":1,"uniques":0}]}`,
			"partner,channel,class,clicks,uniques\r\n'=1+1,\"ma\"\"il,\",monitor,1,0\r\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := c.Query(t.Context(), tc.query)
			if err != nil {
				t.Fatal(err)
			}
			a = Suppress(a, tc.k)
			if got, err := json.Marshal(a); err != nil || string(got) != tc.json {
				t.Errorf("JSON (%v)\n%s, want\n%s", err, got, tc.json)
			}
			var out strings.Builder
			if err := a.CSV(&out); err != nil || out.String() != tc.csvRows {
				t.Errorf("CSV (%v)\n%s, want\n%s", err, &out, tc.csvRows)
			}
		})
	}
}

func TestTooManyRows(t *testing.T) {
	l := &tape{}
	var clicks []click.Click
	for i := range maxRows + 1 {
		k := clicked("A", "2026-11-27", "")
		k.Article = fmt.Sprint("a", i)
		clicks = append(clicks, k)
	}
	clicks[0].Article = clicks[1].Article
	clicks[0].Class = click.Bot
	l.write(t, "2026-11-27 09:00:00", batch("w", 1, clicks...))
	c := opened(t, l)
	feed(t, c, l.messages...)
	if a, err := c.Query(t.Context(), Query{GroupBy: []Dimension{ByArticle}}); err != nil || len(a.Rows) != maxRows {
		t.Errorf("%d rows (%v)", len(a.Rows), err)
	}
	_, err := c.Query(t.Context(), Query{GroupBy: []Dimension{ByArticle, ByClass}})
	named(t, "too many rows", err, "/groupBy")
}

// named checks that an error is Malformed and names what is wrong.
func named(t *testing.T, what string, err error, pointer string) {
	t.Helper()
	if !fault.Is(err, fault.Malformed) || !strings.Contains(err.Error(), "("+pointer+":") {
		t.Errorf("%s: %v, want Malformed at %s", what, err, pointer)
	}
}

func TestParameters(t *testing.T) {
	for _, tc := range []struct{ from, to, pointer string }{
		{"", "", ""},
		{"2026-11-27", "", ""},
		{"2026-11-27", "2026-11-27", ""},
		{"2024-10-28", "2026-11-27", ""},
		{"2024-10-27", "2026-11-27", "/from"},
		{"2026-11-28", "2026-11-27", "/to"},
		{"yesterday", "", "/from"},
		{"", "2026-02-30", "/to"},
		{"2026-11-27T00:00:00Z", "", "/from"},
	} {
		from, to, err := ParseDays(tc.from, tc.to)
		if tc.pointer != "" {
			named(t, tc.from+" to "+tc.to, err, tc.pointer)
		} else if err != nil || from != Day(tc.from) || to != Day(tc.to) {
			t.Errorf("%s to %s: %s to %s (%v)", tc.from, tc.to, from, to, err)
		}
	}
	for in, want := range map[string]string{
		"": "[]", "day": "[day]", "day,channel": "[day channel]", "wanted, class": "[wanted class]", "code,article": "[code article]",
		"day,": "", "hour": "", "day,day": "", "Day": "",
	} {
		got, err := ParseGroupBy(in)
		if want == "" {
			named(t, in, err, "/groupBy")
		} else if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%q: %v (%v)", in, got, err)
		}
	}
	if got := Day("2026-03-01").Plus(-1); got != "2026-02-28" {
		t.Errorf("the day before is %s", got)
	}
}
