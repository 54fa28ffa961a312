// SPDX-License-Identifier: Apache-2.0

package imports_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/relais-press/relais/services/share/internal/link/imports"
)

// told writes out what a list yields, a row a line.
func told(r io.Reader, f imports.Format) string {
	var out strings.Builder
	for row, err := range imports.Read(r, f) {
		fmt.Fprintf(&out, "%d", row.Line)
		if err != nil {
			fmt.Fprintf(&out, " ! %v\n", err)
			continue
		}
		for _, s := range []string{row.Code, row.Article, row.URL, row.Language, row.Partner, row.Channel, row.Campaign} {
			if s != "" {
				out.WriteString(" " + s)
			}
		}
		if !row.Created.IsZero() {
			out.WriteString(" @" + row.Created.Format(time.RFC3339))
		}
		if row.Expires != nil {
			out.WriteString(" <" + row.Expires.Format(time.RFC3339))
		}
		out.WriteString("\n")
	}
	return out.String()
}

func TestLists(t *testing.T) {
	for _, tc := range []struct {
		name, list string
		format     imports.Format
		want       string
	}{
		{
			"our own", "article,language,partner,channel,campaign,code,expires\nrecap,fr,gazette,mail,été,la-une,2027-01-31T08:00:00+02:00\nrecap,,,,,,\n", imports.Any,
			"2 la-une recap fr gazette mail été <2027-01-31T06:00:00Z\n3 recap\n",
		},
		{"our own, as a spreadsheet writes it", "\ufeff\r\nCode;URL\r\n\r\nune;\"https://journal.example/a;b\"\r\n", imports.CSV, "4 une https://journal.example/a;b\n"},
		{"tabs, and no line end", "url\tcode\nhttps://journal.example/a\tune", imports.Any, "2 une https://journal.example/a\n"},
		{"over several lines", "code,longUrl\n\"u\nne\",x\n\"d\"\"eux\",y\n", imports.CSV, "2 u\nne x\n4 d\"eux y\n"},
		{
			"Shlink's web client", `"createdAt","domain","shortCode","shortUrl","longUrl","title","tags","visits"` + "\n" +
				`"2021-05-05T10:00:00+02:00","s.example","AbC","https://s.example/AbC","https://journal.example/a","Un titre, ""long""","a|b",12`, imports.Any,
			"2 AbC https://journal.example/a @2021-05-05T08:00:00Z\n",
		},
		{
			"Shlink's API", `{"shortUrls": {"pagination": {"currentPage": 1}, "data": [
				{"shortCode": "a1", "shortUrl": "https://s.example/a1", "longUrl": "https://journal.example/a", "dateCreated": "2021-05-05T10:00:00+02:00",
				 "tags": ["x"], "meta": {"validSince": null, "validUntil": "2030-01-01T00:00:00+00:00", "maxVisits": 5}, "title": null},
				{"shortCode": "a2", "longUrl": "https://journal.example/b", "meta": {"validUntil": null}}]}}
			{"shortUrls": {"data": [{"shortCode": "a3", "longUrl": "https://journal.example/c"}]}}`, imports.Shlink,
			"2 a1 https://journal.example/a @2021-05-05T08:00:00Z <2030-01-01T00:00:00Z\n4 a2 https://journal.example/b\n5 a3 https://journal.example/c\n",
		},
		{
			"YOURLS' table", "keyword,url,title,timestamp,ip,clicks\nozh,https://journal.example/a,Un titre,2021-05-05 10:00:00,192.0.2.1,7\n", imports.YOURLS,
			"2 ozh https://journal.example/a @2021-05-05T10:00:00Z\n",
		},
		{"YOURLS' plugin", "source,target,hits\r\n/ozh/,https://journal.example/a,7\r\n", imports.Any, "2 ozh https://journal.example/a\n"},
		{
			"YOURLS' API", `{"links":{"link_1":{"shorturl":"https:\/\/y.example\/sub\/ozh","url":"https:\/\/journal.example\/a","title":"Un","timestamp":"2021-05-05 10:00:00","ip":"192.0.2.1","clicks":"7"},
"link_2":{"shorturl":"https://y.example/x","url":"https://journal.example/b"}},"stats":{"total_links":"2","total_clicks":"7"},"statusCode":200,"message":"success"}`, imports.Any,
			"1 ozh https://journal.example/a @2021-05-05T10:00:00Z\n2 x https://journal.example/b\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := told(strings.NewReader(tc.list), tc.format); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
			if got := told(iotest.OneByteReader(strings.NewReader(tc.list)), tc.format); got != tc.want {
				t.Errorf("byte by byte\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

func TestRowsThatCannotBeRead(t *testing.T) {
	long := strings.Repeat("x", imports.MaxRow)
	for _, tc := range []struct {
		name, list string
		format     imports.Format
		want       []string // the beginning of each line
	}{
		{"nothing", " \n\n", imports.Any, []string{"3 ! the list is empty"}},
		{"a header alone", "code,url\n", imports.Any, nil},
		{"no header", "abc,https://journal.example/\n", imports.Any, []string{"1 ! the first row names the columns"}},
		{"a slip in the header", "code,url,expiers\n", imports.CSV, []string{`1 ! there is no column "expiers"`}},
		{"another program's header", "code,url\n", imports.Shlink, []string{"1 ! a Shlink export has"}},
		{"yet another's", "code,url\n", imports.YOURLS, []string{"1 ! a YOURLS export has"}},
		{"JSON for CSV", "{}", imports.CSV, []string{"1 ! this is JSON"}},
		{"too few fields", "code,url\na\nb,y\n", imports.CSV, []string{"2 ! has 1 fields", "3 b y"}},
		{"a stray quote", "code,url\na,5\" x\nb,y\n", imports.CSV, []string{"2 ! bare", "3 b y"}},
		{"a quote after another's separator", "code,url\na,x;\"y\nb,y\n", imports.CSV, []string{"2 ! bare", "3 b y"}},
		{"a bad time", "code,url,created,expires\na,x,yesterday,\nb,x,,soon\nc,x,,\n", imports.CSV, []string{"2 ! created: ", "3 ! expires: ", "4 c x"}},
		{"leads nowhere", "code,url\na,\nb,y\n", imports.CSV, []string{"2 ! leads nowhere", "3 b y"}},
		{"not UTF-8", "code,url\na,\xff\nb,y\n", imports.CSV, []string{"2 ! is not UTF-8", "3 b y"}},
		{"a long row", "code,url\na," + long + "\nb,y\n", imports.CSV, []string{"2 ! is larger", "3 b y"}},
		{"a quote that is not closed", "code,url\n\"a," + strings.Repeat(strings.Repeat("y", 999)+"\n", 1100) + "b,y\n", imports.CSV, []string{"2 ! is larger"}},
		{"no links", `{"error": 1}`, imports.Any, []string{"1 ! there are no links here"}},
		{"links of another program", `{"links": {}}`, imports.Shlink, []string{"1 ! there are no links here"}},
		{"none at all", `{"shortUrls": {"data": []}}`, imports.Any, nil},
		{"nothing where they were", `{"shortUrls": null}`, imports.Any, []string{"1 ! there are no links here"}},
		{
			"rows of other shapes", "{\"links\": [\n{\"shorturl\": 5}, null,\n\"x\", {\"shorturl\": \"https://y.example/a\", \"url\": \"x\"}]}", imports.Any,
			[]string{"2 ! ", "2 ! has no short code", "3 ! ", "3 a x"},
		},
		{"cut off", "{\"links\": [\n{\"shorturl\": \"/a\", \"url\": \"x\"},", imports.YOURLS, []string{"2 a x", "2 ! ends too early"}},
		{"wrong syntax", "{\"links\": [\n{\"shorturl\": \"/a\", \"url\": \"x\"}\n;", imports.YOURLS, []string{"2 a x", "3 ! is not JSON"}},
		{"a long member", `{"links": [{"shorturl": "/a", "url": "x"}, {"title": "` + long + long + `"}]}`, imports.YOURLS, []string{"1 a x", "1 ! read list: is larger"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for line := range strings.Lines(told(strings.NewReader(tc.list), tc.format)) {
				got = append(got, line)
			}
			for i, want := range tc.want {
				if i >= len(got) || !strings.HasPrefix(got[i], want) {
					t.Fatalf("row %d of %.300q, want %q", i, got, tc.want)
				}
			}
			if tc.name != "a quote that is not closed" && len(got) != len(tc.want) {
				t.Errorf("got %.300q, want %q", got, tc.want)
			}
			if strings.Contains(tc.name, "quote") && got[len(got)-1] != fmt.Sprintf("%d b y\n", strings.Count(tc.list, "\n")) {
				t.Errorf("the last row is lost: %q", got[len(got)-1])
			}
		})
	}
}

func TestAStreamThatBreaks(t *testing.T) {
	for _, head := range []string{"", "code,url\na,x\n", `{"links": {"link_1": {"shorturl": "/a", "url": "x"}, `} {
		got := told(io.MultiReader(strings.NewReader(head), iotest.ErrReader(io.ErrClosedPipe)), imports.Any)
		if !strings.Contains(got, io.ErrClosedPipe.Error()) || (head != "" && !strings.Contains(got, " a x\n")) {
			t.Errorf("after %q: %q", head, got)
		}
	}
}

func TestReadingMayStop(t *testing.T) {
	for _, list := range []string{"code,url\na,x\nb,y\n", `{"links": [{"shorturl": "/a", "url": "x"}, {"shorturl": "/b", "url": "y"}]}`} {
		n := 0
		imports.Read(strings.NewReader(list), imports.Any)(func(imports.Row, error) bool {
			n++
			return false
		})
		if n != 1 {
			t.Errorf("%d rows", n)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"code,url\na,x\n\"b\n\",\"y\"\"\"\n", "source;target\n/a/;x", "\ufeffkeyword\turl\n\"", `{"links": {"link_1": {"shorturl": "https://y.example/a", "url": "x", "timestamp": "2021-05-05 10:00:00"}}}`,
		`{"shortUrls": {"data": [{"shortCode": "a", "longUrl": "x", "meta": {"validUntil": null}}, 5]}}`, "{", "{}{]",
	} {
		f.Add(seed, "")
		f.Add(seed, "shlink")
	}
	f.Fuzz(func(t *testing.T, list, format string) {
		last, n := 1, 0
		for row, err := range imports.Read(strings.NewReader(list), imports.Format(format)) {
			if row.Line < last || row.Line > strings.Count(list, "\n")+1 {
				t.Errorf("row %d is in line %d after %d", n, row.Line, last)
			}
			if err == nil && row.URL == "" && row.Article == "" {
				t.Errorf("row %+v leads nowhere", row)
			}
			last, n = row.Line, n+1
		}
		if n > len(list)+1 {
			t.Errorf("%d rows of %d bytes", n, len(list))
		}
	})
}
