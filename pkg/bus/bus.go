// SPDX-License-Identifier: Apache-2.0

// Package bus is the log: streams, buckets and consumers over NATS JetStream,
// declared in one table and created or updated when a process starts.
//
// Errors are of package fault: Conflict when a compare-and-set loses, NotFound,
// and Unavailable when the log does not answer.
package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/telemetry"
)

// Config is what a Bus needs beside its connection.
type Config struct {
	Replicas int // of every stream and bucket: 1 alone, 3 in a cluster; 0: those that exist stay as they are, new ones get as many as ARTICLES, or 1
	Logger   *slog.Logger
	Metrics  prometheus.Registerer // nil: not measured
	Tracer   *telemetry.Tracer     // nil: not traced
}

// Bus is a connection to the log. It is safe for concurrent use.
type Bus struct {
	conn        *nats.Conn
	js          jetstream.JetStream
	streams     map[string]stream // the declared streams, by name, those of buckets included
	log         *slog.Logger
	deadLetters *prometheus.CounterVec
	tracer      *telemetry.Tracer
	hands       hands
	outage      outage
	replicas    int
	owner       string // tells this process from others under the same names
	read        readings
}

// Message is one record of the log.
type Message struct {
	Subject  string
	Scope    string // of Append's condition: a filter that matches Subject; empty: Subject itself
	ID       string // Nats-Msg-Id: the log stores one message of an ID within its window
	Header   map[string][]string
	Data     []byte
	Sequence uint64    // set by the log
	Time     time.Time // set by the log
}

// EventHeader names the header that tells one attempt to write from another.
const EventHeader = "ce-id"

// Open makes sure that the streams and buckets are there on an established
// connection, as they are declared, and declares what is missing or differs. It
// has the connection's complaints logged.
func Open(ctx context.Context, conn *nats.Conn, cfg Config) (*Bus, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	b := &Bus{conn: conn, js: js, tracer: cfg.Tracer, replicas: cfg.Replicas, owner: rand.Text(), streams: map[string]stream{}, log: cfg.Logger, deadLetters: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "relais_deadletters_total", Help: "Messages put aside, by consumer and kind of error.",
	}, []string{"consumer", "kind"})}
	if cfg.Metrics != nil {
		for _, c := range []prometheus.Collector{b.deadLetters, figures{b}} {
			if err := cfg.Metrics.Register(c); err != nil {
				return nil, fmt.Errorf("open log: %w", err)
			}
		}
	}
	conn.SetErrorHandler(b.complain)
	if err := whole(ctx, js); err != nil {
		return nil, err
	}
	for _, s := range Declared(cfg.Replicas) {
		if b.streams[s.Name], err = b.ensure(ctx, s); err != nil {
			return nil, err
		}
	}
	conn.SetReconnectHandler(func(*nats.Conn) {
		b.outage.over()
		go b.remake() // the client tells of what is refused when this has returned
	})
	return b, nil
}

// remake declares the buckets that a server keeps in memory, and has forgotten
// when it was started again.
func (b *Bus) remake() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, s := range Declared(b.replicas) {
		for s.Storage == jetstream.MemoryStorage && ctx.Err() == nil {
			if _, err := b.ensure(ctx, s); err == nil {
				break
			}
			wait(ctx, 100*time.Millisecond) // a server that has just begun may not be able to yet
		}
	}
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

// patience is how long a question to the log may take: one that hangs takes
// connections and answers nothing, and nobody waits for it longer.
const patience = 5 * time.Second

// ask bounds a question to the log; Unavailable while the connection is down (see
// connected).
func (b *Bus) ask(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if err := b.connected(); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	return ctx, cancel, nil
}

// Append writes m after the expected last sequence of its subject, or of all
// subjects that match m.Scope (0: there is none), and returns its sequence once
// the log has it for good.
// An attempt whose answer was lost is recognized by its EventHeader, so that
// retrying never writes twice. Another writer having been first is a Conflict.
// The message carries the traceparent of ctx (TraceHeader).
func (b *Bus) Append(ctx context.Context, stream string, m Message, expected uint64) (uint64, error) {
	if err := b.connected(); err != nil {
		return 0, err
	}
	ctx, span := b.tracer.Send(ctx, stream)
	defer span.End()
	m.Header = withTrace(ctx, m.Header)
	sequence, err := b.append(ctx, stream, m, expected)
	if err != nil {
		span.Fail(fault.KindOf(err).Slug())
	}
	return sequence, err
}

func (b *Bus) append(ctx context.Context, stream string, m Message, expected uint64) (uint64, error) {
	msg := &nats.Msg{Subject: m.Subject, Header: nats.Header(m.Header), Data: m.Data}
	after := jetstream.WithExpectLastSequencePerSubject(expected)
	if m.Scope != "" {
		after = jetstream.WithExpectLastSequenceForSubject(expected, m.Scope)
	}
	const attempts = 3
	for n := 1; ; n++ {
		attempt, cancel := context.WithTimeout(ctx, 3*time.Second)
		ack, err := b.js.PublishMsg(attempt, msg, jetstream.WithMsgID(m.ID),
			jetstream.WithExpectStream(stream), after)
		cancel()
		switch {
		case err == nil && !ack.Duplicate:
			return ack.Sequence, nil
		case err == nil || wrongLast(err):
			return b.ownOrConflict(ctx, stream, m, expected, err)
		case ctx.Err() != nil || n == attempts:
			return 0, unavailable("append "+m.Subject, err)
		case underWay(err):
			wait(ctx, time.Duration(n)*100*time.Millisecond)
		}
	}
}

// underWay reports that another writer of the same ID is being served: a cluster
// agrees on one write before it can tell the next that it lost (10158).
func underWay(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && api.ErrorCode == 10158
}

// ownOrConflict tells a lost answer to our own write from a lost race: ours is
// among what was written since, under what others have written after it.
func (b *Bus) ownOrConflict(ctx context.Context, stream string, m Message, expected uint64, cause error) (uint64, error) {
	conflict := fault.Wrap(fault.Conflict, "somebody else wrote first", cause)
	last, err := b.Last(ctx, stream, m.Subject)
	switch {
	case fault.Is(err, fault.NotFound):
		return 0, conflict
	case err != nil:
		return 0, err
	case sameAttempt(last, m):
		return last.Sequence, nil
	case last.Sequence <= expected || len(m.Header[EventHeader]) == 0:
		return 0, conflict
	}
	since, err := b.History(ctx, stream, m.Subject)
	if err != nil {
		return 0, err
	}
	for _, other := range since {
		if other.Sequence > expected && sameAttempt(other, m) {
			return other.Sequence, nil
		}
	}
	return 0, conflict
}

// sameAttempt reports whether two messages were written by one attempt.
func sameAttempt(a, b Message) bool {
	x, y := a.Header[EventHeader], b.Header[EventHeader]
	return len(x) > 0 && len(y) > 0 && x[0] == y[0]
}

// Publish writes m without a condition; a repeated ID within the stream's
// window is stored once. The message carries the traceparent of ctx unless it has
// one (TraceHeader).
func (b *Bus) Publish(ctx context.Context, m Message) error {
	ctx, cancel, err := b.ask(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	ctx, span := b.tracer.Send(ctx, family(m.Subject))
	defer span.End()
	msg := &nats.Msg{Subject: m.Subject, Header: nats.Header(withTrace(ctx, m.Header)), Data: m.Data}
	if _, err := b.js.PublishMsg(ctx, msg, jetstream.WithMsgID(m.ID)); err != nil {
		span.Fail(fault.Unavailable.Slug())
		return unavailable("publish "+m.Subject, err)
	}
	return nil
}

// Schedule has the log publish m to the subject target at a moment, or at once
// when it has passed; m.Subject names the schedule, and a later one of the same
// subject takes its place. The log counts in whole seconds: the moment is
// rounded up, so that nothing comes early. What was published is kept for a day.
// Source: NATS ADR-51.
func (b *Bus) Schedule(ctx context.Context, m Message, target string, at time.Time) error {
	ctx, cancel, err := b.ask(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	msg := &nats.Msg{Subject: m.Subject, Header: nats.Header(m.Header), Data: m.Data}
	_, err = b.js.PublishMsg(ctx, msg, jetstream.WithScheduleTarget(target),
		jetstream.WithScheduleAt(at.Add(time.Second-1).Truncate(time.Second)), jetstream.WithScheduleTTL(24*time.Hour))
	if err != nil {
		return unavailable("schedule "+m.Subject, err)
	}
	return nil
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
