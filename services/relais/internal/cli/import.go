// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/relais-press/relais/pkg/fetch"
	"github.com/relais-press/relais/services/relais/internal/client"
)

// Import sends a stream of many editions and follows it to its end.
type Import struct {
	Server `embed:""`
	Source string `arg:"" placeholder:"FILE|URL|-" help:"A file, - for the standard input, or an http or https URL of the public internet (port 80, 443, 8080 or 8443)."`
	Format string `name:"format" enum:",ndjson,rss,atom,jsonfeed,wxr" default:"" help:"ndjson, rss, atom, jsonfeed or wxr; default: told by the name and the content."`
}

// The limits of what is fetched from a URL.
const (
	maxFetch     = 4 << 30 // bytes
	fetchTimeout = 30 * time.Minute
)

// pollEvery is how often the relay is asked how far it is.
const pollEvery = 200 * time.Millisecond

// progress is an import as the API shows it.
type progress struct {
	ID, State                           string
	Read, Accepted, Unchanged, Rejected int
	Errors                              []refusal
	Bytes, Position                     int64
}

// refusal is an item that was not taken.
type refusal struct {
	Line   int
	Detail string
}

// list names the items that were not taken, as far as they are known, of all of
// them.
func list(t Terminal, known []refusal, all int) {
	for _, e := range known {
		where := fmt.Sprintf(t.Say("ligne %d : ", "line %d: "), e.Line)
		if e.Line == 0 {
			where = ""
		}
		_, _ = fmt.Fprintln(t.Err, where+e.Detail)
	}
	if more := all - len(known); more > 0 {
		_, _ = fmt.Fprintf(t.Err, t.Say("… et %d de plus\n", "… and %d more\n"), more)
	}
}

// Run sends the stream and shows how far it is. Items that were not taken are
// listed on the error output, and make it fail at the end.
func (c *Import) Run(ctx context.Context, t Terminal) error {
	relay, err := c.Client(t)
	if err != nil {
		return err
	}
	source, contentType, size, err := c.open(ctx, t)
	if err != nil {
		return err
	}
	defer source.Close()
	path := "/v1/imports"
	if c.Format != "" {
		path += "?format=" + c.Format
	}
	bar := NewBar(t)
	var p progress
	err = bar.send(ctx, relay, path, contentType, source, size, &p)
	if err == nil {
		err = follow(ctx, t, relay, bar, &p)
	}
	bar.End()
	if err != nil {
		return err
	}
	return report(t, p)
}

// follow waits until the relay has worked off the stream.
func follow(ctx context.Context, t Terminal, relay client.Client, bar *Bar, p *progress) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	away := 0
	for p.State != "done" && p.State != "failed" {
		bar.Draw(p.Position, p.Bytes, counts(t, *p))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		var next progress
		switch err := relay.Do(ctx, http.MethodGet, "/v1/imports/"+p.ID, "", nil, &next); {
		case err == nil:
			*p, away = next, 0
		case refused(err) || away > int(time.Minute/pollEvery):
			return err
		default:
			away++ // restarting, perhaps: the import goes on then
		}
	}
	bar.Draw(p.Position, p.Bytes, counts(t, *p))
	return nil
}

// refused reports whether asking again makes no sense.
func refused(err error) bool {
	s, ok := errors.AsType[*client.StatusError](err)
	return ok && s.Status < http.StatusInternalServerError
}

func counts(t Terminal, p progress) string {
	return fmt.Sprintf(t.Say("%d lus, %d acceptés, %d inchangés, %d refusés", "%d read, %d accepted, %d unchanged, %d rejected"),
		p.Read, p.Accepted, p.Unchanged, p.Rejected)
}

func report(t Terminal, p progress) error {
	list(t, p.Errors, p.Rejected)
	if _, err := fmt.Fprintf(t.Out, "%s  %s  %s\n", p.ID, p.State, counts(t, p)); err != nil {
		return err
	}
	if p.State == "failed" || p.Rejected > 0 {
		return errors.New(t.Say("tout n’a pas été pris", "not everything was taken"))
	}
	return nil
}

// open opens the source; size is 0 when it is not known.
func (c *Import) open(ctx context.Context, t Terminal) (source io.ReadCloser, contentType string, size int64, err error) {
	switch {
	case c.Source == "-":
		return io.NopCloser(t.In), typeOf("", c.Format), 0, nil
	case strings.HasPrefix(c.Source, "http://") || strings.HasPrefix(c.Source, "https://"):
		resp, err := fetch.New(fetch.Config{MaxBytes: maxFetch, Timeout: fetchTimeout, UserAgent: "relais-import"}).Get(ctx, c.Source)
		if err != nil {
			return nil, "", 0, fmt.Errorf("%s: %w", c.Source, err)
		}
		u, _ := url.Parse(c.Source) // fetch has parsed it
		contentType = resp.ContentType
		if contentType == "" || strings.HasPrefix(contentType, "text/plain") || strings.HasPrefix(contentType, "application/octet-stream") {
			contentType = typeOf(u.Path, c.Format)
		}
		return resp.Body, contentType, 0, nil
	}
	f, err := os.Open(c.Source)
	if err != nil {
		return nil, "", 0, err
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	return f, typeOf(c.Source, c.Format), size, nil
}

// typeOf is the media type of a stream by its name; what the name does not say
// is left to the relay, which looks into the stream.
func typeOf(name, format string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".ndjson", ".jsonl":
		return "application/x-ndjson"
	case ".rss":
		return "application/rss+xml"
	case ".atom":
		return "application/atom+xml"
	case ".json":
		return "application/json"
	case ".xml", ".wxr":
		return "application/xml"
	}
	switch format {
	case "jsonfeed":
		return "application/json"
	case "rss", "atom", "wxr":
		return "application/xml"
	}
	return "application/x-ndjson"
}

// counter counts what is read.
type counter struct {
	io.Reader
	n atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// every calls fn at an interval until ctx ends.
func every(ctx context.Context, d time.Duration, fn func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			fn()
		}
	}
}
