// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

const seeFolder = "../../../deploy/grafana/"

// seeMetric is one row of the table of metrics.
type seeMetric struct {
	labels      []string
	conditional bool // told only where the operator has set something up
}

// seeTable reads the table of metrics.
func seeTable(t *testing.T) map[string]seeMetric {
	t.Helper()
	text, err := os.ReadFile(seeFolder + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile("`([^`]+)`")
	out := map[string]seeMetric{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.HasPrefix(cells[1], " `relais_") {
			continue
		}
		row := seeMetric{conditional: strings.HasPrefix(cells[3], " with ")}
		for _, m := range quoted.FindAllStringSubmatch(cells[2], -1) {
			row.labels = append(row.labels, m[1])
		}
		slices.Sort(row.labels)
		out[quoted.FindStringSubmatch(cells[1])[1]] = row
	}
	if len(out) < 20 {
		t.Fatalf("only %d metrics in the table", len(out))
	}
	return out
}

// seeFamilies are the metrics of every process of a relay, by name.
func seeFamilies(t *testing.T, r *relay) map[string][]*dto.Metric {
	t.Helper()
	out := map[string][]*dto.Metric{}
	for name, p := range r.parts {
		if !strings.HasPrefix(name, "relais") {
			continue
		}
		reader := expfmt.NewTextParser(model.UTF8Validation)
		resp, err := http.Get("http://" + p.seeAddress() + "/metrics") //nolint:noctx // bounded by the test
		if err != nil {
			t.Fatal(err)
		}
		families, err := reader.TextToMetricFamilies(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, f := range families {
			out[f.GetName()] = append(out[f.GetName()], f.Metric...)
		}
	}
	return out
}

// seeAddress is where a program said that it listens, however long ago.
func (p *process) seeAddress() string {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for line := range strings.Lines(p.output.String()) {
		var l struct{ Msg, Address string }
		if json.Unmarshal([]byte(line), &l) == nil && l.Msg == "listening" {
			return l.Address
		}
	}
	p.t.Fatalf("%s did not say where it listens", p.name)
	return ""
}

// seeLabels are the names of the labels of a series.
func seeLabels(m *dto.Metric) []string {
	var out []string
	for _, l := range m.Label {
		out = append(out, l.GetName())
	}
	slices.Sort(out)
	return out
}

// TestEveryMetricIsInTheTable compares the table with what the programs tell.
func TestEveryMetricIsInTheTable(t *testing.T) {
	table := seeTable(t)
	each(t, func(t *testing.T, r *relay) {
		r.recap()
		told := seeFamilies(t, r)
		for name, series := range told {
			if !strings.HasPrefix(name, "relais_") {
				continue
			}
			row, ok := table[name]
			if !ok {
				t.Errorf("%s is not in the table", name)
				continue
			}
			for _, m := range series {
				if got := seeLabels(m); !slices.Equal(got, row.labels) {
					t.Errorf("%s has the labels %q, the table says %q", name, got, row.labels)
				}
			}
		}
		for name, row := range table {
			if len(told[name]) == 0 && !row.conditional {
				t.Errorf("nobody tells %s", name)
			}
		}
	})
}

// seeSeries names the series that requests can make.
func seeSeries(t *testing.T, r *relay) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for name, series := range seeFamilies(t, r) {
		if !strings.HasPrefix(name, "relais_") || strings.HasPrefix(name, "relais_log_") {
			continue
		}
		for _, m := range series {
			out[name+fmt.Sprint(m.Label)] = true
		}
	}
	return out
}

// TestCallersMakeNoSeries sends what no honest client does, twice: the second
// time, with other words, no series may be new.
func TestCallersMakeNoSeries(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		r.partner()
		r.recap()
		hostile := func(round int) {
			for n := range 40 {
				word := fmt.Sprintf("X%dN%d", round, n)
				for _, path := range []string{
					"/" + word, "/v1/" + word, "/v1/articles/" + strings.ToLower(word), "/s/" + word, "/widget/" + word, "/problems/" + word, "/partners/" + word,
					"/v1/search?q=" + word + "&key=pk_" + word, "/v1/feeds/" + word + "?key=" + word, "/v1/stats?by=" + word, "/cards/" + word + ".png", "/metrics?" + word,
				} {
					for _, method := range []string{word, http.MethodGet, http.MethodPost} {
						req, err := http.NewRequestWithContext(t.Context(), method, r.base+path, nil)
						if err != nil {
							t.Fatal(err)
						}
						req.Host = word + ".example"
						req.Header.Set("Authorization", "Bearer rk_"+word)
						req.Header.Set("X-Request-Id", word)
						req.Header.Set("Origin", "https://"+word+".example")
						req.Header.Set("User-Agent", word)
						resp, err := http.DefaultTransport.RoundTrip(req)
						if err != nil {
							t.Fatalf("%s %s: %v", method, path, err)
						}
						_ = resp.Body.Close()
					}
				}
			}
		}
		seeSeries(t, r) // the route of /metrics itself
		hostile(1)
		before := seeSeries(t, r)
		hostile(2)
		for series := range seeSeries(t, r) {
			if !before[series] {
				t.Errorf("made %s", series)
			}
		}
	})
}

// seeQuery checks a query of PromQL: each metric is told, with the labels that
// are asked for.
func seeQuery(t *testing.T, table map[string]seeMetric, where, query string) {
	t.Helper()
	query = strings.ReplaceAll(query, "$__rate_interval", "5m")
	expr, err := parser.ParseExpr(query)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	known := []string{"job", "instance", "le"}
	for _, row := range table {
		known = append(known, row.labels...)
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			seeSelector(t, table, where, n)
		case *parser.AggregateExpr:
			for _, l := range n.Grouping {
				if !slices.Contains(known, l) {
					t.Errorf("%s: nothing has the label %s", where, l)
				}
			}
		}
		return nil
	})
}

func seeSelector(t *testing.T, table map[string]seeMetric, where string, n *parser.VectorSelector) {
	t.Helper()
	name := n.Name
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		name = strings.TrimSuffix(name, suffix)
	}
	row, ok := table[name]
	if !ok && !slices.Contains([]string{"up", "go_goroutines", "process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "process_start_time_seconds"}, name) {
		t.Errorf("%s: there is no %s", where, n.Name)
	}
	for _, m := range n.LabelMatchers {
		if m.Name != labels.MetricName && m.Name != "job" && m.Name != "instance" && !slices.Contains(row.labels, m.Name) {
			t.Errorf("%s: %s has no label %s", where, n.Name, m.Name)
		}
	}
}

// TestAlertRules reads the rules as Prometheus does.
func TestAlertRules(t *testing.T) {
	table := seeTable(t)
	source, err := os.ReadFile(seeFolder + "rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(source, &file); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, g := range file.Groups {
		for _, rule := range g.Rules {
			seeQuery(t, table, rule.Alert, rule.Expr)
			if rule.For != "" {
				if _, err := model.ParseDuration(rule.For); err != nil {
					t.Errorf("%s: %v", rule.Alert, err)
				}
			}
			if seen[rule.Alert] || rule.Annotations["summary"] == "" || rule.Annotations["runbook"] == "" || (rule.Labels["severity"] != "page" && rule.Labels["severity"] != "ticket") {
				t.Errorf("%s: twice, without a summary or a runbook, or of no severity", rule.Alert)
			}
			seen[rule.Alert] = true
		}
	}
	if len(seen) < 15 {
		t.Errorf("only %d rules", len(seen))
	}
}

// TestDashboard reads the dashboard as far as Grafana would before it draws it.
func TestDashboard(t *testing.T) {
	table := seeTable(t)
	source, err := os.ReadFile(seeFolder + "dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	type grid struct{ H, W, X, Y int }
	var board struct {
		UID, Title    string
		SchemaVersion int
		Templating    struct {
			List []struct{ Name, Type, Definition string }
		}
		Panels []struct {
			ID          int
			Type, Title string
			Datasource  struct{ UID string }
			GridPos     grid
			Targets     []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal(source, &board); err != nil {
		t.Fatal(err)
	}
	if board.UID != "relais" || board.SchemaVersion < 38 || board.Templating.List[0].Name != "datasource" || board.Templating.List[0].Type != "datasource" {
		t.Errorf("dashboard %s, schema %d, %+v", board.UID, board.SchemaVersion, board.Templating.List)
	}
	ids, queries, taken := map[int]bool{}, 0, map[[2]int]string{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q: id twice, no title, or too wide", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("%q lies over %q", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("%q: data source %q, %d queries", p.Title, p.Datasource.UID, len(p.Targets))
		}
		for _, target := range p.Targets {
			queries++
			seeQuery(t, table, p.Title, target.Expr)
		}
	}
	if queries < 30 {
		t.Errorf("only %d queries", queries)
	}
}

// TestEveryCommandKnowsItsVersion asks each for it.
func TestEveryCommandKnowsItsVersion(t *testing.T) {
	for _, name := range []string{"relais", "relais-ingest", "relais-search", "relais-share"} {
		out, err := exec.CommandContext(t.Context(), filepath.Join(programs, name), "--version").Output()
		if err != nil || strings.TrimSpace(string(out)) != "dev" {
			t.Errorf("%s --version: %q, %v", name, out, err)
		}
	}
}
