// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/fault"
)

// ownerKey is where a consumer that one process alone may read says which.
const ownerKey = "relais-owner"

// How long somebody else who reads under our name is looked at: quiet is how
// long one who has ended shows no sign, persistent how long one who lives does.
const (
	quiet      = 200 * time.Millisecond
	persistent = 5 * time.Second
)

// ErrTaken is how Consume ends when another process reads under the same name.
var ErrTaken = fault.New(fault.Internal, "another process reads the log under the same name: "+
	"each instance needs one of its own (--search-instance, --share-instance)")

// sign is what a look at a consumer shows of its reader.
type sign struct {
	owner     string
	waiting   bool   // somebody asks for messages
	delivered uint64 // how many were handed out
}

func (b *Bus) sign(ctx context.Context, c Consumer) (sign, error) {
	consumer, err := b.js.Consumer(ctx, c.Stream, c.Name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return sign{}, nil
	}
	if err != nil {
		return sign{}, unavailable("inspect consumer "+c.Name, err)
	}
	info := consumer.CachedInfo()
	return sign{info.Config.Metadata[ownerKey], info.NumWaiting > 0, info.Delivered.Consumer}, nil
}

// own returns nil when the consumer may be made anew for this process, and
// ErrTaken when another reads from it: one that is alive at our start, or one that
// took it from us since. What a killed process asked for is gone with its
// connection, so that whoever follows it waits for a moment only.
func (b *Bus) own(ctx context.Context, c Consumer, held bool) error {
	before, err := b.sign(ctx, c)
	if err != nil || before.owner == "" || before.owner == b.owner {
		return err
	}
	if held {
		return fmt.Errorf("consume %s: %w", c.Name, ErrTaken)
	}
	for deadline := time.Now().Add(persistent); ; {
		wait(ctx, quiet)
		now, err := b.sign(ctx, c)
		switch {
		case err != nil:
			return err
		case !before.waiting && now == before, now.owner == "":
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("consume %s: %w", c.Name, ErrTaken)
		}
		before = now
	}
}
