// SPDX-License-Identifier: Apache-2.0

package deployment_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// enter makes an empty root that nobody can write on but for /data, and runs a
// command there without any right: what the image, compose and the chart ask for.
const enter = `set -e
mount -t tmpfs -o mode=0755 none "$1/root"
mkdir "$1/root/data" "$1/root/dev"
cp "$2" "$1/root/relais"
mount --bind "$1/data" "$1/root/data"
mount -o remount,ro "$1/root"
root=$1/root
shift 2
exec unshare --root="$root" --user --map-user=65532 --map-group=65532 /relais "$@"`

// TestRunsOnAnEmptyReadOnlyRoot starts the binary where there is nothing else.
func TestRunsOnAnEmptyReadOnlyRoot(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"root", "data"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("unshare", "--mount", "--user", "--map-root-user", "sh", "-c", enter, "sh",
		dir, filepath.Join(programs, "relais"), "serve", "--listen", "127.0.0.1:0", "--data", "/data")
	cmd.Env = []string{"RELAIS_LOG_FORMAT=json", "RELAIS_ADMIN_KEY=rk_read-only-root-admin-key-01"}
	var output bytes.Buffer
	r, w := io.Pipe()
	cmd.Stderr = io.MultiWriter(w, &output) // output is read once the process has ended
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended stands in its output
		_ = w.Close()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})

	var listening struct{ Address string }
	if err := json.NewDecoder(r).Decode(&listening); err != nil {
		<-ended
		t.Fatalf("%v: %s", err, output.String())
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	base := "http://" + listening.Address
	deadline, tick := time.After(time.Minute), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	put := func() int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, base+"/v1/articles/a/fr?wait=searchable",
			strings.NewReader(`{"headline": "Une racine vide", "bodyText": "Rien à écrire ailleurs."}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer rk_read-only-root-admin-key-01")
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for status := 0; status != http.StatusCreated && status != http.StatusOK; {
		select {
		case <-tick.C:
			status = put()
		case <-ended:
			t.Fatalf("ended: %s", output.String())
		case <-deadline:
			t.Fatalf("no article could be published within a minute, status %d", status)
		}
	}
}
