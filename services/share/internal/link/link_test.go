// SPDX-License-Identifier: Apache-2.0

package link_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/shortlink"
	"github.com/relais-press/relais/services/share/internal/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open returns a store that follows b until the test ends.
func open(t testing.TB, b *bus.Bus) *link.Store {
	t.Helper()
	s, err := link.Open(t.Context(), b, slog.New(slog.DiscardHandler), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	await(t, "the store to be ready", func() bool { return s.Check(t.Context()) == nil })
	return s
}

func await(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("waited 20 s for %s", what)
		case <-tick.C:
		}
	}
}

func bucket(t testing.TB, b *bus.Bus) *bus.Bucket {
	t.Helper()
	k, err := b.Bucket(t.Context(), bus.Links)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func create(t testing.TB, s *link.Store, l link.Link) link.Link {
	t.Helper()
	l, created, err := s.FindOrCreate(t.Context(), l)
	if err != nil || !created {
		t.Fatalf("link %+v: created %v, %v", l, created, err)
	}
	return l
}

func TestManyWhoAskForTheSameGetOneLink(t *testing.T) {
	b := bustest.Start(t)
	stores := []*link.Store{open(t, b), open(t, b), open(t, b)}
	wanted := link.Link{Article: "recap", Partner: "gazette", Channel: "mail", Campaign: "été"}
	var mu sync.Mutex
	var group sync.WaitGroup
	codes, made := map[string]int{}, 0
	for i := range 30 {
		group.Go(func() {
			l, created, err := stores[i%3].FindOrCreate(t.Context(), wanted)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if created {
				made++
			}
			codes[l.Code]++
		})
	}
	group.Wait()
	records, err := bucket(t, b).List(t.Context(), ">")
	if len(codes) != 1 || made != 1 || err != nil || len(records) != 2 {
		t.Errorf("codes %v, made %d times; %d records with the secret (%v)", codes, made, len(records), err)
	}
	for _, other := range []link.Link{
		{Article: "recap", Partner: "gazette", Channel: "mail"},
		{Article: "recap", Partner: "gazettem", Channel: "ail", Campaign: "été"},
		{Article: "recap", Language: "fr", Partner: "gazette", Channel: "mail", Campaign: "été"},
		{Article: "recap"},
		{Article: "recap", Default: true},
	} {
		codes[create(t, stores[0], other).Code]++
	}
	if len(codes) != 6 {
		t.Errorf("links for six things have the codes %v", codes)
	}
}

func TestACodeMovesOn(t *testing.T) {
	b := bustest.Start(t)
	s := open(t, b)
	secret, err := bucket(t, b).Get(t.Context(), shortlink.KeySecret)
	if err != nil {
		t.Fatal(err)
	}
	first := create(t, s, link.Link{Article: "recap"}).Code
	purpose := "5:recap0:0:0:0:"
	next := slices.Collect(func(yield func(string) bool) {
		for attempt := range 20 {
			if code := shortlink.Derive(secret.Value, purpose, attempt); !shortlink.Offensive(code) && !yield(code) {
				return
			}
		}
	})
	if first != next[0] {
		t.Fatalf("code %s, want %s", first, next[0])
	}
	// The next is taken by a link for something else: one may be given any code.
	create(t, s, link.Link{Article: "other", Code: strings.ToLower(next[1])})
	if _, err := s.Change(t.Context(), first, func(l *link.Link) { l.Deleted = true }); err != nil {
		t.Fatal(err)
	}
	for _, store := range []*link.Store{s, open(t, b)} {
		l, _, err := store.FindOrCreate(t.Context(), link.Link{Article: "recap"})
		if err != nil || l.Code != next[2] || l.Deleted {
			t.Errorf("after a deletion: %+v (%v), want %s", l, err, next[2])
		}
	}
	if l, err := s.Get(t.Context(), first); err != nil || !l.Deleted {
		t.Errorf("the deleted link: %+v, %v", l, err)
	}
}

func TestCustomCodes(t *testing.T) {
	s := open(t, bustest.Start(t))
	l := create(t, s, link.Link{Article: "recap", Code: "La-Blockchain"})
	if l.Code != "la-blockchain" {
		t.Errorf("code %q", l.Code)
	}
	if again, created, err := s.FindOrCreate(t.Context(), link.Link{Article: "recap", Code: "la-blockchain"}); err != nil || created || again != l {
		t.Errorf("asked for again: %+v, %v, %v", again, created, err)
	}
	taken := func(what string, l link.Link) {
		t.Helper()
		_, _, err := s.FindOrCreate(t.Context(), l)
		e, _ := errors.AsType[*fault.Error](err)
		if !fault.Is(err, fault.Conflict) || len(e.Fields) != 1 || e.Fields[0].Pointer != "/code" {
			t.Errorf("%s: %v, want a Conflict at /code", what, err)
		}
	}
	taken("for another article", link.Link{Article: "other", Code: "LA-blockchain"})
	taken("in another channel", link.Link{Article: "recap", Channel: "mail", Code: "la-blockchain"})
	if _, err := s.Change(t.Context(), l.Code, func(l *link.Link) { l.Deleted = true }); err != nil {
		t.Fatal(err)
	}
	taken("of a deleted link", link.Link{Article: "recap", Code: "la-blockchain"})
	for code, want := range map[string]bool{
		"abc": true, "2026-recap": true, "a--": true, strings.Repeat("a", 64): true,
		"": false, "ab": false, "-ab": false, "Abc": false, "a.b": false, "é-é-é": false, strings.Repeat("a", 65): false,
	} {
		if got := link.ValidCustom(code); got != want {
			t.Errorf("ValidCustom(%q) = %v", code, got)
		}
	}
}

func TestLinksMadeBeforeAreFollowed(t *testing.T) {
	b := bustest.Start(t)
	const old = `{"code": "71T8BFFN", "article": "recap", "partner": "gazette", "channel": "mail", "created": "2026-01-02T03:04:05.678901234Z", "default": true}`
	for key, value := range map[string]string{"link.71T8BFFN": old, "of.0123": "71T8BFFN", "article.recap": "71T8BFFN"} {
		if _, err := bucket(t, b).Put(t.Context(), key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, b)
	for _, typed := range []string{"71T8BFFN", "7it8bffn", "71t8bffn~v3"} {
		l, p, err := s.Resolve(t.Context(), typed)
		if err != nil || l.Article != "recap" || l.Code != "71T8BFFN" || p != (shortlink.Placement{Partner: "gazette", Channel: "mail"}) {
			t.Errorf("%s: %+v, %+v, %v", typed, l, p, err)
		}
	}
	if code, err := s.Default(t.Context(), "recap"); err != nil || code != "71T8BFFN" {
		t.Errorf("default: %q, %v", code, err)
	}
}

func TestWhatCannotBeALink(t *testing.T) {
	s := open(t, bustest.Start(t))
	for typed, mistyped := range map[string]bool{
		"": false, "nothing-here": false, "71T8BFFM": true, "../../secret": false, "*": false, ">": false, "a b": false, "é": false,
		strings.Repeat("A", 64<<10): false, "71T8BFFM.qr.0000": true, "71T8BFFM~v1": true,
	} {
		if _, _, err := s.Resolve(t.Context(), typed); !fault.Is(err, fault.NotFound) || errors.Is(err, link.ErrMistyped) != mistyped {
			t.Errorf("%.20q: %v", typed, err)
		}
	}
	for _, id := range []string{"", "none", "*", "a b"} {
		if _, err := s.Default(t.Context(), id); !fault.Is(err, fault.NotFound) {
			t.Errorf("default of %q: %v", id, err)
		}
	}
}

func TestPlacements(t *testing.T) {
	s := open(t, bustest.Start(t))
	code := create(t, s, link.Link{Article: "recap", Partner: "gazette", Channel: "mail"}).Code
	own := shortlink.Placement{Partner: "gazette", Channel: "mail"}
	for _, tc := range []struct{ asked, want shortlink.Placement }{
		{shortlink.Placement{}, own},
		{shortlink.Placement{Channel: "qr"}, shortlink.Placement{Partner: "gazette", Channel: "qr"}},
		{shortlink.Placement{Partner: "revue", Channel: "x"}, shortlink.Placement{Partner: "revue", Channel: "x"}},
	} {
		suffix := s.Signer().Suffix(code, tc.asked)
		for _, segment := range []string{code + suffix, strings.ToLower(code) + "~v7" + suffix, strings.ToUpper(code + suffix)} {
			if _, got, err := s.Resolve(t.Context(), segment); err != nil || got != tc.want {
				t.Errorf("%s is credited to %+v (%v), want %+v", segment, got, err, tc.want)
			}
		}
	}
}

func TestChangesReachOtherStores(t *testing.T) {
	b := bustest.Start(t)
	one, other := open(t, b), open(t, b)
	if _, err := other.Get(t.Context(), "la-blockchain"); !fault.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	create(t, one, link.Link{Article: "recap", Code: "la-blockchain"})
	await(t, "a link that was missing before", func() bool { _, err := other.Get(t.Context(), "la-blockchain"); return err == nil })
	if _, err := one.Change(t.Context(), "la-blockchain", func(l *link.Link) { l.Disabled = true }); err != nil {
		t.Fatal(err)
	}
	if l, err := one.Get(t.Context(), "la-blockchain"); err != nil || !l.Disabled {
		t.Errorf("who changed it reads %+v, %v", l, err)
	}
	await(t, "the change", func() bool { l, err := other.Get(t.Context(), "la-blockchain"); return err == nil && l.Disabled })
	if _, err := one.Default(t.Context(), "recap"); !fault.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	code := create(t, other, link.Link{Article: "recap", Default: true}).Code
	await(t, "the default link", func() bool { got, err := one.Default(t.Context(), "recap"); return err == nil && got == code })
	if err := bucket(t, b).Delete(t.Context(), "link.la-blockchain"); err != nil {
		t.Fatal(err)
	}
	await(t, "the removal", func() bool { _, err := other.Get(t.Context(), "la-blockchain"); return fault.Is(err, fault.NotFound) })
}

func TestWhileTheLogIsAway(t *testing.T) {
	dir := t.TempDir()
	server, err := embedded.Start(embedded.Config{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(server.URL(), "nats://")
	connect := func() *bus.Bus {
		conn, err := nats.Connect("nats://"+address, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Close)
		b, err := bus.Open(t.Context(), conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	s := open(t, connect())
	create(t, s, link.Link{Article: "recap", Code: "held"})
	server.Stop()
	await(t, "the log to be gone", func() bool { _, err := s.Get(t.Context(), "unheard-of"); return fault.Is(err, fault.Unavailable) })
	if l, err := s.Get(t.Context(), "held"); err != nil || l.Article != "recap" {
		t.Errorf("a link in memory: %+v, %v", l, err)
	}
	if _, _, err := s.FindOrCreate(t.Context(), link.Link{Article: "recap"}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a new link: %v", err)
	}
	if s.Check(t.Context()) != nil {
		t.Error("what can be served is refused")
	}
	if server, err = embedded.Start(embedded.Config{Dir: dir, Listen: address}); err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	// Changed by somebody who is back sooner.
	b := connect()
	e, err := bucket(t, b).Get(t.Context(), "link.held")
	if err != nil {
		t.Fatal(err)
	}
	var l link.Link
	if err := json.Unmarshal(e.Value, &l); err != nil {
		t.Fatal(err)
	}
	l.Disabled = true
	value, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bucket(t, b).Update(t.Context(), "link.held", value, e.Revision); err != nil {
		t.Fatal(err)
	}
	await(t, "the change", func() bool { l, err := s.Get(t.Context(), "held"); return err == nil && l.Disabled })
	await(t, "what is not in memory", func() bool { _, err := s.Get(t.Context(), "unheard-of"); return fault.Is(err, fault.NotFound) })
}

func TestManyAtOnceKeepTheirOrder(t *testing.T) {
	s := open(t, bustest.Start(t))
	past := time.Date(2020, 5, 5, 10, 0, 0, 0, time.FixedZone("", 7200))
	var list []link.Link
	for i := range 100 {
		list = append(list, link.Link{Article: fmt.Sprint("article-", i), Code: fmt.Sprint("code-", i), Created: past, Expires: &past})
	}
	list[50].Code = "code-49"
	for round, results := range [][]link.Result{s.FindOrCreateAll(t.Context(), list[:49]), s.FindOrCreateAll(t.Context(), list[:49])} {
		for i, r := range results {
			if r.Err != nil || r.Created != (round == 0) || r.Link.Article != list[i].Article || r.Link.Created.Format(time.RFC3339) != "2020-05-05T08:00:00Z" {
				t.Errorf("round %d, link %d: %+v", round, i, r)
			}
		}
	}
	for i, r := range s.FindOrCreateAll(t.Context(), list[49:]) {
		if i == 1 && !fault.Is(r.Err, fault.Conflict) {
			t.Errorf("the second of two that want one code: %+v", r)
		}
		if i != 1 && (r.Err != nil || !r.Created) {
			t.Errorf("link %d: %+v", i, r)
		}
	}
	for i, r := range s.FindOrCreateAll(t.Context(), []link.Link{{Article: "recap"}, {Article: "other"}, {Article: "recap"}}) {
		if r.Err != nil || r.Created != (i < 2) {
			t.Errorf("link %d of three for two things: %+v", i, r)
		}
	}
	if got := s.FindOrCreateAll(t.Context(), nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func BenchmarkResolve(b *testing.B) {
	s := open(b, bustest.Start(b))
	codes := make([]string, 1000)
	for i := range codes {
		l, _, err := s.FindOrCreate(b.Context(), link.Link{Article: fmt.Sprint("article-", i)})
		if err != nil {
			b.Fatal(err)
		}
		codes[i] = l.Code
	}
	for _, bm := range []struct{ name, suffix string }{{"plain", ""}, {"suffix", ".qr.0000"}} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if _, _, err := s.Resolve(b.Context(), codes[i%len(codes)]+bm.suffix); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

// BenchmarkReady is how long a store takes to be ready over many links.
func BenchmarkReady(b *testing.B) {
	log := bustest.Start(b)
	k := bucket(b, log)
	var group sync.WaitGroup
	for worker := range 64 {
		group.Go(func() {
			for i := worker; i < 100_000; i += 64 {
				code := shortlink.Derive(nil, fmt.Sprint(i), 0)
				value := fmt.Sprintf(`{"code": %q, "article": "recap-%d", "created": "2026-01-02T03:04:05Z"}`, code, i)
				if _, err := k.Put(b.Context(), shortlink.PrefixLink+code, []byte(value)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	for b.Loop() {
		open(b, log)
	}
}
