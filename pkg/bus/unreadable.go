// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// catchUp is how often a copy that is behind is asked in vain, for two seconds each time.
const catchUp = 5

// Unreadable reads every message of a stream, as it is when the call begins,
// and returns how many of those that the stream says it has did not come: a
// disk that forgets is not noticed by the server. A stream that is written to, or
// whose messages age, while it is read may seem to lack those that it dropped
// meanwhile, which are not counted. Messages are handed to each, which
// may be nil, without their data.
func Unreadable(ctx context.Context, js jetstream.JetStream, stream string, each func(Message)) (uint64, error) {
	before, copies, err := stateOf(ctx, js, stream)
	if err != nil || before.Msgs == 0 {
		return 0, err
	}
	consumer, err := js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(before.FirstSeq, 1), HeadersOnly: true,
	})
	if err != nil {
		return 0, unavailable("read "+stream, err)
	}
	read, last, pending := uint64(0), uint64(0), consumer.CachedInfo().NumPending
	// One of several copies may be asked that is still catching up.
	for idle := 0; read < before.Msgs && last < before.LastSeq && (pending > 0 || copies) && ctx.Err() == nil; {
		batch, err := consumer.Fetch(int(min(max(pending, 1), 500)), jetstream.FetchMaxWait(2*time.Second))
		if err != nil {
			return 0, unavailable("read "+stream, err)
		}
		n := 0
		for m := range batch.Messages() {
			meta, err := m.Metadata()
			if err != nil {
				return 0, fmt.Errorf("read %s: %w", stream, err)
			}
			n++
			pending = meta.NumPending
			if last = meta.Sequence.Stream; last > before.LastSeq {
				continue
			}
			read++
			if each != nil {
				each(fromMsg(m))
			}
		}
		if idle++; n > 0 {
			idle = 0
		}
		if idle > 0 && !copies || idle == catchUp { // the rest does not come
			break
		}
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	after, _, err := stateOf(ctx, js, stream)
	if err != nil {
		return 0, err
	}
	// What was dropped in between was written over, or had become too old.
	dropped := before.Msgs + (after.LastSeq - before.LastSeq) - min(after.Msgs, before.Msgs+after.LastSeq-before.LastSeq)
	if missing := before.Msgs - min(read, before.Msgs); missing > dropped {
		return missing - dropped, nil
	}
	return 0, nil
}

// stateOf is what a stream holds, and whether there are several copies of it.
func stateOf(ctx context.Context, js jetstream.JetStream, stream string) (_ jetstream.StreamState, copies bool, _ error) {
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return jetstream.StreamState{}, false, unavailable("inspect "+stream, err)
	}
	info := s.CachedInfo()
	return info.State, info.Config.Replicas > 1, nil
}
