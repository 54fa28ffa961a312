// SPDX-License-Identifier: Apache-2.0

// Package turns keeps one partner from crowding out the others: of each, a few
// large answers are made at the same time, and the rest wait their turn.
package turns

import (
	"net/http"
	"sync"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/web"
)

const (
	seats    = 2               // answers of one partner at a time
	patience = 5 * time.Second // how long the others wait
)

// Turns hands out turns to partners. It is safe for concurrent use.
type Turns struct {
	mu     sync.Mutex
	tables map[string]*table // by partner, while somebody of it is there
}

// table is where those of one partner sit and wait.
type table struct {
	taken  chan struct{}
	people int
}

// New returns turns that nobody has taken.
func New() *Turns { return &Turns{tables: map[string]*table{}} }

// Take lets a call of a partner through when its turn has come; TooManyRequests
// when that takes too long. It stands behind [web.Partners.Require].
func (t *Turns) Take(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		site := web.CallerOf(r).Partner.ID
		own := t.sit(site)
		defer t.leave(site, own)
		wait := time.NewTimer(patience)
		defer wait.Stop()
		select {
		case own.taken <- struct{}{}:
			defer func() { <-own.taken }()
			return next(w, r)
		case <-wait.C:
			return fault.New(fault.TooManyRequests, "too many large answers are being made for this partner: ask for one at a time")
		case <-r.Context().Done():
			return fault.Wrap(fault.Unavailable, "the call was given up", r.Context().Err())
		}
	}
}

func (t *Turns) sit(site string) *table {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.tables[site]
	if own == nil {
		own = &table{taken: make(chan struct{}, seats)}
		t.tables[site] = own
	}
	own.people++
	return own
}

func (t *Turns) leave(site string, own *table) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if own.people--; own.people == 0 {
		delete(t.tables, site)
	}
}
