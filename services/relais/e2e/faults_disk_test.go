// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// fillUp fills the disk until a write is refused: what the log had prepared may
// take some more.
func (w *faultsWorld) fillUp(d *faultsDisk) {
	w.t.Helper()
	n := 0
	await(w.t, "writes to be refused", func() bool {
		d.fill()
		n++
		return w.put(fmt.Sprint("plein-", n)).status == http.StatusServiceUnavailable
	})
	w.t.Logf("%d writes are taken by a disk that is full", n-1)
}

// TestFaultDiskFull fills the disk of the one binary, which has all on it.
func TestFaultDiskFull(t *testing.T) {
	d := faultsMount(t, "64m")
	r := &relay{t: t, dir: filepath.Join(d.dir, "data"), parts: map[string]*process{}}
	p := d.start("relais", "serve", "--listen", "127.0.0.1:0", "--data", r.dir)
	r.parts["relais"], r.base = p, "http://"+p.address()
	r.ready()
	w := faultsStart(t, r)
	w.fillUp(d)
	w.refuses("refuse", "log")
	w.reads()
	w.refuses("refuse", "log")
	kept := w.clicks - 1 // the one while nothing could be written may be lost
	d.clear()
	w.recovers("apres", kept)
	w.follow()
	w.recovers("encore", kept+1)
	select {
	case <-p.done:
		t.Fatalf("the process ended: %v", p.err)
	default:
	}
	if os.Getenv(faultsLong) == "" {
		p.kill()
	} else if took := p.stop(); took > faultsBound {
		t.Errorf("the end took %v", took)
	}
	p = d.start("relais", "serve", "--listen", "127.0.0.1:0", "--data", r.dir)
	r.parts["relais"], r.base = p, "http://"+p.address()
	r.ready()
	w.holds()
}

// TestFaultDiskOfTheLogFull fills the disk of a nats-server, which writes no
// more to a stream for good: it has to be started again, nothing else.
func TestFaultDiskOfTheLogFull(t *testing.T) {
	d := faultsMount(t, "48m")
	f := faultsBoot(t, d.start, filepath.Join(d.dir, "nats"))
	w := faultsStart(t, f.relay)
	w.fillUp(d)
	w.refuses("refuse", "")
	w.reads()
	d.clear()
	f.parts["nats-server"].kill()
	f.startLog()
	w.recovers("apres", w.clicks)
}
