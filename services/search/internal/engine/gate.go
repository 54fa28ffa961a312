// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"sync"
)

// Gate lets calls into an engine until it is closed, as Engine's contract wants
// it. Its zero value is open.
type Gate struct {
	calls  sync.RWMutex // read-held by every call, held to close
	closed bool
}

// Enter lets a call in; leave must be called when it is over. A context that has
// ended, or an engine that is closed, is an error.
func (g *Gate) Enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g.calls.RLock()
	if g.closed {
		g.calls.RUnlock()
		return nil, ErrClosed
	}
	return g.calls.RUnlock, nil
}

// Close waits for the calls under way, then calls release; a second call does
// nothing.
func (g *Gate) Close(release func() error) error {
	g.calls.Lock()
	defer g.calls.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	return release()
}
