// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/fault"
)

// maxDeliveries is how often a message that fails by itself is tried.
const maxDeliveries = 5

// farewell is how long the end of a reader waits for a log that may be away.
const farewell = time.Second

// pullExpiry is how long a request for messages stands at the log; pullBeat is
// how often the log says that it still does. A request is made again when two
// beats are missing: a server of a cluster that fails takes those it held along.
const (
	pullExpiry = 30 * time.Second
	pullBeat   = 2 * time.Second
)

// Headers of a dead letter beside those of the message it holds.
const (
	HeaderStream   = "relais-stream"
	HeaderSequence = "relais-sequence"
	HeaderReason   = "relais-reason"
)

// Consume hands the messages of a durable consumer to handle, in the order of
// the log and in batches of what is waiting, until ctx ends; then it finishes
// what it holds and returns nil. Messages are acknowledged when handle returns
// nil. The kind of its error (package fault) decides otherwise: Suspend tries
// the same batch again for as long as it takes; of anything else the messages
// are handled one by one, and one that fails again is delivered later, or put
// aside in DEADLETTERS when it never can or after five deliveries, so that it
// blocks no other. Handlers see a message again after a fault: they compare
// versions or sequences before they apply it.
func (b *Bus) Consume(ctx context.Context, c Consumer, handle func(context.Context, []Message) error) error {
	held := false
	for attempt := 0; ctx.Err() == nil; attempt++ {
		err := b.consume(ctx, c, &held, handle)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, ErrTaken) {
			return err
		}
		b.log.WarnContext(ctx, "consumer interrupted", "consumer", c.Name, "error", err)
		wait(ctx, backoff(attempt))
	}
	return nil
}

// consume is Consume until something fails; held says whether the consumer was ours once.
func (b *Bus) consume(ctx context.Context, c Consumer, held *bool, handle func(context.Context, []Message) error) error {
	consumer, err := b.declare(ctx, c, *held)
	if err != nil {
		return err
	}
	*held = true
	it, err := consumer.Messages(jetstream.PullMaxMessages(2*c.Batch), jetstream.PullExpiry(pullExpiry), jetstream.PullHeartbeat(pullBeat))
	if err != nil {
		return fmt.Errorf("consume %s: %w", c.Name, err)
	}
	drained, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	defer context.AfterFunc(ctx, func() {
		it.Drain()
		wait(drained, farewell)
		giveUp()
	})()
	feed, failed := make(chan jetstream.Msg, c.Batch), make(chan error, 1)
	go pump(drained, it, feed, failed)
	// What is in hand is finished even when ctx has ended.
	hold := context.WithoutCancel(ctx)
	b.hands.add(c.Name, consumer)
	for _, kind := range []fault.Kind{fault.Malformed, fault.Internal} { // told as 0, so that the first is seen to come
		b.deadLetters.WithLabelValues(c.Name, kind.Slug())
	}
	for first := range feed {
		if err := b.deliver(ctx, hold, c, gather(first, feed, c.Batch), handle); err != nil {
			it.Stop()
			for range feed {
				// Left unacknowledged: the log delivers them again.
			}
			return err
		}
	}
	return <-failed
}

// IndexConsumer starts the names of the consumers that fill an index; the name
// of the instance follows.
const IndexConsumer = "search-"

// Running lists what follows prefix in the names of a stream's consumers that
// somebody is reading from. One that was killed counts for up to 30 s.
func (b *Bus) Running(ctx context.Context, stream, prefix string) ([]string, error) {
	if err := b.connected(); err != nil {
		return nil, err
	}
	var out []string
	list := b.streams[stream].ListConsumers(ctx)
	for info := range list.Info() {
		name, ok := strings.CutPrefix(info.Name, prefix)
		busy := info.Delivered.Last != nil && info.NumAckPending > 0 && info.TimeStamp.Sub(*info.Delivered.Last) < pullExpiry
		if ok && (info.NumWaiting > 0 || busy) {
			out = append(out, name)
		}
	}
	if err := list.Err(); err != nil {
		return nil, unavailable("list consumers of "+stream, err)
	}
	return out, nil
}

func (b *Bus) declare(ctx context.Context, c Consumer, held bool) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cfg := c.config()
	if c.Start != nil {
		if err := b.own(ctx, c, held); err != nil {
			return nil, err
		}
		cfg.Metadata = map[string]string{ownerKey: b.owner}
		after, err := c.Start()
		if err != nil {
			return nil, fmt.Errorf("start of %s: %w", c.Name, err)
		}
		if err := b.js.DeleteConsumer(ctx, c.Stream, c.Name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return nil, unavailable("reset consumer "+c.Name, err)
		}
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, after+1
	}
	consumer, err := b.js.CreateOrUpdateConsumer(ctx, c.Stream, cfg)
	if err != nil {
		return nil, unavailable("declare consumer "+c.Name, err)
	}
	return consumer, nil
}

// pump moves messages from the iterator to feed until the iterator is closed,
// its consumer is gone, or ctx ends; it then says why and closes feed.
func pump(ctx context.Context, it jetstream.MessagesContext, feed chan<- jetstream.Msg, failed chan<- error) {
	defer close(feed)
	for {
		m, err := it.Next(jetstream.NextContext(ctx))
		switch {
		case err == nil:
			feed <- m
		case errors.Is(err, jetstream.ErrNoHeartbeat):
			// The log is away or slow: the iterator goes on by itself.
		default:
			it.Stop()
			failed <- err
			return
		}
	}
}

func gather(first jetstream.Msg, feed <-chan jetstream.Msg, limit int) []jetstream.Msg {
	batch := []jetstream.Msg{first}
	for len(batch) < limit {
		select {
		case m, ok := <-feed:
			if !ok {
				return batch
			}
			batch = append(batch, m)
		default:
			return batch
		}
	}
	return batch
}

func (b *Bus) deliver(ctx, hold context.Context, c Consumer, batch []jetstream.Msg, handle func(context.Context, []Message) error) error {
	messages := make([]Message, 0, len(batch))
	for _, m := range batch {
		messages = append(messages, fromMsg(m))
		b.note(c.Stream, &messages[len(messages)-1])
	}
	b.hands.take(c.Name, messages[0].Time)
	defer b.hands.put(c.Name)
	traced, spans := b.received(hold, c, messages)
	err := b.insist(ctx, c, batch, spans, func() error { return handle(traced, messages) })
	spans.end(err)
	switch {
	case err == nil:
		return ackAll(batch)
	case fault.KindOf(err).Disposition() == fault.Suspend:
		return err
	case len(batch) == 1:
		return b.settle(hold, c, batch[0], err)
	}
	for _, m := range batch {
		if err := b.deliver(ctx, hold, c, []jetstream.Msg{m}, handle); err != nil {
			return err
		}
	}
	return nil
}

// insist calls handle until it returns something else than Suspend, or ctx ends.
func (b *Bus) insist(ctx context.Context, c Consumer, batch []jetstream.Msg, spans spans, handle func() error) error {
	for attempt := 0; ; attempt++ {
		err := handle()
		if err == nil || fault.KindOf(err).Disposition() != fault.Suspend || ctx.Err() != nil {
			return err
		}
		b.log.WarnContext(ctx, "consumer waits", "consumer", c.Name, "error", err)
		spans.wait(err)
		wait(ctx, backoff(attempt))
		for _, m := range batch {
			if err := m.InProgress(); err != nil {
				return unavailable("keep delivery", err)
			}
		}
	}
}

// settle decides what becomes of one message that failed on its own.
func (b *Bus) settle(ctx context.Context, c Consumer, m jetstream.Msg, cause error) error {
	meta, err := m.Metadata()
	if err != nil {
		return fmt.Errorf("read delivery: %w", err)
	}
	switch d := fault.KindOf(cause).Disposition(); {
	case d == fault.Ack:
		return m.Ack()
	case d == fault.Retry && meta.NumDelivered < maxDeliveries:
		return m.NakWithDelay(backoff(int(meta.NumDelivered)))
	}
	b.log.ErrorContext(ctx, "message put aside", "consumer", c.Name, "subject", m.Subject(),
		"sequence", meta.Sequence.Stream, "error", cause)
	header := map[string][]string{}
	for name, values := range m.Headers() {
		if !strings.HasPrefix(name, "Nats-") { // conditions of the first write
			header[name] = values
		}
	}
	ctx, span := b.tracer.Receive(ctx, "put-aside", c.Stream, c.Name, traceParent(header))
	defer span.End()
	span.Fail(fault.KindOf(cause).Slug())
	sequence := strconv.FormatUint(meta.Sequence.Stream, 10)
	header[HeaderStream], header[HeaderSequence] = []string{meta.Stream}, []string{sequence}
	header[HeaderReason] = []string{cause.Error()}
	err = b.Publish(ctx, Message{
		Subject: DeadLetterSubject + c.Name, ID: c.Name + "." + sequence, Header: header, Data: m.Data(),
	})
	if err != nil {
		return err
	}
	b.deadLetters.WithLabelValues(c.Name, fault.KindOf(cause).Slug()).Inc()
	return m.TermWithReason("put aside")
}

// Replay hands the newest message of every subject that matches filter to fn,
// in the order of the log, then calls caughtUp, then hands over each new
// message, until ctx ends, whose error it returns. It keeps nothing on the
// server: it is for projections that live in memory. On a lost connection it
// goes on where it was.
func (b *Bus) Replay(ctx context.Context, stream, filter string, fn func(Message), caughtUp func()) error {
	return b.replay(ctx, stream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy,
	}, fn, caughtUp)
}

// ReplayAll is [Bus.Replay] of every message that is kept, from a sequence on: for
// projections that remember what was, beside what is.
func (b *Bus) ReplayAll(ctx context.Context, stream, filter string, from uint64, fn func(Message), caughtUp func()) error {
	return b.replay(ctx, stream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(from, 1),
	}, fn, caughtUp)
}

func (b *Bus) replay(ctx context.Context, stream string, cfg jetstream.OrderedConsumerConfig, fn func(Message), caughtUp func()) error {
	consumer, err := b.js.OrderedConsumer(ctx, stream, cfg)
	if err != nil {
		return unavailable("replay "+stream, err)
	}
	it, err := consumer.Messages(jetstream.PullMaxMessages(1000), jetstream.PullExpiry(pullExpiry), jetstream.PullHeartbeat(pullBeat))
	if err != nil {
		return unavailable("replay "+stream, err)
	}
	defer context.AfterFunc(ctx, it.Stop)()
	defer it.Stop()
	behind := consumer.CachedInfo().NumPending > 0
	if !behind {
		caughtUp()
	}
	for {
		m, err := it.Next()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, jetstream.ErrNoHeartbeat):
			continue
		case err != nil:
			return unavailable("replay "+stream, err)
		}
		message := fromMsg(m)
		b.note(stream, &message)
		fn(message)
		if meta, err := m.Metadata(); behind && err == nil && meta.NumPending == 0 {
			behind = false
			caughtUp()
		}
	}
}

func ackAll(batch []jetstream.Msg) error {
	for _, m := range batch {
		if err := m.Ack(); err != nil {
			return unavailable("acknowledge", err)
		}
	}
	return nil
}

func fromMsg(m jetstream.Msg) Message {
	out := Message{Subject: m.Subject(), ID: m.Headers().Get(nats.MsgIdHdr), Header: m.Headers(), Data: m.Data()}
	if meta, err := m.Metadata(); err == nil {
		out.Sequence, out.Time = meta.Sequence.Stream, meta.Timestamp
	}
	return out
}

// backoff doubles from 50 ms to 10 s.
func backoff(attempt int) time.Duration {
	return min(50*time.Millisecond<<min(max(attempt, 0), 8), 10*time.Second)
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
