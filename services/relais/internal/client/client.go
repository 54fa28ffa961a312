// SPDX-License-Identifier: Apache-2.0

// Package client calls a relay's API as an editor's program does.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Client calls the API of the relay at Base (without a trailing slash) with a
// bearer key.
type Client struct{ Base, Key string }

// StatusError is an answer that is not 2xx.
type StatusError struct {
	Status  int
	Problem Problem // what the answer says is wrong; empty when it is no problem answer
	body    string
}

// Problem is the part of a problem answer (RFC 9457) that a person reads.
type Problem struct {
	Title, Detail string
	Errors        []struct{ Pointer, Detail string }
}

func (e *StatusError) Error() string {
	if e.Problem.Title == "" {
		return fmt.Sprintf("status %d: %s", e.Status, e.body)
	}
	lines := []string{fmt.Sprintf("status %d: %s", e.Status, e.Problem.Title)}
	if e.Problem.Detail != "" {
		lines[0] += ": " + e.Problem.Detail
	}
	for _, f := range e.Problem.Errors {
		lines = append(lines, "  "+f.Pointer+": "+f.Detail)
	}
	return strings.Join(lines, "\n")
}

// patience is how long an answer may take that does not depend on how much is
// sent.
const patience = 15 * time.Second

// Do sends in (bytes as they are, anything else as JSON) and decodes the answer
// into out unless it is nil. header is names and values in turn.
func (c Client) Do(ctx context.Context, method, path, contentType string, in, out any, header ...string) error {
	var body io.Reader
	switch v := in.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(b)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return c.Stream(ctx, method, path, contentType, body, out, header...)
}

// Stream is Do for a body of any length, which may take as long as ctx allows.
func (c Client) Stream(ctx context.Context, method, path, contentType string, body io.Reader, out any, header ...string) error {
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode >= 300 {
		e := &StatusError{Status: resp.StatusCode, body: string(answer)}
		_ = json.Unmarshal(answer, &e.Problem) // or it is shown as it is
		return fmt.Errorf("%s %s: %w", method, path, e)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// Open asks for an answer of any length, which the caller reads and closes.
func (c Client) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", path, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", path, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", path, err)
	}
	e := &StatusError{Status: resp.StatusCode, body: string(answer)}
	_ = json.Unmarshal(answer, &e.Problem) // or it is shown as it is
	return nil, fmt.Errorf("GET %s: %w", path, e)
}

// Ready waits until the relay can do its job, for at most a minute.
func (c Client) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := c.Do(ctx, http.MethodGet, "/readyz", "", nil, nil)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the relay is not ready: %w", err)
		case <-tick.C:
		}
	}
}
