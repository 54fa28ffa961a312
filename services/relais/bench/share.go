// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/shortlink"
	"github.com/relais-press/relais/services/relais/bench/internal/report"
)

const (
	linksSmall = 100_000
	linksLarge = 1_000_000
	linkTo     = 1_000 // articles that the links are for
	hammering  = 5 * time.Second
)

// shareAlone measures redirects of the one binary over 100,000 links, beside a
// bare net/http handler in a process of its own, asked by the same hands.
func shareAlone(ctx context.Context, out *report.Report, program, dir string) error {
	bare, err := startBare(ctx)
	if err != nil {
		return err
	}
	defer bare.stop()
	data := filepath.Join(dir, "small")
	codes, err := fillLinks(ctx, data, linksSmall)
	if err != nil {
		return err
	}
	r, err := start(ctx, program, "serve", "--listen", "127.0.0.1:0", "--data", data, "--trusted-proxies", "127.0.0.0/8")
	if err != nil {
		return err
	}
	defer r.stop()
	before := r.rss()
	if _, err := hammer(ctx, r.base, pressure{method: http.MethodHead, codes: codes, connections: 16, total: len(codes)}); err != nil { // each link once: into memory
		return err
	}
	out.Part(fmt.Sprintf("Redirects in the one binary, over %d links", len(codes)))
	out.Add(report.Figure{Name: "memory of a link", Value: (r.rss() - before) * (1 << 20) / float64(len(codes)), Unit: "B", Goal: "≤ 600", Note: "growth of RSS, garbage included"})
	for _, connections := range []int{16, 64} {
		raw, err := hammer(ctx, bare.base, pressure{codes: codes, connections: connections})
		if err != nil {
			return err
		}
		ours, err := hammer(ctx, r.base, pressure{codes: codes, connections: connections})
		if err != nil {
			return err
		}
		half, err := hammer(ctx, r.base, pressure{codes: codes, connections: connections, rate: ours.rate / 2})
		if err != nil {
			return err
		}
		out.Add(report.Figure{
			Name: fmt.Sprintf("redirects over %d connections", connections), Value: ours.rate, Unit: "/s", Raw: &report.Raw{Name: "bare net/http", Value: raw.rate}, Goal: "≥ 60 %",
		})
		out.Add(report.Figure{
			Name: "at half that rate, p99", Value: half.took.At(0.99), Unit: "ms", Goal: "≤ 10", Note: fmt.Sprintf("p50 %.2f ms", half.took.At(0.5)),
		})
	}
	if err := r.statsOfMany(ctx, out, codes[0]); err != nil {
		return err
	}
	r.stop()
	return readyWith(ctx, out, program, filepath.Join(dir, "large"))
}

// readyWith measures a start over 1,000,000 links.
func readyWith(ctx context.Context, out *report.Report, program, data string) error {
	codes, err := fillLinks(ctx, data, linksLarge)
	if err != nil {
		return err
	}
	r, err := start(ctx, program, "serve", "--listen", "127.0.0.1:0", "--data", data)
	if err != nil {
		return err
	}
	defer r.stop()
	if _, err := hammer(ctx, r.base, pressure{codes: codes[:1000], connections: 16, total: 1000}); err != nil {
		return err
	}
	out.Add(report.Figure{Name: fmt.Sprintf("ready over %d links", len(codes)), Value: r.ready.Seconds(), Unit: "s", Goal: "< 5"})
	return nil
}

// statsOfMany asks for the numbers of a link with a million clicks.
func (r *relay) statsOfMany(ctx context.Context, out *report.Report, code string) error {
	const clicks = 1_000_000
	begin := time.Now()
	if _, err := hammer(ctx, r.base, pressure{codes: []string{code}, connections: 64, total: clicks}); err != nil {
		return err
	}
	took := time.Since(begin)
	var stats struct{ Total map[string]int64 }
	for stats.Total["human"]+stats.Total["scanner"] < clicks {
		if err := r.edit(ctx, http.MethodGet, "/v1/links/"+code+"/stats", "", &stats); err != nil {
			return err
		}
		if time.Since(begin) > took+time.Minute {
			return fmt.Errorf("of %d clicks %d are counted", clicks, stats.Total["human"]+stats.Total["scanner"])
		}
	}
	behind := time.Since(begin) - took
	asked, err := repeat(ctx, 100, func(ctx context.Context) error {
		return r.edit(ctx, http.MethodGet, "/v1/links/"+code+"/stats", "", &stats)
	})
	if err != nil {
		return err
	}
	out.Add(report.Figure{
		Name: fmt.Sprintf("stats of %d clicks, p99", stats.Total["human"]+stats.Total["scanner"]), Value: asked.At(0.99), Unit: "ms", Goal: "< 50",
		Note: fmt.Sprintf("p50 %.2f ms; counted %.1f s after the last", asked.At(0.5), behind.Seconds()),
	})
	return nil
}

// bareArgument makes this program the bare handler.
const bareArgument = "bare-redirects"

// startBare runs the handler that redirects are measured against.
func startBare(ctx context.Context) (*relay, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("bare handler: %w", err)
	}
	return start(ctx, self, bareArgument)
}

// serveBare answers every request with a redirect and does nothing else.
func serveBare(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("bare handler: %w", err)
	}
	slog.New(slog.NewJSONHandler(os.Stderr, nil)).Info("listening", "address", listener.Addr().String())
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" {
			return
		}
		w.Header().Set("Location", "https://bench.example/fr/article")
		w.WriteHeader(http.StatusFound)
	})}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); ctx.Err() == nil {
		return fmt.Errorf("bare handler: %w", err)
	}
	return nil
}

// fillLinks makes a log with articles and links to them, and returns the codes.
func fillLinks(ctx context.Context, data string, n int) ([]string, error) {
	server, err := embedded.Start(embedded.Config{Dir: filepath.Join(data, "log"), Relaxed: true})
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	conn, err := server.Connect()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := bus.Open(ctx, conn, bus.Config{Logger: slog.New(slog.DiscardHandler)}); err != nil {
		return nil, err
	}
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(1024))
	if err != nil {
		return nil, fmt.Errorf("fill log: %w", err)
	}
	put := func(subject string, header nats.Header, value any) error {
		body, err := json.Marshal(value)
		if err == nil {
			_, err = js.PublishMsgAsync(&nats.Msg{Subject: subject, Header: header, Data: body}, jetstream.WithStallWait(time.Minute))
		}
		if err != nil {
			return fmt.Errorf("fill log: %w", err)
		}
		return nil
	}
	if err := put("$KV."+bus.Partners+".bench", nil, partner.Partner{ID: "bench", Name: "Bench", DefaultLanguage: "fr", ArticleURL: "https://bench.example/{lang}/{id}", Campaign: &partner.Campaign{Source: "relais", Medium: "share"}}); err != nil {
		return nil, err
	}
	for i := range linkTo {
		for _, lang := range []string{"fr", "en"} {
			c := article.Change{EventID: fmt.Sprintf("%d.%s", i, lang), Edition: article.Edition{
				ID: fmt.Sprintf("article-%d", i), Language: lang, SourceLanguage: "fr", Version: 1, PubStatus: article.Usable, Headline: "Un titre",
			}}
			header, body, err := c.Encode()
			if err != nil {
				return nil, fmt.Errorf("fill log: %w", err)
			}
			if err := put(article.Subject(c.Edition.ID, lang), header, json.RawMessage(body)); err != nil {
				return nil, err
			}
		}
	}
	var secret [32]byte
	rand.Read(secret[:]) // never fails, since Go 1.24
	codes := make([]string, n)
	created := time.Now().UTC().Truncate(time.Second)
	for i := range codes {
		codes[i] = shortlink.Derive(secret[:], fmt.Sprint(i), 0)
		link := map[string]any{"code": codes[i], "article": fmt.Sprintf("article-%d", i%linkTo), "partner": "bench", "channel": "mail", "created": created, "createdBy": "bench"}
		if err := put("$KV."+bus.Links+"."+shortlink.PrefixLink+codes[i], nil, link); err != nil {
			return nil, err
		}
	}
	<-js.PublishAsyncComplete()
	return codes, nil
}

// load is what hammering gave.
type load struct {
	rate float64 // answers a second
	took report.Durations
}

// pressure is how links are followed: over a number of connections, each of
// which sends its next request when its last is answered (closed loop).
type pressure struct {
	method      string // empty: GET
	codes       []string
	connections int
	rate        float64 // all of them together are held back to so many a second; 0: they are not
	total       int     // answers to stop after; 0: a time
}

// hammer follows links and measures each from when it was due.
func hammer(ctx context.Context, base string, p pressure) (load, error) {
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		out     load
		failed  error
		next    atomic.Int64
		begin   = time.Now()
		address = strings.TrimPrefix(base, "http://")
	)
	for range p.connections {
		wg.Go(func() {
			took, err := connection(ctx, address, cmp.Or(p.method, http.MethodGet), func() (int, string, time.Time) {
				i, due := int(next.Add(1)-1), time.Now()
				if p.total > 0 && i >= p.total || p.total == 0 && due.Sub(begin) > hammering {
					return 0, "", due
				}
				if p.rate > 0 {
					due = begin.Add(time.Duration(float64(i) / p.rate * float64(time.Second)))
					pause(ctx, time.Until(due))
				}
				return i, p.codes[(i*7919)%len(p.codes)], due
			})
			mu.Lock()
			defer mu.Unlock()
			out.took = append(out.took, took...)
			if err != nil {
				failed = err
			}
		})
	}
	wg.Wait()
	if failed != nil || len(out.took) == 0 {
		return out, fmt.Errorf("hammer %s: %d answers: %w", base, len(out.took), failed)
	}
	out.rate = float64(len(out.took)) / time.Since(begin).Seconds()
	out.took = report.Sorted(out.took)
	return out, nil
}

// connection follows codes over one connection, as browsers behind a proxy would
// word it, until next has none, and measures from when each request was due.
func connection(ctx context.Context, address, method string, next func() (i int, code string, due time.Time)) (report.Durations, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	defer conn.Close()
	lines := bufio.NewReader(conn)
	var took report.Durations
	for i, code, due := next(); code != ""; i, code, due = next() {
		request := method + " /s/" + code + " HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n" +
			"X-Forwarded-For: 203.0." + strconv.Itoa(i/250%250) + "." + strconv.Itoa(i%250) + "\r\n" +
			"Accept: text/html,application/xhtml+xml\r\nAccept-Language: fr-FR,fr;q=0.9,en;q=0.5\r\n\r\n"
		if _, err := io.WriteString(conn, request); err != nil {
			return took, fmt.Errorf("send: %w", err)
		}
		if err := readRedirect(lines); err != nil {
			return took, fmt.Errorf("follow %s: %w", code, err)
		}
		took = append(took, time.Since(due))
	}
	return took, nil
}

// readRedirect reads an answer that must be a 302 without a body.
func readRedirect(lines *bufio.Reader) error {
	status, err := lines.ReadString('\n')
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if !strings.HasPrefix(status, "HTTP/1.1 302 ") {
		return fmt.Errorf("answered %s", strings.TrimSpace(status))
	}
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if len(line) <= 2 {
			return nil
		}
	}
}
