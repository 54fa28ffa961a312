// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/services/relais/bench/internal/report"
)

func TestReport(t *testing.T) {
	var told strings.Builder
	r := report.New(&told)
	r.Part("Redirects")
	r.Add(report.Figure{Name: "redirects, counted", Value: 30_000, Unit: "/s", Raw: &report.Raw{Name: "net/http", Value: 60_000}, Goal: "≥ 60 %"})
	r.Add(report.Figure{Name: "a question", Value: 1.234, Unit: "ms", Raw: &report.Raw{Name: "engine", Value: 0.5}, Note: "a|b"})
	dir := filepath.Join(t.TempDir(), "out")
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "bench.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\n## Redirects\n", "| redirects, counted | 30000 /s | net/http 60000 /s | 50 % | ≥ 60 % |  |\n", `| a question | 1.23 ms | engine 0.500 ms | × 2.47 |  | a\|b |`,
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page has no %q:\n%s", want, page)
		}
	}
	for _, want := range []string{"Redirects", "30000 /s", "50 %", "(to reach: ≥ 60 %)"} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("told %q, without %q", told.String(), want)
		}
	}
	var again report.Report
	text, err := os.ReadFile(filepath.Join(dir, "bench.json"))
	if err != nil || json.Unmarshal(text, &again) != nil || len(again.Figures) != 2 || again.Figures[0].Ratio != 0.5 || again.Machine.Cores < 1 {
		t.Errorf("JSON %s: %v", text, err)
	}
}

func TestDurations(t *testing.T) {
	d := report.Sorted([]time.Duration{3 * time.Millisecond, time.Millisecond, 2 * time.Millisecond})
	for q, want := range map[float64]float64{0: 1, 0.5: 2, 0.99: 3, 1: 3} {
		if got := d.At(q); got != want {
			t.Errorf("at %g: %g, want %g", q, got, want)
		}
	}
	if got := (report.Durations{}).At(0.5); got != 0 {
		t.Errorf("of nothing: %g", got)
	}
}
