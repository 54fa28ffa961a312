// SPDX-License-Identifier: Apache-2.0

// Command relais runs the whole relay in one process: ingest, search-indexing
// and share-link on one port, with the log and the index inside.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/settings"
)

// version is set when the program is linked.
var version = "dev"

type commands struct {
	Serve   serve            `cmd:"" help:"Run everything on one port."`
	Version kong.VersionFlag `name:"version" help:"Print the version and exit."`
}

func main() {
	os.Exit(lifecycle.Main(func(ctx context.Context) error {
		var cli commands
		parser, err := settings.Parser(&cli, "relais", "Passes articles on: published once, found and shared at every partner.", kong.Vars{"version": version})
		if err != nil {
			return err
		}
		parsed, err := parser.Parse(os.Args[1:])
		parser.FatalIfErrorf(err)
		if cli.Serve.Process.PrintConfig {
			return settings.Dump(os.Stdout, parsed)
		}
		if err := cli.Serve.run(ctx, os.Stdout, os.Stderr); err != nil {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	}))
}
