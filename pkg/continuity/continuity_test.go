// SPDX-License-Identifier: Apache-2.0

package continuity_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/continuity"
)

// write appends a version to a real log, whatever stands there.
func write(t *testing.T, b *bus.Bus, id string, version int) {
	t.Helper()
	m := bustest.Message(article.Subject(id, "fr"), fmt.Sprint(id, ".fr.", version), fmt.Sprint(id, version), "x")
	m.Header["ce-sequence"] = []string{fmt.Sprint(version)}
	if err := b.Publish(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	for _, tc := range []struct {
		name     string
		versions []string // "id version", in the order of the log
		want     string
	}{
		{"empty", nil, "[]"},
		{"whole", []string{"a 1", "b 1", "a 2", "b 2", "a 3"}, "[]"},
		{"one_lost", []string{"a 1", "b 1", "a 3"}, "[a/fr: version 3 follows 1 at sequence 3]"},
		{"the_first_lost", []string{"a 2", "a 3", "b 1"}, "[a/fr: version 2 follows 0 at sequence 1]"},
		{"several", []string{"a 2", "b 1", "b 5", "b 7"}, "[a/fr: version 2 follows 0 at sequence 1 b/fr: version 5 follows 1 at sequence 3 b/fr: version 7 follows 5 at sequence 4]"},
		{"number_unreadable", []string{"a 1", "a 0"}, "[a/fr: version 0 follows 1 at sequence 2]"},
		{"back", []string{"a 1", "a 2", "a 3", "b 1", "a 2"}, "[a/fr: version 2 follows 3 at sequence 5]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := bustest.Start(t)
			for i, v := range tc.versions {
				var id string
				var version int
				if _, err := fmt.Sscan(v, &id, &version); err != nil {
					t.Fatal(err)
				}
				m := bustest.Message(article.Subject(id, "fr"), fmt.Sprint(i), fmt.Sprint(i), "x")
				m.Header["ce-sequence"] = []string{fmt.Sprint(version)}
				if err := b.Publish(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			got, err := continuity.Find(t.Context(), b)
			if err != nil || fmt.Sprint(got) != tc.want {
				t.Errorf("%v (%v), want %s", got, err, tc.want)
			}
		})
	}
}

// TestWhatTheLogLetsGoOfIsNoGap writes more versions than are kept.
func TestWhatTheLogLetsGoOfIsNoGap(t *testing.T) {
	b := bustest.Start(t)
	for version := 1; version <= bus.History+3; version++ {
		write(t, b, "a", version)
	}
	if got, err := continuity.Find(t.Context(), b); err != nil || len(got) != 0 {
		t.Errorf("%v (%v)", got, err)
	}
}

func TestReport(t *testing.T) {
	b := bustest.Start(t)
	for n := range 12 {
		write(t, b, fmt.Sprint("a", n), 1)
		write(t, b, fmt.Sprint("a", n), 3)
	}
	var said bytes.Buffer
	metrics := prometheus.NewRegistry()
	if err := continuity.Report(t.Context(), b, slog.New(slog.NewTextHandler(&said, nil)), metrics); err != nil {
		t.Fatal(err)
	}
	want := `# HELP relais_log_gaps Places in the history of editions where the log has lost versions, when this process started; it has to be 0.
# TYPE relais_log_gaps gauge
relais_log_gaps 12
`
	if err := testutil.GatherAndCompare(metrics, strings.NewReader(want), "relais_log_gaps"); err != nil {
		t.Error(err)
	}
	if n := strings.Count(said.String(), "the log has lost versions"); n != 10 || !strings.Contains(said.String(), "gaps=12") {
		t.Errorf("said %d times:\n%s", n, said.String())
	}
}

// away is a log that does not answer.
type away struct{}

func (away) Headers(context.Context, string, string, uint64, uint64, func(bus.Message)) error {
	return context.DeadlineExceeded
}

func TestALogThatIsAwayIsNotWhole(t *testing.T) {
	if got, err := continuity.Find(t.Context(), away{}); err == nil || got != nil {
		t.Errorf("%v (%v)", got, err)
	}
	if err := continuity.Report(t.Context(), away{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err != nil {
		t.Errorf("a process ends for it: %v", err)
	}
}
