// SPDX-License-Identifier: Apache-2.0

package deployment_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// root is the tree's root, seen from here.
const root = "../../../.."

// programs is the folder with the commands, built as the image builds them.
var programs string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "relais-deploy-*")
	if err == nil {
		programs = dir
		err = build(dir)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the commands:", err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func build(dir string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=test", "-o", dir+"/",
		"github.com/relais-press/relais/services/relais",
		"github.com/relais-press/relais/services/ingest/cmd/relais-ingest",
		"github.com/relais-press/relais/services/search/cmd/relais-search",
		"github.com/relais-press/relais/services/share/cmd/relais-share")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// known is what settings has found out.
var known = map[string][]string{}

// settings lists the names that a command takes from its environment.
func settings(t *testing.T, command string) []string {
	t.Helper()
	if known[command] != nil {
		return known[command]
	}
	args := []string{"--nats-url", "nats://x", "--print-config"}
	if command == "relais" {
		args = []string{"serve", "--print-config"}
	}
	out, err := exec.Command(filepath.Join(programs, command), args...).Output()
	if err != nil {
		t.Fatalf("%s --print-config: %v", command, err)
	}
	names := []string{"RELAIS_CONFIG"}
	for _, m := range regexp.MustCompile(`(?m)^(?:# )?([A-Z_]+)=`).FindAllStringSubmatch(string(out), -1) {
		names = append(names, m[1])
	}
	known[command] = names
	return names
}

// takes fails unless a command knows a setting.
func takes(t *testing.T, command, name string) {
	t.Helper()
	if strings.HasPrefix(name, "RELAIS_") && !slices.Contains(settings(t, command), name) {
		t.Errorf("%s is not a setting of %s", name, command)
	}
}

// routes is every path of the public contract and the service that answers it.
func routes(t *testing.T) map[string]string {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]yaml.Node
	}
	if err := yaml.Unmarshal([]byte(read(t, "services/relais/internal/docs/openapi.yaml")), &doc); err != nil {
		t.Fatal(err)
	}
	services := map[string]string{
		"Editing": "ingest", "Access": "ingest", "Search": "search", "Widget": "search", "Syndication": "search", "Share": "share",
	}
	out := map[string]string{}
	for path, operations := range doc.Paths {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			node, ok := operations[method]
			var op struct{ Tags []string }
			if err := node.Decode(&op); ok && err != nil {
				t.Fatal(err)
			}
			if len(op.Tags) == 1 && op.Tags[0] != "Process" {
				out[regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(path, "x")] = services[op.Tags[0]]
			}
		}
	}
	if len(out) < 40 {
		t.Fatalf("only %d paths in the contract", len(out))
	}
	return out
}

// TestSystemd looks at what systemd reads: the settings are those of relais serve.
func TestSystemd(t *testing.T) {
	for _, m := range regexp.MustCompile(`\b(RELAIS_[A-Z_]+)=`).FindAllStringSubmatch(
		read(t, "deploy/systemd/relais.env")+read(t, "deploy/systemd/relais.service"), -1) {
		takes(t, "relais", m[1])
	}
	unit := read(t, "deploy/systemd/relais.service")
	for _, line := range []string{"DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "StateDirectory=relais", "Restart=always"} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("the unit has no %s", line)
		}
	}
	if tool, err := exec.LookPath("systemd-analyze"); err == nil {
		file := filepath.Join(t.TempDir(), "relais.service")
		unit = strings.Replace(unit, "/usr/local/bin/relais", filepath.Join(programs, "relais"), 1)
		if err := os.WriteFile(file, []byte(unit), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(tool, "verify", "--man=no", file).CombinedOutput(); err != nil {
			t.Errorf("systemd-analyze verify: %v: %s", err, out)
		}
	}
}

// TestDockerfile holds the image's recipe against the tree: the modules, the
// commands, the version of Go.
func TestDockerfile(t *testing.T) {
	recipe, makefile := read(t, "deploy/Dockerfile"), read(t, "Makefile")
	line := func(name string) []string {
		m := regexp.MustCompile(`(?m)^` + name + `\s*:= (.*)$`).FindStringSubmatch(makefile)
		if m == nil {
			t.Fatalf("no %s in the Makefile", name)
		}
		return strings.Fields(m[1])
	}
	for _, module := range line("MODULES") {
		if want := fmt.Sprintf("COPY %[1]s/go.mod %[1]s/go.sum %[1]s/\n", module); !strings.Contains(recipe, want) {
			t.Errorf("the recipe has no %s", want)
		}
	}
	for _, command := range line("COMMANDS") {
		name := filepath.Base(command)
		for _, want := range []string{" " + command, "FROM base AS " + name + "\n", fmt.Sprintf("ENTRYPOINT [\"/%s\"]", name)} {
			if !strings.Contains(recipe, want) {
				t.Errorf("the recipe has no %s", want)
			}
		}
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.work"))[1]
	if !strings.Contains(recipe, "golang:"+version+"-") {
		t.Errorf("the recipe does not build with Go %s", version)
	}
	for _, m := range regexp.MustCompile(`\b(RELAIS_[A-Z_]+)=`).FindAllStringSubmatch(recipe, -1) {
		for _, command := range []string{"relais", "relais-ingest", "relais-search", "relais-share"} {
			takes(t, command, m[1])
		}
	}
}
