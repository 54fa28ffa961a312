// SPDX-License-Identifier: Apache-2.0

package embedder

import (
	"context"

	"github.com/relais-press/relais/services/search/internal/engine"
)

// Documents gives each document its vector, those that are Gone excepted; none
// gets one when it returns an error, which is one of Embed's. A nil Embedder
// does nothing.
func (e *Embedder) Documents(ctx context.Context, documents []engine.Document) error {
	if e == nil {
		return nil
	}
	texts := make([]string, len(documents))
	for i := range documents {
		texts[i] = Text(&documents[i])
	}
	vectors, err := e.Embed(ctx, texts)
	if err != nil {
		return err
	}
	for i := range documents {
		documents[i].Vector = vectors[i]
	}
	return nil
}
