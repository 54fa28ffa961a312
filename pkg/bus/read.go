// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// Last returns the newest message of a subject, or NotFound.
func (b *Bus) Last(ctx context.Context, stream, subject string) (Message, error) {
	if err := b.connected(); err != nil {
		return Message{}, err
	}
	raw, err := b.streams[stream].GetLastMsgForSubject(ctx, subject)
	if err != nil {
		return Message{}, notFoundOr("read "+subject, err)
	}
	return fromRaw(raw), nil
}

// Waiting is how many messages a reader of a batch may have waiting, for
// [nats.SyncQueueLen]: more than any batch read here has, and few enough that
// the room for them costs nothing.
const Waiting = 2048

// LastOfEach returns the newest message of every subject that matches a filter,
// in the order of the log; none when no subject does. At most 1,024 subjects may
// match.
func (b *Bus) LastOfEach(ctx context.Context, stream, filter string) ([]Message, error) {
	if err := b.connected(); err != nil {
		return nil, err
	}
	return collect("read "+filter, func() (messages, error) {
		return jetstreamext.GetLastMsgsFor(ctx, b.js, stream, []string{filter})
	})
}

// History returns the messages kept of a subject, oldest first.
func (b *Bus) History(ctx context.Context, stream, subject string) ([]Message, error) {
	if err := b.connected(); err != nil {
		return nil, err
	}
	const page = 16 // bounds what the server holds: a message may have megabytes
	var out []Message
	for next := uint64(1); ; {
		batch, err := collect("read history of "+subject, func() (messages, error) {
			return jetstreamext.GetBatch(ctx, b.js, stream, page, jetstreamext.GetBatchSubject(subject), jetstreamext.GetBatchSeq(next))
		})
		out = append(out, batch...)
		if err != nil || len(batch) < page {
			return out, err
		}
		next = batch[len(batch)-1].Sequence + 1
	}
}

// messages is what a batched direct get (NATS ADR-31) hands over.
type messages = func(yield func(*jetstream.RawStreamMsg, error) bool)

func collect(op string, get func() (messages, error)) ([]Message, error) {
	var out []Message
	list, err := get()
	if err != nil {
		return nil, unavailable(op, err)
	}
	for raw, err := range list {
		switch {
		case errors.Is(err, jetstreamext.ErrNoMessages):
			return out, nil
		case err != nil:
			return nil, unavailable(op, err)
		}
		out = append(out, fromRaw(raw))
	}
	return out, nil
}

// Headers hands the headers of the messages that match a filter, from one
// sequence to another, both included, to fn in the order of the log. Data is not
// read.
func (b *Bus) Headers(ctx context.Context, stream, filter string, from, to uint64, fn func(Message)) error {
	if err := b.connected(); err != nil {
		return err
	}
	consumer, err := b.js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(from, 1), HeadersOnly: true,
	})
	if err != nil {
		return unavailable("scan "+stream, err)
	}
	if consumer.CachedInfo().NumPending == 0 {
		return nil
	}
	it, err := consumer.Messages(jetstream.PullMaxMessages(500))
	if err != nil {
		return unavailable("scan "+stream, err)
	}
	defer context.AfterFunc(ctx, it.Stop)()
	defer it.Stop()
	for {
		m, err := it.Next()
		if err != nil {
			return unavailable("scan "+stream, errors.Join(ctx.Err(), err))
		}
		meta, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("scan %s: %w", stream, err)
		}
		if meta.Sequence.Stream > to {
			return nil
		}
		fn(fromMsg(m))
		if meta.NumPending == 0 {
			return nil
		}
	}
}

// Subjects lists the subjects of a stream that match a filter.
func (b *Bus) Subjects(ctx context.Context, stream, filter string) ([]string, error) {
	return b.subjects(ctx, b.streams[stream], filter)
}

func (b *Bus) subjects(ctx context.Context, stream jetstream.Stream, filter string) ([]string, error) {
	if err := b.connected(); err != nil {
		return nil, err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		return nil, unavailable("list "+filter, err)
	}
	out := make([]string, 0, len(info.State.Subjects))
	for subject := range info.State.Subjects {
		out = append(out, subject)
	}
	return out, nil
}

// LastSequence is the sequence of the stream's newest message; 0 when it is empty.
func (b *Bus) LastSequence(ctx context.Context, stream string) (uint64, error) {
	info, err := b.streams[stream].Info(ctx)
	if err != nil {
		return 0, unavailable("inspect "+stream, err)
	}
	return info.State.LastSeq, nil
}

func fromRaw(raw *jetstream.RawStreamMsg) Message {
	return Message{
		Subject: raw.Subject, ID: raw.Header.Get(nats.MsgIdHdr), Header: raw.Header, Data: raw.Data,
		Sequence: raw.Sequence, Time: raw.Time,
	}
}
