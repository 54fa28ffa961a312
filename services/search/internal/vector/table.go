// SPDX-License-Identifier: Apache-2.0

package vector

import "slices"

// blockSize is how many entries are copied to change one.
const blockSize = 256

// table is a list of entries that is never changed: its methods return another
// one, which shares all blocks but the one that differs.
type table struct {
	blocks []*block
	length int
}

type block [blockSize]entry

type entry struct {
	key    string
	vector []float32 // of length 1; never changed
}

func (t *table) at(i int) *entry { return &t.blocks[i/blockSize][i%blockSize] }

// entries yields all, in order.
func (t *table) entries(yield func(*entry) bool) {
	for i := range t.length {
		if !yield(t.at(i)) {
			return
		}
	}
}

// with is the table with an entry at i, which is at most its length.
func (t *table) with(i int, e entry) *table {
	changed := &table{blocks: slices.Clone(t.blocks), length: max(t.length, i+1)}
	b := &block{}
	if i/blockSize < len(changed.blocks) {
		*b = *changed.blocks[i/blockSize]
	} else {
		changed.blocks = append(changed.blocks, nil)
	}
	b[i%blockSize] = e
	changed.blocks[i/blockSize] = b
	return changed
}

// shortened is the table, which is not empty, without its last entry.
func (t *table) shortened() *table {
	changed := t.with(t.length-1, entry{})
	changed.length--
	changed.blocks = changed.blocks[:(changed.length+blockSize-1)/blockSize]
	return changed
}
