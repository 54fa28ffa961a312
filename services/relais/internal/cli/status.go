// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"
)

// Status shows where an article is: each of its editions, and the stages that
// it has reached.
type Status struct {
	Server `embed:""`
	ID     string `arg:"" help:"The article's id, or an import's."`
}

// Run prints a line for each edition, or one for an import.
func (c *Status) Run(ctx context.Context, t Terminal) error {
	relay, err := c.Client(t)
	if err != nil {
		return err
	}
	var a struct {
		Editions []struct {
			Language, PubStatus, Headline string
			Version                       int
			Stale                         bool
		}
	}
	err = relay.Do(ctx, http.MethodGet, "/v1/articles/"+url.PathEscape(c.ID), "", nil, &a)
	if err != nil {
		var p progress
		if relay.Do(ctx, http.MethodGet, "/v1/imports/"+url.PathEscape(c.ID), "", nil, &p) == nil {
			return report(t, p)
		}
		return err
	}
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	for _, e := range a.Editions {
		var s struct {
			Stages []struct {
				Stage   string
				Version int
				At      time.Time
			}
		}
		if err := relay.Do(ctx, http.MethodGet, "/v1/articles/"+url.PathEscape(c.ID)+"/"+url.PathEscape(e.Language)+"/status", "", nil, &s); err != nil {
			return err
		}
		stages := make([]string, 0, len(s.Stages))
		for _, st := range s.Stages {
			stage := fmt.Sprintf("%s %s", st.Stage, st.At.Local().Format("15:04:05"))
			if st.Version != e.Version {
				stage += fmt.Sprintf(" (v%d)", st.Version)
			}
			stages = append(stages, stage)
		}
		state := e.PubStatus
		if e.Stale {
			state += t.Say(", périmée", ", stale")
		}
		_, _ = fmt.Fprintf(w, "%s/%s\tv%d\t%s\t%s\t%s\n", c.ID, e.Language, e.Version, state, strings.Join(stages, ", "), e.Headline)
	}
	return w.Flush()
}
