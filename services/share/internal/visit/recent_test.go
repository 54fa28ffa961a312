// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"hash/maphash"
	"net/netip"
	"testing"
	"time"
)

func TestRecentAsACache(t *testing.T) {
	r := recent[int]{limit: 2}
	for k := range uint64(3) {
		r.put(0, k, int(k))
	}
	if v, ok := r.get(0); !ok || v != 0 {
		t.Error("0 is in the old generation")
	}
	r.put(0, 3, 3) // 2 and 0, which was read, become old
	if _, ok := r.get(1); ok {
		t.Error("1 was not read and must be forgotten")
	}
	if _, ok := r.get(0); !ok {
		t.Error("0 was read and must be kept")
	}
	r.put(0, 3, 33)
	if v, _ := r.get(3); v != 33 || len(r.young) > 2 || len(r.old) > 2 {
		t.Errorf("3 → %d, %d young, %d old", v, len(r.young), len(r.old))
	}
}

func TestRecentWithALife(t *testing.T) {
	r := recent[string]{limit: 100, life: 10 * time.Second}
	r.put(0, 1, "one")
	r.put(9*time.Second, 2, "two")
	r.put(12*time.Second, 3, "three")
	if _, ok := r.get(2); !ok {
		t.Error("3 s old and forgotten")
	}
	r.put(22*time.Second, 4, "four")
	if _, ok := r.get(1); ok {
		t.Error("22 s old and there")
	}
	if _, ok := r.get(3); !ok {
		t.Error("10 s old and forgotten")
	}
	r.put(time.Minute, 5, "five")
	if len(r.young)+len(r.old) != 1 {
		t.Error("older than two lives and there")
	}
}

func TestHashNetwork(t *testing.T) {
	seed, p := maphash.MakeSeed(), netip.MustParsePrefix("203.0.113.7/32")
	first := hashNetwork(seed, p)
	if again := hashNetwork(seed, p); again != first || hashNetwork(maphash.MakeSeed(), p) == first {
		t.Error("a hash depends on network and seed, and nothing else")
	}
	if hashNetwork(seed, netip.Prefix{}) == hashNetwork(seed, p) {
		t.Error("no network is the same as one")
	}
}
