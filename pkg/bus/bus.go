// SPDX-License-Identifier: Apache-2.0

// Package bus is the log: streams, buckets and consumers over NATS JetStream,
// declared in one table and created or updated when a process starts.
//
// Errors are of package fault: Conflict when a compare-and-set loses, NotFound,
// and Unavailable when the log does not answer.
package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/fault"
)

// Config is what a Bus needs beside its connection.
type Config struct {
	Replicas int // of every stream and bucket: 1 alone, 3 in a cluster; 0 means 1
	Logger   *slog.Logger
	Metrics  prometheus.Registerer // nil: not measured
}

// Bus is a connection to the log. It is safe for concurrent use.
type Bus struct {
	conn        *nats.Conn
	js          jetstream.JetStream
	streams     map[string]jetstream.Stream // handles of the declared streams, by name
	log         *slog.Logger
	deadLetters *prometheus.CounterVec
}

// Message is one record of the log.
type Message struct {
	Subject  string
	ID       string // Nats-Msg-Id: the log stores one message of an ID within its window
	Header   map[string][]string
	Data     []byte
	Sequence uint64    // set by the log
	Time     time.Time // set by the log
}

// EventHeader names the header that tells one attempt to write from another.
const EventHeader = "ce-id"

// Open declares the streams and buckets on an established connection.
func Open(ctx context.Context, conn *nats.Conn, cfg Config) (*Bus, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	b := &Bus{conn: conn, js: js, streams: map[string]jetstream.Stream{}, log: cfg.Logger, deadLetters: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "relais_deadletters_total", Help: "Messages put aside, by consumer and kind of error.",
	}, []string{"consumer", "kind"})}
	if cfg.Metrics != nil {
		if err := cfg.Metrics.Register(b.deadLetters); err != nil {
			return nil, fmt.Errorf("open log: %w", err)
		}
	}
	replicas := max(cfg.Replicas, 1)
	for _, s := range streams(replicas) {
		if b.streams[s.Name], err = js.CreateOrUpdateStream(ctx, s); err != nil {
			return nil, unavailable("declare stream "+s.Name, err)
		}
	}
	for _, k := range buckets(replicas) {
		if _, err := js.CreateOrUpdateKeyValue(ctx, k); err != nil {
			return nil, unavailable("declare bucket "+k.Bucket, err)
		}
	}
	return b, nil
}

// Check returns nil when the log answers; Unavailable otherwise.
func (b *Bus) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if _, err := b.streams[Articles].Info(ctx); err != nil {
		return unavailable("check log", err)
	}
	return nil
}

// connected returns Unavailable at once while the connection is down, so that a
// caller does not wait for a log that is known to be away.
func (b *Bus) connected() error {
	if !b.conn.IsConnected() {
		return unavailable("reach log", nats.ErrDisconnected)
	}
	return nil
}

// Append writes m after the expected last sequence of its subject (0: the
// subject is empty) and returns its sequence once the log has it for good.
// An attempt whose answer was lost is recognized by its EventHeader, so that
// retrying never writes twice. Another writer having been first is a Conflict.
func (b *Bus) Append(ctx context.Context, stream string, m Message, expected uint64) (uint64, error) {
	if err := b.connected(); err != nil {
		return 0, err
	}
	msg := &nats.Msg{Subject: m.Subject, Header: nats.Header(m.Header), Data: m.Data}
	const attempts = 3
	for n := 1; ; n++ {
		attempt, cancel := context.WithTimeout(ctx, 3*time.Second)
		ack, err := b.js.PublishMsg(attempt, msg, jetstream.WithMsgID(m.ID),
			jetstream.WithExpectStream(stream), jetstream.WithExpectLastSequencePerSubject(expected))
		cancel()
		switch {
		case err == nil && !ack.Duplicate:
			return ack.Sequence, nil
		case err == nil || wrongLast(err):
			return b.ownOrConflict(ctx, stream, m, err)
		case ctx.Err() != nil || n == attempts:
			return 0, unavailable("append "+m.Subject, err)
		}
	}
}

// ownOrConflict tells a lost answer to our own write from a lost race.
func (b *Bus) ownOrConflict(ctx context.Context, stream string, m Message, cause error) (uint64, error) {
	last, err := b.Last(ctx, stream, m.Subject)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return 0, err
	}
	if err == nil && len(m.Header[EventHeader]) > 0 && len(last.Header[EventHeader]) > 0 &&
		last.Header[EventHeader][0] == m.Header[EventHeader][0] {
		return last.Sequence, nil
	}
	return 0, fault.Wrap(fault.Conflict, "somebody else wrote first", cause)
}

// Publish writes m without a condition; a repeated ID within the stream's
// window is stored once.
func (b *Bus) Publish(ctx context.Context, m Message) error {
	if err := b.connected(); err != nil {
		return err
	}
	msg := &nats.Msg{Subject: m.Subject, Header: nats.Header(m.Header), Data: m.Data}
	if _, err := b.js.PublishMsg(ctx, msg, jetstream.WithMsgID(m.ID)); err != nil {
		return unavailable("publish "+m.Subject, err)
	}
	return nil
}

// Last returns the newest message of a subject.
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

// History returns the messages kept of a subject, oldest first.
func (b *Bus) History(ctx context.Context, stream, subject string) ([]Message, error) {
	if err := b.connected(); err != nil {
		return nil, err
	}
	var out []Message
	for next := uint64(1); ; {
		raw, err := b.streams[stream].GetMsg(ctx, next, jetstream.WithGetMsgSubject(subject))
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			return out, nil
		case err != nil:
			return nil, unavailable("read history of "+subject, err)
		}
		out = append(out, fromRaw(raw))
		next = raw.Sequence + 1
	}
}

// Subjects lists the subjects of a stream that match a filter.
func (b *Bus) Subjects(ctx context.Context, stream, filter string) ([]string, error) {
	if err := b.connected(); err != nil {
		return nil, err
	}
	info, err := b.streams[stream].Info(ctx, jetstream.WithSubjectFilter(filter))
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

// wrongLast reports a lost compare-and-set, on one server (10071) or a cluster (10164).
func wrongLast(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

func notFoundOr(op string, err error) error {
	if errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrKeyDeleted) {
		return fault.Wrap(fault.NotFound, "not found", err)
	}
	return unavailable(op, err)
}

func unavailable(op string, err error) error {
	return fault.Wrap(fault.Unavailable, "the log does not answer; try again", fmt.Errorf("%s: %w", op, err))
}
