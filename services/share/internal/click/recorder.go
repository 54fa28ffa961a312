// SPDX-License-Identifier: Apache-2.0

package click

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/bus"
)

const (
	queueSize = 65_536
	batchSize = 500
	shards    = 16
	patience  = 10 * time.Millisecond // how long a redirect waits for the log
	round     = 20 * time.Millisecond // between two looks at the spool
	farewell  = 3 * time.Second       // for what the spool holds at the end
)

// Log is where batches of clicks go.
type Log interface {
	// Publish writes a message; a repeated ID is stored once.
	Publish(ctx context.Context, m bus.Message) error
}

// Recorder keeps clicks. A click that comes while nothing else is on its way
// goes to the log, and Record returns when the log has it. When the log does not
// answer within 10 ms, or more clicks come before it does, they go to a spool on
// disk, one append for all that wait, from which a second hand feeds the log;
// when the spool is empty clicks go to the log again:
//
//	       the log is slow, or busy
//	direct ────────────────────────▶ spooling
//	   ▲                                │
//	   └────────────────────────────────┘
//	          the spool is empty
//
// A batch may so be sent twice; its writer and number tell. It is safe for
// concurrent use.
type Recorder struct {
	log    Log
	spool  *Spool
	logger *slog.Logger
	writer string
	shard  string
	queue  chan *pending
	ended  chan struct{} // closed when Run writes no more

	number   atomic.Uint64
	flying   sync.WaitGroup // a batch on its way to the log
	busy     atomic.Bool    // there is one
	spooling atomic.Bool
	fill     chan struct{} // tells the second hand that the spool holds something

	spooled, dropped prometheus.Counter
}

type pending struct {
	click Click
	since time.Time
	kept  chan struct{} // holds one
}

var hands = sync.Pool{New: func() any { return &pending{kept: make(chan struct{}, 1)} }}

// NewRecorder returns a recorder that spools to a file, which may hold what an
// earlier process left there. Nothing is written until Run has begun.
func NewRecorder(l Log, path string, logger *slog.Logger, metrics prometheus.Registerer) (*Recorder, error) {
	spool, err := OpenSpool(path)
	if err != nil {
		return nil, err
	}
	r := &Recorder{
		log: l, spool: spool, logger: logger, writer: rand.Text(),
		queue: make(chan *pending, queueSize), ended: make(chan struct{}), fill: make(chan struct{}, 1),
		spooled: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "relais_clicks_spooled_total", Help: "Clicks that went to the spool on disk because the log was busy, slow or away.",
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "relais_clicks_dropped_total", Help: "Clicks that neither the log nor the spool could take.",
		}),
	}
	r.shard = bus.ClickSubject + strconv.Itoa(int(r.writer[0])%shards)
	for _, c := range []prometheus.Collector{r.spooled, r.dropped, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "relais_clicks_spool_bytes", Help: "Size of the spool of clicks that the log is still to get.",
	}, func() float64 { return float64(spool.Size()) })} {
		if err := metrics.Register(c); err != nil {
			return nil, fmt.Errorf("recorder: %w", err)
		}
	}
	return r, nil
}

// Record returns once the click is in the log or in the spool, in some 10 ms at
// most: from then on no kill of the process loses it.
func (r *Recorder) Record(c Click) {
	p := hands.Get().(*pending)
	p.click, p.since = c, time.Now()
	select {
	case r.queue <- p:
	case <-r.ended:
		r.keep([]*pending{p})
	}
	select {
	case <-p.kept:
		hands.Put(p)
	case <-r.ended:
		select {
		case <-p.kept: // the last thing Run did
		default:
			r.keep([]*pending{p})
		}
	}
}

// Run writes clicks until ctx ends, and then what is left: to the log, or to
// the spool for the next process.
func (r *Recorder) Run(ctx context.Context) error {
	var feeding sync.WaitGroup
	if r.spool.Size() > 0 {
		r.overflow()
	}
	feeding.Go(func() { r.feed(ctx) })
	r.collect(ctx)
	r.flying.Wait()
	feeding.Wait()
	close(r.ended)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if err := r.drain(last); err != nil {
		r.logger.WarnContext(ctx, "clicks are left to the next start", "bytes", r.spool.Size(), "error", err)
	}
	return nil
}

// Close closes the spool's files, which stay.
func (r *Recorder) Close() error { return r.spool.Close() }

// collect forms batches and writes them, one after the other.
func (r *Recorder) collect(ctx context.Context) {
	for {
		select {
		case first := <-r.queue:
			r.write(r.gather(first))
		case <-ctx.Done():
			for {
				select {
				case first := <-r.queue:
					r.write(r.gather(first))
				default:
					return
				}
			}
		}
	}
}

// gather is a batch of all that wait.
func (r *Recorder) gather(first *pending) []*pending {
	batch := append(make([]*pending, 0, 16), first)
	runtime.Gosched() // others are about to come
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

// write brings a batch to safety and tells those who wait for it.
func (r *Recorder) write(batch []*pending) {
	if r.spooling.Load() || !r.busy.CompareAndSwap(false, true) {
		r.keep(batch)
		return
	}
	r.flying.Go(func() {
		defer r.busy.Store(false)
		data, id := r.encode(batch)
		ctx, cancel := context.WithDeadline(context.Background(), batch[0].since.Add(patience))
		defer cancel()
		if err := r.log.Publish(ctx, bus.Message{Subject: r.shard, ID: id, Data: data}); err != nil {
			r.put(batch, data)
			return
		}
		release(batch)
	})
}

// keep writes a batch to the spool.
func (r *Recorder) keep(batch []*pending) {
	data, _ := r.encode(batch)
	r.put(batch, data)
}

// encode makes the next batch of this writer, and its id.
func (r *Recorder) encode(batch []*pending) (data []byte, id string) {
	b := Batch{Writer: r.writer, Number: r.number.Add(1), Clicks: make([]Click, len(batch))}
	for i, p := range batch {
		b.Clicks[i] = p.click
	}
	return b.Encode(), b.Writer + "." + strconv.FormatUint(b.Number, 10)
}

func (r *Recorder) put(batch []*pending, data []byte) {
	if err := r.spool.Append(data); err != nil {
		r.dropped.Add(float64(len(batch)))
		r.logger.Error("clicks lost: the spool does not take them", "clicks", len(batch), "error", err)
	} else {
		r.spooled.Add(float64(len(batch)))
	}
	r.overflow() // only now: the spool may have been found empty until the record was in
	release(batch)
}

// overflow goes over to the spool, and wakes the hand that empties it.
func (r *Recorder) overflow() {
	r.spooling.Store(true)
	select {
	case r.fill <- struct{}{}:
	default:
	}
}

func release(batch []*pending) {
	for _, p := range batch {
		p.kept <- struct{}{}
	}
}

// feed is the second hand: it brings what the spool holds to the log, in order,
// until ctx ends.
func (r *Recorder) feed(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.fill:
		}
		for ctx.Err() == nil && r.spooling.Load() {
			pause(ctx, round)
			if err := r.drain(ctx); err != nil && ctx.Err() == nil {
				r.logger.WarnContext(ctx, "clicks wait in the spool", "bytes", r.spool.Size(), "error", err)
				if err := r.spool.Sync(); err != nil {
					r.logger.WarnContext(ctx, "spool not synced", "error", err)
				}
				pause(ctx, time.Second)
			}
		}
	}
}

// drain sends what the spool holds, many batches a message; when there is
// nothing, the recorder goes back to writing to the log itself.
func (r *Recorder) drain(ctx context.Context) error {
	some, err := r.spool.Seal(func() { r.spooling.Store(false) })
	if err != nil || !some {
		return err
	}
	damaged, err := r.spool.Each(ctx, func(lines []byte) error {
		once, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		sum := sha256.Sum256(lines)
		return r.log.Publish(once, bus.Message{Subject: r.shard, ID: hex.EncodeToString(sum[:16]), Data: lines})
	})
	if damaged > 0 {
		r.logger.ErrorContext(ctx, "clicks lost: records of the spool are damaged", "records", damaged)
	}
	return err
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
