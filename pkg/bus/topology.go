// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The streams of the log.
const (
	Articles    = "ARTICLES"    // every version of every edition, whole
	Releases    = "RELEASES"    // wake-up calls for embargoes that lift and editions that expire
	Clicks      = "CLICKS"      // batches of clicks on short links
	Searches    = "SEARCHES"    // how often search was asked, in batches
	DeadLetters = "DEADLETTERS" // messages a consumer gave up on, with the reason
)

// The key-value buckets of the log, which are streams too.
const (
	Partners    = "PARTNERS"    // partner id → partner
	Keys        = "KEYS"        // SHA-256 of the secret → key; written by ingest alone
	KeyUses     = "KEYUSES"     // SHA-256 of the secret → day of its last use
	Links       = "LINKS"       // code → link, and article → code of its default link
	Salts       = "SALTS"       // day → what makes visitors of that day known again; in memory alone
	Stages      = "STAGES"      // id.language.stage.instance → version seen
	Imports     = "IMPORTS"     // import id → its state and counts
	Idempotency = "IDEMPOTENCY" // hash of an Idempotency-Key → the sealed first answer
	Glossary    = "GLOSSARY"    // one key → the words that mean the same in several languages
	Rates       = "RATES"       // process → what was taken of its rate limits last; in memory alone
)

// History is how many versions of an edition the log keeps.
const History = 64

// SaltLife is how long a salt is kept at most.
const SaltLife = 48 * time.Hour

// RateLife is how long what a process said of its rate limits is kept.
const RateLife = time.Minute

// Subjects of the log beside article.Subject.
const (
	ReleaseAtSubject  = "relais.release.at."  // schedules: <id>.<language>.<stage>
	ReleaseDueSubject = "relais.release.due." // what schedules publish: the same
	ClickSubject      = "relais.click."
	SearchedSubject   = "relais.searched." // <instance> of search
	DeadLetterSubject = "relais.deadletter."
)

// streams declares every stream. Settings that may not change once the stream
// exists (storage, retention) are chosen for good. None is compressed: a server
// that was killed while it packed a block could not read it again (seen with
// nats-server 2.15.2, in a cluster, with S2).
func streams(replicas int) []jetstream.StreamConfig {
	return []jetstream.StreamConfig{
		{
			Name:              Articles,
			Description:       "Every version of every edition: the truth.",
			Subjects:          []string{"relais.article.*.*"},
			MaxMsgsPerSubject: History,
			Duplicates:        10 * time.Minute,
			AllowDirect:       true,
			Storage:           jetstream.FileStorage,
			Replicas:          replicas,
		},
		{
			Name:              Releases,
			Description:       "One schedule per embargo or expiry to come, and the calls of the last day.",
			Subjects:          []string{ReleaseAtSubject + "*.*.*", ReleaseDueSubject + "*.*.*"},
			MaxMsgsPerSubject: 1,
			AllowMsgSchedules: true,
			AllowMsgTTL:       true,
			AllowDirect:       true,
			Storage:           jetstream.FileStorage,
			Replicas:          replicas,
		},
		{
			Name:        Clicks,
			Description: "Clicks on short links, in batches: no address, no user agent.",
			Subjects:    []string{ClickSubject + "*"},
			MaxAge:      25 * 30 * 24 * time.Hour,
			Duplicates:  10 * time.Minute,
			AllowDirect: true,
			Storage:     jetstream.FileStorage,
			Replicas:    replicas,
		},
		{
			Name:        Searches,
			Description: "How often search was asked, by day, partner and language, in batches: not who, not what.",
			Subjects:    []string{SearchedSubject + "*"},
			MaxAge:      25 * 30 * 24 * time.Hour,
			Duplicates:  10 * time.Minute,
			AllowDirect: true,
			Storage:     jetstream.FileStorage,
			Replicas:    replicas,
		},
		{
			Name:        DeadLetters,
			Description: "Messages put aside by a consumer, with the reason.",
			Subjects:    []string{DeadLetterSubject + "*"},
			MaxAge:      90 * 24 * time.Hour,
			Duplicates:  10 * time.Minute,
			AllowDirect: true,
			Storage:     jetstream.FileStorage,
			Replicas:    replicas,
		},
	}
}

// buckets declares every key-value bucket.
func buckets(replicas int) []jetstream.KeyValueConfig {
	bucket := func(name, description string, history uint8, ttl time.Duration) jetstream.KeyValueConfig {
		return jetstream.KeyValueConfig{
			Bucket: name, Description: description, History: history, TTL: ttl,
			Storage: jetstream.FileStorage, Replicas: replicas,
		}
	}
	return []jetstream.KeyValueConfig{
		bucket(Partners, "Partners, by id.", 8, 0),
		bucket(Keys, "Keys, by the SHA-256 of their secret.", 8, 0),
		bucket(KeyUses, "Days of the last use of keys, by the SHA-256 of their secret.", 1, 0),
		bucket(Links, "Short links, by code; a link holds an article id, never a destination.", 8, 0),
		{
			Bucket: Salts, Description: "What visitors of a day are known again by; never on disk, gone after 48 hours.",
			History: 1, TTL: SaltLife, Storage: jetstream.MemoryStorage, Replicas: replicas,
		},
		{
			Bucket: Rates, Description: "What processes took of the rate limits they share; never on disk, gone after a minute.",
			History: 1, TTL: RateLife, Storage: jetstream.MemoryStorage, Replicas: replicas,
		},
		bucket(Stages, "Which stage has seen which version of an edition.", 1, 0),
		bucket(Imports, "Imports, by id: state, counts and errors.", 1, 0),
		bucket(Idempotency, "First answers by Idempotency-Key, sealed with the caller's own key.", 1, 24*time.Hour),
		bucket(Glossary, "The glossary that search rewords questions with, whole, under one key.", 8, 0),
	}
}

// Consumer names a durable pull consumer.
type Consumer struct {
	Name   string // durable name
	Stream string
	Filter string // of subjects; empty: all of the stream
	Batch  int    // most messages handed over at once
	Does   string // with a message, in a word: what its span is called; empty: process

	// Start, when set, says the sequence after which to begin, each time the
	// consumer is set up: for projections that keep their own position. The
	// server's memory of an earlier run is discarded.
	Start func() (uint64, error)
}

// config is the consumer as declared to the server: explicit acknowledgement,
// no limit of deliveries (the handler's error decides, see Consume).
func (c Consumer) config() jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable:       c.Name,
		FilterSubject: c.Filter,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       30 * time.Second,
		MaxDeliver:    -1,
		MaxAckPending: 4 * c.Batch,
	}
}
