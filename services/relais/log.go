// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"log/slog"
	"path/filepath"

	"github.com/nats-io/nats.go"

	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/services/relais/internal/folder"
)

// seedFile is what other machines present to the log inside.
const seedFile = "nats.seed"

// connect opens a connection to the log: the one inside unless another is named.
func (s *serve) connect(log *slog.Logger) (conn *nats.Conn, stop func(), err error) {
	if s.NATSURL != "" {
		conn, err = s.Log.Connect("relais", s.NATSURL)
		return conn, func() {}, err
	}
	cfg := embedded.Config{Dir: filepath.Join(s.Data, folder.Log), Listen: s.NATSListen, Seed: s.Log.NATSSeed, Logger: log}
	if cfg.Seed == "" {
		cfg.Seed = filepath.Join(s.Data, seedFile)
	}
	if s.Log.NATSCert != "" {
		if s.NATSListen == "" {
			return nil, nil, errors.New("--nats-cert is for a log elsewhere, or for the one inside with --nats-listen")
		}
		pair, err := lifecycle.OpenKeyPair(s.Log.NATSCert, s.Log.NATSKey, log)
		if err != nil {
			return nil, nil, err
		}
		cfg.TLS = pair.Config()
	}
	server, err := embedded.Start(cfg)
	if err != nil {
		return nil, nil, err
	}
	if conn, err = server.Connect(); err != nil {
		server.Stop()
		return nil, nil, err
	}
	return conn, server.Stop, nil
}
