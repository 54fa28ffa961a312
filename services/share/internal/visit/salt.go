// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
)

const (
	saltRetry  = 5 * time.Second
	saltGlance = 5 * time.Second // between looks, should the clock be set or the log lose its memory
	tokenBytes = 8
)

// Salts is where the instances of share meet over the salt of a day. It keeps
// salts in memory alone and forgets them ([bus.Salts]).
type Salts interface {
	// Get returns the value of a key, or NotFound.
	Get(ctx context.Context, key string) (bus.Entry, error)
	// Create writes a key that must not exist; Conflict when it does.
	Create(ctx context.Context, key string, value []byte) (uint64, error)
}

// salt holds the secret that visitors of one UTC day are known again by. Only
// the current one is held: the next is written over it.
type salt struct {
	salts Salts
	log   *slog.Logger

	mu    sync.RWMutex
	key   [32]byte
	day   string    // 2006-01-02, UTC
	since time.Time // when the key was made
}

// newSalt returns a salt that this process alone knows, until run shares one.
func newSalt(s Salts, log *slog.Logger) *salt {
	out := &salt{salts: s, log: log}
	out.begin(time.Now().UTC())
	return out
}

// run shares the salt of the day and changes it at midnight UTC, until ctx ends.
func (s *salt) run(ctx context.Context) error {
	failed := ""
	for {
		now := time.Now().UTC()
		if s.dayNow() != now.Format(time.DateOnly) {
			s.begin(now)
		}
		wait := saltGlance
		if err := s.share(ctx); err != nil && ctx.Err() == nil {
			wait = saltRetry
			if day := s.dayNow(); failed != day {
				failed = day
				s.log.WarnContext(ctx, "salt not shared yet: visitors are told apart by this instance alone", "error", err)
			}
		}
		midnight := now.Truncate(24 * time.Hour).Add(24 * time.Hour)
		timer := time.NewTimer(min(wait, midnight.Sub(now)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// begin writes a new random salt over the old one.
func (s *salt) begin(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = rand.Read(s.key[:]) // never fails
	s.day, s.since = now.Format(time.DateOnly), now
}

// share puts the salt where the others find it, or takes theirs when they were
// first.
func (s *salt) share(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, saltRetry)
	defer cancel()
	s.mu.RLock()
	day, own := s.day, s.key
	s.mu.RUnlock()
	defer clear(own[:])
	_, err := s.salts.Create(ctx, day, own[:])
	if err == nil {
		return nil
	}
	if !fault.Is(err, fault.Conflict) {
		return err
	}
	e, err := s.salts.Get(ctx, day)
	if err != nil {
		return err
	}
	if len(e.Value) != len(own) {
		return errors.New("visit: the shared salt is not one")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	copy(s.key[:], e.Value)
	clear(e.Value)
	s.since = e.Created.UTC()
	return nil
}

func (s *salt) dayNow() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.day
}

func (s *salt) age() time.Duration {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return max(0, time.Since(s.since))
}

// token is the first 8 bytes of HMAC-SHA-256(salt, code | network | user agent)
// (RFC 2104), base64url: 11 characters. crypto/hmac makes three allocations and
// keeps states derived from the key; written out, both hashes are made of one
// buffer on the stack.
func (s *salt) token(code string, from netip.Prefix, userAgent string) string {
	const inner, outer = 0x36, 0x5c
	var space [1024]byte
	message := space[:sha256.BlockSize]
	s.mu.RLock()
	copy(message, s.key[:])
	s.mu.RUnlock()
	for i := range message {
		message[i] ^= inner
	}
	message = append(append(message, code...), 0)
	if from.IsValid() {
		message = from.AppendTo(message)
	}
	message = append(append(message, 0), userAgent...)
	sum := sha256.Sum256(message)
	message = message[:sha256.BlockSize]
	for i := range message {
		message[i] ^= inner ^ outer
	}
	sum = sha256.Sum256(append(message, sum[:]...))
	clear(message[:sha256.BlockSize])
	return base64.RawURLEncoding.EncodeToString(sum[:tokenBytes])
}
