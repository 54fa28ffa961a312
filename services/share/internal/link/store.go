// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/shortlink"
)

// How long a reading of the log may take.
const (
	visitWait = 500 * time.Millisecond // for a visitor
	callWait  = time.Second            // for a caller of the API, and for the reading itself
)

// maxDefaults is how many articles' default codes are held in memory.
const maxDefaults = 20_000

// Store keeps links in the log, and those that are asked for in memory too. It
// is safe for concurrent use.
type Store struct {
	bucket   *bus.Bucket
	log      *slog.Logger
	secret   []byte
	signer   shortlink.Signer
	standing atomic.Bool
	seen     uint64 // revision up to which changes have been taken in; Run's own

	links    *cache[packed] // by code
	defaults *cache[string] // article → code
}

// Open opens the bucket, makes the deployment's secret when there is none, and
// holds at most capacity links in memory.
func Open(ctx context.Context, b *bus.Bus, log *slog.Logger, capacity int) (*Store, error) {
	bucket, err := b.Bucket(ctx, bus.Links)
	if err != nil {
		return nil, err
	}
	var secret [32]byte
	rand.Read(secret[:]) // never fails, since Go 1.24
	if _, err := bucket.Create(ctx, shortlink.KeySecret, secret[:]); err != nil && !fault.Is(err, fault.Conflict) {
		return nil, err
	}
	kept, err := bucket.Get(ctx, shortlink.KeySecret)
	if err != nil {
		return nil, err
	}
	seen, err := bucket.LastRevision(ctx)
	if err != nil {
		return nil, err
	}
	return &Store{
		bucket: bucket, log: log, secret: kept.Value, signer: shortlink.NewSigner(kept.Value), seen: seen,
		links: newCache[packed](capacity), defaults: newCache[string](maxDefaults),
	}, nil
}

// Signer makes the suffixes that this store credits.
func (s *Store) Signer() shortlink.Signer { return s.signer }

// Check returns nil once the store hears of changes.
func (s *Store) Check(context.Context) error {
	if !s.standing.Load() {
		return fault.New(fault.Unavailable, "the links are not followed yet")
	}
	return nil
}

// Run follows the changes of what is in memory until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	told := false // of an interruption that goes on
	for ctx.Err() == nil {
		err := s.bucket.Changes(ctx, ">", s.seen, func() { told = false; s.standing.Store(true) }, s.apply)
		if ctx.Err() != nil {
			return nil
		}
		if !told {
			s.log.WarnContext(ctx, "links interrupted", "error", err)
			told = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}

func (s *Store) apply(e bus.Entry) {
	s.seen = e.Revision
	if id, ok := strings.CutPrefix(e.Key, shortlink.PrefixArticle); ok {
		if e.Value == nil {
			s.defaults.drop(id)
			return
		}
		s.defaults.refresh(id, string(e.Value), e.Revision)
		return
	}
	code, ok := strings.CutPrefix(e.Key, shortlink.PrefixLink)
	if !ok {
		return
	}
	if e.Value == nil {
		s.links.drop(code)
		return
	}
	l, err := decode(e)
	if err != nil {
		s.log.Error("link unreadable", "key", e.Key, "error", err)
		return
	}
	s.links.refresh(code, pack(&l), e.Revision)
}

func decode(e bus.Entry) (Link, error) {
	var l Link
	if err := json.Unmarshal(e.Value, &l); err != nil {
		return Link{}, fmt.Errorf("read %s: %w", e.Key, err)
	}
	l.normalize()
	return l, nil
}

// Resolve finds the link of an address's last segment (see
// [shortlink.Signer.Split]) and the placement it is to be credited to. A link in
// memory costs no reading; another waits for the log at most 500 ms. Errors are
// those of Get.
func (s *Store) Resolve(ctx context.Context, segment string) (Link, shortlink.Placement, error) {
	code, placement := s.signer.Split(segment, func(c string) string { f, _ := Fold(c); return f })
	l, err := s.find(ctx, code, visitWait)
	if err != nil {
		return Link{}, shortlink.Placement{}, err
	}
	if placement.Channel == "" {
		placement = shortlink.Placement{Partner: l.Partner, Channel: l.Channel}
	}
	if placement.Partner == "" {
		placement.Partner = l.Partner
	}
	return l, placement, nil
}

// ErrMistyped is the cause of a NotFound whose code has a wrong check symbol.
var ErrMistyped = fault.New(fault.NotFound, "the code is mistyped: its check symbol does not fit")

// Get returns a link by its code in any spelling, deleted ones too; NotFound when
// there is none, Unavailable when it is not in memory and the log does not answer
// within a second.
func (s *Store) Get(ctx context.Context, code string) (Link, error) {
	return s.find(ctx, code, callWait)
}

func (s *Store) find(ctx context.Context, typed string, wait time.Duration) (Link, error) {
	code, made, mistyped := shortlink.Fold(typed)
	if !made && len(typed) <= maxCode {
		code = strings.ToLower(typed)
	}
	if !made && !ValidTaken(code) {
		return Link{}, fault.New(fault.NotFound, "there is no such link")
	}
	p, held, _ := s.links.get(code)
	if !held {
		var err error
		p, err = s.links.through(ctx, code, wait, s.read)
		switch {
		case mistyped && fault.Is(err, fault.NotFound):
			return Link{}, ErrMistyped
		case err != nil:
			return Link{}, err
		}
	}
	return p.link(code), nil
}

func (s *Store) read(ctx context.Context, code string) (packed, uint64, error) {
	l, revision, err := s.latest(ctx, code)
	return pack(&l), revision, err
}

// latest reads a link from the log.
func (s *Store) latest(ctx context.Context, code string) (Link, uint64, error) {
	e, err := s.bucket.Get(ctx, shortlink.PrefixLink+code)
	if err != nil {
		return Link{}, 0, err
	}
	l, err := decode(e)
	return l, e.Revision, err
}

// Default is the code of the link that is for an article alone; NotFound when it
// has none yet, Unavailable when it is not in memory and the log does not answer
// within a second.
func (s *Store) Default(ctx context.Context, id string) (string, error) {
	if !article.ValidID(id) {
		return "", fault.New(fault.NotFound, "there is no such article")
	}
	return s.defaults.through(ctx, id, callWait, func(ctx context.Context, id string) (string, uint64, error) {
		e, err := s.bucket.Get(ctx, shortlink.PrefixArticle+id)
		return string(e.Value), e.Revision, err
	})
}
