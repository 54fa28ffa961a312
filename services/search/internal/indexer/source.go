// SPDX-License-Identifier: Apache-2.0

package indexer

import (
	"context"
	"fmt"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/generation"
)

// everyArticle matches the subject of every edition.
const everyArticle = article.SubjectPrefix + "*.*"

// Source is the log as documents, for a generation to be filled from.
func (x *Indexer) Source() generation.Source { return source{x} }

type source struct{ *Indexer }

// Replay implements generation.Source.
func (s source) Replay(ctx context.Context, fn func(d engine.Document, position uint64) error, caughtUp func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := s.bus.Replay(ctx, bus.Articles, everyArticle, func(m bus.Message) {
		if ctx.Err() != nil {
			return
		}
		d, err := document(m)
		if err != nil {
			d = engine.Document{} // put aside when it came by
		}
		if err := fn(d, m.Sequence); err != nil {
			cancel(err)
		}
	}, func() {
		if ctx.Err() == nil {
			caughtUp()
		}
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// Prepare implements generation.Source.
func (s source) Prepare(ctx context.Context, documents []engine.Document) error {
	return s.embed(ctx, documents)
}

// Last implements generation.Source.
func (s source) Last(ctx context.Context) (uint64, error) {
	return s.bus.LastSequence(ctx, bus.Articles)
}

// document reads a message of the log.
func document(m bus.Message) (engine.Document, error) {
	change, err := article.Decode(m.Header, m.Data)
	if err != nil {
		return engine.Document{}, fault.Wrap(fault.Malformed, "not an edition", fmt.Errorf("sequence %d: %w", m.Sequence, err))
	}
	return engine.NewDocument(&change.Edition), nil
}
