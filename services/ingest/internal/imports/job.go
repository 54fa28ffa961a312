// SPDX-License-Identifier: Apache-2.0

package imports

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/draft"
	"github.com/relais-press/relais/services/ingest/internal/editions"
	"github.com/relais-press/relais/services/ingest/internal/feeds"
)

const (
	writers   = 32       // appends under way at once
	inFlight  = 256      // items under way at most
	maxWeight = 16 << 20 // bytes of items under way at most
	keepAtEnd = 5 * time.Second
)

// outcome is what became of an item.
type outcome int

const (
	pending outcome = iota
	accepted
	unchanged
	rejected
)

func (o outcome) String() string {
	return [...]string{"pending", "accepted", "unchanged", "rejected"}[o]
}

// job is an import under way.
type job struct {
	desk  *Desk
	spool *spool
	stop  func()
	done  chan struct{} // closed when the job has ended

	skip    int // items that an earlier process settled
	recheck int // items that an earlier process may have written

	keeping sync.Mutex // held while the state is written

	mu      sync.Mutex
	state   Import           // counts the items before next, in order
	next    int              // the first item that is not settled
	settled map[int]settling // items after it that are
}

type settling struct {
	outcome outcome
	err     ItemError
}

func newJob(d *Desk, i Import, s *spool) *job {
	return &job{
		desk: d, spool: s, stop: func() {}, done: make(chan struct{}), state: i,
		skip: i.Read, next: i.Read, settled: map[int]settling{},
	}
}

// item is one edition to be written.
type item struct {
	feeds.Item
	number int // from 0
	weight int64
}

// run reads the stream and writes its items until the stream or ctx ends.
func (j *job) run(ctx context.Context) {
	keeping, kept := context.WithCancel(ctx)
	var keeper sync.WaitGroup
	keeper.Go(func() { j.keepRegularly(keeping) })
	wake := context.AfterFunc(ctx, func() { _ = j.spool.complete(ctx.Err()) })
	err := j.write(ctx)
	wake()
	kept()
	keeper.Wait()
	if ctx.Err() == nil {
		j.finish(err)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepAtEnd)
	defer cancel()
	for attempt := 0; last.Err() == nil && j.keep(last) != nil; attempt++ {
		pause(last, attempt)
	}
}

// write hands items to writers, those of one article always to the same one.
func (j *job) write(ctx context.Context) error {
	var (
		queues  [writers]chan item
		working sync.WaitGroup
		weight  = semaphore.NewWeighted(maxWeight)
		places  = semaphore.NewWeighted(inFlight)
	)
	for n := range queues {
		queues[n] = make(chan item, inFlight) // never blocks: places are counted
		working.Go(func() {
			for it := range queues[n] {
				j.settle(it, j.put(ctx, it))
				weight.Release(it.weight)
				places.Release(1)
			}
		})
	}
	defer working.Wait()
	defer func() {
		for _, q := range queues {
			close(q)
		}
	}()
	reader := feeds.NewReader(j.spool, j.state.Format)
	for number := 0; ; number++ {
		next, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case number < j.skip:
			continue
		}
		next.JSON = bytes.Clone(next.JSON) // the reader's own, up to here
		it := item{next, number, int64(len(next.JSON)+len(next.Edition.BodyHTML)) + 1024}
		it.weight = min(it.weight, maxWeight)
		if err := places.Acquire(ctx, 1); err != nil {
			return err
		}
		if err := weight.Acquire(ctx, it.weight); err != nil {
			return err
		}
		queues[route(&it)] <- it
	}
}

// route chooses the writer of an item by its article.
func route(it *item) int {
	id := it.Edition.ID
	if it.JSON != nil {
		var named struct{ ID, Headline string }
		_ = json.Unmarshal(it.JSON, &named) // what is wrong with it is found when it is read
		if id = named.ID; id == "" {
			id = named.Headline
		}
	}
	h := fnv.New32a()
	_, _ = io.WriteString(h, id) // never fails
	return int(h.Sum32() % writers)
}

// put writes one item and returns what became of it; a log that is away is
// waited for. It returns pending when ctx has ended.
func (j *job) put(ctx context.Context, it item) settling {
	attempt := j.state.ID + "." + strconv.Itoa(it.number)
	w, err := j.prepare(it)
	if err == nil && it.number < j.recheck {
		if wrote, err := j.desk.store.Wrote(ctx, w.Edition.ID, w.Edition.Language, attempt); err == nil && wrote {
			return settling{outcome: accepted}
		}
	}
	w.Actor, w.Attempt = j.state.Who, attempt
	for n := 0; err == nil; n++ {
		var res editions.Result
		res, err = j.desk.store.Put(ctx, w)
		switch {
		case err == nil && res.Outcome == editions.Unchanged:
			return settling{outcome: unchanged}
		case err == nil:
			return settling{outcome: accepted}
		case ctx.Err() != nil:
			return settling{}
		case fault.Is(err, fault.Unavailable):
			pause(ctx, n)
			err = nil
		}
	}
	if fault.KindOf(err) == fault.Internal {
		j.desk.log.ErrorContext(ctx, "import item failed", "import", j.state.ID, "line", it.Line, "error", err)
	}
	return settling{rejected, ItemError{it.Line, describe(err)}}
}

// prepare makes the write of an item.
func (j *job) prepare(it item) (editions.Write, error) {
	if it.Err != nil {
		return editions.Write{}, it.Err
	}
	var (
		d   draft.Draft
		err error
	)
	if it.JSON != nil {
		d, err = j.desk.drafts.JSON(it.JSON)
	} else {
		d, err = j.desk.drafts.Edition(it.Edition)
	}
	if err == nil {
		err = j.desk.drafts.Settle(&d)
	}
	if err != nil {
		return editions.Write{}, err
	}
	if d.Edition.ID == "" {
		d.Edition.ID = d.StableID()
	}
	return editions.Write{Edition: d.Edition, Given: d.Given, Guessed: d.Guessed, Resent: true}, nil
}

// describe tells the sender of an item what was wrong with it.
func describe(err error) string {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return "internal error"
	}
	parts := []string{e.Detail}
	for n, f := range e.Fields {
		if n == 5 {
			parts = append(parts, fmt.Sprintf("and %d more", len(e.Fields)-n))
			break
		}
		parts = append(parts, strings.TrimPrefix(f.Pointer+": ", ": ")+f.Detail)
	}
	return strings.Join(parts, "; ")
}

// settle counts an item once all before it are counted, so that the counts that
// are kept say where to go on.
func (j *job) settle(it item, s settling) {
	if s.outcome == pending {
		return
	}
	j.desk.items.WithLabelValues(s.outcome.String()).Inc()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.settled[it.number] = s
	for {
		s, ok := j.settled[j.next]
		if !ok {
			return
		}
		delete(j.settled, j.next)
		j.next++
		j.state.Read++
		switch s.outcome {
		case accepted:
			j.state.Accepted++
		case unchanged:
			j.state.Unchanged++
		case rejected:
			j.reject(s.err)
		case pending:
		}
	}
}

func (j *job) reject(e ItemError) {
	j.state.Rejected++
	if len(j.state.Errors) < MaxErrors {
		j.state.Errors = append(j.state.Errors, e)
	}
}

// received says that the stream is whole.
func (j *job) received(digest string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state.Digest = digest
	if j.state.State == Receiving {
		j.state.State = Running
	}
}

// finish ends the import, with an error of the stream or without.
func (j *job) finish(err error) {
	if err == nil {
		j.mu.Lock()
		j.state.State = Done
		j.mu.Unlock()
		return
	}
	j.fail(0, describe(err))
}

func (j *job) fail(line int, detail string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state.State = Failed
	j.state.Errors = append(j.state.Errors, ItemError{line, detail})
}

// present is the import as it stands.
func (j *job) present() Import {
	bytes, position := j.spool.size(), j.spool.position()
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.state
	i.Bytes, i.Position = bytes, position
	i.Errors = append([]ItemError{}, i.Errors...)
	return i
}

// keep writes the state to the log; a later state is never overtaken by an
// earlier one.
func (j *job) keep(ctx context.Context) error {
	j.keeping.Lock()
	defer j.keeping.Unlock()
	i := j.present()
	i.Updated = time.Now().UTC().Truncate(time.Millisecond)
	value, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("keep import: %w", err)
	}
	_, err = j.desk.kept.Put(ctx, i.ID, value)
	return err
}

func (j *job) keepRegularly(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := j.keep(ctx); err != nil && ctx.Err() == nil {
				j.desk.log.WarnContext(ctx, "import state not kept", "import", j.state.ID, "error", err)
			}
		}
	}
}

// pause waits longer from attempt to attempt, up to 5 s.
func pause(ctx context.Context, attempt int) {
	t := time.NewTimer(min(50*time.Millisecond<<min(attempt, 7), 5*time.Second))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
