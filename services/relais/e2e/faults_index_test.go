// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// faultsIndex is the folder of the index, and the process that has it open.
func faultsIndex(r *relay) (dir, process string) {
	if r.nats == "" {
		return filepath.Join(r.dir, "index"), "relais"
	}
	return filepath.Join(r.dir, "relais-search", "index"), "relais-search"
}

// faultsRemove deletes a folder in which somebody may still be making files.
func faultsRemove(t *testing.T, dir string) {
	t.Helper()
	await(t, dir+" to be deleted", func() bool { return os.RemoveAll(dir) == nil })
}

// faultsNoise writes noise over the middle of files that keep their lengths.
func faultsNoise(t *testing.T, pattern string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s (%v)", pattern, err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range files {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		content := make([]byte, info.Size()/2)
		for i := range content {
			content[i] = byte(random.Uint32())
		}
		if _, err := f.WriteAt(content, info.Size()/4); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
	}
}

// TestFaultIndex does harm to the index while it is open: it is built anew
// from the log, and what is asked meanwhile is answered rightly or not at all.
func TestFaultIndex(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		w := faultsStart(t, r)
		dir, name := faultsIndex(r)
		for _, c := range []struct {
			harm string
			do   func()
		}{
			{"supprime", func() { faultsRemove(t, dir) }},
			{"sans-racine", func() { faultsRoot(t, dir) }},
			{"corrompu", func() { faultsNoise(t, filepath.Join(dir, "?", "*.zap")) }},
		} {
			c.do()
			w.rebuilt(name, c.harm)
		}
		if err := r.parts[name].stopped(); err != nil {
			t.Errorf("%s ended: %v", name, err)
		}
	})
}

// faultsRoot deletes the file that names all others.
func faultsRoot(t *testing.T, dir string) {
	t.Helper()
	roots, err := filepath.Glob(filepath.Join(dir, "?", "root.bolt"))
	if err != nil || len(roots) == 0 {
		t.Fatalf("no root in %s (%v)", dir, err)
	}
	for _, root := range roots {
		if err := os.Remove(root); err != nil {
			t.Fatal(err)
		}
	}
}

// rebuilt follows a damaged index until it is whole, asking all the time.
func (w *faultsWorld) rebuilt(name, harm string) {
	w.t.Helper()
	p := w.parts[name]
	asked, answered := 0, 0
	serves := make(chan string, 1)
	go func() {
		p.line("the index is damaged")
		serves <- p.line("generation serves")
	}()
	await(w.t, "the index to be built anew after it was "+harm, func() bool {
		a := w.call("GET", "/v1/search?q=collectivite&limit=1&key="+w.key, "")
		asked++
		switch a.status {
		case http.StatusOK:
			answered++
			var found result
			a.into(w.t, &found)
			if len(found.Hits) != 1 || found.Hits[0].ID != w.recap {
				w.t.Errorf("while the index is %s, search finds %+v", harm, found)
			}
		case http.StatusServiceUnavailable:
		default:
			w.t.Fatalf("while the index is %s, search answers %d: %s", harm, a.status, a.body)
		}
		select {
		case <-serves:
			return true
		default:
			return false
		}
	})
	w.t.Logf("%s: %d of %d searches were answered", harm, answered, asked)
	w.recovers(harm, w.clicks)
}

// stopped is how a process has ended; nil while it runs.
func (p *process) stopped() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}
