// SPDX-License-Identifier: Apache-2.0

package extract_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// least is what must be right over all pages of a corpus: body paragraphs that
// stand verbatim, furniture lines that do not, headlines, authors, dates by day,
// and languages. The pages in dev are those that the rules were made with.
var least = map[string][6]float64{
	"dev":     {1, 1, 1, 1, 1, 1},
	"heldout": {0.99, 0.95, 0.90, 0.70, 0.90, 1},
}

// copied is a page as it was copied, and what is the article's in it.
type copied struct {
	Text          string    `json:"text"`
	Language      string    `json:"language"`
	DatePublished time.Time `json:"datePublished"`
	Headline      string    `json:"headline"`
	Body          []string  `json:"body"`
	Authors       []string  `json:"authors"`
	Furniture     []string  `json:"furniture"`
	Undated       bool      `json:"undated"` // the page says no date of publication
}

// UnmarshalJSON takes a date with or without a time, or none.
func (c *copied) UnmarshalJSON(data []byte) error {
	type fields copied
	with := struct {
		*fields
		DatePublished string `json:"datePublished"`
	}{fields: (*fields)(c)}
	if err := json.Unmarshal(data, &with); err != nil {
		return err
	}
	if len(with.DatePublished) < len(time.DateOnly) {
		return nil
	}
	var err error
	c.DatePublished, err = time.Parse(time.DateOnly, with.DatePublished[:len(time.DateOnly)])
	return err
}

// score counts what was right of what there was.
type score struct{ right, of int }

func (s *score) count(ok bool) {
	s.of++
	if ok {
		s.right++
	}
}

func (s score) share() float64 {
	if s.of == 0 {
		return 1
	}
	return float64(s.right) / float64(s.of)
}

func TestCopiedPages(t *testing.T) {
	for _, corpus := range []string{"dev", "heldout"} {
		t.Run(corpus, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join("testdata", corpus, "*.json"))
			if err != nil {
				t.Fatal(err)
			}
			if len(files) == 0 {
				t.Fatalf("no pages in testdata/%s", corpus)
			}
			scoreCorpus(t, files, least[corpus])
		})
	}
}

func scoreCorpus(t *testing.T, files []string, least [6]float64) {
	t.Helper()
	names := []string{"kept", "gone", "headline", "authors", "date", "language"}
	var total [6]score
	t.Logf("%-28s %7s %7s %8s %7s %4s %8s", "page", names[0], names[1], names[2], names[3], names[4], names[5])
	for _, file := range files {
		page := scorePage(t, file)
		t.Logf("%-28s %3d/%-3d %3d/%-3d %8d %7d %4d %8d", filepath.Base(file), page[0].right, page[0].of, page[1].right, page[1].of,
			page[2].right, page[3].right, page[4].right, page[5].right)
		for i := range total {
			total[i].right += page[i].right
			total[i].of += page[i].of
		}
	}
	for i, s := range total {
		t.Logf("%-9s %5.1f %% (%d of %d)", names[i], 100*s.share(), s.right, s.of)
		if s.share() < least[i] {
			t.Errorf("%s: %.3f, want at least %.3f", names[i], s.share(), least[i])
		}
	}
}

// scorePage extracts one page and logs what was wrong.
func scorePage(t *testing.T, file string) (page [6]score) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want copied
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if raw, err = os.ReadFile(filepath.Join(filepath.Dir(file), want.Text)); err != nil {
		t.Fatal(err)
	}
	raw, _, err = extract.Decode(raw, "text/plain")
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	r := text(t, string(raw))
	e := r.Edition
	got := bare(strings.Split(e.BodyText, "\n"))
	all := " " + strings.Join(got, " ") + " "
	name := filepath.Base(file)
	for _, paragraph := range bare(want.Body) {
		ok := slices.Contains(got, paragraph) || strings.Contains(all, " "+paragraph+" ")
		page[0].count(ok)
		logMiss(t, ok, "%s: lost %q", name, paragraph)
	}
	for _, line := range bare(want.Furniture) {
		ok := !slices.Contains(got, line)
		page[1].count(ok)
		logMiss(t, ok, "%s: left %q", name, line)
	}
	page[2].count(bare([]string{e.Headline})[0] == bare([]string{want.Headline})[0])
	logMiss(t, page[2].right == 1, "%s: headline %q", name, e.Headline)
	var authors []string
	for _, a := range e.Authors {
		authors = append(authors, a.Name)
	}
	page[3].count(slices.Equal(authors, want.Authors) || len(authors)+len(want.Authors) == 0)
	logMiss(t, page[3].right == 1, "%s: authors %q", name, authors)
	if want.Undated {
		want.DatePublished = time.Time{}
	}
	page[4].count(e.DatePublished.Format(time.DateOnly) == want.DatePublished.Format(time.DateOnly))
	logMiss(t, page[4].right == 1, "%s: date %s", name, e.DatePublished)
	detected, _ := language.Detect(e.BodyText, nil)
	page[5].count(detected == want.Language)
	logMiss(t, page[5].right == 1, "%s: language %s", name, detected)
	return page
}

func logMiss(t *testing.T, ok bool, format string, args ...any) {
	t.Helper()
	if !ok {
		t.Logf(format, args...)
	}
}

var listMark = regexp.MustCompile(`^(?:[•‣◦▪●■·*–-]|[0-9]{1,3}[.)])\s+`)

// bare takes list marks and surplus white space off lines, and blank ones out.
func bare(lines []string) []string {
	var out []string
	for _, s := range lines {
		if s = listMark.ReplaceAllString(strings.Join(strings.Fields(s), " "), ""); s != "" {
			out = append(out, s)
		}
	}
	if out == nil {
		out = []string{""}
	}
	return out
}
