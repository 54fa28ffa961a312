// SPDX-License-Identifier: Apache-2.0

package embedder

import (
	"context"
	"sync"
	"time"
)

// The limits of Query.
const (
	patience    = 300 * time.Millisecond // of a reader, for the vector
	maxRecent   = 512                    // questions whose vectors are kept
	maxFailures = 3                      // in a row, then the circuit opens
	openFor     = 10 * time.Second
)

// Query returns the vector of a reader's question, of length 1. It must not be
// changed. It takes at most 300 ms; what has been asked lately is answered at once.
//
// The vector is nil when the text is blank, when the server fails, and when it
// failed so lately that it is not asked: then words alone have to do.
func (e *Embedder) Query(ctx context.Context, text string) []float32 {
	if e == nil {
		return nil
	}
	text = cut(text, maxText)
	if text == "" {
		return nil
	}
	if v := e.recent.get(text); v != nil {
		return v
	}
	admitted, probe := e.circuit.admit(time.Now())
	if !admitted {
		e.metrics.degraded.Inc()
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	vectors, err := e.request(limited, []string{text})
	switch {
	case err != nil && ctx.Err() != nil:
		e.circuit.release(probe) // the reader has gone: that says nothing of the server
		return nil
	case err != nil:
		e.metrics.degraded.Inc()
		if e.circuit.failed(time.Now(), probe) {
			e.log.WarnContext(ctx, "embedder fails: questions are answered by words alone", "error", err)
		}
		return nil
	}
	if e.circuit.succeeded(probe) {
		e.log.InfoContext(ctx, "embedder is back")
	}
	e.recent.put(text, vectors[0])
	return vectors[0]
}

// circuit keeps questions from a server that fails.
type circuit struct {
	mu       sync.Mutex
	failures int       // in a row
	until    time.Time // when a probe may be made, once there are maxFailures
	probing  bool
}

// admit reports whether the server may be asked, and whether that is a probe.
func (c *circuit) admit(now time.Time) (admitted, probe bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failures < maxFailures {
		return true, false
	}
	if c.probing || now.Before(c.until) {
		return false, false
	}
	c.probing = true
	return true, true
}

// release takes back what was admitted and came to nothing.
func (c *circuit) release(probe bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probing = c.probing && !probe
}

// failed counts a failure and reports whether it opened the circuit.
func (c *circuit) failed(now time.Time, probe bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probing = c.probing && !probe
	c.failures++
	if probe || c.failures == maxFailures {
		c.until = now.Add(openFor)
	}
	return c.failures == maxFailures
}

// succeeded closes the circuit and reports whether it was open.
func (c *circuit) succeeded(probe bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probing = c.probing && !probe
	open := c.failures >= maxFailures
	c.failures = 0
	return open
}
