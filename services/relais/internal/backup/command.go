// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/services/relais/internal/cli"
	"github.com/relais-press/relais/services/relais/internal/client"
	"github.com/relais-press/relais/services/relais/internal/folder"
)

// Command writes a backup of a relay: of one that runs as one process by its
// API, of a log that runs elsewhere by its address, or of the data folder of a process
// that is stopped.
type Command struct {
	cli.Server            `embed:""`
	lifecycle.Credentials `embed:""`

	File    string `arg:"" placeholder:"FILE|-" help:"Where to write it; - for the standard output."`
	NATSURL string `name:"nats-url" env:"RELAIS_NATS_URL" placeholder:"nats://…" help:"The log of services that run apart."`
	Data    string `name:"data" placeholder:"DIR" help:"The data folder of a stopped relais serve; with --nats-url, whose imports and clicks under way come along."`
	Damaged bool   `name:"damaged" help:"Take what can be read of a log that has lost messages."`
	Version string `kong:"-"`
}

// Run writes the file under another name first: FILE is never half of a backup.
func (c *Command) Run(ctx context.Context, t cli.Terminal) error {
	if c.File == "-" {
		m, err := c.write(ctx, t, t.Out, os.TempDir())
		if err == nil {
			c.tell(t, t.Err, m)
		}
		return err
	}
	dir := filepath.Dir(c.File)
	file, err := os.CreateTemp(dir, ".relais-backup-*") // which has mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := c.write(ctx, t, file, dir); err != nil {
		return err
	}
	b, err := reopen(t, file)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), os.Rename(file.Name(), c.File), syncFolder(dir)); err != nil {
		return err
	}
	c.tell(t, t.Out, b.Manifest)
	return nil
}

func (c *Command) tell(t cli.Terminal, w io.Writer, m Manifest) {
	_, _ = fmt.Fprintf(w, t.Say("Sauvegarde faite : %d messages de %d flux, %d fichiers.\n", "Backed up: %d messages of %d streams, %d files.\n"),
		m.Messages(), len(m.Streams), len(m.Files))
}

func (c *Command) write(ctx context.Context, t cli.Terminal, w io.Writer, scratch string) (Manifest, error) {
	bar := cli.NewBar(t)
	defer bar.End()
	src := Source{Dir: c.Data, Scratch: scratch, Version: c.Version, Damaged: c.Damaged, Progress: bar.Draw}
	switch {
	case c.NATSURL != "":
		conn, err := c.Connect("relais-backup", c.NATSURL)
		if err != nil {
			return Manifest{}, err
		}
		defer conn.Close()
		src.Conn = conn
		return Write(ctx, w, src)
	case c.Data != "":
		conn, stop, err := stopped(c.Data)
		if err != nil {
			return Manifest{}, hint(t, err)
		}
		defer stop()
		src.Conn = conn
		return Write(ctx, w, src)
	}
	return Manifest{}, c.download(ctx, t, w, bar)
}

// download asks the relay for the file.
func (c *Command) download(ctx context.Context, t cli.Terminal, w io.Writer, bar *cli.Bar) error {
	relay, err := c.Client(t)
	if err != nil {
		return err
	}
	path := "/v1/backup"
	if c.Damaged {
		path += "?damaged=true"
	}
	body, err := relay.Open(ctx, path)
	if failed, ok := errors.AsType[*client.StatusError](err); ok && failed.Status == http.StatusNotFound {
		return errors.New(t.Say("ce relais ne se sauvegarde pas par son API : ses services tournent à part ; donnez --nats-url",
			"this relay is not backed up by its API: its services run apart; give --nats-url"))
	}
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(&counter{w: w, fn: func(n int64) { bar.Draw(n, 0, t.Say("reçus", "received")) }}, body)
	if err != nil {
		return fmt.Errorf("%s: %w", t.Say("la sauvegarde s’est interrompue ; le journal du serveur dit pourquoi",
			"the backup broke off; the server's log says why"), err)
	}
	return nil
}

// stopped opens the log of a data folder that no process has open.
func stopped(dir string) (*nats.Conn, func(), error) {
	if _, err := os.Stat(filepath.Join(dir, folder.Log)); err != nil {
		return nil, nil, fmt.Errorf("%s holds no log: %w", dir, err)
	}
	release, err := folder.Hold(dir)
	if err != nil {
		return nil, nil, err
	}
	server, err := embedded.Start(embedded.Config{Dir: filepath.Join(dir, folder.Log)})
	if err != nil {
		release()
		return nil, nil, err
	}
	conn, err := server.Connect()
	if err != nil {
		server.Stop()
		release()
		return nil, nil, err
	}
	return conn, func() { conn.Close(); server.Stop(); release() }, nil
}

func hint(t cli.Terminal, err error) error {
	if errors.Is(err, folder.ErrBusy) {
		return fmt.Errorf("%w: %s", err, t.Say("sans --data, la sauvegarde se fait pendant qu’il tourne", "without --data it is backed up while it runs"))
	}
	return err
}

// reopen reads what was written, to its end.
func reopen(t cli.Terminal, file *os.File) (*Backup, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	bar := cli.NewBar(t)
	defer bar.End()
	return Open(file, info.Size(), func(done, total int64, _ string) { bar.Draw(done, total, t.Say("relecture", "reading back")) })
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Restore makes a relay of a backup.
type Restore struct {
	lifecycle.Credentials `embed:""`

	File     string `arg:"" type:"path" placeholder:"FILE" help:"The backup."`
	Data     string `name:"data" xor:"into" placeholder:"DIR" help:"Into the data folder of relais serve, which has to be empty."`
	NATSURL  string `name:"nats-url" xor:"into" placeholder:"nats://…" help:"Into a log that runs elsewhere, and has nothing of a relay."`
	Replicas int    `name:"nats-replicas" env:"RELAIS_NATS_REPLICAS" default:"1" help:"Copies of every stream: 1 alone, 3 in a cluster."`
	Check    bool   `name:"check" xor:"into" help:"Only prove that the backup can be restored: in a folder beside it, which is removed again."`
}

// Run reads the whole file before it writes anything.
func (c *Restore) Run(ctx context.Context, t cli.Terminal) error {
	if c.Data == "" && c.NATSURL == "" && !c.Check {
		return errors.New(t.Say("où restaurer ? --data DIR, --nats-url … ou --check", "restore where? --data DIR, --nats-url … or --check"))
	}
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	b, err := reopen(t, file)
	if err != nil {
		return err
	}
	lost, err := c.restore(ctx, t, b)
	if err != nil {
		return err
	}
	for _, l := range lost {
		_, _ = fmt.Fprintf(t.Err, t.Say("%s : %d messages illisibles\n", "%s: %d messages cannot be read\n"), l.Stream, l.Messages)
	}
	done := t.Say("Restauré", "Restored")
	if c.Check {
		done = t.Say("La sauvegarde est entière et se restaure", "The backup is whole and can be restored")
	}
	_, err = fmt.Fprintf(t.Out, t.Say("%s : %d messages de %d flux, état du %s.\n", "%s: %d messages of %d streams, as of %s.\n"),
		done, b.Messages(), len(b.Streams), b.Created.Format("2006-01-02 15:04:05 UTC"))
	if len(lost) > 0 {
		return errors.New(t.Say("il manque des messages", "messages are missing"))
	}
	if c.NATSURL != "" && len(b.Files) > 0 {
		_, _ = fmt.Fprintf(t.Err, t.Say("%d fichiers d’imports et de clics en cours restent dans la sauvegarde : tar xf %s files\n",
			"%d files of imports and clicks under way stay in the backup: tar xf %s files\n"), len(b.Files), strings.TrimSpace(c.File))
	}
	return err
}

func (c *Restore) restore(ctx context.Context, t cli.Terminal, b *Backup) ([]Loss, error) {
	bar := cli.NewBar(t)
	defer bar.End()
	switch {
	case c.Check:
		return b.Prove(ctx, filepath.Dir(c.File), bar.Draw)
	case c.Data != "":
		return b.IntoFolder(ctx, c.Data, bar.Draw)
	}
	conn, err := c.Connect("relais-restore", c.NATSURL)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return b.IntoLog(ctx, conn, c.Replicas, bar.Draw)
}
