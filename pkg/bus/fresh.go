// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/fault"
)

// In a cluster, a direct get is answered by whichever copy of the stream is
// nearest, and that one may not have yet what was acknowledged a moment ago.
// What is decided by what was read (is this a change? is this the version of
// If-Match? is this our own write?) asks the copy that leads, which has it.

// leaderGet is how long the copy that leads is asked.
const leaderGet = 5 * time.Second

// fromLeader reads the newest message whose subject matches a filter from the
// copy of a stream that leads, with JetStream's own call, not the direct one.
func (b *Bus) fromLeader(ctx context.Context, name, filter string) (*jetstream.RawStreamMsg, error) {
	return b.askLeader(ctx, name, wanted{Last: filter})
}

// wanted says which message is asked for: the last of a filter, or the first from
// a sequence on that matches one. Source: NATS, JSApiMsgGetRequest.
type wanted struct {
	Sequence uint64 `json:"seq,omitempty"`
	Last     string `json:"last_by_subj,omitempty"`
	Next     string `json:"next_by_subj,omitempty"`
}

func (b *Bus) askLeader(ctx context.Context, name string, which wanted) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, leaderGet)
	defer cancel()
	request, err := json.Marshal(which)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	reply, err := b.conn.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+name, request)
	if err != nil {
		return nil, fmt.Errorf("read %s from the leader: %w", name, err)
	}
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message *struct {
			Subject  string    `json:"subject"`
			Sequence uint64    `json:"seq"`
			Header   []byte    `json:"hdrs"`
			Data     []byte    `json:"data"`
			Time     time.Time `json:"time"`
		} `json:"message"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	switch {
	case answer.Error != nil && answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return nil, jetstream.ErrMsgNotFound
	case answer.Error != nil:
		return nil, answer.Error
	case answer.Message == nil:
		return nil, errors.New("the log answered without a message")
	}
	m := answer.Message
	out := &jetstream.RawStreamMsg{Subject: m.Subject, Sequence: m.Sequence, Data: m.Data, Time: m.Time}
	if len(m.Header) > 0 {
		if out.Header, err = nats.DecodeHeadersMsg(m.Header); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return out, nil
}

// newest is the sequence of the newest message that matches a filter; 0 when
// there is none. It is 0, too, of a stream with one copy, which cannot be behind.
func (b *Bus) newest(ctx context.Context, name string, filter string) (uint64, error) {
	if !b.streams[name].replicated {
		return 0, nil
	}
	raw, err := b.fromLeader(ctx, name, filter)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, unavailable("read "+filter, err)
	}
	return raw.Sequence, nil
}

// abreast reads messages of a filter that go at least as far as those the
// leader had when it was asked: a copy that is behind is asked again until it is not.
func (b *Bus) abreast(ctx context.Context, name, filter string, read func() ([]Message, error)) ([]Message, error) {
	ctx, cancel := context.WithTimeout(ctx, leaderGet)
	defer cancel()
	least, err := b.newest(ctx, name, filter)
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		got, err := read()
		if err != nil {
			return nil, err
		}
		last := uint64(0)
		for _, m := range got {
			last = max(last, m.Sequence)
		}
		if last >= least {
			return got, nil
		}
		if ctx.Err() != nil {
			return nil, fault.New(fault.Unavailable, "the log's copy at hand is behind; try again")
		}
		wait(ctx, min(time.Millisecond<<n, 100*time.Millisecond))
	}
}

// lead is Get of a bucket that has several copies.
func (k *Bucket) lead(ctx context.Context, key string) (Entry, error) {
	raw, err := k.bus.fromLeader(ctx, "KV_"+k.name, "$KV."+k.name+"."+key)
	if err != nil {
		return Entry{}, notFoundOr("get "+k.name+"/"+key, err)
	}
	if raw.Header.Get("KV-Operation") != "" || raw.Header.Get("Nats-Marker-Reason") != "" { // deleted, purged or expired
		return Entry{}, fault.Wrap(fault.NotFound, "not found", jetstream.ErrKeyDeleted)
	}
	value := raw.Data
	if value == nil {
		value = []byte{}
	}
	return Entry{Key: key, Value: value, Revision: raw.Sequence, Created: raw.Time}, nil
}
