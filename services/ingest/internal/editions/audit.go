// SPDX-License-Identifier: Apache-2.0

package editions

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
)

// Record is a line of the audit trail: who did what to which version, when.
type Record struct {
	At       time.Time `json:"at"`
	Who      string    `json:"who"`    // id of a key
	Action   string    `json:"action"` // published, corrected, withheld or canceled
	ID       string    `json:"id"`
	Language string    `json:"language"`
	Version  int       `json:"version"`
	Sequence uint64    `json:"-"`
}

// Trail says which part of the audit trail is asked for.
type Trail struct {
	Article string // empty: all
	Key     string // empty: all
	Before  uint64 // a sequence of the log; 0: the newest
	Limit   int
}

// stretch is how much of the log is read at once, in messages; search is how
// many stretches one call looks through.
const (
	stretch = 2000
	search  = 100
)

// Audit reads the trail, newest first, from the headers of the log. next is
// where to go on, as Before; 0 when the beginning of the log was reached.
func (s *Store) Audit(ctx context.Context, t Trail) (records []Record, next uint64, err error) {
	to := t.Before
	if to == 0 {
		last, err := s.log.LastSequence(ctx, bus.Articles)
		if err != nil {
			return nil, 0, err
		}
		to = last + 1
	}
	filter := article.Subject("*", "*")
	if t.Article != "" {
		filter = article.Subject(t.Article, "*")
	}
	records = []Record{}
	for n := 0; to > 1 && n < search; n++ {
		from := uint64(1)
		if to > stretch {
			from = to - stretch
		}
		var part []Record
		err := s.log.Headers(ctx, bus.Articles, filter, from, to-1, func(m bus.Message) {
			if r := recordOf(m); t.Key == "" || t.Key == r.Who {
				part = append(part, r)
			}
		})
		if err != nil {
			return nil, 0, err
		}
		slices.Reverse(part)
		if room := t.Limit - len(records); len(part) >= room {
			records = append(records, part[:room]...)
			return records, records[len(records)-1].Sequence, nil
		}
		records, to = append(records, part...), from
	}
	if to > 1 {
		return records, to, nil
	}
	return records, 0, nil
}

func recordOf(m bus.Message) Record {
	c := article.DecodeHeader(m.Header)
	r := Record{Who: c.Actor, Action: "unreadable", At: m.Time.UTC(), Sequence: m.Sequence}
	r.ID, r.Language, _ = article.SplitSubject(m.Subject)
	if at, err := time.Parse(time.RFC3339Nano, c.Time); err == nil {
		r.At = at
	}
	if action := Action(c.Type); action != "" {
		r.Action = action
	}
	r.Version, _ = strconv.Atoi(c.Sequence)
	return r
}

// Action is the word for an event type: published, corrected, withheld or
// canceled; empty when the type is not an edition's.
func Action(eventType string) string {
	name, ok := strings.CutPrefix(eventType, "press.relais.edition.")
	if !ok {
		return ""
	}
	return strings.TrimSuffix(name, ".v1")
}
