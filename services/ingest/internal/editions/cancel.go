// SPDX-License-Identifier: Apache-2.0

package editions

import (
	"context"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
)

// Cancel kills an edition, and with an original every translation of it. An
// empty language names the original. Canceling again with the same words
// changes nothing; a translation that was canceled before keeps its own.
func (s *Store) Cancel(ctx context.Context, id, language string, c article.Cancellation, w Write) (Result, error) {
	siblings, err := s.Article(ctx, id)
	if err != nil {
		return Result{}, err
	}
	if len(siblings) > 0 && language == "" {
		language = siblings[0].Edition.Language
	}
	st, ok := find(siblings, language)
	if !ok {
		return Result{}, fault.Newf(fault.NotFound, "there is no edition %s/%s", id, language)
	}
	if err := condition(w, st, true); err != nil {
		return Result{}, err
	}
	c.At = s.now().UTC().Truncate(time.Millisecond)
	cancel := func(e *article.Edition, _ []Stored) bool {
		if old := e.Cancellation; e.PubStatus == article.Canceled && old != nil &&
			old.Reason == c.Reason && old.Legal == c.Legal && old.ReplacedBy == c.ReplacedBy {
			return false
		}
		e.PubStatus, e.Cancellation = article.Canceled, &c
		return true
	}
	res := Result{Languages: Languages(siblings)}
	last, wrote := lastOf(siblings), false
	if res.Stored, wrote, err = s.modify(ctx, st, &last, w, cancel); err != nil {
		return Result{}, err
	}
	if wrote {
		res.Outcome = Updated
	}
	if !st.Edition.IsOriginal() {
		return res, nil
	}
	// Read anew: a translation may have come while the original was written.
	if siblings, err = s.Article(ctx, id); err != nil {
		return Result{}, err
	}
	original := res.Stored
	original.Sequence = lastOf(siblings)
	res.Others, err = s.hold(ctx, original, siblings, w)
	return res, err
}
