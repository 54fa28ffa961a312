// SPDX-License-Identifier: Apache-2.0

package glossary

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// key is where the glossary stands in its bucket.
const key = "glossary"

// Store keeps the glossary in force: the one in the log, or the starter while
// there is none. It is safe for concurrent use.
type Store struct {
	bucket  *bus.Bucket
	log     *slog.Logger
	starter *version

	writing  sync.Mutex // held while a version comes into force
	revision uint64     // of the last write that was seen
	current  atomic.Pointer[version]
}

// version is a glossary in force.
type version struct {
	body     []byte // the document as JSON
	tag      string
	compiled *Compiled
}

func newVersion(d *Document) (*version, error) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("encode glossary: %w", err)
	}
	return &version{body.Bytes(), web.Tag(body.Bytes()), Compile(d)}, nil
}

// NewStore opens the bucket. The starter is in force until Run has caught up.
func NewStore(ctx context.Context, b *bus.Bus, log *slog.Logger) (*Store, error) {
	bucket, err := b.Bucket(ctx, bus.Glossary)
	if err != nil {
		return nil, err
	}
	d, err := Starter()
	if err != nil {
		return nil, err
	}
	v, err := newVersion(&d)
	if err != nil {
		return nil, err
	}
	s := &Store{bucket: bucket, log: log, starter: v}
	s.current.Store(v)
	return s, nil
}

// Run follows the bucket until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := s.bucket.Follow(ctx, key, func(e bus.Entry) { s.apply(ctx, e) }, func() {})
		if ctx.Err() != nil {
			return nil
		}
		s.log.WarnContext(ctx, "glossary interrupted", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}

// apply puts an entry of the log into force. One that cannot be read changes
// nothing, and a deleted one brings the starter back.
func (s *Store) apply(ctx context.Context, e bus.Entry) {
	v := s.starter
	if e.Value != nil {
		var err error
		if v, err = read(e.Value); err != nil {
			s.log.ErrorContext(ctx, "glossary unreadable", "revision", e.Revision, "error", err)
			return
		}
	}
	s.swap(v, e.Revision)
}

func read(value []byte) (*version, error) {
	var d Document
	if err := json.Unmarshal(value, &d); err != nil {
		return nil, fmt.Errorf("read glossary: %w", err)
	}
	return newVersion(&d)
}

func (s *Store) swap(v *version, revision uint64) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if revision > s.revision {
		s.revision = revision
		s.current.Store(v)
	}
}

// Current returns the document in force as JSON and its entity tag.
func (s *Store) Current() (body []byte, tag string) {
	v := s.current.Load()
	return v.body, v.tag
}

// Put writes a valid document, in force here when Put returns and soon in every
// instance. admits is shown the entity tag of what the log holds at the moment:
// PreconditionFailed when it refuses it. Writing what stands there already
// writes nothing.
func (s *Store) Put(ctx context.Context, d *Document, admits func(tag string) bool) (body []byte, tag string, err error) {
	moved := fault.New(fault.PreconditionFailed, "the glossary has changed since it was read")
	present, revision, err := s.present(ctx)
	if err != nil {
		return nil, "", err
	}
	if !admits(present.tag) {
		return nil, "", moved
	}
	v, err := newVersion(d)
	if err != nil {
		return nil, "", err
	}
	if v.tag == present.tag {
		return v.body, v.tag, nil
	}
	if revision == 0 {
		revision, err = s.bucket.Create(ctx, key, v.body)
	} else {
		revision, err = s.bucket.Update(ctx, key, v.body, revision)
	}
	switch {
	case fault.Is(err, fault.Conflict):
		return nil, "", moved
	case err != nil:
		return nil, "", err
	}
	s.swap(v, revision)
	return v.body, v.tag, nil
}

// present is what the log holds and its revision; the starter and 0 when it
// holds none.
func (s *Store) present(ctx context.Context) (*version, uint64, error) {
	e, err := s.bucket.Get(ctx, key)
	switch {
	case fault.Is(err, fault.NotFound):
		return s.starter, 0, nil
	case err != nil:
		return nil, 0, err
	}
	v, err := read(e.Value)
	return v, e.Revision, err
}

// Expand is [Compiled.Expand] of the glossary in force.
func (s *Store) Expand(text, language string, languages []string) []engine.Rewording {
	return s.current.Load().compiled.Expand(text, language, languages)
}
