// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// readers follow a link until they are stopped, and count what they see.
type readers struct {
	sent, answered atomic.Int64
	stop           func()
}

// follow lets a number of readers follow a link, each again once it is answered.
func follow(t *testing.T, link string, n int) *readers {
	t.Helper()
	out := &readers{}
	ctx, cancel := context.WithCancel(t.Context())
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{MaxIdleConnsPerHost: n},
	}
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for ctx.Err() == nil {
				// What has been sent is waited for: only a kill leaves it without an answer.
				req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, link, http.NoBody)
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("User-Agent", firefox)
				out.sent.Add(1)
				resp, err := client.Do(req)
				if err != nil {
					return // killed
				}
				_ = resp.Body.Close()
				if resp.StatusCode == http.StatusBadGateway {
					return // killed, behind a proxy
				}
				if resp.StatusCode != http.StatusFound {
					t.Errorf("a reader is answered %d", resp.StatusCode)
					return
				}
				out.answered.Add(1)
			}
		})
	}
	out.stop = func() { cancel(); all.Wait(); client.CloseIdleConnections() }
	return out
}

// TestAnsweredClicksAreCounted kills everything, again and again, while readers
// follow a link: each answered click is counted, and counted once. A click whose
// answer the kill cut off may or may not have been.
func TestAnsweredClicksAreCounted(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		kills := 5
		if r.parts["relais"] != nil {
			kills = 20
		}
		r.partner()
		id := r.recap()
		var link struct{ Code, URL string }
		r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "`+id+`", "partner": "p", "channel": "mail"}`).into(t, &link)
		var sent, answered int64
		for range kills {
			all := follow(t, r.base+"/s/"+link.Code, 8)
			await(t, "clicks to be answered", func() bool { return all.answered.Load() > 100 })
			for _, p := range r.parts {
				p.kill()
			}
			all.stop()
			sent, answered = sent+all.sent.Load(), answered+all.answered.Load()
			r.boot(r)
			r.ready()
		}
		await(t, "the answered clicks to be counted", func() bool { return int64(r.humans(link.Code)) >= answered })
		r.must(http.StatusFound, "GET", r.base+"/s/"+link.Code, "", "User-Agent", firefox)
		await(t, "one more click", func() bool { return int64(r.humans(link.Code)) > answered })
		if n := int64(r.humans(link.Code)); n > sent+1 {
			t.Errorf("%d clicks are counted of %d sent and %d answered", n, sent+1, answered+1)
		}
		t.Logf("%d kills: %d sent, %d answered, %d counted", kills, sent+1, answered+1, r.humans(link.Code))
	})
}

// TestClicksOutliveTheLogAndTheProcess takes the log away, then kills the
// service that kept the clicks meanwhile.
func TestClicksOutliveTheLogAndTheProcess(t *testing.T) {
	r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}, boot: bootApart}
	r.boot(r)
	r.ready()
	r.partner()
	id := r.recap()
	var link struct{ Code, URL string }
	r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "`+id+`", "partner": "p"}`).into(t, &link)
	r.must(http.StatusFound, "GET", link.URL, "", "User-Agent", firefox)
	r.parts["nats-server"].kill()
	for range 50 {
		begin := time.Now()
		r.must(http.StatusFound, "GET", link.URL, "", "User-Agent", firefox)
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("a redirect took %v without the log", took)
		}
	}
	unknown := r.call("GET", "/s/some-other-link", "", "User-Agent", firefox)
	if unknown.status != http.StatusServiceUnavailable || unknown.header.Get("Retry-After") == "" {
		t.Errorf("a link that is not in memory is answered %d, Retry-After %q", unknown.status, unknown.header.Get("Retry-After"))
	}
	for _, p := range r.parts {
		p.kill()
	}
	r.boot(r)
	r.ready()
	await(t, "the clicks made without the log", func() bool { return r.humans(link.Code) == 51 })
}

// TestNoVisitorIsOnDisk follows links under a user agent, a referrer and an
// address that stand nowhere else, and looks for them in everything that was
// written: the log, the buckets, the counts, the spool and the lines of the log.
func TestNoVisitorIsOnDisk(t *testing.T) {
	const agent, referrer = "Mozilla/5.0 (Privatephone; rv:140.0) Gecko/20100101 Firefox/140.0", "https://secret-intranet.example/a/page?with=a-query"
	needles := []string{"Privatephone", "secret-intranet", "a-query", "203.0.113.77", "2001:db8:77:77"}
	each(t, func(t *testing.T, r *relay) {
		r.partner()
		id := r.recap()
		var link struct{ Code, URL string }
		r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "`+id+`", "partner": "p"}`).into(t, &link)
		for _, address := range []string{"203.0.113.77", "2001:db8:77:77::1"} {
			for _, path := range []string{"/s/" + link.Code, "/s/" + link.Code + "+", "/s/" + link.Code + ".svg", "/s/unknown-code", "/s/" + strings.Repeat("x", 3000)} {
				r.call("GET", path, "", "User-Agent", agent, "Referer", referrer, "X-Forwarded-For", address, "Forwarded", `for="[`+address+`]"`)
				r.call("GET", path, "", "User-Agent", agent, "Referer", referrer, "X-Forwarded-For", address, "Sec-Purpose", "prefetch")
			}
		}
		await(t, "the clicks", func() bool { return r.humans(link.Code) >= 2 })
		for _, name := range []string{"relais", "relais-search", "relais-share", "relais-ingest", "nats-server"} {
			p := r.parts[name]
			if p == nil {
				continue
			}
			p.stop()
			p.mu.Lock()
			report(t, "the output of "+name, p.output.Bytes(), needles)
			p.mu.Unlock()
		}
		files := 0
		err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			files++
			report(t, path, content, needles)
			return err
		})
		if err != nil || files < 10 {
			t.Errorf("%d files were read: %v", files, err)
		}
	})
}

func report(t *testing.T, where string, content []byte, needles []string) {
	t.Helper()
	for _, needle := range needles {
		if strings.Contains(string(content), needle) || strings.Contains(string(content), url.QueryEscape(needle)) {
			t.Errorf("%s holds %q", where, needle)
		}
	}
}
