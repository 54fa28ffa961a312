// SPDX-License-Identifier: Apache-2.0

package generation

import (
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/relais-press/relais/services/search/internal/engine"
)

// State is how far a rebuild is.
type State string

// The states of a rebuild.
const (
	Idle      State = "idle" // none since the process started
	Filling   State = "filling"
	Verifying State = "verifying"
	Serves    State = "serves"
	Failed    State = "failed"
)

// Status is the last rebuild of an index.
type Status struct {
	State    State       `json:"state"`
	Serving  engine.Slot `json:"serving"`            // the slot that answers searches
	Slot     engine.Slot `json:"slot,omitempty"`     // the one filled
	Rollback bool        `json:"rollback,omitempty"` // it is the one that served before

	Position uint64 `json:"position"` // of the log, reached
	Target   uint64 `json:"target"`   // where the log ended at the start
	Editions int    `json:"editions"` // applied

	Started            *time.Time `json:"started,omitempty"`
	Ended              *time.Time `json:"ended,omitempty"`
	DocumentsPerSecond float64    `json:"documentsPerSecond"`
	EngineShare        float64    `json:"engineShare"` // of the time, spent in the engine; 0 to 1
	Error              string     `json:"error,omitempty"`
}

// statusBoard is a Status that is written by a rebuild and read by anybody.
type statusBoard struct {
	mu     sync.Mutex
	status Status
	engine time.Duration
	begun  chan struct{} // closed by the next rebuild when it begins; nil: nobody waits
}

// Started returns a channel that is closed when the next rebuild has begun.
func (x *Index) Started() <-chan struct{} {
	x.status.mu.Lock()
	defer x.status.mu.Unlock()
	if x.status.begun == nil {
		x.status.begun = make(chan struct{})
	}
	return x.status.begun
}

// Status returns how far the rebuild is that runs, or how the last one ended.
func (x *Index) Status() Status {
	x.mu.Lock()
	serving := x.serving
	x.mu.Unlock()
	x.status.mu.Lock()
	defer x.status.mu.Unlock()
	s := x.status.status
	s.Serving = serving
	if s.State == "" {
		s.State = Idle
	}
	if s.Started == nil {
		return s
	}
	end := time.Now()
	if s.Ended != nil {
		end = *s.Ended
	}
	if took := end.Sub(*s.Started).Seconds(); took > 0 {
		s.DocumentsPerSecond = float64(s.Editions) / took
		s.EngineShare = min(1, x.status.engine.Seconds()/took)
	}
	return s
}

func (b *statusBoard) begin(slot engine.Slot, back bool, target uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now().UTC()
	b.engine = 0
	b.status = Status{State: Filling, Slot: slot, Rollback: back, Target: target, Started: &now}
	if b.begun != nil {
		close(b.begun)
		b.begun = nil
	}
}

func (b *statusBoard) applied(editions int, position uint64, took time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status.Editions += editions
	b.status.Position = position
	b.engine += took
}

func (b *statusBoard) verifying() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status.State = Verifying
}

func (b *statusBoard) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now().UTC()
	b.status.Ended = &now
	b.status.State = Serves
	if err != nil {
		b.status.State, b.status.Error = Failed, err.Error()
	}
}

func split(key string) (id, language string) {
	i := strings.LastIndexByte(key, '.')
	return key[:i], key[i+1:]
}

// plain is a text without anything that a query would not take for a word.
func plain(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return ' '
	}, text))
}
