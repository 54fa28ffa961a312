// SPDX-License-Identifier: Apache-2.0

package feeds_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/services/ingest/internal/feeds"
)

// generator is a stream of a head, n items and a foot that is never held whole.
type generator struct {
	head, foot string
	item       func(i int) string
	n          int

	i    int
	rest string
	read int64
}

func (g *generator) Read(p []byte) (int, error) {
	if g.rest == "" {
		switch {
		case g.i == 0:
			g.rest = g.head
		case g.i <= g.n:
			g.rest = g.item(g.i)
		case g.i == g.n+1:
			g.rest = g.foot
		default:
			return 0, io.EOF
		}
		g.i++
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	g.read += int64(n)
	return n, nil
}

var paragraph = strings.Repeat("<p>Les collectivités s’essaient à la chaîne de blocs, «\u00a0non sans mal\u00a0», dit l’élue.</p>\n", 40)

const (
	wxrHead = `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>La Gazette</title><language>fr-FR</language>
<wp:author><wp:author_login>el</wp:author_login><wp:author_display_name>Élodie Lefèvre</wp:author_display_name></wp:author>
`
	rssFoot = "</channel></rss>\n"
)

// streams makes a stream of n items of some 4 kB in each format.
func streams(f feeds.Format, n int) *generator {
	g := &generator{n: n}
	switch f {
	case feeds.WXR, feeds.RSS:
		g.head, g.foot = wxrHead, rssFoot
		g.item = func(i int) string {
			return fmt.Sprintf(`<item><title>Article %d</title><link>https://gazette.example.org/2026/article-%d/</link><pubDate>Tue, 03 Nov 2026 08:30:00 +0000</pubDate>
<dc:creator>el</dc:creator><guid isPermaLink="false">https://gazette.example.org/?p=%d</guid><description></description><content:encoded><![CDATA[%s]]></content:encoded>
<excerpt:encoded><![CDATA[Un résumé.]]></excerpt:encoded><wp:post_date_gmt>2026-11-03 08:30:00</wp:post_date_gmt><wp:status>publish</wp:status><wp:post_type>post</wp:post_type>
<category domain="category" nicename="n"><![CDATA[Numérique]]></category></item>
`, i, i, i, paragraph)
		}
	case feeds.Atom:
		g.head, g.foot = `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title>A</title>`, "</feed>\n"
		g.item = func(i int) string {
			return fmt.Sprintf("<entry><title>Article %d</title><id>tag:%d</id><link href='https://a.example.org/article-%d'/><updated>2026-11-03T08:30:00Z</updated><content type='html'><![CDATA[%s]]></content></entry>\n", i, i, i, paragraph)
		}
	case feeds.JSONFeed:
		g.head, g.foot = `{"version":"https://jsonfeed.org/version/1.1","language":"fr","items":[{}`, "]}\n"
		g.item = func(i int) string {
			return fmt.Sprintf(",\n{\"id\":\"%d\",\"title\":\"Article %d\",\"url\":\"https://a.example.org/article-%d\",\"date_published\":\"2026-11-03T08:30:00Z\",\"content_html\":%q}", i, i, i, paragraph)
		}
	case feeds.NDJSON:
		g.item = func(i int) string {
			return fmt.Sprintf("{\"id\":\"article-%d\",\"language\":\"fr\",\"headline\":\"Article %d\",\"bodyHtml\":%q}\n", i, i, paragraph)
		}
	}
	return g
}

// measure reads a stream and returns its items, those in error, and how far the
// heap rose above where it stood, garbage included.
func measure(t *testing.T, r io.Reader, f feeds.Format) (items, bad, lastLine int, peak uint64) {
	t.Helper()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	start, every := m.HeapAlloc, 16
	rd := feeds.NewReader(r, f)
	for {
		item, err := rd.Next()
		if errors.Is(err, io.EOF) {
			return items, bad, lastLine, peak
		}
		if err != nil {
			t.Fatalf("after %d items: %v", items, err)
		}
		if items++; items == 2000 { // reading the statistics stops the world
			every = 1000
		}
		lastLine = item.Line
		if item.Err != nil {
			bad++
		}
		if items%every == 0 || item.Err != nil {
			runtime.ReadMemStats(&m)
			if m.HeapAlloc > start {
				peak = max(peak, m.HeapAlloc-start)
			}
		}
	}
}

const maxHeap = 64 << 20

func TestMemory(t *testing.T) {
	for _, c := range []struct {
		format feeds.Format
		n      int // 4.7 kB each
	}{{feeds.WXR, 22_000}, {feeds.NDJSON, 44_000}, {feeds.JSONFeed, 2_000}, {feeds.Atom, 2_000}} {
		t.Run(string(c.format), func(t *testing.T) {
			if testing.Short() {
				c.n /= 50
			}
			g := streams(c.format, c.n)
			begin := time.Now()
			items, bad, _, peak := measure(t, g, c.format)
			if want := c.n + map[bool]int{true: 1}[c.format == feeds.JSONFeed]; items != want || bad != 0 || peak > maxHeap {
				t.Errorf("%d items, %d bad, the heap rose by %d kB", items, bad, peak>>10)
			}
			t.Logf("%d items, %d MB in %v, the heap rose by %d kB", items, g.read>>20, time.Since(begin).Round(time.Millisecond), peak>>10)
		})
	}
}

func TestMemoryOfLargeItems(t *testing.T) {
	n := 10
	if testing.Short() {
		n = 4
	}
	huge := strings.Repeat("a<b/>", 1<<20)
	full := strings.Repeat("<i a='b'>é</i>", 18_000)
	for name, item := range map[string]string{"too large": huge, "just not": full, "attributes": "<a" + strings.Repeat(" a", 500_000) + ">"} {
		t.Run(name, func(t *testing.T) {
			g := &generator{head: wxrHead, foot: rssFoot, n: n, item: func(int) string { return "<item><title>A</title><description>" + item + "</description></item>\n" }}
			items, _, _, peak := measure(t, g, feeds.RSS)
			if items != n || peak > maxHeap {
				t.Errorf("%d items, the heap rose by %d kB", items, peak>>10)
			}
			t.Logf("%d MB, the heap rose by %d kB", g.read>>20, peak>>10)
		})
	}
}

func TestManyTinyItems(t *testing.T) {
	n := 2_000_000
	if testing.Short() {
		n = 50_000
	}
	for f, c := range map[feeds.Format]*generator{
		feeds.NDJSON:   {item: func(int) string { return "{}\n" }},
		feeds.RSS:      {head: "<rss><channel>\n", foot: rssFoot, item: func(int) string { return "<item/>\n" }},
		feeds.JSONFeed: {head: "{\"items\":[{}\n", foot: "]}", item: func(int) string { return ",{}\n" }},
	} {
		t.Run(string(f), func(t *testing.T) {
			c.n = n
			if f != feeds.NDJSON {
				c.n /= 20
			}
			items, bad, line, peak := measure(t, c, f)
			if items < c.n || bad != 0 || line != c.n+map[feeds.Format]int{feeds.RSS: 1, feeds.JSONFeed: 1}[f] || peak > maxHeap {
				t.Errorf("%d items, %d bad, the last in line %d, the heap rose by %d kB", items, bad, line, peak>>10)
			}
		})
	}
}

func BenchmarkReader(b *testing.B) {
	const n = 500
	for _, f := range []feeds.Format{feeds.NDJSON, feeds.RSS, feeds.Atom, feeds.JSONFeed, feeds.WXR} {
		var data bytes.Buffer
		if _, err := io.Copy(&data, streams(f, n)); err != nil {
			b.Fatal(err)
		}
		b.Run(string(f), func(b *testing.B) {
			b.SetBytes(int64(data.Len()))
			b.ReportAllocs()
			for b.Loop() {
				rd := feeds.NewReader(bytes.NewReader(data.Bytes()), f)
				for {
					if _, err := rd.Next(); err != nil {
						break
					}
				}
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}
