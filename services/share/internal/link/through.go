// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"time"

	"github.com/relais-press/relais/pkg/fault"
)

// reader reads a key from the log, with its revision.
type reader[V any] func(ctx context.Context, key string) (V, uint64, error)

// through returns the value of a key from the cache, else from the log: one
// reading for all who wait for the same key, each of them for as long as it likes.
// The reading goes on without them, so that the next one finds its result.
func (c *cache[V]) through(ctx context.Context, key string, wait time.Duration, read reader[V]) (V, error) {
	v, found, absent := c.get(key)
	switch {
	case found:
		return v, nil
	case absent:
		return v, fault.New(fault.NotFound, "not found")
	}
	answer := c.reading.DoChan(key, func() (any, error) {
		if held, found, _ := c.get(key); found { // an earlier reading has just ended
			return held, nil
		}
		flight, cancel := context.WithTimeout(context.WithoutCancel(ctx), callWait)
		defer cancel()
		return c.fresh(flight, key, read)
	})
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case r := <-answer:
		if r.Err != nil {
			return v, r.Err
		}
		return r.Val.(V), nil
	case <-ctx.Done():
		return v, fault.Wrap(fault.Unavailable, "the log does not answer; try again", ctx.Err())
	case <-timer.C:
		return v, fault.New(fault.Unavailable, "the log does not answer; try again")
	}
}

// fresh reads until the reading is as new as what the log has told of: a replica
// may lag behind.
func (c *cache[V]) fresh(ctx context.Context, key string, read reader[V]) (V, error) {
	for {
		v, revision, err := read(ctx, key)
		switch {
		case fault.Is(err, fault.NotFound):
			if c.miss(key) {
				return v, err
			}
		case err != nil:
			return v, err
		default:
			if newest, ok := c.put(key, v, revision); ok {
				return newest, nil
			}
		}
		if held, found, _ := c.get(key); found {
			return held, nil
		}
		select {
		case <-ctx.Done():
			return v, fault.Wrap(fault.Unavailable, "the log does not answer; try again", ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
}
