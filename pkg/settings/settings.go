// SPDX-License-Identifier: Apache-2.0

// Package settings fills a process's configuration struct: defaults, then a
// file, then the environment, then flags. One tag on a field names its flag and
// its environment twin; a field tagged secret is never printed.
package settings

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// File is the part of a configuration that every command shares. The file
// holds NAME=value lines with the names of the environment, as systemd's
// EnvironmentFile does; blank lines and lines that start with # are skipped.
type File struct {
	Config      kong.ConfigFlag `name:"config" env:"RELAIS_CONFIG" placeholder:"FILE" help:"Read NAME=value lines from a file; the environment and flags win over it."`
	PrintConfig bool            `name:"print-config" help:"Print the configuration in force, secrets redacted, and exit."`
}

// Parser returns the parser of a command line for the struct that cfg points to.
func Parser(cfg any, name, description string, options ...kong.Option) (*kong.Kong, error) {
	options = append([]kong.Option{
		kong.Name(name), kong.Description(description), kong.Configuration(readFile), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	}, options...)
	parser, err := kong.New(cfg, options...)
	if err != nil {
		return nil, fmt.Errorf("settings of %s: %w", name, err)
	}
	return parser, nil
}

// Dump prints every flag that has an environment twin, as a file that --config
// would read: what is empty or secret stands in a comment.
func Dump(w io.Writer, ctx *kong.Context) error {
	for _, flag := range ctx.Flags() {
		if len(flag.Envs) == 0 || flag.Name == "config" {
			continue
		}
		comment, value := "", print(ctx.FlagValue(flag))
		switch {
		case value == "":
			comment = "# "
		case flag.Tag.Has("secret"):
			comment, value = "# ", "********"
		}
		if _, err := fmt.Fprintf(w, "%s%s=%s\n", comment, flag.Envs[0], value); err != nil {
			return fmt.Errorf("print settings: %w", err)
		}
	}
	return nil
}

// print writes a value as a flag takes it: a list with commas.
func print(value any) string {
	if list, ok := value.([]string); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(value)
}

// file is a configuration file that has been read.
type file map[string]string

func readFile(r io.Reader) (kong.Resolver, error) {
	out := file{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("line %d is not NAME=value", n)
		}
		out[strings.TrimSpace(name)] = strings.Trim(strings.TrimSpace(value), `"`)
	}
	return out, lines.Err()
}

// Validate refuses a name that no flag of the command answers to.
func (f file) Validate(app *kong.Application) error {
	known := map[string]bool{}
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			for _, env := range flag.Envs {
				known[env] = true
			}
		}
		return next(nil)
	})
	for name := range f {
		if !known[name] {
			return fmt.Errorf("%s is not a setting of this command", name)
		}
	}
	return nil
}

// Resolve gives a flag the file's value unless the environment has one.
func (f file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil
		}
	}
	i := slices.IndexFunc(flag.Envs, func(env string) bool { _, ok := f[env]; return ok })
	if i < 0 {
		return nil, nil
	}
	return f[flag.Envs[i]], nil
}
