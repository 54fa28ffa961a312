// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/pkg/lifecycle"
)

func TestRemoteConnect(t *testing.T) {
	s, err := embedded.Start(embedded.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatalf("start log: %v", err)
	}
	defer s.Stop()
	unfit := filepath.Join(t.TempDir(), "seed")
	if err := os.WriteFile(unfit, []byte("not a seed"), 0o600); err != nil {
		t.Fatalf("write seed: %v", err)
	}
	closed := listen(t)
	if err := closed.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	for _, tc := range []struct {
		name   string
		remote lifecycle.Remote
		err    string // a part of the error
	}{
		{"ok", lifecycle.Remote{NATSURL: s.URL()}, ""},
		{"err_nobody_there", lifecycle.Remote{NATSURL: "nats://" + closed.Addr().String()}, "connect to the log at nats://"},
		{"err_no_seed", lifecycle.Remote{NATSURL: s.URL(), Credentials: lifecycle.Credentials{NATSSeed: unfit + ".none"}}, unfit + ".none"},
		{"err_unfit_seed", lifecycle.Remote{NATSURL: s.URL(), Credentials: lifecycle.Credentials{NATSSeed: unfit}}, unfit},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn, err := tc.remote.Connect("test")
			if tc.err == "" {
				if err != nil {
					t.Fatalf("Connect: %v", err)
				}
				conn.Close()
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("err = %v, want it to say %q", err, tc.err)
			}
		})
	}
}
