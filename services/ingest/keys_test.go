// SPDX-License-Identifier: Apache-2.0

package ingest_test

import (
	"net/http"
	"testing"

	"github.com/relais-press/relais/services/ingest"
)

// TestTheConfiguredAdminKeyIsRotated changes the setting between starts: what was
// configured before ends, keys that were issued do not, and what was revoked does
// not come back with a start that still has it.
func TestTheConfiguredAdminKeyIsRotated(t *testing.T) {
	const former, next = "rk_former-former-former-former", "rk_next-next-next-next-next"
	n := open(t, ingest.Config{AdminKey: former})
	opens := func(key string) bool {
		return n.call("GET", "/v1/keys", "", "Authorization", "Bearer "+key).status == http.StatusOK
	}
	var issued struct{ ID, Key string }
	n.must(http.StatusCreated, "POST", "/v1/keys", `{"name": "ops", "role": "admin"}`, "Authorization", "Bearer "+former).into(t, &issued)

	n.cfg.AdminKey = next
	n.restart()
	if opens(former) || !opens(next) || !opens(issued.Key) {
		t.Errorf("former %t, next %t, issued %t; want the next and the issued one", opens(former), opens(next), opens(issued.Key))
	}
	n.cfg.AdminKey = former // a process that was not told yet
	n.restart()
	if opens(former) || !opens(next) {
		t.Errorf("after a start with the former key: former %t, next %t", opens(former), opens(next))
	}
	n.cfg.AdminKey = next
	n.restart()
	var list struct{ Keys []struct{ ID, Name string } }
	n.must(http.StatusOK, "GET", "/v1/keys", "", "Authorization", "Bearer "+issued.Key).into(t, &list)
	for _, k := range list.Keys {
		if k.Name == "configured admin key" {
			n.must(http.StatusNoContent, "DELETE", "/v1/keys/"+k.ID, "", "Authorization", "Bearer "+issued.Key)
		}
	}
	if opens(next) {
		t.Error("a revoked key opens")
	}
	n.restart()
	if opens(next) || !opens(issued.Key) {
		t.Error("a start with a revoked key brings it back")
	}
	n.cfg.AdminKey = "" // there is an admin key: none is made
	n.restart()
	if n.stdout.Len() != 0 {
		t.Errorf("printed %q", n.stdout.String())
	}
}
