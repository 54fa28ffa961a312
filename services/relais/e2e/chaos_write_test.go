// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// chaosDesk is where workers call from: a relay that may be away.
type chaosDesk struct {
	base, key string
	client    *http.Client
	journal   *chaosJournal
}

// call sends a request; status 0: no answer came. What has been sent is waited
// for, so that only a kill leaves it without an answer.
func (d *chaosDesk) call(ctx context.Context, method, path, body string, header ...string) (int, []byte) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, d.base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil
	}
	if resp.StatusCode == http.StatusInternalServerError {
		d.journal.complain("%s %s: 500 %s", method, path, b)
	}
	return resp.StatusCode, b
}

// edit is call as an editor.
func (d *chaosDesk) edit(ctx context.Context, method, path, body string, header ...string) (int, []byte) {
	return d.call(ctx, method, path, body, append([]string{"Authorization", "Bearer " + adminKey, "Content-Type", "application/json"}, header...)...)
}

// chaosEditor is a worker that writes editions, each its own, and now and then
// one that all of them correct.
type chaosEditor struct {
	*chaosDesk
	rand   *rand.Rand
	name   string
	made   int
	own    []*chaosDraft
	shared []*chaosEdition
}

// chaosDraft is an edition as its editor knows it.
type chaosDraft struct {
	*chaosEdition
	version int  // 0: not known, and to be asked for
	held    bool // under embargo
}

const chaosFar = `"2999-01-01T00:00:00Z"`

// step makes one write.
func (e *chaosEditor) step(ctx context.Context) {
	switch n := e.rand.IntN(100); {
	case len(e.own) < 6 || n < 15:
		e.create(ctx)
	case n < 25:
		e.join(ctx, e.shared[e.rand.IntN(len(e.shared))])
	default:
		i := e.rand.IntN(len(e.own))
		if d := e.own[i]; !e.change(ctx, d) || len(d.ops) > 40 {
			e.own = append(e.own[:i], e.own[i+1:]...)
		}
	}
}

// write sends a write and records it; the version is 0 when it is not known.
func (e *chaosEditor) write(ctx context.Context, op *chaosOp, method, path, body string, header ...string) (status, version int) {
	wait := e.rand.IntN(8) == 0
	if wait {
		path += "?wait=searchable"
	}
	status, answer := e.edit(ctx, method, path, body, header...)
	var made struct{ Version int }
	if status >= 200 && status < 300 {
		if err := json.Unmarshal(answer, &made); err != nil || made.Version < 1 {
			e.journal.complain("%s %s: %d without a version: %s", method, path, status, answer)
		}
	}
	e.journal.answer(op, status, made.Version)
	if wait && (status == http.StatusOK || status == http.StatusCreated) {
		e.journal.raise("index", op.sent)
	}
	return status, made.Version
}

// create posts or puts a new edition, a third of them under embargo.
func (e *chaosEditor) create(ctx context.Context) {
	e.made++
	d := &chaosDraft{chaosEdition: e.journal.edition(fmt.Sprintf("%s-%d", e.name, e.made), false), held: e.rand.IntN(3) == 0}
	op := e.journal.send(d.chaosEdition, "create", !d.held)
	body := fmt.Sprintf(`{"id": %q, "language": "fr", "headline": "Compte rendu %s", "bodyText": "Le texte du compte rendu.", "edNote": %q`, d.id, op.token, op.token)
	if d.held {
		body += `, "embargoedUntil": ` + chaosFar
	}
	method, path := "POST", "/v1/articles"
	if e.rand.IntN(2) == 0 {
		method, path = "PUT", "/v1/articles/"+d.id+"/fr"
	}
	var status int
	if status, d.version = e.write(ctx, op, method, path, body+"}"); status == 0 || status >= 500 {
		chaosPause(ctx, 100*time.Millisecond) // a part is away: not too many that may or may not be there
	}
	e.own = append(e.own, d)
	if d.version > 0 && e.rand.IntN(2) == 0 {
		e.link(ctx, d.chaosEdition, "card")
	}
}

// change corrects, holds back, lets go or cancels an edition; false: it is done with.
func (e *chaosEditor) change(ctx context.Context, d *chaosDraft) bool {
	if d.version == 0 {
		return e.ask(ctx, d)
	}
	n := e.rand.IntN(100)
	if n < 12 {
		op := e.journal.send(d.chaosEdition, "cancel", false)
		status, _ := e.write(ctx, op, "POST", "/v1/articles/"+d.id+"/fr/cancel", fmt.Sprintf(`{"reason": %q}`, op.token))
		d.version = 0
		return status >= 500 || status == 0
	}
	kind := "correct"
	switch {
	case n < 20 && !d.held:
		kind, d.held = "embargo", true
	case n < 45 && d.held:
		kind, d.held = "lift", false
	}
	op := e.journal.send(d.chaosEdition, kind, !d.held)
	until := "null"
	if d.held {
		until = chaosFar
	}
	var header []string
	if e.rand.IntN(2) == 0 {
		header = []string{"If-Match", fmt.Sprintf("%q", fmt.Sprint(d.version))}
	}
	before := d.version
	status, version := e.write(ctx, op, "PATCH", "/v1/articles/"+d.id+"/fr", fmt.Sprintf(
		`{"headline": "Compte rendu %s", "edNote": %q, "correction": "Un nom.", "embargoedUntil": %s}`, op.token, op.token, until), header...)
	if d.version = version; version > 0 && version <= before {
		e.journal.complain("%s: version %d after %d", d.id, version, before)
	}
	if status >= 400 && status < 500 && status != http.StatusPreconditionFailed {
		e.journal.complain("%s of %s: %d", kind, d.id, status)
	}
	return true
}

// ask looks what has become of an edition whose last write had no answer.
func (e *chaosEditor) ask(ctx context.Context, d *chaosDraft) bool {
	status, body := e.edit(ctx, "GET", "/v1/articles/"+d.id+"/fr", "")
	var is struct {
		Version   int
		PubStatus string
	}
	switch status {
	case http.StatusOK:
		if err := json.Unmarshal(body, &is); err != nil || is.Version < d.chaosEdition.version {
			e.journal.complain("%s: version %d was acknowledged, and %d is there: %v", d.id, d.chaosEdition.version, is.Version, err)
		}
		d.version = is.Version
		return is.PubStatus != "canceled"
	case http.StatusNotFound:
		if d.chaosEdition.version > 0 {
			e.journal.complain("%s: version %d was acknowledged, and nothing is there", d.id, d.chaosEdition.version)
		}
		return false
	}
	return true // not now
}

// join corrects an edition that all editors correct.
func (e *chaosEditor) join(ctx context.Context, shared *chaosEdition) {
	e.journal.mu.Lock()
	version, full := shared.version, len(shared.ops) > 55
	e.journal.mu.Unlock()
	if full || version == 0 {
		return
	}
	var header []string
	if e.rand.IntN(2) == 0 {
		header = []string{"If-Match", fmt.Sprintf("%q", fmt.Sprint(version))}
	}
	op := e.journal.send(shared, "correct", true)
	e.write(ctx, op, "PATCH", "/v1/articles/"+shared.id+"/fr", fmt.Sprintf(`{"headline": "Compte rendu %s", "edNote": %q}`, op.token, op.token), header...)
}

// link makes or finds the link of an edition for a channel.
func (d *chaosDesk) link(ctx context.Context, e *chaosEdition, channel string) string {
	var made struct{ Code string }
	status, body := d.edit(ctx, "POST", "/v1/links", fmt.Sprintf(`{"article": %q, "partner": "p", "channel": %q}`, e.id, channel))
	if status != http.StatusCreated && status != http.StatusOK || json.Unmarshal(body, &made) != nil {
		return ""
	}
	d.journal.mu.Lock()
	defer d.journal.mu.Unlock()
	if channel == "card" {
		e.preview = made.Code
		return made.Code
	}
	if was := e.links[channel]; was != "" && was != made.Code {
		d.journal.note("the link of %s for %s was %s and is %s", e.id, channel, was, made.Code)
	}
	e.links[channel] = made.Code
	return made.Code
}

// importer sends an import of new editions.
func (e *chaosEditor) importer(ctx context.Context) {
	var lines strings.Builder
	var ops []*chaosOp
	for range 1 + e.rand.IntN(30) {
		e.made++
		op := e.journal.send(e.journal.edition(fmt.Sprintf("%s-%d", e.name, e.made), false), "import", true)
		ops = append(ops, op)
		fmt.Fprintf(&lines, `{"id": %q, "language": "fr", "headline": "Compte rendu %s", "bodyText": "Le texte.", "edNote": %q}`+"\n", op.edition.id, op.token, op.token)
	}
	status, body := e.edit(ctx, "POST", "/v1/imports", lines.String(), "Content-Type", "application/x-ndjson")
	var made struct{ ID string }
	if status == http.StatusAccepted && json.Unmarshal(body, &made) == nil {
		e.journal.promise(made.ID, ops)
	}
}

// operate builds the index anew, or has the clicks counted again.
func (d *chaosDesk) operate(ctx context.Context, r *rand.Rand) {
	path := "/v1/index/generations"
	if r.IntN(3) == 0 {
		path = "/v1/recounts"
	}
	if status, body := d.edit(ctx, "POST", path, "{}"); status >= 400 && status < 500 && status != http.StatusConflict {
		d.journal.complain("POST %s: %d %s", path, status, body)
	}
}
