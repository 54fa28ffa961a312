// SPDX-License-Identifier: Apache-2.0

package click

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"math/big"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/bus"
)

const (
	queueSize = 65_536
	batchSize = 500
	shards    = 16
	patience  = 10 * time.Millisecond // how long a redirect waits for its click
)

// Log is where batches of clicks go.
type Log interface {
	// Publish writes a message; a repeated ID is stored once.
	Publish(ctx context.Context, m bus.Message) error
}

// Recorder writes clicks to the log in batches: one message holds what has
// gathered while the last one was written. It is safe for concurrent use.
type Recorder struct {
	log     Log
	logger  *slog.Logger
	queue   chan pending
	dropped prometheus.Counter
}

type pending struct {
	click Click
	kept  chan<- struct{}
}

// NewRecorder returns a recorder; nothing is written until Run has begun.
func NewRecorder(l Log, logger *slog.Logger, metrics prometheus.Registerer) (*Recorder, error) {
	r := &Recorder{log: l, logger: logger, queue: make(chan pending, queueSize), dropped: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "relais_clicks_dropped_total", Help: "Clicks that found the queue full while the log was away.",
	})}
	return r, metrics.Register(r.dropped)
}

// Record hands over a click and waits until the log has it, but for no longer
// than 10 ms: then the click is written later, and the redirect goes out.
func (r *Recorder) Record(c Click) {
	kept := make(chan struct{}, 1)
	select {
	case r.queue <- pending{c, kept}:
	default:
		r.dropped.Inc()
		return
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-kept:
	case <-timer.C:
	}
}

// Run writes batches until ctx ends, and then what is left, for at most eight
// seconds.
func (r *Recorder) Run(ctx context.Context) error {
	for {
		select {
		case first := <-r.queue:
			r.write(ctx, r.gather(first))
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 8*time.Second)
			defer cancel()
			for {
				select {
				case first := <-r.queue:
					r.write(last, r.gather(first))
				default:
					return nil
				}
			}
		}
	}
}

func (r *Recorder) gather(first pending) []pending {
	batch := []pending{first}
	for len(batch) < batchSize {
		select {
		case p := <-r.queue:
			batch = append(batch, p)
		default:
			return batch
		}
	}
	return batch
}

// write publishes a batch until the log has it: a repeated attempt has the same
// id and is stored once. When ctx ends first, one more attempt is made.
func (r *Recorder) write(ctx context.Context, batch []pending) {
	clicks := make([]Click, len(batch))
	for i, p := range batch {
		clicks[i] = p.click
	}
	data, err := json.Marshal(clicks)
	if err != nil {
		r.logger.ErrorContext(ctx, "clicks not encoded", "error", err)
		return
	}
	m := bus.Message{Subject: bus.ClickSubject + shard(), ID: rand.Text(), Data: data}
	for attempt := 0; ; attempt++ {
		once, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		err := r.log.Publish(once, m)
		cancel()
		if err == nil {
			for _, p := range batch {
				p.kept <- struct{}{}
			}
			return
		}
		if ctx.Err() != nil && attempt > 0 {
			r.logger.ErrorContext(ctx, "clicks lost: the log is away at the end", "clicks", len(batch), "error", err)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func shard() string {
	n, err := rand.Int(rand.Reader, big.NewInt(shards))
	if err != nil {
		return "0"
	}
	return strconv.FormatInt(n.Int64(), 10)
}
