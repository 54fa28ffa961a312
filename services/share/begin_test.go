// SPDX-License-Identifier: Apache-2.0

package share_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/services/share"
)

// TestAStartDeniesNoLink asks for a link before share has read where it leads:
// the article is not unknown, it is not known yet.
func TestAStartDeniesNoLink(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1, Headline: "Un titre"})
	link := d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette"}`)
	d.stop()

	log := slog.New(slog.DiscardHandler)
	directory, err := partner.NewDirectory(t.Context(), d.bus, log)
	if err != nil {
		t.Fatal(err)
	}
	s, err := share.New(t.Context(), share.Config{Instance: "main", Links: 1000, Retention: 25}, d.dir, lifecycle.Deps{
		Bus: d.bus, Directory: directory, Logger: log, Metrics: prometheus.NewRegistry(), Health: telemetry.NewHealth(), PublicURL: public,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.handler = s.Handler()
	for _, path := range []string{
		"/s/" + link.Code, "/s/" + link.Code + "+", "/s/" + link.Code + ".svg", "/cards/recap/fr.png",
		"/v1/share/recap?key=" + partnerKey, "/oembed?url=" + url.QueryEscape(link.URL),
	} {
		if w := d.call("GET", path, "", "User-Agent", firefox); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s before the log is read: %d, Retry-After %q: %s", path, w.Code, w.Header().Get("Retry-After"), w.Body)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("share ended with %v", err)
		}
	})
	defer func() { cancel(); running.Wait() }()
	await(t, "the link to lead to the article", func() bool { return d.call("GET", "/s/"+link.Code, "").Code == http.StatusFound })
}
