// SPDX-License-Identifier: Apache-2.0

// Package cli is what an editor does with a relay from a terminal: publish
// files, import many editions, see where an article is. It speaks French or
// English, as the terminal does, and uses the public API only.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/relais-press/relais/services/relais/internal/client"
)

// Server says which relay is meant and who asks.
type Server struct {
	URL string `name:"server" env:"RELAIS_SERVER" default:"http://127.0.0.1:8080" placeholder:"URL" help:"The relay."`
	Key string `name:"key" env:"RELAIS_KEY,RELAIS_ADMIN_KEY" secret:"" placeholder:"rk_…" help:"An editor's key; for reindex, an admin's."`
}

// Client calls the relay; an error says that there is no key.
func (s Server) Client(t Terminal) (client.Client, error) {
	if s.Key == "" {
		return client.Client{}, fmt.Errorf("%s", t.Say(
			"il faut une clé : --key rk_… ou RELAIS_KEY", "a key is needed: --key rk_… or RELAIS_KEY"))
	}
	return client.Client{Base: strings.TrimRight(s.URL, "/"), Key: s.Key}, nil
}

// Terminal is where a command reads and writes.
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer
	Live     bool // Err is a terminal: a line may be drawn again
	French   bool // its language; English otherwise
}

// Command is one of the commands of this package.
type Command interface {
	// Run does what the command says. It returns an error when anything of it
	// was not done, which it has told in detail before.
	Run(ctx context.Context, t Terminal) error
}

// Standard is the terminal of the process; its language is that of the POSIX
// locale in the environment.
func Standard(getenv func(string) string) Terminal {
	info, err := os.Stderr.Stat()
	t := Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Live: err == nil && info.Mode()&os.ModeCharDevice != 0}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			t.French = strings.HasPrefix(strings.ToLower(v), "fr")
			break
		}
	}
	return t
}

// Say chooses between two texts by the language of the terminal.
func (t Terminal) Say(french, english string) string {
	if t.French {
		return french
	}
	return english
}
