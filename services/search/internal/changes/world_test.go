// SPDX-License-Identifier: Apache-2.0

package changes

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/catalog"
)

var noon = time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)

// world is a log with a clock that the test moves, partners, and the instances
// that answer from it.
type world struct {
	t         *testing.T
	clock     time.Time
	mu        sync.Mutex
	messages  []bus.Message
	editions  map[string][]version // by id and language
	partners  map[string]*partner.Partner
	away      map[string]bool // subjects that cannot be read
	instances []*instance
}

type version struct {
	article.Edition
	at time.Time
}

// instance is a catalog that has read a part of the log, and its handler.
type instance struct {
	*world
	*catalog.Catalog
	read  int // messages
	feed  chan bus.Message
	taken chan struct{}
	skew  time.Duration // of its clock
	call  web.HandlerFunc
}

func newWorld(t *testing.T, instances int) *world {
	t.Helper()
	w := &world{t: t, clock: noon, editions: map[string][]version{}, partners: map[string]*partner.Partner{}, away: map[string]bool{}}
	for range instances {
		w.instances = append(w.instances, w.start())
	}
	return w
}

// start brings up an instance that has read nothing.
func (w *world) start() *instance {
	i := &instance{world: w, feed: make(chan bus.Message), taken: make(chan struct{})}
	i.Catalog = catalog.New(i, slog.New(slog.DiscardHandler))
	h := New(i.Catalog, func() time.Time { return w.clock.Add(i.skew) })
	i.call = web.NewPartners(w).Require(h.Changes)
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = i.Run(ctx)
	}()
	w.t.Cleanup(func() { cancel(); <-ended })
	i.feed <- bus.Message{} // Run is there
	<-i.taken
	return i
}

func (i *instance) ReplayAll(ctx context.Context, _, _ string, _ uint64, fn func(bus.Message), caughtUp func()) error {
	caughtUp()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case m := <-i.feed:
			if m.Sequence > 0 {
				fn(m)
			}
			i.taken <- struct{}{}
		}
	}
}

// follow lets the instance read up to n messages.
func (i *instance) follow(n int) {
	for ; n > 0 && i.read < len(i.messages); n-- {
		i.feed <- i.messages[i.read]
		<-i.taken
		i.read++
	}
}

func (w *world) LastSequence(context.Context, string) (uint64, error) {
	return uint64(len(w.messages)), nil
}

func (w *world) Last(_ context.Context, _, subject string) (bus.Message, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away[subject] {
		return bus.Message{}, fault.New(fault.Unavailable, "away")
	}
	for _, m := range slices.Backward(w.messages) {
		if m.Subject == subject {
			return m, nil
		}
	}
	return bus.Message{}, fault.New(fault.NotFound, "none")
}

func (w *world) Authenticate(_ context.Context, secret string) (partner.Key, error) {
	return partner.Key{Role: partner.Publishable, Partner: secret}, nil
}

func (w *world) Partner(_ context.Context, id string) (partner.Partner, error) {
	return *w.partners[id], nil
}

// append puts the next version of an edition into the log.
func (w *world) append(e article.Edition) {
	w.t.Helper()
	k := e.ID + " " + e.Language
	if e.Version == 0 {
		e.Version = len(w.editions[k]) + 1
	}
	if e.PubStatus == "" {
		e.PubStatus = article.Usable
	}
	e.SourceLanguage, e.Headline, e.BodyText, e.VersionCreated = "fr", "Headline", "Text", w.clock
	w.editions[k] = append(w.editions[k], version{e, w.clock})
	change := article.Change{EventID: fmt.Sprint("e", len(w.messages)), Edition: e}
	header, data, err := change.Encode()
	if err != nil {
		w.t.Fatalf("encode: %v", err)
	}
	w.messages = append(w.messages, bus.Message{
		Subject: article.Subject(e.ID, e.Language), Header: header, Data: data, Sequence: uint64(len(w.messages) + 1), Time: w.clock,
	})
}

// told is a page as a mirror reads it.
type told struct {
	Changes []struct {
		ID, Language string
		Version      int
		PubStatus    article.PubStatus
		At           time.Time
		Edition      *struct {
			article.Edition
			URL          string
			Translations []map[string]any
		}
		Corrections  []map[string]any
		Cancellation *article.Cancellation
	}
	Next string
	More bool
}

// ask makes a call at once: what is not there yet is not waited for.
func (i *instance) ask(site, after string, limit int) (told, error) {
	i.t.Helper()
	q := url.Values{"key": {site}, "limit": {fmt.Sprint(limit)}}
	if after != "" {
		q.Set("after", after)
	}
	return i.get("/v1/changes?" + q.Encode())
}

func (i *instance) get(address string) (told, error) {
	i.t.Helper()
	w, err := i.response(address, "")
	var page told
	if err != nil {
		return page, err
	}
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
		i.t.Fatalf("answer %q: %v", w.Body, err)
	}
	return page, nil
}

func (i *instance) response(address, tag string) (*httptest.ResponseRecorder, error) {
	i.t.Helper()
	ctx, cancel := context.WithCancel(i.t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	w := httptest.NewRecorder()
	return w, i.call(w, r)
}

// mustTell asks for a page that there must be, for lyon.
func (i *instance) mustTell(after string, limit int) told {
	i.t.Helper()
	page, err := i.ask("lyon", after, limit)
	if err != nil {
		i.t.Fatalf("changes after %q: %v", after, err)
	}
	return page
}

// names are the changes of a page, in short.
func (p told) names() []string {
	out := []string{}
	for _, c := range p.Changes {
		out = append(out, fmt.Sprint(c.ID, " ", c.Language, " ", c.Version, " ", c.PubStatus))
	}
	return out
}

func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Fatalf("%v, want %s", err, kind)
	}
}
