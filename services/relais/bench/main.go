// SPDX-License-Identifier: Apache-2.0

// Command bench measures the one binary from outside, each speed beside the
// raw limit of the same run: how soon it is ready and how much memory it takes,
// how long an article takes from the POST to the reader, how fast searches and
// redirects are answered; search over 50,000 articles, and redirects over 100,000
// and 1,000,000 links, which the arguments "search" and "share" measure alone.
// The argument "browser" measures the widget in Chromium, from the key to the
// screen, over as many articles as a number after it says.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/relais-press/relais/pkg/lifecycle"
)

func main() {
	os.Exit(lifecycle.Main(func(ctx context.Context) error {
		if slices.Contains(os.Args[1:], bareArgument) {
			return serveBare(ctx)
		}
		dir, err := os.MkdirTemp("", "relais-bench-*")
		if err != nil {
			return fmt.Errorf("bench: %w", err)
		}
		defer os.RemoveAll(dir)
		return run(ctx, os.Stdout, dir)
	}))
}

func run(ctx context.Context, out io.Writer, dir string) error {
	build := exec.CommandContext(ctx, "go", "build", "-o", dir,
		"github.com/relais-press/relais/services/relais", "github.com/relais-press/relais/services/ingest/cmd/relais-ingest",
		"github.com/relais-press/relais/services/search/cmd/relais-search")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the commands: %w", err)
	}
	if slices.Contains(os.Args[1:], "search") {
		return searchAlone(ctx, out, filepath.Join(dir, "relais-search"), filepath.Join(dir, "search"))
	}
	if at := slices.Index(os.Args, "browser"); at > 0 {
		return browserAlone(ctx, out, filepath.Join(dir, "relais-search"), filepath.Join(dir, "browser"), os.Args[at+1:])
	}
	if slices.Contains(os.Args[1:], "share") {
		return shareAlone(ctx, out, filepath.Join(dir, "relais"), filepath.Join(dir, "share"))
	}
	raw, err := measureRaw(ctx, filepath.Join(dir, "raw"))
	if err != nil {
		return err
	}
	rawLog, err := ingestAlone(ctx, out, filepath.Join(dir, "relais-ingest"), filepath.Join(dir, "alone"))
	if err != nil {
		return err
	}
	r, err := start(ctx, filepath.Join(dir, "relais"), "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	defer r.stop()
	fmt.Fprintf(out, "ready on empty data      %8.0f ms   (to reach: < 1000)\n", ms(r.ready))
	fmt.Fprintf(out, "idle memory (RSS)        %8.1f MiB  (to reach: < 120)\n", r.rss())
	if err := r.prepare(ctx); err != nil {
		return err
	}
	visible, err := r.publishAtRate(ctx, 50, 500)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "publish → searchable p50 %8.1f ms   (to reach: < 50)    at 50 articles/s, raw append %.2f ms, × %.0f\n",
		ms(visible.at(0.5)), ms(raw.appends.at(0.5)), ratio(visible.at(0.5), raw.appends.at(0.5)))
	fmt.Fprintf(out, "publish → searchable p99 %8.1f ms   (to reach: < 250)   raw append %.2f ms, × %.0f\n",
		ms(visible.at(0.99)), ms(raw.appends.at(0.99)), ratio(visible.at(0.99), raw.appends.at(0.99)))
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
		fmt.Fprintf(out, "%-24s %8.2f ms p50, %.2f p99; bare net/http %.2f, × %.1f\n", m.name,
			ms(took.at(0.5)), ms(took.at(0.99)), ms(raw.http.at(0.5)), ratio(took.at(0.5), raw.http.at(0.5)))
	}
	if err := r.ingestAlongside(ctx, out, rawLog); err != nil {
		return err
	}
	fmt.Fprintf(out, "memory after all         %8.1f MiB\n", r.rss())
	r.stop()
	if err := searchAlone(ctx, out, filepath.Join(dir, "relais-search"), filepath.Join(dir, "search")); err != nil {
		return err
	}
	return shareAlone(ctx, out, filepath.Join(dir, "relais"), filepath.Join(dir, "share"))
}
