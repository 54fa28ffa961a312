// SPDX-License-Identifier: Apache-2.0

package indexer

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/relais-press/relais/pkg/bus"
)

// markFile names, beside the index, the newest message of the log that is in it.
// An index and its position alone cannot tell a log that has lost its tail and
// has been written to since.
const markFile = "log.json"

// Marks keeps the mark of an index in a folder. One that is lost, or cannot be
// written, is missed only by a log that has lost its tail.
type Marks struct{ path string }

// NewMarks returns the marks kept in dir.
func NewMarks(dir string) Marks { return Marks{filepath.Join(dir, markFile)} }

// Last is where the log ends for an index: 0, which makes any index one of
// another log, when the log no longer has the message that the mark names.
func (m Marks) Last(ctx context.Context, b *bus.Bus) (last uint64, lost bool, err error) {
	if last, err = b.LastSequence(ctx, bus.Articles); err != nil {
		return 0, false, err
	}
	var mark bus.Mark
	if data, err := os.ReadFile(m.path); err != nil || json.Unmarshal(data, &mark) != nil {
		return last, false, nil //nolint:nilerr // no mark, or one that a power cut has torn
	}
	held, err := b.Holds(ctx, bus.Articles, mark)
	if err != nil || held {
		return last, false, err
	}
	return 0, true, nil
}

// put replaces the mark.
func (m Marks) put(mark bus.Mark) error {
	data, err := json.Marshal(mark)
	if err != nil {
		return fmt.Errorf("write mark of index: %w", err)
	}
	next := m.path + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return fmt.Errorf("write mark of index: %w", err)
	}
	if err := os.Rename(next, m.path); err != nil {
		return fmt.Errorf("write mark of index: %w", err)
	}
	return nil
}
