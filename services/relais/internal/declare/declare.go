// SPDX-License-Identifier: Apache-2.0

// Package declare makes the streams and buckets of a log whose services may not
// make them: it is run by the operator, before the first start and after an
// upgrade.
package declare

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/services/relais/internal/cli"
)

// Declare is the command.
type Declare struct {
	lifecycle.Credentials `embed:""`

	NATSURL  string `name:"nats-url" env:"RELAIS_NATS_URL" required:"" placeholder:"nats://…" help:"The log: one or several addresses, separated by commas."`
	Replicas int    `name:"nats-replicas" env:"RELAIS_NATS_REPLICAS" help:"Copies of every stream: 1 alone, 3 in a cluster; default: as many as it has, 1 when it is new."`
}

// Run declares everything. Running it again changes nothing.
func (d *Declare) Run(ctx context.Context, t cli.Terminal) error {
	conn, err := d.Connect("relais-operator", d.NATSURL)
	if err != nil {
		return err
	}
	defer conn.Close()
	log := slog.New(slog.NewTextHandler(t.Err, nil))
	if _, err := bus.Open(ctx, conn, bus.Config{Replicas: d.Replicas, Logger: log}); err != nil {
		return fmt.Errorf("declare: %w", err)
	}
	text := "%d streams are as they have to be.\n"
	if t.French {
		text = "%d flux sont comme il faut.\n"
	}
	_, err = fmt.Fprintf(t.Out, text, len(bus.Declared(1)))
	return err
}
