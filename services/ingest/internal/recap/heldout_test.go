// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/ingest/internal/recap"
)

// What a corpus must reach.
const (
	minPersonPrecision = 0.94
	minPersonRecall    = 0.88
	minDates           = 0.95
	minRoles           = 0.80
	minRels            = 0.75
	minOrganisations   = 0.60
)

// labeled is a text with what a reader finds in it.
type labeled struct {
	Text          string
	Language      string
	DatePublished time.Time
	Headline      string
	Body          []string
	People        []article.Person
	NotPeople     []string
	Organisations []string
	Event         *struct{ Name, StartDate, EndDate, Location string }
}

// ratio counts hits among cases.
type ratio struct{ hits, of int }

func (r *ratio) add(hit bool) {
	r.of++
	if hit {
		r.hits++
	}
}

func (r ratio) value() float64 {
	if r.of == 0 {
		return 1
	}
	return float64(r.hits) / float64(r.of)
}

// score is what is measured on a corpus.
type score struct {
	precision, recall, roles, affiliations, rels, organisations, names, dates, locations ratio
}

func TestDevelopmentCorpus(t *testing.T) { measureCorpus(t, "testdata/dev") }

func TestHeldOutCorpus(t *testing.T) { measureCorpus(t, "testdata/heldout") }

func measureCorpus(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus in %s (%v)", dir, err)
	}
	total, languages := score{}, map[string]*score{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var l labeled
		if err := json.Unmarshal(raw, &l); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		lang, _, _ := strings.Cut(l.Language, "-")
		if languages[lang] == nil {
			languages[lang] = &score{}
		}
		for _, s := range []*score{&total, languages[lang]} {
			s.measure(t, filepath.Base(file), l, s == &total)
		}
	}
	t.Logf("%-5s %9s %9s %9s %9s %9s %9s %9s %9s %9s", "", "precision", "recall", "role", "affil.", "rel", "orgs", "event", "dates", "place")
	for _, lang := range []string{"fr", "en", "de", "es", "it"} {
		if s := languages[lang]; s != nil {
			s.log(t, lang)
		}
	}
	total.log(t, "all")
	for _, m := range []struct {
		what string
		r    ratio
		min  float64
	}{
		{"person precision", total.precision, minPersonPrecision},
		{"person recall", total.recall, minPersonRecall},
		{"dates", total.dates, minDates},
		{"roles", total.roles, minRoles},
		{"relations", total.rels, minRels},
		{"organisations", total.organisations, minOrganisations},
	} {
		if m.r.value() < m.min {
			t.Errorf("%s %.3f (%d of %d), want at least %.2f", m.what, m.r.value(), m.r.hits, m.r.of, m.min)
		}
	}
}

func (s *score) log(t *testing.T, label string) {
	t.Helper()
	row := ""
	for _, r := range []ratio{s.precision, s.recall, s.roles, s.affiliations, s.rels, s.organisations, s.names, s.dates, s.locations} {
		row += " " + cell(r)
	}
	t.Logf("%-5s%s", label, row)
}

// measure compares what is read from one text with its labels.
func (s *score) measure(t *testing.T, file string, l labeled, verbose bool) {
	t.Helper()
	found := recap.Read(recap.Source{
		Headline: l.Headline, Text: strings.Join(l.Body, "\n\n"), Language: l.Language, Published: l.DatePublished,
	})
	say := func(format string, args ...any) {
		if verbose {
			t.Logf(file+": "+format, args...)
		}
	}
	s.people(l, values(found.People), say)
	s.orgs(l, values(found.Organisations), say)
	var got article.Event
	if found.Event != nil {
		got = found.Event.Value
	}
	s.event(l, got, say)
}

func (s *score) people(l labeled, got []article.Person, say func(string, ...any)) {
	want := map[string]article.Person{}
	for _, p := range l.People {
		want[plain(p.Name)] = p
	}
	seen := map[string]bool{}
	for _, p := range got {
		w, ok := want[plain(p.Name)]
		seen[plain(p.Name)] = true
		s.precision.add(ok)
		if !ok {
			say("false person %+v", p)
			continue
		}
		s.roles.add(plain(p.Role) == plain(w.Role))
		s.affiliations.add(sameOrg(p.Affiliation, w.Affiliation))
		s.rels.add(p.Rel == w.Rel)
		if plain(p.Role) != plain(w.Role) || !sameOrg(p.Affiliation, w.Affiliation) || p.Rel != w.Rel {
			say("got %+v\nwant %+v", p, w)
		}
	}
	for name := range want {
		s.recall.add(seen[name])
		if !seen[name] {
			say("missed %q", name)
		}
	}
	for _, name := range l.NotPeople {
		if seen[plain(name)] {
			say("%q is not a person", name)
		}
	}
}

func (s *score) orgs(l labeled, got []string, say func(string, ...any)) {
	for _, want := range l.Organisations {
		hit := false
		for _, g := range got {
			hit = hit || sameOrg(g, want)
		}
		s.organisations.add(hit)
		if !hit {
			say("missed organisation %q in %q", want, got)
		}
	}
}

// event compares dates (both ends, or none where none is labeled), and name and
// place where they are labeled.
func (s *score) event(l labeled, got article.Event, say func(string, ...any)) {
	name, dates, place := "", "", ""
	if l.Event != nil {
		name, place = l.Event.Name, l.Event.Location
		dates = day(l.Event.StartDate) + " " + day(l.Event.EndDate)
	}
	if day(l.stringEnd()) == day(l.stringStart()) {
		dates = day(l.stringStart()) + " "
	}
	read := " "
	if got.StartDate != nil {
		read = got.StartDate.Format(time.DateOnly) + " "
		if got.EndDate != nil {
			read += got.EndDate.Format(time.DateOnly)
		}
	}
	s.dates.add(strings.TrimSpace(read) == strings.TrimSpace(dates))
	if strings.TrimSpace(read) != strings.TrimSpace(dates) {
		say("dates %q, want %q", read, dates)
	}
	if name != "" {
		s.names.add(sameOrg(got.Name, name))
		if !sameOrg(got.Name, name) {
			say("event %q, want %q", got.Name, name)
		}
	}
	if place != "" {
		hit := got.Location != "" && (strings.Contains(plain(place), plain(got.Location)) || strings.Contains(plain(got.Location), plain(place)))
		s.locations.add(hit)
		if !hit {
			say("place %q, want %q", got.Location, place)
		}
	}
}

func (l labeled) stringStart() string {
	if l.Event == nil {
		return ""
	}
	return l.Event.StartDate
}

func (l labeled) stringEnd() string {
	if l.Event == nil {
		return ""
	}
	return l.Event.EndDate
}

// day is the date part of a time.
func day(s string) string { return s[:min(len(s), len(time.DateOnly))] }

// plain makes spellings comparable: case, apostrophes and spaces do not count.
func plain(s string) string {
	return strings.Join(strings.Fields(strings.ToLower(strings.ReplaceAll(s, "’", "'"))), " ")
}

// sameOrg compares names without their leading article.
func sameOrg(a, b string) bool {
	bare := func(s string) string {
		s = plain(s)
		for _, article := range []string{"the ", "la ", "le ", "les ", "l'", "der ", "die ", "das ", "el ", "los ", "il ", "lo "} {
			s = strings.TrimPrefix(s, article)
		}
		return strings.TrimPrefix(s, "association ")
	}
	return bare(a) == bare(b)
}

func cell(r ratio) string { return fmt.Sprintf("%9.3f", r.value()) }
