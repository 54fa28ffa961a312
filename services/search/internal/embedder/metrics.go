// SPDX-License-Identifier: Apache-2.0

package embedder

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// outcome is what became of a request to the server.
type outcome string

const (
	good        outcome = "ok"
	busy        outcome = "busy"        // 408, 429 and 5xx
	timeout     outcome = "timeout"     // no whole response in time
	unreachable outcome = "unreachable" // no whole response for another reason
	badRequest  outcome = "bad_request" // 3xx and 4xx
	badAnswer   outcome = "bad_answer"  // 200 with something else than the vectors
	canceled    outcome = "canceled"    // by who asked
)

// metrics are what the operator sees of the server.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  prometheus.Histogram
	up       prometheus.Gauge
	degraded prometheus.Counter
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relais_search_embedder_requests_total", Help: "Requests to the embedder, by outcome.",
		}, []string{"outcome"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "relais_search_embedder_seconds", Help: "Duration of a request to the embedder.",
			Buckets: []float64{.005, .01, .025, .05, .1, .2, .3, .5, 1, 2.5, 5, 10, 30, 60},
		}),
		up: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "relais_search_embedder_up", Help: "0 since a request to the embedder failed, else 1.",
		}),
		degraded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "relais_search_embedder_degraded_total", Help: "Questions answered by words alone because the embedder failed.",
		}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.seconds, m.up, m.degraded} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("embedder: %w", err)
		}
	}
	for _, o := range []outcome{good, busy, timeout, unreachable, badRequest, badAnswer, canceled} {
		m.requests.WithLabelValues(string(o))
	}
	m.up.Set(1)
	return m, nil
}

func (m *metrics) record(o outcome, d time.Duration) {
	m.requests.WithLabelValues(string(o)).Inc()
	m.seconds.Observe(d.Seconds())
	switch o {
	case good:
		m.up.Set(1)
	case canceled:
	default:
		m.up.Set(0)
	}
}
