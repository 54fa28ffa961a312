// SPDX-License-Identifier: Apache-2.0

package click

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

const (
	headSize  = 8         // of a record: length and CRC-32C of what follows, big-endian
	maxRecord = 1 << 20   // bytes
	maxSpool  = 4 << 30   // bytes: a disk is not filled with clicks
	chunkSize = 256 << 10 // bytes that are handed over at once, or one record
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Spool is an append-only file of records, and a sealed one, which is handed
// over and then removed while the other goes on. What Append has returned for
// survives a kill of the process; what Sync has returned for, a power cut too.
// It is safe for concurrent use, by one process.
type Spool struct {
	path string

	mu     sync.Mutex
	file   *os.File
	size   int64    // of whole records in file
	sealed *os.File // nil: none
	rest   int64    // bytes of it that are still to be handed over
	read   int64    // those that have been
}

// OpenSpool opens the spool at a path, and cuts off a record that was not
// written to its end.
func OpenSpool(path string) (*Spool, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	s := &Spool{path: path}
	var err error
	if s.file, s.size, err = open(path, os.O_CREATE); err != nil {
		return nil, err
	}
	if s.sealed, s.rest, err = open(path+sealedSuffix, 0); errors.Is(err, fs.ErrNotExist) {
		s.sealed, err = nil, nil
	}
	return s, err
}

const sealedSuffix = ".sealed"

func open(path string, flag int) (*os.File, int64, error) {
	file, err := os.OpenFile(path, os.O_RDWR|flag, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open spool: %w", err)
	}
	// What stands behind the last whole record was not written to its end.
	size, whole := int64(0), int64(0)
	for {
		_, next, err := record(file, size)
		if err != nil && !errors.Is(err, errDamaged) {
			if !errors.Is(err, io.EOF) {
				return nil, 0, errors.Join(err, file.Close())
			}
			break
		}
		if size = next; err == nil {
			whole = next
		}
	}
	size = whole
	if err := file.Truncate(size); err != nil {
		return nil, 0, errors.Join(fmt.Errorf("open spool: %w", err), file.Close())
	}
	return file, size, nil
}

// Close closes the files, which stay.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.file.Close()
	if s.sealed != nil {
		err = errors.Join(err, s.sealed.Close())
	}
	return err
}

// Size is how much is still to be handed over, in bytes.
func (s *Spool) Size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size + s.rest
}

// Append adds a record of at most 1 MiB.
func (s *Spool) Append(data []byte) error {
	if len(data) == 0 || len(data) > maxRecord {
		return fmt.Errorf("append to spool: a record of %d bytes", len(data))
	}
	buf := make([]byte, headSize, headSize+len(data))
	binary.BigEndian.PutUint32(buf, uint32(len(data))) //nolint:gosec // bounded above
	binary.BigEndian.PutUint32(buf[4:], crc32.Checksum(data, castagnoli))
	buf = append(buf, data...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size+s.rest+int64(len(buf)) > maxSpool {
		return fmt.Errorf("append to spool: it holds %d bytes", s.size+s.rest)
	}
	if _, err := s.file.WriteAt(buf, s.size); err != nil {
		return fmt.Errorf("append to spool: %w", err)
	}
	s.size += int64(len(buf))
	return nil
}

// Sync brings what was appended to the disk.
func (s *Spool) Sync() error {
	s.mu.Lock()
	files := []*os.File{s.file, s.sealed}
	s.mu.Unlock()
	for _, file := range files {
		if file == nil {
			continue
		}
		if err := file.Sync(); err != nil && !errors.Is(err, fs.ErrClosed) {
			return fmt.Errorf("sync spool: %w", err)
		}
	}
	return nil
}

// Seal puts what was appended aside, to be handed over by Each, and reports
// whether there is anything. When there is nothing it calls empty, before
// anybody can append again.
func (s *Spool) Seal(empty func()) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.sealed != nil:
		return true, nil
	case s.size == 0:
		empty()
		return false, nil
	}
	if err := os.Rename(s.path, s.path+sealedSuffix); err != nil {
		return false, fmt.Errorf("seal spool: %w", err)
	}
	fresh, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, errors.Join(fmt.Errorf("seal spool: %w", err), os.Rename(s.path+sealedSuffix, s.path))
	}
	s.sealed, s.rest, s.read = s.file, s.size, 0
	s.file, s.size = fresh, 0
	return true, nil
}

// Each hands the sealed records to fn in order, many at a time, each ended by a
// line feed, and removes the sealed file when fn has returned nil for all of
// them. What fn has returned nil for comes again only if the process ends before
// that. It ends with fn's error, or ctx's. Records that the disk has damaged are
// passed over and counted.
func (s *Spool) Each(ctx context.Context, fn func(lines []byte) error) (damaged int, err error) {
	for s.rest > 0 {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		var lines bytes.Buffer
		at := s.read
		for end := s.read + s.rest; at < end && (at == s.read || lines.Len() < chunkSize); {
			data, next, err := record(s.sealed, at)
			at = next
			if errors.Is(err, errDamaged) {
				damaged++
				continue
			} else if err != nil {
				return 0, err
			}
			lines.Write(data)
			lines.WriteByte('\n')
		}
		if lines.Len() > 0 {
			if err := fn(lines.Bytes()); err != nil {
				return 0, err
			}
		}
		s.mu.Lock()
		s.rest, s.read = s.rest-(at-s.read), at
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err = errors.Join(s.sealed.Close(), os.Remove(s.path+sealedSuffix))
	s.sealed, s.read = nil, 0
	if err != nil {
		return damaged, fmt.Errorf("remove sealed spool: %w", err)
	}
	return damaged, nil
}

// errDamaged is a record whose checksum does not fit.
var errDamaged = errors.New("damaged")

// record reads the record at an offset, and says where the next begins, also of
// one that is damaged; io.EOF when there is no whole one.
func record(file *os.File, at int64) (data []byte, next int64, err error) {
	var head [headSize]byte
	if _, err := file.ReadAt(head[:], at); err != nil {
		return nil, 0, fmt.Errorf("read spool at %d: %w", at, err)
	}
	length := binary.BigEndian.Uint32(head[:])
	if length == 0 || length > maxRecord {
		return nil, 0, fmt.Errorf("read spool at %d: %w", at, io.EOF)
	}
	data = make([]byte, length)
	if _, err := file.ReadAt(data, at+headSize); err != nil {
		return nil, 0, fmt.Errorf("read spool at %d: %w", at, err)
	}
	if crc32.Checksum(data, castagnoli) != binary.BigEndian.Uint32(head[4:]) {
		return nil, at + headSize + int64(length), fmt.Errorf("read spool at %d: %w", at, errDamaged)
	}
	return data, at + headSize + int64(length), nil
}
