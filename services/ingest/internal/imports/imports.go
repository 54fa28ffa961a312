// SPDX-License-Identifier: Apache-2.0

// Package imports takes in many editions at once: a stream is kept on disk as it
// arrives, read item by item and written to the log through many appends at a
// time, in order within an article.
//
//	receiving ──▶ running ──▶ done
//	    │            │
//	    └────────────┴──────▶ failed
//
// An import that was received whole survives its process: it goes on where it
// was. One that was cut off while it was received is failed; what came before
// the cut stands, and sending the stream again is harmless.
package imports

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/draft"
	"github.com/relais-press/relais/services/ingest/internal/editions"
	"github.com/relais-press/relais/services/ingest/internal/feeds"
)

// State is how far an import is.
type State string

// The states of an import.
const (
	Receiving State = "receiving"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
)

// Import is what is known of one. Counts are of items: Read = Accepted +
// Unchanged + Rejected once it is Done.
type Import struct {
	ID        string       `json:"id"`
	State     State        `json:"state"`
	Format    feeds.Format `json:"format"`
	Read      int          `json:"read"`
	Accepted  int          `json:"accepted"`  // a new version in the log
	Unchanged int          `json:"unchanged"` // the edition already read so
	Rejected  int          `json:"rejected"`
	Errors    []ItemError  `json:"errors"`   // of the first MaxErrors rejected items
	Bytes     int64        `json:"bytes"`    // of the stream, received so far
	Position  int64        `json:"position"` // of those, read so far
	Created   time.Time    `json:"created"`
	Updated   time.Time    `json:"updated"`
	Who       string       `json:"who"`              // id of the key
	Digest    string       `json:"sha256,omitempty"` // of the stream, in hexadecimal; once it was received
}

// ItemError says why an item was not taken.
type ItemError struct {
	Line   int    `json:"line"` // of the stream, from 1, where the item begins
	Detail string `json:"detail"`
}

// MaxErrors is how many errors an import keeps; Rejected counts them all.
const MaxErrors = 200

const (
	keepEvery = time.Second // how often the state of a running import is kept
	spools    = "imports"   // folder of the streams under way
)

// Desk takes in streams. It is safe for concurrent use.
type Desk struct {
	kept   *bus.Bucket
	store  *editions.Store
	drafts *draft.Reader
	dir    string
	log    *slog.Logger
	items  *prometheus.CounterVec
	left   []string // streams that an earlier process left

	mu      sync.Mutex
	running map[string]*job
	ended   chan struct{} // closed when no more imports are started
	jobs    sync.WaitGroup
}

// New returns a desk that keeps its streams in a folder below dir.
func New(ctx context.Context, b *bus.Bus, store *editions.Store, drafts *draft.Reader, dir string, log *slog.Logger, metrics prometheus.Registerer) (*Desk, error) {
	kept, err := b.Bucket(ctx, bus.Imports)
	if err != nil {
		return nil, err
	}
	d := &Desk{
		kept: kept, store: store, drafts: drafts, dir: filepath.Join(dir, spools), log: log,
		running: map[string]*job{}, ended: make(chan struct{}),
		items: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relais_import_items_total", Help: "Items of imports, by outcome.",
		}, []string{"outcome"}),
	}
	if err := metrics.Register(d.items); err != nil {
		return nil, fmt.Errorf("imports: %w", err)
	}
	for _, o := range []outcome{accepted, unchanged, rejected} {
		d.items.WithLabelValues(o.String()) // told as 0, so that the first is seen to come
	}
	files, err := os.ReadDir(d.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("imports: %w", err)
	}
	for _, f := range files {
		d.left = append(d.left, f.Name())
	}
	return d, nil
}

// Run goes on with the imports that an earlier process left, until ctx ends,
// and waits for those under way to stop at an item.
func (d *Desk) Run(ctx context.Context) error {
	defer d.jobs.Wait()
	defer d.end()
	if err := d.resume(ctx); err != nil && ctx.Err() == nil {
		d.log.ErrorContext(ctx, "imports not resumed", "error", err)
	}
	<-ctx.Done()
	return nil
}

func (d *Desk) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.ended)
	for _, j := range d.running {
		j.stop()
	}
}

// remembered is how long an attempt of a sender is known again.
const remembered = 24 * time.Hour

// Receive takes in a stream to its end, while its items are already being
// written, and returns the import once the whole stream is safely on disk.
// A stream that breaks off is Malformed.
//
// attempt, which may be empty, names the sender's request: within a day the same
// attempt with the same stream gives the same import, and replayed is true;
// with another stream it is Invalid.
func (d *Desk) Receive(ctx context.Context, stream io.Reader, format feeds.Format, who, attempt string) (i Import, replayed bool, err error) {
	id := newID()
	if attempt != "" {
		id = idOf(who, attempt)
		switch known, err := d.Get(ctx, id); {
		case err == nil && known.State != Failed && time.Since(known.Created) < remembered:
			i, err = replay(known, stream)
			return i, true, err
		case err != nil && !fault.Is(err, fault.NotFound):
			return Import{}, false, err
		}
	}
	i, err = d.receive(ctx, stream, format, who, id)
	return i, false, err
}

// replay answers a stream that is sent again with the import it made.
func replay(known Import, stream io.Reader) (Import, error) {
	if known.Digest == "" {
		return Import{}, fault.New(fault.Conflict, "a request with this Idempotency-Key is under way")
	}
	h := sha256.New()
	if _, err := io.Copy(h, stream); err != nil {
		return Import{}, fault.WithFields(fault.Malformed, "the stream broke off", fault.Field{Pointer: "", Detail: "truncated body"})
	}
	if hex.EncodeToString(h.Sum(nil)) != known.Digest {
		return Import{}, fault.WithFields(fault.Invalid, "this Idempotency-Key was used for another request",
			fault.Field{Pointer: "/Idempotency-Key", Detail: "belongs to a request with another body"})
	}
	return known, nil
}

func (d *Desk) receive(ctx context.Context, stream io.Reader, format feeds.Format, who, id string) (Import, error) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	j, err := d.open(Import{ID: id, State: Receiving, Format: format, Created: now, Updated: now, Who: who, Errors: []ItemError{}})
	if err != nil {
		return Import{}, err
	}
	if err := j.keep(ctx); err != nil {
		d.close(j)
		return Import{}, err
	}
	d.start(j)
	h := sha256.New()
	received := j.spool.fill(io.TeeReader(stream, h))
	if received == nil {
		j.received(hex.EncodeToString(h.Sum(nil)))
		if err := j.keep(context.WithoutCancel(ctx)); err != nil {
			return Import{}, err
		}
		return j.present(), nil
	}
	<-j.done
	if errors.Is(received, errDisk) {
		return Import{}, received
	}
	return Import{}, fault.WithFields(fault.Malformed,
		fmt.Sprintf("the stream broke off after %d bytes; send it again: what was taken already is not taken twice", j.spool.size()),
		fault.Field{Pointer: "", Detail: "truncated body"})
}

// Get returns an import, or NotFound.
func (d *Desk) Get(ctx context.Context, id string) (Import, error) {
	d.mu.Lock()
	j := d.running[id]
	d.mu.Unlock()
	if j != nil {
		return j.present(), nil
	}
	if !wellFormed(id) {
		return Import{}, fault.New(fault.NotFound, "there is no such import")
	}
	e, err := d.kept.Get(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return Import{}, fault.New(fault.NotFound, "there is no such import")
	}
	if err != nil {
		return Import{}, err
	}
	var i Import
	if err := json.Unmarshal(e.Value, &i); err != nil {
		return Import{}, fmt.Errorf("read import %s: %w", id, err)
	}
	return i, nil
}

// List returns the imports, newest first.
func (d *Desk) List(ctx context.Context) ([]Import, error) {
	entries, err := d.kept.List(ctx, ">")
	if err != nil {
		return nil, err
	}
	out := make([]Import, 0, len(entries))
	for _, e := range entries {
		i, err := d.Get(ctx, e.Key)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	slices.SortFunc(out, func(a, b Import) int { return b.Created.Compare(a.Created) })
	return out, nil
}

// open makes the job of an import and the file its stream is kept in.
func (d *Desk) open(i Import) (*job, error) {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep import: %w", err)
	}
	spool, err := openSpool(d.path(i.ID))
	if err != nil {
		return nil, err
	}
	return newJob(d, i, spool), nil
}

func (d *Desk) path(id string) string { return filepath.Join(d.dir, id) }

// start runs a job in the background, unless the desk has ended.
func (d *Desk) start(j *job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	j.stop = cancel
	d.running[j.state.ID] = j
	select {
	case <-d.ended:
		cancel()
	default:
	}
	d.jobs.Go(func() {
		defer d.close(j)
		defer cancel()
		j.run(ctx)
	})
}

// close forgets a job and, unless it is to go on after a restart, its stream.
func (d *Desk) close(j *job) {
	d.mu.Lock()
	delete(d.running, j.state.ID)
	d.mu.Unlock()
	j.spool.close(j.present().State != Running)
	close(j.done)
}

// resume goes on with the streams that an earlier process left on disk. One that was not received
// whole was never acknowledged: it is failed.
func (d *Desk) resume(ctx context.Context) error {
	for _, name := range d.left {
		i, err := d.Get(ctx, name)
		switch {
		case fault.Is(err, fault.NotFound) || err == nil && i.State != Running && i.State != Receiving:
			err = os.Remove(d.path(name))
		case err == nil:
			err = d.again(ctx, i)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) again(ctx context.Context, i Import) error {
	j, err := d.open(i)
	if err != nil {
		return err
	}
	if i.State == Receiving {
		j.fail(0, "the stream broke off when the process ended; send it again")
		err = j.keep(ctx)
		d.close(j)
		return err
	}
	d.log.InfoContext(ctx, "import resumed", "import", i.ID, "read", i.Read)
	j.recheck = i.Read + inFlight
	_ = j.spool.complete(nil)
	d.start(j)
	return nil
}

func wellFormed(id string) bool {
	return len(id) == idLength && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
