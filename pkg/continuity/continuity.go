// SPDX-License-Identifier: Apache-2.0

// Package continuity looks for what the log has lost: an edition's versions are
// numbered without a gap, so a version that is missing between two others, or
// from the beginning, was damaged on disk. (A log that has lost its newest
// messages cannot be told from one that never had them.)
package continuity

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
)

// Log is what is looked through (bus.Bus).
type Log interface {
	// Headers hands the headers of the messages from one sequence to another to fn, in order.
	Headers(ctx context.Context, stream, filter string, from, to uint64, fn func(bus.Message)) error
}

// Gap is a place in an edition's history where versions are missing, or do not
// follow one another.
type Gap struct {
	ID, Language string
	After        int    // the version before the gap; 0: its first is missing
	Before       int    // the version after it; 0: one whose number cannot be read
	Sequence     uint64 // of the log, of the version after it
}

// String says what is missing, for an operator.
func (g Gap) String() string {
	return fmt.Sprintf("%s/%s: version %d follows %d at sequence %d", g.ID, g.Language, g.Before, g.After, g.Sequence)
}

// history is what has been seen of an edition.
type history struct {
	last  int // version
	kept  int // messages
	first Gap // what is missing before the oldest that is kept; After and Before are 0 when nothing is
}

// Finder finds gaps in versions that it is handed in the order of the log, from
// the oldest that is kept on. It is for one goroutine; the zero value is ready.
type Finder struct {
	editions map[string]*history // by subject
	gaps     []Gap
}

// Add takes the next message of ARTICLES. Its data is not looked at.
func (f *Finder) Add(m bus.Message) {
	id, language, _ := strings.Cut(strings.TrimPrefix(m.Subject, article.SubjectPrefix), ".")
	version, _ := strconv.Atoi(article.DecodeHeader(m.Header).Sequence) // 0: unreadable, so a gap
	h := f.editions[m.Subject]
	gap := Gap{ID: id, Language: language, Before: version, Sequence: m.Sequence}
	switch {
	case h == nil:
		h = &history{}
		if version != 1 {
			h.first = gap
		}
		if f.editions == nil {
			f.editions = map[string]*history{}
		}
		f.editions[m.Subject] = h
	case version != h.last+1:
		gap.After = h.last
		f.gaps = append(f.gaps, gap)
	}
	h.last, h.kept = version, h.kept+1
}

// Gaps returns what is missing in what was handed over, in the order of the log. An
// edition of which the log has as many versions as it keeps may have had older ones.
func (f *Finder) Gaps() []Gap {
	gaps := slices.Clone(f.gaps)
	for _, h := range f.editions {
		if h.first.Sequence > 0 && h.kept < bus.History {
			gaps = append(gaps, h.first)
		}
	}
	slices.SortFunc(gaps, func(a, b Gap) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return gaps
}

// Find reads the headers of every version that the log keeps, and returns the
// gaps, in the order of the log.
func Find(ctx context.Context, log Log) ([]Gap, error) {
	var f Finder
	if err := log.Headers(ctx, bus.Articles, article.Subject("*", "*"), 1, math.MaxUint64, f.Add); err != nil {
		return nil, fmt.Errorf("look for gaps: %w", err)
	}
	return f.Gaps(), nil
}

// told is how many gaps are named in the process's own log.
const told = 10

// Report looks once and tells the operator: each gap, or the first of many, and
// the number of all as relais_log_gaps.
func Report(ctx context.Context, log Log, logger *slog.Logger, metrics prometheus.Registerer) error {
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "relais_log_gaps", Help: "Places in the history of editions where the log has lost versions, when this process started; it has to be 0.",
	})
	if err := metrics.Register(gauge); err != nil {
		return fmt.Errorf("continuity: %w", err)
	}
	gaps, err := Find(ctx, log)
	if err != nil {
		if ctx.Err() == nil {
			logger.WarnContext(ctx, "the log was not looked through", "error", err)
		}
		return nil
	}
	gauge.Set(float64(len(gaps)))
	for i, g := range gaps {
		if i == told {
			logger.ErrorContext(ctx, "the log has lost more", "gaps", len(gaps))
			break
		}
		logger.ErrorContext(ctx, "the log has lost versions", "article", g.ID, "language", g.Language,
			"after", g.After, "before", g.Before, "sequence", g.Sequence)
	}
	return nil
}
