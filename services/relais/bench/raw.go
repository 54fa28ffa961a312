// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/services/relais/bench/internal/report"
)

// repeat calls n times, one after the other.
func repeat(ctx context.Context, n int, call func(context.Context) error) (report.Durations, error) {
	out := make(report.Durations, 0, n)
	for range n {
		begin := time.Now()
		if err := call(ctx); err != nil {
			return nil, err
		}
		out = append(out, time.Since(begin))
	}
	return report.Sorted(out), nil
}

// limits are what the parts below Relais can do on this machine.
type limits struct {
	appends report.Durations // one compare-and-set append of 2 kB, fsynced
	http    report.Durations // one request of a bare net/http server
}

func measureRaw(ctx context.Context, dir string) (limits, error) {
	var out limits
	server, err := embedded.Start(embedded.Config{Dir: dir})
	if err != nil {
		return out, err
	}
	defer server.Stop()
	conn, err := server.Connect()
	if err != nil {
		return out, err
	}
	defer conn.Close()
	log, err := bus.Open(ctx, conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return out, err
	}
	n := 0
	out.appends, err = repeat(ctx, 500, func(ctx context.Context) error {
		n++
		_, err := log.Append(ctx, bus.Articles, bus.Message{
			Subject: fmt.Sprintf("relais.article.raw-%d.fr", n), ID: fmt.Sprint(n), Data: make([]byte, 2048),
		}, 0)
		return err
	})
	if err != nil {
		return out, err
	}
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	defer bare.Close()
	out.http, err = repeat(ctx, 1000, func(ctx context.Context) error {
		_, err := call(ctx, http.MethodGet, bare.URL, "", nil)
		return err
	})
	return out, err
}
