// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	_ "embed"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// The golden corpus, editions as the log holds them, and what is asked of it.
var (
	//go:embed testdata/golden/articles.json
	goldenArticles []byte
	//go:embed testdata/golden/queries.json
	goldenQueries []byte
)

// goldenQuery is what a reader types and the articles it has to find.
type goldenQuery struct {
	Text       string   `json:"q"`
	Language   string   `json:"lang"`                // the reader's
	Languages  []string `json:"languages,omitempty"` // filter
	Want       []string `json:"want"`                // ids, in any order
	First      string   `json:"first,omitempty"`     // id of the hit that ranks first
	Correction string   `json:"correction,omitempty"`
	Why        string   `json:"why"`
}

// Golden fills a new and empty engine with a corpus of articles and asks what
// readers would: each query has to find exactly the articles it names, no more
// and no fewer. It holds every engine to one idea of what a word matches, in
// five languages.
func Golden(t *testing.T, e engine.Engine) {
	t.Helper()
	var editions []article.Edition
	check(t, json.Unmarshal(goldenArticles, &editions))
	var queries []goldenQuery
	check(t, json.Unmarshal(goldenQueries, &queries))
	apply(t, e, 1, editions...)
	for _, q := range queries {
		t.Run(q.Language+" "+q.Text, func(t *testing.T) { q.run(t, e) })
	}
}

func (q *goldenQuery) run(t *testing.T, e engine.Engine) {
	t.Helper()
	res := ask(t, e, engine.Query{
		Text: q.Text, Language: q.Language, Languages: q.Languages, Limit: 50,
		Now: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), // after every article
	})
	got, want := found(res), slices.Sorted(slices.Values(q.Want))
	if q.First != "" && (len(got) == 0 || got[0] != q.First) {
		t.Errorf("%s: the hits are %q, want %q first", q.Why, got, q.First)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s: (-want +got)\n%s", q.Why, cmp.Diff(want, got))
	}
	if res.Total != len(want) {
		t.Errorf("%s: the total is %d, want %d", q.Why, res.Total, len(want))
	}
	if res.Correction != q.Correction {
		t.Errorf("%s: the correction is %q, want %q", q.Why, res.Correction, q.Correction)
	}
}
