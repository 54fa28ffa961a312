// SPDX-License-Identifier: Apache-2.0

package count

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/services/share/internal/click"
)

// cpu is the time that the process has spent, in the kernel too.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

const linkCount = 100_000

// evenly follows one link as often as another; as readers do, a few links have
// most of the clicks (Zipf's law).
func evenly() func() int {
	n := 0
	return func() int { n++; return n * 48271 % 100_003 % linkCount }
}

func asReadersDo() func() int {
	zipf := rand.NewZipf(rand.New(rand.NewPCG(3, 5)), 1.1, 10, linkCount-1)
	return func() int { return int(zipf.Uint64()) }
}

// traffic makes messages of 500 clicks on links, each by a new visitor.
func traffic(tb testing.TB, messages int, next func() int) []bus.Message {
	tb.Helper()
	at := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	out := make([]bus.Message, messages)
	for i := range out {
		batch := click.Batch{Writer: "one", Number: uint64(i + 1)}
		for j := range 500 {
			n := i*500 + j
			link := next()
			batch.Clicks = append(batch.Clicks, click.Click{
				Code: fmt.Sprintf("K%07d", link), Article: fmt.Sprintf("compte-rendu-%d", link/5), Language: "fr", Wanted: []string{"fr", "fr", "en", "de", "fr-CA"}[n%5],
				Partner: fmt.Sprintf("partner-%d", link%40), Channel: []string{"mail", "x", "linkedin", "widget"}[link%4],
				Class: click.Classes()[n%10/9], Hour: at, Visitor: fmt.Sprintf("%016x", n),
			})
		}
		data, err := json.Marshal(batch)
		if err != nil {
			tb.Fatal(err)
		}
		out[i] = bus.Message{Sequence: uint64(i + 1), Time: at, Data: data}
	}
	return out
}

// BenchmarkIntake is what a click costs from the message to the disk.
func BenchmarkIntake(b *testing.B) {
	b.Run("evenly", func(b *testing.B) { intake(b, evenly()) })
	b.Run("as readers do", func(b *testing.B) { intake(b, asReadersDo()) })
}

func intake(b *testing.B, next func() int) {
	b.Helper()
	c := opened(b, nil)
	messages := traffic(b, 2000, next)
	begun, n := cpu(b), 0
	for i := 0; b.Loop(); i++ {
		m := messages[i%len(messages)]
		if round := i / len(messages); round > 0 { // the same clicks, by another writer
			m.Sequence = uint64(i + 1)
			m.Data = fmt.Appendf(nil, `{"writer":"w%d",%s`, round, m.Data[len(`{"writer":"one",`):])
		}
		if err := c.handle(b.Context(), []bus.Message{m}); err != nil {
			b.Fatal(err)
		}
		n += 500
	}
	if err := c.flush(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((cpu(b)-begun).Nanoseconds())/float64(n)/1000, "cpu-µs/click")
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "clicks/s")
	b.ReportMetric(0, "ns/op")
}

// filled has counts put into it by a function, for a number of days before
// 2026-11-27.
func filled(b *testing.B, days int, fill func(day time.Time, put func(click.Click))) *Counts {
	b.Helper()
	c := opened(b, nil)
	c.arrived.Do(func() { close(c.ready) })
	last := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	for i := range days {
		day := last.AddDate(0, 0, i-days+1)
		var batch click.Batch
		fill(day, func(k click.Click) { k.Hour = day; batch.Clicks = append(batch.Clicks, k) })
		if err := c.book.take(bus.Message{Sequence: uint64(i + 1), Time: day}, []click.Batch{batch}); err != nil {
			b.Fatal(err)
		}
		if err := c.flush(); err != nil {
			b.Fatal(err)
		}
	}
	return c
}

func measure(b *testing.B, c *Counts, q Query) {
	b.Helper()
	var rows int
	for b.Loop() {
		a, err := c.Query(context.Background(), q)
		if err != nil {
			b.Fatal(err)
		}
		rows = len(a.Rows)
	}
	b.ReportMetric(float64(rows), "rows")
}

// BenchmarkStatsOfALink asks for a link with a million clicks in two years,
// beside a thousand others.
func BenchmarkStatsOfALink(b *testing.B) {
	channels, wanted := []string{"mail", "x", "linkedin", "widget", "qr"}, []string{"fr", "en", "de"}
	c := filled(b, 730, func(_ time.Time, put func(click.Click)) {
		for i := range 1370 {
			put(click.Click{Code: "THELINK0", Article: "a", Partner: []string{"p", "q"}[i%2], Channel: channels[i%5], Wanted: wanted[i%3], Language: "fr", Class: click.Classes()[i%7]})
		}
		for i := range 1000 {
			put(click.Click{Code: fmt.Sprintf("K%07d", i), Article: "b", Partner: "p", Channel: "mail", Language: "fr", Class: click.Human})
		}
	})
	for name, by := range map[string][]Dimension{"all": nil, "day,channel": {ByDay, ByChannel}, "day,class": {ByDay, ByClass}} {
		b.Run(name, func(b *testing.B) { measure(b, c, Query{Article: "a", Code: "THELINK0", GroupBy: by}) })
	}
}

// BenchmarkStatsOfAMonth asks for all clicks of 30 days on 100,000 links, by day
// and partner.
func BenchmarkStatsOfAMonth(b *testing.B) {
	messages := traffic(b, 200, evenly())
	var clicks []click.Click
	for _, m := range messages {
		var batch click.Batch
		if err := json.Unmarshal(m.Data, &batch); err != nil {
			b.Fatal(err)
		}
		clicks = append(clicks, batch.Clicks...)
	}
	c := filled(b, 30, func(_ time.Time, put func(click.Click)) {
		for _, k := range clicks {
			put(k)
		}
	})
	for name, q := range map[string]Query{
		"days":     {GroupBy: []Dimension{ByDay, ByPartner}},
		"partner":  {Partner: "partner-3", GroupBy: []Dimension{ByDay, ByChannel}},
		"article":  {Article: "compte-rendu-77", GroupBy: []Dimension{ByDay, ByChannel}},
		"articles": {From: "2026-11-27", GroupBy: []Dimension{ByPartner, ByArticle}},
	} {
		b.Run(name, func(b *testing.B) {
			if name == "articles" { // of one partner: all together are too many rows
				q.Partner = "partner-3"
			}
			measure(b, c, q)
		})
	}
}
