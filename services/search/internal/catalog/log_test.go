// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/services/search/internal/catalog"
)

// desk writes to a log that a catalog follows.
type desk struct {
	*catalog.Catalog
	t    *testing.T
	log  *bus.Bus
	last map[string]uint64 // sequence by subject
}

func follow(t *testing.T, b *bus.Bus) *desk {
	t.Helper()
	d := &desk{Catalog: catalog.New(b, slog.New(slog.DiscardHandler)), t: t, log: b, last: map[string]uint64{}}
	if err := d.Check(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Check before Run: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(10 * time.Second)
	for d.Check(t.Context()) != nil {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the catalog does not catch up")
		}
	}
	return d
}

// write appends the next version of an edition; the catalog has it then.
func (d *desk) write(e article.Edition) {
	d.t.Helper()
	subject := article.Subject(e.ID, e.Language)
	if e.PubStatus == "" {
		e.PubStatus = article.Usable
	}
	e.SourceLanguage, e.Headline, e.BodyText, e.EdNote = "fr", "Headline", "Text", "for editors"
	c := article.Change{EventID: fmt.Sprint(subject, e.Version), Edition: e}
	header, data, err := c.Encode()
	if err != nil {
		d.t.Fatalf("encode: %v", err)
	}
	seq, err := d.log.Append(d.t.Context(), bus.Articles, bus.Message{Subject: subject, ID: c.MessageID(), Header: header, Data: data}, d.last[subject])
	if err != nil {
		d.t.Fatalf("append: %v", err)
	}
	d.last[subject] = seq
	d.caughtUp()
}

func (d *desk) caughtUp() {
	d.t.Helper()
	last, err := d.log.LastSequence(d.t.Context(), bus.Articles)
	if err == nil {
		err = d.Reach(d.t.Context(), last)
	}
	if err != nil {
		d.t.Fatalf("catch up: %v", err)
	}
}

// state is what a partner is told of an edition: usable, withheld or canceled;
// nothing of one that it never could see.
func (d *desk) state(p *partner.Partner, id string, now time.Time) string {
	d.t.Helper()
	shown, gone := d.Article(p, id, now)
	newest, tombs := d.Newest(p, "fr", time.Time{}, now, 1000), d.Gone(p, "fr", time.Time{}, now, 1000)
	listed := slices.ContainsFunc(newest, func(e catalog.Entry) bool { return e.Edition.ID == id })
	told := slices.ContainsFunc(tombs, func(t catalog.Tombstone) bool { return t.ID == id })
	if listed != (len(shown) == 1) || told != (len(gone) == 1) {
		d.t.Errorf("%s for %s: listed %v, told as gone %v, Article says %v and %v", id, p.ID, listed, told, shown, gone)
	}
	switch {
	case len(shown) > 0:
		return string(shown[0].Edition.PubStatus)
	case len(gone) > 0:
		return string(gone[0].PubStatus)
	}
	return ""
}

func (d *desk) want(p *partner.Partner, id string, now time.Time, want string) {
	d.t.Helper()
	if got := d.state(p, id, now); got != want {
		d.t.Errorf("%s for %s is %q, want %q", id, p.ID, got, want)
	}
}

var (
	lyon  = &partner.Partner{ID: "lyon"}
	paris = &partner.Partner{ID: "paris", Sections: []string{"law"}}
)

func TestLives(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	soon, later := now.Add(time.Hour), now.Add(2*time.Hour)
	onlyParis := &article.Audience{Partners: []string{"paris"}}
	check := func(t *testing.T, d *desk) {
		t.Helper()
		d.want(lyon, "embargoed", now, "")
		d.want(lyon, "embargoed", soon, "usable")
		d.want(lyon, "embargoed", later, "withheld")
		d.want(paris, "embargoed", later, "")
		d.want(lyon, "withdrawn", now, "withheld")
		d.want(lyon, "killed", now, "canceled")
		d.want(paris, "killed", now, "")
		d.want(lyon, "unborn", later, "")
		d.want(lyon, "draft", later, "")
		d.want(lyon, "reserved", now, "withheld")
		d.want(paris, "reserved", now, "usable")
		d.want(lyon, "moved", now, "usable")
		d.want(paris, "moved", now, "withheld")
		d.want(lyon, "again", now, "withheld")
		d.want(lyon, "again", soon, "usable")
		d.want(&partner.Partner{ID: "lyon", Disabled: true}, "killed", now, "")
		d.want(&partner.Partner{ID: "lyon", Languages: []string{"en"}}, "killed", now, "")
	}
	t.Run("as they are written", func(t *testing.T) {
		d := follow(t, bustest.Open(t, dir))
		d.write(article.Edition{ID: "embargoed", Language: "fr", Version: 1, EmbargoedUntil: &soon, Expires: &later})
		d.write(article.Edition{ID: "withdrawn", Language: "fr", Version: 1})
		d.write(article.Edition{ID: "withdrawn", Language: "fr", Version: 2, PubStatus: article.Withheld})
		d.write(article.Edition{ID: "killed", Language: "fr", Version: 1})
		d.write(article.Edition{ID: "killed", Language: "fr", Version: 2, PubStatus: article.Canceled})
		d.write(article.Edition{ID: "unborn", Language: "fr", Version: 1, EmbargoedUntil: &soon})
		d.write(article.Edition{ID: "unborn", Language: "fr", Version: 2, PubStatus: article.Canceled})
		d.write(article.Edition{ID: "draft", Language: "fr", Version: 1, PubStatus: article.Withheld})
		d.write(article.Edition{ID: "reserved", Language: "fr", Version: 1, Section: "law"})
		d.write(article.Edition{ID: "reserved", Language: "fr", Version: 2, Section: "law", Audience: onlyParis})
		d.write(article.Edition{ID: "moved", Language: "fr", Version: 1, Section: "law"})
		d.write(article.Edition{ID: "moved", Language: "fr", Version: 2, Section: "tech"})
		d.write(article.Edition{ID: "again", Language: "fr", Version: 1})
		d.write(article.Edition{ID: "again", Language: "fr", Version: 2, EmbargoedUntil: &soon})
		check(t, d)
	})
	t.Run("after a restart", func(t *testing.T) { check(t, follow(t, bustest.Open(t, dir))) })
}

// The log keeps 64 versions: a catalog that starts later knows of no more.
func TestManyVersions(t *testing.T) {
	dir := t.TempDir()
	onlyParis := &article.Audience{Partners: []string{"paris"}}
	t.Run("as they are written", func(t *testing.T) {
		d := follow(t, bustest.Open(t, dir))
		for v := range 70 {
			e := article.Edition{ID: "liveblog", Language: "fr", Version: v + 1, Section: "law", Audience: onlyParis}
			if v == 0 {
				e.Audience = nil
			}
			if v == 30 {
				e.Audience = &article.Audience{Partners: []string{"nice", "paris"}}
			}
			d.write(e)
		}
		d.want(paris, "liveblog", time.Now(), "usable")
		d.want(lyon, "liveblog", time.Now(), "withheld")
		d.want(&partner.Partner{ID: "nice"}, "liveblog", time.Now(), "withheld")
	})
	t.Run("after a restart", func(t *testing.T) {
		d := follow(t, bustest.Open(t, dir))
		d.want(paris, "liveblog", time.Now(), "usable")
		d.want(lyon, "liveblog", time.Now(), "")
		d.want(&partner.Partner{ID: "nice"}, "liveblog", time.Now(), "withheld")
		if _, err := d.Since(lyon, catalog.Position{Sequence: 1, Moment: time.Now()}, time.Now(), 1); !fault.Is(err, fault.Gone) {
			t.Errorf("Since one who had the first version: %v, want Gone", err)
		}
	})
}

func TestWhole(t *testing.T) {
	dir := t.TempDir()
	b := bustest.Open(t, dir)
	d := follow(t, b)
	now := time.Now()
	both := &article.Audience{Partners: []string{"lyon", "paris"}}
	d.write(article.Edition{ID: "a", Language: "fr", Version: 1, Audience: both, CanonicalURL: "https://journal.example/a"})
	d.write(article.Edition{ID: "a", Language: "en", Version: 1, SourceVersion: 1})
	shown, _ := d.Article(lyon, "a", now)
	old := shown[0]
	got, err := d.Whole(t.Context(), lyon, old, now)
	if err != nil || got.Edition.BodyText != "Text" || got.Edition.EdNote != "" || got.Edition.Audience != nil || got.URL != "https://journal.example/a" {
		t.Errorf("whole: %+v, %v", got, err)
	}
	d.write(article.Edition{ID: "a", Language: "fr", Version: 2, Audience: both, CanonicalURL: "https://journal.example/b"})
	got, err = d.Whole(t.Context(), lyon, old, now)
	if err != nil || got.Edition.Version != 2 || got.Translations[0].Version != 2 || got.Translations[0].URL != "https://journal.example/b" {
		t.Errorf("a newer version: %+v, %v", got, err)
	}
	if old.Translations[0].Version != 1 {
		t.Error("the entry that was given is changed")
	}
	if got, err = d.Whole(t.Context(), lyon, shown[1], now); err != nil || !got.Edition.Stale || !got.Translations[1].Stale {
		t.Errorf("a stale translation: %+v, %v", got, err)
	}
	old.Edition.Version = 3
	if _, err = d.Whole(t.Context(), lyon, old, now); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a log that is behind: %v", err)
	}
	if _, err = d.Whole(t.Context(), &partner.Partner{ID: "nice"}, shown[0], now); !fault.Is(err, fault.NotFound) {
		t.Errorf("for another: %v", err)
	}
	d.write(article.Edition{ID: "a", Language: "fr", Version: 3, PubStatus: article.Canceled})
	if _, err = d.Whole(t.Context(), lyon, shown[0], now); !fault.Is(err, fault.NotFound) {
		t.Errorf("of a canceled one: %v", err)
	}
	none := catalog.Entry{Edition: article.Edition{ID: "none", Language: "fr"}}
	if _, err = d.Whole(t.Context(), lyon, none, now); !fault.Is(err, fault.NotFound) {
		t.Errorf("of none: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = d.Whole(ctx, lyon, shown[1], now); !fault.Is(err, fault.Unavailable) {
		t.Errorf("of a log that does not answer: %v", err)
	}
}

func TestAMessageThatCannotBeReadHarmsNoOther(t *testing.T) {
	b := bustest.Start(t)
	d := follow(t, b)
	d.write(article.Edition{ID: "a", Language: "fr", Version: 1})
	poison := bus.Message{Subject: article.Subject("b", "fr"), ID: "b.fr.1", Header: map[string][]string{"ce-id": {"x"}}, Data: []byte("{")}
	if _, err := b.Append(t.Context(), bus.Articles, poison, 0); err != nil {
		t.Fatal(err)
	}
	d.write(article.Edition{ID: "c", Language: "fr", Version: 1})
	d.want(lyon, "a", time.Now(), "usable")
	d.want(lyon, "c", time.Now(), "usable")
	b2 := catalog.Entry{Edition: article.Edition{ID: "b", Language: "fr"}}
	if _, err := d.Whole(t.Context(), lyon, b2, time.Now()); !fault.Is(err, fault.NotFound) {
		t.Errorf("whole: %v", err)
	}
}

func TestReach(t *testing.T) {
	d := follow(t, bustest.Start(t))
	d.write(article.Edition{ID: "a", Language: "fr", Version: 1})
	if err := d.Reach(t.Context(), 1); err != nil {
		t.Errorf("where it is: %v", err)
	}
	if err := d.Reach(t.Context(), 2); !fault.Is(err, fault.NotFound) {
		t.Errorf("where the log is not: %v", err)
	}
}

func TestReadersAndTheLogAtOnce(t *testing.T) {
	d := follow(t, bustest.Start(t))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			now := time.Now()
			d.Newest(lyon, "fr", time.Time{}, now, 10)
			d.Gone(lyon, "", time.Time{}, now, 10)
			d.Article(paris, "a1", now)
			if _, err := d.Since(paris, catalog.Position{}, now, 10); err != nil {
				t.Errorf("Since: %v", err)
			}
		}
	}()
	for v := range 4 {
		for n := range 10 {
			d.write(article.Edition{ID: fmt.Sprint("a", n), Language: "fr", Version: v + 1, DatePublished: time.Now().Add(time.Duration(v-n) * time.Hour)})
		}
	}
	cancel()
	<-ended
	if got := len(d.Newest(lyon, "fr", time.Time{}, time.Now(), 100)); got != 10 {
		t.Errorf("%d editions, want 10", got)
	}
}
