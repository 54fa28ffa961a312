// SPDX-License-Identifier: Apache-2.0

package bleve

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"

	segment "github.com/blevesearch/scorch_segment_api/v2"

	"github.com/relais-press/relais/services/search/internal/engine"
)

// guard makes an error of what panics of damaged files, or reaches beyond the
// end of one that is mapped into memory, in the goroutine that calls it:
//
//	defer guard(&err)()
func guard(err *error) func() {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		if p := recover(); p != nil {
			*err = fmt.Errorf("%w: %v", engine.ErrDamaged, p)
		}
	}
}

// files is what is known of the files of an index that is open.
type files struct {
	dir string

	mu   sync.Mutex
	root os.FileInfo // of rootFile when it was first looked at
	read string      // the segment that was read last
}

func newFiles(dir string) files { return files{dir: dir} }

// Check implements engine.Checked.
func (x *Index) Check(ctx context.Context, thorough bool) error {
	leave, err := x.gate.Enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return x.look(ctx, thorough)
}

// look is Check. A file that has just been merged into another may be missing
// once, not again.
func (x *Index) look(ctx context.Context, thorough bool) (err error) {
	x.files.mu.Lock()
	defer x.files.mu.Unlock()
	for range 3 {
		if err = x.lookOnce(ctx, thorough); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (x *Index) lookOnce(ctx context.Context, thorough bool) (err error) {
	defer guard(&err)()
	f := &x.files
	root, err := os.Stat(filepath.Join(f.dir, rootFile))
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", engine.ErrDamaged, err)
	case f.root == nil:
		f.root = root
	case !os.SameFile(f.root, root):
		return fmt.Errorf("%w: another %s lies in its place", engine.ErrDamaged, rootFile)
	}
	snapshot, err := x.snapshot()
	if err != nil {
		return fmt.Errorf("look at index: %w", err)
	}
	defer snapshot.Close()
	var paths []string
	for _, s := range snapshot.Segments() {
		if p, ok := s.Segment().(segment.PersistedSegment); ok {
			paths = append(paths, p.Path())
		}
	}
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("%w: %w", engine.ErrDamaged, err)
		}
	}
	if !thorough {
		paths = f.next(paths)
	}
	for _, path := range paths {
		if err := intact(ctx, path); err != nil {
			return err
		}
	}
	return nil
}

// next is the segment to read after the one that was read last.
func (f *files) next(paths []string) []string {
	if len(paths) == 0 {
		return nil
	}
	at := 0
	for i, path := range paths {
		if path == f.read {
			at = (i + 1) % len(paths)
		}
	}
	f.read = paths[at]
	return paths[at : at+1]
}

// intact reports whether a segment has the checksum that its last four bytes say
// (CRC-32 of all before, big-endian).
func intact(ctx context.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%w: %w", engine.ErrDamaged, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() < 4 {
		return fmt.Errorf("%w: %s is cut short", engine.ErrDamaged, path)
	}
	sum, part := crc32.NewIEEE(), int64(4<<20)
	for rest := info.Size() - 4; rest > 0; rest -= part {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		part = min(part, rest)
		if _, err := io.CopyN(sum, file, part); err != nil {
			return fmt.Errorf("%w: %w", engine.ErrDamaged, err)
		}
	}
	var says [4]byte
	if _, err := io.ReadFull(file, says[:]); err != nil || binary.BigEndian.Uint32(says[:]) != sum.Sum32() {
		return fmt.Errorf("%w: %s is not what was written", engine.ErrDamaged, path)
	}
	return nil
}
