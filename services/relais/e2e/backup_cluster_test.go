// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/bus"
)

// TestABackupOfACluster has the operator back up a log on three servers, restore
// it on one server and on three that hold nothing, and look at each: with the
// users of deploy/nats, under which services find what they had.
func TestABackupOfACluster(t *testing.T) {
	dir := t.TempDir()
	usersMake(t, dir)
	_, url := clusterStart(t, dir)
	js := clusterStreams(t, dir, url)
	await(t, "the servers to have chosen a leader", func() bool {
		_, err := js.AccountInfo(t.Context())
		return err == nil
	})
	usersDeclare(t, dir, url, "--nats-replicas", "3")
	seed := []string{"--nats-seed", filepath.Join(dir, "relais-operator.seed")}
	run := func(command string, more ...string) {
		t.Helper()
		if out, errs, code := (&relay{t: t}).run("", append(append([]string{command}, seed...), more...)...); code != 0 {
			t.Fatalf("%s: %d\n%s%s", command, code, out, errs)
		}
	}
	serve := func(url string) *replicas {
		t.Helper()
		return replicasOf(t, t.TempDir(), []string{"--nats-url", url, "--nats-seed", filepath.Join(dir, "{service}.seed")}, "a")
	}
	end := func(r *replicas) {
		for _, p := range r.parts {
			p.kill()
		}
	}

	r := serve(url)
	w := backupFill(t, r.relay)
	want := backupAnswers(r.relay, w)
	usersLook(t, r, dir, url, "3")
	file := filepath.Join(t.TempDir(), "relais.tar")
	run("backup", file, "--nats-url", url)
	end(r)

	check := func(url, copies string) *replicas {
		t.Helper()
		run("restore", file, "--nats-url", url, "--nats-replicas", copies)
		usersDeclare(t, dir, url)
		r := serve(url)
		for path, body := range backupAnswers(r.relay, w) {
			if body != want[path] {
				t.Errorf("%s copies: %s: %s\nbefore: %s", copies, path, body, want[path])
			}
		}
		usersLook(t, r, dir, url, copies)
		return r
	}
	_, alone := usersServer(t, filepath.Join(dir, "alone"))
	end(check(alone, "1"))
	for _, s := range bus.Declared(3) {
		if err := js.DeleteStream(t.Context(), s.Name); err != nil {
			t.Fatal(err)
		}
	}
	again := check(url, "3")
	if n := len(strings.Split(url, ",")); n != 3 || !clusterWhole(t.Context(), js) {
		t.Errorf("the copies on %d servers are not whole", n)
	}
	backupLives(t, again.relay, w)
}
