// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	chunk    = 128 << 10 // bytes of a snapshot that travel at once
	window   = 4 << 20   // of these, under way at most
	prepare  = 10 * time.Minute
	farewell = 5 * time.Second
	stall    = 30 * time.Second // without a chunk or an answer: the log is away
)

// apiError is how the log's API says that something did not work.
type apiError struct {
	Code        int    `json:"code"`
	ErrCode     int    `json:"err_code"`
	Description string `json:"description"`
}

func (e *apiError) Error() string { return e.Description }

// ask calls the log's API and decodes the answer into out.
func ask(ctx context.Context, conn *nats.Conn, subject string, in, out any, patience time.Duration) error {
	data, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("ask the log: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := conn.RequestWithContext(ctx, subject, data)
	if err != nil {
		return fmt.Errorf("ask the log: %w", err)
	}
	return decode(answer.Data, out)
}

// decode reads an answer of the API, which may be an error.
func decode(data []byte, out any) error {
	var failed struct {
		Error *apiError `json:"error"`
	}
	if err := json.Unmarshal(data, &failed); err != nil {
		return fmt.Errorf("the log's answer: %w", err)
	}
	if failed.Error != nil {
		return failed.Error
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("the log's answer: %w", err)
	}
	return nil
}

// taken is what the log says of a snapshot as it begins.
type taken struct {
	Config json.RawMessage `json:"config"`
	State  State           `json:"state"`
}

// take writes a snapshot of a stream to w; it was whole only when there is no
// error. The log is not asked to check the sums of its messages first: where
// one is wrong, a server cuts off what follows it.
func take(ctx context.Context, conn *nats.Conn, stream string, w io.Writer) (taken, error) {
	inbox := conn.NewInbox()
	sub, err := conn.SubscribeSync(inbox)
	if err != nil {
		return taken{}, fmt.Errorf("take %s: %w", stream, err)
	}
	defer sub.Unsubscribe() //nolint:errcheck // nothing is left to be done when the connection is gone
	var begun taken
	err = ask(ctx, conn, "$JS.API.STREAM.SNAPSHOT."+stream, map[string]any{
		"deliver_subject": inbox, "no_consumers": true, "chunk_size": chunk, "window_size": window,
	}, &begun, prepare)
	if err != nil {
		return taken{}, fmt.Errorf("take %s: %w", stream, err)
	}
	for {
		part, err := next(ctx, sub)
		if err != nil {
			return taken{}, fmt.Errorf("take %s: %w", stream, err)
		}
		if len(part.Data) == 0 {
			if status := part.Header.Get("Status"); status != "" && status != "204" {
				return taken{}, fmt.Errorf("take %s: the log broke off: %s %s", stream, status, part.Header.Get("Description"))
			}
			return begun, nil
		}
		if _, err := w.Write(part.Data); err != nil {
			return taken{}, fmt.Errorf("take %s: %w", stream, err)
		}
		if part.Reply == "" { // the last one
			continue
		}
		if err := conn.Publish(part.Reply, nil); err != nil {
			return taken{}, fmt.Errorf("take %s: %w", stream, err)
		}
	}
}

// next waits for a chunk.
func next(ctx context.Context, sub *nats.Subscription) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, stall)
	defer cancel()
	return sub.NextMsgWithContext(ctx)
}

// put makes a stream of a snapshot, and returns what the stream then holds.
func put(ctx context.Context, conn *nats.Conn, stream string, config json.RawMessage, state State, r io.Reader, sent func(int)) (_ State, err error) {
	var begun struct {
		Deliver string `json:"deliver_subject"`
	}
	err = ask(ctx, conn, "$JS.API.STREAM.RESTORE."+stream, map[string]any{"config": config, "state": state}, &begun, stall)
	if err != nil {
		return State{}, fmt.Errorf("restore %s: %w", stream, err)
	}
	defer func() {
		if err != nil { // or the server waits for more, and keeps the name meanwhile
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
			defer cancel()
			_, _ = conn.RequestWithContext(last, begun.Deliver, nil)
		}
	}()
	buf := make([]byte, chunk)
	for {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			if err := send(ctx, conn, begun.Deliver, buf[:n]); err != nil {
				return State{}, fmt.Errorf("restore %s: %w", stream, err)
			}
			sent(n)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return State{}, fmt.Errorf("restore %s: %w", stream, err)
		}
	}
	var done struct {
		State State `json:"state"`
	}
	waiting, cancel := context.WithTimeout(ctx, prepare)
	defer cancel()
	answer, err := request(waiting, conn, begun.Deliver, nil)
	if err == nil {
		err = decode(answer.Data, &done)
	}
	if err != nil {
		return State{}, fmt.Errorf("restore %s: %w", stream, err)
	}
	return done.State, nil
}

// send hands one chunk over; the log answers with an error or with nothing.
func send(ctx context.Context, conn *nats.Conn, to string, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, stall)
	defer cancel()
	answer, err := request(ctx, conn, to, data)
	if err != nil {
		return err
	}
	if len(answer.Data) > 0 {
		return decode(answer.Data, nil)
	}
	return nil
}

// request hands something to the server that restores. Another server of a cluster
// may not have heard yet that it listens: then nobody has got it, and it is sent again.
func request(ctx context.Context, conn *nats.Conn, to string, data []byte) (*nats.Msg, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for begin := time.Now(); ; {
		answer, err := conn.RequestWithContext(ctx, to, data)
		if !errors.Is(err, nats.ErrNoResponders) || time.Since(begin) > farewell {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}
