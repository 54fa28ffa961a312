// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/services/relais/internal/cli"
	"github.com/relais-press/relais/services/relais/internal/folder"
)

// Settings are those of relais serve that the doctor looks at.
type Settings struct {
	Data, NATSURL, PublicURL, MeiliURL string
	Proxies                            []string
}

// Command looks at a relay and says what to do.
type Command struct {
	cli.Server            `embed:""`
	lifecycle.Credentials `embed:""`

	Config   string `name:"config" type:"path" placeholder:"FILE" help:"The file that relais serve is given with --config."`
	Data     string `name:"data" placeholder:"DIR" help:"The data folder, when it is on this machine."`
	NATSURL  string `name:"nats-url" env:"RELAIS_NATS_URL" placeholder:"nats://…" help:"The log of services that run apart."`
	Replicas int    `name:"nats-replicas" env:"RELAIS_NATS_REPLICAS" default:"1" help:"Copies of every stream that there should be."`
	Quick    bool   `name:"quick" help:"Do not read every message of the log."`
	JSON     bool   `name:"json" help:"Write the findings as JSON."`

	Version string                         `kong:"-"`
	Read    func(string) (Settings, error) `kong:"-"` // of relais serve, from a file
}

// Run prints a line for each check. It is an error when one found a problem.
func (c *Command) Run(ctx context.Context, t cli.Terminal) error {
	findings := c.look(ctx)
	var err error
	if c.JSON {
		enc := json.NewEncoder(t.Out)
		enc.SetIndent("", "  ")
		err = enc.Encode(findings)
	} else {
		err = Print(t, t.Out, findings)
	}
	if err == nil && Failed(findings) {
		err = errors.New(t.Say("il y a des problèmes, marqués ✗", "there are problems, marked ✗"))
	}
	return err
}

func (c *Command) look(ctx context.Context) (out []Finding) {
	var s Settings
	if c.Config != "" {
		var err error
		if s, err = c.Read(c.Config); err != nil {
			return []Finding{bad("settings", both("%v", "%v", err), both("corrigez %[1]s", "correct %[1]s", c.Config))}
		}
		out = append(out, good("settings", "%s se lit", "%s is valid", c.Config))
	}
	data, natsURL := first(c.Data, s.Data), first(c.NATSURL, s.NATSURL)
	if data != "" {
		out = append(out, ThisHost().Folder(data)...)
	}
	if data != "" && natsURL == "" && !folder.Busy(data) && !folder.Restoring(data) {
		return append(out, c.stopped(ctx, data)...)
	}
	server := Server{Base: strings.TrimRight(c.URL, "/"), Key: c.Key, Version: c.Version, Quick: c.Quick, Now: time.Now}
	if natsURL != "" {
		out = append(out, c.remote(ctx, natsURL)...)
		server.Quick = true
	}
	out = append(out, server.Look(ctx)...)
	return append(out, around(ctx, s)...)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// around looks at what stands before and beside the relay.
func around(ctx context.Context, s Settings) (out []Finding) {
	if s.PublicURL != "" {
		out = append(out, Reaches(ctx, "public address", s.PublicURL, "/livez"))
		if len(s.Proxies) == 0 && strings.HasPrefix(s.PublicURL, "https:") {
			out = append(out, warn("proxies", both("aucun n’est nommé, et l’adresse publique est en https", "none is named, and the public address is https"),
				both("--trusted-proxies, ou tous les lecteurs ont une seule adresse", "--trusted-proxies, or all readers have one address")))
		}
	}
	if s.MeiliURL != "" {
		out = append(out, Reaches(ctx, "meilisearch", s.MeiliURL, "/health"))
	}
	return out
}

func (c *Command) remote(ctx context.Context, url string) []Finding {
	conn, err := c.Connect("relais-doctor", url)
	if err != nil {
		return []Finding{bad("log", both("%s ne répond pas", "%s does not answer", url),
			both("lancez nats-server, ou corrigez --nats-url ou --nats-seed", "start nats-server, or correct --nats-url or --nats-seed"))}
	}
	defer conn.Close()
	return Log{Conn: conn, Replicas: c.Replicas, Quick: c.Quick, Now: time.Now}.Look(ctx)
}

// stopped looks at the log of a data folder that no process has open.
func (c *Command) stopped(ctx context.Context, dir string) []Finding {
	const name = "server"
	dir = filepath.Join(dir, folder.Log)
	if _, err := os.Stat(dir); err != nil {
		return []Finding{warn(name, both("n’a pas encore tourné avec ce dossier", "has not run with this folder yet"), both("relais serve", "relais serve"))}
	}
	release, err := folder.Hold(filepath.Dir(dir))
	if err != nil {
		return []Finding{bad(name, both("%v", "%v", err), both("recommencez", "try again"))}
	}
	defer release()
	server, err := embedded.Start(embedded.Config{Dir: dir})
	if err != nil {
		return []Finding{bad("log", both("ne s’ouvre pas : %v", "does not open: %v", err), both("restaurez une sauvegarde", "restore a backup"))}
	}
	defer server.Stop()
	conn, err := server.Connect()
	if err != nil {
		return []Finding{bad("log", both("ne répond pas : %v", "does not answer: %v", err), both("recommencez", "try again"))}
	}
	defer conn.Close()
	out := []Finding{good(name, "est arrêté ; le journal a été ouvert et refermé", "is stopped; its log was opened and closed")}
	return append(out, Log{Conn: conn, Replicas: 1, Quick: c.Quick, Stopped: true, Now: time.Now}.Look(ctx)...)
}
