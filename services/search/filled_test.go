// SPDX-License-Identifier: Apache-2.0

package search_test

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/services/search"
)

// TestAStartShowsNothingThatWasWithdrawn cancels an edition while search is
// down: the index on disk still has it, and nobody is shown it.
func TestAStartShowsNothingThatWasWithdrawn(t *testing.T) {
	d := open(t)
	d.publish(recap(1, "La blockchain"))
	d.stop()
	canceled := recap(2, "La blockchain")
	canceled.PubStatus, canceled.Cancellation = article.Canceled, &article.Cancellation{Reason: "x"}
	d.append(canceled)

	log := slog.New(slog.DiscardHandler)
	directory, err := partner.NewDirectory(t.Context(), d.bus, log)
	if err != nil {
		t.Fatal(err)
	}
	s, err := search.New(t.Context(), d.config, d.dir, lifecycle.Deps{
		Bus: d.bus, Directory: directory, Logger: log, Metrics: prometheus.NewRegistry(), Health: telemetry.NewHealth(), PublicURL: "https://relais.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	d.handler = s.Handler()
	for _, path := range []string{"/v1/search?q=blockchain&key=", "/v1/suggest?q=block&key=", "/v1/latest?key=", "/v1/related/other?key=", "/search?q=blockchain&key="} {
		if w := d.get(path + siteKey); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s before the log is read: %d, Retry-After %q: %s", path, w.Code, w.Header().Get("Retry-After"), w.Body)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("search ended with %v", err)
		}
	})
	defer func() { cancel(); running.Wait() }()
	d.await("search to answer", func() bool { return d.get("/v1/search?q=blockchain&key="+siteKey).Code == http.StatusOK })
	if d.total(siteKey, "blockchain") != 0 {
		t.Error("a canceled edition is found")
	}
}
