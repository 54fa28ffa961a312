// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relais-press/relais/services/relais/bench/internal/corpus"
	"github.com/relais-press/relais/services/relais/bench/internal/report"
)

const (
	soakArticles = 5_000
	soakEdited   = 500 // of them, again and again: each keeps 64 versions, so that the log stops to grow
	sampled      = 2 * time.Second
)

// sample is what the process holds at a moment.
type sample map[string]float64

// held names what may not grow, by the metrics of the process.
var held = []struct{ name, metric, unit string }{
	{"memory (RSS)", "process_resident_memory_bytes", "MiB"},
	{"heap in use", "go_memstats_heap_inuse_bytes", "MiB"},
	{"goroutines", "go_goroutines", ""},
	{"open descriptors", "process_open_fds", ""},
}

// soaked publishes, searches and clicks at a steady rate, well below what the
// machine can do, and tells whether what the process holds grows: the median of
// the last quarter of the time beside that of the second quarter, the first
// being for caches to fill.
func (b *bench) soaked(ctx context.Context) error {
	dir := b.path("soak")
	if err := fillEmbedded(ctx, filepath.Join(dir, "log"), soakArticles); err != nil {
		return err
	}
	r, err := startPatiently(ctx, time.Hour, b.program("relais"), "serve", "--listen", "127.0.0.1:0", "--data", dir)
	if err != nil {
		return err
	}
	defer r.stop()
	b.Part(fmt.Sprintf("%s of everything at once, over %d articles", b.soak, soakArticles))
	var link struct{ URL string }
	if err := r.edit(ctx, http.MethodPost, "/v1/links", `{"article": "`+corpus.ID(soakArticles-1)+`", "partner": "bench"}`, &link); err != nil {
		return err
	}
	r.link = link.URL
	load, stop := context.WithTimeout(ctx, b.soak)
	defer stop()
	var failed, done atomic.Int64
	var first atomic.Value // of the errors, as text
	var busy sync.WaitGroup
	for _, kind := range r.soakLoad() {
		busy.Go(func() {
			steadily(load, kind.perSecond, kind.atOnce, func(n int) {
				if err := kind.call(ctx, n); err != nil {
					failed.Add(1)
					first.CompareAndSwap(nil, err.Error())
				}
				done.Add(1)
			})
		})
	}
	samples := r.watch(load)
	busy.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, h := range held {
		second, last := median(samples, h.metric, 0.25, 0.5), median(samples, h.metric, 0.75, 1)
		if h.unit == "MiB" {
			second, last = second/(1<<20), last/(1<<20)
		}
		b.Add(report.Figure{
			Name: h.name + ", last quarter", Value: last, Unit: h.unit, Raw: &report.Raw{Name: "second quarter", Value: second}, Goal: "× ≤ 1.1",
		})
	}
	b.Add(report.Figure{Name: "calls", Value: float64(done.Load()) / b.soak.Seconds(), Unit: "/s", Note: fmt.Sprintf("%d in all", done.Load())})
	note, _ := first.Load().(string)
	note = note[:min(len(note), 200)]
	b.Add(report.Figure{Name: "calls that failed", Value: float64(failed.Load()), Goal: "0", Note: note})
	return nil
}

type steady struct {
	perSecond int
	atOnce    int // calls under way at most
	call      func(ctx context.Context, n int) error
}

// soakLoad is what a busy newsroom's partners and editors do.
func (r *relay) soakLoad() []steady {
	texts := questions(corpus.New(), "as you type")
	return []steady{
		{10, 16, func(ctx context.Context, n int) error {
			return r.edit(ctx, http.MethodPut, "/v1/articles/"+corpus.ID(n%soakEdited)+"/fr", articleBody(n), nil)
		}},
		{40, 64, func(ctx context.Context, n int) error {
			_, _, err := r.ask(ctx, fmt.Sprintf("q=%s&limit=%d", url.QueryEscape(texts[n%len(texts)]), 1+n%50))
			return err
		}},
		{5, 1, func(ctx context.Context, n int) error {
			_, err := call(ctx, http.MethodGet, fmt.Sprintf("%s/v1/feeds/fr.atom?key=%s&limit=%d", r.base, siteKey, 1+n%20), "", nil)
			return err
		}},
		{100, 64, func(ctx context.Context, _ int) error { return r.follow(ctx) }},
	}
}

// steadily calls so often a second, whatever the answers take, until ctx ends.
func steadily(ctx context.Context, perSecond, atOnce int, do func(n int)) {
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	var flying sync.WaitGroup
	defer flying.Wait()
	room := make(chan struct{}, atOnce)
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		room <- struct{}{}
		flying.Go(func() {
			defer func() { <-room }()
			do(n)
		})
	}
}

// watch samples what the process holds until ctx ends.
func (r *relay) watch(ctx context.Context) []sample {
	var out []sample
	for ctx.Err() == nil {
		s := sample{}
		for _, h := range held {
			if v, err := r.metric(ctx, h.metric); err == nil {
				s[h.metric] = v
			}
		}
		if len(s) == len(held) {
			out = append(out, s)
		}
		pause(ctx, sampled)
	}
	return out
}

// median of a metric between two shares of the time.
func median(samples []sample, metric string, from, to float64) float64 {
	var values []float64
	for _, s := range samples[int(from*float64(len(samples))):int(to*float64(len(samples)))] {
		values = append(values, s[metric])
	}
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[len(values)/2]
}
