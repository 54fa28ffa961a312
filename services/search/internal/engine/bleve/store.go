// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/relais-press/relais/services/search/internal/engine"
)

// servingFile names the slot that serves; it is replaced in one step.
const servingFile = "serving"

// Store is an engine.Store in a folder: a folder for each slot, and a file that
// names the one that serves.
type Store struct {
	dir string
	log *slog.Logger
}

var _ engine.Store = (*Store)(nil)

// NewStore returns the store in dir. An index that lies in dir itself, from
// before there were slots, is deleted.
func NewStore(dir string, log *slog.Logger) (*Store, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	if err := discard(dir); err != nil {
		return nil, fmt.Errorf("delete old index %s: %w", dir, err)
	}
	return &Store{dir: dir, log: log}, nil
}

func (s *Store) slot(slot engine.Slot) string { return filepath.Join(s.dir, string(slot)) }

// Open implements engine.Store.
func (s *Store) Open(_ context.Context, slot engine.Slot) (engine.Engine, error) {
	return Open(s.slot(slot), s.log)
}

// Discard implements engine.Store.
func (s *Store) Discard(_ context.Context, slot engine.Slot) error {
	if err := os.RemoveAll(s.slot(slot)); err != nil {
		return fmt.Errorf("delete generation %s: %w", slot, err)
	}
	return nil
}

// Serving implements engine.Store.
func (s *Store) Serving(context.Context) (engine.Slot, error) {
	name, err := os.ReadFile(filepath.Join(s.dir, servingFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read which generation serves: %w", err)
	}
	if slot := engine.Slot(strings.TrimSpace(string(name))); slot == engine.SlotB {
		return slot, nil
	}
	return engine.SlotA, nil
}

// Serve implements engine.Store.
func (s *Store) Serve(_ context.Context, slot engine.Slot) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write which generation serves: %w", err)
		}
	}()
	next, err := os.CreateTemp(s.dir, servingFile+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(next.Name()) }()
	_, err = next.WriteString(string(slot) + "\n")
	if err = errors.Join(err, next.Sync(), next.Close()); err != nil {
		return err
	}
	if err := os.Rename(next.Name(), filepath.Join(s.dir, servingFile)); err != nil {
		return err
	}
	dir, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
