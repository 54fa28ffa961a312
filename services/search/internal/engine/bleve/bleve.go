// SPDX-License-Identifier: Apache-2.0

// Package bleve is the engine inside the process: an index in a folder, kept by
// bleve's storage engine, scorch. It analyses texts itself and hands scorch
// finished terms, so that bleve's own analyzers and mappings are not involved.
package bleve

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/blevesearch/bleve/v2/document"
	"github.com/blevesearch/bleve/v2/index/scorch"
	index "github.com/blevesearch/bleve_index_api"
	segment "github.com/blevesearch/scorch_segment_api/v2"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/vector"
)

// stateKey names the one internal value of the index. It is written with every
// batch.
const stateKey = "relais"

// rootFile is the file of scorch that names all others.
const rootFile = "root.bolt"

type state struct {
	Mapping    int    `json:"mapping"`
	Position   uint64 `json:"position"`
	Dimensions int    `json:"dimensions,omitempty"` // of the vectors of editions; 0: none has one
}

// Index is an engine.Engine in a folder. One process at a time may have it open.
type Index struct {
	log      *slog.Logger
	store    index.Index
	analysis *index.AnalysisQueue
	columns  *columnCache
	vectors  atomic.Pointer[vector.Index] // nil: no edition has one

	gate    engine.Gate
	write   sync.Mutex // held by Apply: versions are compared and written in one go
	refused chan error // what kept scorch from writing to the disk
	files   files
}

var (
	_ engine.Engine  = (*Index)(nil)
	_ engine.Checked = (*Index)(nil)
	_ engine.Seer    = (*Index)(nil)
)

// Open opens the index in dir and makes it when there is none. An index that
// cannot be read, or that another version of this package wrote, is deleted and
// an empty one takes its place, at position 0. An index that another process has
// open is an error.
func Open(dir string, log *slog.Logger) (*Index, error) {
	_, err := os.Stat(filepath.Join(dir, rootFile))
	isNew := errors.Is(err, os.ErrNotExist)
	store, queue, err := openStore(dir)
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open index %s: another process has it open", dir)
	}
	var found state
	if err == nil {
		x := newIndex(dir, store, queue, log)
		if found, err = x.load(); err == nil && found.Mapping == mapping {
			if err = x.look(context.Background(), true); err == nil {
				return x, nil
			}
		}
		_ = x.Close()
	}
	if !isNew {
		log.Warn("search index given up, a new one is filled from the log",
			"dir", dir, "mapping", found.Mapping, "wanted_mapping", mapping, "error", err)
	}
	return create(dir, log)
}

func newIndex(dir string, store index.Index, queue *index.AnalysisQueue, log *slog.Logger) *Index {
	return &Index{
		log: log, store: store, analysis: queue, columns: newColumnCache(),
		refused: refusals().of(dir), files: newFiles(dir),
	}
}

// load reads what is kept in memory. What panics of damaged files, or reaches
// beyond their end, is an error here too.
func (x *Index) load() (found state, err error) {
	defer guard(&err)()
	if found, err = x.state(); err == nil && found.Mapping == mapping {
		err = errors.Join(x.warm(), x.loadVectors(found.Dimensions))
	}
	return found, err
}

func create(dir string, log *slog.Logger) (*Index, error) {
	if err := discard(dir); err != nil {
		return nil, fmt.Errorf("delete index %s: %w", dir, err)
	}
	store, queue, err := openStore(dir)
	if err != nil {
		return nil, fmt.Errorf("create index %s: %w", dir, err)
	}
	x := newIndex(dir, store, queue, log)
	if err := x.Apply(context.Background(), nil, 0); err != nil {
		_ = x.Close()
		return nil, fmt.Errorf("create index %s: %w", dir, err)
	}
	return x, nil
}

// openStore opens scorch. A damaged file can make it or bbolt panic, or reach
// beyond the end of a file mapped into memory; those are errors like any other here.
func openStore(dir string) (store index.Index, queue *index.AnalysisQueue, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	queue = index.NewAnalysisQueue(runtime.GOMAXPROCS(0))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("index is damaged: %v", p)
		}
		if err != nil {
			queue.Close()
		}
	}()
	if store, err = scorch.NewScorch(scorch.Name, map[string]any{
		"path": dir, "bolt_timeout": "1s", "unsafe_batch": true, "asyncErrorCallbackName": refusals().name,
	}, queue); err == nil {
		err = store.Open()
	}
	return store, queue, err
}

// indexFiles are the files in dir that belong to an index.
func indexFiles(dir string) ([]string, error) {
	segments, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.zap"))
	return append(segments, filepath.Join(dir, rootFile)), err
}

func escapeGlob(dir string) string {
	var out []rune
	for _, r := range dir {
		switch r {
		case '*', '?', '[', '\\':
			out = append(out, '\\')
		}
		out = append(out, r)
	}
	return string(out)
}

// discard deletes an index and leaves anything else in its folder alone.
func discard(dir string) error {
	files, err := indexFiles(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Close implements engine.Engine. It waits for the calls under way.
func (x *Index) Close() error {
	return x.gate.Close(func() error {
		err := x.store.Close()
		refusals().forget(x.refused)
		x.analysis.Close()
		if err != nil {
			return fmt.Errorf("close index: %w", err)
		}
		return nil
	})
}

func (x *Index) state() (state, error) {
	reader, err := x.store.Reader()
	if err != nil {
		return state{}, fmt.Errorf("read index state: %w", err)
	}
	defer reader.Close()
	value, err := reader.GetInternal([]byte(stateKey))
	if err != nil || value == nil {
		return state{}, err
	}
	var s state
	if err := json.Unmarshal(value, &s); err != nil {
		return state{}, fmt.Errorf("read index state: %w", err)
	}
	return s, nil
}

// Position implements engine.Engine.
func (x *Index) Position(ctx context.Context) (_ uint64, err error) {
	defer guard(&err)()
	leave, err := x.gate.Enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	s, err := x.state()
	return s.Position, err
}

// Seen implements engine.Seer: the position is part of what a search reads. It is
// 0 when the index cannot be read, or is closed.
func (x *Index) Seen() uint64 {
	position, err := x.Position(context.Background())
	if err != nil {
		return 0
	}
	return position
}

// Count implements engine.Engine.
func (x *Index) Count(ctx context.Context) (_ uint64, err error) {
	defer guard(&err)()
	leave, err := x.gate.Enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	reader, err := x.store.Reader()
	if err != nil {
		return 0, fmt.Errorf("count editions: %w", err)
	}
	defer reader.Close()
	usable, err := reader.TermFieldReader(ctx, []byte("1"), fieldUsable, false, false, false)
	if err != nil {
		return 0, fmt.Errorf("count editions: %w", err)
	}
	defer usable.Close()
	return usable.Count(), nil
}

// Apply implements engine.Engine.
func (x *Index) Apply(ctx context.Context, documents []engine.Document, position uint64) (err error) {
	defer guard(&err)()
	leave, err := x.gate.Enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	x.write.Lock()
	defer x.write.Unlock()

	fresh, err := x.fresh(documents)
	if err != nil {
		return err
	}
	analysed, err := analyzeAll(ctx, fresh)
	if err != nil {
		return err
	}
	held, err := x.state()
	if err != nil {
		return err
	}
	next := state{Mapping: mapping, Position: max(held.Position, position), Dimensions: cmp.Or(held.Dimensions, dimensions(fresh))}
	value, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("encode index state: %w", err)
	}
	batch := index.NewBatch()
	for _, d := range analysed {
		batch.Update(d)
	}
	batch.SetInternal([]byte(stateKey), value)
	kept, err := x.batch(batch)
	if err != nil {
		return fmt.Errorf("write %d editions to the index: %w", len(fresh), err)
	}
	x.setVectors(fresh, next.Dimensions)
	if err := x.warm(); err != nil {
		return err
	}
	if err := x.await(kept); err != nil {
		return fmt.Errorf("write %d editions to the disk: %w", len(fresh), err)
	}
	return nil
}

// warm makes the index ready for the next search, so that it need not.
func (x *Index) warm() error {
	snapshot, err := x.snapshot()
	if err != nil {
		return fmt.Errorf("read index: %w", err)
	}
	defer snapshot.Close()
	return x.columns.warm(snapshot)
}

// fresh are the highest versions of each edition that are above the one held.
func (x *Index) fresh(documents []engine.Document) ([]*engine.Document, error) {
	highest := map[string]*engine.Document{}
	for i := range documents {
		d := &documents[i]
		if h, ok := highest[key(d)]; !ok || d.Version > h.Version {
			highest[key(d)] = d
		}
	}
	reader, err := x.store.Reader()
	if err != nil {
		return nil, fmt.Errorf("compare versions: %w", err)
	}
	defer reader.Close()
	out := make([]*engine.Document, 0, len(highest))
	for k, d := range highest {
		held, ok, err := stored(reader, k)
		if err != nil {
			return nil, fmt.Errorf("compare versions: %w", err)
		}
		if !ok || d.Version > held.Version {
			out = append(out, d)
		}
	}
	return out, nil
}

// analyzeAll cuts the texts of editions into terms, on all processors.
func analyzeAll(ctx context.Context, documents []*engine.Document) ([]*document.Document, error) {
	out, errs := make([]*document.Document, len(documents)), make([]error, len(documents))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(documents)) {
		workers.Go(func() {
			for i := range next {
				if errs[i] = ctx.Err(); errs[i] == nil {
					out[i], errs[i] = newDocument(documents[i])
				}
			}
		})
	}
	for i := range documents {
		next <- i
	}
	close(next)
	workers.Wait()
	return out, errors.Join(errs...)
}

// stored returns the edition held under a key, without its body.
func stored(reader index.IndexReader, key string) (d engine.Document, ok bool, err error) {
	doc, err := reader.Document(key)
	if err != nil || doc == nil {
		return d, false, err
	}
	doc.VisitFields(func(f index.Field) {
		if f.Name() == storedMeta {
			err = json.Unmarshal(f.Value(), &d)
		}
	})
	if err != nil {
		return d, false, fmt.Errorf("read edition %s: %w", key, err)
	}
	return d, true, nil
}

// readStored returns the edition of a document number, and its body apart.
func readStored(s segment.Segment, doc uint32) (d engine.Document, body []byte, err error) {
	var broken error
	err = s.VisitStoredFields(uint64(doc), func(field string, _ byte, value []byte, _ []uint64) bool {
		switch field {
		case storedMeta:
			broken = json.Unmarshal(value, &d)
		case storedBody:
			body = slices.Clone(value)
		}
		return true
	})
	if err = errors.Join(err, broken); err != nil {
		return d, nil, fmt.Errorf("read edition: %w", err)
	}
	return d, body, nil
}
