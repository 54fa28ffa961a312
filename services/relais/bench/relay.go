// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/relais-press/relais/services/relais/bench/internal/report"
)

const adminKey = "rk_benchmark-admin-key-0123456789"

// relay is a running relais, or one service of it.
type relay struct {
	cmd   *exec.Cmd
	base  string
	ready time.Duration // from the start of the process to the first 200 of /readyz
	key   string
	link  string
	next  int
}

// client follows no redirect: the redirect is what is measured.
var client = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
}

// call sends a request and returns the answer's body; an answer of 400 or more
// is an error.
func call(ctx context.Context, method, target, body string, header map[string]string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, target, err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, target, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: status %d: %s", method, target, resp.StatusCode, answer)
	}
	return answer, err
}

// start runs a program until it is ready, which may take a minute.
func start(ctx context.Context, program string, args ...string) (*relay, error) {
	return startPatiently(ctx, time.Minute, program, args...)
}

func startPatiently(ctx context.Context, patience time.Duration, program string, args ...string) (*relay, error) {
	r := &relay{cmd: exec.CommandContext(ctx, program, args...)}
	r.cmd.Env = append(r.cmd.Environ(), "RELAIS_ADMIN_KEY="+adminKey, "RELAIS_LOG_FORMAT=json")
	stderr, err := r.cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	begin := time.Now()
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	lines := bufio.NewReader(stderr)
	first, err := lines.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	var listening struct{ Address string }
	if err := json.Unmarshal(first, &listening); err != nil {
		return nil, fmt.Errorf("%s said %s: %w", program, bytes.TrimSpace(first), err)
	}
	r.base = "http://" + listening.Address
	for {
		if _, err := call(ctx, http.MethodGet, r.base+"/readyz", "", nil); err == nil {
			r.ready = time.Since(begin)
			return r, nil
		}
		if ctx.Err() != nil || time.Since(begin) > patience {
			r.stop()
			return nil, fmt.Errorf("%s was not ready within %v", program, patience)
		}
		pause(ctx, time.Millisecond)
	}
}

// pause waits, at most until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// stop ends the process; a second call does nothing.
func (r *relay) stop() {
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	_ = r.cmd.Wait()
}

func (r *relay) edit(ctx context.Context, method, path, body string, into any) error {
	answer, err := call(ctx, method, r.base+path, body, map[string]string{
		"Authorization": "Bearer " + adminKey, "Content-Type": "application/json",
	})
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(answer, into)
}

// prepare makes a partner with a key, an article and a link to it.
func (r *relay) prepare(ctx context.Context) error {
	if err := r.edit(ctx, http.MethodPut, "/v1/partners/bench", `{"name": "Bench", "articleUrl": "https://bench.example/{lang}/{id}"}`, nil); err != nil {
		return err
	}
	var key struct{ Key string }
	if err := r.edit(ctx, http.MethodPost, "/v1/partners/bench/keys", `{"name": "bench"}`, &key); err != nil {
		return err
	}
	r.key = key.Key
	if err := r.edit(ctx, http.MethodPut, "/v1/articles/first/fr?wait=searchable", articleBody(0), nil); err != nil {
		return err
	}
	// The link targets follow the log on their own: the first try may be early.
	var link struct{ URL string }
	for begin := time.Now(); ; {
		err := r.edit(ctx, http.MethodPost, "/v1/links", `{"article": "first", "partner": "bench"}`, &link)
		if err == nil || time.Since(begin) > 5*time.Second {
			r.link = link.URL
			return err
		}
	}
}

// articleBody is an edition of about 2 kB whose words vary with n.
func articleBody(n int) string {
	subjects := []string{"la collectivité", "le tribunal", "l’usager", "la commune", "le département", "l’avocate", "le greffe", "la région"}
	verbs := []string{"numérise", "archive", "publie", "discute", "signe", "partage", "protège", "expérimente"}
	objects := []string{"les décisions", "un registre", "la blockchain", "ses données", "l’identité numérique", "une œuvre commune", "le budget", "les potentialités"}
	var text strings.Builder
	for i := range 40 {
		k := n*31 + i*7
		fmt.Fprintf(&text, "%s %s %s, dossier %d. ", subjects[k%8], verbs[(k/8)%8], objects[(k/64)%8], k)
	}
	body, _ := json.Marshal(map[string]string{ // strings always marshal
		"headline": fmt.Sprintf("Compte rendu %d : %s %s %s", n, subjects[n%8], verbs[(n/8)%8], objects[(n/64)%8]),
		"language": "fr", "section": "Bench", "bodyText": text.String(),
	})
	return string(body)
}

func (r *relay) publishNext(ctx context.Context) error {
	r.next++
	return r.edit(ctx, http.MethodPut, fmt.Sprintf("/v1/articles/next-%d/fr", r.next), articleBody(r.next), nil)
}

// publishAtRate sends articles at a steady rate, whatever the answers take, and
// returns how long each took until the index had it, as its editor was told.
func (r *relay) publishAtRate(ctx context.Context, perSecond, total int) (report.Durations, error) {
	var (
		mu     sync.Mutex
		out    report.Durations
		failed error
		flying sync.WaitGroup
	)
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for n := range total {
		<-tick.C
		flying.Go(func() {
			begin := time.Now()
			err := r.edit(ctx, http.MethodPut, fmt.Sprintf("/v1/articles/rate-%d/fr?wait=searchable", n), articleBody(n), nil)
			mu.Lock()
			defer mu.Unlock()
			out = append(out, time.Since(begin))
			if err != nil {
				failed = err
			}
		})
	}
	flying.Wait()
	return report.Sorted(out), failed
}

func (r *relay) search(q string) func(context.Context) error {
	target := r.base + "/v1/search?lang=fr&key=" + r.key + "&q=" + url.QueryEscape(q)
	return func(ctx context.Context) error {
		_, err := call(ctx, http.MethodGet, target, "", nil)
		return err
	}
}

func (r *relay) follow(ctx context.Context) error {
	_, err := call(ctx, http.MethodGet, r.link, "", nil)
	return err
}
