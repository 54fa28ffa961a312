// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/services/relais/bench/internal/report"
	"github.com/relais-press/relais/services/relais/internal/demo"
)

const (
	clients   = 16      // that post at the same time
	posts     = 4_000   // articles they post
	imported  = 100_000 // articles of the import into ingest alone, in two halves
	alongside = 5_000   // articles posted to the one binary, and as many imported
)

// rates are in operations a second.
type rates struct{ appends, pipelined float64 }

// ingestAlone measures ingest as it runs apart, on a log that fsyncs every
// append, beside what that log takes of the same bytes from this process:
// compare-and-set appends one by one from as many clients, and with many under
// way at once.
func ingestAlone(ctx context.Context, out *report.Report, program, dir string) (rates, error) {
	server, err := embedded.Start(embedded.Config{Dir: filepath.Join(dir, "log"), Listen: "127.0.0.1:0"})
	if err != nil {
		return rates{}, err
	}
	defer server.Stop()
	raw, err := rawIngest(ctx, server.URL())
	if err != nil {
		return raw, err
	}
	r, err := start(ctx, program, "--listen", "127.0.0.1:0", "--nats-url", server.URL(), "--data", filepath.Join(dir, "data"))
	if err != nil {
		return raw, err
	}
	defer r.stop()
	if err := r.post(ctx, out, "POSTs to ingest", posts, raw); err != nil {
		return raw, err
	}
	recap, err := demo.Recap()
	if err != nil {
		return raw, err
	}
	took, err := repeat(ctx, 300, func(ctx context.Context) error { return r.extract(ctx, recap) })
	if err != nil {
		return raw, err
	}
	out.Add(report.Figure{Name: "extract the sample recap, p50", Value: took.At(0.5), Unit: "ms", Goal: "< 2", Note: fmt.Sprintf("p99 %.2f ms, over HTTP", took.At(0.99))})
	for half := range 2 {
		if err := r.importMany(ctx, out, "import into ingest", half*imported/2, imported/2, raw); err != nil {
			return raw, err
		}
	}
	return raw, nil
}

// ingestAlongside measures the same in the one binary, which indexes and links
// what comes at the same time, on the same processors.
func (r *relay) ingestAlongside(ctx context.Context, out *report.Report, raw rates) error {
	if err := r.post(ctx, out, "POSTs to the one binary", alongside, raw); err != nil {
		return err
	}
	return r.importMany(ctx, out, "import, one binary", 0, alongside, raw)
}

func (r *relay) post(ctx context.Context, out *report.Report, name string, total int, raw rates) error {
	speed, err := rate(total, func(n int) error {
		return r.edit(ctx, http.MethodPost, fmt.Sprintf("/v1/articles?id=post-%d", n), articleBody(n), nil)
	})
	if err != nil {
		return err
	}
	out.Add(report.Figure{
		Name: name, Value: speed, Unit: "/s", Raw: &report.Raw{Name: "raw appends", Value: raw.appends}, Goal: "≥ 50 %",
		Note: fmt.Sprintf("from %d clients", clients),
	})
	return nil
}

func rawIngest(ctx context.Context, url string) (rates, error) {
	var out rates
	conn, err := nats.Connect(url)
	if err != nil {
		return out, fmt.Errorf("connect to the raw log: %w", err)
	}
	defer conn.Close()
	log, err := bus.Open(ctx, conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return out, err
	}
	out.appends, err = rate(posts, func(n int) error {
		m, err := message(n, "raw")
		if err == nil {
			_, err = log.Append(ctx, bus.Articles, m, 0)
		}
		return err
	})
	if err != nil {
		return out, err
	}
	out.pipelined, err = pipeline(conn, posts*2)
	return out, err
}

// message is what ingest appends for articleBody(n).
func message(n int, prefix string) (bus.Message, error) {
	var e article.Edition
	if err := json.Unmarshal([]byte(articleBody(n)), &e); err != nil {
		return bus.Message{}, fmt.Errorf("make message: %w", err)
	}
	now := time.Now().UTC()
	e.ID, e.SourceLanguage, e.Version, e.PubStatus = fmt.Sprintf("%s-%d", prefix, n), "fr", 1, article.Usable
	e.BodyHTML = "<p>" + e.BodyText + "</p>"
	e.DatePublished, e.FirstCreated, e.VersionCreated = now, now, now
	c := article.Change{EventID: e.ID, Actor: "bench", Edition: e}
	header, data, err := c.Encode()
	return bus.Message{Subject: article.Subject(e.ID, "fr"), ID: c.MessageID(), Header: header, Data: data}, err
}

func pipeline(conn *nats.Conn, total int) (float64, error) {
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(512))
	if err != nil {
		return 0, fmt.Errorf("pipeline: %w", err)
	}
	begin := time.Now()
	for n := range total {
		m, err := message(n, "piped")
		if err != nil {
			return 0, err
		}
		msg := &nats.Msg{Subject: m.Subject, Header: m.Header, Data: m.Data}
		if _, err := js.PublishMsgAsync(msg, jetstream.WithMsgID(m.ID), jetstream.WithExpectLastSequencePerSubject(0)); err != nil {
			return 0, fmt.Errorf("pipeline: %w", err)
		}
	}
	<-js.PublishAsyncComplete()
	return float64(total) / time.Since(begin).Seconds(), nil
}

// rate calls from as many goroutines as there are clients, total times in all,
// and returns calls a second.
func rate(total int, call func(n int) error) (float64, error) {
	var (
		next   atomic.Int64
		wg     sync.WaitGroup
		once   sync.Once
		failed error
	)
	begin := time.Now()
	for range clients {
		wg.Go(func() {
			for n := int(next.Add(1)); n <= total; n = int(next.Add(1)) {
				if err := call(n); err != nil {
					once.Do(func() { failed = err })
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(total) / time.Since(begin).Seconds(), failed
}

func (r *relay) extract(ctx context.Context, recap string) error {
	_, err := call(ctx, http.MethodPost, r.base+"/v1/extract", recap, map[string]string{
		"Authorization": "Bearer " + adminKey, "Content-Type": "text/plain",
	})
	return err
}

// importMany imports editions as NDJSON and tells how many a second were taken,
// from the first byte sent until all are in the log.
func (r *relay) importMany(ctx context.Context, out *report.Report, name string, from, total int, raw rates) error {
	before, begin := r.rss(), time.Now()
	stream, w := io.Pipe()
	go func() {
		for n := range total {
			line := strings.Replace(articleBody(from+n), "{", fmt.Sprintf(`{"id": "import-%d", `, from+n), 1)
			if _, err := io.WriteString(w, line+"\n"); err != nil {
				return
			}
		}
		_ = w.Close()
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.base+"/v1/imports", stream)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+adminKey)
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	defer resp.Body.Close()
	var state struct {
		ID, State string
		Accepted  int
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || json.NewDecoder(bytes.NewReader(body)).Decode(&state) != nil || state.ID == "" {
		return fmt.Errorf("import: status %d: %s", resp.StatusCode, body)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for state.State != "done" {
		if state.State == "failed" || ctx.Err() != nil {
			return fmt.Errorf("import %s: %+v", state.ID, state)
		}
		<-tick.C
		if err := r.edit(ctx, http.MethodGet, "/v1/imports/"+state.ID, "", &state); err != nil {
			return err
		}
	}
	if state.Accepted != total {
		return fmt.Errorf("import %s: %d of %d were accepted", state.ID, state.Accepted, total)
	}
	speed := float64(total) / time.Since(begin).Seconds()
	out.Add(report.Figure{
		Name: name, Value: speed, Unit: "/s", Raw: &report.Raw{Name: "pipelined appends", Value: raw.pipelined}, Goal: "≥ 50 %",
		Note: fmt.Sprintf("of %d; RSS %.0f → %.0f MiB", total, before, r.rss()),
	})
	return nil
}
