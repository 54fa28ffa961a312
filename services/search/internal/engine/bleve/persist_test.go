// SPDX-License-Identifier: Apache-2.0

package bleve_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/bleve"
)

// TestDiskThatRefuses keeps an index from writing its files: it says so, finds what
// it could not write as well, and writes it once it can.
func TestDiskThatRefuses(t *testing.T) {
	dir := t.TempDir()
	open := func() *bleve.Index {
		t.Helper()
		x, err := bleve.Open(dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	x := open()
	apply := func(n int) error {
		return x.Apply(t.Context(), []engine.Document{{
			ID: fmt.Sprint("a-", n), Language: "fr", Version: 1, PubStatus: article.Usable,
			Headline: "Un titre", BodyText: "Un texte.", Published: time.Now(),
		}}, uint64(n))
	}
	finds := func(want int) {
		t.Helper()
		res, err := x.Search(t.Context(), engine.Query{Text: "titre", Now: time.Now(), Limit: 10, Viewer: engine.Viewer{Editor: true}})
		if err != nil || res.Total != want {
			t.Errorf("%d are found, want %d (%v)", res.Total, want, err)
		}
	}
	if err := apply(1); err != nil {
		t.Fatal(err)
	}
	// Folders lie where its next files would; what is in them keeps them there.
	var taken []string
	for n := range 60 {
		name := filepath.Join(dir, fmt.Sprintf("%012x.zap", n))
		if err := os.MkdirAll(filepath.Join(name, "in"), 0o700); err == nil {
			taken = append(taken, name)
		}
	}
	for n := 2; n <= 4; n++ {
		if err := apply(n); err == nil {
			t.Fatal("an edition is kept where nothing can be written")
		}
		finds(n)
	}
	for _, name := range taken {
		if err := os.RemoveAll(name); err != nil {
			t.Fatal(err)
		}
	}
	for apply(5) != nil { // it takes up to a try of the index to notice
	}
	finds(5)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x = open()
	finds(5)
	if position, err := x.Position(t.Context()); err != nil || position != 5 {
		t.Errorf("the index is at %d, want 5 (%v)", position, err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}
