// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"net/http"
)

// Reindex builds the search index anew from the log and lets it serve.
type Reindex struct {
	Server   `embed:""`
	Rollback bool `name:"rollback" help:"Let the generation before serve again, brought up to date, instead of building one."`
}

// generation is a rebuild as the API shows it.
type generation struct {
	State, Serving, Error           string
	Started                         string // when, to the nanosecond: tells this rebuild from those of other instances
	Position, Target                int64
	Editions                        int
	DocumentsPerSecond, EngineShare float64
}

// running reports whether the rebuild is under way.
func (g *generation) running() bool { return g.State == "filling" || g.State == "verifying" }

// Run starts the rebuild and shows how far it is. Search goes on meanwhile.
func (c *Reindex) Run(ctx context.Context, t Terminal) error {
	relay, err := c.Client(t)
	if err != nil {
		return err
	}
	const path = "/v1/index/generations"
	var g generation
	if err := relay.Do(ctx, http.MethodPost, path, "application/json", map[string]bool{"rollback": c.Rollback}, &g); err != nil {
		return err
	}
	bar := NewBar(t)
	err = watch(ctx, func() (bool, error) {
		var now generation
		if err := relay.Do(ctx, http.MethodGet, path, "", nil, &now); err != nil {
			return false, err
		}
		if now.Started != g.Started {
			return false, errElsewhere
		}
		g = now
		bar.Draw(g.Position, max(1, g.Target), fmt.Sprintf("%d %s", g.Editions, t.Say("éditions", "editions")))
		return g.running(), nil
	})
	bar.End()
	switch {
	case err != nil:
		return err
	case g.State == "failed":
		return fmt.Errorf("%s: %s", t.Say("la nouvelle génération ne sert pas", "the new generation does not serve"), g.Error)
	}
	_, err = fmt.Fprintf(t.Out, t.Say(
		"Génération %s en service : %d éditions, %.0f par seconde, dont %.0f %% du temps dans le moteur.\n",
		"Generation %s serves: %d editions, %.0f a second, %.0f %% of the time in the engine.\n",
	), g.Serving, g.Editions, g.DocumentsPerSecond, 100*g.EngineShare)
	return err
}
