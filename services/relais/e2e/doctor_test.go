// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestTheDoctor looks at a relay that is well, and at one whose log is away.
func TestTheDoctor(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		r.edit(http.StatusCreated, "PUT", "/v1/articles/recap/fr?wait=searchable", `{"headline": "Registres", "bodyText": "Le texte."}`)
		if err := os.Chmod(r.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		ask := []string{"doctor", "--data", r.dir}
		if r.nats != "" {
			ask = append(ask, "--nats-url", r.nats)
		}
		var out, errs string
		await(t, "a relay that is well", func() (well bool) { // readers may be behind for a moment
			var code int
			out, errs, code = r.run("", ask...)
			if code != 0 {
				t.Logf("%s%s", out, errs)
			}
			return code == 0
		})
		for _, line := range []string{"✓ server\u00a0: ", "✓ streams\u00a0: ", "✓ nats-server\u00a0: "} {
			if !strings.Contains(out, line) {
				t.Errorf("no line %q:\n%s", line, out)
			}
		}
		if !strings.Contains(out, "messages lus, aucun trou") {
			t.Errorf("the log was not read:\n%s%s", out, errs)
		}
		for _, part := range r.parts {
			part.kill()
		}
		if r.nats != "" {
			out, _, code := r.run("", ask...)
			if code == 0 || !strings.Contains(out, "✗ log\u00a0: ") {
				t.Errorf("exit code %d for a log that is away:\n%s", code, out)
			}
			return
		}
		if out, errs, code := r.run("", ask...); code != 0 || !strings.Contains(out, "est arrêté") {
			t.Errorf("exit code %d for a relay that is stopped:\n%s%s", code, out, errs)
		}
	})
}
