// SPDX-License-Identifier: Apache-2.0

// Package report collects what a benchmark measures: each figure is printed as
// it comes, and all of them stand in one page and one JSON file in the end, each
// beside the raw limit that was measured in the same run.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Figure is one measurement.
type Figure struct {
	Part  string  `json:"part"` // of the system, set by Report.Part
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`            // of the value and of the raw limit: ms, /s, MiB, B, s …
	Raw   *Raw    `json:"raw,omitempty"`   // what the parts below can do at most
	Ratio float64 `json:"ratio,omitempty"` // value ÷ raw limit
	Goal  string  `json:"goal,omitempty"`  // what is to be reached, with its sign: "≤ 10"
	Note  string  `json:"note,omitempty"`
}

// Raw is the limit that a figure is held against.
type Raw struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// Machine is where the figures come from.
type Machine struct {
	OS     string `json:"os"`
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory string `json:"memory"`
	Go     string `json:"go"`
}

// Report is the figures of one run. It is for one goroutine.
type Report struct {
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"` // that the run took
	Machine Machine   `json:"machine"`
	Figures []Figure  `json:"figures"`

	out  io.Writer
	part string
}

// New begins a report that tells out each figure.
func New(out io.Writer) *Report {
	return &Report{Started: time.Now().UTC(), Machine: machine(), out: out}
}

// Part names what the figures that follow are of.
func (r *Report) Part(name string) {
	r.part = name
	fmt.Fprintf(r.out, "\n%s\n", name)
}

// Add takes a figure in.
func (r *Report) Add(f Figure) {
	f.Part = r.part
	if f.Raw != nil && f.Raw.Value != 0 {
		f.Ratio = f.Value / f.Raw.Value
	}
	r.Figures = append(r.Figures, f)
	fmt.Fprintf(r.out, "  %-36s %12s", f.Name, number(f.Value)+" "+f.Unit)
	for _, text := range []string{f.limit(), f.ratio(), f.goal(), f.Note} {
		if text != "" {
			fmt.Fprintf(r.out, "  %s", text)
		}
	}
	fmt.Fprintln(r.out)
}

func (f *Figure) limit() string {
	if f.Raw == nil {
		return ""
	}
	return fmt.Sprintf("%s %s %s", f.Raw.Name, number(f.Raw.Value), f.Unit)
}

// ratio is a share of a rate, and how many times as much of anything else.
func (f *Figure) ratio() string {
	switch {
	case f.Ratio == 0:
		return ""
	case strings.HasSuffix(f.Unit, "/s"):
		return strconv.FormatFloat(100*f.Ratio, 'f', 0, 64) + " %"
	}
	return "× " + number(f.Ratio)
}

func (f *Figure) goal() string {
	if f.Goal == "" {
		return ""
	}
	return "(to reach: " + f.Goal + ")"
}

// number has three digits that count, or all those before the point.
func number(v float64) string {
	digits := 0
	for limit := 100.0; v != 0 && v < limit && v > -limit && digits < 3; limit /= 10 {
		digits++
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// Write puts bench.md and bench.json into a folder, which it makes.
func (r *Report) Write(dir string) error {
	r.Seconds = time.Since(r.Started).Seconds()
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.MkdirAll(dir, 0o750)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "bench.json"), append(text, '\n'), 0o600)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "bench.md"), []byte(r.Markdown()), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	fmt.Fprintf(r.out, "\nreport in %s\n", filepath.Join(dir, "bench.{md,json}"))
	return nil
}

// Markdown is the report as a page, one table for each part.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# What Relais does on this machine\n\n%s, in %s. %s, %d cores, %s of memory, %s, %s.\n\n"+
		"A ratio is held against the raw limit that the same run measured: of a rate, the share that is reached; of anything else, how many times as much it takes.\n",
		r.Started.Format("2 January 2006, 15:04 UTC"), time.Duration(r.Seconds*float64(time.Second)).Round(time.Second),
		r.Machine.CPU, r.Machine.Cores, r.Machine.Memory, r.Machine.OS, r.Machine.Go)
	part := ""
	for _, f := range r.Figures {
		if f.Part != part {
			part = f.Part
			fmt.Fprintf(&b, "\n## %s\n\n| | measured | raw limit | ratio | to reach | |\n|---|--:|--:|--:|--:|---|\n", part)
		}
		cells := []string{f.Name, number(f.Value) + " " + f.Unit, f.limit(), f.ratio(), f.Goal, f.Note}
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(c, "|", "\\|")
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	return b.String()
}

// machine is read from /proc where there is one.
func machine() Machine {
	m := Machine{OS: runtime.GOOS + "/" + runtime.GOARCH, CPU: "unknown processor", Cores: runtime.NumCPU(), Memory: "unknown size", Go: runtime.Version()}
	if v := field("/proc/cpuinfo", "model name"); v != "" {
		m.CPU = v
	}
	if kb, err := strconv.ParseFloat(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 64); err == nil {
		m.Memory = fmt.Sprintf("%.0f GiB", kb/(1<<20))
	}
	return m
}

// field is the value after the first "name:" of a file; empty without one.
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Durations are measurements, sorted.
type Durations []time.Duration

// Sorted sorts what was measured.
func Sorted(took []time.Duration) Durations {
	slices.Sort(took)
	return took
}

// At is the measurement at a quantile between 0 and 1, in milliseconds; 0 when
// nothing was measured.
func (d Durations) At(q float64) float64 {
	if len(d) == 0 {
		return 0
	}
	return Ms(d[min(len(d)-1, int(q*float64(len(d))))])
}

// Ms is a duration in milliseconds.
func Ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
