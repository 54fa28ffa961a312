// SPDX-License-Identifier: Apache-2.0

// Package meilisearch is the engine in a Meilisearch server. It analyses texts
// itself, as the other engines do, and hands the server finished words, which it
// only compares.
//
// A search is one federated request for what matches, of which a page is then
// fetched. Where fewer than 1,000 editions match, totals, facets and orders are
// counted here and exact. Where more do, the server counts: Total stays exact,
// facets count each article by the edition that matched best, and pages end with
// the best 10,000 editions.
package meilisearch

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	meili "github.com/meilisearch/meilisearch-go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/services/search/internal/engine"
)

// How many editions a search gathers: few where the first pages are asked for.
const (
	fewMatches = 1000
	maxMatches = 10_000
)

// maxFacetValues is how many values of a facet the server counts.
const maxFacetValues = 1000

// cutoff is how long, in milliseconds, the server may take over a search. It then
// answers with what it has and does not say so.
const cutoff = 5000

// stateID is the id of the record that holds the index's state. No edition's is
// like it.
const stateID = "__state"

// state is written with every batch, and with every part of one.
type state struct {
	ID       string `json:"id"`
	Usable   bool   `json:"usable"` // false
	Mapping  int    `json:"mapping"`
	Vectors  int    `json:"dimensions"`
	Position uint64 `json:"position"`

	NoVectors map[string][]float32 `json:"_vectors,omitempty"`
}

// Index is an engine.Engine in one index of a server. One process at a time may
// write to it.
type Index struct {
	log        *slog.Logger
	client     *client
	uid        string
	dimensions int
	rejected   prometheus.Counter // or nil
	leftOut    atomic.Uint64

	gate  engine.Gate
	write sync.Mutex // held by Apply: versions are compared and written in one go

	mu        sync.Mutex
	languages map[string]bool // of the editions held, and maybe some of editions that are gone
}

var _ engine.Engine = (*Index)(nil)

// open makes the index where there is none, or where another version of this
// package or another embedder wrote it.
func (x *Index) open(ctx context.Context) error {
	held, err := x.state(ctx)
	switch r, ok := refused(err); {
	case ok && r.Code == "index_not_found":
		return x.create(ctx)
	case missing(err):
		return x.settle(ctx) // nothing has been written yet
	case err != nil:
		return err
	}
	if held.Mapping != mapping || held.Vectors != x.dimensions {
		x.log.WarnContext(ctx, "search index given up, a new one is filled from the log", "index", x.uid,
			"mapping", held.Mapping, "wanted_mapping", mapping, "dimensions", held.Vectors, "wanted_dimensions", x.dimensions)
		if err := x.client.discard(ctx, x.uid); err != nil {
			return err
		}
		return x.create(ctx)
	}
	if err := x.settle(ctx); err != nil {
		return err
	}
	return x.learnLanguages(ctx)
}

func (x *Index) create(ctx context.Context) error {
	doing := "create index " + x.uid
	task, err := x.client.CreateIndexWithContext(ctx, &meili.IndexConfig{Uid: x.uid, PrimaryKey: fieldID})
	if err = x.client.done(ctx, doing, task, err); err != nil {
		if r, ok := refused(err); !ok || r.Code != "index_already_exists" {
			return err
		}
	}
	return x.settle(ctx)
}

// discard deletes an index; one that is not there is no error.
func (c *client) discard(ctx context.Context, uid string) error {
	task, err := c.DeleteIndexWithContext(ctx, uid)
	if err = c.done(ctx, "delete index "+uid, task, err); missing(err) {
		return nil
	}
	return err
}

// settle gives the index its settings, where they differ from those it has.
func (x *Index) settle(ctx context.Context) error {
	doing, path := "set up index "+x.uid, "/indexes/"+x.uid+"/settings"
	want := settings(x.dimensions)
	var has map[string]any
	if err := x.client.raw(ctx, doing, http.MethodGet, path, nil, &has); err != nil {
		return err
	}
	for name, value := range want {
		if covers(has[name], value) {
			delete(want, name)
		}
	}
	if len(want) == 0 {
		return nil
	}
	var task meili.TaskInfo
	if err := x.client.raw(ctx, doing, http.MethodPatch, path, want, &task); err != nil {
		return err
	}
	x.log.InfoContext(ctx, "search index set up", "index", x.uid, "settings", slices.Sorted(maps.Keys(want)))
	return x.client.wait(ctx, doing, task.TaskUID)
}

// settings are all that this package relies on, so that no default of a coming
// version of the server moves results.
func settings(dimensions int) map[string]any {
	strict := slices.Concat(titleForms, textForms)
	out := map[string]any{
		"searchableAttributes": list(slices.Concat(strict, titleWords, textWords, titleReversed, textReversed)),
		"filterableAttributes": sorted(fieldArticle, fieldLanguage, fieldAudience, fieldSection, fieldPerson, fieldOrganisation,
			fieldYear, fieldPublished, fieldEmbargo, fieldExpiry, fieldUsable),
		"sortableAttributes":  list([]string{fieldPublished}),
		"displayedAttributes": list([]string{"*"}),
		"rankingRules": list([]string{
			"sort", "words", "typo", "attributeRank", "proximity", "exactness", fieldPublished + ":desc", fieldArticle + ":asc",
		}),
		"typoTolerance": map[string]any{
			"enabled":             true,
			"minWordSizeForTypos": map[string]any{"oneTypo": 4.0, "twoTypos": 8.0},
			"disableOnAttributes": sorted(strict...),
			"disableOnWords":      []any{},
			"disableOnNumbers":    true,
		},
		"stopWords": []any{}, "synonyms": map[string]any{}, "dictionary": []any{},
		"separatorTokens": []any{}, "nonSeparatorTokens": []any{},
		"distinctAttribute": nil, "localizedAttributes": nil,
		"proximityPrecision": "byWord", "prefixSearch": "indexingTime", "facetSearch": false,
		"faceting":       map[string]any{"maxValuesPerFacet": float64(maxFacetValues), "sortFacetValuesBy": map[string]any{"*": "count"}},
		"pagination":     map[string]any{"maxTotalHits": float64(maxMatches)},
		"searchCutoffMs": float64(cutoff),
	}
	if dimensions > 0 {
		out["embedders"] = map[string]any{embedder: map[string]any{"source": "userProvided", "dimensions": float64(dimensions)}}
	}
	return out
}

func list(names []string) []any {
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = n
	}
	return out
}

// sorted is a list in the order that the server keeps it in.
func sorted(names ...string) []any {
	return list(slices.Sorted(slices.Values(names)))
}

// covers reports whether a setting has all that is wanted of it; objects may say more.
func covers(has, want any) bool {
	w, ok := want.(map[string]any)
	if !ok || len(w) == 0 {
		return reflect.DeepEqual(has, want)
	}
	h, ok := has.(map[string]any)
	for name, value := range w {
		ok = ok && covers(h[name], value)
	}
	return ok
}

// learnLanguages asks which languages the editions held are in.
func (x *Index) learnLanguages(ctx context.Context) error {
	res, err := x.client.Index(x.uid).SearchWithContext(ctx, "", &meili.SearchRequest{
		Facets: []string{fieldLanguage}, Filter: fieldUsable + " = true", Limit: 1, AttributesToRetrieve: []string{fieldID},
	})
	if err != nil {
		return explain(ctx, "list languages", err)
	}
	var facets map[string]map[string]int
	if err := json.Unmarshal(res.FacetDistribution, &facets); err != nil {
		return fmt.Errorf("list languages: %w", err)
	}
	for language := range facets[fieldLanguage] {
		x.languages[unescape(language)] = true
	}
	return nil
}

// Close implements engine.Engine. It waits for the calls under way.
func (x *Index) Close() error { return x.gate.Close(func() error { return nil }) }

// Position implements engine.Engine.
func (x *Index) Position(ctx context.Context) (uint64, error) {
	leave, err := x.gate.Enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	s, err := x.state(ctx)
	if r, ok := refused(err); ok && r.Code == "document_not_found" {
		return 0, nil
	}
	return s.Position, err
}

func (x *Index) newState(position uint64) state {
	return state{
		ID: stateID, Mapping: mapping, Vectors: x.dimensions, Position: position, NoVectors: vectors(nil, x.dimensions),
	}
}

func (x *Index) state(ctx context.Context) (state, error) {
	var s state
	err := x.client.Index(x.uid).GetDocumentWithContext(ctx, stateID, nil, &s)
	return s, explain(ctx, "read index state", err)
}

// Count implements engine.Engine.
func (x *Index) Count(ctx context.Context) (uint64, error) {
	leave, err := x.gate.Enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	var res meili.DocumentsResult
	err = x.client.Index(x.uid).GetDocumentsWithContext(ctx, &meili.DocumentsQuery{
		Filter: fieldUsable + " = true", Fields: []string{fieldID}, Limit: 1,
	}, &res)
	if err != nil {
		return 0, explain(ctx, "count editions", err)
	}
	return uint64(max(res.Total, 0)), nil
}
