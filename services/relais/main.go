// SPDX-License-Identifier: Apache-2.0

// Command relais runs the whole relay in one process: ingest, search-indexing
// and share-link on one port, with the log and the index inside. It also
// publishes and imports, and tells where an article is, at a relay that runs.
package main

import (
	"context"
	"fmt"
	"os"
	"reflect"

	"github.com/alecthomas/kong"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/settings"
	"github.com/relais-press/relais/services/relais/internal/backup"
	"github.com/relais-press/relais/services/relais/internal/cli"
	"github.com/relais-press/relais/services/relais/internal/declare"
	"github.com/relais-press/relais/services/relais/internal/doctor"
)

// version is set when the program is linked.
var version = "dev"

type commands struct {
	Serve   serve            `cmd:"" help:"Run everything on one port."`
	Publish cli.Publish      `cmd:"" help:"Publish files, each an article."`
	Import  cli.Import       `cmd:"" help:"Import many editions: NDJSON, RSS, Atom, JSON Feed, WordPress."`
	Links   cli.Links        `cmd:"" help:"Take in short links that were made elsewhere."`
	Status  cli.Status       `cmd:"" help:"Show where an article or an import is."`
	Reindex cli.Reindex      `cmd:"" help:"Build the search index anew from the log, while the old one serves."`
	Recount cli.Recount      `cmd:"" help:"Count the clicks of the log again, and compare: exit code 1 when the counts are wrong."`
	Backup  backup.Command   `cmd:"" help:"Put everything into one file, while it runs or stopped."`
	Restore backup.Restore   `cmd:"" help:"Make a relay of a backup, in an empty place."`
	Doctor  doctor.Command   `cmd:"" help:"Look at a relay, running or stopped, and say what to do: exit code 1 when there is a problem."`
	Declare declare.Declare  `cmd:"" help:"Make the streams and buckets of a log whose services may not make them."`
	Version kong.VersionFlag `name:"version" help:"Print the version and exit."`
}

func main() {
	os.Exit(lifecycle.Main(func(ctx context.Context) error {
		c := commands{Backup: backup.Command{Version: version}, Doctor: doctor.Command{Version: version, Read: settingsOf}}
		parser, err := settings.Parser(&c, "relais", "Passes articles on: published once, found and shared at every partner.", kong.Vars{"version": version})
		if err != nil {
			return err
		}
		parsed, err := parser.Parse(os.Args[1:])
		parser.FatalIfErrorf(err)
		if command, ok := reflect.TypeAssert[cli.Command](parsed.Selected().Target.Addr()); ok {
			return command.Run(ctx, cli.Standard(os.Getenv))
		}
		if c.Serve.Process.PrintConfig {
			return settings.Dump(os.Stdout, parsed)
		}
		if err := c.Serve.run(ctx, os.Stdout, os.Stderr); err != nil {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	}))
}
