// SPDX-License-Identifier: Apache-2.0

package engine

import "context"

// Slot is a place for one generation of an index.
type Slot string

// The slots. One serves; the other is empty, is being filled, or holds the
// generation before, to go back to.
const (
	SlotA Slot = "a"
	SlotB Slot = "b"
)

// Other returns the slot that s is not.
func (s Slot) Other() Slot {
	if s == SlotA {
		return SlotB
	}
	return SlotA
}

// Store holds the generations of one index.
type Store interface {
	// Open returns the index in a slot, an empty one at position 0 where there is none.
	Open(ctx context.Context, slot Slot) (Engine, error)

	// Discard deletes the index in a slot, which must be closed; deleting nothing is no error.
	Discard(ctx context.Context, slot Slot) error

	// Serving is the slot that Serve was called with last; SlotA before that.
	Serving(ctx context.Context) (Slot, error)

	// Serve makes a slot the one that serves. It is durable when it returns nil.
	Serve(ctx context.Context, slot Slot) error
}
