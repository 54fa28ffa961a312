// SPDX-License-Identifier: Apache-2.0

package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/settings"
)

type config struct {
	settings.File `embed:""`

	Listen  string        `name:"listen" env:"TEST_LISTEN" default:"127.0.0.1:8080"`
	Wait    time.Duration `name:"wait" env:"TEST_WAIT" default:"2s"`
	Demo    bool          `name:"demo" env:"TEST_DEMO"`
	Tags    []string      `name:"tags" env:"TEST_TAGS" default:"fr,en"`
	Seed    string        `name:"seed" env:"TEST_SEED" type:"path"`
	Secret  string        `name:"key" env:"TEST_KEY" secret:""`
	Unnamed int           `name:"unnamed" default:"1"`
}

// write makes a configuration file and returns its path.
func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "relais.env")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatalf("write configuration: %v", err)
	}
	return path
}

func parse(t *testing.T, args ...string) (config, *kong.Context, error) {
	t.Helper()
	var cfg config
	parser, err := settings.Parser(&cfg, "test", "A test.")
	if err != nil {
		t.Fatalf("Parser: %v", err)
	}
	ctx, err := parser.Parse(args)
	return cfg, ctx, err
}

func TestPrecedence(t *testing.T) {
	for _, tc := range []struct {
		name, file, env, flag, want string
	}{
		{"default", "", "", "", "127.0.0.1:8080"},
		{"file_over_default", "file:1", "", "", "file:1"},
		{"env_over_default", "", "env:1", "", "env:1"},
		{"env_over_file", "file:1", "env:1", "", "env:1"},
		{"flag_over_file", "file:1", "", "flag:1", "flag:1"},
		{"flag_over_env", "", "env:1", "flag:1", "flag:1"},
		{"flag_over_all", "file:1", "env:1", "flag:1", "flag:1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var args []string
			if tc.file != "" {
				args = append(args, "--config", write(t, "TEST_LISTEN="+tc.file+"\n"))
			}
			if tc.env != "" {
				t.Setenv("TEST_LISTEN", tc.env)
			}
			if tc.flag != "" {
				args = append(args, "--listen", tc.flag)
			}
			cfg, _, err := parse(t, args...)
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			if cfg.Listen != tc.want {
				t.Errorf("Listen = %q, want %q", cfg.Listen, tc.want)
			}
		})
	}
}

func TestFileNamedByTheEnvironment(t *testing.T) {
	t.Setenv("RELAIS_CONFIG", write(t, "TEST_LISTEN=file:1\n"))
	cfg, _, err := parse(t)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	if cfg.Listen != "file:1" {
		t.Errorf("Listen = %q, want the file's", cfg.Listen)
	}
}

func TestFile(t *testing.T) {
	for _, tc := range []struct {
		name, content string
		want          config
		err           string // a part of the error
	}{
		{"empty", "", config{Listen: "127.0.0.1:8080", Wait: 2 * time.Second}, ""},
		{
			"every_type", "# how we run\n\n  TEST_LISTEN = :9090  \nTEST_WAIT=150ms\r\nTEST_DEMO=true\nTEST_KEY=\"a = # b\"",
			config{Listen: ":9090", Wait: 150 * time.Millisecond, Demo: true, Secret: "a = # b"},
			"",
		},
		{"last_line_wins", "TEST_LISTEN=a\nTEST_LISTEN=b\n", config{Listen: "b", Wait: 2 * time.Second}, ""},
		{"unknown_name", "TEST_LISTEN=a\nTEST_LISTNE=b\n", config{}, "TEST_LISTNE is not a setting of this command"},
		{"flag_without_twin", "unnamed=2\n", config{}, "unnamed is not a setting of this command"},
		{"no_assignment", "\nlisten\n", config{}, "line 2 is not NAME=value"},
		{"bad_value", "TEST_WAIT=soon\n", config{}, "--wait"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, _, err := parse(t, "--config", write(t, tc.content))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("err = %v, want it to say %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatalf("Parse: %v", err)
			}
			tc.want.Config, tc.want.Unnamed, tc.want.Tags = got.Config, 1, []string{"fr", "en"}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMissingFileIsAnError(t *testing.T) {
	if _, _, err := parse(t, "--config", filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a configuration file that is not there is accepted")
	}
}

func TestParserRefusesAnUnfitStruct(t *testing.T) {
	if _, err := settings.Parser(config{}, "test", "Not a pointer."); err == nil {
		t.Error("a struct that cannot be filled is accepted")
	}
}

func TestDump(t *testing.T) {
	_, ctx, err := parse(t, "--listen", ":1", "--demo", "--key", "rk_not-to-be-seen")
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	var out strings.Builder
	if err := settings.Dump(&out, ctx); err != nil {
		t.Fatalf("Dump: %v", err)
	}
	want := "TEST_LISTEN=:1\nTEST_WAIT=2s\nTEST_DEMO=true\nTEST_TAGS=fr,en\n# TEST_SEED=\n# TEST_KEY=********\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("dump (-want +got):\n%s", diff)
	}
}

func TestDumpIsAFileThatGivesTheSameConfiguration(t *testing.T) {
	first, ctx, err := parse(t, "--listen", ":1", "--wait", "3s", "--demo", "--tags", "de,it")
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	var out strings.Builder
	if err := settings.Dump(&out, ctx); err != nil {
		t.Fatalf("Dump: %v", err)
	}
	second, _, err := parse(t, "--config", write(t, out.String()))
	if err != nil {
		t.Fatalf("Parse of the dump: %v", err)
	}
	second.Config = first.Config
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("configuration (-first +second):\n%s", diff)
	}
}
