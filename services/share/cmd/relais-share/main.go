// SPDX-License-Identifier: Apache-2.0

// Command relais-share serves short links and counts the visits.
package main

import (
	"context"
	"path/filepath"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/services/share"
)

// version is set when the program is linked.
var version = "dev"

type config struct {
	lifecycle.Remote `embed:""`
	share.Config     `embed:""`

	Data string `name:"data" env:"RELAIS_DATA" default:"./data" placeholder:"DIR" help:"Holds the counts, which are made again from the log when they are gone."`
}

func main() {
	var cfg config
	lifecycle.Standalone(telemetry.Build{Name: "relais-share", Version: version}, "Serves short links and counts the visits.", &cfg, &cfg.Remote,
		func(ctx context.Context, deps lifecycle.Deps) (lifecycle.Service, error) {
			return share.New(ctx, cfg.Config, filepath.Join(cfg.Data, "share"), deps)
		})
}
