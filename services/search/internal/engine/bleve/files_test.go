// SPDX-License-Identifier: Apache-2.0

package bleve_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/enginetest"
)

// TestCheck does harm to the files of an index that is open. (One that is cut
// short may end the process, as scorch's own goroutines reach beyond its end.)
func TestCheck(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, dir string){
		"folder deleted":    remove,
		"root deleted":      func(t *testing.T, dir string) { fatal(t, os.Remove(filepath.Join(dir, "root.bolt"))) },
		"root replaced":     func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "root.bolt")) },
		"segments deleted":  func(t *testing.T, dir string) { segments(t, dir, func(f string) { fatal(t, os.RemoveAll(f)) }) },
		"a bit turned":      func(t *testing.T, dir string) { segments(t, dir, func(f string) { turn(t, f) }) },
		"segments of noise": func(t *testing.T, dir string) { segments(t, dir, func(f string) { noise(t, f) }) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a")
			e := open(t, dir)
			defer e.Close()
			var batch []engine.Document // one, whose segment nothing merges meanwhile
			for n := range 3 {
				edition := enginetest.Recap()
				edition.ID = fmt.Sprint("recap-", n)
				batch = append(batch, engine.NewDocument(&edition))
			}
			fatal(t, e.Apply(t.Context(), batch, 1))
			fatal(t, e.Check(t.Context(), true))
			fatal(t, e.Check(t.Context(), false))
			harm(t, dir)
			if err := e.Check(t.Context(), true); !errors.Is(err, engine.ErrDamaged) {
				t.Errorf("a thorough look says %v", err)
			}
			damaged := false // the files are read one after the other
			for range 20 {
				damaged = damaged || errors.Is(e.Check(t.Context(), false), engine.ErrDamaged)
			}
			if !damaged {
				t.Error("not noticed")
			}
			// It answers or says what is wrong; nothing falls over.
			if _, err := e.Search(t.Context(), engine.Query{Text: "blockchain"}); err != nil && !errors.Is(err, engine.ErrDamaged) {
				t.Logf("search says %v", err)
			}
		})
	}
}

// TestOpenGivesUpWhatIsNotWhatWasWritten turns one bit that nothing reads at the start.
func TestOpenGivesUpWhatIsNotWhatWasWritten(t *testing.T) {
	dir := t.TempDir()
	e := open(t, dir)
	edition := enginetest.Recap()
	fatal(t, e.Apply(t.Context(), []engine.Document{engine.NewDocument(&edition)}, 5))
	fatal(t, e.Close())
	segments(t, dir, func(f string) { turn(t, f) })
	e = open(t, dir)
	defer e.Close()
	if position, err := e.Position(t.Context()); err != nil || position != 0 {
		t.Errorf("position is %d (%v), want an empty index", position, err)
	}
}

// remove deletes a folder in which somebody may still be making files.
func remove(t *testing.T, dir string) {
	t.Helper()
	err := os.RemoveAll(dir)
	for n := 0; err != nil && n < 1000; n++ {
		err = os.RemoveAll(dir)
	}
	fatal(t, err)
}

// noise writes noise over the middle of a file, which keeps its length all the
// time, unless it has been merged into another.
func noise(t *testing.T, file string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	fatal(t, err)
	defer f.Close()
	info, err := f.Stat()
	fatal(t, err)
	random, content := rand.New(rand.NewPCG(1, 2)), make([]byte, info.Size()/2)
	for i := range content {
		content[i] = byte(random.Uint32())
	}
	_, err = f.WriteAt(content, info.Size()/4)
	fatal(t, err)
}

// turn turns one bit in the middle of a file. One that is only being made has
// none, and one that has been merged into another is gone.
func turn(t *testing.T, file string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	fatal(t, err)
	defer f.Close()
	info, err := f.Stat()
	fatal(t, err)
	if info.Size() == 0 {
		return
	}
	b := make([]byte, 1)
	_, err = f.ReadAt(b, info.Size()/2)
	fatal(t, err)
	b[0] ^= 0x10
	_, err = f.WriteAt(b, info.Size()/2)
	fatal(t, err)
}

// replace puts a copy of a file in its place.
func replace(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	fatal(t, err)
	write(t, file+".copy", content)
	fatal(t, os.Rename(file+".copy", file))
}
