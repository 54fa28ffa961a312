// SPDX-License-Identifier: Apache-2.0

package deployment_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// compose reads a file as docker compose does, with the code it does it with.
func compose(t *testing.T, file string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "deploy/compose", file)}, cli.WithEnv([]string{
		"RELAIS_HOST=relais.example", "RELAIS_ADMIN_KEY=rk_x", "RELAIS_MEILI_KEY=k",
	}))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return project
}

func TestCompose(t *testing.T) {
	for file, commands := range map[string][]string{
		"one.yaml":      {"relais"},
		"services.yaml": {"relais-ingest", "relais-search", "relais-share"},
	} {
		var ran []string
		for _, s := range compose(t, file).Services {
			if !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.Privileged {
				t.Errorf("%s: %s keeps rights: drops %v, %v", file, s.Name, s.CapDrop, s.SecurityOpt)
			}
			if len(s.Ports) > 0 && s.Name != "caddy" {
				t.Errorf("%s: %s is open to the world", file, s.Name)
			}
			if s.Build == nil {
				continue
			}
			command := s.Build.Target
			ran = append(ran, command)
			if !s.ReadOnly || s.User != "65532:65532" || len(s.Volumes) != 1 || s.Volumes[0].Target != "/data" {
				t.Errorf("%s: %s writes elsewhere than in /data, or as %q: %v", file, s.Name, s.User, s.Volumes)
			}
			if !strings.HasPrefix(s.Image, "ghcr.io/relais-press/"+command+":") {
				t.Errorf("%s: %s runs %s", file, s.Name, s.Image)
			}
			for name := range s.Environment {
				takes(t, command, name)
			}
		}
		slices.Sort(ran)
		if !slices.Equal(ran, commands) {
			t.Errorf("%s runs %v, want %v", file, ran, commands)
		}
	}
}

// TestCaddySendsEachPathToItsService reads the path matchers of the Caddyfile,
// whose * at the end matches everything.
func TestCaddySendsEachPathToItsService(t *testing.T) {
	patterns := map[string][]string{}
	for line := range strings.Lines(read(t, "deploy/compose/services.Caddyfile")) {
		if fields := strings.Fields(line); len(fields) > 2 && fields[1] == "path" {
			patterns[strings.TrimPrefix(fields[0], "@")] = fields[2:]
		}
	}
	matches := func(service, path string) bool {
		return slices.ContainsFunc(patterns[service], func(p string) bool {
			prefix, rest := strings.CutSuffix(p, "*")
			return path == p || rest && strings.HasPrefix(path, prefix)
		})
	}
	for path, service := range routes(t) {
		to := "ingest"
		for _, s := range []string{"search", "share"} {
			if matches(s, path) {
				to = s
			}
		}
		if to != service {
			t.Errorf("%s goes to %s, which is %s's", path, to, service)
		}
	}
	if len(patterns["search"]) == 0 || len(patterns["share"]) == 0 {
		t.Errorf("matchers %v", patterns)
	}
}
