// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// TestFaultLogHangs stops the nats-server as a debugger does: connections stand,
// nothing answers.
func TestFaultLogHangs(t *testing.T) {
	f := faultsBoot(t, nil, "")
	w := faultsStart(t, f.relay)
	hung := f.parts["nats-server"].cmd.Process
	if err := hung.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	w.refuses("pendant", "log")
	w.reads()
	if err := hung.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	w.recovers("pendant", w.clicks)
	w.holds()
}

// TestFaultLogAwayAtTheEnd ends the services while the log is away, and while it hangs.
func TestFaultLogAwayAtTheEnd(t *testing.T) {
	f := faultsBoot(t, nil, "")
	w := faultsStart(t, f.relay)
	names := []string{"relais-ingest", "relais-search", "relais-share"}
	if err := f.parts["nats-server"].cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ends := func() {
		t.Helper()
		for _, name := range names {
			if took := f.parts[name].stop(); took > 10*time.Second {
				t.Errorf("%s took %v to end", name, took)
			}
		}
	}
	ends()
	if err := f.parts["nats-server"].cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	f.startServices()
	w.follow()
	f.parts["nats-server"].kill()
	w.follow()
	ends()
	f.startLog()
	f.startServices()
	w.recovers("apres", w.clicks)
}

// faultsBlock is the newest block of the articles in a store.
func faultsBlock(t *testing.T, store string) string {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(store, "jetstream", "$G", "streams", "ARTICLES", "msgs", "*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("no blocks of ARTICLES in %s (%v)", store, err)
	}
	slices.SortFunc(blocks, func(a, b string) int { return len(a) - len(b) })
	return blocks[len(blocks)-1]
}

// faultsTear cuts some bytes off the end of the articles, in the middle of the
// last message, as a power cut does while it is written.
func faultsTear(t *testing.T, store string) {
	t.Helper()
	block := faultsBlock(t, store)
	info, err := os.Stat(block)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(block, info.Size()-40); err != nil {
		t.Fatal(err)
	}
}

// lost asserts that the torn tail alone is gone, from the log and, as soon as it
// is read anew, from everywhere else.
func (w *faultsWorld) lost(id string) {
	w.t.Helper()
	if w.finds(w.key, "autre "+id, id) {
		w.t.Error("search knows what the log has lost")
	}
	w.edit(http.StatusNotFound, "GET", "/v1/articles/"+id+"/fr", "")
	if a := w.call("GET", "/v1/changes?key="+w.key, ""); a.status != http.StatusOK || strings.Contains(string(a.body), id) {
		w.t.Errorf("changes tell of what the log has lost: %d %s", a.status, a.body)
	}
	delete(w.kept, id)
	w.holds()
}

// TestFaultLogTorn cuts the newest message of the one binary in two while it is down.
func TestFaultLogTorn(t *testing.T) {
	r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}}
	bootOne(r)
	r.ready()
	w := faultsStart(t, r)
	w.put("avant")
	w.put("dechire")
	await(t, "the last one to be found", func() bool { return w.finds(w.key, "autre dechire", "dechire") })
	r.parts["relais"].kill()
	faultsTear(t, filepath.Join(r.dir, "log"))
	bootOne(r)
	r.parts["relais"].line("made anew")
	r.ready()
	w.lost("dechire")
	w.recovers("apres", w.clicks)
}

// TestFaultLogTornUnderServices does the same to a nats-server, under services
// that know already what is lost, and has it written to before they look: the
// services end, so that their supervisor starts them, and read the log anew.
func TestFaultLogTornUnderServices(t *testing.T) {
	f := faultsBoot(t, nil, "")
	w := faultsStart(t, f.relay)
	w.put("avant")
	w.put("dechire")
	await(t, "the last one to be found", func() bool { return w.finds(w.key, "autre dechire", "dechire") })
	f.parts["nats-server"].kill()
	faultsTear(t, f.store)
	f.startLog()
	for _, name := range []string{"relais-ingest", "relais-search", "relais-share"} {
		f.parts[name].ended("has lost its newest editions")
	}
	f.startServices()
	w.lost("dechire")
	w.recovers("apres", w.clicks)

	// Once more, and others write before search is there again.
	w.put("dechire")
	await(t, "the last one to be found", func() bool { return w.finds(w.key, "autre dechire", "dechire") })
	for _, name := range []string{"relais-ingest", "relais-search", "relais-share", "nats-server"} {
		f.parts[name].kill()
	}
	faultsTear(t, f.store)
	f.startLog()
	f.only("relais-ingest")
	for n := range 3 {
		w.put(fmt.Sprint("sans-recherche-", n))
	}
	f.parts["relais-ingest"].stop()
	f.startServices()
	w.lost("dechire")
	w.recovers("fin", w.clicks)
}

// TestFaultLogDamaged turns a bit in the newest block of the log: the server
// drops what follows in the block, too, without a word; the relay notices.
func TestFaultLogDamaged(t *testing.T) {
	r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}}
	bootOne(r)
	r.ready()
	w := faultsStart(t, r)
	w.versions("abime", 5)
	r.parts["relais"].stop()
	block := faultsBlock(t, filepath.Join(r.dir, "log"))
	content, err := os.ReadFile(block)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(content), "VERSION-3")
	if at < 0 {
		t.Fatal("the third version is not in the newest block")
	}
	content[at] ^= 1
	if err := os.WriteFile(block, content, 0o600); err != nil {
		t.Fatal(err)
	}
	// Without it the server reads its blocks, as it does after a kill.
	if err := os.Remove(filepath.Join(filepath.Dir(block), "index.db")); err != nil {
		t.Fatal(err)
	}
	bootOne(r)
	r.parts["relais"].line("the log has lost its newest editions")
	r.ready()
	w.kept["abime"] = 2
	w.holds()
	w.recovers("apres", w.clicks)
}

// versions writes several versions of an edition.
func (w *faultsWorld) versions(id string, n int) {
	w.t.Helper()
	for v := 1; v <= n; v++ {
		status := http.StatusOK
		if v == 1 {
			status = http.StatusCreated
		}
		w.edit(status, "PUT", "/v1/articles/"+id+"/fr", fmt.Sprintf(`{"headline": "Version VERSION-%d", "bodyText": "Un texte."}`, v))
	}
}

// TestFaultLogHasAGap takes one message out of the middle of the log, as a
// damaged older block does.
func TestFaultLogHasAGap(t *testing.T) {
	f := faultsBoot(t, nil, "")
	w := faultsStart(t, f.relay)
	w.versions("trou", 3)
	conn, err := nats.Connect(f.nats)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "ARTICLES")
	if err != nil {
		t.Fatal(err)
	}
	last, err := stream.GetLastMsgForSubject(t.Context(), "relais.article.trou.fr")
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SecureDeleteMsg(t.Context(), last.Sequence-1); err != nil {
		t.Fatal(err)
	}
	f.parts["relais-ingest"].stop()
	f.only("relais-ingest")
	if said := f.parts["relais-ingest"].line("the log has lost versions"); !strings.Contains(said, `"article":"trou"`) {
		t.Errorf("said %s", said)
	}
	await(t, "the number of gaps", func() bool {
		return strings.Contains(string(f.call("GET", "/metrics", "").body), "relais_log_gaps 1")
	})
	w.kept["trou"] = 3
	w.recovers("apres", w.clicks)
}
