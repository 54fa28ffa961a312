// SPDX-License-Identifier: Apache-2.0

// Package bustest gives each test a log of its own: a real JetStream, in the
// process, on disk.
package bustest

import (
	"log/slog"
	"testing"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/embedded"
)

// Start returns an empty log that ends with the test.
func Start(t testing.TB) *bus.Bus {
	t.Helper()
	return Open(t, t.TempDir())
}

// Open returns the log kept in dir; it is closed when the test ends.
func Open(t testing.TB, dir string) *bus.Bus {
	t.Helper()
	s, err := embedded.Start(embedded.Config{Dir: dir})
	if err != nil {
		t.Fatalf("start log: %v", err)
	}
	t.Cleanup(s.Stop)
	conn, err := s.Connect()
	if err != nil {
		t.Fatalf("connect to log: %v", err)
	}
	t.Cleanup(conn.Close)
	b, err := bus.Open(t.Context(), conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("open log: %v", err)
	}
	return b
}
