// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/fault"
)

// Mark names one message of a stream for good: a log that was restored from an
// older copy, or lost its tail in a crash, holds another one at the sequence.
type Mark struct {
	Sequence uint64    `json:"sequence"` // 0: none
	Time     time.Time `json:"time"`     // when the log took it
}

// Mark is where a message stands.
func (m *Message) Mark() Mark { return Mark{m.Sequence, m.Time} }

// Holds reports whether a stream goes as far as a mark and has that message
// there, or has let go of it, as of an old version.
func (b *Bus) Holds(ctx context.Context, stream string, mark Mark) (bool, error) {
	if mark.Sequence == 0 {
		return true, nil
	}
	last, err := b.LastSequence(ctx, stream)
	if err != nil || last < mark.Sequence {
		return false, err
	}
	m, err := b.streams[stream].GetMsg(ctx, mark.Sequence)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return true, nil
	case err != nil:
		return false, unavailable(fmt.Sprintf("read %d of %s", mark.Sequence, stream), err)
	}
	return m.Time.Equal(mark.Time), nil
}

// ErrForgot is how Watch ends: what this process knows is no longer what the log says.
var ErrForgot = fault.New(fault.Internal, "the log has lost its newest editions, which this process knows already: "+
	"it has to be started again, to read the log anew")

// readings are the newest edition that this process has read, and had read when
// the connection was made that it now has.
type readings struct {
	mu         sync.Mutex
	now        Mark
	before     Mark
	connection uint64 // that now was read over: how often it had been made again
}

// note remembers the newest edition that this process has read.
func (b *Bus) note(stream string, m *Message) {
	if stream != Articles {
		return
	}
	connection := b.conn.Stats().Reconnects
	r := &b.read
	r.mu.Lock()
	defer r.mu.Unlock()
	if connection != r.connection {
		r.before, r.connection = r.now, connection
	}
	if m.Sequence > r.now.Sequence {
		r.now = m.Mark()
	}
}

// mark is the newest edition that was read before the present connection was made.
func (b *Bus) mark() Mark {
	connection := b.conn.Stats().Reconnects
	r := &b.read
	r.mu.Lock()
	defer r.mu.Unlock()
	if connection != r.connection {
		return r.now
	}
	return r.before
}

// Watch looks, each time the connection was lost and is there again, whether the
// log still has the newest edition that this process had read before. It ends with
// ErrForgot when it does not, and otherwise with ctx, returning nil.
func (b *Bus) Watch(ctx context.Context) error {
	again := b.conn.StatusChanged(nats.CONNECTED)
	defer b.conn.RemoveStatusListener(again)
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-again:
			if !open {
				return nil
			}
		}
		if held, err := b.insistOnHolds(ctx, b.mark()); err == nil && !held {
			return ErrForgot
		}
	}
}

// insistOnHolds is Holds of the editions, asked until there is an answer, ctx
// ends or the connection is lost again.
func (b *Bus) insistOnHolds(ctx context.Context, mark Mark) (held bool, err error) {
	for attempt := 0; ; attempt++ {
		once, cancel := context.WithTimeout(ctx, 3*time.Second)
		held, err = b.Holds(once, Articles, mark)
		cancel()
		if err == nil || ctx.Err() != nil || b.connected() != nil {
			return held, err
		}
		wait(ctx, backoff(attempt))
	}
}

// errReconnected ends what reads from a log that may have forgotten its readers:
// that would be noticed by itself only after many seconds.
var errReconnected = errors.New("the connection was lost")

// untilReconnected returns a context that ends, with errReconnected as its cause,
// when the connection has been lost and is there again. done must be called.
func (b *Bus) untilReconnected(ctx context.Context) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	again := b.conn.StatusChanged(nats.CONNECTED)
	go func() {
		select {
		case <-again:
			cancel(errReconnected)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel(nil)
		b.conn.RemoveStatusListener(again)
	}
}
