// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/services/relais/bench/internal/corpus"
	"github.com/relais-press/relais/services/relais/bench/internal/report"
)

const (
	corpusSize = 50_000
	readers    = 16                     // that search at the same time, each a letter further
	keystroke  = 150 * time.Millisecond // between two letters of a reader
	siteKey    = "pk_benchmark-site-key-0123456789"
	asked      = 600 // questions of each kind
)

// searchAlone measures search as it runs apart, over a log of 50,000 articles.
func searchAlone(ctx context.Context, out *report.Report, program, dir string) error {
	server, err := embedded.Start(embedded.Config{Dir: filepath.Join(dir, "log"), Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	defer server.Stop()
	conn, err := nats.Connect(server.URL())
	if err != nil {
		return fmt.Errorf("connect to the log: %w", err)
	}
	defer conn.Close()
	log, err := fillLog(ctx, conn, corpusSize)
	if err != nil {
		return err
	}
	begin := time.Now()
	r, err := startPatiently(ctx, time.Hour, program, "--listen", "127.0.0.1:0", "--nats-url", server.URL(), "--data", filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer r.stop()
	took := time.Since(begin).Seconds()
	inEngine, err := r.metric(ctx, "relais_search_apply_seconds_sum")
	if err != nil {
		return err
	}
	out.Part(fmt.Sprintf("Search apart, over %d articles of 3 kB", corpusSize))
	out.Add(report.Figure{Name: "indexing the log", Value: corpusSize / took, Unit: "/s", Raw: &report.Raw{Name: "the engine alone", Value: corpusSize / inEngine}, Goal: "≥ 80 %"})
	out.Add(report.Figure{Name: "memory after indexing (RSS)", Value: r.rss(), Unit: "MiB", Goal: "≤ 600"})
	for _, part := range []func(context.Context, *report.Report) error{
		r.askKinds, r.askAgain,
		func(ctx context.Context, out *report.Report) error { return r.freshUnderLoad(ctx, out, log) },
		r.rebuild,
	} {
		if err := part(ctx, out); err != nil {
			return err
		}
	}
	out.Add(report.Figure{Name: "memory at the end (RSS)", Value: r.rss(), Unit: "MiB", Goal: "≤ 600"})
	return nil
}

// fillLog puts the first so many articles of the corpus, a partner with the
// origins of its pages and its key into the log.
func fillLog(ctx context.Context, conn *nats.Conn, size int, origins ...string) (*bus.Bus, error) {
	log, err := bus.Open(ctx, conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	for _, entry := range []struct {
		bucket, key string
		value       any
	}{
		{bus.Keys, partner.Hash(siteKey), partner.Key{ID: "bench", Role: partner.Publishable, Partner: "bench", LastUsedAt: "2999-01-01"}},
		{bus.Keys, partner.Hash(adminKey), partner.Key{ID: "admin", Role: partner.Admin, LastUsedAt: "2999-01-01"}},
		{bus.Partners, "bench", partner.Partner{ID: "bench", Name: "Bench", DefaultLanguage: "fr", RateLimit: 1_000_000, Origins: origins}},
	} {
		value, err := json.Marshal(entry.value)
		if err != nil {
			return nil, fmt.Errorf("fill log: %w", err)
		}
		bucket, err := log.Bucket(ctx, entry.bucket)
		if err != nil {
			return nil, err
		}
		if _, err := bucket.Put(ctx, entry.key, value); err != nil {
			return nil, fmt.Errorf("fill log: %w", err)
		}
	}
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(512))
	if err != nil {
		return nil, fmt.Errorf("fill log: %w", err)
	}
	c := corpus.New()
	for n := range size {
		m, err := c.Message(n)
		if err != nil {
			return nil, err
		}
		if _, err := js.PublishMsgAsync(&nats.Msg{Subject: m.Subject, Header: m.Header, Data: m.Data}, jetstream.WithMsgID(m.ID), jetstream.WithStallWait(time.Minute)); err != nil {
			return nil, fmt.Errorf("fill log: %w", err)
		}
	}
	<-js.PublishAsyncComplete()
	return log, nil
}

// metric reads one value of the process's metrics.
func (r *relay) metric(ctx context.Context, name string) (float64, error) {
	text, err := call(ctx, http.MethodGet, r.base+"/metrics", "", nil)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(rest), 64)
		}
	}
	return 0, fmt.Errorf("no metric %s", name)
}

// ask searches once and returns how long it took in all, and in the engine.
func (r *relay) ask(ctx context.Context, params string) (took, engine time.Duration, err error) {
	begin := time.Now()
	body, err := call(ctx, http.MethodGet, r.base+"/v1/search?lang=fr&key="+siteKey+"&"+params, "", nil)
	took = time.Since(begin)
	if err != nil {
		return 0, 0, err
	}
	var answer struct{ TookMs float64 }
	err = json.Unmarshal(body, &answer)
	return took, time.Duration(answer.TookMs * float64(time.Millisecond)), err
}

// questions are different texts of one kind.
func questions(c *corpus.Corpus, kind string) []string {
	out := make([]string, 0, asked)
	for len(out) < asked {
		words := strings.FieldsFunc(c.Sentence(), func(r rune) bool { return strings.ContainsRune(" ’«»,.:·()", r) })
		at := c.Random.IntN(len(words))
		word := words[at]
		letters := []rune(word)
		switch kind {
		case "one word":
			out = append(out, word)
		case "three words":
			out = append(out, strings.Join(words[at:min(len(words), at+3)], " "))
		case "a rare name":
			out = append(out, c.Rare())
		case "as you type":
			for n := 2; n <= len(letters) && len(out) < asked; n++ {
				out = append(out, string(letters[:n]))
			}
		case "a typo":
			if len(letters) > 5 {
				i := 1 + c.Random.IntN(len(letters)-2)
				letters[i], letters[i-1] = letters[i-1], letters[i]
				out = append(out, string(letters))
			}
		}
	}
	return out
}

// askKinds asks questions of every kind, one after the other. The cache is kept
// from answering by a parameter that changes nothing.
func (r *relay) askKinds(ctx context.Context, out *report.Report) error {
	c := corpus.New()
	var all, engine report.Durations
	for _, kind := range []string{"one word", "three words", "a rare name", "as you type", "a typo", "facets"} {
		extra := ""
		if kind == "facets" {
			extra = "&facets=section,language,year,person,organisation"
		}
		var took, inside report.Durations
		texts := questions(c, strings.Replace(kind, "facets", "one word", 1))
		for i, q := range texts {
			t, e, err := r.ask(ctx, fmt.Sprintf("q=%s&limit=%d%s", url.QueryEscape(q), 10+i%7, extra))
			if err != nil {
				return err
			}
			took, inside = append(took, t), append(inside, e)
		}
		all, engine = append(all, took...), append(engine, inside...)
		took = report.Sorted(took)
		out.Add(report.Figure{Name: "search, " + kind + ", p50", Value: took.At(0.5), Unit: "ms", Note: fmt.Sprintf("p99 %.2f ms", took.At(0.99))})
	}
	all, engine = report.Sorted(all), report.Sorted(engine)
	out.Add(report.Figure{
		Name: "search, all of these, p50", Value: all.At(0.5), Unit: "ms", Raw: &report.Raw{Name: "the engine alone", Value: engine.At(0.5)}, Goal: "≤ 10 ms, × ≤ 1.3",
	})
	out.Add(report.Figure{Name: "search, all of these, p99", Value: all.At(0.99), Unit: "ms", Goal: "≤ 60"})
	return nil
}

// askAgain asks one question again and again, beside one never asked before.
func (r *relay) askAgain(ctx context.Context, out *report.Report) error {
	var fresh, again report.Durations
	const facets = "&facets=section,language,year,person,organisation"
	for i := range 300 {
		t, _, err := r.ask(ctx, fmt.Sprintf("q=budget+participatif&offset=%d%s", i, facets))
		if err != nil {
			return err
		}
		fresh = append(fresh, t)
		if t, _, err = r.ask(ctx, fmt.Sprintf("q=budget+participatif&offset=%d%s", i, facets)); err != nil {
			return err
		}
		again = append(again, t)
	}
	out.Add(report.Figure{
		Name: "search, asked again, p50", Value: report.Sorted(again).At(0.5), Unit: "ms",
		Raw: &report.Raw{Name: "for the first time", Value: report.Sorted(fresh).At(0.5)}, Goal: "× ≤ 0.05",
	})
	return nil
}

// freshUnderLoad publishes one article after the other while readers search, and
// tells how long each takes until it is searchable.
func (r *relay) freshUnderLoad(ctx context.Context, out *report.Report, log *bus.Bus) error {
	searching, stop := context.WithCancel(ctx)
	var busy sync.WaitGroup
	var mu sync.Mutex
	var took report.Durations
	for n := range readers {
		busy.Go(func() {
			c := corpus.New()
			c.Random.Uint64()
			texts := questions(c, "as you type")
			for i := n; searching.Err() == nil; i++ {
				t, _, err := r.ask(searching, fmt.Sprintf("q=%s&limit=%d", url.QueryEscape(texts[i%len(texts)]), 1+i%50))
				if err == nil {
					mu.Lock()
					took = append(took, t)
					mu.Unlock()
				}
				pause(searching, keystroke)
			}
		})
	}
	visible, err := r.publishAndLook(ctx, log, 300)
	stop()
	busy.Wait()
	if err != nil {
		return err
	}
	visible, took = report.Sorted(visible), report.Sorted(took)
	out.Add(report.Figure{
		Name: "publish → searchable, p50", Value: visible.At(0.5), Unit: "ms", Goal: "< 50",
		Note: fmt.Sprintf("under %d clients that search at every letter: %.1f ms p50, %.1f p99", readers, took.At(0.5), took.At(0.99)),
	})
	out.Add(report.Figure{Name: "publish → searchable, p99", Value: visible.At(0.99), Unit: "ms", Goal: "< 250"})
	return nil
}

// publishAndLook appends articles to the log at a steady rate and returns how
// long each took until the stage board said that it can be found.
func (r *relay) publishAndLook(ctx context.Context, log *bus.Bus, total int) (report.Durations, error) {
	c := corpus.New()
	stages, err := log.Stages(ctx)
	if err != nil {
		return nil, err
	}
	var out report.Durations
	for n := range total {
		m, err := c.Message(corpusSize + n)
		if err != nil {
			return nil, err
		}
		begin := time.Now()
		if _, err := log.Append(ctx, bus.Articles, m, 0); err != nil {
			return nil, err
		}
		if err := stages.Await(ctx, bus.StageSearchable, corpus.ID(corpusSize+n), "fr", 1, nil); err != nil {
			return nil, err
		}
		out = append(out, time.Since(begin))
		pause(ctx, 20*time.Millisecond)
	}
	return out, nil
}

// rebuild builds a new generation from the log.
func (r *relay) rebuild(ctx context.Context, out *report.Report) error {
	var status struct {
		State, Error                    string
		DocumentsPerSecond, EngineShare float64
	}
	if err := r.edit(ctx, http.MethodPost, "/v1/index/generations", "{}", &status); err != nil {
		return err
	}
	for status.State == "filling" || status.State == "verifying" {
		pause(ctx, 200*time.Millisecond)
		if err := r.edit(ctx, http.MethodGet, "/v1/index/generations", "", &status); err != nil {
			return err
		}
	}
	if status.State != "serves" {
		return fmt.Errorf("the new generation does not serve: %s", status.Error)
	}
	out.Add(report.Figure{Name: "replay into a new generation", Value: status.DocumentsPerSecond, Unit: "/s", Note: fmt.Sprintf("%.0f %% of the time in the engine", 100*status.EngineShare)})
	return nil
}
