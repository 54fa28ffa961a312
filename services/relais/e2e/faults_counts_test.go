// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// faultsCounts is the file of the counts, and the process that has it open.
func faultsCounts(r *relay) (pattern, process string) {
	if r.nats == "" {
		return filepath.Join(r.dir, "share", "*.bolt"), "relais"
	}
	return filepath.Join(r.dir, "relais-share", "share", "*.bolt"), "relais-share"
}

// TestFaultCounts deletes the file of the counts while it is open: they go on
// being right, and the next start makes the file again from the log; so it does
// when the file was overwritten.
func TestFaultCounts(t *testing.T) {
	one := func(t *testing.T) (*relay, func(name string)) {
		r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}}
		bootOne(r)
		r.ready()
		return r, func(string) { bootOne(r) }
	}
	apart := func(t *testing.T) (*relay, func(name string)) {
		f := faultsBoot(t, nil, "")
		return f.relay, func(name string) { f.only(name) }
	}
	for shape, boot := range map[string]func(t *testing.T) (*relay, func(name string)){"one": one, "apart": apart} {
		t.Run(shape, func(t *testing.T) {
			r, again := boot(t)
			w := faultsStart(t, r)
			pattern, name := faultsCounts(r)
			counted := func(when string) {
				t.Helper()
				w.recovers(when, w.clicks)
				if out, errs, code := r.run("", "recount"); code != 0 || !strings.Contains(out, "aucun écart") {
					t.Errorf("recount, %s: %d\n%s%s", when, code, out, errs)
				}
			}
			files, err := filepath.Glob(pattern)
			if err != nil || len(files) == 0 {
				t.Fatalf("no counts %s (%v)", pattern, err)
			}
			for _, file := range files {
				faultsRemove(t, file)
			}
			w.follow()
			counted("supprime")
			r.parts[name].stop()
			again(name)
			r.ready()
			counted("rouvert")
			r.parts[name].stop()
			faultsNoise(t, pattern)
			again(name)
			r.ready()
			counted("ecrase")
		})
	}
}
