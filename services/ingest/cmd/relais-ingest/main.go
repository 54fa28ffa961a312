// SPDX-License-Identifier: Apache-2.0

// Command relais-ingest accepts what editors write and appends it to the log.
package main

import (
	"context"
	"os"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/services/ingest"
)

// version is set when the program is linked.
var version = "dev"

type config struct {
	lifecycle.Remote `embed:""`
	ingest.Config    `embed:""`

	Data string `name:"data" env:"RELAIS_DATA" default:"./data" placeholder:"DIR" help:"Where the first admin key and the imports under way are kept."`
}

func main() {
	var cfg config
	lifecycle.Standalone(telemetry.Build{Name: "relais-ingest", Version: version}, "Accepts what editors write and appends it to the log.", &cfg, &cfg.Remote,
		func(ctx context.Context, deps lifecycle.Deps) (lifecycle.Service, error) {
			return ingest.New(ctx, cfg.Config, cfg.Data, os.Stdout, deps)
		})
}
