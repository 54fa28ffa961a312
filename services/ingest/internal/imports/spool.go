// SPDX-License-Identifier: Apache-2.0

package imports

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

const idLength = 16

// newID is 80 random bits in base 32.
func newID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails
	return encode(b[:])
}

// idOf is the id of the import that an attempt of a key makes.
func idOf(who, attempt string) string {
	sum := sha256.Sum256([]byte(who + "\x00" + attempt))
	return encode(sum[:10])
}

func encode(b []byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// errDisk says that a stream could not be kept, which is not its sender's fault.
var errDisk = errors.New("keep import on disk")

// spool is a stream on disk that is read while it is still being written.
type spool struct {
	file *os.File

	mu       sync.Mutex
	grown    *sync.Cond
	written  int64
	read     int64
	finished bool
	failed   error // why the stream ended early
}

// openSpool opens a file, or makes it.
func openSpool(path string) (*spool, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keep import: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("keep import: %w", err)
	}
	s := &spool{file: f, written: info.Size()}
	s.grown = sync.NewCond(&s.mu)
	return s, nil
}

// fill writes a stream to its end and makes sure that it is on disk; it returns
// why it could not.
func (s *spool) fill(stream io.Reader) error {
	buf := make([]byte, 128<<10)
	for {
		n, err := stream.Read(buf)
		if n > 0 {
			if _, wErr := s.file.WriteAt(buf[:n], s.size()); wErr != nil {
				return s.complete(errors.Join(errDisk, wErr))
			}
			s.mu.Lock()
			s.written += int64(n)
			s.grown.Broadcast()
			s.mu.Unlock()
		}
		switch {
		case err == io.EOF: //nolint:errorlint // io.Reader returns it bare
			if err = s.file.Sync(); err != nil {
				err = errors.Join(errDisk, err)
			}
			return s.complete(err)
		case err != nil:
			return s.complete(fmt.Errorf("receive import: %w", err))
		}
	}
}

// complete says that nothing more will be written, because of an error or at
// the stream's end. It returns the error.
func (s *spool) complete(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.finished {
		s.finished, s.failed = true, err
	}
	s.grown.Broadcast()
	return err
}

func (s *spool) size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written
}

func (s *spool) position() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read
}

// Read reads what was written so far, and waits for more. It ends with the
// stream, or with the error that ended it.
func (s *spool) Read(p []byte) (int, error) {
	s.mu.Lock()
	for s.read == s.written && !s.finished {
		s.grown.Wait()
	}
	from, left, failed := s.read, s.written-s.read, s.failed
	s.mu.Unlock()
	if left == 0 {
		if failed != nil {
			return 0, io.ErrUnexpectedEOF
		}
		return 0, io.EOF
	}
	n, err := s.file.ReadAt(p[:min(int64(len(p)), left)], from)
	s.mu.Lock()
	s.read += int64(n)
	s.mu.Unlock()
	if n > 0 {
		err = nil
	}
	return n, err
}

// close closes the file and, when it is of no more use, removes it.
func (s *spool) close(remove bool) {
	_ = s.complete(io.ErrUnexpectedEOF) // wakes a reader; changes nothing once it is complete
	_ = s.file.Close()
	if remove {
		_ = os.Remove(s.file.Name()) // tried again at the next start
	}
}
