// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
)

// chaosReader is a worker that looks at every exit.
type chaosReader struct {
	*chaosDesk
	rand  *rand.Rand
	after string // cursor of its mirror
}

// chaosExit is a way out of the relay: what it is asked for, and what feeds it.
type chaosExit struct {
	name, projection string
	path             func(e *chaosEdition, token string) string
}

func (d *chaosDesk) exits() []chaosExit {
	key := "key=" + d.key
	at := func(format string) func(*chaosEdition, string) string {
		return func(*chaosEdition, string) string { return format + key }
	}
	of := func(format, tail string) func(*chaosEdition, string) string {
		return func(e *chaosEdition, _ string) string { return fmt.Sprintf(format, e.id) + tail }
	}
	with := func(format string) func(*chaosEdition, string) string {
		return func(_ *chaosEdition, token string) string { return fmt.Sprintf(format, token) + key }
	}
	preview := func(format string) func(*chaosEdition, string) string {
		return func(e *chaosEdition, _ string) string {
			if e.preview == "" {
				return ""
			}
			return fmt.Sprintf(format, e.preview)
		}
	}
	return []chaosExit{
		{"search", "index", with("/v1/search?lang=fr&limit=50&q=%s&")},
		{"search for all", "index", at("/v1/search?lang=fr&limit=50&q=&")},
		{"the page", "index", with("/search?q=%s&")},
		{"suggest", "index", with("/v1/suggest?lang=fr&q=%s&")},
		{"latest", "index", at("/v1/latest?lang=fr&limit=50&")},
		{"related", "index", of("/v1/related/%s?lang=fr&limit=20&", key)},
		{"the feed", "catalog", at("/v1/feeds/fr.json?limit=100&")},
		{"the Atom feed", "catalog", at("/v1/feeds/fr.atom?limit=100&")},
		{"content", "catalog", of("/v1/content/%s/fr?", key)},
		{"changes", "catalog", nil},
		{"the share bar", "targets", of("/v1/share/%s?", key)},
		{"the card", "targets", of("/cards/%s/fr.png", "")},
		{"the preview", "targets", preview("/s/%s")},
		{"oEmbed", "targets", preview("/oembed?url=" + url.QueryEscape(d.base) + "/s/%s")},
	}
}

// step asks one exit.
func (c *chaosReader) step(ctx context.Context) {
	e, op := c.journal.pick(c.rand)
	if e == nil {
		return
	}
	all := c.exits()
	exit := all[c.rand.IntN(len(all))]
	if exit.path == nil {
		c.changes(ctx)
		return
	}
	c.journal.mu.Lock()
	path := exit.path(e, op.token)
	c.journal.mu.Unlock()
	if path == "" {
		return
	}
	agent := firefox
	if exit.name == "the preview" {
		agent = "Twitterbot/1.0"
	}
	read := c.journal.ask(exit.name, exit.projection)
	status, body := c.call(ctx, "GET", path, "", "User-Agent", agent)
	if status != http.StatusOK {
		return
	}
	body = chaosHits(exit.name, body)
	c.journal.showed(read, body)
	switch exit.name {
	case "content", "the share bar", "the card", "the preview", "oEmbed":
		c.journal.served(read, e)
	}
}

// changes reads the next page of a mirror, which now and then begins anew.
func (c *chaosReader) changes(ctx context.Context) {
	if c.rand.IntN(10) == 0 {
		c.after = ""
	}
	v := url.Values{"key": {c.key}, "limit": {"100"}}
	if c.after != "" {
		v.Set("after", c.after)
	}
	read := c.journal.ask("changes", "catalog")
	status, body := c.call(ctx, "GET", "/v1/changes?"+v.Encode(), "")
	switch status {
	case http.StatusOK:
		var page struct{ Next string }
		if err := json.Unmarshal(body, &page); err != nil {
			c.journal.complain("changes: %v", err)
		}
		c.after = page.Next
		c.journal.showed(read, body)
	case http.StatusBadRequest, http.StatusGone:
		c.journal.complain("changes: %d %s", status, body)
		c.after = ""
	}
}

// visit follows the link of an edition for a channel, as a reader does.
func (c *chaosReader) visit(ctx context.Context, shared []*chaosEdition) {
	e, channel := shared[c.rand.IntN(len(shared))], []string{"mail", "x"}[c.rand.IntN(2)]
	c.journal.mu.Lock()
	code := e.links[channel]
	c.journal.mu.Unlock()
	if code == "" || c.rand.IntN(20) == 0 {
		if code = c.link(ctx, e, channel); code == "" {
			return
		}
	}
	c.journal.follow(code, 1, 0)
	status, _ := c.call(ctx, "GET", "/s/"+code, "", "User-Agent", firefox)
	switch {
	case status == http.StatusFound:
		c.journal.follow(code, 0, 1)
	case status != 0 && status < 500:
		c.journal.complain("a reader of %s is answered %d", code, status)
	}
}

// chaosHits is what an answer shows; some repeat the question beside it.
func chaosHits(exit string, body []byte) []byte {
	var answer struct{ Hits, Suggestions json.RawMessage }
	switch exit {
	case "search", "suggest":
		if json.Unmarshal(body, &answer) != nil {
			return nil
		}
		return append(answer.Hits, answer.Suggestions...)
	case "the page":
		_, list, _ := bytes.Cut(body, []byte("<ol>"))
		return list
	}
	return body
}
