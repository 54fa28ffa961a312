// SPDX-License-Identifier: Apache-2.0

// Package editions writes and reads editions in the log: it numbers versions,
// guards them against lost updates, and keeps an article's editions together.
package editions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/record"
)

// Log is the part of the bus that editions live on.
type Log interface {
	// Append writes after an expected sequence, or returns Conflict.
	Append(ctx context.Context, stream string, m bus.Message, expected uint64) (uint64, error)
	// Last returns the newest message of a subject, or NotFound.
	Last(ctx context.Context, stream, subject string) (bus.Message, error)
	// History returns the messages of a subject, oldest first.
	History(ctx context.Context, stream, subject string) ([]bus.Message, error)
	// LastOfEach returns the newest message of every subject that matches a filter.
	LastOfEach(ctx context.Context, stream, filter string) ([]bus.Message, error)
	// LastSequence is the sequence of the newest message, 0 when there is none.
	LastSequence(ctx context.Context, stream string) (uint64, error)
	// Headers hands over the headers of the messages between two sequences.
	Headers(ctx context.Context, stream, filter string, from, to uint64, fn func(bus.Message)) error
}

// Store reads and writes editions. It is safe for concurrent use, by several
// processes too.
type Store struct {
	log Log
	now func() time.Time
}

// New returns a store on a log; now is its clock.
func New(log Log, now func() time.Time) *Store { return &Store{log, now} }

// Stored is a version of an edition as the log has it.
type Stored struct {
	article.Change
	Sequence uint64 // in the log

	beyond map[string]json.RawMessage // members of the edition that this program does not know
}

// Get returns the newest version of an edition, or NotFound.
func (s *Store) Get(ctx context.Context, id, language string) (Stored, error) {
	m, err := s.log.Last(ctx, bus.Articles, article.Subject(id, language))
	if fault.Is(err, fault.NotFound) {
		return Stored{}, fault.Newf(fault.NotFound, "there is no edition %s/%s", id, language)
	}
	if err != nil {
		return Stored{}, err
	}
	return decode(m)
}

// History returns the versions kept of an edition, oldest first, or NotFound.
func (s *Store) History(ctx context.Context, id, language string) ([]Stored, error) {
	messages, err := s.log.History(ctx, bus.Articles, article.Subject(id, language))
	if err != nil {
		return nil, err
	}
	if len(messages) == 0 {
		return nil, fault.Newf(fault.NotFound, "there is no edition %s/%s", id, language)
	}
	out := make([]Stored, 0, len(messages))
	for _, m := range messages {
		st, err := decode(m)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

// Wrote reports whether a version of an edition was written by an attempt.
func (s *Store) Wrote(ctx context.Context, id, language, attempt string) (bool, error) {
	history, err := s.History(ctx, id, language)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return slices.ContainsFunc(history, func(st Stored) bool { return st.EventID == attempt }), err
}

// Version returns one version of an edition, or NotFound.
func (s *Store) Version(ctx context.Context, id, language string, version int) (Stored, error) {
	history, err := s.History(ctx, id, language)
	if err != nil {
		return Stored{}, err
	}
	for _, st := range history {
		if st.Edition.Version == version {
			return st, nil
		}
	}
	return Stored{}, fault.Newf(fault.NotFound, "edition %s/%s has no version %d", id, language, version)
}

// Article returns the newest version of every edition of an article, the
// original first, then by language; none when there is no such article. A
// translation's Stale is set when the original has moved on.
func (s *Store) Article(ctx context.Context, id string) ([]Stored, error) {
	messages, err := s.log.LastOfEach(ctx, bus.Articles, article.Subject(id, "*"))
	if err != nil {
		return nil, err
	}
	out := make([]Stored, 0, len(messages))
	for _, m := range messages {
		st, err := decode(m)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	slices.SortFunc(out, func(a, b Stored) int {
		if a.Edition.IsOriginal() != b.Edition.IsOriginal() {
			if a.Edition.IsOriginal() {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Edition.Language, b.Edition.Language)
	})
	if len(out) > 0 && out[0].Edition.IsOriginal() {
		for i := range out[1:] {
			e := &out[i+1].Edition
			e.Stale = e.SourceVersion < out[0].Edition.Version
		}
	}
	return out, nil
}

func decode(m bus.Message) (Stored, error) {
	c, err := article.Decode(m.Header, m.Data)
	if typ := article.DecodeHeader(m.Header).Type; err != nil && strings.HasPrefix(typ, article.TypePrefix) && !strings.HasSuffix(typ, article.Major) {
		return Stored{}, fault.Wrap(fault.Unavailable, "the edition was written by a newer relay, which can read it; try again", err)
	}
	if errors.Is(err, article.ErrNotAnEdition) {
		return Stored{}, fmt.Errorf("message %d of the log: %w", m.Sequence, err)
	}
	return Stored{Change: c, Sequence: m.Sequence, beyond: record.Unknown(m.Data, c.Edition)}, err
}
