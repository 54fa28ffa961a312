// SPDX-License-Identifier: Apache-2.0

// Command bench measures Relais from outside, on its real programs, each speed
// beside the raw limit of the same run. It tells the figures as they come and
// leaves all of them in one report, as a page and as JSON.
//
//	bench [-out DIR] [-articles N] [-soak DURATION] [PART…]
//
// The parts, all of them without an argument:
//
//	whole    how soon the one binary is ready, how long an article takes from the POST to the reader
//	growth   what 1,000 articles, searches and redirects cost, and how all of it grows from 1,000 to 100,000 articles
//	search   search apart, over 50,000 articles
//	share    redirects, over 100,000 links and 1,000,000
//	browser  the widget in Chromium, from the key to the screen
//	soak     ten minutes of everything at once: does anything grow?
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/services/relais/bench/internal/report"
)

// options are what the command line says.
type options struct {
	out      string        // folder of the report
	articles int           // of the part browser
	soak     time.Duration // of the part soak
	parts    []string
}

// bench is one run: where its programs and its data are.
type bench struct {
	options
	dir string
	*report.Report
}

func main() {
	os.Exit(lifecycle.Main(func(ctx context.Context) error {
		var o options
		flag.StringVar(&o.out, "out", "artifacts", "folder of the report")
		flag.IntVar(&o.articles, "articles", corpusSize, "articles of the part browser")
		flag.DurationVar(&o.soak, "soak", 10*time.Minute, "how long the part soak takes")
		flag.Parse()
		if o.parts = flag.Args(); slices.Contains(o.parts, bareArgument) {
			return serveBare(ctx)
		}
		dir, err := os.MkdirTemp("", "relais-bench-*")
		if err != nil {
			return fmt.Errorf("bench: %w", err)
		}
		defer os.RemoveAll(dir)
		b := bench{o, dir, report.New(os.Stdout)}
		return b.run(ctx)
	}))
}

func (b *bench) run(ctx context.Context) error {
	type part struct {
		name    string
		measure func(context.Context) error
	}
	parts := []part{
		{"whole", b.whole},
		{"growth", b.growth},
		{"search", func(ctx context.Context) error {
			return searchAlone(ctx, b.Report, b.program("relais-search"), b.path("search"))
		}},
		{"share", func(ctx context.Context) error {
			return shareAlone(ctx, b.Report, b.program("relais"), b.path("share"))
		}},
		{"browser", func(ctx context.Context) error {
			return browserAlone(ctx, b.Report, b.program("relais-search"), b.path("browser"), b.articles)
		}},
		{"soak", b.soaked},
	}
	for _, name := range b.parts {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return fmt.Errorf("bench: there is no part %q", name)
		}
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", b.dir, //nolint:gosec // a folder that this run has made
		"github.com/relais-press/relais/services/relais", "github.com/relais-press/relais/services/ingest/cmd/relais-ingest",
		"github.com/relais-press/relais/services/search/cmd/relais-search")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the commands: %w", err)
	}
	for _, p := range parts {
		if len(b.parts) > 0 && !slices.Contains(b.parts, p.name) {
			continue
		}
		if err := p.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if err := os.RemoveAll(b.path(p.name)); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return b.Write(b.out)
}

// program is the path of a command that was built for this run.
func (b *bench) program(name string) string { return filepath.Join(b.dir, name) }

// path is where a part keeps its data.
func (b *bench) path(part string) string { return filepath.Join(b.dir, "data", part) }
