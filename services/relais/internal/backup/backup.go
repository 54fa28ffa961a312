// SPDX-License-Identifier: Apache-2.0

// Package backup puts the whole of a relay into one file and makes a relay of
// such a file again.
//
// # What is in it
//
// Every stream and bucket of the log that is on disk, as JetStream's own
// snapshot (NATS ADR-1 and the API's STREAM.SNAPSHOT): sequences, times, headers
// and schedules are those of the log, so that cursors of /v1/changes, revisions and
// positions go on. Consumers are left out: whoever reads the log keeps its own
// place, or applies what it reads a second time without harm. Salts of visitors,
// which never are on disk, are left out, and the index and the counts, which are made
// again. With the data folder of the one binary come the streams of
// imports under way and the clicks that are still to reach the log: both have
// been acknowledged. The admin's key is not in it: KEYS has its hash.
//
// # Why it is consistent, though nothing is paused
//
// Each stream is as it was at one moment, and these moments follow one another in
// an order: first what refers, then what is referred to. A record and what it
// refers to were written in the other order (a link after its article, a click
// after its link, a key after its partner), so what a record in the file refers to was there
// before the record, and is in the file, whose part that holds it was taken later. What
// came while the backup ran may be in it or not, as with a write that was
// under way when a machine stopped. What was acknowledged before the backup began is in
// it, whole.
//
// What is the other way round mends itself: an embargo without its wake-up call is
// seen by the sweep at the start, an article without its stages gets them from
// its readers, an item that was imported after the import's state was taken is
// found unchanged. Files are opened before the first stream is read and
// copied after the last: what they held when the backup began is still to be read from
// them when their owner has removed them, and is in the log as well, at
// worst, where batches of clicks and items are known again.
//
// # The file
//
// A tar archive that any tar reads: relais-backup.json (the format),
// streams/NAME, files/…, manifest.json, and last SHA256SUMS, which covers all
// the others. A file without it was cut off.
package backup

import (
	"encoding/json"
	"time"

	"github.com/relais-press/relais/pkg/bus"
)

// Format is the version of the file that this package writes and reads.
const Format = 1

// MediaType is that of a backup.
const MediaType = "application/x-tar"

// Names of the parts of a backup.
const (
	headName     = "relais-backup.json"
	streamPrefix = "streams/"
	filePrefix   = "files/"
	manifestName = "manifest.json"
	sumsName     = "SHA256SUMS"
)

// order lists the streams that are kept: what refers to others first.
func order() []string {
	bucket := func(name string) string { return "KV_" + name }
	return []string{
		bus.Clicks, bus.Searches, bus.DeadLetters, bucket(bus.Stages), bus.Releases, bucket(bus.Idempotency), bucket(bus.Imports),
		bucket(bus.Links), bus.Articles, bucket(bus.KeyUses), bucket(bus.Keys), bucket(bus.Partners), bucket(bus.Glossary),
	}
}

// Head says what a file is.
type Head struct {
	Format  int       `json:"format"`
	Relais  string    `json:"relais"` // version of the program that wrote it
	Created time.Time `json:"created"`
}

// Manifest says what a backup holds.
type Manifest struct {
	Head
	Streams []Stream `json:"streams"` // in the order they were taken
	Files   []File   `json:"files"`
}

// Stream is one stream as its snapshot began. A stream that was written to
// meanwhile may hold more.
type Stream struct {
	Name     string          `json:"name"`
	Config   json.RawMessage `json:"config"` // as the server gave it
	State    State           `json:"state"`
	Settled  bool            `json:"settled"` // nothing was written to it while it was taken
	Size     int64           `json:"size"`    // of the snapshot, in bytes
	Snapshot string          `json:"sha256"`  // of the snapshot, in hexadecimal
	Took     float64         `json:"took"`    // seconds
}

// State is what a stream holds, under the names of the NATS API.
type State struct {
	Messages uint64 `json:"messages"`
	Bytes    uint64 `json:"bytes"`
	First    uint64 `json:"first_seq"`
	Last     uint64 `json:"last_seq"`
}

// File is one file of the data folder.
type File struct {
	Name   string `json:"name"` // below the data folder, with slashes
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Messages is how many messages the streams hold.
func (m *Manifest) Messages() (n uint64) {
	for _, s := range m.Streams {
		n += s.State.Messages
	}
	return n
}

// Progress is told how far a backup or a restore is, in bytes of the log.
type Progress func(done, total int64, about string)
