// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/relais-press/relais/services/relais/bench/internal/report"
)

// whole measures ingest apart, then the one binary from an empty folder on.
func (b *bench) whole(ctx context.Context) error {
	dir := b.path("whole")
	raw, err := measureRaw(ctx, filepath.Join(dir, "raw"))
	if err != nil {
		return err
	}
	b.Part("Ingest apart")
	rawLog, err := ingestAlone(ctx, b.Report, b.program("relais-ingest"), filepath.Join(dir, "alone"))
	if err != nil {
		return err
	}
	r, err := start(ctx, b.program("relais"), "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer r.stop()
	b.Part("The one binary")
	b.Add(report.Figure{Name: "ready on empty data", Value: report.Ms(r.ready), Unit: "ms", Goal: "< 1000"})
	b.Add(report.Figure{Name: "idle memory (RSS)", Value: r.rss(), Unit: "MiB", Goal: "< 120"})
	if err := r.prepare(ctx); err != nil {
		return err
	}
	visible, err := r.publishAtRate(ctx, 50, 500)
	if err != nil {
		return err
	}
	b.Add(report.Figure{
		Name: "publish → searchable, p50", Value: visible.At(0.5), Unit: "ms", Goal: "< 50",
		Raw: &report.Raw{Name: "raw append", Value: raw.appends.At(0.5)}, Note: "at 50 articles/s",
	})
	b.Add(report.Figure{
		Name: "publish → searchable, p99", Value: visible.At(0.99), Unit: "ms", Goal: "< 250", Raw: &report.Raw{Name: "raw append", Value: raw.appends.At(0.99)},
	})
	for _, m := range []struct {
		name string
		call func(context.Context) error
	}{
		{"POST of an article", r.publishNext},
		{"search, one word", r.search("collectivite")},
		{"search, with a typo", r.search("blokchain potentialites")},
		{"redirect, counted", r.follow},
	} {
		took, err := repeat(ctx, 300, m.call)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		b.Add(report.Figure{
			Name: m.name + ", p50", Value: took.At(0.5), Unit: "ms", Raw: &report.Raw{Name: "bare net/http", Value: raw.http.At(0.5)},
			Note: fmt.Sprintf("p99 %.2f ms", took.At(0.99)),
		})
	}
	if err := r.ingestAlongside(ctx, b.Report, rawLog); err != nil {
		return err
	}
	b.Add(report.Figure{Name: "memory after all (RSS)", Value: r.rss(), Unit: "MiB"})
	return nil
}
