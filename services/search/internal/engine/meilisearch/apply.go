// SPDX-License-Identifier: Apache-2.0

package meilisearch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	meili "github.com/meilisearch/meilisearch-go"

	"github.com/relais-press/relais/services/search/internal/engine"
)

// Apply implements engine.Engine. A batch is one task of the server, which does
// all of it or nothing. What makes a task fail is looked for by halving the
// batch; the editions to blame are logged, counted and left out, so that one bad
// edition never holds up the log.
func (x *Index) Apply(ctx context.Context, documents []engine.Document, position uint64) error {
	leave, err := x.gate.Enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	x.write.Lock()
	defer x.write.Unlock()

	newest := highest(documents)
	versions, held, err := x.held(ctx, newest)
	if err != nil {
		return err
	}
	records := make([]any, 0, len(newest)+1)
	for _, d := range newest {
		if v, ok := versions[key(d)]; ok && d.Version <= v {
			continue
		}
		r, err := newRecord(d, x.dimensions)
		if err != nil {
			return err
		}
		records = append(records, r)
		if r.Usable {
			x.learn(d.Language)
		}
	}
	next := x.newState(max(held, position))
	doing := fmt.Sprintf("write %d editions to the index", len(records))
	err = x.put(ctx, doing, append(slices.Clone(records), next)...)
	if r, ok := refused(err); ok && r.ours() && len(records) > 0 {
		if err = x.isolate(ctx, records, x.newState(held), r); err == nil {
			err = x.put(ctx, doing, next)
		}
	}
	return err
}

// highest are the highest versions of each edition, in the order of their ids.
func highest(documents []engine.Document) []*engine.Document {
	found := map[string]*engine.Document{}
	var out []*engine.Document
	for i := range documents {
		d := &documents[i]
		if h, ok := found[key(d)]; !ok || d.Version > h.Version {
			found[key(d)] = d
		}
	}
	for _, d := range found {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b *engine.Document) int { return strings.Compare(key(a), key(b)) })
	return out
}

// held reads the versions held of some editions, by key, and the position.
func (x *Index) held(ctx context.Context, documents []*engine.Document) (versions map[string]int, position uint64, err error) {
	ids := []string{stateID}
	for _, d := range documents {
		ids = append(ids, key(d))
	}
	var res meili.DocumentsResult
	err = x.client.Index(x.uid).GetDocumentsWithContext(ctx, &meili.DocumentsQuery{
		Ids: ids, Fields: []string{fieldID, fieldVersion, fieldPosition}, Limit: int64(len(ids)),
	}, &res)
	if err != nil {
		return nil, 0, explain(ctx, "compare versions", err)
	}
	versions = make(map[string]int, len(res.Results))
	for _, hit := range res.Results {
		var id string
		var version int
		err := json.Unmarshal(hit[fieldID], &id)
		switch {
		case err == nil && id == stateID:
			err = json.Unmarshal(hit[fieldPosition], &position)
		case err == nil:
			err = json.Unmarshal(hit[fieldVersion], &version)
			versions[id] = version
		}
		if err != nil {
			return nil, 0, fmt.Errorf("compare versions: %w", err)
		}
	}
	return versions, position, nil
}

// put writes records in one task and waits for it.
func (x *Index) put(ctx context.Context, doing string, records ...any) error {
	primary := fieldID
	task, err := x.client.Index(x.uid).AddDocumentsWithContext(ctx, records, &meili.DocumentOptions{PrimaryKey: &primary})
	return x.client.done(ctx, doing, task, err)
}

// isolate writes records that were refused together, but for those to blame. The
// state stays as it is held.
func (x *Index) isolate(ctx context.Context, records []any, held state, why *refusal) error {
	if len(records) == 1 {
		return x.leaveOut(ctx, records[0], held, why)
	}
	half := len(records) / 2
	for _, part := range [][]any{records[:half], records[half:]} {
		err := x.put(ctx, fmt.Sprintf("write %d editions to the index", len(part)), append(slices.Clone(part), held)...)
		if r, ok := refused(err); ok && r.ours() {
			err = x.isolate(ctx, part, held, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leaveOut puts a fence in the place of a record that was refused, so that no
// older version of the edition is found in its stead, with rights it may no
// longer have.
func (x *Index) leaveOut(ctx context.Context, refusedRecord any, held state, why *refusal) error {
	r, ok := refusedRecord.(*record)
	if !ok {
		return why
	}
	x.log.ErrorContext(ctx, "edition left out of the search index", "index", x.uid, "record", r.ID, "version", r.Version, "error", why)
	if x.rejected != nil {
		x.rejected.Inc()
	}
	x.leftOut.Add(1)
	fence := &record{ID: r.ID, Version: r.Version, Vectors: vectors(nil, x.dimensions)}
	err := x.put(ctx, "fence off an edition", fence, held)
	if again, ok := refused(err); ok && again.ours() {
		x.log.ErrorContext(ctx, "edition not fenced off: an older version may be found", "record", r.ID, "error", again)
		return nil
	}
	return err
}

// LeftOut is how many editions the server has refused since the index was opened.
func (x *Index) LeftOut() uint64 { return x.leftOut.Load() }

// learn notes a language of the editions held.
func (x *Index) learn(language string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.languages[language] = true
}
