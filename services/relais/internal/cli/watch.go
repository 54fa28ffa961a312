// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/relais-press/relais/services/relais/internal/client"
)

// elsewhere is how long the instance that works may stay out of reach.
const elsewhere = 15 * time.Second

// errElsewhere is that the instance which answers is not the one that works.
var errElsewhere = errors.New("another instance answers than the one that was asked to begin")

// watch asks how far something is until it has ended. Behind one address there
// may be several instances, of which one knows of it: what the others say, NotFound
// or errElsewhere, is passed over, and so is a moment without an answer.
func watch(ctx context.Context, ask func() (running bool, err error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	missed := 0
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		running, err := ask()
		switch {
		case err == nil && !running:
			return nil
		case err == nil:
			missed = 0
		case missed >= int(elsewhere/pollEvery) || refused(err) && !unknown(err):
			return err
		default:
			missed++
		}
	}
}

// unknown reports whether the answer is that there is no such thing here.
func unknown(err error) bool {
	s, ok := errors.AsType[*client.StatusError](err)
	return ok && s.Status == http.StatusNotFound
}
