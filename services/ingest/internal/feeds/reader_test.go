// SPDX-License-Identifier: Apache-2.0

package feeds_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/feeds"
)

var update = flag.Bool("update", false, "write the goldens anew")

// samples are the files of testdata and what they are.
var samples = []struct {
	file   string
	format feeds.Format
}{
	{"gazette.rss", feeds.RSS},
	{"latin1.rss", feeds.RSS},
	{"undeclared.rss", feeds.RSS},
	{"cp1252.rss", feeds.RSS},
	{"utf16.rss", feeds.RSS},
	{"archive.rdf", feeds.RSS},
	{"carnet.atom", feeds.Atom},
	{"fil.json", feeds.JSONFeed},
	{"gazette.wxr", feeds.WXR},
	{"editions.ndjson", feeds.NDJSON},
}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// read reads a whole stream; err is nil where it ends well.
func read(r io.Reader, f feeds.Format) (items []feeds.Item, err error) {
	rd := feeds.NewReader(r, f)
	for {
		item, err := rd.Next()
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if err != nil {
			return items, err
		}
		item.JSON = bytes.Clone(item.JSON)
		items = append(items, item)
	}
}

func mustRead(t *testing.T, in string, f feeds.Format) []feeds.Item {
	t.Helper()
	items, err := read(strings.NewReader(in), f)
	if err != nil {
		t.Fatalf("after %d items: %v", len(items), err)
	}
	return items
}

// one reads a stream of one good item.
func one(t *testing.T, in string, f feeds.Format) article.Edition {
	t.Helper()
	items := mustRead(t, in, f)
	if len(items) != 1 || items[0].Err != nil {
		t.Fatalf("%d items, want a good one: %+v", len(items), items)
	}
	return items[0].Edition
}

// show writes an item as the goldens have it: what is set, and nothing else.
func show(item feeds.Item) string {
	out := map[string]any{"line": item.Line}
	if item.Err != nil {
		out["error"] = item.Err.Error()
	}
	if item.JSON != nil {
		out["json"] = string(item.JSON)
	} else if item.Edition.ID != "" {
		fields := map[string]any{}
		raw, _ := json.Marshal(item.Edition)
		_ = json.Unmarshal(raw, &fields)
		for k, v := range fields {
			if v == "" || v == 0.0 {
				delete(fields, k)
			}
		}
		out["edition"] = fields
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(out)
	return b.String()
}

func TestSamples(t *testing.T) {
	for _, s := range samples {
		t.Run(s.file, func(t *testing.T) {
			data := sample(t, s.file)
			items, err := read(bytes.NewReader(data), s.format)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, item := range items {
				b.WriteString(show(item))
			}
			golden := filepath.Join("testdata", s.file+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want := string(sample(t, s.file+".golden"))
			if diff := cmp.Diff(want, b.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			slow, err := read(iotest.OneByteReader(bytes.NewReader(data)), s.format)
			if diff := cmp.Diff(texts(items), texts(slow)); err != nil || diff != "" {
				t.Errorf("read byte by byte: %v\n%s", err, diff)
			}
			for _, item := range items {
				if item.JSON == nil && item.Err == nil && !article.ValidID(item.Edition.ID) {
					t.Errorf("id %q", item.Edition.ID)
				}
			}
		})
	}
}

func texts(items []feeds.Item) []string {
	var all []string
	for _, item := range items {
		all = append(all, show(item))
	}
	return all
}

func TestFormatOf(t *testing.T) {
	for _, s := range samples {
		head := sample(t, s.file)
		head = head[:min(len(head), 4096)]
		for _, ct := range []string{"", "text/plain; charset=utf-8", "application/octet-stream"} {
			if got, err := feeds.FormatOf(ct, "", head); err != nil || got != s.format {
				t.Errorf("FormatOf(%q, %s) = %q, %v; want %q", ct, s.file, got, err, s.format)
			}
		}
	}
	for _, c := range []struct {
		ct, format, head string
		want             feeds.Format
		kind             fault.Kind
	}{
		{"application/x-ndjson", "", "", feeds.NDJSON, 0},
		{"application/jsonl; charset=utf-8", "", "", feeds.NDJSON, 0},
		{"Application/NDJSON", "", "", feeds.NDJSON, 0},
		{"application/rss+xml", "", "<rss>", feeds.RSS, 0},
		{"application/rss+xml", "", "", feeds.RSS, 0},
		{"application/rss+xml", "", `<rss xmlns:wp="http://wordpress.org/export/1.1/">`, feeds.WXR, 0},
		{"application/atom+xml;type=feed", "", "", feeds.Atom, 0},
		{"application/feed+json", "", "", feeds.JSONFeed, 0},
		{"text/xml", "", `<feed xmlns="http://www.w3.org/2005/Atom">`, feeds.Atom, 0},
		{"application/xml", "", "<html><body>", "", fault.UnsupportedMediaType},
		{"application/xml", "", "", "", fault.UnsupportedMediaType},
		{"application/json", "", `{"version":"https://jsonfeed.org/version/1","title":`, feeds.JSONFeed, 0},
		{"application/json", "", "{\"id\":\"a\"}\n{\"id\":\"b\"}\n", feeds.NDJSON, 0},
		{"application/json", "", `[1]`, "", fault.UnsupportedMediaType},
		{"application/json", "atom", `[1]`, feeds.Atom, 0},
		{"image/png", "WXR", "", feeds.WXR, 0},
		{"image/png", "", "<rss>", "", fault.UnsupportedMediaType},
		{"text/html", "", "<html>", "", fault.UnsupportedMediaType},
		{"text/xml", "docx", "<rss>", "", fault.Malformed},
		{"/;;", "", "<rss>", "", fault.UnsupportedMediaType},
		{"", "", "Bonjour", "", fault.UnsupportedMediaType},
	} {
		got, err := feeds.FormatOf(c.ct, c.format, []byte(c.head))
		if got != c.want || (err != nil) != (c.kind != 0) || (err != nil && fault.KindOf(err) != c.kind) {
			t.Errorf("FormatOf(%q, %q, %q) = %q, %v; want %q, %v", c.ct, c.format, c.head, got, err, c.want, c.kind)
		}
	}
}

// TestCut cuts every sample at every byte: what came before the cut is
// delivered as in the whole, and the end is an error that names the line.
func TestCut(t *testing.T) {
	for _, s := range samples {
		t.Run(s.file, func(t *testing.T) {
			data := sample(t, s.file)
			whole, err := read(bytes.NewReader(data), s.format)
			if err != nil {
				t.Fatal(err)
			}
			step := 1
			if testing.Short() || len(data) > 2500 {
				step = 7
			}
			end := len(bytes.TrimRight(data, "\x00\r\n"))
			for n := 0; n < end; n += step {
				items, err := read(bytes.NewReader(data[:n]), s.format)
				if err == nil && s.format != feeds.NDJSON {
					t.Fatalf("cut at %d: no error after %d items", n, len(items))
				}
				if err != nil && (!fault.Is(err, fault.Malformed) || !strings.Contains(err.Error(), "line") && !strings.Contains(err.Error(), "no feed")) {
					t.Fatalf("cut at %d: %v", n, err)
				}
				if len(items) > len(whole) {
					t.Fatalf("cut at %d: %d items of %d", n, len(items), len(whole))
				}
				for i := range items {
					last := i == len(items)-1 && s.format == feeds.NDJSON
					if got, want := show(items[i]), show(whole[i]); got != want && !last {
						t.Fatalf("cut at %d: item %d is\n%s\nwant\n%s", n, i, got, want)
					}
				}
			}
		})
	}
}

func TestReaderFails(t *testing.T) {
	in := func(err error) io.Reader {
		return io.MultiReader(strings.NewReader("<rss><channel>\n<item><title>A</title></item>\n<item>"), iotest.ErrReader(err))
	}
	items, err := read(in(errors.New("connection reset by 10.0.0.1")), feeds.RSS)
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Malformed || !strings.Contains(f.Detail, "line 3") || strings.Contains(f.Detail, "10.0.0.1") || len(items) != 1 {
		t.Errorf("%d items, %v", len(items), err)
	}
	if _, err := read(in(fault.New(fault.TooLarge, "more than 2 GiB")), feeds.RSS); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a fault of the reader: %v", err)
	}
	rd := feeds.NewReader(in(io.ErrUnexpectedEOF), feeds.RSS)
	for range 2 {
		if _, err := rd.Next(); err != nil && !strings.Contains(err.Error(), "ends in the middle, in line 3") {
			t.Error(err)
		}
	}
	_, err1 := rd.Next()
	if _, err2 := rd.Next(); err1 == nil || !errors.Is(err2, err1) {
		t.Errorf("%v, then %v", err1, err2)
	}
}

func TestNotAFeed(t *testing.T) {
	for _, in := range []string{"", "   ", "Bonjour", "<html><body>404</body></html>", "<!-- <rss> -->", "<?xml version='1.0'?>", "<!DOCTYPE rss ["} {
		items, err := read(strings.NewReader(in), feeds.RSS)
		if !fault.Is(err, fault.Malformed) || len(items) != 0 {
			t.Errorf("%q: %d items, %v", in, len(items), err)
		}
	}
	for _, in := range []string{"", "[]", "{}", `{"title":"a"}`, `{"items":{}}`, `{"items":[}`, `{"a" "b"}`, "<rss/>"} {
		if items, err := read(strings.NewReader(in), feeds.JSONFeed); !fault.Is(err, fault.Malformed) && len(items) == 0 {
			t.Errorf("%q: %d items, %v", in, len(items), err)
		}
	}
}

// TestBrokenItem shows that a broken item costs only itself.
func TestBrokenItem(t *testing.T) {
	good := "<item><title>Bon</title></item>"
	for name, c := range map[string]struct {
		bad  string
		kind fault.Kind
		text string
	}{
		"stray less-than":     {"<item><title>a < b</title></item>", fault.Malformed, "line 2"},
		"crossed tags":        {"<item><title><b>a</title></b></item>", fault.Internal, ""},
		"not closed":          {"<item><title>a</title>", fault.Malformed, "not closed"},
		"too deep":            {"<item>" + strings.Repeat("<a>", 200) + strings.Repeat("</a>", 200) + "</item>", fault.Malformed, "deep"},
		"very deep":           {"<item>" + strings.Repeat("<a>", 200_000) + "</item>", fault.Malformed, "deep"},
		"many elements":       {"<item>" + strings.Repeat("<a/>", 30_000) + "</item>", fault.Malformed, "many elements"},
		"many attributes":     {"<item><a " + attributes(300) + "/></item>", fault.Malformed, "many attributes"},
		"attribute bomb":      {"<item><a " + attributes(90_000) + "/></item>", fault.Malformed, "many attributes"},
		"bare attribute bomb": {"<item><a" + strings.Repeat(" a", 400_000) + "/></item>", fault.Malformed, "many attributes"},
		"hidden bomb":         {"<item><a x='>'" + strings.Repeat(" a", 400_000) + "/></item>", fault.Malformed, "many attributes"},
		"too large":           {"<item><title>" + strings.Repeat("a", 1<<20) + "</title></item>", fault.TooLarge, "1048576"},
		"too large a tag":     {"<item a='" + strings.Repeat("a", 3<<20) + "'></item>", fault.TooLarge, "1048576"},
		"too large in CDATA":  {"<item><![CDATA[" + strings.Repeat("</item>", 1<<18) + "]]></item>", fault.TooLarge, "1048576"},
		"date":                {"<item><title>a</title><pubDate>hier</pubDate></item>", fault.Invalid, "/datePublished: is no date: “hier”"},
	} {
		t.Run(name, func(t *testing.T) {
			items := mustRead(t, "<rss><channel>"+good+"\n"+c.bad+"\n"+good+"</channel></rss>", feeds.RSS)
			if len(items) != 3 || items[0].Edition.Headline != "Bon" || items[2].Edition.Headline != "Bon" || items[2].Err != nil {
				t.Fatalf("%d items: %+v", len(items), items)
			}
			bad := items[1]
			if bad.Line != 2 || items[2].Line != 3 {
				t.Errorf("lines %d and %d", bad.Line, items[2].Line)
			}
			if c.text == "" && bad.Err == nil {
				return
			}
			if !fault.Is(bad.Err, c.kind) || !strings.Contains(fmt.Sprint(bad.Err), c.text) {
				t.Errorf("%v, want %v with %q", bad.Err, c.kind, c.text)
			}
		})
	}
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `a%d="" `, i)
	}
	return b.String()
}

func TestLargeLines(t *testing.T) {
	big := `{"a":"` + strings.Repeat("x", 1<<20) + `"}`
	for _, f := range []feeds.Format{feeds.NDJSON, feeds.JSONFeed} {
		in := "{}\n" + big + "\n{}\n"
		if f == feeds.JSONFeed {
			in = `{"x":` + big + `,"items":[{},` + big + "\n,{}]}"
		}
		items := mustRead(t, in, f)
		if len(items) != 3 || !fault.Is(items[1].Err, fault.TooLarge) || items[0].Err != nil || items[2].Err != nil {
			t.Errorf("%s: %d items", f, len(items))
		}
	}
}

// TestEntities shows that what a stream declares is not expanded.
func TestEntities(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY lol0 \"ha]ha>\">")
	for i := range 9 {
		fmt.Fprintf(&bomb, "<!ENTITY lol%d \"%s\">", i+1, strings.Repeat(fmt.Sprintf("&lol%d;", i), 10))
	}
	bomb.WriteString("<!ENTITY xxe SYSTEM 'file:///etc/hostname'><!ENTITY % dtd SYSTEM 'http://127.0.0.1:1/x'> %dtd; ]>")
	bomb.WriteString("<rss><channel><item><title>&lol9; &xxe; &eacute;</title><description>&lol9;</description></item></channel></rss>")
	e := one(t, bomb.String(), feeds.RSS)
	if e.Headline != "&lol9; &xxe; é" {
		t.Errorf("headline %q", e.Headline)
	}
}

func TestBeforeAndAfterTheRoot(t *testing.T) {
	const feed = "<rss><channel><item><title>A</title></item></channel></rss>"
	for _, before := range []string{
		"\n\n \ufeff<?xml version='1.0'?>", "HTTP noise < 5 &&&\n", "<br />\n<b>Warning</b>: x in <i>y.php</i>\n<?xml version='1.0'?>",
		"<!-- <rss><channel><item/> -->", "<?php echo '<rss>' ?>", "\x00\x01\x02",
	} {
		if e := one(t, before+feed+"\n<!-- performance -->\n<item>", feeds.RSS); e.Headline != "A" {
			t.Errorf("after %q: %q", before, e.Headline)
		}
	}
	if items := mustRead(t, "<rss><channel><item/></channel><channel xml:lang='fr'><item/><item/></channel><item/></rss>", feeds.RSS); len(items) != 4 {
		t.Errorf("%d items of two channels", len(items))
	}
	if items := mustRead(t, "<rss/>", feeds.RSS); len(items) != 0 {
		t.Error(items)
	}
	if items := mustRead(t, "<rss><channel/></rss>", feeds.RSS); len(items) != 0 {
		t.Error(items)
	}
}
