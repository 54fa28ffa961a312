// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// Last returns the newest message of a subject, or NotFound.
func (b *Bus) Last(ctx context.Context, stream, subject string) (Message, error) {
	return again(ctx, b, func(ctx context.Context) (Message, error) {
		var raw *jetstream.RawStreamMsg
		var err error
		if s := b.streams[stream]; s.replicated {
			raw, err = b.fromLeader(ctx, stream, subject)
		} else {
			raw, err = s.GetLastMsgForSubject(ctx, subject)
		}
		if err != nil {
			return Message{}, notFoundOr("read "+subject, err)
		}
		return fromRaw(raw), nil
	})
}

// Waiting is how many messages a reader of a batch may have waiting, for
// [nats.SyncQueueLen]: more than any batch read here has, and few enough that
// the room for them costs nothing.
const Waiting = 2048

// LastOfEach returns the newest message of every subject that matches a filter,
// in the order of the log; none when no subject does. At most 1,024 subjects may
// match.
func (b *Bus) LastOfEach(ctx context.Context, stream, filter string) ([]Message, error) {
	return again(ctx, b, func(ctx context.Context) ([]Message, error) {
		return b.abreast(ctx, stream, filter, func() ([]Message, error) {
			return b.collect(ctx, "read "+filter, func() (messages, error) {
				return jetstreamext.GetLastMsgsFor(ctx, b.js, stream, []string{filter})
			})
		})
	})
}

// History returns the messages kept of a subject, oldest first.
func (b *Bus) History(ctx context.Context, stream, subject string) ([]Message, error) {
	return b.abreast(ctx, stream, subject, func() ([]Message, error) { return b.history(ctx, stream, subject) })
}

func (b *Bus) history(ctx context.Context, stream, subject string) ([]Message, error) {
	const page = 16 // bounds what the server holds: a message may have megabytes
	var out []Message
	for next := uint64(1); ; {
		batch, err := again(ctx, b, func(ctx context.Context) ([]Message, error) {
			return b.collect(ctx, "read history of "+subject, func() (messages, error) {
				return jetstreamext.GetBatch(ctx, b.js, stream, page, jetstreamext.GetBatchSubject(subject), jetstreamext.GetBatchSeq(next))
			})
		})
		out = append(out, batch...)
		if err != nil || len(batch) == 0 { // a page may be short for its bytes
			return out, err
		}
		next = batch[len(batch)-1].Sequence + 1
	}
}

// messages is what a batched direct get (NATS ADR-31) hands over.
type messages = func(yield func(*jetstream.RawStreamMsg, error) bool)

// collect returns what a batched direct get hands over, within the time of ctx. A
// batch that is cut off, because its time is over or the connection closed, ends
// like one that is whole: it is Unavailable, so that nobody takes what is there
// for missing.
func (b *Bus) collect(ctx context.Context, op string, get func() (messages, error)) ([]Message, error) {
	var out []Message
	list, err := get()
	if err != nil {
		return nil, unavailable(op, err)
	}
	for raw, err := range list {
		switch {
		case errors.Is(err, jetstreamext.ErrNoMessages) && ctx.Err() == nil:
			return out, nil
		case err != nil:
			return nil, unavailable(op, err)
		}
		out = append(out, fromRaw(raw))
	}
	if err := ctx.Err(); err != nil || b.conn.IsClosed() {
		return nil, unavailable(op, errors.Join(errors.New("the batch was cut off"), err))
	}
	return out, nil
}

// Headers hands the headers of the messages that match a filter, from one
// sequence to another, both included, to fn in the order of the log. Data is not
// read.
func (b *Bus) Headers(ctx context.Context, stream, filter string, from, to uint64, fn func(Message)) error {
	return b.scan(ctx, stream, from, to, jetstream.OrderedConsumerConfig{FilterSubjects: []string{filter}, HeadersOnly: true}, 500,
		func(m Message) error { fn(m); return nil })
}

// Scan hands the messages of a stream from one sequence to another, both
// included, to fn in the order of the log, none left out that is still kept. It
// ends with the first error of fn.
func (b *Bus) Scan(ctx context.Context, stream string, from, to uint64, fn func(Message) error) error {
	return b.scan(ctx, stream, from, to, jetstream.OrderedConsumerConfig{}, 100, fn)
}

func (b *Bus) scan(ctx context.Context, stream string, from, to uint64, cfg jetstream.OrderedConsumerConfig, ahead int, fn func(Message) error) error {
	if err := b.connected(); err != nil {
		return err
	}
	cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, max(from, 1)
	consumer, err := b.js.OrderedConsumer(ctx, stream, cfg)
	if err != nil {
		return unavailable("scan "+stream, err)
	}
	if consumer.CachedInfo().NumPending == 0 {
		return nil
	}
	it, err := consumer.Messages(jetstream.PullMaxMessages(ahead), jetstream.PullExpiry(pullExpiry), jetstream.PullHeartbeat(pullBeat))
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
		if err := fn(fromMsg(m)); err != nil || meta.NumPending == 0 {
			return err
		}
	}
}

// Extent is what a stream holds.
type Extent struct {
	First, Last uint64    // sequences; First is Last+1 when there is no message
	Since       time.Time // when the first message was written; zero: there is none
}

// Extent says from where to where a stream goes.
func (b *Bus) Extent(ctx context.Context, stream string) (Extent, error) {
	ctx, cancel, err := b.ask(ctx)
	if err != nil {
		return Extent{}, err
	}
	defer cancel()
	info, err := b.streams[stream].Info(ctx)
	if err != nil {
		return Extent{}, unavailable("inspect "+stream, err)
	}
	s := info.State
	if s.Msgs == 0 {
		return Extent{First: s.LastSeq + 1, Last: s.LastSeq}, nil
	}
	return Extent{First: s.FirstSeq, Last: s.LastSeq, Since: s.FirstTime}, nil
}

// Forget removes from a stream the messages that were written before a moment,
// for good. Sequences go on as if they were there.
func (b *Bus) Forget(ctx context.Context, stream string, before time.Time) error {
	if err := b.connected(); err != nil {
		return err
	}
	first, err := b.firstSince(ctx, stream, before)
	if err != nil || first <= 1 {
		return err
	}
	if err := b.streams[stream].Purge(ctx, jetstream.WithPurgeSequence(first)); err != nil {
		return unavailable("forget of "+stream, err)
	}
	return nil
}

// firstSince is a sequence such that the messages before it were written before
// a moment, and those from it on were not. It asks the copy that leads: one that
// is behind would say that there is nothing newer.
func (b *Bus) firstSince(ctx context.Context, stream string, at time.Time) (uint64, error) {
	kept, err := b.Extent(ctx, stream)
	if err != nil || kept.First > kept.Last || !kept.Since.Before(at) {
		return kept.First, err
	}
	low, high := kept.First, kept.Last+1
	for low < high {
		middle := low + (high-low)/2
		m, err := b.askLeader(ctx, stream, wanted{Sequence: middle, Next: ">"})
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound): // nothing is kept from there on
			high = middle
		case err != nil:
			return 0, unavailable("search "+stream, err)
		case m.Time.Before(at):
			low = m.Sequence + 1
		default:
			high = middle
		}
	}
	return low, nil
}

// Subjects lists the subjects of a stream that match a filter.
func (b *Bus) Subjects(ctx context.Context, stream, filter string) ([]string, error) {
	return b.subjects(ctx, b.streams[stream], filter)
}

func (b *Bus) subjects(ctx context.Context, stream jetstream.Stream, filter string) ([]string, error) {
	ctx, cancel, err := b.ask(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
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
	ctx, cancel, err := b.ask(ctx)
	if err != nil {
		return 0, err
	}
	defer cancel()
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
