// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/door"
	"github.com/relais-press/relais/pkg/limit"
	"github.com/relais-press/relais/pkg/web"
)

// Door is who may come in, and how often.
type Door struct {
	Proxies     []string `name:"trusted-proxies" env:"RELAIS_TRUSTED_PROXIES" placeholder:"CIDR" help:"Networks of the proxies in front, whose X-Forwarded-For is believed."`
	AddressRate float64  `name:"address-rate" env:"RELAIS_ADDRESS_RATE" default:"100" placeholder:"N" help:"Requests a second of one public address (of IPv6 a /64), four times as many at once; 0: any number."`
	KeyRate     float64  `name:"key-rate" env:"RELAIS_KEY_RATE" default:"0" placeholder:"N" help:"Requests a second of one key, twice as many at once, unless its partner has a rateLimit; 0: any number."`
	Connections int      `name:"max-connections" env:"RELAIS_MAX_CONNECTIONS" default:"0" placeholder:"N" help:"Connections at once; an eighth of them, but no fewer than 64, of one public address. 0: half of the file descriptors, at most 20,000."`
}

// limits are the limits of the process, and the buckets they are counted in.
func (d *Door) limits(log *slog.Logger, metrics prometheus.Registerer) (door.Proxies, *web.Limits, *limit.Limiter, error) {
	proxies, err := door.ParseProxies(d.Proxies)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("--trusted-proxies: %w", err)
	}
	if d.AddressRate < 0 || d.KeyRate < 0 || d.Connections < 0 {
		return nil, nil, nil, fmt.Errorf("--address-rate, --key-rate and --max-connections are not negative")
	}
	buckets := limit.New()
	limits, err := web.NewLimits(web.Rates{Address: d.AddressRate, Key: d.KeyRate}, proxies, buckets, log, metrics)
	return proxies, limits, buckets, err
}

// share lets the processes on a log count together. One that may not use the
// bucket counts alone.
func share(ctx context.Context, b *bus.Bus, buckets *limit.Limiter, log *slog.Logger) error {
	for told := false; ctx.Err() == nil; told = true {
		kv, err := b.Bucket(ctx, bus.Rates)
		if err == nil {
			return buckets.Share(ctx, kv, log)
		}
		if !told && ctx.Err() == nil {
			log.WarnContext(ctx, "rates are not shared: this process counts alone for now", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
	return nil
}

// serve is Serve behind a door: limited connections, watched by metrics; over TLS
// when there is a pair.
func (d *Door) serve(ctx context.Context, l net.Listener, h http.Handler, pair *KeyPair, metrics prometheus.Registerer) error {
	refused := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "relais_connections_refused_total", Help: "Connections closed because their network has too many open.",
	})
	open := prometheus.NewGauge(prometheus.GaugeOpts{Name: "relais_connections", Help: "Connections open."})
	for _, c := range []prometheus.Collector{refused, open} {
		if err := metrics.Register(c); err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
	}
	if pair != nil {
		h = strict(h)
	}
	srv := door.Server(h, door.Usual())
	if pair != nil {
		srv.TLSConfig, srv.ErrorLog = pair.Config(), slog.NewLogLogger(pair.log.Handler(), slog.LevelDebug)
	}
	srv.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Inc()
		case http.StateClosed, http.StateHijacked:
			open.Dec()
		case http.StateActive, http.StateIdle:
		}
	}
	limited := door.Limit(l, door.Upto(d.Connections), door.Events{Refused: refused.Inc, Full: func() {
		srv.SetKeepAlivesEnabled(false) // idle connections are closed
		srv.SetKeepAlivesEnabled(true)
	}})
	return serve(ctx, srv, limited)
}
