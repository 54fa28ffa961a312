// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/settings"
	"github.com/relais-press/relais/pkg/telemetry"
	"github.com/relais-press/relais/services/ingest"
	"github.com/relais-press/relais/services/relais/internal/backup"
	"github.com/relais-press/relais/services/relais/internal/demo"
	"github.com/relais-press/relais/services/relais/internal/docs"
	"github.com/relais-press/relais/services/relais/internal/doctor"
	"github.com/relais-press/relais/services/relais/internal/folder"
	"github.com/relais-press/relais/services/relais/internal/landing"
	"github.com/relais-press/relais/services/search"
	"github.com/relais-press/relais/services/share"
)

// serve is the command that runs everything.
type serve struct {
	Process lifecycle.Config      `embed:""`
	Log     lifecycle.Credentials `embed:""`
	Ingest  ingest.Config         `embed:""`
	Search  search.Config         `embed:""`
	Share   share.Config          `embed:""`

	Data       string `name:"data" env:"RELAIS_DATA" default:"./data" placeholder:"DIR" help:"Holds everything; of it the index need not be backed up."`
	NATSURL    string `name:"nats-url" env:"RELAIS_NATS_URL" xor:"log" placeholder:"nats://…" help:"Use a log that runs elsewhere instead of the one inside."`
	NATSListen string `name:"nats-listen" env:"RELAIS_NATS_LISTEN" xor:"log" placeholder:"HOST:PORT" help:"Let other processes reach the log inside; beyond this machine they need DIR/nats.seed."`
	Demo       bool   `name:"demo" env:"RELAIS_DEMO" help:"Make a demo partner with articles, and serve its site."`
	DemoListen string `name:"demo-listen" env:"RELAIS_DEMO_LISTEN" default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Where the demo partner's site answers."`
}

func (s *serve) run(ctx context.Context, stdout, stderr io.Writer) error {
	start := time.Now()
	release, err := folder.Hold(s.Data)
	if err != nil {
		return err
	}
	defer release()
	conn, stop, err := s.connect(s.Process.Logger(stderr))
	if err != nil {
		return err
	}
	defer stop()
	started := func(ctx context.Context, publicURL string) error {
		if s.Demo {
			return demo.Run(ctx, demo.Config{
				Relais: publicURL, Listen: s.DemoListen, AdminKey: s.Ingest.AdminKey, Dir: s.Data, Started: start,
			}, stdout)
		}
		_, _ = fmt.Fprintf(stdout, "relais answers at %s\n", publicURL)
		return nil
	}
	s.Process.Build = telemetry.Build{Name: "relais", Version: version}
	return lifecycle.Host(ctx, s.Process, conn, stderr, started,
		func(ctx context.Context, deps lifecycle.Deps) (lifecycle.Service, error) {
			return ingest.New(ctx, s.Ingest, s.Data, stdout, deps)
		},
		func(ctx context.Context, deps lifecycle.Deps) (lifecycle.Service, error) {
			return search.New(ctx, s.Search, filepath.Join(s.Data, folder.Index), deps)
		},
		func(ctx context.Context, deps lifecycle.Deps) (lifecycle.Service, error) {
			return share.New(ctx, s.Share, filepath.Join(s.Data, folder.Share), deps)
		},
		func(_ context.Context, deps lifecycle.Deps) (lifecycle.Service, error) {
			return docs.New(deps)
		},
		func(_ context.Context, deps lifecycle.Deps) (lifecycle.Service, error) {
			return backup.NewRoute(conn, s.Data, version, deps)
		},
		func(_ context.Context, deps lifecycle.Deps) (lifecycle.Service, error) {
			return doctor.NewRoute(conn, s.Process.Replicas, deps)
		},
		func(_ context.Context, deps lifecycle.Deps) (lifecycle.Service, error) {
			return landing.New(landing.Config{Demo: s.Demo, DemoListen: s.DemoListen}, deps)
		},
	)
}

// settingsOf reads the file that serve is given with --config, as serve does.
func settingsOf(file string) (doctor.Settings, error) {
	var c struct {
		Serve serve `cmd:""`
	}
	parser, err := settings.Parser(&c, "relais", "")
	if err != nil {
		return doctor.Settings{}, err
	}
	if _, err := parser.Parse([]string{"serve", "--config", file}); err != nil {
		return doctor.Settings{}, fmt.Errorf("%s: %w", file, err)
	}
	s := &c.Serve
	return doctor.Settings{
		Data: s.Data, NATSURL: s.NATSURL, PublicURL: s.Process.PublicURL, MeiliURL: s.Search.MeiliURL, Proxies: s.Process.Proxies,
	}, nil
}
