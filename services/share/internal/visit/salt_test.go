// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/fault"
)

// shelf is a Salts in memory that can be away.
type shelf struct {
	mu   sync.Mutex
	away bool
	kept map[string]bus.Entry
}

func (s *shelf) Get(_ context.Context, key string) (bus.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.kept[key]
	switch {
	case s.away:
		return bus.Entry{}, fault.New(fault.Unavailable, "away")
	case !ok:
		return bus.Entry{}, fault.New(fault.NotFound, "no such key")
	}
	e.Value = slices.Clone(e.Value)
	return e, nil
}

func (s *shelf) Create(_ context.Context, key string, value []byte) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return 0, fault.New(fault.Unavailable, "away")
	}
	if _, ok := s.kept[key]; ok {
		return 0, fault.New(fault.Conflict, "there already")
	}
	if s.kept == nil {
		s.kept = map[string]bus.Entry{}
	}
	s.kept[key] = bus.Entry{Key: key, Value: slices.Clone(value), Created: time.Now()}
	return uint64(len(s.kept)), nil
}

func (s *shelf) set(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

func (s *shelf) lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = nil
}

func somebody(s *salt) string {
	return s.token("ABCD2345", netip.MustParsePrefix("203.0.113.7/32"), "Mozilla/5.0")
}

// running starts salts in a bubble, and ends them with it.
func running(t *testing.T, salts Salts, log *slog.Logger, n int) []*salt {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out := make([]*salt, n)
	var group sync.WaitGroup
	for i := range out {
		out[i] = newSalt(salts, log)
		group.Go(func() {
			if err := out[i].run(ctx); err != nil {
				t.Errorf("run: %v", err)
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		group.Wait()
	})
	return out
}

// after lets time pass in a bubble, until everybody has done what is due.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestInstancesShareTheSaltOfTheDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins at 2000-01-01 00:00 UTC
		two := running(t, &shelf{}, slog.New(slog.DiscardHandler), 2)
		synctest.Wait()
		first := somebody(two[0])
		if somebody(two[1]) != first {
			t.Fatal("two instances make two tokens")
		}
		after(23*time.Hour + 59*time.Minute)
		if somebody(two[0]) != first || two[0].dayNow() != "2000-01-01" || two[1].age() != 23*time.Hour+59*time.Minute {
			t.Errorf("in the evening the salt of %s is %s old", two[1].dayNow(), two[1].age())
		}
		after(time.Minute)
		for _, s := range two {
			if somebody(s) == first || s.dayNow() != "2000-01-02" || s.age() != 0 {
				t.Errorf("after midnight the salt is still that of %s", s.dayNow())
			}
		}
		if somebody(two[0]) != somebody(two[1]) {
			t.Error("after midnight two instances make two tokens")
		}
	})
}

func TestSaltWhileTheLogIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		salts := &shelf{away: true}
		two := running(t, salts, slog.New(slog.NewTextHandler(&log, nil)), 2)
		after(time.Hour)
		if somebody(two[0]) == somebody(two[1]) || len(somebody(two[0])) != 11 {
			t.Error("salts that are not shared must be random")
		}
		if n := strings.Count(log.String(), "salt not shared"); n != 2 {
			t.Errorf("%d lines logged, want one from each instance", n)
		}
		salts.set(false)
		after(saltRetry)
		if somebody(two[0]) != somebody(two[1]) {
			t.Error("the log is back, and salts are not shared")
		}
		salts.set(true)
		before := somebody(two[0])
		after(24 * time.Hour)
		if somebody(two[0]) == before || two[0].dayNow() != "2000-01-02" {
			t.Error("a salt outlived its day while the log was away")
		}
	})
}

func TestSaltWhenTheLogLosesItsMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		salts := &shelf{}
		one := running(t, salts, slog.New(slog.DiscardHandler), 1)
		after(time.Hour)
		before := somebody(one[0])
		salts.lose()
		after(saltGlance)
		late := running(t, salts, slog.New(slog.DiscardHandler), 1)
		synctest.Wait()
		if somebody(one[0]) != before || somebody(late[0]) != before {
			t.Error("the salt was not put back for those who start later")
		}
	})
}

func TestSaltThatIsNone(t *testing.T) {
	salts := &shelf{kept: map[string]bus.Entry{}}
	s := newSalt(salts, slog.New(slog.DiscardHandler))
	salts.kept[s.dayNow()] = bus.Entry{Value: []byte("short")}
	before := somebody(s)
	if err := s.share(t.Context()); err == nil || somebody(s) != before {
		t.Errorf("share = %v, want an error and the salt kept", err)
	}
}

func TestSaltsMeetInTheLog(t *testing.T) {
	bucket, err := bustest.Start(t).Bucket(t.Context(), bus.Salts)
	if err != nil {
		t.Fatal(err)
	}
	one, two := newSalt(bucket, slog.New(slog.DiscardHandler)), newSalt(bucket, slog.New(slog.DiscardHandler))
	for _, s := range []*salt{one, two, one} {
		if err := s.share(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if somebody(one) != somebody(two) {
		t.Error("two instances make two tokens")
	}
	if age := two.age(); age > time.Minute {
		t.Errorf("age = %s", age)
	}
}

func TestToken(t *testing.T) {
	s := newSalt(&shelf{}, slog.New(slog.DiscardHandler))
	v4, v6 := netip.MustParsePrefix("203.0.113.7/32"), netip.MustParsePrefix("2001:db8::/64")
	seen := map[string]bool{}
	for _, c := range []struct {
		code string
		from netip.Prefix
		ua   string
	}{
		{"ABCD2345", v4, "Mozilla/5.0"},
		{"ABCD2346", v4, "Mozilla/5.0"},
		{"ABCD2345", v6, "Mozilla/5.0"},
		{"ABCD2345", netip.Prefix{}, "Mozilla/5.0"},
		{"ABCD2345", v4, "Mozilla/5.1"},
		{"ABCD2345", v4, ""},
		{"", v4, strings.Repeat("long ", 1000)},
	} {
		from := ""
		if c.from.IsValid() {
			from = c.from.String()
		}
		mac := hmac.New(sha256.New, s.key[:])
		mac.Write([]byte(c.code + "\x00" + from + "\x00" + c.ua))
		want := base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:8])
		got := s.token(c.code, c.from, c.ua)
		if got != want || len(got) != 11 || seen[got] {
			t.Errorf("token(%q, %s, %.20q) = %q, want %q, unlike all before", c.code, c.from, c.ua, got, want)
		}
		seen[got] = true
	}
}

func BenchmarkToken(b *testing.B) {
	s := newSalt(&shelf{}, slog.New(slog.DiscardHandler))
	from := netip.MustParsePrefix("203.0.113.7/32")
	b.ReportAllocs()
	for b.Loop() {
		s.token("ABCD2345", from, firefox)
	}
}
