// SPDX-License-Identifier: Apache-2.0

package card_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/relais-press/relais/services/share/internal/card"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAThousandWhoAskAtOnceAreDrawnOneCard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var drawn atomic.Int64
		cache := card.NewCache(func(c card.Card) ([]byte, error) {
			<-time.After(time.Second)
			drawn.Add(1)
			return []byte(c.Headline), nil
		}, 2, 1000)
		var group sync.WaitGroup
		for range 1000 {
			group.Go(func() {
				if png, err := cache.Get(t.Context(), "key", card.Card{Headline: "one"}); err != nil || string(png) != "one" {
					t.Errorf("got %q, error %v", png, err)
				}
			})
		}
		group.Wait()
		if got := drawn.Load(); got != 1 {
			t.Errorf("drawn %d times", got)
		}
	})
}

func TestNoMoreAreDrawnAtOnceThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		cache := card.NewCache(func(card.Card) ([]byte, error) {
			most.Store(max(most.Load(), now.Add(1)))
			<-time.After(time.Second)
			now.Add(-1)
			return nil, nil
		}, 2, 1000)
		var group sync.WaitGroup
		for i := range 9 {
			group.Go(func() {
				if _, err := cache.Get(t.Context(), strconv.Itoa(i), card.Card{}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := most.Load(); got != 2 {
			t.Errorf("%d at once", got)
		}
	})
}

func TestTheCardsAskedForLastAreKept(t *testing.T) {
	drawn := map[string]int{}
	cache := card.NewCache(func(c card.Card) ([]byte, error) {
		drawn[c.Headline]++
		return make([]byte, len(c.Headline)), nil
	}, 1, 10)
	for _, key := range []string{"aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb", "too long to keep", "too long to keep", "bbbb"} {
		if png, err := cache.Get(t.Context(), key, card.Card{Headline: key}); err != nil || len(png) != len(key) {
			t.Fatalf("%s: %d bytes, error %v", key, len(png), err)
		}
	}
	for key, want := range map[string]int{"aaaa": 1, "bbbb": 2, "cccc": 1, "too long to keep": 2} {
		if drawn[key] != want {
			t.Errorf("%s was drawn %d times, want %d", key, drawn[key], want)
		}
	}
}

func TestAFailureIsNotKept(t *testing.T) {
	broken := errors.New("broken")
	cache := card.NewCache(func(c card.Card) ([]byte, error) {
		if c.Headline == "" {
			return nil, broken
		}
		return []byte("png"), nil
	}, 1, 1000)
	if _, err := cache.Get(t.Context(), "key", card.Card{}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if png, err := cache.Get(t.Context(), "key", card.Card{Headline: "x"}); err != nil || string(png) != "png" {
		t.Errorf("got %q, error %v", png, err)
	}
}

func TestWhoLeavesDoesNotStopTheDrawing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var drawn atomic.Int64
		cache := card.NewCache(func(card.Card) ([]byte, error) {
			<-time.After(time.Second)
			drawn.Add(1)
			return []byte("png"), nil
		}, 1, 1000)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := cache.Get(ctx, "key", card.Card{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if png, err := cache.Get(t.Context(), "key", card.Card{}); err != nil || string(png) != "png" {
			t.Errorf("got %q, error %v", png, err)
		}
		if drawn.Load() != 1 {
			t.Errorf("drawn %d times", drawn.Load())
		}
	})
}
