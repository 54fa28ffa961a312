// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"context"
	"os"

	"github.com/alecthomas/kong"
	"github.com/nats-io/nats.go"

	"github.com/relais-press/relais/pkg/settings"
	"github.com/relais-press/relais/pkg/telemetry"
)

// Remote is what a process needs to reach a log that runs elsewhere.
type Remote struct {
	Config      `embed:""`
	Credentials `embed:""`

	NATSURL string `name:"nats-url" env:"RELAIS_NATS_URL" required:"" placeholder:"nats://…" help:"The log: one or several addresses, separated by commas."`

	Version kong.VersionFlag `name:"version" help:"Print the version and exit."`
}

// Connect opens the connection; it is made again whenever it is lost. Answers
// come to _INBOX.NAME, so that each user of the log may read its own only.
func (r Remote) Connect(name string) (*nats.Conn, error) {
	return r.Credentials.Connect(name, r.NATSURL)
}

// Standalone is the main function of a command that serves one service on a
// log that runs elsewhere. cfg points to the command's settings, of which
// remote is a part. It does not return.
func Standalone(build telemetry.Build, description string, cfg any, remote *Remote, construct Constructor) {
	os.Exit(Main(func(ctx context.Context) error {
		parser, err := settings.Parser(cfg, build.Name, description, kong.Vars{"version": build.Version})
		if err != nil {
			return err
		}
		parsed, err := parser.Parse(os.Args[1:])
		parser.FatalIfErrorf(err)
		if remote.PrintConfig {
			return settings.Dump(os.Stdout, parsed)
		}
		remote.Build = build
		conn, err := remote.Connect(build.Name)
		if err != nil {
			return err
		}
		return Host(ctx, remote.Config, conn, os.Stderr, nil, construct)
	}))
}
