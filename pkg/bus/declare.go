// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// OldestServer is the oldest nats-server that has what the log needs: message
// schedules and atomic batches.
const OldestServer = "2.12.0"

// RestoringMark is the key of ARTICLES' metadata that says that a restore into
// this log has not come to its end. While it stands, Open refuses the log.
const RestoringMark = "relais-restoring"

// declaration numbers what streams and buckets declare. It goes up with every
// change of a setting, so that a program which is older than the one that made
// the change does not take it back when both run during an upgrade.
const declaration = 1

// declarationKey is where a stream says which declaration it follows.
const declarationKey = "relais-declaration"

// stream is a declared stream.
type stream struct {
	jetstream.Stream
	replicated bool // reads may be answered by a copy that is behind: see fresh.go
}

// Declared lists every stream of the log as it has to be, those that buckets are
// kept in included.
func Declared(replicas int) []jetstream.StreamConfig {
	out := streams(replicas)
	for _, k := range buckets(replicas) {
		out = append(out, kept(k))
	}
	return out
}

// kept is the stream that a bucket is kept in. Source: NATS ADR-8.
func kept(k jetstream.KeyValueConfig) jetstream.StreamConfig {
	window := 2 * time.Minute
	if k.TTL > 0 {
		window = min(window, k.TTL)
	}
	return jetstream.StreamConfig{
		Name: "KV_" + k.Bucket, Description: k.Description, Subjects: []string{"$KV." + k.Bucket + ".>"},
		MaxMsgsPerSubject: int64(k.History), MaxAge: k.TTL, Duplicates: window, Storage: k.Storage, Replicas: k.Replicas,
		AllowRollup: true, DenyDelete: true, AllowDirect: true, Discard: jetstream.DiscardNew,
	}
}

// whole returns an error when the log is one that a restore has not finished.
func whole(ctx context.Context, js jetstream.JetStream) error {
	s, err := js.Stream(ctx, Articles)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return nil
	case err != nil:
		return unavailable("inspect "+Articles, err)
	case s.CachedInfo().Config.Metadata[RestoringMark] != "":
		return fmt.Errorf("open log: a restore into it has not come to its end: run relais restore again")
	}
	return nil
}

// ensure returns a stream as it is declared: one that is missing is made, one
// that differs is changed. A user that may do neither gets an error that says
// what is to be done.
func (b *Bus) ensure(ctx context.Context, want jetstream.StreamConfig) (stream, error) {
	const attempts = 5 // a cluster that has just started chooses its leaders first
	for n := 1; ; n++ {
		var s jetstream.Stream
		err := b.permitted(ctx, func(ctx context.Context) (err error) {
			s, err = b.look(ctx, want)
			return err
		})
		switch {
		case err == nil:
			return stream{s, s.CachedInfo().Config.Replicas > 1}, nil
		case errors.Is(err, nats.ErrPermissionViolation):
			return stream{}, fmt.Errorf("stream %s is missing or not as this program declares it, and this user of the log may not declare: run relais declare with an operator's seed: %w", want.Name, err)
		case n == attempts || ctx.Err() != nil || !passing(err):
			return stream{}, unavailable("declare stream "+want.Name, err)
		}
		wait(ctx, backoff(n+2))
	}
}

// passing reports an error of a log that is there and not ready yet, or that
// another process declares at the same time.
func passing(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrNoResponders) ||
		errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) || ok && api.Code >= 500
}

func (b *Bus) look(ctx context.Context, want jetstream.StreamConfig) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	have, err := b.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		want.Metadata = map[string]string{declarationKey: strconv.Itoa(declaration)}
		if articles, known := b.streams[Articles]; known && want.Replicas == 0 {
			want.Replicas = articles.CachedInfo().Config.Replicas // a cluster's streams are alike
		}
		want.Replicas = max(want.Replicas, 1)
		return b.js.CreateStream(ctx, want)
	}
	if err != nil {
		return nil, err
	}
	now := have.CachedInfo().Config
	if by, _ := strconv.Atoi(now.Metadata[declarationKey]); by > declaration {
		return have, nil
	}
	if next := overlaid(now, want); !reflect.DeepEqual(now, next) {
		return b.js.UpdateStream(ctx, next)
	}
	return have, nil
}

// overlaid is a stream with what is declared changed, and what an operator has
// set beside it (placement, limits of size) left.
func overlaid(now, want jetstream.StreamConfig) jetstream.StreamConfig {
	now.Description, now.Subjects, now.MaxAge, now.Compression = want.Description, want.Subjects, want.MaxAge, want.Compression
	now.AllowDirect, now.DenyDelete = want.AllowDirect, want.DenyDelete
	now.AllowRollup = now.AllowRollup || want.AllowRollup // schedules bring it along
	now.AllowMsgSchedules = now.AllowMsgSchedules || want.AllowMsgSchedules
	now.AllowMsgTTL = now.AllowMsgTTL || want.AllowMsgTTL
	if want.MaxMsgsPerSubject != 0 {
		now.MaxMsgsPerSubject = want.MaxMsgsPerSubject
	}
	if want.Duplicates != 0 {
		now.Duplicates = want.Duplicates
	}
	if want.Replicas != 0 {
		now.Replicas = want.Replicas
	}
	now.Metadata = maps.Clone(now.Metadata)
	if now.Metadata == nil {
		now.Metadata = map[string]string{}
	}
	now.Metadata[declarationKey] = strconv.Itoa(declaration)
	return now
}

// permitted makes a call to the log that ends at once when this user may not
// make it: the log says so beside the call, which would wait for its answer in vain.
func (b *Bus) permitted(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	b.conn.SetErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) {
		b.complain(nil, s, err)
		if errors.Is(err, nats.ErrPermissionViolation) {
			cancel(err)
		}
	})
	defer b.conn.SetErrorHandler(b.complain)
	err := call(ctx)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, nats.ErrPermissionViolation) {
		return cause
	}
	return err
}

// complain logs what the log says beside the calls: above all that this user may
// not do what it tried, which the call itself learns as a timeout.
func (b *Bus) complain(_ *nats.Conn, s *nats.Subscription, err error) {
	subject := ""
	if s != nil {
		subject = s.Subject
	}
	b.log.Error("the log complains", "error", err, "subscription", subject)
}

// errNowhere is what the log says to a message that expects to be stored in
// another stream than the one of its subject.
const errNowhere jetstream.ErrorCode = 10060

// MayPublish returns nil when this user may publish to every subject and a
// stream would store it. Nothing is stored: each message expects to be stored
// where it cannot be.
func (b *Bus) MayPublish(ctx context.Context, subjects ...string) error {
	for _, subject := range subjects {
		err := b.permitted(ctx, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			_, err := b.js.PublishMsg(ctx, nats.NewMsg(subject), jetstream.WithExpectStream("nowhere"))
			return err
		})
		api, ok := errors.AsType[*jetstream.APIError](err)
		switch {
		case ok && api.ErrorCode == errNowhere:
		case errors.Is(err, nats.ErrPermissionViolation):
			return fmt.Errorf("this user of the log may not publish to %s: %w", subject, err)
		default:
			return unavailable("try "+subject, err)
		}
	}
	return nil
}
