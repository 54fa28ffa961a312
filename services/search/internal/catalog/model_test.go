// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/partner"
)

var noon = time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)

// newsroom writes random histories, and remembers every version.
type newsroom struct {
	t        *testing.T
	rand     *rand.Rand
	catalog  *Catalog
	clock    time.Time
	sequence uint64
	editions map[string][]version // by id and language
}

type version struct {
	article.Edition
	at       time.Time
	sequence uint64
}

func open(t *testing.T, seed uint64) *newsroom {
	t.Helper()
	n := &newsroom{
		t: t, rand: rand.New(rand.NewPCG(seed, 1)), clock: noon,
		catalog: New(nil, slog.New(slog.DiscardHandler)), editions: map[string][]version{},
	}
	if n.rand.IntN(2) == 0 {
		n.catalog.caught()
	}
	return n
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// write appends a version of a random edition.
func (n *newsroom) write() {
	r := n.rand
	id := fmt.Sprintf("a%d", r.IntN(12))
	language := pick(r, "fr", "fr", "fr-CA", "en", "de")
	all := n.editions[id+" "+language]
	e := article.Edition{
		ID: id, Language: language, SourceLanguage: "fr", Version: len(all) + 1, PubStatus: article.Usable,
		Headline: "Headline of " + id, Section: pick(r, "", "law", "tech"), CanonicalURL: "https://journal.example/" + id,
		DatePublished: noon.Add(time.Duration(r.IntN(8)) * time.Hour), VersionCreated: n.clock, SourceVersion: r.IntN(4),
	}
	if len(all) > 0 {
		last := all[len(all)-1]
		e.DatePublished, e.Audience, e.Section = last.DatePublished, last.Audience, last.Section
	}
	if r.IntN(3) == 0 {
		e.Audience = pick(r, nil, &article.Audience{Partners: []string{"lyon"}}, &article.Audience{Partners: []string{"paris"}})
	}
	if r.IntN(6) == 0 {
		e.Section, e.DatePublished = pick(r, "", "law", "tech"), noon.Add(time.Duration(r.IntN(8))*time.Hour)
	}
	switch r.IntN(8) {
	case 0:
		e.PubStatus = article.Withheld
	case 1:
		e.PubStatus, e.Cancellation = article.Canceled, &article.Cancellation{Reason: "wrong", ReplacedBy: fmt.Sprintf("a%d", r.IntN(12))}
	case 2, 3:
		e.Correction = fmt.Sprint("correction ", e.Version)
	}
	if r.IntN(3) == 0 {
		e.EmbargoedUntil = new(n.clock.Add(time.Duration(r.IntN(180)-60) * time.Minute))
	}
	if r.IntN(4) == 0 {
		e.Expires = new(n.clock.Add(time.Duration(r.IntN(180)-30) * time.Minute))
	}
	n.append(e)
}

// append puts a version into the log.
func (n *newsroom) append(e article.Edition) {
	n.t.Helper()
	n.sequence++
	k := e.ID + " " + e.Language
	n.editions[k] = append(n.editions[k], version{e, n.clock, n.sequence})
	n.catalog.apply(message(n.t, e, n.sequence, n.clock))
}

func message(t testing.TB, e article.Edition, sequence uint64, at time.Time) bus.Message {
	t.Helper()
	c := article.Change{EventID: fmt.Sprint("e", sequence), Edition: e}
	header, data, err := c.Encode()
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return bus.Message{Subject: article.Subject(e.ID, e.Language), Header: header, Data: data, Sequence: sequence, Time: at}
}

// window is when the i-th version of an edition was public.
func window(all []version, i int) (from, until time.Time, ever bool) {
	v := all[i]
	from, until = v.at, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	if v.EmbargoedUntil != nil && v.EmbargoedUntil.After(from) {
		from = *v.EmbargoedUntil
	}
	ever = v.PubStatus == article.Usable && (v.Expires == nil || v.Expires.After(from))
	if i+1 < len(all) {
		until = all[i+1].at
		ever = ever && (from.Equal(v.at) || from.Before(until))
	}
	if v.Expires != nil && v.Expires.Before(until) {
		until = *v.Expires
	}
	return from, until, ever
}

// standing is what a partner is to know of an edition.
type standing struct {
	seen, ever  bool
	gone        time.Time // of one that was seen: when it went
	version     int       // and the version that took it
	corrections []string
}

func stands(p *partner.Partner, all []version, now time.Time) standing {
	var s standing
	last := &all[len(all)-1]
	s.seen = p.Sees(&last.Edition, now)
	for i := range all {
		from, until, ever := window(all, i)
		if !ever || from.After(now) || !p.Carries(&all[i].Edition) {
			continue
		}
		s.ever, s.version = true, min(i+2, len(all))
		if until.After(s.gone) {
			s.gone = until
		}
		if all[i].Correction != "" {
			s.corrections = append(s.corrections, all[i].Correction)
		}
	}
	if last.PubStatus == article.Canceled {
		s.gone = last.at
		if p.Carries(&last.Edition) {
			s.version = len(all)
		}
	}
	return s
}

func sites() []*partner.Partner {
	return []*partner.Partner{
		{ID: "lyon"},
		{ID: "paris", Languages: []string{"fr", "fr-CA"}, ArticleURL: "https://paris.example/{lang}/{id}"},
		{ID: "bern", Sections: []string{"law"}},
		{ID: "wien", Languages: []string{"de"}, Sections: []string{"law", "tech"}},
		{ID: "off", Disabled: true},
	}
}

// Whatever was written, the lists are those that a look at every version gives.
func TestListsAreWhatEveryVersionSays(t *testing.T) {
	for seed := range uint64(16) {
		n := open(t, seed)
		for range 120 {
			n.write()
			n.clock = n.clock.Add(time.Duration(n.rand.IntN(20)) * time.Minute)
			if n.rand.IntN(10) == 0 {
				n.compare(n.clock.Add(time.Duration(n.rand.IntN(90)) * time.Minute))
			}
			if t.Failed() {
				t.Fatalf("with seed %d", seed)
			}
		}
	}
}

func (n *newsroom) compare(now time.Time) {
	n.t.Helper()
	for _, p := range sites() {
		for _, language := range []string{"fr", "fr-CA", "en", "de", "FR", "", "f", "es"} {
			since := pick(n.rand, time.Time{}, noon.Add(4*time.Hour))
			n.compareNewest(p, language, since, now)
			n.compareGone(p, language, pick(n.rand, time.Time{}, n.clock.Add(-time.Hour)), now)
		}
		n.compareArticles(p, now)
		n.compareCorrections(p, now)
	}
}

func (n *newsroom) compareNewest(p *partner.Partner, language string, since, now time.Time) {
	n.t.Helper()
	best := map[string]version{}
	rank := func(v *version) int {
		switch {
		case strings.EqualFold(v.Language, language):
			return 0
		case v.IsOriginal():
			return 1
		}
		return 2
	}
	for _, all := range n.editions {
		v := all[len(all)-1]
		matches := language == "" || strings.EqualFold(v.Language, language) || strings.HasPrefix(v.Language, strings.ToLower(language)+"-")
		if !matches || !p.Sees(&v.Edition, now) {
			continue
		}
		b, ok := best[v.ID]
		if !ok || cmp.Or(cmp.Compare(rank(&v), rank(&b)), strings.Compare(v.Language, b.Language)) < 0 {
			best[v.ID] = v
		}
	}
	var want []string
	var order []version
	for _, v := range best {
		if !v.DatePublished.Before(since) {
			order = append(order, v)
		}
	}
	slices.SortFunc(order, func(a, b version) int {
		return cmp.Or(b.DatePublished.Compare(a.DatePublished), strings.Compare(a.ID, b.ID))
	})
	for _, v := range order {
		want = append(want, fmt.Sprint(v.ID, " ", v.Language, " ", v.Version))
	}
	limit := n.rand.IntN(15)
	want = want[:min(limit, len(want))]
	var got []string
	for _, e := range n.catalog.Newest(p, language, since, now, limit) {
		got = append(got, fmt.Sprint(e.Edition.ID, " ", e.Edition.Language, " ", e.Edition.Version))
		if e.Edition.Audience != nil || e.URL != p.URL(&e.Edition) || !p.Sees(&e.Edition, now) {
			n.t.Errorf("entry for %s: %+v", p.ID, e)
		}
	}
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		n.t.Errorf("newest in %q for %s (-want +got):\n%s", language, p.ID, diff)
	}
}

func (n *newsroom) compareGone(p *partner.Partner, language string, since, now time.Time) {
	n.t.Helper()
	want, versions := map[string]time.Time{}, map[string]int{}
	for k, all := range n.editions {
		s := stands(p, all, now)
		versions[k] = s.version
		if !p.Disabled && s.ever && !s.seen && Within(language, all[0].Language) && !s.gone.Before(since) {
			want[k] = s.gone
		}
	}
	got, before := map[string]time.Time{}, now.Add(1000*time.Hour)
	for _, g := range n.catalog.Gone(p, language, since, now, 1000) {
		got[g.ID+" "+g.Language] = g.At
		all := n.editions[g.ID+" "+g.Language]
		canceled := all[len(all)-1].PubStatus == article.Canceled
		if (g.PubStatus == article.Canceled) != canceled || (g.Cancellation != nil) != canceled || g.Version != versions[g.ID+" "+g.Language] {
			n.t.Errorf("tombstone of %s.%s: %+v", g.ID, g.Language, g)
		}
		if g.Cancellation != nil && g.Cancellation.ReplacedBy != "" && !n.someSeen(p, g.Cancellation.ReplacedBy, now) {
			n.t.Errorf("%s learns of %s, which it may not see", p.ID, g.Cancellation.ReplacedBy)
		}
		if g.At.After(before) {
			n.t.Errorf("tombstones are not in order")
		}
		before = g.At
	}
	if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		n.t.Errorf("gone in %q for %s (-want +got):\n%s", language, p.ID, diff)
	}
}

func (n *newsroom) someSeen(p *partner.Partner, id string, now time.Time) bool {
	for _, all := range n.editions {
		if v := all[len(all)-1]; v.ID == id && p.Sees(&v.Edition, now) {
			return true
		}
	}
	return false
}

func (n *newsroom) compareArticles(p *partner.Partner, now time.Time) {
	n.t.Helper()
	for i := range 13 {
		id := fmt.Sprintf("a%d", i)
		var want, translations []string
		wantGone := map[string]bool{}
		for _, language := range []string{"fr", "de", "en", "fr-CA"} { // the original, then by tag
			all := n.editions[id+" "+language]
			if len(all) == 0 {
				continue
			}
			s, v := stands(p, all, now), all[len(all)-1]
			if s.seen {
				want = append(want, fmt.Sprint(v.Language, v.Version, n.stale(p, &v, now)))
			} else if s.ever && !p.Disabled {
				wantGone[language] = true
			}
		}
		shown, gone := n.catalog.Article(p, id, now)
		var got []string
		gotGone := map[string]bool{}
		for _, e := range shown {
			got = append(got, fmt.Sprint(e.Edition.Language, e.Edition.Version, e.Edition.Stale))
			translations = nil
			for _, tr := range e.Translations {
				translations = append(translations, fmt.Sprint(tr.Language, tr.Version, tr.Stale))
			}
			if diff := gocmp.Diff(want, translations, cmpopts.EquateEmpty()); diff != "" {
				n.t.Errorf("translations of %s.%s for %s (-want +got):\n%s", id, e.Edition.Language, p.ID, diff)
			}
		}
		for _, g := range gone {
			gotGone[g.Language] = true
		}
		if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()) + gocmp.Diff(wantGone, gotGone); diff != "" {
			n.t.Errorf("article %s for %s (-want +got):\n%s", id, p.ID, diff)
		}
	}
}

func (n *newsroom) stale(p *partner.Partner, v *version, now time.Time) bool {
	if v.IsOriginal() {
		return false
	}
	newest := 0
	original := n.editions[v.ID+" "+v.SourceLanguage]
	for i := range original {
		if from, _, ever := window(original, i); ever && !from.After(now) && original[i].For(p.ID) {
			newest = original[i].Version
		}
	}
	return v.SourceVersion < newest
}

func (n *newsroom) compareCorrections(p *partner.Partner, now time.Time) {
	n.t.Helper()
	page, err := n.catalog.Since(p, Position{}, now, 1000)
	if err != nil {
		n.t.Fatalf("Since: %v", err)
	}
	for _, c := range page.Changes {
		if c.Entry == nil {
			continue
		}
		var got []string
		for _, k := range c.Corrections {
			got = append(got, k.Note)
		}
		want := stands(p, n.editions[c.Entry.Edition.ID+" "+c.Entry.Edition.Language], now).corrections
		if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			n.t.Errorf("corrections of %s for %s (-want +got):\n%s", c.Entry.Edition.ID, p.ID, diff)
		}
	}
}

func TestAnOlderVersionIsDropped(t *testing.T) {
	n := open(t, 0)
	e := article.Edition{ID: "a", Language: "fr", SourceLanguage: "fr", Version: 2, PubStatus: article.Usable, Headline: "new"}
	n.append(e)
	e.Version, e.Headline = 1, "old"
	n.append(e)
	e.Version, e.Headline = 2, "again"
	n.append(e)
	shown, _ := n.catalog.Article(&partner.Partner{ID: "lyon"}, "a", noon)
	if len(shown) != 1 || shown[0].Edition.Headline != "new" {
		t.Errorf("shown: %+v", shown)
	}
}
