// SPDX-License-Identifier: Apache-2.0

// Package link keeps short links: which article a code is for, and where the
// link was put. A link never holds a destination.
//
// Three records make a link. The tuple's record (what the link is for) is
// created first and decides the code, so that of many who ask for the same link
// at once all get one; the link's own record follows; an article's default link
// has a third, by which other services find its code. Whoever finds the first
// without the others completes them.
package link

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/shortlink"
)

// Link is a short address for an article.
type Link struct {
	Code      string     `json:"code"`
	Article   string     `json:"article"`
	Language  string     `json:"language,omitempty"` // pinned; none: the reader's
	Partner   string     `json:"partner,omitempty"`
	Channel   string     `json:"channel,omitempty"`
	Campaign  string     `json:"campaign,omitempty"`
	Created   time.Time  `json:"created"`
	CreatedBy string     `json:"createdBy,omitempty"` // id of a key
	Expires   *time.Time `json:"expires,omitempty"`
	Disabled  bool       `json:"disabled,omitempty"`
	Deleted   bool       `json:"deleted,omitempty"` // its code is never used again
	Default   bool       `json:"default,omitempty"` // made with the article, for the widget and for pages that lead to it
}

// tuple is the key of what a link is for.
func (l *Link) tuple() string {
	h := sha256.New()
	parts := []string{l.Article, l.Language, l.Partner, l.Channel, l.Campaign}
	if l.Default {
		parts = append(parts, "default")
	}
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return shortlink.PrefixTuple + hex.EncodeToString(h.Sum(nil))
}

// Store keeps links in the log and a copy in memory. It is safe for concurrent use.
type Store struct {
	bucket   *bus.Bucket
	log      *slog.Logger
	signer   shortlink.Signer
	caughtUp atomic.Bool

	mu       sync.RWMutex
	links    map[string]held   // by code, folded
	defaults map[string]string // article → code
}

type held struct {
	Link
	revision uint64
}

// Open opens the bucket and makes the deployment's secret when there is none.
func Open(ctx context.Context, b *bus.Bus, log *slog.Logger) (*Store, error) {
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
	return &Store{
		bucket: bucket, log: log, signer: shortlink.NewSigner(kept.Value),
		links: map[string]held{}, defaults: map[string]string{},
	}, nil
}

// Check returns nil once every link has been read.
func (s *Store) Check(context.Context) error {
	if !s.caughtUp.Load() {
		return fault.New(fault.Unavailable, "the links are still being read")
	}
	return nil
}

// Run follows the links until ctx ends. The store goes on answering from memory
// while the log is away.
func (s *Store) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := s.bucket.Follow(ctx, ">", s.apply, func() { s.caughtUp.Store(true) })
		if ctx.Err() != nil {
			return nil
		}
		s.log.WarnContext(ctx, "links interrupted", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}

func (s *Store) apply(e bus.Entry) {
	if id, ok := strings.CutPrefix(e.Key, shortlink.PrefixArticle); ok {
		s.mu.Lock()
		s.defaults[id] = string(e.Value)
		s.mu.Unlock()
		return
	}
	if !strings.HasPrefix(e.Key, shortlink.PrefixLink) {
		return
	}
	var l Link
	if err := json.Unmarshal(e.Value, &l); err != nil {
		s.log.Error("link unreadable", "key", e.Key, "error", err)
		return
	}
	s.hold(l, e.Revision)
}

// hold keeps a link in memory unless a newer revision of it is there.
func (s *Store) hold(l Link, revision uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.links[l.Code].revision < revision {
		s.links[l.Code] = held{l, revision}
	}
}

// Fold is the one spelling of a code: a made code's canonical form, else the
// custom code in lower case. mistyped says that a made code was meant.
func Fold(code string) (folded string, mistyped bool) {
	made, ok, mistyped := shortlink.Fold(code)
	if ok {
		return made, false
	}
	return strings.ToLower(code), mistyped
}

// Resolve finds the link of an address's last segment, <code> or
// <code>.<suffix>, and the placement it is to be credited to.
func (s *Store) Resolve(segment string) (Link, shortlink.Placement, error) {
	code, placement := s.signer.Split(segment, func(c string) string { f, _ := Fold(c); return f })
	l, err := s.Get(code)
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

// Get returns a link by its code in any spelling; NotFound when there is none,
// Unavailable while the links are not all known.
func (s *Store) Get(code string) (Link, error) {
	folded, mistyped := Fold(code)
	s.mu.RLock()
	l, ok := s.links[folded]
	s.mu.RUnlock()
	switch {
	case ok:
		return l.Link, nil
	case mistyped:
		return Link{}, ErrMistyped
	case !s.caughtUp.Load():
		return Link{}, fault.New(fault.Unavailable, "the links are still being read")
	}
	return Link{}, fault.New(fault.NotFound, "there is no such link")
}

// Default is the code of the link that is for an article alone; empty when it
// has none yet.
func (s *Store) Default(article string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.defaults[article]
}

// FindOrCreate returns the link that is for the same thing, or makes it. A
// custom code makes a link of its own; it is a Conflict when the code is taken.
func (s *Store) FindOrCreate(ctx context.Context, l Link) (_ Link, created bool, err error) {
	l.Created = time.Now().UTC().Truncate(time.Second)
	custom := l.Code != ""
	if !custom {
		l.Code = shortlink.NewCode()
		if _, err := s.bucket.Create(ctx, l.tuple(), []byte(l.Code)); err != nil {
			if !fault.Is(err, fault.Conflict) {
				return Link{}, false, err
			}
			found, err := s.bucket.Get(ctx, l.tuple())
			if err != nil {
				return Link{}, false, err
			}
			l.Code = string(found.Value)
		}
	}
	return s.complete(ctx, l, custom)
}

// complete writes the link's own record, and the article's for a default link.
func (s *Store) complete(ctx context.Context, l Link, custom bool) (Link, bool, error) {
	value, err := json.Marshal(l)
	if err != nil {
		return Link{}, false, fmt.Errorf("create link: %w", err)
	}
	revision, err := s.bucket.Create(ctx, shortlink.PrefixLink+l.Code, value)
	created := err == nil
	switch {
	case fault.Is(err, fault.Conflict):
		kept, err := s.read(ctx, l.Code)
		if err != nil {
			return Link{}, false, err
		}
		if custom || kept.tuple() != l.tuple() {
			return Link{}, false, fault.WithFields(fault.Conflict, "the code is taken", fault.Field{Pointer: "/code", Detail: "is taken"})
		}
		if kept.Deleted {
			return s.replace(ctx, kept.Link)
		}
		l, revision = kept.Link, kept.revision
	case err != nil:
		return Link{}, false, err
	}
	s.hold(l, revision)
	if l.Default && s.Default(l.Article) != l.Code {
		if _, err := s.bucket.Put(ctx, shortlink.PrefixArticle+l.Article, []byte(l.Code)); err != nil {
			return Link{}, false, err
		}
		s.mu.Lock()
		s.defaults[l.Article] = l.Code
		s.mu.Unlock()
	}
	return l, created, nil
}

// replace gives what a deleted link was for a new code: the old one is never
// used again.
func (s *Store) replace(ctx context.Context, deleted Link) (Link, bool, error) {
	found, err := s.bucket.Get(ctx, deleted.tuple())
	if err != nil {
		return Link{}, false, err
	}
	deleted.Deleted, deleted.Disabled, deleted.Expires = false, false, nil
	deleted.Code = string(found.Value)
	if folded, _ := Fold(deleted.Code); s.isDeleted(folded) {
		deleted.Code = shortlink.NewCode()
		if _, err := s.bucket.Update(ctx, deleted.tuple(), []byte(deleted.Code), found.Revision); err != nil {
			return Link{}, false, err
		}
	}
	return s.complete(ctx, deleted, false)
}

func (s *Store) isDeleted(code string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.links[code].Deleted
}

func (s *Store) read(ctx context.Context, code string) (held, error) {
	e, err := s.bucket.Get(ctx, shortlink.PrefixLink+code)
	if err != nil {
		return held{}, err
	}
	var l Link
	if err := json.Unmarshal(e.Value, &l); err != nil {
		return held{}, fmt.Errorf("read link %s: %w", code, err)
	}
	s.hold(l, e.Revision)
	return held{l, e.Revision}, nil
}

// Change applies a change to a link, again when somebody else wrote first.
func (s *Store) Change(ctx context.Context, code string, change func(*Link)) (Link, error) {
	for {
		kept, err := s.read(ctx, code)
		if err != nil {
			return Link{}, err
		}
		change(&kept.Link)
		value, err := json.Marshal(kept.Link)
		if err != nil {
			return Link{}, fmt.Errorf("change link: %w", err)
		}
		revision, err := s.bucket.Update(ctx, shortlink.PrefixLink+code, value, kept.revision)
		if fault.Is(err, fault.Conflict) {
			continue
		}
		if err != nil {
			return Link{}, err
		}
		s.hold(kept.Link, revision)
		return kept.Link, nil
	}
}
