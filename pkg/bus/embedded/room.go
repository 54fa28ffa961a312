// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// room is what has to be free for the log to be started anew: the largest
// message, and as much again.
const room = 2 * maxPayload

// watch starts the server anew when it has turned JetStream off, or no longer
// writes to a stream, both of which it does for good when its disk is full, and
// there is room again.
func (s *Server) watch() {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	told := false
	for {
		select {
		case <-s.ended:
			return
		case <-tick.C:
		}
		s.mu.Lock()
		ns := s.ns
		s.mu.Unlock()
		switch {
		case ns != nil && ns.JetStreamEnabled() && !s.broken.Load():
			continue
		case !told:
			told = true
			if ns != nil {
				_ = ns.DisableJetStream() // refuses at once what would hang
			}
			s.log.Error("the log takes no more writes: its disk is full or broken; it goes on by itself once there is room",
				"folder", s.opts.StoreDir, "free_bytes", free(s.opts.StoreDir), "wanted_bytes", room)
		}
		if free(s.opts.StoreDir) < room {
			continue
		}
		if err := s.again(); err != nil {
			s.log.Error("the log could not be started anew", "error", err)
			continue
		}
		told = false
		s.log.Info("the log is started anew and takes writes again")
	}
}

// again stops the server and starts it.
func (s *Server) again() error {
	s.halt()
	s.broken.Store(false)
	ns, err := s.run()
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.ns = ns
	s.mu.Unlock()
	return nil
}

// free is how much the file system of a folder has left for this user, in bytes;
// all there is when that cannot be told.
func free(dir string) uint64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 1 << 62
	}
	return fs.Bavail * uint64(fs.Bsize) //nolint:gosec // a size is not negative
}

// journal passes the server's warnings and errors on.
type journal struct {
	log    *slog.Logger
	broken *atomic.Bool // set when the server says that it gives a stream up
}

func (j journal) Noticef(string, ...any) {}

func (j journal) Debugf(string, ...any) {}

func (j journal) Tracef(string, ...any) {}

// Warnf implements server.Logger.
func (j journal) Warnf(format string, v ...any) {
	j.log.Warn("log server", "says", fmt.Sprintf(format, v...))
}

// Errorf implements server.Logger.
func (j journal) Errorf(format string, v ...any) {
	says := fmt.Sprintf(format, v...)
	if strings.Contains(strings.ToLower(says), "critical write error") {
		j.broken.Store(true)
	}
	j.log.Error("log server", "says", says)
}

// Fatalf implements server.Logger. The server is not ready then, which Start tells.
func (j journal) Fatalf(format string, v ...any) { j.Errorf(format, v...) }
