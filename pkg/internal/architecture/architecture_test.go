// SPDX-License-Identifier: Apache-2.0

package architecture_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root = "../../.."
	home = "github.com/relais-press/relais/"

	adapters = "services/search/internal/engine/"
)

// border is one rule: what may be imported only from some files.
type border struct {
	name    string
	imports []string               // import paths, those below them included
	open    func(file string) bool // may this file (path from the root) import them?
}

var services = []string{"services/ingest", "services/search", "services/share"}

func borders() []border {
	out := []border{
		{"pkg knows no service", []string{home + "services"}, func(f string) bool { return !in(f, "pkg") }},
		{
			"suites are for tests",
			[]string{"testing", home + "pkg/bus/bustest", home + adapters + "enginetest"},
			func(f string) bool { return test(f) || strings.HasSuffix(filepath.Dir(f), "test") },
		},
		{
			"nats-server runs in pkg/bus/embedded",
			[]string{"github.com/nats-io/nats-server"},
			func(f string) bool { return test(f) || in(f, "pkg/bus/embedded") },
		},
		{
			"the router is known to pkg/web and routes.go",
			[]string{"github.com/gorilla/mux"},
			func(f string) bool { return in(f, "pkg/web") || filepath.Base(f) == "routes.go" },
		},
		{
			"spans are made through pkg/telemetry",
			[]string{"go.opentelemetry.io/otel"},
			func(f string) bool { return in(f, "pkg/telemetry") },
		},
		{
			"the bundler belongs to the widget",
			[]string{"github.com/evanw/esbuild"},
			func(f string) bool { return in(f, "services/search/widget") },
		},
		{
			"bleve is an adapter",
			[]string{"github.com/blevesearch"},
			func(f string) bool { return in(f, adapters+"bleve") },
		},
		{
			"meilisearch is an adapter",
			[]string{"github.com/meilisearch"},
			func(f string) bool { return in(f, adapters+"meilisearch") },
		},
		{
			"search.go chooses the adapter",
			[]string{home + adapters + "bleve", home + adapters + "meilisearch"},
			func(f string) bool {
				return f == "services/search/search.go" || in(f, adapters+"bleve") || in(f, adapters+"meilisearch") ||
					test(f) && in(f, "services/search/internal/generation")
			},
		},
	}
	for _, service := range services {
		out = append(out, border{
			service + " is known to itself and the one binary",
			[]string{home + service},
			func(f string) bool { return in(f, service) || in(f, "services/relais") },
		})
	}
	return append(out, border{
		"the one binary is known to nobody",
		[]string{home + "services/relais"},
		func(f string) bool { return in(f, "services/relais") },
	})
}

// in reports whether a path is dir or lies below it.
func in(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

func test(file string) bool { return strings.HasSuffix(file, "_test.go") }

func TestBorders(t *testing.T) {
	rules := borders()
	for file, source := range sources(t) {
		for _, imported := range imports(t, file, source) {
			for _, rule := range rules {
				if !rule.open(file) && slices.ContainsFunc(rule.imports, func(p string) bool { return in(imported, p) }) {
					t.Errorf("%s imports %s: %s", file, imported, rule.name)
				}
			}
		}
	}
}

func TestVocabularyUsesTheStandardLibraryOnly(t *testing.T) {
	for file, source := range sources(t) {
		if test(file) || (!in(file, "pkg/article") && !in(file, "pkg/fault")) {
			continue
		}
		for _, imported := range imports(t, file, source) {
			if domain, _, _ := strings.Cut(imported, "/"); strings.Contains(domain, ".") {
				t.Errorf("%s imports %s", file, imported)
			}
		}
	}
}

func TestFilesStayReadable(t *testing.T) {
	const limit = 600
	for file, source := range sources(t) {
		if lines := bytes.Count(source, []byte("\n")); lines > limit && !bytes.Contains(source, []byte("\n// Code generated ")) {
			t.Errorf("%s has %d lines, more than %d", file, lines, limit)
		}
	}
}

func TestCommandsLinkNoMoreThanTheyNeed(t *testing.T) {
	for command, allowed := range linked() {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			found := modules(t, command)
			for _, module := range found {
				if !slices.Contains(allowed, module) {
					t.Errorf("links %s, which its list does not name", module)
				}
			}
			for _, module := range allowed {
				if !slices.Contains(found, module) {
					t.Errorf("does not link %s: take it off the list", module)
				}
			}
		})
	}
}

// modules lists the modules of others that are linked into a command.
func modules(t *testing.T, command string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
	cmd.Dir = filepath.Join(root, command)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0") // as shipped, wherever the test runs
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list what %s links: %v\n%s", command, err, &stderr)
	}
	found := strings.Fields(string(out))
	slices.Sort(found)
	return slices.DeleteFunc(slices.Compact(found), func(m string) bool { return strings.HasPrefix(m, home) })
}

// sources returns every Go file of the workspace by its path from the root.
func sources(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, top := range []string{"pkg", "services"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return fs.SkipDir
			case d.IsDir() || filepath.Ext(path) != ".go":
				return nil
			}
			file, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			out[filepath.ToSlash(file)], err = os.ReadFile(path)
			return err
		})
		if err != nil {
			t.Fatalf("read the workspace: %v", err)
		}
	}
	if len(out) < 20 {
		t.Fatalf("only %d Go files below %s: is this the root?", len(out), root)
	}
	return out
}

func imports(t *testing.T, file string, source []byte) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.ImportsOnly)
	if err != nil {
		t.Fatalf("parse %s: %v", file, err)
	}
	out := make([]string, 0, len(parsed.Imports))
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("%s: import %s: %v", file, spec.Path.Value, err)
		}
		out = append(out, path)
	}
	return out
}
