// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/ingest/internal/editions"
)

const eventStream = "text/event-stream"

// streams holds what the open event streams have in common.
type streams struct {
	heartbeat time.Duration // a comment is sent this often, so that nobody on the way takes the stream for dead
	lifetime  time.Duration // a stream ends then, and its client opens another
	retry     time.Duration // how long a client waits before it does
	stall     time.Duration // a client that takes in nothing for so long is gone

	once  sync.Once
	ended chan struct{} // closed by end
}

func newStreams() *streams {
	return &streams{
		heartbeat: 15 * time.Second, lifetime: 10 * time.Minute, retry: 2 * time.Second, stall: 30 * time.Second,
		ended: make(chan struct{}),
	}
}

// EndStreams ends every event stream, open or to come, so that a server that
// drains does not wait for their clients. It may be called more than once.
func (a *API) EndStreams() { a.streams.once.Do(func() { close(a.streams.ended) }) }

// until is ctx, which also ends with the streams and after their lifetime.
func (s *streams) until(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, s.lifetime)
	go func() {
		select {
		case <-s.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// status is where an edition has arrived.
type status struct {
	Version int         `json:"version"`
	Stages  []bus.Stage `json:"stages"`
}

// statusOf joins what the log holds of an edition with what was told of it.
func statusOf(st editions.Stored, told []bus.Stage) status {
	stages := []bus.Stage{{Stage: "accepted", Version: st.Edition.Version, At: st.Edition.VersionCreated}}
	for _, s := range told {
		// Of several instances the one furthest behind speaks for the stage.
		if last := &stages[len(stages)-1]; last.Stage == s.Stage {
			if s.Version < last.Version {
				*last = s
			}
			continue
		}
		stages = append(stages, s)
	}
	return status{st.Edition.Version, stages}
}

// getStatus tells where an edition has arrived: once, or to who asks for an
// event stream now and at every change.
func (a *API) getStatus(w http.ResponseWriter, r *http.Request) error {
	st, _, err := a.current(r)
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept")
	if r.Method == http.MethodGet && wantsEvents(r.Header.Get("Accept")) {
		return a.streamStatus(w, r, st)
	}
	told, err := a.Stages.Of(r.Context(), st.Edition.ID, st.Edition.Language)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, r, http.StatusOK, statusOf(st, told))
}

// wantsEvents reports whether an Accept header names event streams.
func wantsEvents(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		mt, params, err := mime.ParseMediaType(part)
		if err != nil || mt != eventStream {
			continue
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		return err != nil || q > 0
	}
	return false
}

// streamStatus answers with server-sent events (WHATWG HTML §9.2): "status"
// carries the JSON of the plain answer, its id names that state. A stream ends
// without a farewell when its time is over, the service stops or the log goes
// away; the client comes back and is told the present state first. Nothing is
// written when the log cannot be followed at all.
func (a *API) streamStatus(w http.ResponseWriter, r *http.Request, st editions.Stored) error {
	ctx, cancel := a.streams.until(r.Context())
	changes, ended := make(chan []bus.Stage), make(chan error, 1)
	var following sync.WaitGroup
	defer func() { cancel(); following.Wait() }()
	following.Go(func() {
		ended <- a.Stages.Follow(ctx, st.Edition.ID, st.Edition.Language, func(told []bus.Stage) {
			select {
			case changes <- told:
			case <-ctx.Done():
			}
		})
	})
	out := &eventWriter{w: w, control: http.NewResponseController(w), stall: a.streams.stall}
	beat := time.NewTicker(a.streams.heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case told := <-changes:
			err = a.sendStatus(ctx, out, st, told)
		case <-beat.C:
			err = out.send(": \n\n")
		case err = <-ended:
		}
		switch {
		case err == nil:
		case out.open || r.Context().Err() != nil:
			return nil // what was written so far stands
		case ctx.Err() != nil:
			return fault.New(fault.Unavailable, "the service is stopping; try again")
		default:
			return err
		}
	}
}

// sendStatus sends the state that a change of the stages led to. What was told
// of a version comes after the version, so it is read again first.
func (a *API) sendStatus(ctx context.Context, out *eventWriter, st editions.Stored, told []bus.Stage) error {
	st, err := a.Editions.Get(ctx, st.Edition.ID, st.Edition.Language)
	if err != nil {
		return err
	}
	var data bytes.Buffer
	enc := json.NewEncoder(&data)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(statusOf(st, told)); err != nil {
		return fmt.Errorf("encode status: %w", err)
	}
	id := strings.Trim(web.Tag(data.Bytes()), `"`)
	if id == out.last {
		return nil
	}
	if err := out.start(a.streams.retry); err != nil {
		return err
	}
	out.last = id
	return out.send("event: status\nid: " + id + "\ndata: " + data.String() + "\n")
}

// eventWriter writes an event stream.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	open    bool   // the header is written
	last    string // id of the last event
}

// start writes the header, once. From then on the server's time limits of one
// request do not hold: each write has its own.
func (e *eventWriter) start(retry time.Duration) error {
	if e.open {
		return nil
	}
	// A writer without deadlines has none to lift.
	if err := e.control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("open event stream: %w", err)
	}
	h := e.w.Header()
	h.Set("Content-Type", eventStream)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	e.open = true
	e.w.WriteHeader(http.StatusOK)
	return e.send(fmt.Sprintf("retry: %d\n\n", retry.Milliseconds()))
}

// send writes some lines and sees them off. Before start it does nothing.
func (e *eventWriter) send(lines string) error {
	if !e.open {
		return nil
	}
	_ = e.control.SetWriteDeadline(time.Now().Add(e.stall)) // where there are none, none is needed
	if _, err := e.w.Write([]byte(lines)); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	if err := e.control.Flush(); err != nil {
		return fmt.Errorf("flush event: %w", err)
	}
	return nil
}
