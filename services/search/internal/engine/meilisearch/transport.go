// SPDX-License-Identifier: Apache-2.0

package meilisearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	meili "github.com/meilisearch/meilisearch-go"

	"github.com/relais-press/relais/pkg/fault"
)

// How the server is called. A call is tried again when nobody answered, or when
// the answer says to.
const (
	attempts       = 5
	attemptTimeout = 30 * time.Second
	firstPause     = 50 * time.Millisecond
	longestPause   = 2 * time.Second
	maxAnswer      = 256 << 20 // bytes
)

// sender sends requests whole, with their length, and again when that may help.
// The library's own retries send an empty body and hide why they gave up.
type sender struct{ next http.RoundTripper }

func (s sender) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		body, err = io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("read request: %w", err)
		}
	}
	for attempt, wait := 1, firstPause; ; attempt, wait = attempt+1, 2*wait {
		res, err := s.attempt(req, body)
		if cerr := req.Context().Err(); cerr != nil {
			return nil, cerr
		}
		if err == nil && !busy(res.StatusCode) || attempt == attempts {
			return res, err
		}
		if err == nil {
			if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
				wait = time.Duration(seconds) * time.Second
			}
		}
		if err := pause(req.Context(), min(wait, longestPause)); err != nil {
			return nil, err
		}
	}
}

func (s sender) attempt(req *http.Request, body []byte) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), attemptTimeout)
	defer cancel()
	again := req.Clone(ctx)
	if body != nil {
		again.Body = io.NopCloser(bytes.NewReader(body))
		again.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		again.ContentLength = int64(len(body))
	}
	res, err := s.next.RoundTrip(again)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("answer is longer than %d bytes", maxAnswer)
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	return res, nil
}

// busy reports whether a status says to come back; too_many_search_requests is a 503.
func busy(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// client is a connection to the server with one key.
type client struct {
	meili.ServiceManager
	http *http.Client
	url  string
	key  string
}

func newClient(url, key string, transport http.RoundTripper) *client {
	h := &http.Client{Transport: sender{transport}}
	return &client{
		ServiceManager: meili.New(url, meili.WithAPIKey(key), meili.WithCustomClient(h), meili.DisableRetries()),
		http:           h, url: url, key: key,
	}
}

// raw calls what the library cannot express, with JSON both ways.
func (c *client) raw(ctx context.Context, doing, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return explain(ctx, doing, err)
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusBadRequest {
		r := refusal{status: res.StatusCode}
		_ = json.NewDecoder(res.Body).Decode(&r) // what is no JSON has no code
		return r.wrap(doing)
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("%s: read answer: %w", doing, err)
	}
	return nil
}

// refusal is the server's reason not to do what it was asked, in a call or in a task.
type refusal struct {
	status  int // 0: of a task
	Message string
	Code    string
	Type    string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("meilisearch: %s (%s, status %d)", r.Message, r.Code, r.status)
}

// ours reports whether what was sent is to blame, so that sending it again is of no use.
func (r *refusal) ours() bool {
	return r.Type == "invalid_request" || r.status == http.StatusRequestEntityTooLarge || r.status == http.StatusBadRequest
}

func (r *refusal) wrap(doing string) error {
	if r.status >= http.StatusInternalServerError || r.status == http.StatusTooManyRequests || r.status == 0 && !r.ours() {
		return unavailable(doing, r)
	}
	return fmt.Errorf("%s: %w", doing, r)
}

func unavailable(doing string, err error) error {
	return fault.Wrap(fault.Unavailable, "The search index is away.", fmt.Errorf("%s: %w", doing, err))
}

// refused returns the server's reason within an error.
func refused(err error) (*refusal, bool) { return errors.AsType[*refusal](err) }

// missing reports whether an error says that an index or a document is not there.
func missing(err error) bool {
	r, ok := refused(err)
	return ok && (r.Code == "index_not_found" || r.Code == "document_not_found")
}

// explain tells what was being done when the library failed. The library's errors
// do not unwrap, and their text may hold whole requests and answers, keys included.
func explain(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if cerr := ctx.Err(); cerr != nil {
		return fmt.Errorf("%s: %w", doing, cerr)
	}
	e, ok := errors.AsType[*meili.Error](err)
	if !ok {
		return unavailable(doing, err) // of the transport
	}
	switch {
	case e.StatusCode == 0 && e.OriginError != nil:
		return unavailable(doing, e.OriginError)
	case e.OriginError != nil:
		return fmt.Errorf("%s: unreadable answer with status %d: %w", doing, e.StatusCode, e.OriginError)
	}
	r := refusal{e.StatusCode, e.MeilisearchApiError.Message, e.MeilisearchApiError.Code, e.MeilisearchApiError.Type}
	return r.wrap(doing)
}

// How a task is asked after.
const (
	firstPoll   = 5 * time.Millisecond
	longestPoll = 250 * time.Millisecond
)

// wait returns when a task has succeeded; for one that has not, with its refusal.
func (c *client) wait(ctx context.Context, doing string, task int64) error {
	for poll := firstPoll; ; poll = min(poll*3/2, longestPoll) {
		if err := pause(ctx, poll); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		t, err := c.GetTaskWithContext(ctx, task)
		if err != nil {
			return explain(ctx, doing, err)
		}
		switch t.Status {
		case meili.TaskStatusSucceeded:
			return nil
		case meili.TaskStatusFailed, meili.TaskStatusCanceled:
			r := refusal{0, t.Error.Message, t.Error.Code, t.Error.Type}
			return r.wrap(doing)
		}
	}
}

// done waits for a task that a call of the library returned.
func (c *client) done(ctx context.Context, doing string, task *meili.TaskInfo, err error) error {
	if err != nil {
		return explain(ctx, doing, err)
	}
	return c.wait(ctx, doing, task.TaskUID)
}
