// SPDX-License-Identifier: Apache-2.0

package door

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Patience is how slow the sender of a long body may be.
type Patience struct {
	Wait  time.Duration // how long it may be waited for
	Least int           // bytes that must have come when it was waited for so long
}

// Patient is the patience with imports: hours, as long as 16 KiB come in a minute.
// A line of 2400 baud is fast enough; a byte a second is not.
func Patient() Patience { return Patience{Wait: time.Minute, Least: 16 << 10} }

// Stream is the body of a request that may take any time in all, as long as its
// sender goes on: reading fails when it was waited for longer than a Patience
// has, since the last time that enough had come. The time that its reader takes
// between two reads is not the sender's. The server's own limits of time begin
// anew with each read.
func Stream(w http.ResponseWriter, r *http.Request, p Patience) io.Reader {
	return &stream{body: r.Body, control: http.NewResponseController(w), patience: p, left: p.Wait}
}

type stream struct {
	body     io.Reader
	control  *http.ResponseController
	patience Patience
	left     time.Duration // that may still be waited
	came     int           // bytes since left was whole
}

func (s *stream) Read(b []byte) (int, error) {
	begin := time.Now()
	if err := s.until(begin.Add(s.left), begin.Add(s.left+s.patience.Wait)); err != nil {
		return 0, err
	}
	n, err := s.body.Read(b)
	s.left -= time.Since(begin)
	if s.came += n; s.came >= s.patience.Least {
		s.left, s.came = s.patience.Wait, 0
	}
	if err != nil && err != io.EOF {
		return n, fmt.Errorf("receive: %w", err)
	}
	return n, err
}

// until sets when the connection's reads and writes fail. A connection without
// deadlines has none to set.
func (s *stream) until(read, write time.Time) error {
	for _, err := range []error{s.control.SetReadDeadline(read), s.control.SetWriteDeadline(write)} {
		if err != nil && !errors.Is(err, http.ErrNotSupported) {
			return fmt.Errorf("receive: %w", err)
		}
	}
	return nil
}
