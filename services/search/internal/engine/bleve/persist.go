// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"errors"
	"sync"
	"time"

	"github.com/blevesearch/bleve/v2/index/scorch"
	index "github.com/blevesearch/bleve_index_api"
)

// Left to wait for the disk itself, scorch closes the segment of a batch that it
// could not persist, while the segment stays in what it searches: zapx then
// panics, whoever asks for a term. So batches do not wait (unsafe_batch), and
// Apply waits here. What the disk has no room for yet is searched in memory, and
// scorch tries again until it is written.

// batch has a batch searched; the channel that it returns is closed once the disk
// has the batch.
func (x *Index) batch(b *index.Batch) (<-chan struct{}, error) {
	select {
	case earlier := <-x.refused:
		x.log.Debug("an earlier batch had to wait for the disk", "error", earlier)
	default:
	}
	kept := make(chan struct{})
	b.SetPersistedCallback(func(error) { close(kept) })
	return kept, x.store.Batch(b)
}

// await waits until the disk has a batch. An error means that it has not yet: a
// later batch waits for this one, too.
func (x *Index) await(kept <-chan struct{}) error {
	select {
	case <-kept:
		return nil
	case err := <-x.refused:
		return err
	}
}

// refusal tells indexes, by their folders, what scorch says when it could not
// write: scorch knows whom to tell by a name alone.
type refusal struct {
	name string

	mu   sync.Mutex
	told map[string]chan error
}

var refusals = sync.OnceValue(func() *refusal {
	r := &refusal{name: "relais", told: map[string]chan error{}}
	scorch.RegistryAsyncErrorCallbacks[r.name] = r.tell
	return r
})

// tell passes an error on. It returns after a pause: scorch would try again at
// once, for ever, while the disk is full or the folder gone.
func (r *refusal) tell(err error, dir string) {
	if said, ok := errors.AsType[*scorch.ScorchError](err); ok && said.Source == "persister" {
		r.mu.Lock()
		told := r.told[dir]
		r.mu.Unlock()
		select {
		case told <- err:
		default:
		}
	}
	pause := time.NewTimer(200 * time.Millisecond)
	defer pause.Stop()
	<-pause.C
}

// of is where an index is told. One index at a time has a folder open.
func (r *refusal) of(dir string) chan error {
	r.mu.Lock()
	defer r.mu.Unlock()
	told := make(chan error, 1)
	r.told[dir] = told
	return told
}

func (r *refusal) forget(told chan error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for dir, t := range r.told {
		if t == told {
			delete(r.told, dir)
		}
	}
}
