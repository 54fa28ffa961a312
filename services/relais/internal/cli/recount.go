// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"net/http"
)

// Recount counts the clicks of the log again and compares.
type Recount struct {
	Server `embed:""`
}

// recount is a recount as the API shows it.
type recount struct {
	ID, State, Error                      string
	Read, Of, Clicks, Counted, Difference int64
}

// Run starts a recount and shows how far it is. It is an error when the counts
// turn out to be wrong.
func (c *Recount) Run(ctx context.Context, t Terminal) error {
	relay, err := c.Client(t)
	if err != nil {
		return err
	}
	var r recount
	if err := relay.Do(ctx, http.MethodPost, "/v1/recounts", "", nil, &r); err != nil {
		return err
	}
	bar := NewBar(t)
	err = watch(ctx, func() (bool, error) {
		var now recount
		if err := relay.Do(ctx, http.MethodGet, "/v1/recounts/"+r.ID, "", nil, &now); err != nil {
			return false, err
		}
		r = now
		bar.Draw(r.Read, max(1, r.Of), fmt.Sprintf("%d %s", r.Read, t.Say("lots", "batches")))
		return r.State == "running", nil
	})
	bar.End()
	switch {
	case err != nil:
		return err
	case r.State == "failed":
		return fmt.Errorf("%s: %s", t.Say("le recomptage n’a pas abouti", "the recount did not finish"), r.Error)
	case r.Difference != 0:
		return fmt.Errorf(t.Say(
			"les comptes sont faux : %d clics dans le journal, %d comptés, écart total %d",
			"the counts are wrong: %d clicks in the log, %d counted, %d of difference in all",
		), r.Clicks, r.Counted, r.Difference)
	}
	_, err = fmt.Fprintf(t.Out, t.Say("%d clics recomptés, aucun écart.\n", "%d clicks counted again, no difference.\n"), r.Clicks)
	return err
}
