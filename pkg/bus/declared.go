// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// OldestServer is the oldest nats-server that has what the log needs: message
// schedules and atomic batches.
const OldestServer = "2.12.0"

// RestoringMark is the key of ARTICLES' metadata that says that a restore into
// this log has not come to its end. While it stands, Open refuses the log.
const RestoringMark = "relais-restoring"

// bucketStream starts the names of the streams that buckets are kept in.
const bucketStream = "KV_"

// Declared lists every stream of the log as it has to be, those that buckets
// are kept in included. Of a bucket's stream only name, subjects, limits,
// storage and replicas are filled in.
func Declared(replicas int) []jetstream.StreamConfig {
	out := streams(replicas)
	for _, b := range buckets(replicas) {
		out = append(out, jetstream.StreamConfig{
			Name: bucketStream + b.Bucket, Description: b.Description, Subjects: []string{"$KV." + b.Bucket + ".>"},
			MaxMsgsPerSubject: int64(b.History), MaxAge: b.TTL, Storage: b.Storage, Replicas: replicas, AllowDirect: true,
		})
	}
	return out
}

// whole returns an error when the log is one that a restore has not finished.
func whole(ctx context.Context, js jetstream.JetStream) error {
	s, err := js.Stream(ctx, Articles)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return nil
	case err != nil:
		return unavailable("inspect "+Articles, err)
	case s.CachedInfo().Config.Metadata[RestoringMark] != "":
		return fmt.Errorf("open log: a restore into it has not come to its end: run relais restore again")
	}
	return nil
}
