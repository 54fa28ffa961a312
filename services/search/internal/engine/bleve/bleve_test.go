// SPDX-License-Identifier: Apache-2.0

package bleve_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/blevesearch/bleve/v2/index/scorch"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/bleve"
	"github.com/relais-press/relais/services/search/internal/engine/enginetest"
)

// victimDir, when set, makes the test binary write to the index in that folder
// until it is killed.
const victimDir = "RELAIS_TEST_VICTIM_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		writeUntilKilled(dir)
	}
	os.Exit(m.Run())
}

func TestEngine(t *testing.T) {
	enginetest.Test(t, func(t *testing.T) engine.Engine { return open(t, t.TempDir()) })
}

func TestDurable(t *testing.T) {
	enginetest.TestDurable(t, func(t *testing.T, dir string) engine.Engine { return open(t, dir) })
}

func TestKilledProcessLosesNothingApplied(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		acknowledged := killWriter(t, dir, 15)
		e := open(t, dir)
		position, err := e.Position(t.Context())
		if err != nil || position < acknowledged {
			t.Fatalf("position is %d (%v), %d was acknowledged", position, err, acknowledged)
		}
		if n, err := e.Count(t.Context()); err != nil || n != position {
			t.Errorf("index holds %d editions (%v) at position %d", n, err, position)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killWriter starts a writer, kills it after some more batches, and returns the
// last position it was told had been applied.
func killWriter(t *testing.T, dir string, batches int) (acknowledged uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), victimDir+"="+dir), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 1; lines.Scan(); n++ {
		if acknowledged, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatalf("writer said %q", lines.Text())
		}
		if n == batches {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.Exited() {
		t.Fatalf("writer ended before it was killed: %v", err)
	}
	return acknowledged
}

func writeUntilKilled(dir string) {
	ctx := context.Background()
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	e, err := bleve.Open(dir, slog.New(slog.DiscardHandler))
	fail(err)
	for {
		position, err := e.Position(ctx)
		fail(err)
		edition := enginetest.Recap()
		edition.ID = fmt.Sprintf("recap-%d", position+1)
		fail(e.Apply(ctx, []engine.Document{engine.NewDocument(&edition)}, position+1))
		fmt.Fprintln(os.Stdout, position+1)
	}
}

func TestOpenGivesUpWhatItCannotRead(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir string){
		"garbage for a root": func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "root.bolt"), bytes.Repeat([]byte("garbage "), 4096))
		},
		"an empty root":    func(t *testing.T, dir string) { write(t, filepath.Join(dir, "root.bolt"), nil) },
		"a root cut short": func(t *testing.T, dir string) { shorten(t, filepath.Join(dir, "root.bolt")) },
		"no segments":      func(t *testing.T, dir string) { segments(t, dir, func(f string) { fatal(t, os.Remove(f)) }) },
		"segments cut short": func(t *testing.T, dir string) {
			segments(t, dir, func(f string) { shorten(t, f) })
		},
		"empty segments": func(t *testing.T, dir string) {
			segments(t, dir, func(f string) { write(t, f, nil) })
		},
		"another mapping": otherMapping,
		"segments of noise": func(t *testing.T, dir string) {
			segments(t, dir, func(f string) { scramble(t, f) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "other.txt"), []byte("not ours"))
			e := open(t, dir)
			edition := enginetest.Recap()
			fatal(t, e.Apply(t.Context(), []engine.Document{engine.NewDocument(&edition)}, 5))
			fatal(t, e.Close())
			damage(t, dir)

			var log bytes.Buffer
			e, err := bleve.Open(dir, slog.New(slog.NewTextHandler(&log, nil)))
			fatal(t, err)
			defer e.Close()
			position, err := e.Position(t.Context())
			fatal(t, err)
			count, err := e.Count(t.Context())
			fatal(t, err)
			if position != 0 || count != 0 {
				t.Errorf("position is %d, count %d, want an empty index", position, count)
			}
			// Without its last segments, scorch may fall back on the empty state before them.
			if !strings.Contains(name, "segments") && !strings.Contains(log.String(), "given up") {
				t.Errorf("log says %q", log.String())
			}
			fatal(t, e.Apply(t.Context(), []engine.Document{engine.NewDocument(&edition)}, 5))
			if res, err := e.Search(t.Context(), engine.Query{Text: "blockchain"}); err != nil || res.Total != 1 {
				t.Errorf("the new index finds %d (%v)", res.Total, err)
			}
			if got, err := os.ReadFile(filepath.Join(dir, "other.txt")); err != nil || string(got) != "not ours" {
				t.Errorf("a file beside the index is now %q (%v)", got, err)
			}
		})
	}
}

func TestOpenTwiceFails(t *testing.T) {
	dir := t.TempDir()
	e := open(t, dir)
	defer e.Close()
	if _, err := bleve.Open(dir, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("second open returned %v", err)
	}
	if _, err := e.Position(t.Context()); err != nil {
		t.Errorf("the first is unusable: %v", err)
	}
}

func TestOpenNewIsQuiet(t *testing.T) {
	var log bytes.Buffer
	e, err := bleve.Open(filepath.Join(t.TempDir(), "made", "on the way [1]"), slog.New(slog.NewTextHandler(&log, nil)))
	fatal(t, err)
	fatal(t, e.Close())
	if log.Len() > 0 {
		t.Errorf("log says %q", log.String())
	}
}

// otherMapping leaves an index that a future version might have written.
func otherMapping(t *testing.T, dir string) {
	queue := index.NewAnalysisQueue(1)
	defer queue.Close()
	s, err := scorch.NewScorch(scorch.Name, map[string]any{"path": dir}, queue)
	fatal(t, err)
	fatal(t, s.Open())
	fatal(t, s.SetInternal([]byte("relais"), []byte(`{"mapping":999999,"position":5}`)))
	fatal(t, s.Close())
}

func open(t testing.TB, dir string) *bleve.Index {
	t.Helper()
	e, err := bleve.Open(dir, slog.New(slog.DiscardHandler))
	fatal(t, err)
	return e
}

func segments(t *testing.T, dir string, fn func(file string)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.zap"))
	fatal(t, err)
	if len(files) == 0 {
		t.Fatal("the index has no segments")
	}
	for _, f := range files {
		fn(f)
	}
}

func shorten(t *testing.T, file string) {
	t.Helper()
	info, err := os.Stat(file)
	fatal(t, err)
	fatal(t, os.Truncate(file, info.Size()/3))
}

// scramble turns a file into noise of the same length, but for its last bytes,
// which say what it is.
func scramble(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	fatal(t, err)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range content[:max(0, len(content)-64)] {
		content[i] = byte(random.Uint32())
	}
	write(t, file, content)
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	fatal(t, os.WriteFile(file, content, 0o600))
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
