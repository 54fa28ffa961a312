// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2/index/scorch"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// TestSegmentOfWithdrawnEditions cancels the editions of a segment, and merges: what
// remains knows the fields of editions that are no more, and has no value in any.
func TestSegmentOfWithdrawnEditions(t *testing.T) {
	x, err := Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}()
	apply := func(position uint64, status ...article.PubStatus) {
		t.Helper()
		var documents []engine.Document
		for n, s := range status {
			documents = append(documents, engine.Document{
				ID: fmt.Sprintf("a-%d", n), Language: "fr", Version: int(position), PubStatus: s,
				Headline: "Un titre", Section: "Droit", Published: time.Now(),
			})
		}
		if err := x.Apply(t.Context(), documents, position); err != nil {
			t.Fatal(err)
		}
	}
	apply(1, article.Usable, article.Usable, article.Canceled)
	apply(2, article.Canceled)
	apply(3, article.Canceled, article.Canceled)
	if err := x.store.(*scorch.Scorch).ForceMerge(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := x.warm(); err != nil {
		t.Fatal(err)
	}
	apply(4, article.Usable)
	res, err := x.Search(t.Context(), engine.Query{Now: time.Now(), Limit: 10, Facets: []string{engine.FacetSection}, Viewer: engine.Viewer{Editor: true}})
	if err != nil || res.Total != 1 || len(res.Facets[engine.FacetSection]) != 1 {
		t.Errorf("one edition of four is usable: %+v, %v", res, err)
	}
}
