// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// draw returns the markup of a figure.
func draw(t *testing.T, f *Figure) string {
	t.Helper()
	set, err := Define(template.New(""))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := set.ExecuteTemplate(&b, "figure", f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func frameIn(lang string) Frame {
	return Frame{
		ID: "by-channel", Title: "Par canal", Note: "Où le lien a été partagé.", Of: "Canal", Unit: "Visites",
		CSV: "/v1/stats?groupBy=channel&format=csv", Locale: In(lang),
	}
}

func lines(lang string) *Figure {
	return Lines(frameIn(lang), run(5), []Series{
		{"Visites", []*int64{n(10), n(1_200), nil, n(0), n(7)}},
		{"Visiteurs", []*int64{nil, n(900), n(5), nil, n(6)}},
	})
}

func bars(lang string) *Figure {
	return Bars(frameIn(lang), []Row{{"SMS", nil}, {"E-mail", n(300)}, {"LinkedIn", n(1_200)}, {"Reddit", n(0)}})
}

func funnel(lang string) *Figure {
	return Funnel(frameIn(lang), []Row{{"Recherches", n(2_000)}, {"Trouvées", n(1_500)}, {"Visites", nil}, {"Partages", n(9)}})
}

func matrix(lang string) *Figure {
	return Matrix(frameIn(lang), []Pair{
		{"français", "français", true, n(700)},
		{"arabe", "français", false, n(40)},
		{"arabe", "arabe", true, nil},
		{"", "français", false, n(12)},
		{"anglais", "", false, n(6)},
		{"grec", "français", false, n(0)},
	})
}

func TestFigures(t *testing.T) {
	for name, f := range map[string]*Figure{
		"lines.fr": lines("fr"), "lines.en": lines("en"), "bars.fr": bars("fr"), "bars.en": bars("en"),
		"funnel.fr": funnel("fr"), "matrix.fr": matrix("fr"),
		"empty.en": Bars(frameIn("en"), nil),
	} {
		got := draw(t, f)
		file := filepath.Join("testdata", name+".golden.html")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs from its golden file; go test -update writes it anew:\n%s", name, got)
		}
	}
}

// wellFormed reads markup as XML, which SVG within must be.
func wellFormed(t *testing.T, markup string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader("<div>" + strings.NewReplacer(" download ", " ", "&nbsp;", " ").Replace(markup) + "</div>"))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, markup)
		}
	}
}

func TestNoNameBreaksOut(t *testing.T) {
	for _, hostile := range []string{
		`</title></svg><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `]]><!--`, `{{.}}`, `&lt;b&gt;`,
		"javascript:alert(1)", "\u202eabc", strings.Repeat("long ", 2_000), `' onload='alert(1)`,
	} {
		f := frameIn("fr")
		f.Title, f.Note, f.Of, f.Unit, f.CSV = hostile, hostile, hostile, hostile, hostile
		for _, fig := range []*Figure{
			Lines(f, run(2), []Series{{hostile, []*int64{n(1), nil}}}),
			Bars(f, []Row{{hostile, n(7)}}),
			Funnel(f, []Row{{hostile, n(7)}, {hostile, n(5)}}),
			Matrix(f, []Pair{{hostile, hostile + "!", false, n(7)}}),
		} {
			markup := draw(t, fig)
			wellFormed(t, markup)
			for _, bad := range []string{"<script", "<img", "<!--", " onload='", `href="javascript:`, " style="} {
				if strings.Contains(markup, bad) {
					t.Errorf("%.40q in %s lets %s in:\n%s", hostile, fig.Kind, bad, markup)
				}
			}
		}
	}
}

func TestAnImageSaysWhatItShows(t *testing.T) {
	for _, c := range []struct {
		fig  *Figure
		want string
	}{
		{lines("en"), "Visites: 1,200 at most on 27 November 2026. Visiteurs: 900 at most on 27 November 2026."},
		{Lines(frameIn("fr"), run(1), []Series{{"Visites", []*int64{n(7)}}}), "Visites\u00a0: 7 en tout, 7 au plus le 30\u00a0novembre 2026."},
		{Lines(frameIn("fr"), run(1), []Series{{"Visites", []*int64{nil}}}), "Visites\u00a0: moins de 5."},
		{bars("en"), "LinkedIn: 1,200; E-mail: 300; SMS: <\u00a05; Reddit: 0."},
		{funnel("fr"), "Recherches\u00a0: 2\u202f000\u202f; Trouvées\u00a0: 1\u202f500\u202f; Visites\u00a0: <\u00a05\u202f; Partages\u00a0: 9."},
	} {
		if c.fig.Summary != c.want {
			t.Errorf("%q, want %q", c.fig.Summary, c.want)
		}
		markup := draw(t, c.fig)
		images := strings.Count(markup, `role="img"`)
		if images == 0 || strings.Count(markup, "<title ") != images || strings.Count(markup, "<desc ") != images {
			t.Errorf("%s: an image without a name or description", c.fig.Kind)
		}
		if !strings.Contains(markup, "<table>") {
			t.Errorf("%s has no table", c.fig.Kind)
		}
	}
}

func TestWhatIsKeptBackIsNotDrawnAsANumber(t *testing.T) {
	line := lines("fr").Plots[0].Lines[0]
	if strings.Count(line.Path, "M") != 2 || strings.Count(line.Few, "M") != 1 {
		t.Errorf("the line is %q with %q, want one broken once, where one count is kept back", line.Path, line.Few)
	}
	bar := bars("fr").Bars[2]
	if bar.Name != "SMS" || !bar.Few || bar.Length != "0.00%" || bar.Value != "<\u00a05" {
		t.Errorf("%+v", bar)
	}
	if f := funnel("fr"); f.Bars[2].Under != "" || f.Bars[3].Under != "" {
		t.Error("a share of what is kept back, or by it, is told")
	}
}

func TestAFewBarsAreDrawnAndAllAreInTheTable(t *testing.T) {
	var rows []Row
	for i := range 13 {
		rows = append(rows, Row{strconv.Itoa(i), n(100 - i)})
	}
	f := Bars(frameIn("fr"), rows)
	if len(f.Bars) != 10 || len(f.Table.Rows) != 13 || f.Others() != "3 autres lignes se trouvent dans le tableau." {
		t.Errorf("%d bars, %d rows, %q", len(f.Bars), len(f.Table.Rows), f.Others())
	}
}

func TestASeriesThatIsTooShortOrTooLong(t *testing.T) {
	f := Lines(frameIn("en"), run(2), []Series{{"a", []*int64{n(1), n(2), n(3)}}, {"b", nil}})
	if got := f.Table.Rows[1]; len(f.Table.Rows) != 2 || got[1] != "2" || got[2] != "" {
		t.Errorf("%q", f.Table.Rows)
	}
	wellFormed(t, draw(t, f))
}

// luminance returns the relative luminance of #rgb or #rrggbb (WCAG 2.2).
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	hex = strings.TrimPrefix(hex, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	var out float64
	for i, share := range []float64{.2126, .7152, .0722} {
		v, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= .04045 {
			out += share * c / 12.92
		} else {
			out += share * math.Pow((c+.055)/1.055, 2.4)
		}
	}
	return out
}

func TestEverySeriesStandsOutInLightAndDark(t *testing.T) {
	found := regexp.MustCompile(`--s\d: light-dark\((#\w+), (#\w+)\)`).FindAllStringSubmatch(string(Style()), -1)
	if len(found) != Colors {
		t.Fatalf("%d colors, want %d", len(found), Colors)
	}
	for _, m := range found {
		for i, paper := range []string{"#ffffff", "#16191b"} {
			a, b := luminance(t, m[i+1]), luminance(t, paper)
			if ratio := (max(a, b) + .05) / (min(a, b) + .05); ratio < 3 {
				t.Errorf("%s on %s: %.2f to 1", m[i+1], paper, ratio)
			}
		}
	}
	for i := range Colors {
		if !strings.Contains(string(Style()), ".s"+strconv.Itoa(i)+" ") {
			t.Errorf("series %d has no style", i)
		}
	}
}
