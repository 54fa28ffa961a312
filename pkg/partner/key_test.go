// SPDX-License-Identifier: Apache-2.0

package partner_test

import (
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/partner"
)

func TestCovers(t *testing.T) {
	roles := []partner.Role{partner.Admin, partner.Editor, partner.Publishable, ""}
	allowed := map[[2]partner.Role]bool{
		{partner.Admin, partner.Admin}: true, {partner.Admin, partner.Editor}: true,
		{partner.Editor, partner.Editor}: true, {partner.Publishable, partner.Publishable}: true,
	}
	for _, has := range roles {
		for _, needed := range roles[:3] {
			if got, want := has.Covers(needed), allowed[[2]partner.Role{has, needed}]; got != want {
				t.Errorf("%q covers %q: %v, want %v", has, needed, got, want)
			}
		}
	}
}

func TestNewSecret(t *testing.T) {
	for _, prefix := range []string{partner.SecretPrefix, partner.PublishablePrefix} {
		a, b := partner.NewSecret(prefix), partner.NewSecret(prefix)
		if !strings.HasPrefix(a, prefix) || !partner.WellFormed(a) || a == b {
			t.Errorf("NewSecret(%q) = %q, then %q", prefix, a, b)
		}
		if h := partner.Hash(a); len(h) != 64 || h == partner.Hash(b) || strings.Contains(h, a) {
			t.Errorf("Hash = %q", h)
		}
	}
}

func TestWellFormed(t *testing.T) {
	body := strings.Repeat("a", partner.MinSecret)
	for secret, want := range map[string]bool{
		"rk_" + body: true, "pk_" + body: true, "rk_" + strings.Repeat("a", 256): true,
		"": false, "rk_": false, "rk_" + body[1:]: false, "sk_" + body: false, body + body: false, "RK_" + body: false,
		"rk_" + strings.Repeat("a", 257): false,
	} {
		if got := partner.WellFormed(secret); got != want {
			t.Errorf("WellFormed(%q) = %v, want %v", secret, got, want)
		}
	}
}
