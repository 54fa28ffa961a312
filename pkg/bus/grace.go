// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/relais-press/relais/pkg/fault"
)

// grace is how long a call waits for a connection that was just lost. Servers that
// restart, one after the other, and credentials that are replaced cost a
// connection, which is back in less: no caller has to hear of it.
const grace = time.Second

// outage remembers when a connection was first found to be down.
type outage struct{ since atomic.Int64 } // Unix time in nanoseconds; 0: it is up

// left is how much of the grace is left; none once it is over, so that nobody
// waits for a log that is known to be away.
func (o *outage) left(now time.Time) time.Duration {
	o.since.CompareAndSwap(0, now.UnixNano())
	if since := o.since.Load(); since != 0 {
		return grace - now.Sub(time.Unix(0, since))
	}
	return grace
}

// over forgets the outage: the next one has a grace of its own.
func (o *outage) over() { o.since.Store(0) }

// connected returns nil once the connection is up; Unavailable when it is down and
// does not come back within the grace, which begins with the first call that finds
// it down.
func (b *Bus) connected() error {
	if b.conn.IsConnected() {
		b.outage.over()
		return nil
	}
	wait := b.outage.left(time.Now())
	if wait <= 0 || b.conn.IsClosed() {
		return unavailable("reach log", nats.ErrDisconnected)
	}
	changed := b.conn.StatusChanged(nats.CONNECTED, nats.CLOSED)
	defer b.conn.RemoveStatusListener(changed)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	if !b.conn.IsConnected() { // it may have come back before we listened
		select {
		case <-changed:
		case <-timer.C:
		}
	}
	if !b.conn.IsConnected() {
		return unavailable("reach log", nats.ErrDisconnected)
	}
	b.outage.over()
	return nil
}

// again asks the log, and once more when the connection was lost meanwhile and is
// back: the question went with it, and what looks like the end of an answer may be its
// loss. Unavailable when the connection is lost both times.
func again[T any](ctx context.Context, b *Bus, read func(context.Context) (T, error)) (v T, err error) {
	for range 2 {
		asked, cancel, refused := b.ask(ctx)
		if refused != nil {
			return v, refused
		}
		before := b.conn.Stats().Reconnects
		v, err = read(asked)
		cancel()
		if b.conn.IsConnected() && b.conn.Stats().Reconnects == before {
			return v, err
		}
	}
	if err == nil || fault.Is(err, fault.NotFound) {
		err = unavailable("read log", nats.ErrDisconnected)
	}
	return v, err
}
