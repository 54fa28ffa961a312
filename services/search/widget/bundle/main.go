// SPDX-License-Identifier: Apache-2.0

// Command bundle writes dist/v1.js from src. It runs in the folder of the
// widget, by go generate. With -release the same bytes are also kept under
// their frozen name, so that pages that pinned them outlive the next change.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/relais-press/relais/services/search/widget"
	"github.com/relais-press/relais/services/search/widget/internal/build"
)

func main() {
	release := flag.Bool("release", false, "also keep the script under its frozen name")
	flag.Parse()
	if err := run(*release); err != nil {
		log.Fatal(err)
	}
}

func run(release bool) error {
	src, err := filepath.Abs("src")
	if err != nil {
		return err
	}
	script, err := build.Script(src)
	if err != nil {
		return err
	}
	names := []string{widget.Name}
	if release {
		names = append(names, widget.FrozenName(script))
	}
	for _, name := range names {
		//nolint:gosec // a public script, committed with the sources
		if err := os.WriteFile(filepath.Join("dist", name), script, 0o644); err != nil {
			return err
		}
	}
	return nil
}
