// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/services/relais/bench/internal/corpus"
	"github.com/relais-press/relais/services/relais/bench/internal/report"
)

// sizes are the numbers of articles that the growth is measured at.
var sizes = []int{1_000, 10_000, 100_000}

// growth starts the one binary over logs of more and more articles and does the
// same with each; what 1,000 articles and redirects cost is told of the first.
func (b *bench) growth(ctx context.Context) error {
	var before map[string]float64
	for i, size := range sizes {
		dir := filepath.Join(b.path("growth"), fmt.Sprint(size))
		at, r, err := b.over(ctx, dir, size)
		if err != nil {
			return err
		}
		if i == 0 {
			err = b.costs(ctx, r, dir)
		}
		r.stop()
		if err == nil {
			err = b.again(ctx, dir, at)
		}
		if err != nil {
			return err
		}
		b.Part(fmt.Sprintf("The one binary over %d articles of 3 kB", size))
		for _, f := range grown {
			figure := report.Figure{Name: f.name, Value: at[f.name], Unit: f.unit}
			if i > 0 {
				figure.Raw = &report.Raw{Name: fmt.Sprintf("over %d", sizes[i-1]), Value: before[f.name]}
			}
			b.Add(figure)
		}
		before = at
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("growth: %w", err)
		}
	}
	return nil
}

// grown names what is measured at every size.
var grown = []struct{ name, unit string }{
	{"first start: index, links and counts made from the log", "s"},
	{"start with the index there", "s"},
	{"memory (RSS)", "MiB"},
	{"log, an article", "B"},
	{"index, an article", "B"},
	{"search, p50", "ms"},
	{"search, p99", "ms"},
	{"suggest, p50", "ms"},
	{"latest, p50", "ms"},
	{"feed of 50, p50", "ms"},
	{"redirect, p50", "ms"},
	{"publish → searchable, p50", "ms"},
	{"publish → searchable, p99", "ms"},
}

// over fills a log, starts the one binary on it and measures.
func (b *bench) over(ctx context.Context, dir string, size int) (map[string]float64, *relay, error) {
	if err := fillEmbedded(ctx, filepath.Join(dir, "log"), size); err != nil {
		return nil, nil, err
	}
	at := map[string]float64{"log, an article": disk(filepath.Join(dir, "log")) / float64(size)}
	r, err := startPatiently(ctx, time.Hour, b.program("relais"), "serve", "--listen", "127.0.0.1:0", "--data", dir)
	if err != nil {
		return nil, nil, err
	}
	at["first start: index, links and counts made from the log"] = r.ready.Seconds()
	if err := r.measureAt(ctx, at); err != nil {
		r.stop()
		return nil, nil, err
	}
	at["memory (RSS)"] = r.rss()
	at["index, an article"] = disk(filepath.Join(dir, "index")) / float64(size)
	return at, r, nil
}

// again starts the one binary once more on what the first start has made.
func (b *bench) again(ctx context.Context, dir string, at map[string]float64) error {
	r, err := startPatiently(ctx, time.Hour, b.program("relais"), "serve", "--listen", "127.0.0.1:0", "--data", dir)
	if err != nil {
		return err
	}
	at["start with the index there"] = r.ready.Seconds()
	r.stop()
	return nil
}

// fillEmbedded makes a log of so many articles where the one binary looks for it.
func fillEmbedded(ctx context.Context, dir string, size int) error {
	server, err := embedded.Start(embedded.Config{Dir: dir, Relaxed: true})
	if err != nil {
		return err
	}
	defer server.Stop()
	conn, err := server.Connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = fillLog(ctx, conn, size)
	return err
}

// measureAt asks the questions of every kind, and the other calls of a page.
func (r *relay) measureAt(ctx context.Context, at map[string]float64) error {
	c := corpus.New()
	var took report.Durations
	for _, kind := range []string{"one word", "three words", "a rare name", "as you type", "a typo"} {
		for i, q := range questions(c, kind)[:200] {
			t, _, err := r.ask(ctx, fmt.Sprintf("q=%s&limit=%d", url.QueryEscape(q), 10+i%7))
			if err != nil {
				return err
			}
			took = append(took, t)
		}
	}
	took = report.Sorted(took)
	at["search, p50"], at["search, p99"] = took.At(0.5), took.At(0.99)
	var link struct{ URL string }
	if err := r.edit(ctx, http.MethodPost, "/v1/links", `{"article": "`+corpus.ID(0)+`", "partner": "bench"}`, &link); err != nil {
		return err
	}
	r.link = link.URL
	n := 0
	for name, get := range map[string]func(context.Context) error{
		"suggest, p50": r.get(func() string {
			return "/v1/suggest?lang=fr&q=" + url.QueryEscape([]string{"co", "bud", "reg", "ju"}[n%4])
		}),
		"latest, p50":     r.get(func() string { return fmt.Sprintf("/v1/latest?lang=fr&limit=%d", 1+n%50) }),
		"feed of 50, p50": r.get(func() string { return "/v1/feeds/fr.atom?" }),
		"redirect, p50":   r.follow,
	} {
		took, err := repeat(ctx, 100, func(ctx context.Context) error { n++; return get(ctx) })
		if err != nil {
			return err
		}
		at[name] = took.At(0.5)
	}
	visible, err := r.publishAtRate(ctx, 20, 200)
	at["publish → searchable, p50"], at["publish → searchable, p99"] = visible.At(0.5), visible.At(0.99)
	return err
}

// get asks for a path as the partner does.
func (r *relay) get(path func() string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := call(ctx, http.MethodGet, r.base+path()+"&key="+siteKey, "", nil)
		return err
	}
}

const (
	costArticles  = 2_000
	costSearches  = 4_000
	costRedirects = 100_000
)

// costs tells what the process takes of processors and disk for 1,000 articles,
// searches and redirects, beside what a bare log and a bare handler take.
func (b *bench) costs(ctx context.Context, r *relay, dir string) error {
	b.Part("What 1,000 cost, over 1,000 articles")
	before, bytes := r.cpu(), map[string]float64{}
	for _, kept := range []string{"log", "index", "share"} {
		bytes[kept] = disk(filepath.Join(dir, kept))
	}
	if _, err := rate(costArticles, func(n int) error {
		return r.edit(ctx, http.MethodPut, fmt.Sprintf("/v1/articles/cost-%d/fr?wait=searchable", n), articleBody(n), nil)
	}); err != nil {
		return err
	}
	const thousands = costArticles / 1000.
	rawCPU, rawBytes, err := rawCost(ctx, b.path("bare"))
	if err != nil {
		return err
	}
	b.Add(report.Figure{
		Name: "articles, processor", Value: (r.cpu() - before) / thousands, Unit: "s", Raw: &report.Raw{Name: "bare log and its client", Value: rawCPU},
		Note: "published, indexed, linked",
	})
	for _, kept := range []string{"log", "index"} {
		f := report.Figure{Name: "articles, " + kept, Value: (disk(filepath.Join(dir, kept)) - bytes[kept]) / thousands, Unit: "B"}
		if kept == "log" {
			f.Raw = &report.Raw{Name: "bare log", Value: rawBytes}
		}
		b.Add(f)
	}
	return b.costsOfReaders(ctx, r, dir)
}

// costsOfReaders is what searches and redirects take.
func (b *bench) costsOfReaders(ctx context.Context, r *relay, dir string) error {
	texts := questions(corpus.New(), "as you type")
	before := r.cpu()
	if _, err := rate(costSearches, func(n int) error {
		_, _, err := r.ask(ctx, fmt.Sprintf("q=%s&limit=%d&offset=%d", url.QueryEscape(texts[n%len(texts)]), 1+n%50, n%3))
		return err
	}); err != nil {
		return err
	}
	bare, err := startBare(ctx)
	if err != nil {
		return err
	}
	defer bare.stop()
	code := []string{filepath.Base(r.link)}
	b.Add(report.Figure{Name: "searches, processor", Value: (r.cpu() - before) / (costSearches / 1000.), Unit: "s", Note: "as you type, few from the cache"})
	idle := bare.cpu()
	if _, err := hammer(ctx, bare.base, pressure{codes: code, connections: clients, total: costRedirects}); err != nil {
		return err
	}
	idle = bare.cpu() - idle
	log, share := disk(filepath.Join(dir, "log")), disk(filepath.Join(dir, "share"))
	before = r.cpu()
	if _, err := hammer(ctx, r.base, pressure{codes: code, connections: clients, total: costRedirects}); err != nil {
		return err
	}
	const thousands = costRedirects / 1000.
	pause(ctx, 2*time.Second) // the last batch of clicks is in the log, and counted
	b.Add(report.Figure{
		Name: "redirects, processor", Value: (r.cpu() - before) / thousands, Unit: "s", Raw: &report.Raw{Name: "bare net/http", Value: idle / thousands}, Note: "counted",
	})
	b.Add(report.Figure{Name: "redirects, log", Value: (disk(filepath.Join(dir, "log")) - log) / thousands, Unit: "B"})
	b.Add(report.Figure{Name: "redirects, counts and spool", Value: (disk(filepath.Join(dir, "share")) - share) / thousands, Unit: "B", Note: "grows with links, days and channels, not with clicks"})
	return nil
}

// rawCost is what this process takes to append the messages of 1,000 articles to
// a log inside it: processor seconds and bytes of disk.
func rawCost(ctx context.Context, dir string) (seconds, bytes float64, err error) {
	server, err := embedded.Start(embedded.Config{Dir: dir})
	if err != nil {
		return 0, 0, err
	}
	defer server.Stop()
	conn, err := server.Connect()
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close()
	log, err := bus.Open(ctx, conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, 0, err
	}
	empty, before := disk(dir), ownCPU()
	for n := range 1000 {
		m, err := message(n, "raw")
		if err == nil {
			_, err = log.Append(ctx, bus.Articles, m, 0)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return ownCPU() - before, disk(dir) - empty, nil
}

// ownCPU is the time that this process has had of the processors, in seconds.
func ownCPU() float64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
