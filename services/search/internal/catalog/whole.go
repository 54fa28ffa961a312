// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/telemetry"
)

// Whole reads the newest version of an entry's edition from the log, with its
// texts, without edNote and audience. It may be newer than the entry. The span of
// ctx is linked to the trace in which it was published. NotFound
// when the partner may not show it (any more); Unavailable when the log does not
// answer, or answers from a copy that is behind the entry.
func (c *Catalog) Whole(ctx context.Context, p *partner.Partner, e Entry, now time.Time) (Entry, error) {
	id, language := e.Edition.ID, e.Edition.Language
	if err := c.wait(ctx); err != nil {
		return Entry{}, err
	}
	m, err := c.source.Last(ctx, bus.Articles, article.Subject(id, language))
	<-c.reading
	if err != nil {
		return Entry{}, err
	}
	change, err := article.Decode(m.Header, m.Data)
	if err != nil {
		c.log.ErrorContext(ctx, "edition unreadable", "sequence", m.Sequence, "error", err)
		return Entry{}, missing()
	}
	telemetry.SpanOf(ctx).Follows(change.TraceParent)
	read := change.Edition
	if read.ID != id || read.Language != language || !p.Sees(&read, now) {
		return Entry{}, missing()
	}
	if read.Version < e.Edition.Version {
		return Entry{}, fault.New(fault.Unavailable, "the newest version is not there to be read yet; try again")
	}
	read.EdNote, read.Audience = "", nil
	c.lockForReading()
	read.Stale = c.stale(&read, &viewer{partner: p, now: now})
	c.mu.RUnlock()
	out := Entry{Edition: read, URL: p.URL(&read), Translations: slices.Clone(e.Translations)}
	for i := range out.Translations {
		if t := &out.Translations[i]; t.Language == language {
			t.URL, t.Version, t.Stale = out.URL, read.Version, read.Stale
		}
	}
	return out, nil
}

// wait returns when another text may be read: the log has others to serve, too.
func (c *Catalog) wait(ctx context.Context) error {
	select {
	case c.reading <- struct{}{}:
		return nil
	default:
	}
	select {
	case c.reading <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, "there is too much to be read; try again", ctx.Err())
	}
}

func missing() error { return fault.New(fault.NotFound, "there is no such article") }

// Reader reads an entry with its texts, as Catalog.Whole does.
type Reader interface {
	Whole(ctx context.Context, p *partner.Partner, e Entry, now time.Time) (Entry, error)
}

// batch is how many texts of one answer are read at a time: fewer than may be read at
// once, so that other answers get on.
const batch = 4

// ReadEach reads entries with their texts, eight at a time, and hands them over in
// their order with their index: nil for what is nil, and for one that the partner
// may not show (any more). It ends when take wants no more; with the first error of
// take or of reading; Unavailable when that is because ctx has ended. No more than eight texts
// are read that take is not given.
func ReadEach(
	ctx context.Context, from Reader, p *partner.Partner, entries []*Entry, now time.Time, take func(i int, whole *Entry) (more bool, err error),
) error {
	for start := 0; start < len(entries); start += batch {
		read, err := readBatch(ctx, from, p, entries[start:min(start+batch, len(entries))], now)
		if err != nil && ctx.Err() != nil {
			return fault.Wrap(fault.Unavailable, "the articles were not read in time", ctx.Err())
		}
		if err != nil {
			return err
		}
		for i, whole := range read {
			if more, err := take(start+i, whole); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// readBatch reads entries all at the same time.
func readBatch(ctx context.Context, from Reader, p *partner.Partner, entries []*Entry, now time.Time) ([]*Entry, error) {
	read, errs := make([]*Entry, len(entries)), make([]error, len(entries))
	var group sync.WaitGroup
	for i, e := range entries {
		if e == nil {
			continue
		}
		group.Go(func() {
			whole, err := from.Whole(ctx, p, *e, now)
			switch {
			case err == nil:
				read[i] = &whole
			case !fault.Is(err, fault.NotFound):
				errs[i] = err
			}
		})
	}
	group.Wait()
	return read, cmp.Or(errs...)
}
