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
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/services/relais/internal/demo"
)

const (
	clients  = 16      // that post at the same time
	posts    = 4_000   // articles they post
	imported = 100_000 // articles of the import, in two halves
)

// rates are in operations a second.
type rates struct{ appends, pipelined float64 }

// rawIngest measures what the log can take of the bytes that ingest writes,
// under the same sync setting: compare-and-set appends one by one from as many
// clients, and with many under way at once.
func rawIngest(ctx context.Context, dir string) (rates, error) {
	var out rates
	server, err := embedded.Start(embedded.Config{Dir: dir})
	if err != nil {
		return out, err
	}
	defer server.Stop()
	conn, err := server.Connect()
	if err != nil {
		return out, err
	}
	defer conn.Close()
	log, err := bus.Open(ctx, conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return out, err
	}
	out.appends, err = rate(clients, posts, func(n int) error {
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

// rate calls from several goroutines, total times in all, and returns calls a
// second.
func rate(workers, total int, call func(n int) error) (float64, error) {
	var (
		next   atomic.Int64
		wg     sync.WaitGroup
		once   sync.Once
		failed error
	)
	begin := time.Now()
	for range workers {
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

// ingest measures single posts, an import and an extraction beside raw.
func (r *relay) ingest(ctx context.Context, out io.Writer, raw rates) error {
	posted, err := rate(clients, posts, func(n int) error {
		return r.edit(ctx, http.MethodPost, fmt.Sprintf("/v1/articles?id=post-%d", n), articleBody(n), nil)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "POSTs from %d clients     %8.0f /s    raw appends %.0f /s, %.0f %% (to reach: ≥ 50 %%)\n",
		clients, posted, raw.appends, 100*posted/raw.appends)
	recap, err := demo.Recap()
	if err != nil {
		return err
	}
	took, err := repeat(ctx, 200, func(ctx context.Context) error { return r.extract(ctx, recap) })
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "extract the sample recap %8.2f ms p50, %.2f p99 over HTTP (to reach: < 2)\n", ms(took.at(0.5)), ms(took.at(0.99)))
	for half := range 2 {
		before := r.rss()
		speed, err := r.importMany(ctx, half*imported/2, imported/2)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "import of %6d          %8.0f /s    raw pipelined appends %.0f /s, %.0f %% (to reach: ≥ 50 %%); RSS %.0f → %.0f MiB\n",
			imported/2, speed, raw.pipelined, 100*speed/raw.pipelined, before, r.rss())
	}
	return nil
}

func (r *relay) extract(ctx context.Context, recap string) error {
	_, err := call(ctx, http.MethodPost, r.base+"/v1/extract", recap, map[string]string{
		"Authorization": "Bearer " + adminKey, "Content-Type": "text/plain",
	})
	return err
}

// importMany imports editions as NDJSON and returns how many a second were
// taken, from the first byte sent until all are in the log.
func (r *relay) importMany(ctx context.Context, from, total int) (float64, error) {
	begin := time.Now()
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
		return 0, fmt.Errorf("import: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+adminKey)
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("import: %w", err)
	}
	defer resp.Body.Close()
	var state struct {
		ID, State string
		Accepted  int
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || json.NewDecoder(bytes.NewReader(body)).Decode(&state) != nil || state.ID == "" {
		return 0, fmt.Errorf("import: status %d: %s", resp.StatusCode, body)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for state.State != "done" {
		if state.State == "failed" || ctx.Err() != nil {
			return 0, fmt.Errorf("import %s: %+v", state.ID, state)
		}
		<-tick.C
		if err := r.edit(ctx, http.MethodGet, "/v1/imports/"+state.ID, "", &state); err != nil {
			return 0, err
		}
	}
	if state.Accepted != total {
		return 0, fmt.Errorf("import %s: %d of %d were accepted", state.ID, state.Accepted, total)
	}
	return float64(total) / time.Since(begin).Seconds(), nil
}
