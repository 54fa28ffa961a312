// SPDX-License-Identifier: Apache-2.0

// Package usage is how services tell the log what use readers make of them: in
// numbers, without who asked or what for.
package usage

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/relais-press/relais/pkg/fault"
)

// Searches is how often the readers of a partner asked in a language on a day.
//
// A question is one answered GET of /v1/search or /search, with a partner's key,
// a q that is not empty, and offset 0: turning the page asks nothing new. An
// answer that was kept counts as well as one that was made, a 304 included;
// errors do not, and neither do editors.
type Searches struct {
	Day      string `json:"day"` // 2006-01-02, UTC
	Partner  string `json:"partner"`
	Language string `json:"language,omitempty"` // BCP 47: asked for, else the partner's default; none: neither, or too many to tell apart
	Asked    int64  `json:"asked"`
	Found    int64  `json:"found"` // of those asked, the questions that found anything
}

// Batch is what one message of the stream SEARCHES holds: what was counted since
// the batch before, to be added up. A writer numbers its batches from 1 and
// writes them in that order, one until it is written, so that one that comes
// twice is known by its number, however late.
type Batch struct {
	Writer   string     `json:"writer"` // random, new with every start of a process
	Number   uint64     `json:"number"`
	Searches []Searches `json:"searches"` // one each of a day, partner and language
}

// MessageID is "<writer>.<number>", by which the log stores a batch once.
func (b *Batch) MessageID() string { return b.Writer + "." + strconv.FormatUint(b.Number, 10) }

// Encode is the batch as the data of a message: JSON.
func (b *Batch) Encode() ([]byte, error) {
	data, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("encode batch of searches: %w", err)
	}
	return data, nil
}

// Decode reads what Encode wrote; names it does not know are passed over.
// Malformed when the data is no batch: without a writer or number, or with a row
// that has no day, no partner, or numbers that cannot be.
func Decode(data []byte) (Batch, error) {
	var b Batch
	if err := json.Unmarshal(data, &b); err != nil {
		return Batch{}, fault.Wrap(fault.Malformed, "not a batch of searches", err)
	}
	if b.Writer == "" || b.Number == 0 {
		return Batch{}, fault.New(fault.Malformed, "a batch of searches without its writer or number")
	}
	for i, s := range b.Searches {
		if _, err := time.Parse(time.DateOnly, s.Day); err != nil || s.Partner == "" || s.Found < 0 || s.Asked < s.Found {
			return Batch{}, fault.Newf(fault.Malformed, "row %d of a batch of searches cannot be", i)
		}
	}
	return b, nil
}
