// SPDX-License-Identifier: Apache-2.0

package partner_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// world is a log, a directory that follows it, and the buckets that ingest writes.
type world struct {
	*partner.Directory
	keys, partners *bus.Bucket
}

// follow starts a directory over a log; it has caught up and ends with the test.
func follow(t *testing.T, b *bus.Bus) world {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	d, err := partner.NewDirectory(ctx, b, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("NewDirectory: %v", err)
	}
	if err := d.Check(ctx); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Check before Run = %v, want Unavailable", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	eventually(t, "the directory has caught up", func() bool { return d.Check(t.Context()) == nil })
	return world{d, bucket(t, b, bus.Keys), bucket(t, b, bus.Partners)}
}

func bucket(t *testing.T, b *bus.Bus, name string) *bus.Bucket {
	t.Helper()
	kv, err := b.Bucket(t.Context(), name)
	if err != nil {
		t.Fatalf("open %s: %v", name, err)
	}
	return kv
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited %v in vain until %s", patience, what)
		}
	}
}

// put writes a value as JSON and returns its revision.
func put(t *testing.T, kv *bus.Bucket, key string, value any) uint64 {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("encode %s: %v", key, err)
	}
	revision, err := kv.Put(t.Context(), key, raw)
	if err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
	return revision
}

func (w world) seen(t *testing.T, bucket string, revision uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.Seen(ctx, bucket, revision); err != nil {
		t.Fatalf("%s at revision %d was not seen: %v", bucket, revision, err)
	}
}

func TestKeyLife(t *testing.T) {
	w := follow(t, bustest.Start(t))
	secret := partner.NewSecret(partner.PublishablePrefix)
	key := partner.Key{ID: "k1", Role: partner.Publishable, Name: "site", Partner: "lyon", LastUsedAt: "9999-12-31"}
	if _, err := w.Authenticate(t.Context(), secret); !fault.Is(err, fault.Unauthorized) {
		t.Fatalf("a key nobody made: %v, want Unauthorized", err)
	}

	put(t, w.keys, partner.Hash(secret), key)
	if got, err := w.Authenticate(t.Context(), secret); err != nil || got != key {
		t.Errorf("at once after it was made: %+v, %v", got, err)
	}

	revoked := time.Now().UTC()
	key.Revoked = &revoked
	w.seen(t, bus.Keys, put(t, w.keys, partner.Hash(secret), key))
	if _, err := w.Authenticate(t.Context(), secret); !fault.Is(err, fault.Unauthorized) {
		t.Errorf("after it was revoked: %v, want Unauthorized", err)
	}

	key.Revoked = nil
	w.seen(t, bus.Keys, put(t, w.keys, partner.Hash(secret), key))
	if err := w.keys.Delete(t.Context(), partner.Hash(secret)); err != nil {
		t.Fatalf("delete: %v", err)
	}
	eventually(t, "a deleted key is refused", func() bool {
		_, err := w.Authenticate(t.Context(), secret)
		return fault.Is(err, fault.Unauthorized)
	})
}

func TestIllFormedSecretsAreRefusedWithoutALookUp(t *testing.T) {
	w := follow(t, bustest.Start(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // a look-up would fail as Unavailable
	for _, secret := range []string{"", "pk_short", "Bearer x", partner.NewSecret("xx_")} {
		if _, err := w.Authenticate(ctx, secret); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("Authenticate(%q) = %v, want Unauthorized", secret, err)
		}
	}
	if _, err := w.Authenticate(ctx, partner.NewSecret("pk_")); fault.Is(err, fault.Unauthorized) || err == nil {
		t.Errorf("a look-up that failed says %v: the key may well exist", err)
	}
}

func TestGuessesDoNotDrownTheLog(t *testing.T) {
	w := follow(t, bustest.Start(t))
	secret := partner.NewSecret(partner.SecretPrefix)
	key := partner.Key{ID: "k1", Role: partner.Editor, LastUsedAt: "9999-12-31"}
	w.seen(t, bus.Keys, put(t, w.keys, partner.Hash(secret), key))
	eventually(t, "guesses are cut off", func() bool {
		_, err := w.Authenticate(t.Context(), partner.NewSecret(partner.SecretPrefix))
		for fault.Is(err, fault.Unauthorized) {
			_, err = w.Authenticate(t.Context(), partner.NewSecret(partner.SecretPrefix))
		}
		return fault.Is(err, fault.TooManyRequests)
	})
	if _, err := w.Authenticate(t.Context(), secret); err != nil {
		t.Errorf("a known key suffers: %v", err)
	}
}

func TestUseIsNotedOnceADay(t *testing.T) {
	log := bustest.Start(t)
	w := follow(t, log)
	secret := partner.NewSecret(partner.SecretPrefix)
	hash := partner.Hash(secret)
	first := put(t, w.keys, hash, partner.Key{ID: "k1", Role: partner.Editor, LastUsedAt: "2024-03-06"})
	w.seen(t, bus.Keys, first)
	for range 3 {
		if _, err := w.Authenticate(t.Context(), secret); err != nil {
			t.Fatalf("Authenticate: %v", err)
		}
	}
	uses, err := log.Bucket(t.Context(), bus.KeyUses)
	if err != nil {
		t.Fatal(err)
	}
	var entry bus.Entry
	eventually(t, "the day of use is in the log", func() bool {
		entry, err = uses.Get(t.Context(), hash)
		return err == nil
	})
	if string(entry.Value) <= "2024-03-06" || entry.Revision != 1 {
		t.Errorf("%s at revision %d: written more than once", entry.Value, entry.Revision)
	}
	if key, err := w.keys.Get(t.Context(), hash); err != nil || key.Revision != first {
		t.Errorf("the key itself was written: revision %d after %d (%v)", key.Revision, first, err)
	}
}

func TestPartner(t *testing.T) {
	w := follow(t, bustest.Start(t))
	if _, err := w.Partner(t.Context(), "lyon"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a partner that is not there: %v, want Forbidden", err)
	}
	p := lyon()
	put(t, w.partners, p.ID, p)
	if got, err := w.Partner(t.Context(), "lyon"); err != nil || got.Name != p.Name {
		t.Errorf("at once after it was written: %+v, %v", got, err)
	}
	p.Disabled = true
	w.seen(t, bus.Partners, put(t, w.partners, p.ID, p))
	if _, err := w.Partner(t.Context(), "lyon"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("after it was disabled: %v, want Forbidden", err)
	}
}

func TestAnUnreadableEntryHarmsNoOther(t *testing.T) {
	w := follow(t, bustest.Start(t))
	if _, err := w.partners.Put(t.Context(), "broken", []byte("{")); err != nil {
		t.Fatalf("put: %v", err)
	}
	p := lyon()
	w.seen(t, bus.Partners, put(t, w.partners, p.ID, p))
	if _, err := w.Partner(t.Context(), p.ID); err != nil {
		t.Errorf("its neighbor: %v", err)
	}
}

func TestSeenGivesUpWithItsContext(t *testing.T) {
	w := follow(t, bustest.Start(t))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := w.Seen(ctx, bus.Keys, 1); err == nil {
		t.Error("a revision nobody wrote was seen")
	}
}

func TestRestart(t *testing.T) {
	dir, secret, hidden := t.TempDir(), partner.NewSecret(partner.PublishablePrefix), partner.NewSecret(partner.SecretPrefix)
	t.Run("before", func(t *testing.T) {
		w := follow(t, bustest.Open(t, dir))
		revoked := time.Now().UTC()
		put(t, w.partners, "lyon", lyon())
		put(t, w.keys, partner.Hash(secret), partner.Key{ID: "k1", Role: partner.Publishable, Partner: "lyon", LastUsedAt: "9999-12-31"})
		put(t, w.keys, partner.Hash(hidden), partner.Key{ID: "k2", Role: partner.Editor, Revoked: &revoked})
	})
	t.Run("after", func(t *testing.T) {
		w := follow(t, bustest.Open(t, dir))
		key, err := w.Authenticate(t.Context(), secret)
		if err != nil {
			t.Fatalf("Authenticate: %v", err)
		}
		if _, err := w.Partner(t.Context(), key.Partner); err != nil {
			t.Errorf("Partner: %v", err)
		}
		if _, err := w.Authenticate(t.Context(), hidden); !fault.Is(err, fault.Unauthorized) {
			t.Errorf("a revoked key: %v, want Unauthorized", err)
		}
	})
}
