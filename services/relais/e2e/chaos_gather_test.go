// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/embedded"
)

// settle waits until what was accepted has come everywhere: imports are done,
// and a last edition has passed through every projection.
func (w *chaosWorld) settle(j *chaosJournal, key string) map[string]chaosImportAnswer {
	w.t.Helper()
	imports := map[string]chaosImportAnswer{}
	for _, i := range j.imports {
		await(w.t, "import "+i.id, func() bool {
			var is chaosImportAnswer
			w.edit(http.StatusOK, "GET", "/v1/imports/"+i.id, "").into(w.t, &is)
			imports[i.id] = is
			return is.State == "done" || is.State == "failed"
		})
	}
	e := j.edition("last", false)
	op := j.send(e, "create", true)
	w.edit(http.StatusCreated, "PUT", "/v1/articles/last/fr", fmt.Sprintf(`{"headline": "Compte rendu %s", "bodyText": "Le texte.", "edNote": %q}`, op.token, op.token))
	j.answer(op, http.StatusCreated, 1)
	for _, path := range []string{"/v1/search?key=" + key + "&q=" + op.token, "/v1/content/last/fr?key=" + key, "/v1/share/last?key=" + key} {
		await(w.t, "the last edition at "+path, func() bool {
			a := w.call("GET", path, "", "Origin", origin)
			return a.status == http.StatusOK && (path[4:10] != "search" || len(chaosHits("search", a.body)) > len("[]"))
		})
	}
	return imports
}

// answers asks the API for all that the checker looks at.
func (w *chaosWorld) answers(j *chaosJournal, key string) chaosAnswers {
	w.t.Helper()
	is := chaosAnswers{
		histories: map[string][]int{}, newest: map[string]string{}, found: map[string]bool{}, stats: map[string]int{},
		mirror: map[string]string{}, imports: w.settle(j, key), total: w.search(key, "").Total,
	}
	var mu sync.Mutex
	var askers sync.WaitGroup
	editions := make(chan *chaosEdition)
	desk := &chaosDesk{base: w.base, key: key, client: browser, journal: j}
	for range 4 {
		askers.Go(func() {
			for e := range editions {
				versions, newest, found := desk.look(w.t, e)
				mu.Lock()
				is.histories[e.id], is.newest[e.id] = versions, newest
				for token := range found {
					is.found[token] = true
				}
				mu.Unlock()
			}
		})
	}
	for _, e := range j.editions {
		editions <- e
	}
	close(editions)
	askers.Wait()
	for code := range j.clicks {
		var stats struct{ Total map[string]int }
		w.edit(http.StatusOK, "GET", "/v1/links/"+code+"/stats", "").into(w.t, &stats)
		for _, n := range stats.Total {
			is.stats[code] += n
		}
	}
	w.told(key, is.mirror)
	is.recount = w.recount()
	return is
}

// look asks for the history of an edition, and searches for its newest write.
func (d *chaosDesk) look(t *testing.T, e *chaosEdition) (versions []int, newest string, found map[string]bool) {
	found = map[string]bool{}
	path := "/v1/articles/" + e.id + "/fr"
	status, body := d.edit(t.Context(), "GET", path+"/versions", "")
	if status == http.StatusNotFound {
		return nil, "", found
	}
	var history struct{ Versions []struct{ Version int } }
	if err := json.Unmarshal(body, &history); err != nil {
		t.Errorf("%s: %v: %s", path, err, body)
	}
	for _, v := range history.Versions {
		versions = append(versions, v.Version)
	}
	if len(versions) > 1 && versions[0] > versions[1] { // newest first
		slices.Reverse(versions)
	}
	_, body = d.edit(t.Context(), "GET", path, "")
	var is article.Edition
	if err := json.Unmarshal(body, &is); err != nil {
		t.Errorf("%s: %v: %s", path, err, body)
	}
	newest = chaosTokenOf(&is)
	asked := []string{newest}
	for _, op := range e.ops[max(0, len(e.ops)-3):] {
		asked = append(asked, op.token)
	}
	for _, token := range asked {
		_, body = d.call(t.Context(), "GET", "/v1/search?lang=fr&limit=50&key="+d.key+"&q="+token, "", "Origin", origin)
		for _, token := range chaosToken.FindAllString(string(chaosHits("search", body)), -1) {
			found[token] = true
		}
	}
	return versions, newest, found
}

// chaosTokenOf is the token of the write that made a version.
func chaosTokenOf(e *article.Edition) string {
	if e.Cancellation != nil {
		return e.Cancellation.Reason
	}
	return e.EdNote
}

// told replays the changes from nothing.
func (w *chaosWorld) told(key string, mirror map[string]string) {
	w.t.Helper()
	after := ""
	for more := true; more; {
		v := url.Values{"key": {key}, "limit": {"100"}}
		if after != "" {
			v.Set("after", after)
		}
		var page struct {
			Changes []change
			Next    string
			More    bool
		}
		w.must(http.StatusOK, "GET", "/v1/changes?"+v.Encode(), "").into(w.t, &page)
		for _, c := range page.Changes {
			if delete(mirror, c.ID); c.PubStatus == "usable" {
				mirror[c.ID] = chaosToken.FindString(c.Edition.Headline)
			}
		}
		after, more = page.Next, page.More
	}
}

// recount has the clicks counted again, once none is under way.
func (w *chaosWorld) recount() (r chaosRecount) {
	w.t.Helper()
	auth := []string{"Authorization", "Bearer " + adminKey, "Content-Type", "application/json"}
	var begun struct{ ID string }
	await(w.t, "a recount to begin", func() bool {
		a := w.call("POST", "/v1/recounts", "{}", auth...)
		return a.status == http.StatusAccepted && json.Unmarshal(a.body, &begun) == nil
	})
	await(w.t, "a recount to end", func() bool {
		w.edit(http.StatusOK, "GET", "/v1/recounts/"+begun.ID, "").into(w.t, &r)
		return r.State != "running"
	})
	return r
}

// log reads the log itself: from the nats-server, or, after the one binary has
// been killed, from its folder.
func (w *chaosWorld) log() chaosLog {
	w.t.Helper()
	var conn *nats.Conn
	var err error
	if w.apart {
		conn, err = nats.Connect(w.nats)
	} else {
		w.kill("relais")
		var server *embedded.Server
		if server, err = embedded.Start(embedded.Config{Dir: filepath.Join(w.dir, "log")}); err != nil {
			w.t.Fatal(err)
		}
		defer server.Stop()
		conn, err = server.Connect()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	return chaosReadLog(w.t, conn)
}

func chaosReadLog(t *testing.T, conn *nats.Conn) chaosLog {
	t.Helper()
	out := chaosLog{clicks: map[string]int{}}
	chaosMessages(t, conn, bus.Articles, func(m jetstream.Msg) {
		c, err := article.Decode(m.Headers(), m.Data())
		if err != nil {
			t.Errorf("log: %s: %v", m.Subject(), err)
			return
		}
		shown := c.Edition.PubStatus == article.Usable && (c.Edition.EmbargoedUntil == nil || c.Edition.EmbargoedUntil.Before(time.Now()))
		out.versions = append(out.versions, chaosVersion{c.Edition.ID, c.Edition.Version, chaosTokenOf(&c.Edition), shown})
	})
	batches := map[string]bool{}
	chaosMessages(t, conn, bus.Clicks, func(m jetstream.Msg) {
		for line := range bytes.Lines(m.Data()) {
			var b struct {
				Writer string
				Number uint64
				Clicks []struct{ Code string }
			}
			if err := json.Unmarshal(line, &b); err != nil {
				t.Errorf("log: %s: %v", m.Subject(), err)
			}
			name := fmt.Sprint(b.Writer, ".", b.Number)
			if batches[name] {
				continue
			}
			batches[name] = true
			for _, c := range b.Clicks {
				out.clicks[c.Code]++
			}
		}
	})
	return out
}

// chaosMessages hands over every message of a stream, in order.
func chaosMessages(t *testing.T, conn *nats.Conn, name string, each func(jetstream.Msg)) {
	t.Helper()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := stream.OrderedConsumer(t.Context(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := reader.Messages()
	if err != nil {
		t.Fatal(err)
	}
	defer messages.Stop()
	for last := uint64(0); last < stream.CachedInfo().State.LastSeq; {
		m, err := messages.Next(jetstream.NextMaxWait(time.Minute))
		if err != nil {
			t.Fatalf("log: %s after %d: %v", name, last, err)
		}
		meta, err := m.Metadata()
		if err != nil {
			t.Fatal(err)
		}
		each(m)
		last = meta.Sequence.Stream
	}
}
