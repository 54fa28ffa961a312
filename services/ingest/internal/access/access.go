// SPDX-License-Identifier: Apache-2.0

// Package access issues and revokes keys and keeps the list of partners.
package access

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/record"
)

// Store writes keys and partners. A write returns once this process's directory
// has it in force.
type Store struct {
	keys, uses, partners *bus.Bucket
	directory            *partner.Directory
}

// New opens the buckets.
func New(ctx context.Context, b *bus.Bus, d *partner.Directory) (*Store, error) {
	keys, err := b.Bucket(ctx, bus.Keys)
	if err != nil {
		return nil, err
	}
	partners, err := b.Bucket(ctx, bus.Partners)
	if err != nil {
		return nil, err
	}
	uses, err := b.Bucket(ctx, bus.KeyUses)
	if err != nil {
		return nil, err
	}
	return &Store{keys, uses, partners, d}, nil
}

// settled waits a moment for the directory to apply a write; a directory that
// does not run, or runs late, is no error: the write stands.
func (s *Store) settled(ctx context.Context, bucket string, revision uint64) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = s.directory.Seen(ctx, bucket, revision)
}

// Issue makes a key and returns it with its secret, which is not kept.
func (s *Store) Issue(ctx context.Context, role partner.Role, name, partnerID string) (partner.Key, string, error) {
	prefix, id := partner.SecretPrefix, partner.NewSecret("k")
	if role == partner.Publishable {
		prefix = partner.PublishablePrefix
	}
	secret := partner.NewSecret(prefix)
	k := partner.Key{ID: strings.ToLower(strings.NewReplacer("-", "0", "_", "1").Replace(id))[:16], Role: role, Name: name, Partner: partnerID}
	return k, secret, s.register(ctx, secret, &k)
}

func (s *Store) register(ctx context.Context, secret string, k *partner.Key) error {
	k.Created = time.Now().UTC().Truncate(time.Second)
	value, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("issue key: %w", err)
	}
	revision, err := s.keys.Create(ctx, partner.Hash(secret), value)
	if err != nil {
		return err
	}
	s.settled(ctx, bus.Keys, revision)
	return nil
}

// List returns the keys in force that a filter accepts, oldest first.
func (s *Store) List(ctx context.Context, accept func(partner.Key) bool) ([]partner.Key, error) {
	entries, err := s.keys.List(ctx, ">")
	if err != nil {
		return nil, err
	}
	used, err := s.used(ctx)
	if err != nil {
		return nil, err
	}
	out := []partner.Key{}
	for _, e := range entries {
		var k partner.Key
		if err := json.Unmarshal(e.Value, &k); err != nil {
			return nil, fmt.Errorf("read key: %w", err)
		}
		k.LastUsedAt = max(k.LastUsedAt, used[e.Key])
		if k.Revoked == nil && accept(k) {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b partner.Key) int { return a.Created.Compare(b.Created) })
	return out, nil
}

// used is the day of the last use of keys, by the hash of their secret.
func (s *Store) used(ctx context.Context) (map[string]string, error) {
	entries, err := s.uses.List(ctx, ">")
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(entries))
	for _, e := range entries {
		if day := string(e.Value); len(day) == len(time.DateOnly) {
			out[e.Key] = day
		}
	}
	return out, nil
}

// Revoke ends a key that a filter accepts; NotFound when there is none. The
// last admin key cannot be revoked: Conflict.
func (s *Store) Revoke(ctx context.Context, id string, accept func(partner.Key) bool) error {
	entries, err := s.keys.List(ctx, ">")
	if err != nil {
		return err
	}
	admins, found := 0, -1
	all := make([]partner.Key, len(entries))
	for i, e := range entries {
		if err := json.Unmarshal(e.Value, &all[i]); err != nil {
			return fmt.Errorf("read key: %w", err)
		}
		if all[i].Revoked != nil {
			continue
		}
		if all[i].Role == partner.Admin {
			admins++
		}
		if all[i].ID == id && accept(all[i]) {
			found = i
		}
	}
	if found < 0 {
		return fault.New(fault.NotFound, "there is no such key in force")
	}
	if all[found].Role == partner.Admin && admins == 1 {
		return fault.New(fault.Conflict, "this is the last admin key: issue another one first")
	}
	now := time.Now().UTC().Truncate(time.Second)
	all[found].Revoked = &now
	value, err := record.Keep(entries[found].Value, all[found])
	if err != nil {
		return fmt.Errorf("revoke key: %w", err)
	}
	revision, err := s.keys.Put(ctx, entries[found].Key, value)
	if err != nil {
		return err
	}
	s.settled(ctx, bus.Keys, revision)
	return nil
}

// KeyFile is where the first admin key is kept for its owner.
const KeyFile = "admin.key"

// configured begins the id of a key that the configuration gave.
const configured = "configured-"

// EnsureAdmin makes sure that there is an admin key. A given secret is accepted
// as one, and takes the place of one that was given at an earlier start: that is
// revoked, so that to change the setting is to rotate the key. A given secret that
// has been revoked stays so, which is told. Without a given secret, when no admin
// key is in force, one is made: its secret is returned and, when dir is not empty,
// written to dir/admin.key with mode 0600.
func (s *Store) EnsureAdmin(ctx context.Context, given, dir string) (made string, revoked bool, err error) {
	if given != "" {
		revoked, err = s.accept(ctx, given)
		return "", revoked, err
	}
	made, err = s.first(ctx, dir)
	return made, false, err
}

// first makes an admin key when there is none.
func (s *Store) first(ctx context.Context, dir string) (made string, err error) {
	admins, err := s.List(ctx, func(k partner.Key) bool { return k.Role == partner.Admin })
	if err != nil || len(admins) > 0 {
		return "", err
	}
	secret := partner.NewSecret(partner.SecretPrefix)
	// The file comes first: a key in force that nobody knows would lock everybody out.
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", fmt.Errorf("keep admin key: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, KeyFile), []byte(secret+"\n"), 0o600); err != nil {
			return "", fmt.Errorf("keep admin key: %w", err)
		}
	}
	return secret, s.register(ctx, secret, &partner.Key{ID: "first", Role: partner.Admin, Name: "first admin key"})
}

// accept puts a configured key in force, and what was configured before out of it.
// A key that is known as revoked changes nothing: another process may have been
// given the next one already.
func (s *Store) accept(ctx context.Context, secret string) (revoked bool, err error) {
	if !strings.HasPrefix(secret, partner.SecretPrefix) || !partner.WellFormed(secret) {
		return false, fmt.Errorf("the admin key must start with %s and have at least %d characters after it", partner.SecretPrefix, partner.MinSecret)
	}
	id := configured + partner.Hash(secret)[:8]
	err = s.register(ctx, secret, &partner.Key{ID: id, Role: partner.Admin, Name: "configured admin key"})
	if err != nil && !fault.Is(err, fault.Conflict) {
		return false, err
	}
	former := func(k partner.Key) bool { return strings.HasPrefix(k.ID, configured) && k.ID != id }
	keys, err := s.List(ctx, func(k partner.Key) bool { return k.ID == id || former(k) })
	if err != nil {
		return false, err
	}
	if !slices.ContainsFunc(keys, func(k partner.Key) bool { return k.ID == id }) {
		return true, nil
	}
	for _, k := range keys {
		if !former(k) {
			continue
		}
		if err := s.Revoke(ctx, k.ID, former); err != nil && !fault.Is(err, fault.NotFound) {
			return false, err
		}
	}
	return false, nil
}

// PutPartner creates or replaces a partner and says whether it is new.
func (s *Store) PutPartner(ctx context.Context, p partner.Partner) (created bool, err error) {
	value, err := json.Marshal(p)
	if err != nil {
		return false, fmt.Errorf("put partner: %w", err)
	}
	revision, err := s.partners.Create(ctx, p.ID, value)
	created = err == nil
	if fault.Is(err, fault.Conflict) {
		revision, err = s.replace(ctx, p)
	}
	if err != nil {
		return false, err
	}
	s.settled(ctx, bus.Partners, revision)
	return created, nil
}

// replace writes a partner over one that exists; what a newer program wrote of
// it beside what this one knows stays.
func (s *Store) replace(ctx context.Context, p partner.Partner) (uint64, error) {
	old, err := s.partners.Get(ctx, p.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return 0, err
	}
	value, err := record.Keep(old.Value, p)
	if err != nil {
		return 0, fmt.Errorf("put partner: %w", err)
	}
	return s.partners.Put(ctx, p.ID, value)
}

// Partner returns a partner, or NotFound.
func (s *Store) Partner(ctx context.Context, id string) (partner.Partner, error) {
	e, err := s.partners.Get(ctx, id)
	if err != nil {
		return partner.Partner{}, err
	}
	var p partner.Partner
	if err := json.Unmarshal(e.Value, &p); err != nil {
		return p, fmt.Errorf("read partner %s: %w", id, err)
	}
	return p, nil
}

// Partners lists every partner by id.
func (s *Store) Partners(ctx context.Context) ([]partner.Partner, error) {
	entries, err := s.partners.List(ctx, ">")
	if err != nil {
		return nil, err
	}
	out := make([]partner.Partner, len(entries))
	for i, e := range entries {
		if err := json.Unmarshal(e.Value, &out[i]); err != nil {
			return nil, fmt.Errorf("read partner %s: %w", e.Key, err)
		}
	}
	slices.SortFunc(out, func(a, b partner.Partner) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// DeletePartner removes a partner and revokes its keys; NotFound when there is none.
func (s *Store) DeletePartner(ctx context.Context, id string) error {
	if _, err := s.Partner(ctx, id); err != nil {
		return err
	}
	own := func(k partner.Key) bool { return k.Partner == id }
	keys, err := s.List(ctx, own)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if err := s.Revoke(ctx, k.ID, own); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return s.partners.Delete(ctx, id)
}
