// SPDX-License-Identifier: Apache-2.0

package click

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
)

// Counter adds up the clicks of the log by link and day. Each record holds the
// sequence of the last batch that was added to it, so that a batch which comes
// twice counts once.
type Counter struct {
	bus    *bus.Bus
	counts *bus.Bucket
}

// NewCounter opens the bucket of counts.
func NewCounter(ctx context.Context, b *bus.Bus) (*Counter, error) {
	counts, err := b.Bucket(ctx, bus.Counts)
	return &Counter{b, counts}, err
}

// record is what is kept of a link and a day.
type record struct {
	Sequence uint64                   `json:"sequence"` // of the last batch added
	Counts   map[string]map[Class]int `json:"counts"`   // by channel and class
}

// Run counts until ctx ends.
func (c *Counter) Run(ctx context.Context) error {
	return c.bus.Consume(ctx, bus.Consumer{Name: "share-counts", Stream: bus.Clicks, Batch: 50}, func(ctx context.Context, batch []bus.Message) error {
		for _, m := range batch {
			if err := c.add(ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *Counter) add(ctx context.Context, m bus.Message) error {
	var clicks []Click
	if err := json.Unmarshal(m.Data, &clicks); err != nil {
		return fault.Wrap(fault.Malformed, "not a batch of clicks", err)
	}
	sums := map[string]map[string]map[Class]int{}
	for _, k := range clicks {
		key := k.Code + "." + k.Hour.UTC().Format(time.DateOnly)
		if sums[key] == nil {
			sums[key] = map[string]map[Class]int{}
		}
		if sums[key][k.Channel] == nil {
			sums[key][k.Channel] = map[Class]int{}
		}
		sums[key][k.Channel][k.Class]++
	}
	for key, sum := range sums {
		if err := c.apply(ctx, key, m.Sequence, sum); err != nil {
			return err
		}
	}
	return nil
}

// apply adds a batch's sum to one record, unless it has been added before.
func (c *Counter) apply(ctx context.Context, key string, sequence uint64, sum map[string]map[Class]int) error {
	for {
		r := record{Counts: map[string]map[Class]int{}}
		entry, err := c.counts.Get(ctx, key)
		fresh := fault.Is(err, fault.NotFound)
		switch {
		case err != nil && !fresh:
			return err
		case !fresh:
			if err := json.Unmarshal(entry.Value, &r); err != nil {
				return fmt.Errorf("read count %s: %w", key, err)
			}
		}
		if r.Sequence >= sequence {
			return nil
		}
		r.Sequence = sequence
		for channel, classes := range sum {
			if r.Counts[channel] == nil {
				r.Counts[channel] = map[Class]int{}
			}
			for class, n := range classes {
				r.Counts[channel][class] += n
			}
		}
		value, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("write count %s: %w", key, err)
		}
		if fresh {
			_, err = c.counts.Create(ctx, key, value)
		} else {
			_, err = c.counts.Update(ctx, key, value, entry.Revision)
		}
		if !fault.Is(err, fault.Conflict) {
			return err
		}
	}
}

// Stats are the clicks on one link.
type Stats struct {
	Code  string        `json:"code"`
	Total map[Class]int `json:"total"`
	Rows  []Row         `json:"rows"` // by day, then channel
}

// Row is one day and channel.
type Row struct {
	Day     string `json:"day"`     // 2006-01-02, UTC
	Channel string `json:"channel"` // empty: none
	Human   int    `json:"human"`
	Preview int    `json:"preview"`
	Bot     int    `json:"bot"`
}

// Stats adds up what has been counted of a link.
func (c *Counter) Stats(ctx context.Context, code string) (Stats, error) {
	out := Stats{Code: code, Total: map[Class]int{Human: 0, Preview: 0, Bot: 0}, Rows: []Row{}}
	entries, err := c.counts.List(ctx, code+".*")
	if err != nil {
		return out, err
	}
	for _, e := range entries {
		var r record
		if err := json.Unmarshal(e.Value, &r); err != nil {
			return out, fmt.Errorf("read count %s: %w", e.Key, err)
		}
		_, day, _ := strings.Cut(e.Key, ".")
		for channel, n := range r.Counts {
			out.Rows = append(out.Rows, Row{day, channel, n[Human], n[Preview], n[Bot]})
			for class, k := range n {
				out.Total[class] += k
			}
		}
	}
	slices.SortFunc(out.Rows, func(a, b Row) int { return strings.Compare(a.Day+"\x00"+a.Channel, b.Day+"\x00"+b.Channel) })
	return out, nil
}
