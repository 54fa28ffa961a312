// SPDX-License-Identifier: Apache-2.0

// Command relais-search indexes the log and answers searches.
package main

import (
	"context"
	"path/filepath"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/services/search"
)

// version is set when the program is linked.
var version = "dev"

type config struct {
	lifecycle.Remote `embed:""`
	search.Config    `embed:""`

	Data string `name:"data" env:"RELAIS_DATA" default:"./data" placeholder:"DIR" help:"Where the index is kept."`
}

func main() {
	var cfg config
	lifecycle.Standalone(telemetry.Build{Name: "relais-search", Version: version}, "Indexes the log and answers searches.", &cfg, &cfg.Remote,
		func(ctx context.Context, deps lifecycle.Deps) (lifecycle.Service, error) {
			return search.New(ctx, cfg.Config, filepath.Join(cfg.Data, "index"), deps)
		})
}
