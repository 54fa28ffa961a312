// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/telemetry"
)

// TraceHeader names the header with the traceparent of a message (W3C Trace
// Context, CloudEvents Distributed Tracing extension).
const TraceHeader = "ce-traceparent"

// Tracer is what the log is traced with; nil when it is not.
func (b *Bus) Tracer() *telemetry.Tracer { return b.tracer }

func traceParent(header map[string][]string) string {
	if v := header[TraceHeader]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// withTrace is a header with the traceparent of ctx, unless it has one.
func withTrace(ctx context.Context, header map[string][]string) map[string][]string {
	parent := telemetry.TraceParent(ctx)
	if parent == "" || traceParent(header) != "" {
		return header
	}
	out := map[string][]string{TraceHeader: {parent}}
	maps.Copy(out, header)
	return out
}

// family is a subject without its last part, which tells writers or editions apart.
func family(subject string) string {
	if i := strings.LastIndexByte(subject, '.'); i > 0 {
		return subject[:i]
	}
	return subject
}

// spans are those of the messages of a batch that were traced.
type spans []telemetry.Span

// received starts the spans of a batch. The context belongs to a span when the
// batch has one message alone.
func (b *Bus) received(ctx context.Context, c Consumer, batch []Message) (context.Context, spans) {
	if b.tracer == nil {
		return ctx, nil
	}
	does := c.Does
	if does == "" {
		does = "process"
	}
	out := make(spans, 0, len(batch))
	traced := ctx
	for _, m := range batch {
		one, span := b.tracer.Receive(ctx, does, c.Stream, c.Name, traceParent(m.Header))
		out, traced = append(out, span), one
	}
	if len(batch) > 1 {
		traced = ctx
	}
	return traced, out
}

func (s spans) wait(err error) {
	for _, span := range s {
		span.Waits(fault.KindOf(err).Slug())
	}
}

func (s spans) end(err error) {
	for _, span := range s {
		if err != nil {
			span.Fail(fault.KindOf(err).Slug())
		}
		span.End()
	}
}

// hands are what the consumers of this process have in hand. The zero value is
// ready to use, by several goroutines.
type hands struct {
	mu     sync.Mutex
	byName map[string]hand
}

// hand is one consumer at work.
type hand struct {
	consumer jetstream.Consumer
	since    time.Time // when the oldest message in hand was written; zero: none
}

func (h *hands) change(name string, fn func(*hand)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.byName == nil {
		h.byName = map[string]hand{}
	}
	one := h.byName[name]
	fn(&one)
	h.byName[name] = one
}

func (h *hands) add(name string, c jetstream.Consumer) {
	h.change(name, func(one *hand) { one.consumer = c })
}

func (h *hands) take(name string, since time.Time) {
	h.change(name, func(one *hand) { one.since = since })
}

func (h *hands) put(name string) { h.take(name, time.Time{}) }

func (h *hands) all() map[string]hand {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.byName)
}

// figures are what the log is asked for when metrics are read.
type figures struct{ bus *Bus }

// askFor is how long a reader of metrics waits for the log.
const askFor = time.Second

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// description is every figure, by a short name.
func description() map[string]*prometheus.Desc {
	return map[string]*prometheus.Desc{
		"up":         desc("relais_log_up", "1 while there is a connection to the log, else 0."),
		"reconnects": desc("relais_log_reconnects_total", "How often the connection to the log was made again."),
		"messages":   desc("relais_log_stream_messages", "Messages that a stream holds.", "stream"),
		"bytes":      desc("relais_log_stream_bytes", "Room that a stream takes.", "stream"),
		"last":       desc("relais_log_stream_last_sequence", "Sequence of the newest message of a stream.", "stream"),
		"pending":    desc("relais_log_consumer_pending", "Messages that a consumer of this process has not finished.", "consumer"),
		"oldest":     desc("relais_log_consumer_oldest_seconds", "Age of the oldest message that a consumer of this process has in hand; 0: none.", "consumer"),
	}
}

// Describe implements prometheus.Collector.
func (f figures) Describe(out chan<- *prometheus.Desc) {
	for _, d := range description() {
		out <- d
	}
}

// Collect implements prometheus.Collector. What the log does not tell in time, or
// not to this user, is left out.
func (f figures) Collect(out chan<- prometheus.Metric) {
	is, up := description(), 0.0
	gauge := func(name string, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(is[name], prometheus.GaugeValue, value, labels...)
	}
	hands := f.bus.hands.all()
	for name, h := range hands {
		age := 0.0
		if !h.since.IsZero() {
			age = time.Since(h.since).Seconds()
		}
		gauge("oldest", age, name)
	}
	if f.bus.conn.IsConnected() {
		up = 1
	}
	gauge("up", up)
	out <- prometheus.MustNewConstMetric(is["reconnects"], prometheus.CounterValue, float64(f.bus.conn.Stats().Reconnects))
	if up == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), askFor)
	defer cancel()
	var group sync.WaitGroup
	for name, stream := range f.bus.streams {
		group.Go(func() {
			if info, err := stream.Info(ctx); err == nil {
				gauge("messages", float64(info.State.Msgs), name)
				gauge("bytes", float64(info.State.Bytes), name)
				gauge("last", float64(info.State.LastSeq), name)
			}
		})
	}
	for name, h := range hands {
		group.Go(func() {
			if info, err := h.consumer.Info(ctx); err == nil {
				gauge("pending", float64(info.NumPending)+float64(info.NumAckPending), name)
			}
		})
	}
	group.Wait()
}
